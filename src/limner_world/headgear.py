"""What is worn on a head: hats, headphones, glasses, earrings.

Knows where skull, eyes and ears lie. Knows nothing about hair styles or clothes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.curves import Points, arc, even, oval, pairs
from limner_world.palette import COLOURS, INK, darken, lighten, mix
from limner_world.skull import Head
from limner_world.strands import curve, grow, taper

_GOLD: Final[RGB] = (226, 172, 58)
_FRAMES: Final[dict[str, RGB]] = {
    "black glasses": (30, 28, 34),
    "blue glasses": (36, 92, 196),
    "red glasses": (204, 36, 44),
    "dark sunglasses": (24, 22, 28),
}


# ---- glasses ------------------------------------------------------------------------------------


def draw_glasses(canvas: Canvas, head: Head) -> None:
    """Frames of their colour before the eyes; sunglasses with dark lenses."""
    kind = head.person.traits.glasses
    if kind == "none":
        return
    frame, sun = _FRAMES[kind], kind == "dark sunglasses"
    w = max(head.eye_w * 1.30, 0.112) * (1.06 if sun else 1.0)
    x = max(head.eye_x, w + 0.016)
    y, h = head.eye_y + 0.008, max(w * 0.84, head.eye_h * 1.3)
    lenses = head.on_face(_lenses(x, y, w, h, sun), lift=0.05)
    for side in (-1, 1):
        arm = [(side * (x + w * 0.96), y - h * 0.25), (side * head.width * 0.97, y - h * 0.20)]
        ends = head.on_face(arm, lift=0.0)
        if side * head.sin <= 0.08:
            canvas.fill(taper(ends, [0.022]), frame)
    for lens in lenses:
        if sun:
            canvas.fill(lens, (26, 24, 34), shade=((86, 76, 92), (0.0, y - h * 0.2), (0.0, y + h * 1.2)))
        else:
            canvas.fill(lens, (226, 240, 255), alpha=0.20)
        _gleam(canvas, lens, 0.30 if sun else 0.40)
        canvas.stroke(lens, frame, 0.024 if not sun else 0.020, closed=True)
    bridge = head.on_face(
        [(-x + w * 0.9, y - h * 0.25), (0.0, y - h * 0.42), (x - w * 0.9, y - h * 0.25)], lift=0.06
    )
    canvas.fill(taper(curve(bridge, samples=4), [0.024]), frame)


@lru_cache(maxsize=2)
def _lens(sun: bool) -> tuple[Points, Points, Points]:
    """A rounded lens, flatter on top and narrower below, clockwise from its right end: how far out in half
    widths, how far down in half heights, how far it leans outwards; (28,) each.
    """
    t = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    out, down = (np.sign(c) * np.abs(c) ** 0.72 for c in (np.cos(t), np.sin(t)))
    down = np.where(down < 0, down * 0.80, down * (1.02 if sun else 0.95))
    return out * (1 - 0.12 * down), down, -0.02 * down


def _lenses(x: float, y: float, w: float, h: float, sun: bool) -> Points:
    """The left and the right lens, `x` from the face's middle: (2, 28, 2)."""
    out, down, lean = _lens(sun)
    lenses = np.empty((2, 28, 2))
    wide, lean = out * w, lean + x
    np.subtract(wide, lean, out=lenses[0, :, 0])
    np.add(wide, lean, out=lenses[1, :, 0])
    lenses[:, :, 1] = down * h + y
    return lenses


def _gleam(canvas: Canvas, lens: Points, alpha: float) -> None:
    """A slanted streak of light across a lens."""
    low, high = lens.min(axis=0), lens.max(axis=0)
    size = high - low
    streak = np.array([(0.22, 0.55), (0.46, 0.10), (0.60, 0.12), (0.34, 0.66)]) * size + low
    canvas.fill(streak, (255, 255, 255), alpha=alpha)


# ---- jewellery ----------------------------------------------------------------------------------


