"""Wishes for rounds, rounds that are begun and not kept yet, and answers that the store could not take when
they were ready.

The latter are held until they are asked for again, so a lock of another process, or a full disk, costs no one
their picture: the same wish, said again, is answered with what was computed. Knows what a round in progress
needs until it is kept, and a limit. Knows nothing about how an answer is written.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from limner.dialogue.boxes import Box
from limner.dialogue.parts import Picture
from limner.inference.conversation import Conversation
from limner.inference.request import RoundRequest
from limner.inference.sampling import Sampling
from limner.service.service_round import ServiceRound
from limner.store.records import StoredConversation, StoredRound

MAX_HELD = 64
HELD_S = 900.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Wish:
    """What an owner asks of a service. The round goes on after the round `previous`, else after the newest of
    `conversation`, else it begins a new conversation.

    Args:
        seed: draws this round; by default it follows from the conversation's and differs from siblings'.
        picture: True insists on a picture, False forbids one, None leaves it to the model.
        num_previews: how many unfinished pictures to show, 0 to 3.
        keep: False keeps nothing of the round, on disk or in memory.
        metadata: kept with the round, as it is.
        from_start: begin `conversation` anew, beside its other first rounds, whatever its newest round.
        asked_with: as in `StoredRound`.
        region: the part of the last picture that the words are about, as in `Instruction`.
        reply_to: the picture that is meant: its number, as in `Conversation.say`, or its round's id.
    """

    owner: str
    text: str
    images: Sequence[Picture] = ()
    previous: str | None = None
    conversation: str | None = None
    seed: int | None = None
    picture: bool | None = None
    sampling: Sampling | None = None
    num_previews: int = 0
    keep: bool = True
    metadata: Mapping[str, str] = field(default_factory=dict)
    from_start: bool = False
    asked_with: Mapping[str, Any] = field(default_factory=dict)
    region: Box | None = None
    reply_to: int | str | None = None

    @property
    def key(self) -> Hashable:
        """Equal for wishes that the same answer fulfils."""
        where = (self.owner, self.previous, self.conversation, self.from_start)
        shown = tuple(given.digest for given in self.images)
        how = (self.seed, self.picture, self.sampling, self.region, self.reply_to)
        return (*where, self.text, shown, *how)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a round goes: its conversation, whether that is new, and the id of the round before it."""

    conversation: StoredConversation
    is_new: bool
    previous: str | None


def picture_number(path: Sequence[StoredRound], reply_to: int | str | None) -> int | None:
    """The number of the picture that is meant on a line of rounds, given as itself or by its round's id.

    ValueError when the line has no such round, or the round no picture.
    """
    if reply_to is None or isinstance(reply_to, int):
        return reply_to
    number = 0
    for stored in path:
        number += len(stored.pictures_in) + (stored.picture is not None)
        if stored.id == reply_to:
            if stored.picture is None:
                raise ValueError(f"The round {reply_to} has no picture to reply to.")
            return number
    raise ValueError(
        f"The round {reply_to[:60]} is not on this line of the conversation; go on from it instead."
    )


@dataclass(frozen=True, kw_only=True)
class PendingRound:
    """All that a round needs until it is kept. `handle` is what its client follows."""

    handle: ServiceRound
    talk: Conversation
    request: RoundRequest
    place: Place
    wish: Wish


class Unwritten:
    """Answered rounds by what was wished, the oldest leaving first. Safe for several threads."""

    def __init__(self) -> None:
        self._held: OrderedDict[Hashable, tuple[float, PendingRound]] = OrderedDict()
        self._lock = threading.Lock()

    def hold(self, pending: PendingRound) -> list[PendingRound]:
        """Hold a round until the same request comes again; returns the rounds dropped for it, which are too
        old or too many.
        """
        with self._lock:
            self._held.pop(pending.wish.key, None)
            self._held[pending.wish.key] = (time.monotonic(), pending)
            left = []
            while self._held:
                since, oldest = next(iter(self._held.values()))
                if len(self._held) <= MAX_HELD and time.monotonic() - since < HELD_S:
                    break
                self._held.popitem(last=False)
                left.append(oldest)
            return left

    def take(self, wish: Wish) -> PendingRound | None:
        """The round of this wish, which is held no longer."""
        with self._lock:
            found = self._held.pop(wish.key, None)
        return None if found is None else found[1]
