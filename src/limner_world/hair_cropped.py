"""Hair that stands by itself: short, curly, spiky.

Knows these styles' shapes. Knows nothing about the face beneath.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.curves import Points, even, pairs
from limner_world.locks import FINE_PX, draw_cap, draw_lock, is_pressed
from limner_world.palette import mix
from limner_world.skull import Head
from limner_world.strands import curve, grow, taper


def draw_short_front(canvas: Canvas, head: Head) -> None:
    """A side part: a man's with volume and short sides, a woman's a pixie cut with a swept fringe."""
    if head.person.traits.age == "baby":
        _down(canvas, head)
        return
    w, h, tones = head.width, head.hairline_y, head.tones
    woman = head.person.traits.presentation == "woman"
    low = 0.16 if woman else 0.05
    line = [
        (-w * 0.995, low),
        (-w * 0.90, low - 0.06),
        (-w * 0.88, -0.12),
        (-w * 0.66, h + 0.045),
        (-0.10, h + 0.01),
        (0.10, h + 0.015),
        (w * 0.70, h + 0.05),
        (w * 0.88, -0.12),
        (w * 0.90, low - 0.06),
        (w * 0.995, low),
    ]
    draw_cap(canvas, head, line, 0.028, 0.055, (-0.16, h - 0.10))
    if head.person.traits.headwear in ("beanie",):
        return
    drop = 0.115 if woman else 0.030
    top = head.crown_y - (0.0 if is_pressed(head) else 0.065)
    top = max(top, -0.40) if is_pressed(head) else top
    outer = [
        (-0.20, h - 0.05),
        (-0.14, top + 0.06),
        (0.10, top + 0.035),
        (w * 0.80, top + 0.17),
        (w * 0.96, h + drop + 0.10),
    ]
    inner = [
        (-0.20, h + 0.0),
        (-0.15, h + 0.028),
        (0.04, h + 0.055 + drop * 0.45),
        (w * 0.55, h + 0.07 + drop),
        (w * 0.93, h + drop + 0.13),
    ]
    a, b = head.on_face(outer), head.on_face(inner)
    draw_lock(
        canvas,
        head,
        a,
        b,
        strands=(0.2, 0.38, 0.56, 0.74, 0.9),
        shine=None if is_pressed(head) else (0.38, 0.56),
        colours=(mix(tones.hair, tones.hair_light, 0.12), mix(tones.hair, tones.hair_dark, 0.3)),
    )
    left = [(-0.20, h - 0.05), (-w * 0.62, top + 0.14), (-w * 0.96, -0.22), (-w * 1.0, -0.04)]
    under = [(-0.19, h + 0.0), (-w * 0.68, h + 0.05), (-w * 0.88, -0.16), (-w * 0.90, -0.04)]
    draw_lock(canvas, head, head.on_face(left), head.on_face(under), strands=(0.3, 0.6), rim=False)


def _down(canvas: Canvas, head: Head) -> None:
    """A baby's short hair: a thin cap and one curl over the forehead."""
    w, h, tones = head.width, head.hairline_y - 0.02, head.tones
    line = [(-w * 0.995, -0.02), (-w * 0.93, -0.10), (-w * 0.80, h + 0.07), (-w * 0.40, h + 0.02), (0, h)]
    line += [(-x, y) for x, y in line[-2::-1]]
    draw_cap(canvas, head, line, 0.010, 0.014, (0.0, head.crown_y + 0.04), strands=6)
    if is_pressed(head):
        return
    curl = [(0.02, head.crown_y + 0.02), (0.13, head.crown_y + 0.06), (0.12, h + 0.03), (0.0, h + 0.075)]
    curl += [(-0.075, h + 0.03), (-0.02, h - 0.01), (0.02, h + 0.025)]
    strand = head.on_face(curve(curl, samples=5), lift=0.03)
    canvas.fill(taper(strand, (0.02, 0.085, 0.075, 0.06, 0.045, 0.004)), tones.hair_dark)
    canvas.fill(
        taper(strand, (0.01, 0.068, 0.058, 0.044, 0.030, 0.002)), mix(tones.hair, tones.hair_light, 0.25)
    )
    tip = curve([(-0.04, head.crown_y + 0.02), (-0.07, head.crown_y - 0.05), (0.0, head.crown_y - 0.09)])
    canvas.fill(taper(tip + np.array((head.skull_x, 0.0)), (0.07, 0.05, 0.004)), tones.hair)


