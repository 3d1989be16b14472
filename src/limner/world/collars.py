"""Necks, necklines, collars, buttons: the parts of which garments' fronts are made.

Knows these parts on a body facing us. Knows nothing about which garment has which.
All coordinates are in heads, in the figure's frame.
"""

from __future__ import annotations

import numpy as np

from limner.world.build import Build
from limner.world.canvas import RGB, Canvas
from limner.world.cloth import Cloth
from limner.world.curves import smooth
from limner.world.palette import darken, luminance, mix, skin_shadow


def bare_neck(canvas: Canvas, build: Build, skin: RGB, opening: list[list[float]]) -> None:
    """The neck and the bare skin down to `opening`, its lower edge from left to right."""
    neck, top = build.neck_half, 0.18
    left = [[-neck, top], [-neck * 0.96, build.pit_y - 0.24], [-neck * 1.12, build.pit_y - 0.13]]
    outline = np.array([*left, *opening, *[[-x, y] for x, y in left[::-1]]])
    dark = skin_shadow(skin, 0.34)
    canvas.fill(outline, dark, shade=(skin, (0.02, 0.56), (-0.06, build.pit_y + 0.04)))
    canvas.stroke(outline[:3], skin_shadow(skin, 0.6), 0.014)
    canvas.stroke(outline[-3:], skin_shadow(skin, 0.6), 0.014)


def round_opening(build: Build, wide: float, deep: float) -> list[list[float]]:
    half, y = build.neck_half * wide, build.pit_y - 0.13
    curve = smooth(
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
    return [[float(px), float(py)] for px, py in curve]


def bones_of_chest(canvas: Canvas, build: Build, skin: RGB) -> None:
    for side in (-1, 1):
        canvas.stroke(
            [[side * 0.06, build.pit_y + 0.02], [side * build.neck_half * 1.3, build.pit_y - 0.03]],
            skin_shadow(skin, 0.5),
            0.018,
            alpha=0.6,
        )


def edging(canvas: Canvas, points: list[list[float]], colour: RGB, line: RGB, width: float) -> None:
    canvas.stroke(points, line, width + 0.03)
    canvas.stroke(points, colour, width)


def collar_flaps(canvas: Canvas, build: Build, made_of: Cloth, spread: float = 1.0) -> None:
    """A shirt's two collar wings, meeting under the chin."""
    neck, pit = build.neck_half, build.pit_y
    for side in (-1, 1):
        wing = np.array(
            [
                [side * (neck + 0.05), pit - 0.26],
                [side * (neck + 0.13) * spread, pit - 0.03],
                [side * (neck * 0.82 + 0.03) * spread, pit + 0.19],
                [side * 0.015, pit + 0.03],
                [side * neck * 0.72, pit - 0.12],
            ]
        )
        canvas.fill(wing, made_of.light, shade=(made_of.base, (0, pit - 0.2), (0, pit + 0.2)))
        canvas.stroke(wing, made_of.line, 0.018, closed=True)


def buttons(canvas: Canvas, x: float, rows: list[float], colour: RGB, size: float = 0.026) -> None:
    for y in rows:
        canvas.ellipse(x + 0.006, y + 0.008, size * 1.1, size * 1.1, darken(colour, 0.5), alpha=0.6)
        canvas.ellipse(x, y, size, size, colour)


def button_colour(made_of: Cloth) -> RGB:
    return (
        mix(made_of.base, (255, 253, 246), 0.75)
        if luminance(made_of.base) < 0.7
        else darken(made_of.base, 0.45)
    )
