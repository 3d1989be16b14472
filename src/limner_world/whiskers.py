"""Facial hair: stubble, beard, mustache.

Knows the jaw's shape from the head's measures. Knows nothing of the hair on top.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from limner_world.canvas import Canvas
from limner_world.curves import Points, pairs
from limner_world.palette import mix
from limner_world.skull import Head
from limner_world.strands import curve, taper


def draw_whiskers(canvas: Canvas, head: Head) -> None:
    """The person's facial hair; none for none."""
    kind = head.person.traits.facial_hair
    if kind == "none":
        return
    if kind == "stubble":
        _stubble(canvas, head)
        return
    if kind != "mustache":
        _beard(canvas, head, full=kind == "beard and mustache")
    if kind != "beard":
        _mustache(canvas, head)


def _jaw(head: Head, grow: float) -> Points:
    """The lower outline from the right ear under the chin to the left ear, grown outwards by `grow`."""
    rim = head.outline[head.outline[:, 1] > 0.10]
    middle, _ = head.spot(0.0, 0.2)
    out = rim - (middle, 0.15)
    length = np.maximum(np.hypot(out[:, 0], out[:, 1])[:, None], 1e-6)
    low = np.minimum((rim[:, 1:] - 0.10) / 0.25, 1.0)
    return np.asarray(rim + out / length * grow * low * (0.7, 1.25))


def _field(head: Head, grow: float, cheek: float = 0.0, lip: bool = True) -> Points:
    """Where a beard grows: from the jaw up to the cheeks and the upper lip, or (not `lip`) below the lips."""
    rim = _jaw(head, grow)
    m, w = head.mouth_y, head.mouth_w
    upper = [(-head.width * 0.985, 0.10), (-head.width * 0.90, 0.20), (-w - 0.075 - cheek, m - 0.075 - cheek)]
    if lip:
        upper += [
            (-w - 0.020, m - 0.060),
            (-w * 0.55, m - 0.025 - 0.5 * cheek),
            (0.0, m - 0.015 - 0.5 * cheek),
        ]
    else:
        low = m + head.lip + 0.018
        upper += [(-w - 0.030, m - 0.005), (-w * 0.72, low + 0.020), (-w * 0.22, low + 0.010), (0.0, low)]
    line = curve(upper + [(-x, y) for x, y in upper[-2::-1]], samples=4)
    return np.concatenate([rim, head.on_face(line)])


def _stubble(canvas: Canvas, head: Head) -> None:
    """A gray-brown bloom over jaw and upper lip, with short dots."""
    tones = head.tones
    shade = mix(mix(tones.hair_dark, (70, 66, 74), 0.4), tones.skin_shade, 0.1)
    field = _field(head, 0.0, 0.035)
    canvas.fill(field, shade, alpha=0.34)
    lip = [(-1.0, 0.0), (-0.72, -0.62), (0.0, -0.84), (0.72, -0.62), (1.0, 0.0)]
    across = np.array(lip) * (head.mouth_w * 1.05, head.mouth_y - head.nose_y - 0.012) + (0.0, head.mouth_y)
    canvas.fill(head.on_face(across), shade, alpha=0.34)
    if canvas.pixel > 0.016:
        return
    dot = mix(mix(tones.skin, shade, 0.62), (30, 24, 28), 0.15)
    x, y = _scatter(64)
    px, py = x * (head.jaw + 0.03), head.mouth_y - 0.05 + y * (head.chin_y - head.mouth_y + 0.05)
    reach = head.jaw + 0.05 - 0.55 / 0.17 * head.jaw * np.maximum(py - 0.33, 0.0)
    far = np.abs(px)
    grown = (far < reach) & ((far > head.mouth_w * 1.05) | (py > head.mouth_y + 0.055))
    places = head.on_face(pairs(px[grown], py[grown]))
    canvas.fill(tuple(places[:, None] + _DOT), dot)


_DOT: Final = np.array([(-0.002, -0.005), (0.003, -0.004), (0.002, 0.005)])


@lru_cache(maxsize=4)
def _scatter(count: int) -> tuple[Points, Points]:
    """Evenly spread places in [-1, 1] x [0, 1] (a plastic-number sequence): (count,) each."""
    n = np.arange(1.0, count + 1)
    return np.asarray(2 * (n * 0.7548776662 % 1) - 1), np.asarray(n * 0.5698402910 % 1)


def _beard(canvas: Canvas, head: Head, full: bool) -> None:
    """Around the jaw; `full` also encloses the mouth, which a mustache then completes."""
    tones = head.tones
    low = head.chin_y
    canvas.fill(
        _field(head, 0.055, lip=full), tones.hair, shade=(tones.hair_dark, (-0.15, 0.2), (0.2, low + 0.08))
    )
    _bristles(canvas, head)
    if not full:
        return
    # The lower lip's patch of skin keeps the mouth readable.
    y = head.mouth_y + head.lip * 1.0
    mouth = np.array(
        [(-1.02, -0.4), (-0.5, 0.55), (0, 0.75), (0.5, 0.55), (1.02, -0.4), (0.4, -1.0), (-0.4, -1.0)]
    )
    opening = mouth * (head.mouth_w * 1.12, 0.034) + (0.0, y)
    canvas.fill(
        head.on_face(curve(opening, closed=True, samples=4)), mix(tones.skin_shade, tones.hair_dark, 0.35)
    )


def _bristles(canvas: Canvas, head: Head) -> None:
    if canvas.pixel > 0.02:
        return
    tones = head.tones
    rim = _jaw(head, 0.045)
    middle, _ = head.spot(0.0, 0.2)
    light = mix(tones.hair, tones.hair_light, 0.45)
    ends = rim[3:-3:3]
    low = ends[:, 1] >= 0.24
    starts = ends * 0.66 + (0.34 * 0.4 * middle, 0.34 * 0.20)
    hairs = np.stack([starts, (starts + ends) / 2 + (0.012, 0.0), ends], axis=1)
    bands = taper(hairs, (0.002, 0.012, 0.002))
    odd = np.arange(len(ends)) % 2 == 0  # every third point of the rim, from the fourth on
    canvas.fill(tuple(bands[low & ~odd]), tones.hair_dark)
    canvas.fill(tuple(bands[low & odd]), light)


def _mustache(canvas: Canvas, head: Head) -> None:
    tones = head.tones
    full = head.mouth_w * 1.22
    top, low = head.nose_y + 0.018, head.mouth_y + 0.004
    tall = max(low - top, 0.045)
    for side in (-1, 1):
        half = np.array(
            [
                (0.0, 0.12),
                (0.30, 0.0),
                (0.68, 0.34),
                (1.02, 1.12),
                (0.86, 1.10),
                (0.50, 0.86),
                (0.18, 0.92),
                (0.0, 0.72),
            ]
        ) * (side * full, tall) + (0.0, top)
        shape = head.on_face(curve(half, closed=True, samples=4), lift=0.04)
        canvas.fill(shape, mix(tones.hair, tones.hair_dark, 0.15 if side < 0 else 0.4))
        strand = np.array([(0.08, 0.30), (0.42, 0.36), (0.84, 0.92)]) * (side * full, tall) + (0.0, top)
        line = curve(strand, samples=4)
        canvas.fill(
            head.on_face(taper(line, [0.003, 0.014, 0.002]), lift=0.04),
            mix(tones.hair, tones.hair_light, 0.4),
        )
