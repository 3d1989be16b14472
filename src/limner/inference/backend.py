"""What conversations ask of whatever paints, and what the stages of a round compute with.

Knows interfaces only. A model that reads history by itself implements both (`painter.py`); a painter behind a
planner has no model and implements the first (`limner.planning`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from limner.dialogue.parts import Instruction, Picture, Round
from limner.inference.conversation_state import RoundState
from limner.inference.events import Cancelled, Event, Failed, Finished
from limner.inference.prefix_cache import PrefixCache
from limner.inference.request import RoundRequest
from limner.inference.sampling import Sampling

if TYPE_CHECKING:
    from torch import Tensor

    from limner.models.model import LimnerModel
    from limner.perception.senses import WorldSenses


class Backend(Protocol):
    """A painter as conversations, their files and a service know it; `Painter` says what each member is."""

    sampling: Sampling
    fingerprint: str
    senses: WorldSenses | None
    prefixes: PrefixCache

    @property
    def kind(self) -> str: ...

    @property
    def context_tokens(self) -> int: ...

    @property
    def num_words(self) -> int: ...

    @property
    def tokens_shape(self) -> tuple[int, int]: ...

    @property
    def reads_rounds(self) -> bool: ...

    def answer(self, request: RoundRequest) -> Finished: ...

    def addressed(
        self,
        instruction: Instruction,
        target: int | None,
        *,
        rounds: Sequence[Round],
        states: Sequence[RoundState],
        salt: str,
    ) -> Instruction: ...

    def encode(self, picture: Picture, salt: str = "", *, remember: bool = True) -> Tensor: ...

    def count(self, instruction: Instruction) -> int: ...

    def count_round(self, round_: Round) -> int: ...

    def words_of(self, text: str) -> tuple[int, ...]: ...

    def as_computed(self, image_tokens_KD: Tensor) -> Tensor: ...


class EndedRound(Protocol):
    """A round that a scheduler computes; `end` is None until it has ended."""

    @property
    def end(self) -> Finished | Cancelled | Failed | None: ...


class RoundScheduler(Protocol):
    """Advances rounds of one painter together, whatever computes them; as `Scheduler` documents it."""

    num_steps: int
    num_rows: int

    def __len__(self) -> int: ...

    def add(
        self,
        request: RoundRequest,
        emit: Callable[[Event], None],
        wants_stop: Callable[[], bool] = ...,
    ) -> None: ...

    def step(self) -> Sequence[EndedRound]: ...

    def abandon(self, error: Exception | None = None) -> Sequence[EndedRound]: ...


class LoadedModel(Protocol):
    """A model, and what all rounds that it computes share."""

    model: LimnerModel
    sampling: Sampling
    prefixes: PrefixCache

    @property
    def lock(self) -> AbstractContextManager[Any]: ...

    def encode(self, picture: Picture, salt: str = "", *, remember: bool = True) -> Tensor: ...
