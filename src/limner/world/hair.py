"""Hair: ten styles, each a layer behind the body and a layer over the face, with strands and shine.

Knows how locks fall around a head. Knows nothing about the face beneath or the hat above, except that hats press hair.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from limner.world.canvas import RGB, Canvas, Points
from limner.world.palette import mix
from limner.world.skull import Head
from limner.world.strands import curve, taper, tuft

_FINE_PX: Final = 0.0165  # strands are left out where one pixel is more than this of a head
PRESSING: Final = ("beanie", "cap", "sun hat", "tricorne hat")


def draw_hair_back(canvas: Canvas, head: Head) -> None:
    """The hair that hangs behind neck and shoulders."""
    draw = _BACKS.get(head.person.traits.hair_style)
    if draw is not None:
        draw(canvas, head)


def draw_hair_front(canvas: Canvas, head: Head) -> None:
    """The hair over forehead, temples, ears and shoulders."""
    draw = _FRONTS.get(head.person.traits.hair_style)
    if draw is not None:
        draw(canvas, head)


def covers_ears(head: Head) -> bool:
    """Whether the hair hides the ears."""
    traits = head.person.traits
    style = traits.hair_style
    return style in ("shoulder-length", "long", "long with bangs") or (
        style == "curly" and traits.presentation == "woman"
    )


def _pressed(head: Head) -> bool:
    return head.person.traits.headwear in PRESSING


# ---- locks ---------------------------------------------------------------------------------------------------


def _lock(
    canvas: Canvas,
    head: Head,
    first: ArrayLike,
    second: ArrayLike,
    *,
    strands: Sequence[float] = (0.25, 0.5, 0.75),
    shine: tuple[float, float] | None = None,
    colours: tuple[RGB, RGB] | None = None,
    rim: bool = True,
) -> None:
    """A lock between two edges, each given by as many control points from root to tip.

    `strands` are lines between the edges (0 the first, 1 the second); `shine` is a light band between two shares of
    the lock's length; `colours` run from root to tip.
    """
    tones = head.tones
    a, b = curve(np.stack([np.asarray(first), np.asarray(second)]), samples=6)
    outline = np.concatenate([a, b[::-1]])
    root, tip = colours if colours else (tones.hair, mix(tones.hair, tones.hair_dark, 0.55))
    if rim:
        canvas.stroke(outline, tones.hair_dark, 0.010, closed=True)
    top, low = float(outline[:, 1].min()), float(outline[:, 1].max())
    canvas.fill(outline, root, shade=(tip, (0.0, top), (0.0, low)))
    if canvas.pixel > _FINE_PX:
        return
    if shine is not None:
        _shine(canvas, mix(root, tones.hair_light, 0.40), a, b, shine)
    shares = np.asarray(strands)[:, None, None]
    lines = a * (1 - shares) + b * shares
    canvas.fill(tuft(lines[::2, :-1], (0.001, 0.009, 0.001)), mix(root, tones.hair_dark, 0.75))
    canvas.fill(tuft(lines[1::2, :-3], (0.001, 0.009, 0.001)), mix(root, tones.hair_light, 0.40))


def _shine(canvas: Canvas, light: RGB, a: Points, b: Points, span: tuple[float, float]) -> None:
    """A soft band of light across a lock."""
    last = len(a) - 1
    start, end = round(span[0] * last), max(round(span[1] * last), round(span[0] * last) + 2)
    upper, lower = [], []
    for k, share in enumerate(np.linspace(0.12, 0.88, 9)):
        line = a * (1 - share) + b * share
        jag = (end - start) * (0.28 if k % 2 else 0.0)
        upper.append(line[min(int(start + jag * 0.6), last)])
        lower.append(line[max(int(end - jag), 0)])
    canvas.fill(np.array(upper + lower[::-1]), light)


def _cap(
    canvas: Canvas,
    head: Head,
    hairline: ArrayLike,
    side: float,
    top: float,
    part: tuple[float, float],
    strands: int = 9,
) -> None:
    """The hair on the skull: between the dome, grown by `side` and `top`, and a hairline from left to right ear.

    `part` is where strands start, on the face seen straight on.
    """
    tones = head.tones
    if _pressed(head):
        side, top = min(side, 0.02), min(top, 0.015)
    line = head.on_face(curve(hairline, samples=5))
    dome = head.dome(-math.pi - 0.42, 0.42, side, top)
    widest = dome[:, 0].min(), dome[:, 0].max()
    line[:, 0] = np.clip(line[:, 0], widest[0] + 0.004, widest[1] - 0.004)
    shape = np.concatenate([dome, line[::-1]])
    canvas.stroke(shape, tones.hair_dark, 0.010, closed=True)
    canvas.fill(
        shape,
        mix(tones.hair, tones.hair_light, 0.22),
        shade=(mix(tones.hair, tones.hair_dark, 0.35), (-0.12, -0.52), (0.16, 0.10)),
    )
    if canvas.pixel > _FINE_PX:
        return
    # A crescent of light below the crown, then strands from the part to the edge.
    px, py = head.spot(*part)
    if not _pressed(head):
        band = head.dome(-math.pi * 0.90, -math.pi * 0.42, side - 0.035, top - 0.035, 15)
        low = head.dome(-math.pi * 0.90, -math.pi * 0.42, side - 0.085, top - 0.105, 15)
        swell = np.sin(np.linspace(0, np.pi, 15))[:, None]
        canvas.fill(
            np.concatenate([band, (band + (low - band) * swell)[::-1]]),
            mix(tones.hair, tones.hair_light, 0.52),
        )
    dark, light = mix(tones.hair, tones.hair_dark, 0.62), mix(tones.hair, tones.hair_light, 0.42)
    ends = head.dome(-math.pi - 0.15, 0.15, side - 0.02, top - 0.02, strands)
    between = head.dome(-math.pi * 0.85, -math.pi * 0.15, side - 0.25 * head.width, top - 0.10, strands)
    roots = np.broadcast_to([px, py], ends.shape)
    lines = curve(np.stack([roots, 0.3 * roots + 0.7 * between, ends], axis=1), samples=4)[:, 2:]
    bands = taper(lines, (0.001, 0.008, 0.001))
    for k, band in enumerate(bands):
        canvas.fill(band, light if k % 3 == 1 else dark)


def _mirror(points: Sequence[tuple[float, float]], side: int) -> list[tuple[float, float]]:
    return [(x * side, y) for x, y in points]


def _falls(head: Head, points: Sequence[tuple[float, float]], side: int) -> Points:
    """Control points of a lock beside the face: on the face above, sliding a little with the turn below it."""
    flat = np.array(points, dtype=np.float64) * (side, 1)
    moved = head.on_face(flat)
    share = np.clip((flat[:, 1:] - 0.05) / 0.45, 0, 1)
    slid = flat + (0.05 * head.sin, 0.0)
    return np.asarray(moved * (1 - share) + slid * share)


# ---- backs ---------------------------------------------------------------------------------------------------


def _curtain(canvas: Canvas, head: Head, length: float, wide: float, tip: float) -> None:
    """Hair behind the shoulders down to `length`: `wide` half width at the ears, `tip` half width at the end."""
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
    points = [(0.0, head.crown_y - 0.01), *right, *hem, *_mirror(right[::-1], -1)]
    shape = curve(np.array(points) + (x, 0.0), closed=True, samples=6)
    canvas.stroke(shape, tones.hair_dark, 0.010, closed=True)
    canvas.fill(
        shape,
        mix(tones.hair, tones.hair_dark, 0.62),
        shade=(mix(tones.hair, tones.hair_dark, 0.25), (0, 0.45), (0, length)),
    )
    if canvas.pixel > _FINE_PX:
        return
    shares = np.linspace(-0.9, 0.9, 9)[:, None, None]
    line = np.array([(w * 0.96, 0.05), (w * 1.02, 0.5 * length), (tip * 0.98, length - 0.05)])
    lines = curve(line * (1, 0) * shares + line * (0, 1) + (x, 0.0))
    canvas.fill(tuft(lines[1::2], (0.002, 0.010, 0.001)), tones.hair_dark)
    canvas.fill(tuft(lines[::2], (0.002, 0.010, 0.001)), tones.hair)


def _long_back(canvas: Canvas, head: Head) -> None:
    _curtain(canvas, head, 1.16, 0.045, 0.40)


def _shoulder_back(canvas: Canvas, head: Head) -> None:
    _curtain(canvas, head, 0.70, 0.060, 0.36)


def _nape(canvas: Canvas, head: Head) -> None:
    """Short hair seen behind the neck."""
    w = head.width
    right = [(w * 0.88, -0.22), (w * 0.90, 0.06), (w * 0.74, 0.25), (w * 0.52, 0.37), (0.20 * w, 0.40)]
    points = np.array([*right, *_mirror(right[::-1], -1)]) + (head.skull_x * 1.8, 0.0)
    canvas.fill(curve(points, closed=True), mix(head.tones.hair, head.tones.hair_dark, 0.6))


def _curls(points: Points, bump: float, per: int = 8) -> Points:
    """A scalloped outline: outward half circles of `bump` over each step of a closed ring of points."""
    ring = np.concatenate([points, points[:1]])
    t = np.linspace(0, np.pi, per, endpoint=False)
    pieces = []
    for a, b in zip(ring[:-1], ring[1:], strict=True):
        middle, half = (a + b) / 2, (b - a) / 2
        normal = np.array([half[1], -half[0]])
        pieces.append(middle - np.cos(t)[:, None] * half + np.sin(t)[:, None] * normal * bump)
    return np.concatenate(pieces)


def _curly_back(canvas: Canvas, head: Head) -> None:
    tones, woman = head.tones, head.person.traits.presentation == "woman"
    low = 0.50 if woman else 0.22
    wide = head.width + (0.17 if woman else 0.10)
    t = np.linspace(0, 2 * np.pi, 19, endpoint=False)
    top = 0.50 if _pressed(head) else 0.62
    y = np.where(np.sin(t) < 0, np.sin(t) * top, np.sin(t) * low)
    x = np.cos(t) * wide
    if _pressed(head):
        x, y = np.where(y < -0.22, x * 0.80, x), np.maximum(y, -0.30)
    ring = np.stack([x + head.skull_x * 1.5, y - 0.02], axis=1)
    shape = _curls(ring, 1.0)
    canvas.stroke(shape, tones.hair_dark, 0.010, closed=True)
    canvas.fill(
        shape,
        mix(tones.hair, tones.hair_dark, 0.35),
        shade=(mix(tones.hair, tones.hair_dark, 0.75), (0, -0.3), (0, low)),
    )
    if canvas.pixel > _FINE_PX:
        return
    _rings(
        canvas,
        ring * 0.93,
        0.060,
        mix(tones.hair, tones.hair_dark, 0.1),
        mix(tones.hair, tones.hair_light, 0.25),
    )


def _rings(canvas: Canvas, middles: Points, r: float, first: RGB, second: RGB, start: int = 0) -> None:
    """The visible turns of curls around `middles` (K, 2), in two colours by turns."""
    turns = (np.arange(len(middles)) * 2.4)[:, None] + np.linspace(0, 4.2, 9)
    spread = np.linspace(r, r / 2, 9)
    lines = middles[:, None] + np.stack([np.cos(turns) * spread, np.sin(turns) * spread], axis=2)
    for k, band in enumerate(taper(lines, (0.002, 0.014, 0.003))):
        canvas.fill(band, first if (k + start) % 3 == 0 else second)


def _bun_back(canvas: Canvas, head: Head) -> None:
    _nape(canvas, head)
    tones = head.tones
    low = _pressed(head)
    cx, cy, r = (
        (-0.34 - 0.1 * head.sin, 0.40, 0.13)
        if low
        else (-0.5 * head.sin * 0.45 + 0.02, head.crown_y - 0.10, 0.185)
    )
    t = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    shape = curve(np.stack([cx + np.cos(t) * r * 1.12, cy + np.sin(t) * r], axis=1), closed=True, samples=4)
    canvas.stroke(shape, tones.hair_dark, 0.012, closed=True)
    canvas.fill(
        shape,
        mix(tones.hair, tones.hair_light, 0.25),
        shade=(mix(tones.hair, tones.hair_dark, 0.5), (cx - 0.05, cy - r), (cx + 0.1, cy + r)),
    )
    for k in range(3):
        s = np.linspace(0.4 + k * 2.1, 3.0 + k * 2.1, 8)
        grow = np.linspace(0.88, 0.35, 8)
        line = np.stack([cx + np.cos(s) * r * grow, cy + np.sin(s) * r * grow], axis=1)
        canvas.fill(taper(line, [0.002, 0.016, 0.002]), tones.hair_dark if k % 2 == 0 else tones.hair_light)


def _tail_back(canvas: Canvas, head: Head) -> None:
    """A ponytail that rises behind the crown and swings down beside the face."""
    _nape(canvas, head)
    side = 1 if head.sin <= 0.05 else -1
    low = _pressed(head)
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
    _lock(
        canvas,
        head,
        _mirror(outer, side),
        _mirror(inner, side),
        strands=(0.2, 0.4, 0.6, 0.8),
        shine=(0.36, 0.48),
    )


# ---- fronts --------------------------------------------------------------------------------------------------


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


def _side_locks(
    canvas: Canvas, head: Head, part_x: float, length: float, tip_x: float, curl: float = 0.0
) -> None:
    """Two locks from the part, over the temples and ears, down beside the cheeks to `length`."""
    w, h = head.width, head.hairline_y
    pressed = _pressed(head)
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
        a, b = np.array(_mirror(outer, side)), _falls(head, inner, side)
        a[:, 0] += head.skull_x * np.clip(1 - a[:, 1], 0, 1)
        _lock(
            canvas,
            head,
            a,
            b,
            strands=(0.18, 0.36, 0.54, 0.72, 0.88),
            shine=None if pressed else (0.20, 0.30),
        )


def _long_front(canvas: Canvas, head: Head) -> None:
    _side_locks(canvas, head, 0.03, 1.06, 0.36)


def _shoulder_front(canvas: Canvas, head: Head) -> None:
    _side_locks(canvas, head, -0.08, 0.66, 0.30, curl=0.045)


def _fringe(canvas: Canvas, head: Head) -> None:
    """A straight fringe down to the brows, in uneven tips."""
    w, low, tones = head.width, head.brow_y - 0.035, head.tones
    x = np.linspace(-0.74 * w, 0.74 * w, 15)
    jag = np.where(np.arange(15) % 2 == 0, 0.0, 0.026)
    hem = np.stack([x, low - jag + 0.05 * (np.abs(x) / w) ** 3], axis=1)
    top = head.crown_y + 0.05 if not _pressed(head) else -0.40
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
    if canvas.pixel > _FINE_PX:
        return
    tips = hem[1:14]
    roots, middles = tips * (0.62, 0) + (0, top + 0.07), tips * (0.92, 0.5) + (0, 0.5 * top)
    lines = head.on_face(curve(np.stack([roots, middles, tips], axis=1), samples=4))
    for k, band in enumerate(taper(lines, (0.001, 0.009, 0.002))):
        canvas.fill(
            band, mix(tones.hair, tones.hair_light, 0.4) if k % 2 else mix(tones.hair, tones.hair_dark, 0.6)
        )
    if not _pressed(head):
        x = np.linspace(-0.60 * w, 0.50 * w, 11)
        high = -0.385 + 0.25 * x**2
        jag = np.where(np.arange(11) % 2 == 0, 0.035, 0.070)
        band = np.concatenate([np.stack([x, high], axis=1), np.stack([x, high + jag], axis=1)[::-1]])
        canvas.fill(head.on_face(band), mix(tones.hair, tones.hair_light, 0.45))


def _bangs_front(canvas: Canvas, head: Head) -> None:
    _side_locks(canvas, head, 0.0, 1.06, 0.36)
    _fringe(canvas, head)


def _short_front(canvas: Canvas, head: Head) -> None:
    """A side part: a man's with volume and short sides, a woman's a pixie cut with a swept fringe."""
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
    _cap(canvas, head, line, 0.028, 0.055, (-0.16, h - 0.10))
    if head.person.traits.headwear in ("beanie",):
        return
    drop = 0.115 if woman else 0.030
    top = head.crown_y - (0.0 if _pressed(head) else 0.065)
    top = max(top, -0.40) if _pressed(head) else top
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
    _lock(
        canvas,
        head,
        a,
        b,
        strands=(0.2, 0.38, 0.56, 0.74, 0.9),
        shine=None if _pressed(head) else (0.38, 0.56),
        colours=(mix(tones.hair, tones.hair_light, 0.12), mix(tones.hair, tones.hair_dark, 0.3)),
    )
    left = [(-0.20, h - 0.05), (-w * 0.62, top + 0.14), (-w * 0.96, -0.22), (-w * 1.0, -0.04)]
    under = [(-0.19, h + 0.0), (-w * 0.68, h + 0.05), (-w * 0.88, -0.16), (-w * 0.90, -0.04)]
    _lock(canvas, head, head.on_face(left), head.on_face(under), strands=(0.3, 0.6), rim=False)


def _pulled_front(canvas: Canvas, head: Head) -> None:
    """Hair drawn back tight, with a few loose strands at the temples."""
    w, h = head.width, head.hairline_y
    line = [(-w * 0.99, 0.06), (-w * 0.90, -0.05), (-w * 0.74, h + 0.10), (-w * 0.36, h + 0.012), (0, h)]
    line += [(-x, y) for x, y in line[-2::-1]]
    _cap(canvas, head, line, 0.018, 0.025, (0.0, head.crown_y + 0.02), strands=11)
    if head.person.traits.presentation == "woman":
        for side in (-1, 1):
            wisp = [(w * 0.80, -0.14), (w * 0.93, 0.04), (w * 0.90, 0.22), (w * 0.97, 0.36)]
            strand = curve(_falls(head, wisp, side), samples=5)
            canvas.fill(taper(strand, [0.012, 0.030, 0.022, 0.003]), head.tones.hair)


def _curly_front(canvas: Canvas, head: Head) -> None:
    """A crown of curls over the forehead and at the temples."""
    tones, w, h = head.tones, head.width, head.hairline_y
    pressed, woman = _pressed(head), head.person.traits.presentation == "woman"
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
    if canvas.pixel > _FINE_PX:
        return
    inner = np.concatenate(
        [dome[1:-1] * 0.90 - (0, 0.01), dome[2:-2:2] * 0.72 - (0, 0.04), line[1:-1:2] * 1.03 + (0, -0.035)]
    )
    _rings(
        canvas, inner, 0.058, mix(tones.hair, tones.hair_dark, 0.6), mix(tones.hair, tones.hair_light, 0.5)
    )


def _braids_front(canvas: Canvas, head: Head) -> None:
    """A centre part and two plaits over the shoulders."""
    tones, w = head.tones, head.width
    _cap(
        canvas, head, _parted_sides(head, 0.0, 0.10), 0.022, 0.020, (0.0, head.hairline_y - 0.03), strands=10
    )
    far = 1 if head.sin > 0 else -1
    for side in (far, -far):
        outer = [(w * 0.97, -0.06), (w * 1.09, 0.06), (w * 1.14, 0.18), (w * 1.10, 0.30)]
        inner = [(w * 0.84, -0.02), (w * 0.88, 0.08), (w * 0.88, 0.18), (w * 0.90, 0.30)]
        slide = (0.06 * head.sin, 0.0)
        _lock(
            canvas,
            head,
            np.array(_mirror(outer, side)) + slide,
            np.array(_mirror(inner, side)) + slide,
            strands=(0.3, 0.65),
        )
        x0 = side * (w * 0.97) + 0.06 * head.sin
        for k in range(7):
            y = 0.27 + k * 0.115
            x = x0 + side * 0.03 * math.sin(k * 0.5)
            half = 0.082 - 0.004 * k
            colour = mix(tones.hair, tones.hair_light, 0.2) if k % 2 else tones.hair
            for leaf in (-1, 1):
                knot = [
                    (x, y + 0.11),
                    (x + leaf * half, y + 0.045),
                    (x + leaf * half * 0.85, y - 0.045),
                    (x - leaf * 0.01, y + 0.0),
                ]
                shape = curve(knot, closed=True, samples=4)
                canvas.stroke(shape, tones.hair_dark, 0.010, closed=True)
                canvas.fill(shape, colour)
        end = 0.27 + 7 * 0.115 - 0.01
        x = x0 + side * 0.03 * math.sin(3.5)
        band = [
            (x - 0.045, end - 0.03),
            (x + 0.045, end - 0.03),
            (x + 0.04, end + 0.02),
            (x - 0.04, end + 0.02),
        ]
        tuft = [
            (x - 0.04, end + 0.01),
            (x - 0.055, end + 0.10),
            (x, end + 0.14),
            (x + 0.055, end + 0.10),
            (x + 0.04, end + 0.01),
        ]
        canvas.fill(curve(tuft, closed=True, samples=3), tones.hair)
        canvas.fill(band, (206, 74, 84))


def _spiky_front(canvas: Canvas, head: Head) -> None:
    """Short spikes up from the crown and a ragged forehead."""
    tones, w, h = head.tones, head.width, head.hairline_y
    pressed = _pressed(head)
    spikes = 11
    turns = np.linspace(-math.pi - 0.12, 0.12, spikes * 2 + 1)
    outer = np.array([head.dome(t, t, 0.0, 0.0, 1)[0] for t in turns])
    if not pressed:
        far = np.array([0.215 if k % 4 == 1 else 0.165 for k in range(1, spikes * 2, 2)])
        along = np.sin(np.linspace(0.10, np.pi - 0.10, spikes)) * 0.8 + 0.28
        out = outer[1::2] - (head.skull_x, 0.05)
        lean = np.stack([0.05 + 0.0 * far, -0.02 * along], axis=1)
        outer[1::2] += out / np.linalg.norm(out, axis=1, keepdims=True) * (far * along)[:, None] + lean
        outer[::2] += (0.0, 0.0)
    x = np.linspace(-0.80 * w, 0.80 * w, 9)
    jag = np.array([0.06, -0.01, 0.085, 0.0, 0.075, 0.005, 0.085, -0.005, 0.06])
    front = np.stack([x, h + 0.015 + jag + 0.05 * (np.abs(x) / w) ** 2], axis=1)
    sides = [(-w * 0.995, 0.03), (-w * 0.91, 0.03), (-w * 0.89, -0.10)]
    line = head.on_face(np.concatenate([sides, front, [(-a, b) for a, b in sides[::-1]]]))
    shape = np.concatenate([outer, line[::-1]])
    canvas.stroke(shape, tones.hair_dark, 0.012, closed=True)
    canvas.fill(
        shape,
        mix(tones.hair, tones.hair_light, 0.30),
        shade=(mix(tones.hair, tones.hair_dark, 0.35), (-0.1, -0.66), (0.1, -0.1)),
    )
    if canvas.pixel > _FINE_PX or pressed:
        return
    for k in range(1, spikes * 2, 2):
        tip, root = outer[k], (outer[k - 1] + outer[k + 1]) / 2
        deep = root + (np.array([head.skull_x, -0.1]) - root) * 0.42
        dark = [outer[k + 1], tip * 0.86 + root * 0.14, deep]
        canvas.fill(dark, mix(tones.hair, tones.hair_dark, 0.45))
        line = taper(np.array([tip * 0.8 + root * 0.2, root, deep]), [0.001, 0.012, 0.001])
        canvas.fill(line + (-0.02, 0.0), tones.hair_light)


_Draw = Callable[[Canvas, Head], None]
_BACKS: Final[dict[str, _Draw]] = {
    "short": _nape,
    "shoulder-length": _shoulder_back,
    "long": _long_back,
    "long with bangs": _long_back,
    "curly": _curly_back,
    "bun": _bun_back,
    "ponytail": _tail_back,
    "braids": _nape,
}
_FRONTS: Final[dict[str, _Draw]] = {
    "short": _short_front,
    "shoulder-length": _shoulder_front,
    "long": _long_front,
    "long with bangs": _bangs_front,
    "curly": _curly_front,
    "bun": _pulled_front,
    "ponytail": _pulled_front,
    "braids": _braids_front,
    "spiky": _spiky_front,
}
