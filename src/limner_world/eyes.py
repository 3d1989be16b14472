"""Eyes and brows: open, closed, laughing, winking; lashes, eye shadow, bags and crow's feet.

Knows how one eye is built from two lid curves. Knows nothing of the rest of the face.

An eye is built as that on the picture's right, seen straight on; the left one is its mirror image. A layer is
what is filled at once in one colour: outlines (N, 2).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.curves import Points, arc, even, oval, pairs
from limner_world.palette import mix
from limner_world.skull import Head
from limner_world.strands import taper

Layer = tuple[list[Points], RGB]
Lid = tuple[float, float, float, float, float, float, float]  # reach, then shares of the curves in `_CURVES`

_U: Final = even(-1, 1, 15)  # along the eye: -1 its inner corner, 1 its outer corner
_UPPER: Final = np.clip(1 - np.abs(_U - 0.04) ** 2.3, 0, None) * (1 - 0.04 * _U)
_LOWER: Final = np.clip(1 - np.abs(_U) ** 2.0, 0, None) ** 0.85
_DROOP: Final = 0.30 * np.clip(_U, 0, 1) ** 2 * _UPPER
# what lids are sums of: level, upper lid, its droop in old age, lower lid, rise of the lid's shadow, bow
_CURVES: Final = np.stack([np.ones(15), _UPPER, _DROOP, _LOWER, np.sqrt(_UPPER), 1 - _U**2])
# Parts of the eye in iris radii.
_RING: Final = oval(0.0, 0.0, 1.0, 1.04)[::2]
_DISC: Final = oval(0.0, 0.05, 0.84, 0.84)[::2]
_GLINT: Final = arc(0.0, 0.06, 0.74, 0.72, 0.25, np.pi - 0.25, 11)
_PUPIL: Final = oval(0.0, 0.0, 0.43, 0.46)[::2]
_LIGHT: Final = oval(-0.30, -0.34, 0.27, 0.27)[::3]
_SPARK: Final = oval(0.36, 0.38, 0.13, 0.13)[::4]
_IRIS_PARTS: Final = (_RING, _DISC, _GLINT, _PUPIL, _LIGHT, _SPARK)
_IRIS_ENDS: Final = np.cumsum([len(part) for part in _IRIS_PARTS]).tolist()
_BETWEEN_LIDS: Final[int] = _IRIS_ENDS[3]  # of the parts' points: the lids hold all but the lights
_LASH: Final[RGB] = (44, 28, 32)
_WHITE: Final[RGB] = (255, 252, 248)
_FINE: Final = 0.016  # the smallest lights are left out where one pixel is more than this of a head
_HAIR: Final = 0.022  # and single lashes and the lid's crease where it is more than this
_GOTH: Final[RGB] = (46, 30, 52)
_OPENNESS: Final = {"surprised": 1.22, "smiling": 0.94, "sad": 0.88, "sticking out the tongue": 0.98}
_UPPER_LASHES: Final = [
    np.array([(-0.008, 0.0), (length * 0.62, -length), (0.008, 0.004)]) for length in (0.026, 0.022)
]
_CROWS_FEET: Final = np.array(
    [[(0.0, rise * 0.4), (0.026, rise), (0.045, rise * 1.7)] for rise in (-0.030, 0.0, 0.030)]
)


def draw_eyes(canvas: Canvas, head: Head) -> None:
    """Both eyes; the far one first."""
    traits = head.person.traits
    near = 1 if head.sin <= 0 else -1
    if traits.make_up == "goth makeup":
        _eye_shadow(canvas, head)
    sides = [(side, _bend(traits.expression, side)) for side in (-near, near)]
    open_sides = tuple(side for side, bend in sides if bend is None)
    opened = _open_eyes(canvas, head, open_sides) if open_sides else {}
    lines = _age_lines(head)
    _paint(
        canvas,
        head,
        [(side, lines + (opened[side] if bend is None else _shut(head, bend))) for side, bend in sides],
    )


def _bend(expression: str, side: int) -> float | None:
    """How a shut eye bends: up (laughing) or, above 0, down (asleep); None for an open one."""
    if expression == "laughing" or (expression == "winking" and side == 1):
        return -0.62
    return 0.50 if expression == "eyes closed" else None


def _paint(canvas: Canvas, head: Head, sides: list[tuple[int, list[Layer]]]) -> None:
    """Fill the layers of each side's eye in order, as the turned head shows them."""
    outlines = [[part for parts, _ in layers for part in parts] for _, layers in sides]
    points = np.concatenate([part for parts in outlines for part in parts])
    first = sum(map(len, outlines[0]))
    for (side, _), eye in zip(sides, (points[:first], points[first:]), strict=True):
        if side < 0:
            np.negative(eye[:, 0], out=eye[:, 0])
    points = head.on_face(points)
    start = 0
    for _, layers in sides:
        for parts, colour in layers:
            shape = []
            for part in parts:
                shape.append(points[start : start + len(part)])
                start += len(part)
            canvas.fill(tuple(shape), colour)


