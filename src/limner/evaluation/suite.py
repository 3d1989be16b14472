"""What a suite is: a number of tasks, each measured alone, in any order, from nothing but its number and a
seed.

Knows the shape of tasks and outcomes. Knows nothing about what is measured, nor about files and reports.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from limner.dialogue.parts import Picture, Round
from limner.evaluation.score import Row

if TYPE_CHECKING:
    from limner.inference.painter import Painter
    from limner.perception.senses import WorldSenses

FIRST_SEED = 20_000_000  # far from the seeds of training and of its held-out sample caches
SEEDS_APART = 100_000


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture for the report, with the words below it. `column` names its place in the suite's figure."""

    column: str
    picture: Picture
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one task gave.

    Args:
        rows: measured values; `dialogue` is the task's name.
        shown: one row of the suite's figure, left to right.
        round_seconds: seconds of each round that the painter computed, in order.
        conversation: the rounds as held with the painter (`Conversation.rounds`), with pictures given and
            answered, for people to judge (`study/`); empty when the task has no one conversation to show.
    """

    rows: tuple[Row, ...]
    shown: tuple[Shown, ...] = ()
    round_seconds: tuple[float, ...] = ()
    conversation: tuple[Round, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Bench:
    """What a task works with.

    Args:
        painter: the model under evaluation.
        judge: the perceptual models that measure, the same for every model (default: the embedded model's).
        judge_hash: SHA-256 of the judge's weights, for the record.
        others: further painters by name, such as the stages of training ("baseline", "stage1", ...).
        seed: the seed of the run.
        true_tokens: given pictures enter as the scene tokens of what they show, not by the encoder
            (`suites/true_tokens.py`).
    """

    painter: Painter
    judge: WorldSenses
    judge_hash: str
    others: Mapping[str, Painter] = field(default_factory=dict)
    seed: int = 0
    true_tokens: bool = False

    def task_seed(self, index: int) -> int:
        """The world's seed for task `index`: held out, and different for every run seed."""
        return FIRST_SEED + self.seed * SEEDS_APART + index


class Suite(Protocol):
    """One group of measurements, named as on the command line."""

    @property
    def name(self) -> str:
        """As on the command line."""
        ...

    @property
    def figure(self) -> str:
        """What it stands for in the paper: "Figures 7, 13"."""
        ...

    @property
    def about(self) -> str:
        """One line for `--help` and the report."""
        ...

    def measure(self, bench: Bench, index: int) -> Outcome:
        """Task `index`, 0-based. Depends on `bench.seed` and `index` alone, so that runs resume exactly."""
        ...


def task_name(suite: str, bench: Bench, index: int) -> str:
    """The name of a task in rows: its cluster in every interval."""
    return f"{suite}-{bench.seed}-{index:05d}"


def paint_seed(*parts: object) -> int:
    """A seed for the painter that follows from names and numbers, the same on every machine."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "big") >> 1