def draw_earrings(canvas: Canvas, head: Head) -> None:
    """Hoops or pearls at the ear lobes that can be seen."""
    kind = head.person.traits.jewellery
    if kind not in ("gold hoop earrings", "pearl earrings"):
        return
    for side in (-1, 1):
        away = side * head.sin > 0.12
        if side * head.sin > 0.34:
            continue
        x = (
            side * (head.width + 0.012) * (head.cos if not away else 1.0)
            + (0.10 if abs(head.sin) > 0.12 else 0.03) * head.sin
        )
        y = 0.5 * (head.eye_y + head.nose_y) + head.ear * 0.98
        if kind == "pearl earrings":
            canvas.ellipse(x, y + 0.022, 0.042, 0.042, (178, 168, 170))
            canvas.ellipse(
                x,
                y + 0.020,
                0.036,
                0.036,
                (255, 252, 246),
                shade=((214, 204, 206), (x - 0.01, y), (x + 0.03, y + 0.05)),
            )
            canvas.ellipse(x - 0.010, y + 0.008, 0.011, 0.011, (255, 255, 255))
        else:
            ring = oval(x, y + 0.070, 0.058, 0.074)
            canvas.stroke(ring, darken(_GOLD, 0.35), 0.027, closed=True)
            canvas.stroke(ring, _GOLD, 0.018, closed=True)
            canvas.stroke(arc(x, y + 0.070, 0.058, 0.074, 2.6, 4.0), (255, 232, 160), 0.010)


# ---- hats ---------------------------------------------------------------------------------------


def _dye(head: Head) -> tuple[RGB, RGB, RGB]:
    """The headwear's colour, its light and its shade."""
    colour = COLOURS[head.person.traits.headwear_colour]
    return colour, lighten(colour, 0.25), darken(colour, 0.35)


def _rim_y(head: Head) -> float:
    """Where a hat's edge sits: a little below the hairline, clear of the brows."""
    return min(head.hairline_y + 0.055, head.brow_y - 0.070)


def draw_headwear_back(canvas: Canvas, head: Head) -> None:
    """What of a hat lies behind the head."""
    if head.person.traits.headwear == "sun hat":
        _, _, shade = _dye(head)
        x = head.skull_x
        canvas.ellipse(x, _rim_y(head) + 0.0, head.width + 0.37, 0.16, shade)


def draw_headwear_front(canvas: Canvas, head: Head) -> None:
    """What of the headwear lies over the head."""
    draw = _HATS.get(head.person.traits.headwear)
    if draw is not None:
        draw(canvas, head)


def _crown_of_hat(head: Head, y: float, side: float, top: float, sag: float) -> Points:
    """A dome from the rim's left end at height `y` over the top to the right and back along a sagging rim."""
    dome = head.dome(-math.pi, 0.0, side, top, 19)
    keep = dome[dome[:, 1] < y]
    w = head.width + side
    left, right = (head.skull_x - w, y), (head.skull_x + w, y)
    t = even(0, np.pi, 13)
    slide = 0.12 * head.sin * np.sin(t)
    rim = pairs(head.skull_x + np.cos(t) * w + slide, y + np.sin(t) * sag)
    return np.concatenate([[left], keep, [right], rim])


_ACROSS: Final = even(-0.8, 0.8, 7)
# Of each rib: how far across its three points lie, and how far its upper end lies down: (7, 3, 2).
_RIBS: Final = pairs(
    np.stack([_ACROSS] * 3, axis=1), np.stack([0.10 * _ACROSS**2, 0 * _ACROSS, 0 * _ACROSS], axis=1)
)
_RING: Final = np.linspace(0, 2 * np.pi, 15, endpoint=False)
_BUMP: Final = np.where(np.arange(15) % 2 == 0, 0.105, 0.088)
_FLUFF: Final = curve(pairs(np.cos(_RING) * _BUMP, np.sin(_RING) * _BUMP), closed=True, samples=3)


