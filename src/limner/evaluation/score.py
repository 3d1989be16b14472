"""Measured values and what they amount to: means with intervals, and differences of two runs.

Knows rows of numbers and the dialogues they came from. Knows nothing about pictures, models or files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

DRAWS = 1000
INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measured value. Rows of one `dialogue` are not independent, so that intervals are drawn over
    dialogues.
    """

    dialogue: str
    metric: str
    value: float

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a line of JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Row:
        """The inverse of `to_json`."""
        return cls(dialogue=values["dialogue"], metric=values["metric"], value=float(values["value"]))


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A mean, its 95% bootstrap interval, and how many values it was taken of."""

    value: float
    low: float
    high: float
    n: int

    def to_json(self) -> dict[str, Any]:
        """`{"value", "low", "high", "n"}`."""
        return asdict(self)


def estimate(rows: Sequence[Row]) -> Estimate:
    """The mean of `rows` with a 95% percentile interval, by a bootstrap over dialogues (Cameron et al. 2008).

    All rows of a drawn dialogue enter together. The draws are seeded, so that equal rows in any order give
    equal intervals. ValueError when there are no rows.
    """
    if not rows:
        raise ValueError("An estimate needs at least one measured value.")
    sums, counts = _by_dialogue(rows)
    low, high = _interval(sums, counts)
    return Estimate(value=float(sums.sum() / counts.sum()), low=low, high=high, n=len(rows))


def estimates(rows: Iterable[Row]) -> dict[str, Estimate]:
    """An estimate per metric, in order of first appearance."""
    by_metric: dict[str, list[Row]] = {}
    for row in rows:
        by_metric.setdefault(row.metric, []).append(row)
    return {metric: estimate(found) for metric, found in by_metric.items()}


def differences(first: Iterable[Row], second: Iterable[Row]) -> dict[str, Estimate]:
    """Per metric, the mean of `second` minus `first`, paired by dialogue; metrics and dialogues that only one
    run has are left out.
    """
    one, other = _means(first), _means(second)
    paired: dict[str, list[Row]] = {}
    for (metric, dialogue), mean in one.items():
        if (metric, dialogue) in other:
            row = Row(dialogue=dialogue, metric=metric, value=other[metric, dialogue] - mean)
            paired.setdefault(metric, []).append(row)
    return {metric: estimate(rows) for metric, rows in paired.items()}


def _means(rows: Iterable[Row]) -> dict[tuple[str, str], float]:
    values: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        values.setdefault((row.metric, row.dialogue), []).append(row.value)
    return {key: float(np.mean(found)) for key, found in values.items()}


def _by_dialogue(rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray]:
    """Sums and counts of each dialogue, dialogues in the order of their names."""
    names, index = np.unique([row.dialogue for row in rows], return_inverse=True)
    values = np.array([row.value for row in rows], dtype=np.float64)
    order = np.lexsort((values, index))  # floating-point sums depend on order
    sums = np.bincount(index[order], weights=values[order], minlength=len(names))
    return sums, np.bincount(index, minlength=len(names)).astype(np.float64)


def _interval(sums: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    drawn = np.random.default_rng(0).integers(0, len(sums), size=(DRAWS, len(sums)))
    low, high = np.percentile(sums[drawn].sum(1) / counts[drawn].sum(1), INTERVAL)
    return float(low), float(high)
