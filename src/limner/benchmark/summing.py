"""What all rows of a benchmark amount to: estimates by family, and one score for what is not Markov.

    score of a round          (hit - chance) / (1 - chance): 0 for a blind system, 1 for a perfect one
    score of a conversation   the mean over its rounds
    score of a family         the mean over its conversations
    overall                   the mean over the non-Markov families that were asked, each weighing the same

Knows rows. Knows nothing about pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from limner.benchmark.conversation import NON_MARKOV_FAMILIES
from limner.benchmark.scoring import SEPARATOR
from limner.evaluation.score import DRAWS, INTERVAL, Estimate, Row, estimates

OVERALL: Final = "overall"
SCORE: Final = "non_markov_score"
EXPOSURE: Final = "painted_minus_uploaded"
DEPTH: Final = "depth_"
_ROUND_SCORE: Final = "score"


def by_family(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by family under the metrics' bare names, scores one a conversation; the non-Markov families first
    and in their order, with the rows of "overall" before them.
    """
    found: dict[str, list[Row]] = {}
    for row in rows:
        family, _, metric = row.metric.partition(SEPARATOR)
        found.setdefault(family, []).append(Row(dialogue=row.dialogue, metric=metric, value=row.value))
    found = {family: _one_score_each(of_family) for family, of_family in found.items()}
    known = [family for family in NON_MARKOV_FAMILIES if family in found]
    order = known + sorted(set(found) - set(known))
    overall = [
        row
        for metric, scores in _scores({family: found[family] for family in known}).items()
        for row in _weighted(scores, metric)
    ]
    return {**({OVERALL: overall} if overall else {}), **{family: found[family] for family in order}}


def suites(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """`{FAMILY: {METRIC: {"value", "low", "high", "n"}}}`, "overall" first."""
    families = by_family(rows)
    told: dict[str, dict[str, Any]] = {}
    if families.pop(OVERALL, None):
        known = {family: families[family] for family in NON_MARKOV_FAMILIES if family in families}
        scores = _scores(known)
        told[OVERALL] = {name: balanced(found).to_json() for name, found in scores.items()}
        both = [scores.get(f"{given}.{SCORE}") for given in ("painted", "uploaded")]
        if both[0] and both[1]:
            told[OVERALL][EXPOSURE] = difference(both[0], both[1]).to_json()
    for family, of_family in families.items():
        told[family] = {metric: found.to_json() for metric, found in estimates(of_family).items()}
    return told


def balanced(scores: Mapping[str, Sequence[Row]]) -> Estimate:
    """The mean over families of their means, one row a conversation; the 95% interval draws conversations
    within each family, seeded. `n` counts conversations.
    """
    rng = np.random.default_rng(0)
    means, draws = [], []
    for rows in scores.values():
        values = np.array([row.value for row in sorted(rows, key=lambda row: row.dialogue)])
        drawn = rng.integers(0, len(values), size=(DRAWS, len(values)))
        means.append(values.mean())
        draws.append(values[drawn].mean(1))
    low, high = np.percentile(np.mean(draws, axis=0), INTERVAL)
    num = sum(len(rows) for rows in scores.values())
    return Estimate(value=float(np.mean(means)), low=float(low), high=float(high), n=num)


def difference(first: Mapping[str, Sequence[Row]], second: Mapping[str, Sequence[Row]]) -> Estimate:
    """The mean over families of the first minus that of the second, other conversations in each; the interval
    draws both within families. Families that only one of them has are left out.
    """
    rng = np.random.default_rng(0)
    means, draws, num = [], [], 0
    for family in first:
        if family not in second:
            continue
        found = [
            np.array([row.value for row in sorted(rows[family], key=lambda row: row.dialogue)])
            for rows in (first, second)
        ]
        drawn = [values[rng.integers(0, len(values), size=(DRAWS, len(values)))].mean(1) for values in found]
        means.append(found[0].mean() - found[1].mean())
        draws.append(drawn[0] - drawn[1])
        num += sum(map(len, found))
    if not means:
        return Estimate(value=0.0, low=0.0, high=0.0, n=0)
    low, high = np.percentile(np.mean(draws, axis=0), INTERVAL)
    return Estimate(value=float(np.mean(means)), low=float(low), high=float(high), n=num)


def has_interval(found: Mapping[str, float], num_families: int) -> bool:
    """Whether an interval over families says anything: where each has one conversation, all draws are the
    same. `found` is an estimate as JSON.
    """
    return found["low"] < found["high"] or found["n"] > num_families


def _one_score_each(rows: Sequence[Row]) -> list[Row]:
    """The rows, with the scores of a conversation's rounds replaced by their mean."""
    kept = [row for row in rows if not _is_score(row.metric)]
    values: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if _is_score(row.metric):
            values.setdefault((row.dialogue, row.metric), []).append(row.value)
    return kept + [
        Row(dialogue=dialogue, metric=metric, value=float(np.mean(found)))
        for (dialogue, metric), found in values.items()
    ]


def _scores(families: Mapping[str, Sequence[Row]]) -> dict[str, dict[str, list[Row]]]:
    """Overall metric -> family -> its conversations' scores, the score of all depths first."""
    metrics = {row.metric for rows in families.values() for row in rows if _is_score(row.metric)}
    found: dict[str, dict[str, list[Row]]] = {}
    for metric in sorted(metrics, key=lambda metric: (metric != _ROUND_SCORE, metric)):
        name = metric.removesuffix(_ROUND_SCORE) + SCORE
        of_metric = {f: [row for row in rows if row.metric == metric] for f, rows in families.items()}
        found[name] = {family: rows for family, rows in of_metric.items() if rows}
    return found


def _weighted(scores: Mapping[str, Sequence[Row]], metric: str) -> list[Row]:
    """Rows whose plain mean is the mean over families, for comparisons of two runs row by row."""
    num = sum(len(rows) for rows in scores.values())
    return [
        Row(dialogue=row.dialogue, metric=metric, value=row.value * num / (len(scores) * len(rows)))
        for rows in scores.values()
        for row in rows
    ]


def _is_score(metric: str) -> bool:
    return metric == _ROUND_SCORE or metric.endswith(f".{_ROUND_SCORE}")
