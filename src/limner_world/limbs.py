"""Arms, sleeves and hands.

Knows how an arm bends between shoulder and palm and how a hand lies. Knows nothing about scenes.
All coordinates are in heads, in the figure's frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from limner_world.build import Build
from limner_world.canvas import RGB, Canvas
from limner_world.cloth import Cloth, paint_pattern
from limner_world.curves import Points, oval, ribbon, smooth
from limner_world.palette import mix, skin_shadow
from limner_world.stance import Arm


@dataclass(frozen=True, kw_only=True)
class Sleeve:
    """Cloth over an arm from the shoulder down to `reach` (0 none, 1 the wrist); `loose` widens it."""

    made_of: Cloth
    reach: float = 1.0
    loose: float = 1.0
    cuff: RGB | None = None
    puffed: bool = False


def shoulder_of(build: Build, side: int) -> tuple[float, float]:
    """Where the arm hangs from."""
    return side * (build.shoulder_half - 0.60 * build.arm_width), build.shoulder_y + 0.14


def draw_arm(
    canvas: Canvas, build: Build, arm: Arm, side: int, skin: RGB, sleeve: Sleeve, forearm_only: bool = False
) -> None:
    """One arm from shoulder to hand. `side` is -1 for the picture's left, 1 for its right."""
    bones = _bones(build, arm, side)
    forearm_seen = canvas.sees(bones.lower_box, build.hand * 1.5)
    if not forearm_seen and not canvas.sees(bones.upper_box, build.arm_width):
        return
    if forearm_seen or sleeve.reach <= 0.5:
        _bare(canvas, _bare_limb(build, arm, side, sleeve.reach > 0.9, forearm_only), skin)
    if arm.grip != "hidden" and forearm_seen:
        _hand(canvas, build, bones, arm, side, skin)
    if sleeve.reach > 0.5 or (sleeve.reach > 0 and not forearm_only):
        kind = (sleeve.reach, sleeve.loose, sleeve.puffed)
        _cover(canvas, _cover_shape(build, arm, side, kind, forearm_only), sleeve)


def draw_hand(canvas: Canvas, build: Build, arm: Arm, side: int, skin: RGB) -> None:
    """The hand alone, in front of the thing it holds or of another figure."""
    if arm.grip != "hidden":
        _hand(canvas, build, _bones(build, arm, side), arm, side, skin)


@dataclass(frozen=True, kw_only=True)
class _Bones:
    """An arm's middle line in two parts, shoulder to elbow and elbow to wrist, each (N, 2); two corners of a
    box around each; the wrist, and how the hand is turned against one that hangs.
    """

    upper: Points
    lower: Points
    upper_box: Points
    lower_box: Points
    wrist: tuple[float, float]
    turn_rad: float


@lru_cache(maxsize=4096)  # a few thousand poses are all there are
def _bones(build: Build, arm: Arm, side: int) -> _Bones:
    start = np.array(shoulder_of(build, side))
    hand = np.array(arm.hand_heads)
    if arm.elbow_heads is not None:
        elbow = np.array(arm.elbow_heads)
    else:
        elbow = _elbow(start, hand, build.upper_arm, build.forearm, side)
    back = elbow - hand
    length = max(math.hypot(back[0], back[1]), 1e-6)
    wrist = hand + back / length * min(build.hand * 0.55, length * 0.4)
    crossing = (elbow[0] - start[0]) * side < -0.12
    inside = np.array([side * build.shoulder_half * 0.66, build.shoulder_y + 0.035])
    first = start - (elbow - start) * 0.04 if crossing else inside
    # the same curve through elbow and wrist, cut at the elbow, so that a sharp bend cannot fold the outline
    # over
    bow = 0.06 * (elbow - (start + wrist) / 2)
    upper = smooth(
        [first, start + (elbow - start) * 0.14, start + (elbow - start) * 0.55 + bow, elbow],
        closed=False,
        samples=5,
    )
    lower = smooth([elbow, elbow + (wrist - elbow) * 0.5 + bow * 0.5, wrist], closed=False, samples=5)
    across, down = (lower[-1] - lower[-4]).tolist()
    return _Bones(
        upper=upper,
        lower=lower,
        upper_box=np.array([upper.min(axis=0), upper.max(axis=0)]),
        lower_box=np.array([lower.min(axis=0), lower.max(axis=0)]),
        wrist=(float(lower[-1, 0]), float(lower[-1, 1])),
        turn_rad=math.atan2(down, across) - math.pi / 2,
    )


Limb = tuple[Points, ...]  # outlines that together make an arm or a sleeve: upper part, lower part, elbow
Widths = tuple[tuple[float, ...], tuple[float, ...]]  # of the upper and the lower part, in arm widths
Corners = tuple[float, float, float, float]  # the least and most x, y: left, top, right, bottom


