"""Structural similarity: do two pictures agree in local brightness, contrast and pattern?

Knows two pictures of one size, as gray values. Knows nothing about what they show.
"""

from __future__ import annotations

import cv2
import numpy as np

from limner.evaluation.metrics.metric import Metric, check_pair

WINDOW_PX = 11
SIGMA_PX = 1.5
C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2
METRIC = Metric(
    name="ssim",
    source="Wang et al. 2004, eq. 13: gray values, Gaussian window of 11 x 11, sigma 1.5, K1 .01, K2 .03",
    range=(-1.0, 1.0),
    better="higher",
)


def ssim(first: np.ndarray, second: np.ndarray) -> float:
    """Mean SSIM of two pictures (H, W, 3) uint8 of one size; 1 for equal pictures.

    Only places whose whole window lies within the picture count, as in the authors' own code. ValueError
    when the sizes differ or a side is under 11 px.
    """
    check_pair(first, second)
    if min(first.shape[:2]) < WINDOW_PX:
        raise ValueError(f"SSIM needs pictures of at least {WINDOW_PX} px a side; use larger ones.")
    x, y = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float64) for p in (first, second))
    mean_x, mean_y = _windowed(x), _windowed(y)
    var_x, var_y = _windowed(x * x) - mean_x**2, _windowed(y * y) - mean_y**2
    covariance = _windowed(x * y) - mean_x * mean_y
    likeness = (2 * mean_x * mean_y + C1) * (2 * covariance + C2)
    return float(np.mean(likeness / ((mean_x**2 + mean_y**2 + C1) * (var_x + var_y + C2))))


def _windowed(values: np.ndarray) -> np.ndarray:
    """Weighted means over every whole window: (H - 10, W - 10)."""
    blurred = cv2.GaussianBlur(values, (WINDOW_PX, WINDOW_PX), SIGMA_PX)
    edge = WINDOW_PX // 2
    return blurred[edge:-edge, edge:-edge]
