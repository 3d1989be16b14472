"""Cloth: the colours a garment is painted with, its folds, and its patterns.

Knows colours and repeats. Knows nothing about bodies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from limner_world.canvas import RGB, Canvas
from limner_world.curves import Points, oval, pairs
from limner_world.palette import COLOURS, darken, lighten, luminance, mix


@dataclass(frozen=True, kw_only=True)
class Cloth:
    """One cloth: its colour in light and in shade, the line around it, and its pattern's second colour."""

    base: RGB
    light: RGB
    shade: RGB
    line: RGB
    second: RGB
    pattern: str = "plain"


@lru_cache(maxsize=512)
def cloth(colour: str | RGB, pattern: str = "plain") -> Cloth:
    """The cloth of a colour word (or RGB)."""
    base = COLOURS[colour] if isinstance(colour, str) else colour
    bright = luminance(base)
    if bright > 0.72:
        second = mix(base, (92, 96, 150), 0.42)
    elif bright > 0.42:
        second = mix(base, (255, 252, 244), 0.72)
    else:
        second = mix(base, (246, 232, 206), 0.62)
    return Cloth(
        base=base,
        light=lighten(base, 0.16 if bright > 0.25 else 0.12),
        shade=darken(base, 0.15 if bright > 0.8 else 0.26),
        line=darken(base, 0.42 if bright > 0.3 else 0.30) if bright > 0.22 else mix(base, (12, 10, 18), 0.55),
        second=second,
        pattern=pattern,
    )


def paint_cloth(
    canvas: Canvas, outline: Points, made_of: Cloth, line: float = 0.018, pitch: float = 0.17
) -> None:
    """Fill an outline with lit cloth, its pattern (repeated every `pitch`) and a contour `line` wide."""
    xs, ys = outline[:, 0], outline[:, 1]
    x0, y0, x1, y1 = float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max())
    across = 0.75 * (x1 - x0)
    canvas.fill(
        outline, made_of.light, shade=(made_of.shade, (x0 + 0.2 * across, y0), (x0 + across + 0.2, y1 + 0.35))
    )
    if made_of.pattern != "plain":
        with canvas.clip(outline):
            paint_pattern(canvas, (x0, y0, x1, y1), made_of, pitch)
    if line:
        canvas.stroke(outline, made_of.line, line, closed=True)


def paint_pattern(
    canvas: Canvas, box: tuple[float, float, float, float], made_of: Cloth, pitch: float
) -> None:
    """The pattern's repeats over `box`; the caller clips."""
    x0, y0, x1, y1 = box
    rows = np.arange(np.floor(y0 / pitch), np.ceil(y1 / pitch) + 1) * pitch
    columns = np.arange(np.floor(x0 / pitch), np.ceil(x1 / pitch) + 1) * pitch
    if made_of.pattern == "striped":
        sag = 0.05 * (x1 - x0)
        for line in pairs(np.tile((x0, (x0 + x1) / 2, x1), (len(rows), 1)), rows[:, None] - (sag, 0.0, sag)):
            canvas.stroke(line, made_of.second, pitch * 0.38)
    elif made_of.pattern == "checkered":
        lines = np.empty((len(rows) + len(columns), 2, 2))
        level, upright = lines[: len(rows)], lines[len(rows) :]
        level[..., 0], level[..., 1] = (x0, x1), rows[:, None]
        upright[..., 0], upright[..., 1] = columns[:, None], (y0, y1)
        for line in lines:
            canvas.stroke(line, made_of.second, pitch * 0.42, alpha=0.5)
        fine = mix(made_of.line, made_of.second, 0.3)
        between = lines.copy()
        between[: len(rows), :, 1] += pitch / 2
        between[len(rows) :, :, 0] += pitch / 2
        for line in between:
            canvas.stroke(line, fine, pitch * 0.07)
    elif made_of.pattern == "polka-dot":
        dots = _spots(rows, columns, pitch / 2)
        canvas.stamp(oval(0, 0, pitch * 0.24, pitch * 0.24)[::4], dots, made_of.second)
    elif made_of.pattern == "floral":
        _paint_flowers(canvas, rows, columns, made_of, pitch)


def _spots(rows: NDArray[np.float64], columns: NDArray[np.float64], step: float) -> Points:
    """Places row by row, every other row moved by `step`: (rows times columns, 2)."""
    spots = pairs(np.tile(columns, (len(rows), 1)), rows[:, None])
    spots[1::2, :, 0] += step
    return spots.reshape(-1, 2)


def _paint_flowers(canvas: Canvas, rows: Points, columns: Points, made_of: Cloth, pitch: float) -> None:
    heart = (250, 206, 92) if luminance(made_of.second) < 0.85 else (236, 140, 84)
    leaf = mix((74, 132, 76), made_of.base, 0.25)
    spots = _spots(rows, columns, pitch * 0.55)
    centres = spots[np.arange(len(spots)) % 3 != 1]
    canvas.stamp(oval(0.36 * pitch, 0.22 * pitch, 0.17 * pitch, 0.08 * pitch, 0.6)[::6], centres, leaf)
    for k in range(5):
        turn = 2 * np.pi * k / 5 + 0.3
        petal = oval(0.20 * pitch * np.cos(turn), 0.20 * pitch * np.sin(turn), 0.15 * pitch, 0.15 * pitch)[
            ::6
        ]
        canvas.stamp(petal, centres, made_of.second)
    canvas.stamp(oval(0, 0, 0.11 * pitch, 0.11 * pitch)[::6], centres, heart)


def fold(canvas: Canvas, points: Points | list[list[float]], made_of: Cloth, width: float = 0.03) -> None:
    """A soft crease in the cloth."""
    canvas.stroke(points, made_of.line, width, alpha=0.28)
