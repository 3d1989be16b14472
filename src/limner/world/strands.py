"""Bundles of curves and tapered strokes, computed many at a time.

Knows geometry alone: the curves of `canvas.smooth` as one matrix product, and bands that thin out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limner.world.canvas import Points, smooth

_NORMAL: Final = np.array([-1.0, 1.0])


@lru_cache(maxsize=256)
def _spline(count: int, samples: int, closed: bool) -> NDArray[np.float64]:
    """The matrix (curve points, control points) of a Catmull-Rom curve, which is linear in them."""
    unit = np.eye(count + count % 2)[:count]
    pairs = [smooth(unit[:, j : j + 2], closed=closed, samples=samples) for j in range(0, count, 2)]
    return np.concatenate(pairs, axis=1)[:, :count].copy()


def curve(points: ArrayLike, closed: bool = False, samples: int = 5) -> Points:
    """A smooth curve through control points (..., N, 2)."""
    control = np.asarray(points, dtype=np.float64)
    return np.asarray(_spline(control.shape[-2], samples, closed) @ control)


@lru_cache(maxsize=512)
def _half_widths(widths: tuple[float, ...], count: int) -> NDArray[np.float64]:
    given = np.asarray(widths) / 2
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(given)), given)[:, None].copy()


def taper(lines: ArrayLike, widths: Sequence[float]) -> Points:
    """Closed bands (..., 2 N, 2) along lines (..., N, 2); full `widths` spread evenly along them."""
    line = np.asarray(lines, dtype=np.float64)
    along = np.empty_like(line)
    along[..., 1:-1, :] = line[..., 2:, :] - line[..., :-2, :]
    along[..., 0, :] = line[..., 1, :] - line[..., 0, :]
    along[..., -1, :] = line[..., -1, :] - line[..., -2, :]
    length = np.hypot(along[..., :1], along[..., 1:])
    side = along[..., ::-1] * _NORMAL
    side *= _half_widths(tuple(widths), line.shape[-2]) / np.maximum(length, 1e-9)
    return np.concatenate([line + side, (line - side)[..., ::-1, :]], axis=-2)


def tuft(lines: ArrayLike, widths: Sequence[float]) -> Points:
    """Bands along lines (K, N, 2) that start side by side, as one outline (2 K N, 2) to be filled at once."""
    return taper(lines, widths).reshape(-1, 2)


def grow(outline: ArrayLike, by: float) -> Points:
    """A closed outline (N, 2) moved outwards by `by`; filled beneath the shape itself it is a fine rim."""
    ring = np.asarray(outline, dtype=np.float64)
    wide = np.concatenate([ring[-1:], ring, ring[:1]])
    along = wide[2:] - wide[:-2]
    clockwise = float(ring[:, 0] @ (wide[2:, 1] - wide[:-2, 1])) > 0  # on the page: y points down
    length = np.hypot(along[:, :1], along[:, 1:])
    along *= (by if clockwise else -by) / np.maximum(length, 1e-9)
    return np.asarray(ring + along[:, ::-1] * (1.0, -1.0))
