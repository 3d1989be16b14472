"""Mouths: lips, teeth and tongue for every expression; lipstick.

Knows how a mouth is built from four curves. Knows nothing of the rest of the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from limner_world.canvas import RGB, Canvas
from limner_world.curves import Points, even, oval, pairs
from limner_world.layers import Layer, paint_on_face
from limner_world.palette import mix
from limner_world.skull import Head
from limner_world.strands import taper

_U: Final = even(-1, 1, 17)
_ROUND: Final = np.clip(1 - _U**2, 0, None)
_BOW: Final = _ROUND**0.8 * (
    1 - 0.36 * np.exp(-((_U / 0.17) ** 2)) + 0.10 * np.exp(-(((np.abs(_U) - 0.3) / 0.2) ** 2))
)
# what the mouth's curves are sums of: level, a smile, an open lower lip, an open ring, both lips' swell
_CURVES: Final = np.stack(
    [np.ones(17), 0.45 - np.abs(_U) ** 1.9, 1 - np.abs(_U) ** 2.4, np.sqrt(_ROUND), _BOW, _ROUND**0.7]
)
_THERE_AND_BACK: Final = np.concatenate([_U, _U[::-1]])
_TONGUE_OUT: Final = np.concatenate(
    [
        [(-0.92, 0.0)],
        pairs(-np.cos(even(0, np.pi, 15)), 0.45 + 0.55 * np.sin(even(0, np.pi, 15))),
        [(0.92, 0.0)],
    ]
)  # hanging from the lips, in half widths and lengths
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
    ring: bool = False  # the lips form one


_SHAPES: Final = {
    "neutral": _Shape(lift=0.10),
    "smiling": _Shape(lift=0.46, gap=0.44, wide=1.16, teeth=1.0),
    "laughing": _Shape(lift=0.42, gap=0.98, wide=1.22, teeth=0.36, tongue=0.8),
    "sad": _Shape(lift=-0.46, wide=0.92),
    "surprised": _Shape(lift=0.0, gap=1.25, wide=0.56, teeth=0.16, tongue=0.5, ring=True),
    "winking": _Shape(lift=0.44, wide=1.08),
    "eyes closed": _Shape(lift=0.26),
    "sticking out the tongue": _Shape(lift=0.36, gap=0.38, wide=1.02),
}


def draw_mouth(canvas: Canvas, head: Head) -> None:
    """The mouth of the person's expression."""
    expression = head.person.traits.expression
    shape = _SHAPES[expression]
    w = head.mouth_w * shape.wide
    top, middle, below, bottom, edge = _curves(head, shape, w)
    upper_lip, lower_lip = _lip_colours(head)
    layers: list[Layer] = [(_field(w, top, middle), upper_lip), (_field(w, below, bottom), lower_lip)]
    if shape.gap:
        layers.append((_field(w, middle, below), _INSIDE))
    if shape.tongue:
        layers.append((_tongue(w, middle, below), _TONGUE))
    if shape.teeth:
        layers.append((_field(w, middle, edge)[1:-1], _TEETH))
    layers.append((_seam(shape, w, middle), mix(head.tones.skin_line, (84, 20, 34), 0.55)))
    paint_on_face(canvas, head, layers, lift=0.02)
    if expression == "sticking out the tongue":
        _tongue_out(canvas, head, w, float(middle[8]))
    elif not shape.gap and canvas.pixel < 0.0165:
        _gloss(canvas, head, w, float(middle[8] + head.lip * 0.62), lower_lip)


def _curves(head: Head, shape: _Shape, w: float) -> NDArray[np.float64]:
    """The heights of five curves along `_U`: the upper lip's rims, the lower lip's, and the teeth's: (5, 17).

    `w` is the mouth's half width.
    """
    base = head.mouth_y - (0.012 if shape.gap > 0.5 else 0.0)
    smile, lip = shape.lift * w, head.lip * (0.72 if shape.gap > 0 else 1.0)
    ring = 0.25 * shape.gap * w if shape.ring else 0.0
    gap = 0.0 if shape.ring else min(shape.gap * w, head.chin_y - head.mouth_y - 0.075)
    teeth = shape.teeth * 0.86
    shares = (
        (base, smile, 0.0, -ring, -0.80 * lip, 0.0),
        (base, smile, 0.0, -ring, 0.0, 0.0),
        (base, smile, gap, 3 * ring, 0.0, 0.0),
        (base, smile, gap, 3 * ring, 0.0, 1.12 * lip),
        (base, smile, gap * teeth, ring * (4 * teeth - 1), 0.0, 0.0),
    )
    return np.asarray(np.array(shares).dot(_CURVES))


def _field(w: float, upper: NDArray[np.float64], lower: NDArray[np.float64]) -> Points:
    """What lies between two curves along `_U`: (34, 2), from the upper one's left end on."""
    outline = np.empty((34, 2))
    np.multiply(_THERE_AND_BACK, w, out=outline[:, 0])
    outline[:17, 1] = upper
    outline[17:, 1] = lower[::-1]
    return outline


def _seam(shape: _Shape, w: float, middle: NDArray[np.float64]) -> Points:
    """The line between the lips, a little beyond their corners."""
    line = np.empty((19, 2))
    np.multiply(_U, w, out=line[1:-1, 0])
    line[1:-1, 1] = middle
    rise = 0.012 * ((shape.lift > 0) - (shape.lift < 0))
    line[0] = -w - 0.010, middle[0] - rise
    line[-1] = w + 0.010, middle[-1] - rise
    return taper(line, (0.006, 0.013, 0.014, 0.013, 0.006))


def _tongue(w: float, middle: NDArray[np.float64], below: NDArray[np.float64]) -> Points:
    """The tongue on the mouth's floor, held above the lower lip."""
    floor = float(below[8])
    tongue = oval(0.0, floor, w * 0.62, (floor - float(middle[8])) * 0.42)[::2]
    np.minimum(tongue[:, 1], np.interp(tongue[:, 0], _U * w, below), out=tongue[:, 1])
    return tongue


def _lip_colours(head: Head) -> tuple[RGB, RGB]:
    make_up, tones = head.person.traits.make_up, head.tones
    if make_up == "red lipstick":
        return (176, 14, 34), (212, 26, 46)
    if make_up == "goth makeup":
        return (38, 20, 36), (58, 32, 52)
    return mix(tones.lip, tones.skin_line, 0.30), tones.lip


def _tongue_out(canvas: Canvas, head: Head, w: float, y: float) -> None:
    long, half = 0.125 + 0.2 * head.mouth_w, w * 0.46
    tongue = _TONGUE_OUT * (half, long)
    line = taper([(0.0, 0.01), (0.0, long * 0.35), (0.0, long * 0.68)], (0.010, 0.010, 0.002))
    shapes = [tongue, tongue * (0.86, 0.93), line]
    for shape in shapes:
        shape[:, 1] += y
    colours = ((198, 70, 88), _TONGUE, (198, 70, 88))
    paint_on_face(canvas, head, list(zip(shapes, colours, strict=True)), lift=0.04)


def _gloss(canvas: Canvas, head: Head, w: float, y: float, lip: RGB) -> None:
    """Light on the lower lip."""
    strong = 0.42 if head.person.traits.make_up != "none" else 0.22
    x, y = head.spot(-0.10 * w, y, lift=0.03)
    canvas.ellipse(x, y, 0.22 * w, head.lip * 0.17, mix(lip, (255, 244, 240), strong))