def _beanie(canvas: Canvas, head: Head) -> None:
    colour, light, shade = _dye(head)
    y, w, x = _rim_y(head), head.width + 0.035, head.skull_x
    pom = (x - 0.10 * head.sin, head.crown_y - 0.15)
    fluff = _FLUFF + pom
    canvas.fill(grow(fluff, 0.006), shade)
    canvas.fill(
        fluff, lighten(colour, 0.45), shade=(colour, (pom[0], pom[1] - 0.08), (pom[0] + 0.06, pom[1] + 0.12))
    )
    dome = _crown_of_hat(head, y - 0.06, 0.030, 0.085, 0.03)
    canvas.fill(grow(dome, 0.007), shade)
    canvas.fill(dome, light, shade=(mix(colour, shade, 0.5), (x - 0.25, -0.55), (x + 0.30, -0.15)))
    ribs = _RIBS * ((0.30, 1.0), (w * 0.94, 1.0), (w * 1.02, 1.0)) + (
        (x, head.crown_y - 0.05),
        (x, -0.40),
        (x, y - 0.10),
    )
    canvas.fill(tuple(taper(curve(ribs, samples=4), (0.002, 0.010, 0.008))), mix(colour, shade, 0.6))
    t = even(-1, 1, 13)
    slide = 0.10 * head.sin * (1 - t * t)
    top = pairs(x + t * w + slide, y - 0.115 + 0.035 * (1 - t * t))
    low = pairs(x + t * w * 1.01 + slide, y + 0.015 + 0.035 * (1 - t * t))
    cuff = np.concatenate([top, low[::-1]])
    canvas.fill(grow(cuff, 0.007), shade)
    canvas.fill(cuff, light, shade=(mix(colour, shade, 0.35), (x - 0.3, y), (x + 0.35, y)))
    knits = taper(np.stack([top[1:-1], low[1:-1]], axis=1), (0.011,))
    canvas.fill(tuple(knits), mix(colour, shade, 0.65))


def _cap(canvas: Canvas, head: Head) -> None:
    colour, light, shade = _dye(head)
    y, x = _rim_y(head) - 0.02, head.skull_x
    dome = _crown_of_hat(head, y, 0.030, 0.065, 0.045)
    canvas.fill(grow(dome, 0.007), shade)
    canvas.fill(dome, light, shade=(mix(colour, shade, 0.45), (x - 0.2, -0.5), (x + 0.28, -0.15)))
    front = x + 0.16 * head.sin
    for k in (-0.52, 0.52):
        seam = [
            (front * 0.6, head.crown_y - 0.060),
            (front + k * 0.72 * head.width, -0.42),
            (front + k * 1.1 * head.width, y + 0.03),
        ]
        canvas.fill(taper(curve(seam, samples=4), [0.006, 0.008, 0.006]), mix(colour, shade, 0.7))
    canvas.ellipse(x + 0.03 * head.sin, head.crown_y - 0.065, 0.035, 0.020, shade)
    bx = 0.62 * head.sin
    brim = [(-0.345, y + 0.005), (-0.20, y - 0.040), (0, y - 0.055), (0.20, y - 0.040), (0.345, y + 0.005)]
    brim += [(0.31, y + 0.070), (0.16, y + 0.092), (0, y + 0.096), (-0.16, y + 0.092), (-0.31, y + 0.070)]
    wide = (head.width + 0.035) / 0.36
    shape = curve(np.array(brim) * (wide, 1.0) + (bx * 0.30, 0.0), closed=True, samples=5)
    canvas.fill(grow(shape, 0.007), shade)
    canvas.fill(shape, mix(colour, light, 0.4), shade=(mix(colour, shade, 0.8), (0, y - 0.03), (0, y + 0.10)))


