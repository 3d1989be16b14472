"""Outlines: smooth curves through control points, ovals, arcs and bands.

Knows geometry alone. Knows nothing about pixels or colours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]  # (N, 2), x and y


@lru_cache(maxsize=512)
def spline(count: int, samples: int, closed: bool) -> NDArray[np.float64]:
    """The matrix (curve points, `count`) of a Catmull-Rom curve, which is linear in its control points.

    An open curve is lengthened at both ends by its own first and last step.
    """
    t = np.arange(samples) / samples
    weights = [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]
    window = np.stack(weights, axis=1) / 2  # of four neighbouring control points
    unit = np.eye(count)
    if closed:
        around = np.concatenate([unit[-1:], unit, unit[:2]])
    else:
        around = np.concatenate([2 * unit[:1] - unit[1:2], unit, 2 * unit[-1:] - unit[-2:-1]])
    matrix = np.concatenate([window @ around[i : i + 4] for i in range(len(around) - 3)])
    return matrix if closed else np.concatenate([matrix, unit[-1:]])


def smooth(points: ArrayLike, closed: bool = True, samples: int = 8) -> Points:
    """A Catmull-Rom curve through the control points (N, 2): about (N * samples, 2) points."""
    control = np.asarray(points, dtype=np.float64)
    return np.asarray(spline(len(control), samples, closed).dot(control))


def _full_turn() -> NDArray[np.float64]:
    turns = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return np.stack([np.cos(turns), np.sin(turns), np.ones(48)], axis=1)


_FULL_TURN = _full_turn()  # (48, 3): the unit circle, and a one for the shift


def oval(cx: float, cy: float, rx: float, ry: float, rotation: float = 0.0) -> Points:
    """The outline of an ellipse, clockwise on the page from its right end: (48, 2)."""
    c, s = (math.cos(rotation), math.sin(rotation)) if rotation else (1.0, 0.0)
    return np.asarray(_FULL_TURN.dot(np.array([[c * rx, s * rx], [-s * ry, c * ry], [cx, cy]])))


@lru_cache(maxsize=512)
def _arc(start: float, end: float, count: int) -> Points:
    turns = np.linspace(start, end, count)
    return np.stack([np.cos(turns), np.sin(turns)], axis=1)


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float, count: int = 17) -> Points:
    """Points along an ellipse from angle `start` to `end` in radians (0 is right, growing clockwise): (count,
    2).
    """
    return np.asarray(_arc(start, end, count) * (rx, ry) + (cx, cy))


def ribbon(points: ArrayLike, widths: float | Sequence[float]) -> Points:
    """The closed outlines (..., 2 N, 2) of bands along lines (..., N, 2); full `widths` spread evenly along
    them.
    """
    from limner_world.outlines import bands

    lines = np.ascontiguousarray(points, dtype=np.float64)
    given = np.array(widths if isinstance(widths, list | tuple) else (widths,), dtype=np.float64)
    if lines.ndim == 2:
        return np.asarray(bands(lines[None], given)[0])
    made = bands(lines.reshape(-1, *lines.shape[-2:]), given)
    return np.asarray(made.reshape(*lines.shape[:-2], *made.shape[1:]))


@lru_cache(maxsize=256)
def even(start: float, end: float, count: int) -> NDArray[np.float64]:
    """`np.linspace(start, end, count)`, kept and read-only, for the many that never change."""
    steps = np.linspace(start, end, count)
    steps.flags.writeable = False
    return steps


def pairs(x: ArrayLike, y: ArrayLike) -> Points:
    """Points (..., 2) from their coordinates; `x` has the shape, `y` may be a number."""
    across = np.asarray(x)
    points = np.empty((*across.shape, 2))
    points[..., 0] = across
    points[..., 1] = y
    return points
