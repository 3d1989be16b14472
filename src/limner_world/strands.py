"""Bundles of curves and tapered strokes, computed many at a time.

Knows geometry alone: the curves of `canvas.smooth` as one matrix product, and bands that thin out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from limner_world.curves import Points, ribbon, spline


def curve(points: ArrayLike, closed: bool = False, samples: int = 5) -> Points:
    """A smooth curve through control points (..., N, 2)."""
    control = np.asarray(points, dtype=np.float64)
    return np.asarray(spline(control.shape[-2], samples, closed) @ control)


def taper(lines: ArrayLike, widths: Sequence[float]) -> Points:
    """Closed bands (..., 2 N, 2) along lines (..., N, 2); full `widths` spread evenly along them."""
    return ribbon(lines, widths)


def tuft(lines: ArrayLike, widths: Sequence[float]) -> Points:
    """Bands along lines (K, N, 2) that start side by side, as one outline (2 K N, 2) to be filled at once."""
    return taper(lines, widths).reshape(-1, 2)


def grow(outline: ArrayLike, by: float) -> Points:
    """A closed outline (N, 2) moved outwards by `by`; filled beneath the shape itself it is a fine rim."""
    from limner_world.outlines import rim

    return rim(np.ascontiguousarray(outline, dtype=np.float64), by)
