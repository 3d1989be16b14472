"""What a recipe returns: one stage of the pipeline, complete, or the pipeline itself.

Knows names and numbers. A recipe's file, such as those in `recipes/`, defines either
`recipe(scale) -> Recipe`, perhaps with a second argument `variant`, or `pipeline(scale) -> Pipeline`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from limner.models.presets import Preset
from limner.training.draft_dialogues import reads_scene_tokens
from limner.training.loop import Stage
from limner.training.plan import Plan
from limner.training.run_context import RunContext


class Task(Stage, Protocol):
    """A stage that can leave its finished component behind."""

    def write(self) -> None:
        """Put what was learned into the run's checkpoint; called with the averaged weights in place."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One stage: what to build, how long to train it, what it needs and makes, and what to expect of it."""

    name: str
    preset: Preset
    plan: Plan
    build: Callable[[RunContext], Task]
    needs: tuple[str, ...] = ()  # components of earlier stages
    makes: tuple[str, ...] = ()
    expected: Mapping[str, float] = field(default_factory=dict)  # held-out numbers when it went well


def pixels_need(preset: Preset) -> tuple[str, ...]:
    """What a stage reads that learns to draw pictures from their image tokens: nothing where the world's
    truth
    makes the tokens and the pixels are drawn themselves.
    """
    autoencoder = () if preset.autoencoder.identity else ("autoencoder",)
    return (*tokens_need(preset), *autoencoder)


def tokens_need(preset: Preset) -> tuple[str, ...]:
    """What makes the image tokens that a stage learns from: nothing where the world's truth makes them."""
    return () if reads_scene_tokens(preset) else ("vision",)


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Stages in order, each with those that it waits for; stages that do not wait for each other may run side
    by side.

    Raises:
        ValueError: a stage waits for one that doesn't stand before it.
    """

    stages: Mapping[str, tuple[str, ...]]
    minutes: Mapping[str, float] = field(default_factory=dict)  # by stage; absent: the recipe's own steps

    def __post_init__(self) -> None:
        before: set[str] = set()
        for name, awaited in self.stages.items():
            if not before.issuperset(awaited):
                raise ValueError(f"{name} waits for {', '.join(awaited)}, which don't all stand before it.")
            before.add(name)
