"""Hair that hangs: shoulder-length, long, long with bangs.

Knows these styles' locks. Knows nothing about the face beneath.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from limner_world.canvas import Canvas
from limner_world.curves import even, pairs
from limner_world.locks import FINE_PX, beside_face, draw_lock, is_pressed, mirror
from limner_world.palette import mix
from limner_world.skull import Head
from limner_world.strands import curve, grow, taper, tuft


def _curtain(canvas: Canvas, head: Head, length: float, wide: float, tip: float) -> None:
    """Hair behind the shoulders down to `length`; `wide` beyond the head, `tip` half as wide as its end."""
    x, tones = head.skull_x * 1.6, head.tones
    w = head.width + wide
    low = length - 0.06
    right = [
        (w * 0.80, -0.36),
        (w, -0.10),
        (w * 1.03, 0.20),
        (w * 1.05, 0.55 * length),
        (tip * 1.04, low * 0.86),
    ]
    right += [(tip * 0.90, low)]
    hem = [(tip * 0.45, length), (0.0, length - 0.02), (-tip * 0.45, length)]
    points = [(0.0, head.crown_y - 0.01), *right, *hem, *mirror(right[::-1], -1)]
    shape = curve(np.array(points) + np.array((x, 0.0)), closed=True, samples=6)
    canvas.fill(grow(shape, 0.005), tones.hair_dark)
    canvas.fill(
        shape,
        mix(tones.hair, tones.hair_dark, 0.62),
        shade=(mix(tones.hair, tones.hair_dark, 0.25), (0, 0.45), (0, length)),
    )
    if canvas.pixel > FINE_PX:
        return
    shares = even(-0.9, 0.9, 9)[:, None, None]
    line = np.array([(w * 0.96, 0.05), (w * 1.02, 0.5 * length), (tip * 0.98, length - 0.05)])
    lines = curve(line * (1, 0) * shares + line * (0, 1) + (x, 0.0))
    canvas.fill(tuft(lines[1::2], (0.002, 0.010, 0.001)), tones.hair_dark)
    canvas.fill(tuft(lines[::2], (0.002, 0.010, 0.001)), tones.hair)


def draw_long_back(canvas: Canvas, head: Head) -> None:
    """Long hair down the back."""
    _curtain(canvas, head, 1.16, 0.045, 0.40)


def draw_shoulder_back(canvas: Canvas, head: Head) -> None:
    """Hair to the shoulders, seen behind the neck."""
    _curtain(canvas, head, 0.70, 0.060, 0.36)


def _side_locks(
    canvas: Canvas, head: Head, part_x: float, length: float, tip_x: float, curl: float = 0.0
) -> None:
    """Two locks from the part, over the temples and ears, down beside the cheeks to `length`."""
    w, h = head.width, head.hairline_y
    pressed = is_pressed(head)
    bulge = 0.020 if pressed else 0.055
    far = 1 if head.sin > 0 else -1
    for side in (far, -far):
        px = part_x * side
        reach = w + bulge
        begin = -math.pi / 2 + math.asin(max(-0.9, min(0.9, px / w)))
        over = head.dome(begin, 0.0, bulge, 0.015 if pressed else 0.050, 5) - (head.skull_x, 0.0)
        fall = [
            (reach * 1.02, 0.14),
            (reach * 1.02 + curl, 0.36),
            (tip_x + 0.09 + curl, 0.5 * (0.36 + length)),
            (tip_x + 0.02, length),
        ]
        outer = [*map(tuple, over), *fall]
        inner = [(px, h - 0.025), (px + 0.11, h + 0.012), (w * 0.77, h + 0.125), (w * 0.93, 0.08)]
        inner += [
            (w * 0.94, 0.20),
            (w * 0.94, 0.32),
            (tip_x - 0.04, 0.36 + 0.35 * (length - 0.36)),
            (tip_x - 0.07, 0.36 + 0.7 * (length - 0.36)),
        ]
        inner += [(tip_x - 0.02, length - 0.015)]
        a, b = np.array(mirror(outer, side)), beside_face(head, inner, side)
        a[:, 0] += head.skull_x * np.clip(1 - a[:, 1], 0, 1)
        draw_lock(
            canvas,
            head,
            a,
            b,
            strands=(0.18, 0.36, 0.54, 0.72, 0.88),
            shine=None if pressed else (0.20, 0.30),
        )


def draw_long_front(canvas: Canvas, head: Head) -> None:
    """Long locks over the shoulders, parted in the middle."""
    _side_locks(canvas, head, 0.03, 1.06, 0.36)


def draw_shoulder_front(canvas: Canvas, head: Head) -> None:
    """Locks to the shoulders, parted at the side, turning in."""
    _side_locks(canvas, head, -0.08, 0.66, 0.30, curl=0.045)


_ALONG: Final = even(-0.74, 0.74, 15)
# In head widths across: a fringe's uneven tips, and the light on it before it follows the skull.
_HEM: Final = pairs(_ALONG, 0.05 * np.abs(_ALONG) ** 3 - np.where(np.arange(15) % 2 == 0, 0.0, 0.026))
_BRIGHT: Final = even(-0.60, 0.50, 11)
_SHINE: Final = np.concatenate(
    [
        pairs(_BRIGHT, -0.385),
        pairs(_BRIGHT, np.where(np.arange(11) % 2 == 0, -0.350, -0.315))[::-1],
    ]
)


def _fringe(canvas: Canvas, head: Head) -> None:
    """A straight fringe down to the brows, in uneven tips."""
    w, low, tones = head.width, head.brow_y - 0.035, head.tones
    hem = _HEM * (w, 1.0) + (0.0, low)
    top = head.crown_y + 0.05 if not is_pressed(head) else -0.40
    sides = [
        (-0.80 * w, -0.20),
        (-0.55 * w, top + 0.06),
        (0.0, top),
        (0.55 * w, top + 0.06),
        (0.80 * w, -0.20),
    ]
    shape = head.on_face(np.concatenate([curve(sides, samples=4), hem[::-1]]))
    canvas.fill(
        shape,
        mix(tones.hair, tones.hair_light, 0.15),
        shade=(mix(tones.hair, tones.hair_dark, 0.30), (0, -0.42), (0, low)),
    )
    if canvas.pixel > FINE_PX:
        return
    tips = hem[1:14]
    roots, middles = tips * (0.62, 0) + (0, top + 0.07), tips * (0.92, 0.5) + (0, 0.5 * top)
    lines = head.on_face(curve(np.stack([roots, middles, tips], axis=1), samples=4))
    bands = tuple(taper(lines, (0.001, 0.009, 0.002)))
    canvas.fill(bands[::2], mix(tones.hair, tones.hair_dark, 0.6))
    canvas.fill(bands[1::2], mix(tones.hair, tones.hair_light, 0.4))
    if not is_pressed(head):
        x = _SHINE[:, 0] * w
        band = pairs(x, _SHINE[:, 1] + 0.25 * x * x)
        canvas.fill(head.on_face(band), mix(tones.hair, tones.hair_light, 0.45))


def draw_bangs_front(canvas: Canvas, head: Head) -> None:
    """Long locks and a straight fringe."""
    _side_locks(canvas, head, 0.0, 1.06, 0.36)
    _fringe(canvas, head)