def _lids(head: Head, *lids: Lid) -> Points:
    """Curves along the eye, inner to outer corner: (K, 15, 2). Each reaches out `reach` eye widths and lies
    below the eye's axis by its shares of `_CURVES`.
    """
    given = np.array(lids)
    along = given[:, :1] * head.eye_w * _U
    points = np.empty((*along.shape, 2))
    np.add(along, head.eye_x, out=points[..., 0])
    along *= head.eye_tilt + (-0.22 if head.person.traits.expression == "sad" else 0.0)
    heights = given[:, 1:].dot(_CURVES)
    heights -= along
    np.add(heights, head.eye_y, out=points[..., 1])
    return points


def _open_eyes(canvas: Canvas, head: Head, sides: tuple[int, ...]) -> dict[int, list[Layer]]:
    """The layers of open eyes, by side."""
    traits, tones, fine = head.person.traits, head.tones, canvas.pixel < _FINE
    open_h = head.eye_h * _OPENNESS.get(traits.expression, 1.0)
    droop = open_h if traits.age == "elderly" else 0.0
    smiling = traits.expression in ("smiling", "sticking out the tongue", "winking")
    low = (0.50 if smiling else 0.62) * min(open_h, head.eye_h * 1.1)
    upper, lower, shadow, crease = _lids(
        head,
        (1.0, 0.0, -open_h, droop, 0.0, 0.0, 0.0),
        (1.0, 0.0, 0.0, 0.0, low, 0.0, 0.0),
        (1.0, 0.0, -open_h, droop, 0.0, 0.30 * head.eye_h, 0.0),
        (1.0, -0.020, -open_h - 0.006, droop, 0.0, 0.0, 0.0),
    )
    below: list[Layer] = [([upper, lower[::-1]], _WHITE)]
    above: list[Layer] = []
    if fine:
        below.append(([upper, shadow[::-1]], mix(_WHITE, tones.skin_line, 0.34)))
        above.append(([taper(lower[3:], (0.002, 0.009, 0.010))], mix(tones.skin_line, tones.skin, 0.25)))
    below = [([np.concatenate(parts)], colour) for parts, colour in below]
    hairs = canvas.pixel < _HAIR
    if hairs:
        above.append(([taper(crease[2:-1], (0.001, 0.009, 0.004))], mix(tones.skin_line, tones.skin, 0.3)))
    above.append(_lashes(head, upper, hairs))
    irises = _irises(head, sides, upper, lower, fine)
    return {side: [*below, *iris, *above] for side, iris in zip(sides, irises, strict=True)}


@lru_cache(maxsize=4)
def _iris_parts(sides: tuple[int, ...]) -> Points:
    """The points of all of an iris's parts for each side; the light falls from the same side on both."""
    lights, discs = np.concatenate(_IRIS_PARTS[4:]), np.concatenate(_IRIS_PARTS[:4])
    return np.stack([np.concatenate([discs, lights * (side, 1)]) for side in sides])


def _irises(
    head: Head, sides: tuple[int, ...], upper: Points, lower: Points, fine: bool
) -> list[list[Layer]]:
    """Iris, pupil and light of each side's eye, held between the lids."""
    iris, radius = head.tones.iris, 0.86 * head.eye_h
    dark, bright = mix(iris, (24, 16, 30), 0.52), mix(iris, (255, 255, 236), 0.34)
    colours = [dark, mix(iris, dark, 0.18), bright, (22, 15, 20), (255, 255, 255)]
    if fine:
        colours.append(mix(bright, (255, 255, 255), 0.8))
    middle_y = head.eye_y - 0.10 * head.eye_h
    middles = np.array([[(head.eye_x + side * 0.012 * head.turn, middle_y)] for side in sides])
    points = _iris_parts(sides) * radius
    points += middles
    held = points[:, :_BETWEEN_LIDS]
    xs, ys = held[..., 0], held[..., 1]
    np.maximum(ys, np.interp(xs, upper[:, 0], upper[:, 1]), out=ys)
    np.minimum(ys, np.interp(xs, lower[:, 0], lower[:, 1]), out=ys)
    ends = zip([0, *_IRIS_ENDS], _IRIS_ENDS, colours, strict=False)
    parts = [(slice(start, end), colour) for start, end, colour in ends]
    return [[([eye[part]], colour) for part, colour in parts] for eye in points]


