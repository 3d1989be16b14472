"""A head, drawn: the entry points of everything above the collar, and the face's skin, ears, nose and age.

Drawn in a local frame where the head's centre is (0, 0), chin to crown is about 1.0, and y points down.
`turn` in [-1, 1] turns the head (negative looks to the picture's left), `tilt` in [-1, 1] leans it.
Knows nothing about bodies.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

import numpy as np

from limner_world.canvas import Canvas
from limner_world.curves import Points, even
from limner_world.eyes import draw_brows, draw_eyes
from limner_world.hair import covers_ears, draw_hair_back, draw_hair_front
from limner_world.headgear import (
    draw_earrings,
    draw_glasses,
    draw_headwear_back,
    draw_headwear_front,
)
from limner_world.mouth import draw_mouth
from limner_world.palette import mix
from limner_world.person import Person
from limner_world.skull import MOST_TILT_RAD, Head, measure
from limner_world.strands import curve, grow, taper
from limner_world.whiskers import draw_whiskers

_NECK_Y = 0.42  # the head leans about this point


def draw_head_back(canvas: Canvas, person: Person, turn: float = 0.0, tilt: float = 0.0) -> None:
    """What lies behind neck and shoulders: long hair, the back of a hat's brim."""
    head = measure(person, turn)
    with _leaning(canvas, tilt):
        draw_headwear_back(canvas, head)
        draw_hair_back(canvas, head)


def draw_head_front(canvas: Canvas, person: Person, turn: float = 0.0, tilt: float = 0.0) -> None:
    """Head, face, front hair, glasses and headwear, over the body and its neck."""
    head = measure(person, turn)
    with _leaning(canvas, tilt):
        _ears(canvas, head, near=False)
        _skin(canvas, head)
        _ears(canvas, head, near=True)
        _age(canvas, head)
        _nose(canvas, head)
        _mole(canvas, head)
        draw_whiskers(canvas, head)
        draw_mouth(canvas, head)
        draw_eyes(canvas, head)
        draw_brows(canvas, head)
        draw_hair_front(canvas, head)
        draw_earrings(canvas, head)
        draw_glasses(canvas, head)
        draw_headwear_front(canvas, head)


def head_bounds(person: Person) -> tuple[float, float, float, float]:
    """The face without its hair, looking ahead: (x0, y0, x1, y1) in the head's frame, hairline to chin."""
    head = measure(person)
    widest = head.width + max(head.cheek, 0.0) * 0.5
    return -widest, head.hairline_y, widest, head.chin_y


@contextmanager
def _leaning(canvas: Canvas, tilt: float) -> Iterator[None]:
    """The head's frame, leaning about the top of the neck."""
    with canvas.at(0.0, _NECK_Y, rotation=tilt * MOST_TILT_RAD), canvas.at(0.0, -_NECK_Y):
        yield


def _skin(canvas: Canvas, head: Head) -> None:
    """The head's silhouette and the soft light on it."""
    tones, outline = head.tones, head.outline
    canvas.fill(grow(outline, 0.006), mix(tones.skin_line, tones.skin, 0.15))
    canvas.fill(outline, tones.skin_light, shade=(tones.skin, (-0.30, -0.30), (0.25, 0.22)))
    _side_shade(canvas, head)
    blush = {"baby": 0.85, "child": 0.7}.get(head.person.traits.age, 0.5)
    blush *= 1.0 if head.person.traits.presentation == "woman" or head.person.traits.age == "baby" else 0.7
    full = 0.080 + 0.45 * max(head.cheek, -0.02)
    for side in (-1, 1):
        x, y = head.spot(side * (head.eye_x + 0.055), head.eye_y + 0.135)
        canvas.glow(x, y, full * 1.25, full, tones.blush, alpha=blush)


def _side_shade(canvas: Canvas, head: Head) -> None:
    """Shade along the cheek and jaw away from the light."""
    tones, outline = head.tones, head.outline
    x, _ = head.spot(0.0, 0.3)
    rim = outline[(outline[:, 1] > -0.30) & (outline[:, 0] > x - 0.06)]
    inner = np.array((x, 0.05)) - rim
    inner *= _fade(len(rim))
    inner += rim
    canvas.fill(np.concatenate([rim, inner[::-1]]), mix(tones.skin, tones.skin_shade, 0.55))


@lru_cache(maxsize=64)
def _fade(count: int) -> Points:
    """How far inwards the shade goes along the rim: (count, 2) shares."""
    fade: Points = np.sin(even(0.0, np.pi, count))[:, None] ** 0.7 * (0.26, 0.20)
    return fade


_EAR_POINTS: Final = np.array(
    [(0, -0.62), (0.42, -1.02), (0.92, -0.72), (0.96, -0.10), (0.66, 0.48), (0.36, 0.98), (0.04, 0.72)]
) * (0.86, 1.06)
_EAR: Final = curve(_EAR_POINTS, closed=True, samples=5)
_EAR_FOLD: Final = curve(_EAR_POINTS[1:5] * 0.62 + (0.06, 0.0), samples=4)


