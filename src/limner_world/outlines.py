"""Bands, rims and the turning of a face, point by point in machine code.

Knows geometry alone, as plain arrays: float64, contiguous. Importing this module is slow: it is imported
where a shape is first drawn.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from limner_world.compiled import compiled

Array = NDArray[np.float64]

_NEAR: Final = 1e-9  # points nearer than this lie on each other


@compiled
def bands(lines: Array, widths: Array) -> Array:
    """The closed outlines (K, 2 N, 2) of bands along lines (K, N, 2); full `widths` (M,) spread evenly along
    them.
    """
    num_lines, count, _ = lines.shape
    outlines = np.empty((num_lines, 2 * count, 2))
    steps = widths.shape[0] - 1
    for k in range(num_lines):
        for i in range(count):
            after, before = min(i + 1, count - 1), max(i - 1, 0)
            across = lines[k, after, 0] - lines[k, before, 0]
            down = lines[k, after, 1] - lines[k, before, 1]
            width = widths[0]
            if steps > 0:
                place = i * steps / (count - 1)
                low = min(int(place), steps - 1)
                width = widths[low] + (widths[low + 1] - widths[low]) * (place - low)
            half = width / 2 / max(math.sqrt(across * across + down * down), _NEAR)
            x, y = lines[k, i, 0], lines[k, i, 1]
            far = 2 * count - 1 - i
            outlines[k, i, 0], outlines[k, i, 1] = x - down * half, y + across * half
            outlines[k, far, 0], outlines[k, far, 1] = x + down * half, y - across * half
    return outlines


@compiled
def rim(ring: Array, by: float) -> Array:
    """A closed outline (N, 2) moved outwards by `by`, whichever way round it runs."""
    count = ring.shape[0]
    along = np.empty((count, 2))
    area = 0.0
    for i in range(count):
        after, before = (i + 1) % count, (i + count - 1) % count
        along[i, 0] = ring[after, 0] - ring[before, 0]
        along[i, 1] = ring[after, 1] - ring[before, 1]
        area += ring[i, 0] * along[i, 1] - ring[i, 1] * along[i, 0]
    out = by if area > 0 else -by
    moved = np.empty((count, 2))
    for i in range(count):
        across, down = along[i, 0], along[i, 1]
        step = out / max(math.sqrt(across * across + down * down), _NEAR)
        moved[i, 0], moved[i, 1] = ring[i, 0] + down * step, ring[i, 1] - across * step
    return moved


@compiled
def turned(points: Array, ellipsoid: Array, lift: float) -> Array:
    """Points (N, 2) on the front of an ellipsoid seen straight on, as it shows them when it has turned,
    `lift` above it.

    `ellipsoid` holds its half width, half height and depth, the height of its middle, the least share of its
    squared depth at which a point may lie, and the turn's sine and cosine.
    """
    wide, high, deep, middle_y = ellipsoid[0], ellipsoid[1], ellipsoid[2], ellipsoid[3]
    least, sin, cos = ellipsoid[4], ellipsoid[5], ellipsoid[6]
    moved = np.empty_like(points)
    for i in range(points.shape[0]):
        x, y = points[i, 0], points[i, 1]
        across, down = x / wide, (y - middle_y) / high
        out = deep * math.sqrt(max(1.0 - across * across - down * down, least))
        moved[i, 0], moved[i, 1] = x * cos + (out + lift) * sin, y
    return moved
