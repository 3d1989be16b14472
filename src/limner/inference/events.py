"""What happens while a round is computed, in order, as values.

    Begun, Wrote ..., Painting(0), Painting(1) or Preview ..., then one of Finished, Cancelled, Failed

Only `Finished`, `Cancelled` and `Failed` end a round, and exactly one of them does. Knows nothing of how
rounds are computed or who listens.
"""

from __future__ import annotations

from dataclasses import dataclass

from limner.dialogue.parts import Picture
from limner.inference.generation import Answer
from limner.inference.request import RoundRequest
from limner.models.cache import KeyValueCache


@dataclass(frozen=True, kw_only=True)
class Begun:
    """The round left the queue; the model reads."""


@dataclass(frozen=True, kw_only=True)
class Wrote:
    """The piece of words just written. All pieces of a round, joined, are its answer's text."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Painting:
    """Progress: `step` of `num_steps` denoising steps are done; 0 when the image tokens have just been
    sampled.
    """

    step: int
    num_steps: int


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The picture as far as it can be foreseen now; `index` counts from 0."""

    index: int
    picture: Picture


@dataclass(frozen=True, kw_only=True, eq=False)
class Finished:
    """The round is computed; `Conversation.commit` makes it history.

    `piece` is the round's own part of the key-value cache, None where there is none; `seconds` the time since
    the round left the queue.
    """

    request: RoundRequest
    answer: Answer
    picture: Picture | None
    piece: KeyValueCache | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Cancelled:
    """The round was given up at its asker's wish; nothing of it is kept."""


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The round could not be computed; nothing of it is kept."""

    error: Exception


End = Finished | Cancelled | Failed
Event = Begun | Wrote | Painting | Preview | End
ENDS = (Finished, Cancelled, Failed)
