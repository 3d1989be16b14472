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

from limner.app.server.handed_out import HandedOut
from limner.app.server.manifests import Making, Source
from limner.app.server.pictures_in import GivenPicture
from limner.app.server.provenance import media_type_of
from limner.chat.records import NotThere, StoredRound
from limner.chat.studio import Studio
from limner.chat.studio_round import StudioRound
from limner.dialogue.parts import Picture

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


class _RememberingStudio:
    """A studio in all but `ask`, after which it holds what was given, and what deletes."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self.given = GivenFiles()
        self.handed_out = HandedOut()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._studio, name)
        if name not in DELETING:
            return found

        def delete(*args: Any, **more: Any) -> Any:
            try:
                return found(*args, **more)
            finally:
                self.given.forget_all()
                self.handed_out.forget_all()

        return delete

    def ask(
        self, *, owner: str, text: str, images: Sequence[Picture] = (), keep: bool = True, **more: Any
    ) -> StudioRound:
        asked = self._studio.ask(owner=owner, text=text, images=images, keep=keep, **more)
        if any(isinstance(one, GivenPicture) or not keep for one in images):
            self.given.keep(asked.id, images)
        return asked


def remembering(studio: Studio) -> Studio:
    """The studio, which holds what is given with its rounds, and what is handed out of them, for a while."""
    return cast(Studio, _RememberingStudio(studio))


def given_of(studio: Studio) -> GivenFiles | None:
    """What a studio holds; None for one that does not."""
    found = getattr(studio, "given", None)
    return found if isinstance(found, GivenFiles) else None


def handed_out_of(studio: Studio) -> HandedOut | None:
    """The signed files that a studio holds; None for one that holds none."""
    found = getattr(studio, "handed_out", None)
    return found if isinstance(found, HandedOut) else None


def has_given(studio: Studio, round_: StoredRound) -> bool:
    """Whether a picture that somebody gave went into a round, by itself or by an earlier one."""
    return bool(round_.pictures_in) or any(one.pictures_in for one in _before(studio, round_))


def making_of(studio: Studio, round_: StoredRound, watermark: str | None) -> Making:
    """How the picture of a round came about. Reads the pictures that it came of."""
    before = _before(studio, round_)
    sources = _given(studio, round_)
    painted = next((one for one in reversed(before) if one.picture is not None), None)
    if painted is not None and painted.picture is not None:
        file = studio.png(round_.owner, painted.picture)
        sources.append(Source(file=file, media_type="image/png", title="The picture painted before"))
    given = bool(round_.pictures_in) or any(one.pictures_in for one in before)
    return Making(sources=sources, has_given=given, watermark=watermark)


def _before(studio: Studio, round_: StoredRound) -> list[StoredRound]:
    try:
        return [] if round_.parent is None else studio.vault.path(round_.owner, round_.parent)
    except NotThere:  # deleted meanwhile
        return []


def _given(studio: Studio, round_: StoredRound) -> list[Source]:
    held = given_of(studio)
    pictures = () if held is None else held.of(round_.id)
    found = []
    for index, digest in enumerate(round_.pictures_in):
        picture = pictures[index] if index < len(pictures) else None
        if isinstance(picture, GivenPicture):
            file = picture.file
        elif picture is not None:
            file = picture.to_png()
        elif round_.kept:
            file = studio.png(round_.owner, digest)
        else:
            continue
        kind = media_type_of(file) or "image/png"
        found.append(Source(file=file, media_type=kind, title=f"Picture {index + 1} that was given"))
    return found


def _weight(pictures: Sequence[Picture]) -> int:
    return sum(
        one.pixels.nbytes + (len(one.file) if isinstance(one, GivenPicture) else 0) for one in pictures
    )