def _sun_hat(canvas: Canvas, head: Head) -> None:
    colour, light, shade = _dye(head)
    y, x = _rim_y(head), head.skull_x
    dome = _crown_of_hat(head, y, 0.020, 0.090, 0.02)
    canvas.fill(dome, light, shade=(mix(colour, shade, 0.35), (x - 0.2, -0.5), (x + 0.3, -0.2)))
    ribbon_colour = (250, 244, 232) if min(colour) < 200 else (96, 62, 58)
    w = head.width + 0.022
    t = even(-1, 1, 13)
    band = np.concatenate(
        [
            pairs(x + t * w * 0.985, y - 0.125 + 0.03 * (1 - t * t)),
            pairs(x + t * w, y - 0.02 + 0.03 * (1 - t * t))[::-1],
        ]
    )
    canvas.fill(band, ribbon_colour)
    wide = head.width + 0.37
    t = even(0, np.pi, 21)
    low = pairs(x + np.cos(t) * wide, y + np.sin(t) * 0.075 - 0.012 + 0.02 * np.cos(2 * t))
    top = pairs(x + np.cos(t[::-1]) * wide, y - 0.035 - np.sin(t) * 0.035)
    brim = np.concatenate([low, top])
    canvas.fill(grow(brim, 0.006), shade)
    canvas.fill(brim, light, shade=(colour, (x - 0.2, y - 0.05), (x + 0.2, y + 0.08)))
    weave = pairs(x + np.cos(t) * wide * 0.86, y + np.sin(t) * 0.045 - 0.015)
    canvas.fill(taper(weave, [0.001, 0.008, 0.001]), mix(colour, shade, 0.45))


def _tricorne(canvas: Canvas, head: Head) -> None:
    colour, light, shade = _dye(head)
    y, x = _rim_y(head) + 0.01, head.skull_x + 0.06 * head.sin
    dome = _crown_of_hat(head, y - 0.07, 0.0, 0.110, 0.05)
    canvas.fill(dome, mix(colour, shade, 0.55))
    wide = head.width + 0.24
    half = [(wide * 0.30, y + 0.015), (wide * 0.62, y - 0.06), (wide, y - 0.115)]
    half += [(wide * 0.62, y - 0.235), (wide * 0.28, y - 0.185)]
    left = [(-px, py) for px, py in half]
    points = [left[2], left[1], left[0], (0.0, y + 0.045), *half, (0.0, y - 0.095), left[4], left[3]]
    shape = curve(np.array(points) + np.array((x, 0.0)), closed=True, samples=5)
    canvas.fill(grow(shape, 0.007), shade)
    canvas.fill(shape, light, shade=(colour, (x - 0.2, y - 0.2), (x + 0.15, y + 0.05)))
    trim = shape[6 * 5 : 12 * 5 + 1]
    canvas.stroke(trim, darken(_GOLD, 0.25), 0.030)
    canvas.stroke(trim, _GOLD, 0.020)
    canvas.ellipse(x + wide * 0.46, y - 0.10, 0.036, 0.036, _GOLD)
    canvas.ellipse(x + wide * 0.46, y - 0.10, 0.020, 0.020, darken(_GOLD, 0.3))


def _headphones(canvas: Canvas, head: Head) -> None:
    colour, light, shade = _dye(head)
    x = head.skull_x
    band = head.dome(-math.pi - 0.05, 0.05, 0.060, 0.070, 25)
    canvas.stroke(band, shade, 0.062)
    canvas.stroke(band, colour, 0.044)
    canvas.stroke(band[5:13] - np.array((0.0, 0.006)), light, 0.014)
    y = 0.5 * (head.eye_y + head.nose_y) - 0.03
    for side in (-1, 1):
        away = side * head.sin > 0.0
        cx = (
            x
            + side * (head.width + 0.035)
            - (side * 0.42 * abs(head.sin) * head.width * 0.5 if not away else 0.0)
        )
        rx = 0.062 + (0.05 * abs(head.sin) if not away else -0.02 * abs(head.sin))
        canvas.ellipse(cx - side * 0.030, y, rx, 0.130, darken(INK, 0.1))
        canvas.ellipse(cx + side * 0.006, y, rx + 0.006, 0.146, shade)
        canvas.ellipse(
            cx + side * 0.006,
            y,
            rx - 0.006,
            0.132,
            light,
            shade=(colour, (cx - 0.04, y - 0.10), (cx + 0.05, y + 0.10)),
        )


_HATS: Final[dict[str, Callable[[Canvas, Head], None]]] = {
    "beanie": _beanie,
    "cap": _cap,
    "sun hat": _sun_hat,
    "tricorne hat": _tricorne,
    "headphones": _headphones,
}
