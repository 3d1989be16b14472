"""Eyes and brows: open, closed, laughing, winking; lashes, eye shadow, bags and crow's feet.

Knows how one eye is built from two lid curves. Knows nothing of the rest of the face.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from limner.world.canvas import RGB, Canvas
from limner.world.curves import Points, arc, even, oval, pairs
from limner.world.layers import Layer, paint_on_face
from limner.world.palette import mix
from limner.world.skull import Head
from limner.world.strands import taper

_U: Final = even(-1, 1, 15)  # along the eye: -1 its inner corner, 1 its outer corner
_UPPER: Final = np.clip(1 - np.abs(_U - 0.04) ** 2.3, 0, None) * (1 - 0.04 * _U)
_LOWER: Final = np.clip(1 - np.abs(_U) ** 2.0, 0, None) ** 0.85
_DROOP: Final = 0.30 * np.clip(_U, 0, 1) ** 2 * _UPPER
_SHADOW: Final = pairs(0 * _U, 0.30 * np.sqrt(_UPPER))
# Parts of the eye in iris radii.
_RING: Final = oval(0.0, 0.0, 1.0, 1.04)[::2]
_DISC: Final = oval(0.0, 0.05, 0.84, 0.84)[::2]
_GLINT: Final = arc(0.0, 0.06, 0.74, 0.72, 0.25, np.pi - 0.25, 11)
_PUPIL: Final = oval(0.0, 0.0, 0.43, 0.46)[::2]
_LIGHT: Final = oval(-0.30, -0.34, 0.27, 0.27)[::3]
_SPARK: Final = oval(0.36, 0.38, 0.13, 0.13)[::4]
_LASH: Final[RGB] = (44, 28, 32)
_FINE: Final = 0.016  # the smallest lights are left out where one pixel is more than this of a head
_GOTH: Final[RGB] = (46, 30, 52)
_OPENNESS: Final = {"surprised": 1.22, "smiling": 0.94, "sad": 0.88, "sticking out the tongue": 0.98}


def draw_eyes(canvas: Canvas, head: Head) -> None:
    """Both eyes; the far one first."""
    near = 1 if head.sin <= 0 else -1
    for side in (-near, near):
        _eye(canvas, head, side)


def _eye(canvas: Canvas, head: Head, side: int) -> None:
    expression = head.person.traits.expression
    if head.person.traits.make_up == "goth makeup":
        _eye_shadow(canvas, head, side)
    if head.person.traits.age in ("middle-aged", "elderly"):
        _age_lines(canvas, head, side)
    if expression == "laughing" or (expression == "winking" and side == 1):
        _shut(canvas, head, side, bend=-0.62)
    elif expression == "eyes closed":
        _shut(canvas, head, side, bend=0.50)
    else:
        _open_eye(canvas, head, side, _OPENNESS.get(expression, 1.0))


def _lid(head: Head, side: int, heights: NDArray[np.float64], reach: float = 1.0) -> Points:
    """A curve along the eye, inner to outer corner, `heights` below its axis; the face seen straight on."""
    x = head.eye_x + _U * head.eye_w * reach
    tilt = head.eye_tilt + (-0.22 if head.person.traits.expression == "sad" else 0.0)
    y = head.eye_y + heights - _U * head.eye_w * reach * tilt
    return pairs(side * x, y)


def _open_eye(canvas: Canvas, head: Head, side: int, openness: float) -> None:
    h, tones, fine = head.eye_h, head.tones, canvas.pixel < _FINE
    elderly = head.person.traits.age == "elderly"
    arch = _UPPER - _DROOP if elderly else _UPPER
    smiling = head.person.traits.expression in ("smiling", "sticking out the tongue", "winking")
    upper = _lid(head, side, -h * openness * arch)
    lower = _lid(head, side, h * (0.50 if smiling else 0.62) * min(openness, 1.1) * _LOWER)
    white = (255, 252, 248)
    layers: list[Layer] = [(np.concatenate([upper, lower[::-1]]), white)]
    if fine:
        shadow = (upper + _SHADOW * h)[::-1]
        layers.append((np.concatenate([upper, shadow]), mix(white, tones.skin_line, 0.34)))
    layers += _iris(head, side, upper, lower, fine)
    if fine:
        under = taper(lower[3:], [0.002, 0.009, 0.010])
        layers.append((under, mix(tones.skin_line, tones.skin, 0.25)))
    crease = _lid(head, side, -h * openness * arch - 0.020 - 0.006 * _UPPER)[2:-1]
    layers.append((taper(crease, [0.001, 0.009, 0.004]), mix(tones.skin_line, tones.skin, 0.3)))
    paint_on_face(canvas, head, layers + _lashes(head, side, upper))


def _iris(head: Head, side: int, upper: Points, lower: Points, fine: bool) -> list[Layer]:
    """Iris, pupil and light, held between the lids."""
    tones, radius = head.tones, 0.86 * head.eye_h
    middle = np.array([side * head.eye_x + 0.012 * head.turn, head.eye_y - 0.10 * head.eye_h])
    dark, bright = mix(tones.iris, (24, 16, 30), 0.52), mix(tones.iris, (255, 255, 236), 0.34)
    discs = [(_RING, dark), (_DISC, mix(tones.iris, dark, 0.18)), (_GLINT, bright), (_PUPIL, (22, 15, 20))]
    points = np.concatenate([disc for disc, _ in discs]) * radius + middle
    order = slice(None, None, side)
    xs = upper[order, 0]
    points[:, 1] = np.clip(
        points[:, 1],
        np.interp(points[:, 0], xs, upper[order, 1]),
        np.interp(points[:, 0], xs, lower[order, 1]),
    )
    layers: list[Layer] = []
    start = 0
    for disc, colour in discs:
        layers.append((points[start : start + len(disc)], colour))
        start += len(disc)
    layers.append((_LIGHT * radius + middle, (255, 255, 255)))
    if fine:
        layers.append((_SPARK * radius + middle, mix(bright, (255, 255, 255), 0.8)))
    return layers


def _lashes(head: Head, side: int, upper: Points) -> list[Layer]:
    """The dark line of the upper lid; a woman's sweeps out into lashes, a man's is thin."""
    traits = head.person.traits
    woman = traits.presentation == "woman" and traits.age != "baby"
    strong = 1.3 if traits.make_up == "goth makeup" else 1.0
    lash = mix(_LASH, head.tones.brow, 0.25)
    if not woman:
        width = 0.012 if traits.age in ("baby", "child") else 0.014
        return [(taper(upper, [0.006 * strong, width * strong, width * strong * 0.8]), lash)]
    line = np.concatenate([upper, [upper[-1] + (side * 0.026, -0.020)]])
    layers: list[Layer] = [
        (taper(line, [0.004, 0.016 * strong, 0.021 * strong, 0.021 * strong, 0.002]), lash)
    ]
    for at, length in ((-3, 0.026), (-5, 0.022)):
        hair = np.array([(-0.008, 0.0), (length * 0.62, -length), (0.008, 0.004)])
        layers.append((hair * (side, 1) + upper[at], lash))
    return layers


def _shut(canvas: Canvas, head: Head, side: int, bend: float) -> None:
    """A closed eye: one dark curve, `bend` eye heights down (asleep) or up (laughing)."""
    traits = head.person.traits
    woman = traits.presentation == "woman" and traits.age != "baby"
    bow = 1 - _U**2
    line = _lid(head, side, head.eye_h * (bend * bow + (0.1 if bend > 0 else 0.3)), reach=1.04)
    width = 0.024 if woman else 0.019
    layers: list[Layer] = [(taper(line, [0.004, width, width, 0.004]), _LASH)]
    if bend > 0:
        lid = _lid(head, side, head.eye_h * (-0.62 * bow - 0.05))
        layers.append((taper(lid[2:-2], [0.001, 0.009, 0.001]), head.tones.skin_line))
    if woman:
        down = 1 if bend > 0 else -1
        hair = np.array([(-0.008, 0.0), (0.020, down * 0.026), (0.008, 0.0)]) * (side, 1)
        layers += [(hair + line[at], _LASH) for at in (-2, -4, -6)]
    paint_on_face(canvas, head, layers)


def _eye_shadow(canvas: Canvas, head: Head, side: int) -> None:
    """Goth make-up: a dark smoky field around the eye."""
    above = _lid(head, side, -head.eye_h * 1.0 * _UPPER - 0.040 * (1 - 0.25 * _U**2), reach=1.18)
    below = _lid(head, side, head.eye_h * 0.62 * _LOWER + 0.024 * (1 - _U**2), reach=1.12)
    canvas.fill(head.on_face(np.concatenate([above, below[::-1]])), _GOTH, alpha=0.74)


def _age_lines(canvas: Canvas, head: Head, side: int) -> None:
    """Bags under the eyes, and crow's feet in old age."""
    tones, elderly = head.tones, head.person.traits.age == "elderly"
    line = mix(tones.skin_line, tones.skin, 0.30 if elderly else 0.5)
    bag = _lid(head, side, head.eye_h * 0.60 * _LOWER + 0.030 + 0.012 * (1 - _U**2), reach=0.92)
    canvas.fill(head.on_face(taper(bag[1:-3], [0.001, 0.010, 0.001])), line)
    if elderly:
        x, y = head.eye_x + head.eye_w * 1.18, head.eye_y
        feet = [
            [(side * x, y + rise * 0.4), (side * (x + 0.026), y + rise), (side * (x + 0.045), y + rise * 1.7)]
            for rise in (-0.030, 0.0, 0.030)
        ]
        for band in head.on_face(taper(feet, [0.008, 0.007, 0.001])):
            canvas.fill(band, line)


def draw_brows(canvas: Canvas, head: Head) -> None:
    """Both brows, shaped by identity, moved by expression."""
    expression = head.person.traits.expression
    raised = {"surprised": 0.040, "laughing": 0.014, "smiling": 0.006, "sad": 0.0}.get(expression, 0.0)
    u = even(-1, 1, 11)
    goth = head.person.traits.make_up == "goth makeup"
    colour = mix(head.tones.brow, (24, 18, 26), 0.7) if goth else head.tones.brow
    if head.person.traits.age == "baby":
        colour = mix(colour, head.tones.skin, 0.35)
    layers: list[Layer] = []
    for side in (-1, 1):
        lift = raised + (0.012 if expression == "winking" and side == -1 else 0.0)
        sad = 0.030 if expression == "sad" else 0.0
        reach = head.eye_w * 1.10
        x = head.eye_x + 0.006 + u * reach
        y = head.brow_y - lift - u * reach * head.brow_tilt + sad * u
        y = y - head.brow_arch * (1 - ((u - 0.25) / 1.25) ** 2)
        line = pairs(side * x, y)
        layers.append((taper(line, [head.brow * k for k in (0.80, 1.0, 0.92, 0.66, 0.12)]), colour))
    paint_on_face(canvas, head, layers)
