"""What is asked of the embedded model: bars, each the name of a metric and the value it has to reach.

A bar is met when the measured value reaches it, on the pictures as the model drew them. Beside it stand the
same rate on the symbolic twin's pictures and off the tokens (`views.py`). Knows names of metrics and reads
results. Measures nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from limner.evaluation.results import OF_CEILING
from limner.evaluation.suites.rollback_tasks import FAMILIES
from limner.evaluation.table import number
from limner.evaluation.views import CEILING, CHANCE, TOKENS, TWIN

Suites = Mapping[str, Mapping[str, Mapping[str, Any]]]
LEAST_TASKS: Final = 5  # the worst of metrics that fewer tasks told says nothing


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar.

    Args:
        label: what is asked.
        suite: the suite that measures it.
        metric: of that suite; with a star the worst of all that fit.
        bar: the value to reach, from below or, with `at_most`, from above.
        of_ceiling: `bar` is the share of what the judge reads from true pictures.
        above: another metric of the suite that is to be passed, in place of `bar`.
        view: the view that is asked for where the picture as drawn does not tell.
    """

    label: str
    suite: str
    metric: str
    bar: float | None = None
    at_most: bool = False
    of_ceiling: bool = False
    above: str = ""
    view: str = ""

    @property
    def told(self) -> str:
        """The bar in words."""
        if self.above:
            return f"above {self.above}"
        if self.bar is None:
            return "told"
        sign = "<=" if self.at_most else ">="
        return f"{sign} {number(self.bar)}{' of the ceiling' if self.of_ceiling else ''}"


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


def _people() -> Iterator[Bar]:
    yield Bar(
        label="traits described are seen, first picture",
        suite="named",
        metric="first_picture.traits_seen",
        bar=0.95,
        of_ceiling=True,
    )
    yield Bar(
        label="the same, the worst trait",
        suite="named",
        metric="first_picture.*.trait_seen",
        bar=0.85,
        of_ceiling=True,
    )
    for label, metric, bar in (
        ("right person by face, true first picture", "true_first.right_person", 0.97),
        ("right person by face, own first picture", "own_first.right_person", 0.95),
        ("the same, people of equal traits, true first", "true_first.shared_traits.right_person", 0.92),
        ("the same, people of equal traits, own first", "own_first.shared_traits.right_person", 0.92),
    ):
        yield Bar(label=label, suite="named", metric=metric, bar=bar)
    yield Bar(
        label="names needed six rounds later: right persons lost",
        suite="named",
        metric="true_first.lost_by_distance",
        bar=0.03,
        at_most=True,
    )
    yield Bar(label="full body: right person", suite="full-body", metric="own_first.right_person")
    yield Bar(label="full body: garments as told", suite="full-body", metric="own_first.garments_seen")


def _changes() -> Iterator[Bar]:
    yield Bar(label="right state after a way back", suite="rollback", metric="right_state", bar=0.97)
    for family in FAMILIES:
        yield Bar(
            label=f"the same, {family.replace('_', ' ')}",
            suite="rollback",
            metric=f"{family}.right_state",
            bar=0.97,
        )
    yield Bar(
        label="right state, history cut to the last round (chance)",
        suite="rollback",
        metric="cut_history.right_state",
    )
    yield Bar(label="change asked with a way back is made", suite="rollback", metric="change_made", bar=0.9)
    for label, kind, bar in (("one edit", "single_turn", 0.92), ("chain of three edits", "chain", 0.9)):
        yield Bar(label=f"{label}: made", suite="editing", metric=f"{kind}.change_made", bar=bar)
        yield Bar(label=f"{label}: right state", suite="editing", metric=f"{kind}.right_state", bar=bar)
        yield Bar(
            label=f"{label}: unedited factors kept",
            suite="editing",
            metric=f"{kind}.factors_kept",
            bar=0.98,
            view=TOKENS,
        )
    yield Bar(
        label="way back: unedited factors kept",
        suite="rollback",
        metric="factors_kept",
        bar=0.98,
        view=TOKENS,
    )


def _words() -> Iterator[Bar]:
    for label, metric, bar in (
        ("questions", "question.answers", 0.95),
        ("pointing: a box is given", "pointing.box_given", 0.98),
        ("pointing: IoU", "pointing.iou", 0.7),
        ("pointing: right person", "pointing.right_person", 0.95),
        ("captions: traits named", "caption.traits_named", None),
    ):
        yield Bar(label=label, suite="comprehend", metric=metric, bar=bar)


def _likeness() -> Iterator[Bar]:
    yield Bar(
        label="likeness of a given face, another scene",
        suite="personalize",
        metric="model.paired.face_similarity",
        bar=0.8,
        of_ceiling=True,
    )
    for label, metric, bar in (
        ("drift over ten rounds, token cache: likeness lost", "chat.cache.face_similarity.lost", 0.02),
        ("the same, re-encoded", "chat.reencode.face_similarity.lost", None),
    ):
        yield Bar(label=label, suite="drift", metric=metric, bar=bar, at_most=True)
    for label, metric in (
        ("flow: consistency within a run", "within_run.face_similarity"),
        ("flow: diversity across runs", "across_runs.diversity"),
    ):
        yield Bar(label=label, suite="twice", metric=f"flow.{metric}", above=f"regression.{metric}")


BARS: Final = (*_people(), *_changes(), *_words(), *_likeness())


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
    """The metric that fits the bar's pattern and is furthest below it, of those told by tasks enough."""
    fits = re.compile(re.escape(bar.metric).replace(r"\*", r"[^.]+"))
    found = [name for name in metrics if fits.fullmatch(name)]
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
        _with_bounds(drawn),
        _with_bounds(drawn.get(OF_CEILING)) if drawn else "",
        _with_bounds(reading.twin),
        _with_bounds(reading.tokens),
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


def _with_bounds(told: Mapping[str, Any] | None) -> str:
    return (
        "" if told is None else f"{number(told['value'])} ({number(told['low'])} to {number(told['high'])})"
    )