def _lashes(head: Head, upper: Points, hairs: bool) -> Layer:
    """The dark line of the upper lid; a woman's sweeps out into lashes (`hairs`: seen singly), a man's is
    thin.
    """
    traits = head.person.traits
    strong = 1.3 if traits.make_up == "goth makeup" else 1.0
    lash = mix(_LASH, head.tones.brow, 0.25)
    if traits.presentation != "woman" or traits.age == "baby":
        width = (0.012 if traits.age in ("baby", "child") else 0.014) * strong
        return [taper(upper, (0.006 * strong, width, width * 0.8))], lash
    corner_x, corner_y = upper[-1].tolist()
    line = np.concatenate([upper, [(corner_x + 0.026, corner_y - 0.020)]])
    parts = [taper(line, (0.004, 0.016 * strong, 0.021 * strong, 0.021 * strong, 0.002))]
    if hairs:
        parts += [hair + upper[at] for hair, at in zip(_UPPER_LASHES, (-3, -5), strict=True)]
    return parts, lash


def _shut(head: Head, bend: float) -> list[Layer]:
    """A closed eye: one dark curve, `bend` eye heights down (asleep) or up (laughing)."""
    traits, h = head.person.traits, head.eye_h
    woman = traits.presentation == "woman" and traits.age != "baby"
    line, lid = _lids(
        head,
        (1.04, h * (0.1 if bend > 0 else 0.3), 0.0, 0.0, 0.0, 0.0, h * bend),
        (1.0, -0.05 * h, 0.0, 0.0, 0.0, 0.0, -0.62 * h),
    )
    width = 0.024 if woman else 0.019
    parts = [taper(line, (0.004, width, width, 0.004))]
    if woman:
        hair = np.array([(-0.008, 0.0), (0.020, 0.026 if bend > 0 else -0.026), (0.008, 0.0)])
        parts += [hair + line[at] for at in (-2, -4, -6)]
    if bend <= 0:
        return [(parts, _LASH)]
    return [([taper(lid[2:-2], (0.001, 0.009, 0.001))], head.tones.skin_line), (parts, _LASH)]


def _eye_shadow(canvas: Canvas, head: Head) -> None:
    """Goth make-up: a dark smoky field around each eye."""
    above, below = _lids(
        head,
        (1.18, -0.030, -head.eye_h, 0.0, 0.0, 0.0, -0.010),
        (1.12, 0.0, 0.0, 0.0, 0.62 * head.eye_h, 0.0, 0.024),
    )
    field = np.concatenate([above, below[::-1]])
    canvas.fill(tuple(head.on_face([field * (-1, 1), field])), _GOTH, alpha=0.74)


def _age_lines(head: Head) -> list[Layer]:
    """Bags under the eyes, and crow's feet in old age."""
    age = head.person.traits.age
    if age not in ("middle-aged", "elderly"):
        return []
    line = mix(head.tones.skin_line, head.tones.skin, 0.30 if age == "elderly" else 0.5)
    bag = _lids(head, (0.92, 0.030, 0.0, 0.0, 0.60 * head.eye_h, 0.0, 0.012))[0]
    parts = [taper(bag[1:-3], (0.001, 0.010, 0.001))]
    if age == "elderly":
        feet = _CROWS_FEET + np.array((head.eye_x + head.eye_w * 1.18, head.eye_y))
        parts += list(taper(feet, (0.008, 0.007, 0.001)))
    return [(parts, line)]


_ALONG_BROW: Final = even(-1, 1, 11)
_BROW_ARCH: Final = 1 - ((_ALONG_BROW - 0.25) / 1.25) ** 2


def draw_brows(canvas: Canvas, head: Head) -> None:
    """Both brows, shaped by identity, moved by expression."""
    traits = head.person.traits
    raised = {"surprised": 0.040, "laughing": 0.014, "smiling": 0.006}.get(traits.expression, 0.0)
    colour = head.tones.brow
    if traits.make_up == "goth makeup":
        colour = mix(colour, (24, 18, 26), 0.7)
    if traits.age == "baby":
        colour = mix(colour, head.tones.skin, 0.35)
    reach = head.eye_w * 1.10
    slope = (0.030 if traits.expression == "sad" else 0.0) - reach * head.brow_tilt
    x = _ALONG_BROW * reach + (head.eye_x + 0.006)
    y = _ALONG_BROW * slope - _BROW_ARCH * head.brow_arch + (head.brow_y - raised)
    thick = head.brow
    band = taper(pairs(x, y), (thick * 0.80, thick, thick * 0.92, thick * 0.66, thick * 0.12))
    brows = np.stack([band, band])
    np.negative(band[:, 0], out=brows[0, :, 0])
    if traits.expression == "winking":
        brows[0, :, 1] -= 0.012
    canvas.fill(tuple(head.on_face(brows)), colour)
