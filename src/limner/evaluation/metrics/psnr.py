"""Peak signal-to-noise ratio: how far pixels are from the exact target, in decibels.

Knows two pictures of one size. Knows nothing about what they show.
"""

from __future__ import annotations

import math

import numpy as np

from limner.evaluation.metrics.metric import Metric, check_pair

HIGHEST_DB = 100.0
PEAK = 255.0
METRIC = Metric(
    name="psnr_db",
    source="10 log10(255^2 / mean squared error over all pixels and channels); the paper's PSNR",
    range=(0.0, HIGHEST_DB),
    better="higher",
)


def psnr_db(first: np.ndarray, second: np.ndarray) -> float:
    """PSNR in dB of two pictures (H, W, 3) uint8 of one size, which ValueError insists on.

    Equal pictures would be infinitely good, which no mean survives: they count as 100 dB.
    """
    check_pair(first, second)
    error = float(np.mean(np.square(first.astype(np.float64) - second)))
    return HIGHEST_DB if error == 0 else min(HIGHEST_DB, 10 * math.log10(PEAK**2 / error))