def _curls(points: Points, bump: float, per: int = 8) -> Points:
    """A scalloped outline: outward half circles of `bump` over each step of a closed ring of points."""
    after = np.concatenate([points[1:], points[:1]])
    middle, half = (points + after)[:, None] / 2, (after - points)[:, None] / 2
    outward = np.stack([half[..., 1], -half[..., 0]], axis=-1) * bump
    back, out = _half_turn(per)
    return np.asarray(middle - back * half + out * outward).reshape(-1, 2)


@lru_cache(maxsize=4)
def _half_turn(per: int) -> tuple[Points, Points]:
    t = np.linspace(0, np.pi, per, endpoint=False)[:, None]
    return np.cos(t), np.sin(t)


def _rings(canvas: Canvas, middles: Points, r: float, first: RGB, second: RGB) -> None:
    """The visible turns of curls around `middles` (K, 2), in two colours by turns."""
    lines = _turns(len(middles)) * r + middles[:, None]
    bands = tuple(taper(lines, (0.002, 0.014, 0.003)))
    canvas.fill(bands[1::3] + bands[2::3], second)
    canvas.fill(bands[::3], first)


@lru_cache(maxsize=64)
def _turns(count: int) -> Points:
    """`count` curls of radius 1, each wound on a little further: (count, 9, 2)."""
    turns = (np.arange(count) * 2.4)[:, None] + even(0, 4.2, 9)
    spread = even(1, 0.5, 9)
    return np.stack([np.cos(turns) * spread, np.sin(turns) * spread], axis=2)


_AROUND: Final = np.linspace(0, 2 * np.pi, 19, endpoint=False)
_CLOUD: Final = pairs(np.cos(_AROUND), np.sin(_AROUND))


def draw_curly_back(canvas: Canvas, head: Head) -> None:
    """The cloud of curls around and behind the head."""
    tones, woman = head.tones, head.person.traits.presentation == "woman"
    low = 0.50 if woman else 0.22
    wide = head.width + (0.17 if woman else 0.10)
    top = 0.50 if is_pressed(head) else 0.62
    x = _CLOUD[:, 0] * wide
    y = _CLOUD[:, 1] * np.where(_CLOUD[:, 1] < 0, top, low)
    if is_pressed(head):
        x, y = np.where(y < -0.22, x * 0.80, x), np.maximum(y, -0.30)
    ring = pairs(x + head.skull_x * 1.5, y - 0.02)
    shape = _curls(ring, 1.0)
    canvas.fill(grow(shape, 0.005), tones.hair_dark)
    canvas.fill(
        shape,
        mix(tones.hair, tones.hair_dark, 0.35),
        shade=(mix(tones.hair, tones.hair_dark, 0.75), (0, -0.3), (0, low)),
    )
    if canvas.pixel > FINE_PX:
        return
    _rings(
        canvas,
        ring * 0.93,
        0.060,
        mix(tones.hair, tones.hair_dark, 0.1),
        mix(tones.hair, tones.hair_light, 0.25),
    )


