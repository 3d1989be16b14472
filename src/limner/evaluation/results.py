"""What all rows of a suite amount to, as results.json holds it.

Knows rows and the names of views (`views.py`). Knows nothing about suites and files.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from limner.evaluation.score import Row, estimate, num_tasks, ratio
from limner.evaluation.views import CEILING, TWIN, rate_of

OF_CEILING = "of_ceiling"


def results_of(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """`{METRIC: {"value", "low", "high", "n", "tasks"}}` in order of first appearance.

    Where the judge's own reading of true pictures is known ("ceiling.METRIC"), METRIC and "twin.METRIC" have
    "of_ceiling" too: their share of it, with an interval of its own.
    """
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.metric, []).append(row)
    told: dict[str, dict[str, Any]] = {}
    for metric, own in found.items():
        told[metric] = {**estimate(own).to_json(), "tasks": num_tasks(own)}
        view, rate = rate_of(metric)
        share = ratio(own, found[CEILING + rate]) if view in ("", TWIN) and CEILING + rate in found else None
        if share is not None:
            told[metric][OF_CEILING] = {name: value for name, value in share.to_json().items() if name != "n"}
    return told
