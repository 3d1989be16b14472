"""Ties, bow ties, scarves, and headphones around the neck.

Knows what is worn over a garment's collar. Knows nothing about garments themselves.
All coordinates are in heads, in the figure's frame.
"""

from __future__ import annotations

import numpy as np

from limner_world.build import Build
from limner_world.canvas import Canvas
from limner_world.cloth import Cloth, cloth
from limner_world.curves import even, oval, smooth
from limner_world.palette import mix
from limner_world.person import Traits


def draw_tie(canvas: Canvas, build: Build, made_of: Cloth, bottom: float) -> None:
    """A tie from the collar down to `bottom`."""
    pit = build.pit_y
    knot = [[-0.075, pit + 0.0], [0.075, pit + 0.0], [0.045, pit + 0.13], [-0.045, pit + 0.13]]
    blade = [
        [-0.045, pit + 0.13],
        [0.045, pit + 0.13],
        [0.105, bottom - 0.10],
        [0.0, bottom],
        [-0.105, bottom - 0.10],
    ]
    for part in (blade, knot):
        canvas.fill(part, made_of.light, shade=(made_of.shade, (0, pit), (0.08, bottom)))
        canvas.stroke(part, made_of.line, 0.016, closed=True)
    for y in np.arange(pit + 0.24, bottom - 0.12, 0.13):
        canvas.stroke([[-0.055, y + 0.05], [0.055, y]], made_of.second, 0.022, alpha=0.6)


def draw_neckwear(canvas: Canvas, build: Build, traits: Traits) -> None:
    """What is worn around the neck, over the garment."""
    if traits.neckwear == "none":
        return
    made_of = cloth(traits.neckwear_colour)
    pit, neck = build.pit_y, build.neck_half
    if traits.neckwear == "tie":
        draw_tie(
            canvas,
            build,
            made_of,
            build.waist_y - (0.30 if traits.garment in ("suit", "vest", "white coat") else 0.0),
        )
    elif traits.neckwear == "bow tie":
        for side in (-1, 1):
            wing = smooth(
                [
                    [0, pit + 0.06],
                    [side * 0.22, pit - 0.06],
                    [side * 0.25, pit + 0.06],
                    [side * 0.22, pit + 0.18],
                ],
                samples=5,
            )
            canvas.fill(wing, made_of.light, shade=(made_of.shade, (0, pit), (side * 0.25, pit + 0.2)))
            canvas.stroke(wing, made_of.line, 0.018, closed=True)
        canvas.ellipse(0, pit + 0.06, 0.06, 0.075, made_of.base)
        canvas.stroke(oval(0, pit + 0.06, 0.06, 0.075), made_of.line, 0.016, closed=True)
    elif traits.neckwear == "scarf":
        _scarf(canvas, made_of, pit, neck)
    else:
        _neck_headphones(canvas, made_of, pit, neck)


def _scarf(canvas: Canvas, made_of: Cloth, pit: float, neck: float) -> None:
    half = neck + 0.20
    tail = smooth(
        [
            [0.02, pit + 0.02],
            [0.26, pit + 0.0],
            [0.34, pit + 0.50],
            [0.32, pit + 0.92],
            [0.06, pit + 0.94],
            [0.06, pit + 0.45],
        ],
        samples=5,
    )
    canvas.fill(tail, made_of.base, shade=(made_of.shade, (0, pit), (0.3, pit + 1.0)))
    canvas.stroke(tail, made_of.line, 0.018, closed=True)
    for y in (pit + 0.66, pit + 0.78):
        canvas.stroke([[0.06, y], [0.335, y - 0.01]], made_of.second, 0.035)
    for x in even(0.08, 0.30, 6):
        canvas.stroke([[x, pit + 0.93], [x, pit + 1.02]], made_of.line, 0.016)
    wrap = smooth(
        [
            [-half, pit - 0.12],
            [-half * 0.6, pit - 0.24],
            [half * 0.6, pit - 0.24],
            [half, pit - 0.12],
            [half * 0.9, pit + 0.09],
            [0.0, pit + 0.19],
            [-half * 0.9, pit + 0.09],
        ]
    )
    canvas.fill(wrap, made_of.light, shade=(made_of.shade, (-0.1, pit - 0.2), (0.1, pit + 0.25)))
    canvas.stroke(wrap, made_of.line, 0.018, closed=True)
    for a, b in ((0.0, 0.09), (0.06, 0.0)):
        crease = smooth(
            [[-half * 0.85, pit - 0.08 + a], [0.0, pit + 0.06 + a], [half * 0.8, pit - 0.1 + b]], closed=False
        )
        canvas.stroke(crease, made_of.line, 0.022, alpha=0.4)


def _neck_headphones(canvas: Canvas, made_of: Cloth, pit: float, neck: float) -> None:
    half = neck + 0.16
    arch = smooth(
        [[-half - 0.02, pit + 0.16], [-half - 0.07, pit - 0.08], [-half * 0.75, pit - 0.24]], closed=False
    )
    for side in (-1, 1):
        canvas.stroke(arch * (-side, 1), made_of.line, 0.09)
        canvas.stroke(arch * (-side, 1), made_of.base, 0.06)
        cup = oval(side * half * 0.92, pit + 0.20, 0.13, 0.17, side * 0.35)
        canvas.fill(cup, made_of.light, shade=(made_of.shade, (side * half, pit), (side * half, pit + 0.4)))
        canvas.stroke(cup, made_of.line, 0.018, closed=True)
        canvas.ellipse(
            side * half * 0.88, pit + 0.20, 0.07, 0.10, mix(made_of.line, (30, 30, 36), 0.5), side * 0.35
        )
