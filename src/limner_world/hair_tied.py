"""Hair that is tied: bun, ponytail, braids.

Knows these styles' shapes. Knows nothing about the face beneath.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np

from limner_world.canvas import Canvas
from limner_world.curves import Points, even, pairs
from limner_world.locks import beside_face, draw_cap, draw_lock, draw_nape, is_pressed, mirror
from limner_world.palette import mix
from limner_world.skull import Head
from limner_world.strands import curve, grow, taper

_AROUND: Final = np.linspace(0, 2 * np.pi, 12, endpoint=False)
_BUN: Final = curve(pairs(np.cos(_AROUND) * 1.12, np.sin(_AROUND)), closed=True, samples=4)
_WOUND: Final = np.stack([even(0.4 + k * 2.1, 3.0 + k * 2.1, 8) for k in range(3)])
_WINDINGS: Final = pairs(np.cos(_WOUND), np.sin(_WOUND)) * even(0.88, 0.35, 8)[:, None]


def draw_bun_back(canvas: Canvas, head: Head) -> None:
    """A bun on the crown, or at the nape under a hat."""
    draw_nape(canvas, head)
    tones = head.tones
    low = is_pressed(head)
    cx, cy, r = (
        (-0.34 - 0.1 * head.sin, 0.40, 0.13)
        if low
        else (-0.5 * head.sin * 0.45 + 0.02, head.crown_y - 0.10, 0.185)
    )
    place = np.array((cx, cy))
    shape = _BUN * r + place
    canvas.fill(grow(shape, 0.006), tones.hair_dark)
    canvas.fill(
        shape,
        mix(tones.hair, tones.hair_light, 0.25),
        shade=(mix(tones.hair, tones.hair_dark, 0.5), (cx - 0.05, cy - r), (cx + 0.1, cy + r)),
    )
    first, second, third = taper(_WINDINGS * r + place, (0.002, 0.016, 0.002))
    canvas.fill((first, third), tones.hair_dark)
    canvas.fill(second, tones.hair_light)


def draw_ponytail_back(canvas: Canvas, head: Head) -> None:
    """A ponytail that rises behind the crown and swings down beside the face."""
    draw_nape(canvas, head)
    side = 1 if head.sin <= 0.05 else -1
    low = is_pressed(head)
    rise = 0.30 if low else 0.0
    outer = [
        (0.10, -0.36 + rise),
        (0.40, -0.58 + rise),
        (0.64, -0.36 + rise),
        (0.66, 0.10),
        (0.60, 0.55),
        (0.42, 0.92),
    ]
    inner = [
        (0.20, -0.22 + rise),
        (0.38, -0.34 + rise),
        (0.43, -0.12 + rise),
        (0.40, 0.18),
        (0.42, 0.52),
        (0.40, 0.90),
    ]
    draw_lock(
        canvas,
        head,
        mirror(outer, side),
        mirror(inner, side),
        strands=(0.2, 0.4, 0.6, 0.8),
        shine=(0.36, 0.48),
    )


def draw_pulled_front(canvas: Canvas, head: Head) -> None:
    """Hair drawn back tight, with a few loose strands at the temples."""
    w, h = head.width, head.hairline_y
    line = [(-w * 0.99, 0.06), (-w * 0.90, -0.05), (-w * 0.74, h + 0.10), (-w * 0.36, h + 0.012), (0, h)]
    line += [(-x, y) for x, y in line[-2::-1]]
    draw_cap(canvas, head, line, 0.018, 0.025, (0.0, head.crown_y + 0.02), strands=11)
    if head.person.traits.presentation == "woman":
        for side in (-1, 1):
            wisp = [(w * 0.80, -0.14), (w * 0.93, 0.04), (w * 0.90, 0.22), (w * 0.97, 0.36)]
            strand = curve(beside_face(head, wisp, side), samples=5)
            canvas.fill(taper(strand, [0.012, 0.030, 0.022, 0.003]), head.tones.hair)


def _parted_sides(head: Head, part_x: float, low: float) -> list[tuple[float, float]]:
    """A hairline from left ear to right ear that parts at `part_x` and sweeps to both temples."""
    w, h = head.width, head.hairline_y
    return [
        (-w * 0.99, low),
        (-w * 0.93, 0.5 * (low + h) + 0.04),
        (-w * 0.72, h + 0.10),
        (part_x - 0.10, h + 0.012),
        (part_x, h - 0.02),
        (part_x + 0.12, h + 0.014),
        (w * 0.72, h + 0.10),
        (w * 0.93, 0.5 * (low + h) + 0.04),
        (w * 0.99, low),
    ]


def draw_braids_front(canvas: Canvas, head: Head) -> None:
    """A centre part and two plaits over the shoulders."""
    w = head.width
    draw_cap(
        canvas, head, _parted_sides(head, 0.0, 0.10), 0.022, 0.020, (0.0, head.hairline_y - 0.03), strands=10
    )
    far = 1 if head.sin > 0 else -1
    for side in (far, -far):
        outer = [(w * 0.97, -0.06), (w * 1.09, 0.06), (w * 1.14, 0.18), (w * 1.10, 0.30)]
        inner = [(w * 0.84, -0.02), (w * 0.88, 0.08), (w * 0.88, 0.18), (w * 0.90, 0.30)]
        slide = (0.06 * head.sin, 0.0)
        draw_lock(
            canvas,
            head,
            np.array(mirror(outer, side)) + slide,
            np.array(mirror(inner, side)) + slide,
            strands=(0.3, 0.65),
        )
        _plait(canvas, head, side)


def _plait(canvas: Canvas, head: Head, side: int) -> None:
    """Seven knots one below the other, a band and a tuft."""
    tones, x0 = head.tones, side * (head.width * 0.97) + 0.06 * head.sin
    light = mix(tones.hair, tones.hair_light, 0.2)
    knots, tail, band = _plait_shapes(side)
    place = np.array((x0, 0.0))
    for k, (rim, knot) in enumerate(knots + place):
        canvas.fill(rim, tones.hair_dark)
        canvas.fill(knot, light if k // 2 % 2 else tones.hair)
    canvas.fill(tail + place, tones.hair)
    canvas.fill(band + place, (206, 74, 84))


@lru_cache(maxsize=2)
def _plait_shapes(side: int) -> tuple[Points, Points, Points]:
    """A plait's knots, two a row, each with its rim and itself (14, 2, N, 2); its tail; its band."""
    leaf = curve([(0.0, 0.11), (1.0, 0.045), (0.85, -0.045), (-0.12, 0.0)], closed=True, samples=4)
    knots = []
    for k in range(7):
        middle = (side * 0.03 * math.sin(k * 0.5), 0.27 + k * 0.115)
        for way in (-1, 1):
            knot = leaf * (way * (0.082 - 0.004 * k), 1.0) + middle
            knots.append([grow(knot, 0.005), knot])
    end = (side * 0.03 * math.sin(3.5), 1.065)
    tail = curve(
        [(-0.04, 0.01), (-0.055, 0.10), (0, 0.14), (0.055, 0.10), (0.04, 0.01)], closed=True, samples=3
    )
    band = np.array([(-0.045, -0.03), (0.045, -0.03), (0.04, 0.02), (-0.04, 0.02)])
    return np.array(knots), tail + end, band + end
