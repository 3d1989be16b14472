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


def ratio(rows: Sequence[Row], ceiling: Sequence[Row]) -> Estimate | None:
    """The mean of `rows` over the mean of `ceiling`, with a 95% interval by a bootstrap over the dialogues of
    both; `n` counts `rows`. None where the ceiling is not above zero.
    """
    names = sorted({row.dialogue for row in (*rows, *ceiling)})
    sums, counts = _sums_of(rows, names)
    most, mosts = _sums_of(ceiling, names)
    if not counts.sum() or most.sum() <= 0:
        return None
    drawn = np.random.default_rng(0).integers(0, len(names), size=(DRAWS, len(names)))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = (sums[drawn].sum(1) / counts[drawn].sum(1)) / (most[drawn].sum(1) / mosts[drawn].sum(1))
    low, high = np.percentile(shares[np.isfinite(shares)], INTERVAL)
    value = (sums.sum() / counts.sum()) / (most.sum() / mosts.sum())
    return Estimate(value=float(value), low=float(low), high=float(high), n=len(rows))


def num_tasks(rows: Iterable[Row]) -> int:
    """How many dialogues the rows came from."""
    return len({row.dialogue for row in rows})


def _means(rows: Iterable[Row]) -> dict[tuple[str, str], float]:
    values: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        values.setdefault((row.metric, row.dialogue), []).append(row.value)
    return {key: float(np.mean(found)) for key, found in values.items()}


def _sums_of(rows: Sequence[Row], names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Sums and counts of each of `names`, zero where a dialogue has no rows."""
    sums, counts = np.zeros(len(names)), np.zeros(len(names))
    if rows:
        own, found = _by_dialogue(rows)
        places = np.searchsorted(names, sorted({row.dialogue for row in rows}))
        sums[places], counts[places] = own, found
    return sums, counts


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
