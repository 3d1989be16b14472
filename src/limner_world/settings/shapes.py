"""Outlines and shadows of which both rooms and landscapes are built. Knows no colours of things."""

from __future__ import annotations

import math

import numpy as np

from limner_world.canvas import Canvas
from limner_world.curves import Points, arc, smooth


def quad(x0: float, y0: float, x1: float, y1: float) -> Points:
    """An upright rectangle: (4, 2)."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def rounded(x0: float, y0: float, x1: float, y1: float, radius: float) -> Points:
    """An upright rectangle with round corners."""
    r = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    turns = math.pi / 2
    return np.concatenate(
        [
            arc(x1 - r, y0 + r, r, r, -turns, 0, 6),
            arc(x1 - r, y1 - r, r, r, 0, turns, 6),
            arc(x0 + r, y1 - r, r, r, turns, 2 * turns, 6),
            arc(x0 + r, y0 + r, r, r, 2 * turns, 3 * turns, 6),
        ]
    )


def blob(
    rng: np.random.Generator, cx: float, cy: float, rx: float, ry: float, rough: float = 0.12, count: int = 9
) -> Points:
    """A rounded, slightly irregular outline."""
    radii = 1 + rough * rng.uniform(-1, 1, count)
    turns = np.arange(count) * 2 * math.pi / count
    return smooth(
        np.stack([cx + rx * radii * np.cos(turns), cy + ry * radii * np.sin(turns)], axis=1), samples=5
    )


def disc_cluster(
    rng: np.random.Generator, cx: float, cy: float, rx: float, ry: float, count: int
) -> list[tuple[float, float]]:
    """Places scattered evenly within an ellipse, from the back (top) to the front."""
    turns, radii = rng.random(count) * 2 * math.pi, np.sqrt(rng.random(count))
    places = [
        (cx + rx * r * math.cos(t), cy + ry * r * math.sin(t)) for t, r in zip(turns, radii, strict=True)
    ]
    return sorted(places, key=lambda place: place[1])


def contact_shadow(canvas: Canvas, cx: float, y: float, rx: float, alpha: float = 0.3) -> None:
    """A soft shadow on the floor."""
    canvas.glow(cx, y, rx, 0.22 * rx, (52, 40, 56), alpha)