def _limb(
    build: Build, bones: _Bones, widths: Widths, reach: float, forearm_only: bool, end_only: bool = False
) -> tuple[Limb, Corners]:
    """The outlines around both bones down to `reach` (0.5 is the elbow, 1 the wrist), and the box around
    them; `end_only` leaves out all but the arm's end.
    """
    upper, lower, unit = bones.upper, bones.lower, build.arm_width
    if reach <= 0.5:
        count = max(4, round(len(upper) * reach * 2))
        return _spanned((ribbon(upper[:count], [w * unit for w in widths[0]]),))
    if end_only:
        lower = lower[-4:]
    count = max(3, round(len(lower) * (reach - 0.5) * 2))
    below = ribbon(lower[:count], [w * unit for w in widths[1]])
    round_elbow = widths[1][0] * unit / 2
    joint = oval(float(lower[0, 0]), float(lower[0, 1]), round_elbow, round_elbow)[::3]
    if forearm_only:
        return _spanned((below, joint))
    return _spanned((ribbon(upper, [w * unit for w in widths[0]]), below, joint))


@lru_cache(maxsize=8192)
def _bare_limb(
    build: Build, arm: Arm, side: int, covered: bool, forearm_only: bool
) -> tuple[Limb, Corners, Limb]:
    """A bare arm's outlines, the box around them, and the lines along the upper arm; only what a long sleeve
    leaves to see where it is `covered`.
    """
    widths = (0.5, 1.08, 0.98, 0.82), (0.56, 0.52) if covered else (0.80, 0.78, 0.60, 0.52)
    limb, box = _limb(build, _bones(build, arm, side), widths, 1.0, forearm_only or covered, covered)
    if len(limb) < 3:
        return limb, box, ()
    edge = limb[0]
    half = len(edge) // 2
    return limb, box, (edge[6 : half - 1], edge[half + 1 : 2 * half - 6])


@dataclass(frozen=True, kw_only=True)
class _Cover:
    """A sleeve on an arm: its outlines and the box around them, those with a dark rim, the upper arm's
    contour, creases at the elbow, and the cuff.
    """

    limb: Limb
    box: Corners
    rimmed: Limb
    contour: Limb
    creases: Limb
    cuff: Points | None


@lru_cache(maxsize=8192)
def _cover_shape(
    build: Build, arm: Arm, side: int, kind: tuple[float, float, bool], forearm_only: bool
) -> _Cover:
    """The sleeve of a `kind` (reach, looseness, puffed) on an arm."""
    reach, loose, puffed = kind
    if puffed:
        widths: Widths = (0.6, 1.5, 1.85, 1.85, 1.5), (1.0,)
    elif reach <= 0.5:
        widths = (0.6, 1.24, 1.36, 1.36), (1.0,)
    else:
        widths = (
            (0.6, 1.26, 1.24 * loose, 1.14 * loose),
            (1.14 * loose, 1.12 * loose, 0.98 * loose, 0.86 * loose),
        )
    bones = _bones(build, arm, side)
    limb, box = _limb(build, bones, widths, reach, forearm_only)
    creases, cuff = [], None
    if reach > 0.5:
        elbow, below = bones.lower[0], bones.lower[1]
        across = np.array([-(below - elbow)[1], (below - elbow)[0]])
        across *= build.arm_width * 0.5 / max(math.hypot(across[0], across[1]), 1e-6)
        for t in (0.0, 1.4):
            at = elbow + (below - elbow) * t
            creases.append(np.array([at + across * side, at + across * 0.1 * side]))
        count = max(3, round(len(bones.lower) * (reach - 0.5) * 2))
        cuff = ribbon(bones.lower[count - 3 : count], widths[1][-1] * build.arm_width * 1.10)
    return _Cover(
        limb=limb,
        box=box,
        rimmed=limb if forearm_only else limb[1:],
        contour=() if forearm_only else _upper_lines(limb, side),
        creases=tuple(creases),
        cuff=cuff,
    )


def _elbow(start: Points, hand: Points, upper: float, fore: float, side: int) -> Points:
    """Two bones meeting: the elbow goes outwards and down; bones too long for the way look foreshortened."""
    way = hand - start
    reach = math.hypot(way[0], way[1])
    if reach < 1e-6:
        return np.asarray(start + np.array([side * 0.3, upper * 0.8]))
    bend = min(1.0, (reach * 1.12) / (upper + fore)) if reach < upper + fore else 1.0
    a, b = upper * max(bend, 0.55), fore * max(bend, 0.55)
    along = min(max((a * a - b * b + reach * reach) / (2 * reach), -a), a)
    height = math.sqrt(max(a * a - along * along, 0.0))
    unit = way / reach
    normal = np.array([-unit[1], unit[0]])
    outward = 1.0 if normal @ np.array([side * 0.8, 0.7]) > 0 else -1.0
    return np.asarray(start + unit * along + normal * outward * height)


def _spanned(limb: Limb) -> tuple[Limb, Corners]:
    points = np.concatenate(limb)
    return limb, (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())


