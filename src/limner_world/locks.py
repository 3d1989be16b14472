"""What all hair is made of: locks with strands and shine, the cap on the skull, the nape.

Knows how hair lies on a turned head. Knows no hair style.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from limner_world.canvas import RGB, Canvas
from limner_world.curves import Points, even
from limner_world.palette import mix
from limner_world.skull import Head
from limner_world.strands import curve, grow, taper, tuft

FINE_PX: Final = 0.0165  # strands are left out where one pixel is more than this of a head
_PRESSING: Final = ("beanie", "cap", "sun hat", "tricorne hat")


def is_pressed(head: Head) -> bool:
    """Whether a hat presses the hair down."""
    return head.person.traits.headwear in _PRESSING


def draw_lock(
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

    `strands` are lines between the edges (0 the first, 1 the second); `shine` is a light band between two
    shares of the lock's length; `colours` run from root to tip.
    """
    tones = head.tones
    a, b = curve(np.array([first, second]), samples=6)
    outline = np.concatenate([a, b[::-1]])
    root, tip = colours if colours else (tones.hair, mix(tones.hair, tones.hair_dark, 0.55))
    if rim:
        canvas.fill(grow(outline, 0.005), tones.hair_dark)
    heights = outline[:, 1]
    canvas.fill(outline, root, shade=(tip, (0.0, float(heights.min())), (0.0, float(heights.max()))))
    if canvas.pixel > FINE_PX:
        return
    way = b - a
    if shine is not None:
        rows, shares = _band(len(a), shine)
        canvas.fill(a[rows] + way[rows] * shares, mix(root, tones.hair_light, 0.40))
    lines = a + way * _shares(tuple(strands))
    dark, light = tuft(lines[::2, :-1], _STRAND), tuft(lines[1::2, :-3], _STRAND)
    canvas.fill(dark, mix(root, tones.hair_dark, 0.75))
    canvas.fill(light, mix(root, tones.hair_light, 0.40))


@lru_cache(maxsize=64)
def _shares(strands: tuple[float, ...]) -> NDArray[np.float64]:
    return np.array(strands)[:, None, None]


@lru_cache(maxsize=64)
def _band(count: int, span: tuple[float, float]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """A jagged band of light across a lock with edges `count` points long: for each point of its outline, the
    edges' row, and how far from the first edge to the second it lies.
    """
    last = count - 1
    start, end = round(span[0] * last), max(round(span[1] * last), round(span[0] * last) + 2)
    jags = [(end - start) * (0.28 if k % 2 else 0.0) for k in range(9)]
    upper = [min(int(start + jag * 0.6), last) for jag in jags]
    lower = [max(int(end - jag), 0) for jag in jags]
    shares = even(0.12, 0.88, 9)
    return np.array(upper + lower[::-1]), np.concatenate([shares, shares[::-1]])[:, None]


_STRAND: Final = (0.001, 0.009, 0.001)
_SWELL: Final = np.sin(even(0, np.pi, 15))[:, None]


def draw_cap(
    canvas: Canvas,
    head: Head,
    hairline: ArrayLike,
    side: float,
    top: float,
    part: tuple[float, float],
    strands: int = 9,
) -> None:
    """The hair on the skull, between the dome, grown by `side` and `top`, and a hairline from ear to ear.

    `hairline` runs from left to right; `part` is where strands start, on the face seen straight on.
    """
    tones = head.tones
    pressed = is_pressed(head)
    if pressed:
        side, top = min(side, 0.02), min(top, 0.015)
    line = head.on_face(curve(hairline, samples=5))
    dome = head.dome(-math.pi - 0.42, 0.42, side, top)
    across = line[:, 0]
    np.maximum(across, dome[:, 0].min() + 0.004, out=across)
    np.minimum(across, dome[:, 0].max() - 0.004, out=across)
    shape = np.concatenate([dome, line[::-1]])
    canvas.fill(grow(shape, 0.005), tones.hair_dark)
    canvas.fill(
        shape,
        mix(tones.hair, tones.hair_light, 0.22),
        shade=(mix(tones.hair, tones.hair_dark, 0.35), (-0.12, -0.52), (0.16, 0.10)),
    )
    if canvas.pixel > FINE_PX:
        return
    # A crescent of light below the crown, then strands from the part to the edge.
    if not pressed:
        band = head.dome(-math.pi * 0.90, -math.pi * 0.42, side - 0.035, top - 0.035, 15)
        low = head.dome(-math.pi * 0.90, -math.pi * 0.42, side - 0.085, top - 0.105, 15)
        canvas.fill(
            np.concatenate([band, (band + (low - band) * _SWELL)[::-1]]),
            mix(tones.hair, tones.hair_light, 0.52),
        )
    root = head.spot(*part)
    ways = np.empty((strands, 3, 2))
    between = head.dome(-math.pi * 0.85, -math.pi * 0.15, side - 0.25 * head.width, top - 0.10, strands)
    ways[:, 0] = root
    np.add(between * 0.7, (0.3 * root[0], 0.3 * root[1]), out=ways[:, 1])
    ways[:, 2] = head.dome(-math.pi + 0.28, -0.28, side - 0.02, top - 0.02, strands)
    bands = tuple(taper(curve(ways, samples=4)[:, 2:], (0.001, 0.008, 0.001)))
    canvas.fill(bands[::3] + bands[2::3], mix(tones.hair, tones.hair_dark, 0.62))
    canvas.fill(bands[1::3], mix(tones.hair, tones.hair_light, 0.42))


def mirror(points: Sequence[tuple[float, float]], side: int) -> list[tuple[float, float]]:
    """The points themselves (side 1) or on the other side of the head (side -1)."""
    return [(x * side, y) for x, y in points]


def beside_face(head: Head, points: Sequence[tuple[float, float]], side: int) -> Points:
    """Control points of a lock beside the face: on the face above, hanging freely below it."""
    flat = np.array(points, dtype=np.float64) * (side, 1)
    moved = head.on_face(flat)
    share = flat[:, 1:] - 0.05
    share /= 0.45
    np.maximum(share, 0.0, out=share)
    np.minimum(share, 1.0, out=share)
    flat[:, 0] += 0.05 * head.sin
    flat -= moved
    flat *= share
    moved += flat
    return moved


def draw_nape(canvas: Canvas, head: Head) -> None:
    """Short hair seen behind the neck."""
    w = head.width
    right = [(w * 0.88, -0.22), (w * 0.90, 0.06), (w * 0.74, 0.25), (w * 0.52, 0.37), (0.20 * w, 0.40)]
    points = np.array([*right, *mirror(right[::-1], -1)]) + np.array((head.skull_x * 1.8, 0.0))
    canvas.fill(curve(points, closed=True), mix(head.tones.hair, head.tones.hair_dark, 0.6))
