"""What all rows of a benchmark amount to: estimates by family, and one score for what is not Markov.

    score of a task    (hit - chance) / (1 - chance): 0 for a blind system, 1 for a perfect one
    score of a family  the mean over its tasks
    overall            the mean over the non-Markov families that were asked, each weighing the same

Knows rows. Knows nothing about pictures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from limner.evaluation.benchmark.conversation import NON_MARKOV_FAMILIES
from limner.evaluation.benchmark.scoring import SEPARATOR
from limner.evaluation.score import Row, estimates

OVERALL: Final = "overall"
SCORE: Final = "non_markov_score"
DEPTH: Final = "depth_"


def by_family(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by family, known families first and in their order, under the metrics' bare names; with the rows
    of "overall" before them.
    """
    found: dict[str, list[Row]] = {}
    for row in rows:
        family, _, metric = row.metric.partition(SEPARATOR)
        found.setdefault(family, []).append(Row(dialogue=row.dialogue, metric=metric, value=row.value))
    known = [family for family in NON_MARKOV_FAMILIES if family in found]
    order = known + sorted(set(found) - set(known))
    overall = _overall({family: found[family] for family in known})
    return {**({OVERALL: overall} if overall else {}), **{family: found[family] for family in order}}


def suites(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """`{FAMILY: {METRIC: {"value", "low", "high", "n"}}}`, "overall" first."""
    return {
        family: {metric: found.to_json() for metric, found in estimates(of_family).items()}
        for family, of_family in by_family(rows).items()
    }


def _overall(families: dict[str, list[Row]]) -> list[Row]:
    """Rows whose plain mean is the mean over families, so that their interval is drawn over dialogues too."""
    depths = {row.metric for rows in families.values() for row in rows if _is_depth_score(row.metric)}
    made: list[Row] = []
    for metric in ("score", *sorted(depths)):
        scores = [(family, row) for family, rows in families.items() for row in rows if row.metric == metric]
        made += _balanced(scores, metric.removesuffix("score") + SCORE)
    return made


def _balanced(scores: Sequence[tuple[str, Row]], metric: str) -> list[Row]:
    counts = Counter(family for family, _ in scores)
    return [
        Row(
            dialogue=row.dialogue,
            metric=metric,
            value=row.value * len(scores) / (len(counts) * counts[family]),
        )
        for family, row in scores
    ]


def _is_depth_score(metric: str) -> bool:
    return metric.startswith(DEPTH) and metric.endswith(".score")
