"""Results as lines to read: numbers rounded, each metric's own chance beside it.

Knows metric names: dots part them, "chance." before a name says what blind guessing gets. Knows nothing about
terminals and pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from limner.evaluation.metrics import METRICS

CHANCE = "chance."
Verdict = Literal["better", "worse", ""]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One metric, rounded for reading. `above_chance` is None where there is no chance to compare with."""

    metric: str
    value: str
    interval: str
    chance: str
    n: int
    above_chance: bool | None


def lines_of(metrics: Mapping[str, Mapping[str, Any]]) -> list[Line]:
    """A line per metric of a suite's results. Chances stand beside their metrics, not on their own lines."""
    lines = []
    for name, told in metrics.items():
        if name.startswith(CHANCE) and name.removeprefix(CHANCE) in metrics:
            continue
        chance = metrics.get(CHANCE + name)
        lines.append(
            Line(
                metric=name,
                value=number(told["value"]),
                interval=f"{number(told['low'])} to {number(told['high'])}" if told["n"] > 1 else "",
                chance="" if chance is None else number(chance["value"]),
                n=told["n"],
                above_chance=None if chance is None else _beats(name, told, chance["value"]),
            )
        )
    return lines


def lower_is_better(metric: str) -> bool:
    """Whether a smaller value of this metric is the good one, by the most general part of its name."""
    card = METRICS.get(metric.rpartition(".")[2])
    return card is not None and card.better == "lower"


def number(value: float) -> str:
    """Three digits that matter for small values, two decimals for large ones."""
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.2f}"


def signed(value: float) -> str:
    """`number` with its sign."""
    return f"+{number(value)}" if value >= 0 else number(value)


def differing(told: Mapping[str, Any]) -> bool:
    """Whether a difference's interval leaves out zero."""
    return bool(told["n"] > 1 and (told["low"] > 0 or told["high"] < 0))


def verdict(metric: str, told: Mapping[str, Any]) -> Verdict:
    """What a difference means, where its interval leaves out zero and the metric's better end is known."""
    if not differing(told) or metric.rpartition(".")[2] not in METRICS:
        return ""
    return "better" if (told["value"] > 0) != lower_is_better(metric) else "worse"


def _beats(name: str, told: Mapping[str, Any], chance: float) -> bool:
    return bool(told["high"] < chance if lower_is_better(name) else told["low"] > chance)