def draw_curly_front(canvas: Canvas, head: Head) -> None:
    """A crown of curls over the forehead and at the temples."""
    tones, w, h = head.tones, head.width, head.hairline_y
    pressed, woman = is_pressed(head), head.person.traits.presentation == "woman"
    low = 0.30 if woman else 0.06
    side, top = (0.06, 0.02) if pressed else (0.10, 0.10)
    dome = head.dome(-math.pi - 0.30, 0.30, side, top, 12)
    edge = [
        (-w * 0.99, low),
        (-w * 0.98, low * 0.35),
        (-w * 0.93, -0.16),
        (-w * 0.60, h + 0.07),
        (-w * 0.20, h + 0.04),
    ]
    edge += [
        (w * 0.20, h + 0.05),
        (w * 0.60, h + 0.07),
        (w * 0.93, -0.16),
        (w * 0.98, low * 0.35),
        (w * 0.99, low),
    ]
    line = head.on_face(curve(edge, samples=2))
    ring = np.concatenate([dome, line[::-1]])
    shape = _curls(ring, 0.8)
    canvas.fill(ring, mix(tones.hair, tones.hair_dark, 0.2))
    canvas.fill(
        shape,
        mix(tones.hair, tones.hair_light, 0.15),
        shade=(mix(tones.hair, tones.hair_dark, 0.45), (-0.2, -0.5), (0.2, 0.2)),
    )
    if canvas.pixel > FINE_PX:
        return
    inner = np.concatenate(
        [dome[1:-1] * 0.90 - (0, 0.01), dome[2:-2:2] * 0.72 - (0, 0.04), line[1:-1:2] * 1.03 + (0, -0.035)]
    )
    _rings(
        canvas, inner, 0.058, mix(tones.hair, tones.hair_dark, 0.6), mix(tones.hair, tones.hair_light, 0.5)
    )


_RISE: Final = np.sin(even(0.10, np.pi - 0.10, 11)) * 0.8 + 0.28
# each spike's length and how it leans: (11, 3)
_SPIKES: Final = np.stack(
    [np.where(np.arange(11) % 2 == 0, 0.215, 0.165) * _RISE, np.full(11, 0.05), -0.02 * _RISE], axis=1
)
_TEMPLE: Final = np.array([(-0.995, 0.03), (-0.91, 0.03), (-0.89, -0.10)])
# A ragged hairline from ear to ear: in head widths, and across the forehead relative to the hairline.
_RAGGED: Final = np.concatenate(
    [
        _TEMPLE,
        pairs(
            even(-0.80, 0.80, 9),
            np.array([0.06, -0.01, 0.085, 0.0, 0.075, 0.005, 0.085, -0.005, 0.06])
            + (0.015 + 0.05 * even(-0.80, 0.80, 9) ** 2),
        ),
        _TEMPLE[::-1] * (-1, 1),
    ]
)
_ON_FOREHEAD: Final = np.repeat((0.0, 1.0, 0.0), (3, 9, 3))[:, None]


def draw_spiky_front(canvas: Canvas, head: Head) -> None:
    """Short spikes up from the crown and a ragged forehead."""
    tones, w, h = head.tones, head.width, head.hairline_y
    pressed = is_pressed(head)
    outer = head.dome(-math.pi - 0.12, 0.12, count=2 * len(_SPIKES) + 1)
    if not pressed:
        out = outer[1::2] - (head.skull_x, 0.05)
        out *= _SPIKES[:, :1] / np.hypot(out[:, 0], out[:, 1])[:, None]
        out += _SPIKES[:, 1:]
        outer[1::2] += out
    line = head.on_face(_RAGGED * (w, 1.0) + (0.0, h) * _ON_FOREHEAD)
    shape = np.concatenate([outer, line[::-1]])
    canvas.fill(grow(shape, 0.006), tones.hair_dark)
    canvas.fill(
        shape,
        mix(tones.hair, tones.hair_light, 0.30),
        shade=(mix(tones.hair, tones.hair_dark, 0.35), (-0.1, -0.66), (0.1, -0.1)),
    )
    if canvas.pixel > FINE_PX or pressed:
        return
    tips, roots = outer[1::2], (outer[:-1:2] + outer[2::2]) / 2
    deep = roots * 0.58 + (0.42 * head.skull_x, -0.042)
    dark = np.stack([outer[2::2], tips * 0.86 + roots * 0.14, deep], axis=1)
    canvas.fill(tuple(dark), mix(tones.hair, tones.hair_dark, 0.45))
    lines = np.stack([tips * 0.8 + roots * 0.2, roots, deep], axis=1)
    lines[..., 0] -= 0.02
    canvas.fill(tuple(taper(lines, (0.001, 0.012, 0.001))), tones.hair_light)
