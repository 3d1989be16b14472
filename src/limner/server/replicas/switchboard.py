"""What the replicas of one server tell each other: which of them computes which round, and their numbers.

Knows rounds in progress by id and owner, wishes to stop them, and who has been heard of lately. Everything is
in the memory of one process and may be lost: what is answered is in the store, and replicas tell again what
they compute. Knows nothing about HTTP or Ray; not for several threads.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

IN_PROGRESS: Final = "in_progress"
LOST_AFTER_S: Final = 30.0  # without a word from a replica, or of a round from its replica
NUM_REMEMBERED: Final = 1024  # rounds that ended without an answer, still told about when asked for


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A round that a replica computes, or that ended recently without an answer.

    `response` is what it was begun with, as JSON, None for a round that no client knows by its id. `status`
    is "in_progress", "cancelled" or "failed"; `failure` then says why, as code and sentence.
    """

    id: str
    owner: str
    replica: str
    response: Mapping[str, Any] | None = None
    status: str = IN_PROGRESS
    failure: tuple[str, str] | None = None


LOST: Final = ("replica_lost", "The replica that computed the round is gone; ask again.")


@dataclass(frozen=True, kw_only=True)
class Orders:
    """A replica's orders: rounds to stop, rounds to report again, and whether to admit no more."""

    stop: tuple[str, ...]
    unknown: tuple[str, ...]
    is_draining: bool


class Switchboard:
    """Rounds in progress of all replicas. `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._running: dict[str, Listed] = {}
        self._ended: OrderedDict[str, Listed] = OrderedDict()
        self._to_stop: set[str] = set()
        self._heard: dict[str, float] = {}  # replicas, and rounds, and when they were last heard of
        self._numbers: dict[str, Mapping[str | None, bytes]] = {}
        self._locks: dict[tuple[str, str], str] = {}  # (owner, conversation) -> who adds to it
        self._is_draining = False

    def begin(self, listed: Listed) -> None:
        """A replica computes this round from now on."""
        self._heard[listed.replica] = self._heard[listed.id] = self._clock()
        self._running[listed.id] = listed
        self._ended.pop(listed.id, None)  # it was taken for lost

    def end(self, id: str, status: str | None = None, failure: tuple[str, str] | None = None) -> None:
        """A round has ended; with a `status` it ended without an answer and stays listed for a while."""
        self._to_stop.discard(id)
        self._heard.pop(id, None)
        listed = self._running.pop(id, None)
        if listed is not None and status is not None and listed.response is not None:
            self._ended[id] = replace(listed, status=status, failure=failure)
            while len(self._ended) > NUM_REMEMBERED:
                self._ended.popitem(last=False)

    def find(self, owner: str, id: str) -> Listed | None:
        """The owner's round of that id."""
        self._miss()
        listed = self._running.get(id) or self._ended.get(id)
        return listed if listed is not None and listed.owner == owner else None

    def stop(self, owner: str, id: str) -> None:
        """Have the replica that computes the owner's round stop it."""
        if self.find(owner, id) is not None and id in self._running:
            self._to_stop.add(id)

    def stop_all(self) -> None:
        """Have every round stopped."""
        self._to_stop |= set(self._running)

    def forget(self, owner: str, id: str) -> None:
        """Stop listing a round that ended without an answer."""
        if self.find(owner, id) is not None:
            self._ended.pop(id, None)

    def num_running(self, owner: str | None = None, *, but: str | None = None) -> int:
        """Rounds in progress: of one owner, or of all; on all replicas, `but` one."""
        self._miss()
        return sum(
            (owner is None or listed.owner == owner) and listed.replica != but
            for listed in self._running.values()
        )

    def lock(self, owner: str, conversation: str, replica: str) -> bool:
        """Let this replica alone add to a conversation; False when another does."""
        self._miss()
        self._heard[replica] = self._clock()
        return self._locks.setdefault((owner, conversation), replica) == replica

    def unlock(self, owner: str, conversation: str, replica: str) -> None:
        """This replica has added to it."""
        if self._locks.get((owner, conversation)) == replica:
            del self._locks[owner, conversation]

    def drain(self) -> None:
        """Have every replica take no new rounds."""
        self._is_draining = True

    def beat(
        self, replica: str, ids: tuple[str, ...], numbers: Mapping[str | None, bytes] | None = None
    ) -> Orders:
        """A replica's heartbeat: it computes the rounds `ids`. `numbers`: its metrics whenever they are sent,
        under None all of them, under an owner's name what that owner may see.
        """
        for name in (replica, *(id for id in ids if id in self._running)):
            self._heard[name] = self._clock()
        if numbers is not None:
            self._numbers[replica] = numbers
        self._miss()
        return Orders(
            stop=tuple(id for id in ids if id in self._to_stop),
            unknown=tuple(id for id in ids if id not in self._running),
            is_draining=self._is_draining,
        )

    def numbers(self, owner: str | None = None) -> dict[str, bytes]:
        """The last metrics of every replica: all of them, or those that `owner` may see."""
        self._miss()
        return {name: texts[owner] for name, texts in self._numbers.items() if owner in texts}

    def _miss(self) -> None:
        """Give up replicas and rounds that have not been heard of."""
        for name, heard in list(self._heard.items()):
            if self._clock() - heard > LOST_AFTER_S:
                self.end(name, "failed", LOST)
                self._heard.pop(name, None)
                self._numbers.pop(name, None)
                self._locks = {what: who for what, who in self._locks.items() if who != name}
