"""What happens while a round is computed, as pure values. The last three end a round.

Knows words, pictures and steps. Knows nothing about who computes them or who listens.
"""

from __future__ import annotations

from dataclasses import dataclass

from limner.chat.generation import Answer
from limner.dialogue.parts import Picture
from limner.models.cache import KeyValueCache


@dataclass(frozen=True)
class Begun:
    """The round has left the queue and is being computed."""


@dataclass(frozen=True)
class Wrote:
    """A piece of the answer's words, just written; there may be several."""

    text: str


@dataclass(frozen=True)
class Painting:
    """A denoising step is done."""

    step: int
    num_steps: int


@dataclass(frozen=True)
class Preview:
    """The picture as it looks at this step; `index` counts from 0."""

    index: int
    picture: Picture


@dataclass(frozen=True, eq=False)
class Finished:
    """The round is computed: the answer, its picture, its own piece of the key-value cache, the time taken."""

    answer: Answer
    picture: Picture | None
    piece: KeyValueCache
    seconds: float


@dataclass(frozen=True)
class Cancelled:
    """The round was cancelled; nothing of it remains."""


@dataclass(frozen=True, eq=False)
class Failed:
    """The round could not be computed."""

    error: Exception


Event = Begun | Wrote | Painting | Preview | Finished | Cancelled | Failed
