"""Eyes and brows: open, closed, laughing, winking; lashes, eye shadow, bags and crow's feet.

Knows how one eye is built from two lid curves. Knows nothing of the rest of the face.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from limner.world.canvas import RGB, Canvas, Points, oval
from limner.world.palette import mix
from limner.world.skull import Head
from limner.world.strands import taper

_U: Final = np.linspace(-1, 1, 15)  # along the eye: -1 its inner corner, 1 its outer corner
_UPPER: Final = np.clip(1 - np.abs(_U - 0.04) ** 2.3, 0, None) * (1 - 0.04 * _U)
_LOWER: Final = np.clip(1 - np.abs(_U) ** 2.0, 0, None) ** 0.85
_LASH: Final[RGB] = (44, 28, 32)
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
    """A curve along the eye, `heights` below its axis in head units, on the face seen straight on: inner to outer."""
    x = head.eye_x + _U * head.eye_w * reach
    tilt = head.eye_tilt + (-0.22 if head.person.traits.expression == "sad" else 0.0)
    y = head.eye_y + heights - _U * head.eye_w * reach * tilt
    return np.stack([side * x, y], axis=1)


def _open_eye(canvas: Canvas, head: Head, side: int, openness: float) -> None:
    h, tones = head.eye_h, head.tones
    elderly = head.person.traits.age == "elderly"
    droop = 0.30 * np.clip(_U, 0, 1) ** 2 * _UPPER if elderly else 0.0
    smiling = head.person.traits.expression in ("smiling", "sticking out the tongue", "winking")
    upper = _lid(head, side, -h * openness * (_UPPER - droop))
    lower = _lid(head, side, h * (0.50 if smiling else 0.62) * min(openness, 1.1) * _LOWER)
    up, low = head.on_face(upper), head.on_face(lower)
    canvas.fill(np.concatenate([up, low[::-1]]), (255, 252, 248))
    _iris(canvas, head, side, upper, lower)
    canvas.fill(head.on_face(taper(lower[3:], [0.002, 0.009, 0.010])), mix(tones.skin_line, tones.skin, 0.25))
    crease = _lid(head, side, -h * openness * (_UPPER - droop) - 0.020 - 0.006 * _UPPER)
    canvas.fill(
        head.on_face(taper(crease[2:-1], [0.001, 0.009, 0.004])), mix(tones.skin_line, tones.skin, 0.3)
    )
    _lashes(canvas, head, side, upper)


def _iris(canvas: Canvas, head: Head, side: int, upper: Points, lower: Points) -> None:
    """Iris, pupil and light, held between the lids."""
    tones = head.tones
    radius = 0.86 * head.eye_h
    cx, cy = side * head.eye_x + 0.012 * head.turn, head.eye_y - 0.10 * head.eye_h
    order = slice(None) if side == 1 else slice(None, None, -1)
    xs, top, bottom = upper[order, 0], upper[order, 1], lower[order, 1]

    def between(points: Points) -> Points:
        x = points[:, 0]
        y = np.clip(points[:, 1], np.interp(x, xs, top), np.interp(x, xs, bottom))
        return head.on_face(np.stack([x, y], axis=1))

    dark, bright = mix(tones.iris, (24, 16, 30), 0.52), mix(tones.iris, (255, 255, 236), 0.34)
    canvas.fill(between(oval(cx, cy, radius, radius * 1.04)), dark)
    inner = between(oval(cx, cy, radius * 0.84, radius * 0.88))
    y0, y1 = cy - radius * 0.6, cy + radius * 0.8
    canvas.fill(inner, mix(tones.iris, dark, 0.35), shade=(bright, (0.0, y0), (0.0, y1)))
    canvas.fill(between(oval(cx, cy, radius * 0.43, radius * 0.46)), (22, 15, 20))
    shadow = np.concatenate([upper, (upper + (0.0, 0.26 * head.eye_h) * np.sqrt(_UPPER)[:, None])[::-1]])
    canvas.fill(head.on_face(shadow), mix(tones.skin_line, (60, 40, 60), 0.5), alpha=0.32)
    x, y = head.spot(cx - 0.30 * radius, cy - 0.34 * radius)
    canvas.ellipse(x, y, radius * 0.27, radius * 0.27, (255, 255, 255))
    x, y = head.spot(cx + 0.34 * radius, cy + 0.36 * radius)
    canvas.ellipse(x, y, radius * 0.13, radius * 0.13, (255, 255, 255), alpha=0.85)


def _lashes(canvas: Canvas, head: Head, side: int, upper: Points) -> None:
    """The dark line of the upper lid; a woman's sweeps out into lashes, a man's is thin."""
    traits = head.person.traits
    woman = traits.presentation == "woman" and traits.age != "baby"
    strong = 1.3 if traits.make_up == "goth makeup" else 1.0
    lash = mix(_LASH, head.tones.brow, 0.25)
    if not woman:
        width = 0.012 if traits.age in ("baby", "child") else 0.014
        canvas.fill(head.on_face(taper(upper, [0.006 * strong, width * strong, width * strong * 0.8])), lash)
        return
    tip = upper[-1] + (side * 0.026, -0.020)
    line = np.concatenate([upper, [tip]])
    widths = [0.004, 0.016 * strong, 0.021 * strong, 0.021 * strong, 0.002]
    canvas.fill(head.on_face(taper(line, widths)), lash)
    for at, length in ((-3, 0.026), (-5, 0.022)):
        root = upper[at]
        point = root + (side * length * 0.62, -length)
        canvas.fill(head.on_face([root - (side * 0.008, 0.0), point, root + (side * 0.008, 0.004)]), lash)


def _shut(canvas: Canvas, head: Head, side: int, bend: float) -> None:
    """A closed eye: one dark curve, `bend` eye heights down (asleep) or up (laughing)."""
    traits = head.person.traits
    woman = traits.presentation == "woman" and traits.age != "baby"
    arc = 1 - _U**2
    line = _lid(head, side, head.eye_h * (bend * arc + (0.1 if bend > 0 else 0.3)), reach=1.04)
    width = 0.024 if woman else 0.019
    canvas.fill(head.on_face(taper(line, [0.004, width, width, 0.004])), _LASH)
    if bend > 0:
        lid = _lid(head, side, head.eye_h * (-0.62 * arc - 0.05))
        canvas.fill(head.on_face(taper(lid[2:-2], [0.001, 0.009, 0.001])), head.tones.skin_line)
    if woman:
        for at in (-2, -4, -6):
            root, down = line[at], (1 if bend > 0 else -1)
            point = root + (side * 0.020, down * 0.026)
            canvas.fill(head.on_face([root - (side * 0.008, 0.0), point, root + (side * 0.008, 0.0)]), _LASH)


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
        for rise in (-0.030, 0.0, 0.030):
            foot = [
                (side * x, y + rise * 0.4),
                (side * (x + 0.026), y + rise),
                (side * (x + 0.045), y + rise * 1.7),
            ]
            canvas.fill(head.on_face(taper(foot, [0.008, 0.007, 0.001])), line)


def draw_brows(canvas: Canvas, head: Head) -> None:
    """Both brows, shaped by identity, moved by expression."""
    expression = head.person.traits.expression
    raised = {"surprised": 0.040, "laughing": 0.014, "smiling": 0.006, "sad": 0.0}.get(expression, 0.0)
    u = np.linspace(-1, 1, 11)
    goth = head.person.traits.make_up == "goth makeup"
    colour = mix(head.tones.brow, (24, 18, 26), 0.7) if goth else head.tones.brow
    if head.person.traits.age == "baby":
        colour = mix(colour, head.tones.skin, 0.35)
    for side in (-1, 1):
        lift = raised + (0.012 if expression == "winking" and side == -1 else 0.0)
        sad = 0.030 if expression == "sad" else 0.0
        reach = head.eye_w * 1.10
        x = head.eye_x + 0.006 + u * reach
        y = head.brow_y - lift - u * reach * head.brow_tilt + sad * u
        y = y - head.brow_arch * (1 - ((u - 0.25) / 1.25) ** 2)
        shape = taper(np.stack([side * x, y], axis=1), [head.brow * k for k in (0.80, 1.0, 0.92, 0.66, 0.12)])
        canvas.fill(head.on_face(shape), colour)
