"""What the benchmark asks of a system: hold a conversation, and go on from an earlier answer.

Knows words and pictures going in and out. Knows nothing about scores; a system has no access to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from limner.benchmark.conversation import BenchConversation
from limner.dialogue.parts import Picture


@dataclass(frozen=True, kw_only=True, eq=False)
class SystemAnswer:
    """One answer: words, at most one picture, an id to fork from, and the seconds it took."""

    text: str
    picture: Picture | None = None
    id: str
    seconds: float = 0.0


class Session(Protocol):
    """One line of a conversation with a system."""

    def say(self, text: str, pictures: Sequence[Picture]) -> SystemAnswer:
        """One round after all that this session has seen. ValueError when the system cannot be reached or
        answers what cannot be read; the run then stops and can be resumed.
        """
        ...

    def fork(self, id: str) -> Session:
        """A new session that continues right after the answer `id`; this one is unchanged."""
        ...


class System(Protocol):
    """A system under test, which holds conversations.

    `begin` is handed the whole task because a reference that paints the truth needs it, and a system that
    replays recorded answers its name; every other system uses what is said to its sessions alone.
    """

    @property
    def name(self) -> str:
        """How results call it."""
        ...

    def begin(self, conversation: BenchConversation) -> Session:
        """Start a new, empty conversation."""
        ...
