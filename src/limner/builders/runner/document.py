"""The words between a recipe and the runner: sources, documents on their way through the steps, drops,
stages, jobs.

Knows nothing about files, processes or what a document is about.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from limner.dialogue.parts import Dialogue


@dataclass(frozen=True, kw_only=True)
class Source:
    """One thing to build from: an id that no other source of the run has, and plain values (JSON)."""

    id: str
    value: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Document:
    """The unit of work that steps receive and yield.

    `value` is the recipe's own; each step yields the document with another one. `pictures` ((H, W, 3) uint8)
    are shown on the run's page when the document is dropped. The last step sets `dialogue`, which is written.
    Steps may add to `counts` what a run should sum up, such as tokens; it is one for all parts of a source.
    """

    id: str
    number: int
    seed: int
    value: Any
    pictures: tuple[np.ndarray, ...] = ()
    dialogue: Dialogue | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def chance(self, purpose: str) -> np.random.Generator:
        """A generator of its own for this document and purpose: the same in every run, worker and order."""
        digest = hashlib.sha256(f"{self.seed}\n{purpose}\n{self.id}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:16], "big"))

    def having(self, value: Any, *pictures: np.ndarray) -> Document:
        """The document with this value, and with these pictures if any are given."""
        return replace(self, value=value, pictures=pictures or self.pictures)

    def part(self, name: str, value: Any) -> Document:
        """A document of its own out of this one, such as one shot of a film."""
        return replace(self, id=f"{self.id}#{name}", value=value)

    def telling(self, dialogue: Dialogue) -> Document:
        """The finished document."""
        return replace(self, dialogue=dialogue)


@dataclass(frozen=True, kw_only=True)
class Drop:
    """Why a document goes no further: `reason` is one of a few and counted, `detail` this document's."""

    reason: str
    detail: str = ""


class DropError(Exception):
    """Raised anywhere inside a step to drop its document."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.drop = Drop(reason=reason, detail=detail)


class StopError(ValueError):
    """Raised inside a step to end the run with this sentence: no document could be built as things are."""


class Step(Protocol):
    """One line of the funnel: a generator over one document."""

    @property
    def name(self) -> str:
        """A few words, such as "two faces in both frames"."""

    def __call__(self, document: Document) -> Iterable[Document | Drop]:
        """The document changed, or several made of it, or a `Drop`. Nothing at all is an error."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Steps in a row that want the same kind of machine.

    `open` makes them, with the models that they need; it is called once in each process that runs them, so it
    must be picklable. `on_gpu`: networks that a GPU makes faster, where the engine finds one.
    """

    open: Callable[[], Sequence[Step]]
    on_gpu: bool = False


class Job(Protocol):
    """A recipe with its options. It is pickled to the workers, so it holds plain values only."""

    @property
    def seed(self) -> int:
        """From it every document draws its own chance."""

    def settings(self) -> Mapping[str, Any]:
        """The options that change what is built, JSON-able: a run with others does not continue this one."""

    def sources(self) -> Iterable[Source]:
        """What to build from, in an order that is the same every time."""

    def stages(self) -> Sequence[Stage]:
        """The steps in their order, grouped by what they run on."""


def open_steps(stages: Iterable[Stage]) -> list[Step]:
    """The steps of these stages in order, ready to run."""
    return [step for stage in stages for step in stage.open()]
