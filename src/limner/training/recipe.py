"""What a recipe returns: one rung of the ladder, complete, or the ladder itself.

Knows names and numbers. A recipe file in /recipes defines either `recipe(scale) -> Recipe`, perhaps with a
second argument `variant`, or `ladder(scale) -> Ladder`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from limner.models.presets import Preset
from limner.training.loop import Stage
from limner.training.plan import Plan
from limner.training.workshop import Workshop


class Rung(Stage, Protocol):
    """A stage that can leave its finished component behind."""

    def write(self) -> None:
        """Put what was learned into the run's checkpoint; called with the averaged weights in place."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One rung: what to build, how long to train it, what it needs and makes, and what to expect of it."""

    name: str
    preset: Preset
    plan: Plan
    build: Callable[[Workshop], Rung]
    needs: tuple[str, ...] = ()  # components of earlier rungs
    makes: tuple[str, ...] = ()
    expected: Mapping[str, float] = field(default_factory=dict)  # held-out numbers when it went well


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """Rungs in order. Those of one wave don't depend on each other and may run side by side."""

    waves: tuple[tuple[str, ...], ...]
    minutes: Mapping[str, float] = field(default_factory=dict)  # by rung; absent: the recipe's own steps