def _bare(canvas: Canvas, shape: tuple[Limb, Corners, Limb], skin: RGB) -> None:
    limb, (left, top, right, low), lines = shape
    dark, soft = skin_shadow(skin, 0.30), skin_shadow(skin, 0.6)
    for outline in limb[-2:]:
        canvas.stroke(outline, soft, 0.028, closed=True)
    canvas.fill(limb, skin, shade=(dark, (left + 0.08, top), (right + 0.22, low + 0.05)))
    for line in lines:
        canvas.stroke(line, soft, 0.014)


def _cover(canvas: Canvas, shape: _Cover, sleeve: Sleeve) -> None:
    """The sleeve over the arm."""
    cloth, (left, top, right, low) = sleeve.made_of, shape.box
    for outline in shape.rimmed:
        canvas.stroke(outline, cloth.line, 0.036, closed=True)
    canvas.fill(shape.limb, cloth.light, shade=(cloth.shade, (left, top), (right + 0.25, low + 0.10)))
    if cloth.pattern != "plain":
        with canvas.clip(shape.limb):
            paint_pattern(canvas, shape.box, cloth, 0.17)
    for line in shape.contour:
        canvas.stroke(line, cloth.line, 0.018)
    for crease in shape.creases:
        canvas.stroke(crease, cloth.line, 0.02, alpha=0.35)
    if sleeve.cuff is not None and shape.cuff is not None:
        canvas.fill(shape.cuff, sleeve.cuff)
        canvas.stroke(shape.cuff, mix(sleeve.cuff, (40, 30, 50), 0.4), 0.014, closed=True)


def _upper_lines(limb: Limb, side: int) -> Limb:
    """The upper arm's contour: outside from the shoulder on, inside from below the armpit on."""
    edge = limb[0]
    half = len(edge) // 2
    end = half if len(limb) == 1 else half - 1
    first, second = (1, 6) if side < 0 else (6, 1)
    lines = (edge[first:end], edge[2 * half - end : 2 * half - second])
    return lines if len(limb) > 1 else (*lines, edge[half - 1 : half + 1])


def _hand(canvas: Canvas, build: Build, bones: _Bones, arm: Arm, side: int, skin: RGB) -> None:
    """The hand at the end of the arm, fingers on along it."""
    soft, dark = skin_shadow(skin, 0.6), skin_shadow(skin, 0.26)
    with canvas.at(*bones.wrist, build.hand, rotation=bones.turn_rad, flip=side > 0):
        if arm.grip == "hold":
            _fist(canvas, skin, dark, soft)
        else:
            _open_hand(canvas, skin, dark, soft)


# Hands in their own frame: the wrist is the origin, fingers point down (y), the thumb lies at x > 0, the palm
# is 1 long.
_PALM = smooth(
    [
        [-0.27, -0.12],
        [-0.40, 0.28],
        [-0.42, 0.62],
        [-0.36, 1.0],
        [-0.12, 1.20],
        [0.12, 1.18],
        [0.32, 0.98],
        [0.40, 0.62],
        [0.38, 0.26],
        [0.26, -0.12],
    ],
    samples=4,
)
_THUMB = smooth(
    [[0.26, 0.05], [0.52, 0.28], [0.66, 0.58], [0.60, 0.80], [0.46, 0.74], [0.30, 0.52]], samples=4
)
_FIST = smooth(
    [
        [-0.27, -0.12],
        [-0.46, 0.20],
        [-0.50, 0.55],
        [-0.40, 0.86],
        [0.0, 0.96],
        [0.36, 0.86],
        [0.47, 0.52],
        [0.40, 0.15],
        [0.26, -0.12],
    ],
    samples=4,
)
_FIST_THUMB = smooth(
    [[0.16, 0.10], [0.48, 0.20], [0.56, 0.46], [0.40, 0.64], [0.10, 0.60], [0.06, 0.42]], samples=4
)


# lines between fingers, stretched and bent
_FINGERS = np.array([[[x, 1.10], [x * 0.95, 0.72]] for x in (-0.17, 0.02, 0.20)])
_BENT_FINGERS = np.array([[[x, 0.93], [x - 0.02, 0.62]] for x in (-0.24, 0.0, 0.22)])


def _open_hand(canvas: Canvas, skin: RGB, dark: RGB, soft: RGB) -> None:
    line = mix(soft, skin, 0.15)
    canvas.fill(_THUMB, dark)
    canvas.stroke(_THUMB, soft, 0.06, closed=True)
    canvas.fill(_PALM, skin, shade=(dark, (0.0, 0.0), (0.3, 1.5)))
    canvas.stroke(_PALM, soft, 0.06, closed=True)
    for finger in _FINGERS:
        canvas.stroke(finger, line, 0.05)


def _fist(canvas: Canvas, skin: RGB, dark: RGB, soft: RGB) -> None:
    line = mix(soft, skin, 0.15)
    canvas.fill(_FIST, skin, shade=(dark, (-0.2, 0.1), (0.4, 1.2)))
    canvas.stroke(_FIST, soft, 0.06, closed=True)
    for finger in _BENT_FINGERS:
        canvas.stroke(finger, line, 0.05)
    canvas.fill(_FIST_THUMB, skin)
    canvas.stroke(_FIST_THUMB, soft, 0.05, closed=True)
