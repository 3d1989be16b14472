"""Necks, necklines, collars, buttons: the parts of which garments' fronts are made.

Knows these parts on a body facing us. Knows nothing about which garment has which.
All coordinates are in heads, in the figure's frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from limner_world.build import Build
from limner_world.canvas import RGB, Canvas
from limner_world.cloth import Cloth
from limner_world.curves import Points, oval, pairs, smooth
from limner_world.palette import darken, luminance, mix, skin_shadow


def bare_neck(canvas: Canvas, build: Build, skin: RGB, opening: Points | list[list[float]]) -> None:
    """The neck and the bare skin down to `opening`, its lower edge from left to right."""
    left, right = _neck_sides(build)
    outline = np.concatenate([left, opening, right])
    dark = skin_shadow(skin, 0.34)
    canvas.fill(outline, dark, shade=(skin, (0.02, 0.56), (-0.06, build.pit_y + 0.04)))
    canvas.stroke(left, skin_shadow(skin, 0.6), 0.014)
    canvas.stroke(right, skin_shadow(skin, 0.6), 0.014)


@lru_cache(maxsize=16)
def _neck_sides(build: Build) -> tuple[Points, Points]:
    neck, top = build.neck_half, 0.18
    left = np.array([[-neck, top], [-neck * 0.96, build.pit_y - 0.24], [-neck * 1.12, build.pit_y - 0.13]])
    return left, left[::-1] * (-1, 1)


@lru_cache(maxsize=128)
def round_opening(build: Build, wide: float, deep: float) -> Points:
    """A round neckline from left to right."""
    half, y = build.neck_half * wide, build.pit_y - 0.13
    return smooth(
        [
            [-half, y],
            [-half * 0.80, y + deep * 0.62],
            [0.0, y + deep],
            [half * 0.80, y + deep * 0.62],
            [half, y],
        ],
        closed=False,
        samples=4,
    )


def bones_of_chest(canvas: Canvas, build: Build, skin: RGB) -> None:
    for side in (-1, 1):
        canvas.stroke(
            [[side * 0.06, build.pit_y + 0.02], [side * build.neck_half * 1.3, build.pit_y - 0.03]],
            skin_shadow(skin, 0.5),
            0.018,
            alpha=0.6,
        )


def edging(canvas: Canvas, points: Points, colour: RGB, line: RGB, width: float) -> None:
    canvas.stroke(points, line, width + 0.03)
    canvas.stroke(points, colour, width)


def collar_flaps(canvas: Canvas, build: Build, made_of: Cloth, spread: float = 1.0) -> None:
    """A shirt's two collar wings, meeting under the chin."""
    pit = build.pit_y
    for wing in _wings(build, spread):
        canvas.fill(wing, made_of.light, shade=(made_of.base, (0, pit - 0.2), (0, pit + 0.2)))
        canvas.stroke(wing, made_of.line, 0.018, closed=True)


@lru_cache(maxsize=64)
def _wings(build: Build, spread: float) -> Points:
    """The outlines of a collar's left and right wing: (2, 5, 2)."""
    neck, pit = build.neck_half, build.pit_y
    wing = np.array(
        [
            [neck + 0.05, pit - 0.26],
            [(neck + 0.13) * spread, pit - 0.03],
            [(neck * 0.82 + 0.03) * spread, pit + 0.19],
            [0.015, pit + 0.03],
            [neck * 0.72, pit - 0.12],
        ]
    )
    return np.stack([wing * (-1, 1), wing])


_BUTTON: Final = oval(0.0, 0.0, 1.0, 1.0)[::2]


def buttons(canvas: Canvas, x: float, rows: Sequence[float], colour: RGB, size: float = 0.026) -> None:
    """A row of buttons `size` in radius, each with its shadow."""
    if not rows:
        return
    middles = pairs(np.full(len(rows), x), rows)[:, None]
    shadows = _BUTTON * (size * 1.1) + (middles + (0.006, 0.008))
    canvas.fill(tuple(shadows), darken(colour, 0.5), alpha=0.6)
    canvas.fill(tuple(_BUTTON * size + middles), colour)


def button_colour(made_of: Cloth) -> RGB:
    return (
        mix(made_of.base, (255, 253, 246), 0.75)
        if luminance(made_of.base) < 0.7
        else darken(made_of.base, 0.45)
    )
