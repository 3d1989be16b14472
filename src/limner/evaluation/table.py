"""Results as lines to read: numbers rounded, the other views of each rate beside it.

Knows metric names: dots part them, a view's name may stand before one (`views.py`). Knows nothing about
terminals and pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from limner.evaluation.metrics import METRICS
from limner.evaluation.views import CEILING, CHANCE, TITLES, TOKENS, TWIN, VIEWS, rate_of

Verdict = Literal["better", "worse", ""]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One metric, rounded for reading, and its other views: "" where one was not measured. Those of tokens
    and twin are followed by their intervals. `above_chance` is None where there is no chance to compare with.
    """

    metric: str
    value: str
    interval: str
    tokens: str
    twin: str
    ceiling: str
    chance: str
    n: int
    tasks: int | None
    above_chance: bool | None

    def view(self, name: str) -> str:
        """The cell of a view of `views.TITLES`."""
        return {TOKENS: self.tokens, TWIN: self.twin, CEILING: self.ceiling, CHANCE: self.chance}[name]


def lines_of(metrics: Mapping[str, Mapping[str, Any]]) -> list[Line]:
    """A line per metric of a suite's results. Views stand beside the rate as it was drawn, on lines of their
    own only where there is none.
    """
    lines = []
    for name, told in metrics.items():
        view, rate = rate_of(name)
        if view and rate in metrics:
            continue
        views = {view: metrics[view + name] for view in VIEWS if view + name in metrics}
        chance = views.get(CHANCE)
        lines.append(
            Line(
                metric=name,
                value=number(told["value"]),
                interval=interval(told),
                tokens=with_interval(views.get(TOKENS)),
                twin=with_interval(views.get(TWIN)),
                ceiling=number(views[CEILING]["value"]) if CEILING in views else "",
                chance=number(chance["value"]) if chance is not None else "",
                n=told["n"],
                tasks=told.get("tasks"),
                above_chance=None if chance is None else _beats(name, told, chance["value"]),
            )
        )
    return lines


def views_of(lines: Sequence[Line]) -> dict[str, str]:
    """View -> the title of its column, of those that any line has."""
    return {view: title for view, title in TITLES.items() if any(line.view(view) for line in lines)}


def interval(told: Mapping[str, Any]) -> str:
    """The 95% interval in words; "" where there is none: it is one over tasks, and one task has no spread."""
    return f"{number(told['low'])} to {number(told['high'])}" if is_spread(told) else ""


def is_spread(told: Mapping[str, Any]) -> bool:
    """Whether the values come from more than one task (or, where tasks are not recorded, whether there are
    several).
    """
    return bool(told.get("tasks", told.get("n", 2)) > 1)


def with_interval(told: Mapping[str, Any] | None) -> str:
    """A value and its interval: "0.913 (0.880 to 0.940)"; "" where there is none."""
    if told is None:
        return ""
    between = interval(told)
    return f"{number(told['value'])} ({between})" if between else number(told["value"])


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
    return is_spread(told) and bool(told["low"] > 0 or told["high"] < 0)


def verdict(metric: str, told: Mapping[str, Any]) -> Verdict:
    """What a difference means, where its interval leaves out zero and the metric's better end is known."""
    if not differing(told) or metric.rpartition(".")[2] not in METRICS:
        return ""
    return "better" if (told["value"] > 0) != lower_is_better(metric) else "worse"


def _beats(name: str, told: Mapping[str, Any], chance: float) -> bool:
    return is_spread(told) and bool(told["high"] < chance if lower_is_better(name) else told["low"] > chance)
