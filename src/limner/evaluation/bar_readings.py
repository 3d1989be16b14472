"""What results say of every bar: met or not, and the same rate in its other views.

A bar is met when the value measured on the pictures as the model drew them reaches it. Beside it stand the
same rate on the symbolic twin's pictures and off the tokens (`views.py`). Reads results; measures nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from limner.evaluation.bars import BARS, Bar
from limner.evaluation.results import OF_CEILING
from limner.evaluation.table import number, with_interval
from limner.evaluation.views import CEILING, CHANCE, TOKENS, TWIN

Suites = Mapping[str, Mapping[str, Mapping[str, Any]]]
LEAST_TASKS: Final = 5  # the worst of metrics that fewer tasks told says nothing


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A bar and what was measured: `metric` is the one that counts, where the bar asks for the worst."""

    bar: Bar
    metric: str
    drawn: Mapping[str, Any] | None
    twin: Mapping[str, Any] | None
    tokens: Mapping[str, Any] | None
    ceiling: Mapping[str, Any] | None
    chance: Mapping[str, Any] | None
    is_met: bool


def readings(suites: Suites) -> list[Reading]:
    """What results say of every bar whose suite was measured."""
    return [reading for bar in BARS if bar.suite in suites for reading in _read(bar, suites[bar.suite])]


def _read(bar: Bar, metrics: Mapping[str, Mapping[str, Any]]) -> Iterator[Reading]:
    metric = _worst(bar, metrics) if "*" in bar.metric else bar.metric
    drawn = metrics.get(bar.view + metric)
    if drawn is None:
        return
    yield Reading(
        bar=bar,
        metric=metric,
        drawn=None if bar.view else drawn,
        twin=metrics.get(TWIN + metric),
        tokens=metrics.get(TOKENS + metric),
        ceiling=metrics.get(CEILING + metric),
        chance=metrics.get(CHANCE + metric),
        is_met=_is_met(bar, drawn, metrics),
    )


def _is_met(bar: Bar, told: Mapping[str, Any], metrics: Mapping[str, Mapping[str, Any]]) -> bool:
    if bar.above:
        return bar.above in metrics and told["value"] > metrics[bar.above]["value"]
    if bar.bar is None:
        return True
    value = told.get(OF_CEILING, told)["value"] if bar.of_ceiling else told["value"]
    return bool(value <= bar.bar if bar.at_most else value >= bar.bar)


def _worst(bar: Bar, metrics: Mapping[str, Mapping[str, Any]]) -> str:
    """The metric that fits the bar's pattern and is furthest below it, of those told by tasks enough; ""
    where none fits.
    """
    fits = re.compile(re.escape(bar.metric).replace(r"\*", r"[^.]+"))
    found = [name for name in metrics if fits.fullmatch(name)]
    if bar.of_ceiling:  # what the judge never sees in true pictures it cannot tell of painted ones
        found = [name for name in found if OF_CEILING in metrics[name]]
    often = [name for name in found if metrics[name].get("tasks", 0) >= LEAST_TASKS] or found
    key = OF_CEILING if bar.of_ceiling else ""
    return min(often, key=lambda name: (metrics[name].get(key, metrics[name])["value"], name), default="")


def cells(reading: Reading) -> Sequence[str]:
    """A row to read: what is asked, the bar, whether it is met, drawn, share of the ceiling, twin, tokens,
    ceiling, chance, tasks.
    """
    drawn = reading.drawn
    told = drawn or reading.tokens or {}
    return (
        reading.bar.label + (f" ({reading.metric.split('.')[-2]})" if "*" in reading.bar.metric else ""),
        reading.bar.told,
        "" if reading.bar.told == "told" else "yes" if reading.is_met else "no",
        with_interval(drawn),
        with_interval({"tasks": drawn.get("tasks", 2), **drawn[OF_CEILING]})
        if drawn and OF_CEILING in drawn
        else "",
        with_interval(reading.twin),
        with_interval(reading.tokens),
        number(reading.ceiling["value"]) if reading.ceiling else "",
        number(reading.chance["value"]) if reading.chance else "",
        str(told.get("tasks", "")),
    )


HEADINGS: Final = (
    "asked",
    "bar",
    "met",
    "as drawn",
    "of the ceiling",
    "twin (ruler)",
    "in the tokens",
    "true pictures",
    "chance",
    "tasks",
)
