"""How much a metric changes with every further round.

Knows a row of values, one a round. Knows nothing about what they measure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from limner.evaluation.metrics.metric import Metric

METRIC = Metric(
    name="drift_per_round",
    source="slope of the least-squares line through a metric's values over rounds (the paper's Figure 10)",
    range=(-float("inf"), float("inf")),
    better="higher",  # of a metric that falls as pictures decay, such as PSNR
)


def drift_per_round(values: Sequence[float]) -> float:
    """The slope of `values`, one a round in order, in the metric's unit per round; 0 means no drift.

    A metric that is better when higher (PSNR, face similarity) decays with a negative slope. ValueError for
    fewer than two values or one that is not finite.
    """
    measured = np.asarray(values, dtype=np.float64)
    if measured.ndim != 1 or len(measured) < 2:
        raise ValueError("Drift needs the values of at least two rounds; run more rounds.")
    if not np.isfinite(measured).all():
        raise ValueError("Drift needs finite values in every round; leave out what could not be measured.")
    rounds = np.arange(len(measured)) - (len(measured) - 1) / 2
    return float(rounds @ measured / (rounds @ rounds))