def _ears(canvas: Canvas, head: Head, near: bool) -> None:
    """One ear, far (behind the head) or near (over it); looking ahead both lie behind."""
    if covers_ears(head):
        return
    tones, size = head.tones, head.ear
    for side in (-1, 1):
        away = side * head.sin > 0.0  # the ear on the side the face turns to
        over = abs(head.sin) > 0.12 and not away
        if over != near:
            continue
        y = 0.5 * (head.eye_y + head.nose_y) - 0.01
        x = (
            side * (head.width - 0.018) * (head.cos if not away else 1.0)
            + (0.10 if over else 0.03) * head.sin
        )
        if away:
            x -= side * 0.35 * abs(head.sin) * size
        place, scale = np.array((x, y)), np.array((side * size, size))
        shape, fold = _EAR * scale + place, _EAR_FOLD * scale + place
        if not over:
            canvas.fill(grow(shape, 0.006), mix(tones.skin_line, tones.skin, 0.15))
        canvas.fill(shape, tones.skin if side < 0 else mix(tones.skin, tones.skin_shade, 0.35))
        if over:
            canvas.fill(
                taper(shape[3:-4], (0.002, 0.010, 0.010, 0.002)), mix(tones.skin_line, tones.skin, 0.15)
            )
        canvas.fill(taper(fold, (0.004, 0.16 * size, 0.004)), mix(tones.skin_shade, tones.blush, 0.5))


_UNDER_NOSE: Final = curve(
    [
        (-1.0, -0.42),
        (-1.06, -0.12),
        (-0.80, 0.06),
        (-0.42, -0.02),
        (0.0, 0.20),
        (0.42, -0.02),
        (0.80, 0.06),
        (1.06, -0.12),
        (1.0, -0.42),
    ],
    samples=4,
) * (1.0, 0.92)


def _nose(canvas: Canvas, head: Head) -> None:
    """Bridge, tip and wings: a shaded side, a rosy tip with a light, and a line beneath."""
    tones, w, y = head.tones, head.nose_w, head.nose_y
    top = head.eye_y - 0.015
    side = 1 if head.sin >= 0 else -1
    middle = 0.55 * top + 0.45 * y
    plane = [
        (side * 0.020, top),
        (side * 0.022, middle),
        (side * w * 0.92, y - 0.018),
        (side * w * 0.30, y - 0.004),
    ]
    plane += [(side * w * 0.26, middle), (side * 0.034, top)]
    lift = 0.045
    canvas.fill(
        head.on_face(curve(plane, closed=True, samples=4), lift=lift * 0.8), tones.skin_shade, alpha=0.75
    )
    x, tip = head.spot(0.0, y - w * 0.55, lift=lift)
    rosy = mix(tones.skin, tones.blush, 0.75)
    canvas.glow(x, tip + 0.01, w * 1.45, w * 1.2, rosy, alpha=0.8)
    canvas.ellipse(
        x - w * 0.14, tip - w * 0.22, w * 0.24, w * 0.17, mix(tones.skin_light, (255, 246, 230), 0.14)
    )
    line = _UNDER_NOSE * w + (0.0, y)
    canvas.fill(
        head.on_face(taper(line, (0.003, 0.019, 0.016, 0.014, 0.016, 0.019, 0.003)), lift=lift),
        tones.skin_line,
    )
    for s in (-1, 1):
        x, _ = head.spot(s * w * 0.48, y, lift=lift)
        canvas.ellipse(x, y - 0.002, w * 0.20 * head.cos, w * 0.11, mix(tones.skin_line, (70, 20, 24), 0.45))


def _mole(canvas: Canvas, head: Head) -> None:
    x, y, radius = head.mole
    px, py = head.spot(x, y)
    colour = mix(head.tones.skin, (64, 30, 24), 0.82 if sum(head.tones.skin) > 330 else 0.9)
    canvas.ellipse(px, py, radius * head.cos, radius, colour)


def _age(canvas: Canvas, head: Head) -> None:
    """Folds beside nose and mouth, forehead lines, and the soft jaw of old age."""
    age = head.person.traits.age
    if age not in ("middle-aged", "elderly"):
        return
    tones, elderly = head.tones, age == "elderly"
    line = mix(tones.skin_line, tones.skin, 0.38 if elderly else 0.6)
    wide = 0.012 if elderly else 0.010
    w, out, nose, mouth = max(head.mouth_w, head.nose_w + 0.03), head.nose_w * 1.18, head.nose_y, head.mouth_y
    folds = [(out, nose - 0.035), (out + 0.030, nose + 0.010)]
    folds += [(0.35 * out + 0.65 * w + 0.030, 0.5 * (nose + mouth)), (w + 0.030, mouth - 0.012)]
    _creases(canvas, head, [folds, [(-x, y) for x, y in folds]], wide, line)
    if elderly:
        low = [(w + 0.010, mouth + 0.040), (w + 0.014, mouth + 0.075), (w - 0.004, mouth + 0.105)]
        cheek = [(0.262, nose), (0.250, nose + 0.05), (0.228, nose + 0.09)]
        _creases(canvas, head, [low, [(-x, y) for x, y in low]], 0.010, line)
        _creases(canvas, head, [cheek, [(-x, y) for x, y in cheek]], 0.007, mix(line, tones.skin, 0.3))
    top, low_y = head.hairline_y + 0.05, head.brow_y - 0.045
    rows = [top + (low_y - top) * share for share in ((0.30, 0.62, 0.92) if elderly else (0.85,))]
    brows = [
        [(-0.17, y + 0.012), (-0.08, y - 0.004), (0.0, y + 0.006), (0.08, y - 0.004), (0.17, y + 0.012)]
        for y in rows
    ]
    _creases(canvas, head, brows, wide * 0.75, line)


def _creases(
    canvas: Canvas,
    head: Head,
    lines: list[list[tuple[float, float]]],
    width: float,
    colour: tuple[int, int, int],
) -> None:
    canvas.fill(tuple(head.on_face(taper(curve(lines, samples=4), (0.001, width, 0.001)))), colour)
