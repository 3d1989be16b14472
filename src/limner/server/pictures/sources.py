"""From which pictures a painted one came: those given with its round, and the one painted before it.

Knows the tree of a conversation, and holds files for a while that the store does not keep, as it keeps
pixels: given ones with manifests of their own, and signed ones that were handed out. Whatever is deleted, all
of these are forgotten. Signs nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final, cast

from limner.dialogue.parts import Picture
from limner.provenance.manifests import Making, Source
from limner.provenance.origin import media_type_of
from limner.server.pictures.handed_out import HandedOut
from limner.server.pictures.pictures_in import GivenPicture
from limner.service.conversation_service import ConversationService, Wish
from limner.service.service_round import ServiceRound
from limner.store.records import NotThere, StoredRound

MAX_HELD_BYTES: Final = 2**26
DELETING: Final = ("delete", "delete_conversation", "delete_file", "unenroll")


class GivenFiles:
    """Pictures by the id of the round, or of the file, that they were given as; the oldest leave when they
    are too many. For several threads.
    """

    def __init__(self, max_bytes: int = MAX_HELD_BYTES) -> None:
        self._max_bytes = max_bytes
        self._num_bytes = 0
        self._held: OrderedDict[str, tuple[Picture, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, id: str, pictures: Sequence[Picture]) -> None:
        """Hold these under the id."""
        with self._lock:
            self._held[id] = tuple(pictures)
            self._num_bytes += _weight(self._held[id])
            while self._num_bytes > self._max_bytes:
                _, gone = self._held.popitem(last=False)
                self._num_bytes -= _weight(gone)

    def of(self, id: str) -> tuple[Picture, ...]:
        """What is held under the id; nothing when it has left."""
        with self._lock:
            return self._held.get(id, ())

    def forget_all(self) -> None:
        """Hold nothing any more."""
        with self._lock:
            self._held.clear()
            self._num_bytes = 0


class _RememberingService:
    """A service in all but `ask`, after which it holds what was given, and what deletes."""

    def __init__(self, service: ConversationService) -> None:
        self._service = service
        self.given = GivenFiles()
        self.handed_out = HandedOut()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._service, name)
        if name not in DELETING:
            return found

        def delete(*args: Any, **more: Any) -> Any:
            try:
                return found(*args, **more)
            finally:
                self.given.forget_all()
                self.handed_out.forget_all()

        return delete

    def ask(self, wish: Wish) -> ServiceRound:
        asked = self._service.ask(wish)
        if any(isinstance(one, GivenPicture) or not wish.keep for one in wish.images):
            self.given.keep(asked.id, wish.images)
        return asked


def remembering(service: ConversationService) -> ConversationService:
    """The service, which holds what is given with its rounds, and what is handed out of them, for a while."""
    return cast(ConversationService, _RememberingService(service))


def given_of(service: ConversationService) -> GivenFiles | None:
    """What a service holds; None for one that does not."""
    found = getattr(service, "given", None)
    return found if isinstance(found, GivenFiles) else None


def handed_out_of(service: ConversationService) -> HandedOut | None:
    """The signed files that a service holds; None for one that holds none."""
    found = getattr(service, "handed_out", None)
    return found if isinstance(found, HandedOut) else None


def has_given(service: ConversationService, round_: StoredRound) -> bool:
    """Whether a given picture went into a round, directly or through an earlier round."""
    return bool(round_.pictures_in) or any(one.pictures_in for one in _before(service, round_))


def making_of(service: ConversationService, round_: StoredRound, watermark: str | None) -> Making:
    """How the picture of a round came about. Reads the pictures that it came of."""
    before = _before(service, round_)
    sources = _given(service, round_)
    painted = next((one for one in reversed(before) if one.picture is not None), None)
    if painted is not None and painted.picture is not None:
        file = service.png(round_.owner, painted.picture)
        sources.append(Source(file=file, media_type="image/png", title="The picture painted before"))
    given = bool(round_.pictures_in) or any(one.pictures_in for one in before)
    return Making(sources=sources, has_given=given, watermark=watermark)


def _before(service: ConversationService, round_: StoredRound) -> list[StoredRound]:
    try:
        return [] if round_.parent is None else service.store.path(round_.owner, round_.parent)
    except NotThere:  # deleted meanwhile
        return []


def _given(service: ConversationService, round_: StoredRound) -> list[Source]:
    held = given_of(service)
    pictures = () if held is None else held.of(round_.id)
    found = []
    for index, digest in enumerate(round_.pictures_in):
        picture = pictures[index] if index < len(pictures) else None
        if isinstance(picture, GivenPicture):
            file = picture.file
        elif picture is not None:
            file = picture.to_png()
        elif round_.kept:
            file = service.png(round_.owner, digest)
        else:
            continue
        kind = media_type_of(file) or "image/png"
        found.append(Source(file=file, media_type=kind, title=f"Picture {index + 1} that was given"))
    return found


def _weight(pictures: Sequence[Picture]) -> int:
    return sum(
        one.pixels.nbytes + (len(one.file) if isinstance(one, GivenPicture) else 0) for one in pictures
    )
