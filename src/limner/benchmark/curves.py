"""What happens turn by turn in chains of twenty edits, as curves: how often an edit is still made, how many
conversations are still without a miss, and how many have collapsed.

    success      the edit of turn k is made
    held         so are all edits up to turn k
    collapsed    from turn k on no edit is made any more
    kept_db      PSNR of what the edit of turn k was not to touch
    exposure     made on the system's own picture, minus made on the true one, at turns where both are asked

Knows rows. Knows nothing about pictures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from limner.benchmark.scoring import SEPARATOR
from limner.benchmark.tasks.long_chain import OWN, TRUE
from limner.evaluation.score import Row, estimates

_TURN: Final = re.compile(r"depth_(\d+)\.(accuracy|kept_db)")


def curves_of(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """Curve -> turn -> {"value", "low", "high", "n"}; empty for runs without long chains."""
    own, kept = _by_turn(rows := list(rows), OWN, "accuracy"), _by_turn(rows, OWN, "kept_db")
    true = _by_turn(rows, TRUE, "accuracy")
    if not own:
        return {}
    found: list[Row] = []
    for name, hits in own.items():
        for turn in sorted(hits):
            later = [hit for other, hit in hits.items() if other >= turn]
            earlier = [hit for other, hit in hits.items() if other <= turn]
            found += [
                _row(name, "success", turn, hits[turn]),
                _row(name, "held", turn, float(min(earlier) >= 1)),
                _row(name, "collapsed", turn, float(max(later) <= 0)),
            ]
            if turn in true.get(name, {}):
                found.append(_row(name, "exposure", turn, hits[turn] - true[name][turn]))
    found += [_row(name, "kept_db", turn, value) for name, of in kept.items() for turn, value in of.items()]
    told: dict[str, dict[str, Any]] = {}
    for metric, estimate in estimates(found).items():
        curve, _, turn_told = metric.partition("@")
        told.setdefault(curve, {})[turn_told] = estimate.to_json()
    return {
        curve: dict(sorted(of.items(), key=lambda pair: int(pair[0]))) for curve, of in sorted(told.items())
    }


def _by_turn(rows: Iterable[Row], family: str, metric: str) -> dict[str, dict[int, float]]:
    """Conversation -> turn -> value."""
    found: dict[str, dict[int, float]] = {}
    for row in rows:
        of, _, name = row.metric.partition(SEPARATOR)
        match = _TURN.fullmatch(name)
        if of == family and match is not None and match[2] == metric:
            found.setdefault(row.dialogue, {})[int(match[1])] = row.value
    return found


def _row(name: str, curve: str, turn: int, value: float) -> Row:
    return Row(dialogue=name, metric=f"{curve}@{turn}", value=value)
