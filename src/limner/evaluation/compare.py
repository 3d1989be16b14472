"""Two runs held against each other: differences paired task by task, with intervals.

Knows what makes two runs comparable. Knows nothing about how a comparison is printed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from limner.evaluation.run_folder import RunFolder, read_rows, read_run
from limner.evaluation.score import differences, estimates
from limner.evaluation.table import verdict
from limner.evaluation.views import CEILING, CHANCE

MUST_AGREE = ("suites", "num", "seed", "judge")


def compare_runs(first: Path, second: Path) -> dict[str, Any]:
    """Per suite and metric the mean of `second` minus `first`, both means, and which is better.

    `{"first", "second", "notes", "suites": {SUITE: {METRIC: {"value", "low", "high", "n", "first", "second",
    "verdict"}}}}`: pairs are the same tasks, intervals 95% over tasks; notes as `notes_of`. Chances and
    ceilings are left out: they belong to the tasks, not to a model.

    Raises:
        ValueError: a run is missing or unfinished, or the two measured different tasks or by another judge.
    """
    one, other = read_run(first), read_run(second)
    _check_comparable(one, other)
    rows, others = read_rows(one.path), read_rows(other.path)
    suites: dict[str, Any] = {}
    for suite, found in rows.items():
        means, other_means = estimates(found), estimates(others[suite])
        suites[suite] = {
            metric: {
                **difference.to_json(),
                "first": means[metric].value,
                "second": other_means[metric].value,
                "verdict": verdict(metric, difference.to_json()),
            }
            for metric, difference in differences(found, others[suite]).items()
            if not metric.startswith((CHANCE, CEILING))
        }
    return {"first": str(first), "second": str(second), "notes": notes_of(one, other), "suites": suites}


def notes_of(one: RunFolder, other: RunFolder) -> list[str]:
    """What to know before two runs are held against each other: that they measured the same weights, that
    those of one are of a training that had not finished, or that its tasks are not all done.
    """
    notes = []
    same = [name for name in ("model", "quantize") if one.options.get(name) == other.options.get(name)]
    if len(same) == 2 and one.options.get("model") is not None:
        told = str(one.options["model"])[:12]
        notes.append(f"{one.path} and {other.path} measured the same weights ({told}).")
    for run in (one, other):
        notes += [f"{run.path}: {warning}" for warning in run.facts.get("warnings", ())]
        wanted = len(run.options.get("suites", ())) * int(run.options.get("num", 0))
        if "suites" in run.options and len(run.tasks) < wanted:
            notes.append(f"{run.path} has not finished: {len(run.tasks)} of {wanted} tasks are done.")
    return notes


def _check_comparable(one: RunFolder, other: RunFolder) -> None:
    differing = [name for name in MUST_AGREE if one.options.get(name) != other.options.get(name)]
    if differing:
        told = "; ".join(
            f"{name} {_told(one.options.get(name))} against {_told(other.options.get(name))}"
            for name in differing
        )
        raise ValueError(
            f"{one.path} and {other.path} cannot be compared: {told}. Run both with the same options."
        )


def _told(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value)[:12]
