"""Mouths: lips, teeth and tongue for every expression; lipstick.

Knows how a mouth is built from four curves. Knows nothing of the rest of the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from limner.world.canvas import RGB, Canvas
from limner.world.curves import even, oval, pairs
from limner.world.palette import mix
from limner.world.skull import Head
from limner.world.strands import taper

_U: Final = even(-1, 1, 17)
_ROUND: Final = np.clip(1 - _U**2, 0, None)
_BOW: Final = _ROUND**0.8 * (
    1 - 0.36 * np.exp(-((_U / 0.17) ** 2)) + 0.10 * np.exp(-(((np.abs(_U) - 0.3) / 0.2) ** 2))
)
_INSIDE: Final[RGB] = (98, 26, 40)
_TONGUE: Final[RGB] = (232, 108, 118)
_TEETH: Final[RGB] = (255, 252, 246)


@dataclass(frozen=True, kw_only=True)
class _Shape:
    """How an expression moves the mouth; `lift` of its corners and `gap` of its lips in mouth half widths."""

    lift: float = 0.0
    gap: float = 0.0
    wide: float = 1.0
    teeth: float = 0.0
    tongue: float = 0.0
    round_power: float = 2.4


_SHAPES: Final = {
    "neutral": _Shape(lift=0.10),
    "smiling": _Shape(lift=0.46, gap=0.44, wide=1.16, teeth=1.0),
    "laughing": _Shape(lift=0.42, gap=0.98, wide=1.22, teeth=0.36, tongue=0.8),
    "sad": _Shape(lift=-0.46, wide=0.92),
    "surprised": _Shape(lift=0.0, gap=1.25, wide=0.56, teeth=0.16, tongue=0.5, round_power=2.0),
    "winking": _Shape(lift=0.44, wide=1.08),
    "eyes closed": _Shape(lift=0.26),
    "sticking out the tongue": _Shape(lift=0.36, gap=0.38, wide=1.02),
}


def draw_mouth(canvas: Canvas, head: Head) -> None:
    """The mouth of the person's expression."""
    traits = head.person.traits
    shape = _SHAPES[traits.expression]
    w = head.mouth_w * shape.wide
    x = _U * w
    base = head.mouth_y - (0.012 if shape.gap > 0.5 else 0.0)
    middle = base + shape.lift * w * (0.45 - np.abs(_U) ** 1.9)
    below = middle + min(shape.gap * w, head.chin_y - head.mouth_y - 0.075) * (
        1 - np.abs(_U) ** shape.round_power
    )
    if shape.round_power == 2.0:
        rim = np.sqrt(_ROUND)
        middle, below = base - 0.25 * shape.gap * w * rim, base + 0.75 * shape.gap * w * rim
    thin = 0.72 if shape.gap > 0 else 1.0
    top = middle - head.lip * thin * 0.80 * _BOW
    bottom = below + head.lip * thin * 1.12 * _ROUND**0.7
    upper_lip, lower_lip = _lip_colours(head)
    across = np.broadcast_to(x, (4, len(x)))
    curves = head.on_face(np.stack([across, np.stack([top, middle, below, bottom])], axis=2), lift=0.02)
    canvas.fill(np.concatenate([curves[0], curves[1][::-1]]), upper_lip)
    canvas.fill(np.concatenate([curves[2], curves[3][::-1]]), lower_lip)
    if shape.gap:
        canvas.fill(np.concatenate([curves[1], curves[2][::-1]]), _INSIDE)
        _inside(canvas, head, shape, x, middle, below)
    seam = pairs(x, middle)
    corner = np.array([0.010, -0.012 * np.sign(shape.lift)])
    seam = np.concatenate([seam[:1] + corner * (-1, 1), seam, seam[-1:] + corner])
    line = mix(head.tones.skin_line, (84, 20, 34), 0.55)
    canvas.fill(head.on_face(taper(seam, [0.006, 0.013, 0.014, 0.013, 0.006]), lift=0.02), line)
    if traits.expression == "sticking out the tongue":
        _tongue_out(canvas, head, w, float(middle[8]))
    elif not shape.gap and canvas.pixel < 0.0165:
        _gloss(canvas, head, w, float(middle[8] + head.lip * 0.62), lower_lip)


def _lip_colours(head: Head) -> tuple[RGB, RGB]:
    make_up, tones = head.person.traits.make_up, head.tones
    if make_up == "red lipstick":
        return (176, 14, 34), (212, 26, 46)
    if make_up == "goth makeup":
        return (38, 20, 36), (58, 32, 52)
    return mix(tones.lip, tones.skin_line, 0.30), tones.lip


def _inside(
    canvas: Canvas, head: Head, shape: _Shape, x: np.ndarray, middle: np.ndarray, below: np.ndarray
) -> None:
    """Teeth under the upper lip and the tongue on the floor, held between the lips."""
    if shape.tongue:
        tongue = oval(0.0, float(below[8]), x[-1] * 0.62, float(below[8] - middle[8]) * 0.42)
        lowest = np.interp(tongue[:, 0], x, below)
        tongue[:, 1] = np.minimum(tongue[:, 1], lowest)
        canvas.fill(head.on_face(tongue, lift=0.02), _TONGUE)
    if shape.teeth:
        row = slice(1, -1)
        edge = middle + (below - middle) * shape.teeth * 0.86
        teeth = np.concatenate([pairs(x, middle)[row], pairs(x, edge)[row][::-1]])
        canvas.fill(head.on_face(teeth, lift=0.02), _TEETH)


def _tongue_out(canvas: Canvas, head: Head, w: float, y: float) -> None:
    long = 0.125 + 0.2 * head.mouth_w
    t = even(0, np.pi, 15)
    half = w * 0.46
    tongue = np.concatenate(
        [
            [(-half * 0.92, y)],
            pairs(-half * np.cos(t), y + long * 0.45 + long * 0.55 * np.sin(t)),
            [(half * 0.92, y)],
        ]
    )
    canvas.fill(head.on_face(tongue, lift=0.04), (198, 70, 88))
    inner = (tongue - (0.0, y)) * (0.86, 0.93) + (0.0, y)
    canvas.fill(head.on_face(inner, lift=0.04), _TONGUE)
    line = taper([(0.0, y + 0.01), (0.0, y + long * 0.35), (0.0, y + long * 0.68)], [0.010, 0.010, 0.002])
    canvas.fill(head.on_face(line, lift=0.04), (198, 70, 88))


def _gloss(canvas: Canvas, head: Head, w: float, y: float, lip: RGB) -> None:
    """Light on the lower lip."""
    strong = 0.42 if head.person.traits.make_up != "none" else 0.22
    x, y = head.spot(-0.10 * w, y, lift=0.03)
    canvas.ellipse(x, y, 0.22 * w, head.lip * 0.17, mix(lip, (255, 244, 240), strong))
