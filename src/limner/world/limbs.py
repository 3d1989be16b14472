"""Arms, sleeves and hands.

Knows how an arm bends between shoulder and palm and how a hand lies. Knows nothing about scenes.
All coordinates are in heads, in the figure's frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from limner.world.build import Build
from limner.world.canvas import RGB, Canvas, Points, ribbon, smooth
from limner.world.cloth import Cloth, paint_pattern
from limner.world.layout import Arm
from limner.world.palette import mix, skin_shadow


@dataclass(frozen=True, kw_only=True)
class Sleeve:
    """What covers an arm: cloth from the shoulder down to `reach` (0 none, 1 the wrist); `loose` widens it."""

    made_of: Cloth
    reach: float = 1.0
    loose: float = 1.0
    cuff: RGB | None = None
    puffed: bool = False


def shoulder_of(build: Build, side: int) -> tuple[float, float]:
    """Where the arm hangs from."""
    return side * (build.shoulder_half - 0.52 * build.arm_width), build.shoulder_y + 0.12


def draw_arm(canvas: Canvas, build: Build, arm: Arm, side: int, skin: RGB, sleeve: Sleeve) -> None:
    """One arm from shoulder to hand. `side` is -1 for the picture's left, 1 for its right."""
    line = _bones(build, arm, side)
    width = build.arm_width
    limb = [width * 1.05, width * 0.98, width * 0.86, width * 0.80, width * 0.58, width * 0.52]
    if arm.grip != "hidden" or sleeve.reach < 1:
        _bare(canvas, line, limb, skin)
    if arm.grip != "hidden":
        _hand(canvas, build, line, arm, side, skin)
    if sleeve.reach > 0:
        _cover(canvas, line, width, sleeve)


def hand_over(canvas: Canvas, build: Build, arm: Arm, side: int, skin: RGB) -> None:
    """The fingers once more, in front of the thing they hold."""
    if arm.grip == "hold":
        _hand(canvas, build, _bones(build, arm, side), arm, side, skin)


def _bones(build: Build, arm: Arm, side: int) -> Points:
    """The arm's middle line from shoulder to wrist, rounded at the elbow: (N, 2)."""
    start = np.array(shoulder_of(build, side))
    hand = np.array(arm.hand_heads)
    if arm.elbow_heads is not None:
        elbow = np.array(arm.elbow_heads)
    else:
        elbow = _elbow(start, hand, build.upper_arm, build.forearm, side)
    back = elbow - hand
    wrist = hand + back / max(float(np.linalg.norm(back)), 1e-6) * build.hand * 0.55
    near = [start + (elbow - start) * t for t in (0.0, 0.45, 0.82)]
    far = [elbow + (wrist - elbow) * t for t in (0.18, 0.6, 1.0)]
    corner = elbow * 0.7 + (near[2] + far[0]) * 0.15
    return smooth([*near, corner, *far], closed=False, samples=4)


def _elbow(start: Points, hand: Points, upper: float, fore: float, side: int) -> Points:
    """Two bones meeting: the elbow goes outwards and down; bones too long for the way look foreshortened."""
    way = hand - start
    reach = float(np.linalg.norm(way))
    if reach < 1e-6:
        return start + np.array([side * 0.3, upper * 0.8])
    bend = min(1.0, (reach * 1.12) / (upper + fore)) if reach < upper + fore else 1.0
    a, b = upper * max(bend, 0.55), fore * max(bend, 0.55)
    along = np.clip((a * a - b * b + reach * reach) / (2 * reach), -a, a)
    height = math.sqrt(max(a * a - along * along, 0.0))
    unit = way / reach
    normal = np.array([-unit[1], unit[0]])
    outward = 1.0 if normal @ np.array([side * 0.8, 0.7]) > 0 else -1.0
    return np.asarray(start + unit * along + normal * outward * height)


def _bare(canvas: Canvas, line: Points, widths: list[float], skin: RGB) -> None:
    outline = ribbon(line, widths)
    low, high = outline.min(axis=0), outline.max(axis=0)
    dark = skin_shadow(skin, 0.30)
    canvas.fill(outline, skin, shade=(dark, (low[0] + 0.08, low[1]), (high[0] + 0.22, high[1] + 0.05)))
    half = len(line)
    soft = skin_shadow(skin, 0.6)
    for edge in (outline[3:half], outline[half : 2 * half - 3]):
        canvas.stroke(edge, soft, 0.014)


def _cover(canvas: Canvas, line: Points, width: float, sleeve: Sleeve) -> None:
    """The sleeve over the arm."""
    cloth = sleeve.made_of
    count = max(6, round(len(line) * sleeve.reach))
    part = line[:count]
    loose = sleeve.loose
    if sleeve.puffed:
        widths = [width * w for w in (1.5, 1.75, 1.8, 1.7, 1.6, 1.1)]
    elif sleeve.reach < 0.6:
        widths = [width * 1.36, width * 1.34, width * 1.32 * loose, width * 1.34 * loose]
    else:
        widths = [width * w * loose for w in (1.34, 1.26, 1.16, 1.08, 0.92, 0.84)]
    outline = ribbon(part, widths)
    low, high = outline.min(axis=0), outline.max(axis=0)
    canvas.fill(outline, cloth.light, shade=(cloth.shade, (low[0], low[1]), (high[0] + 0.25, high[1] + 0.10)))
    if cloth.pattern != "plain":
        with canvas.clip(outline):
            paint_pattern(canvas, (low[0], low[1], high[0], high[1]), cloth, 0.17)
    skip = max(2, count // 6)
    canvas.stroke(outline[skip:count], cloth.line, 0.018)
    canvas.stroke(outline[count : 2 * count - skip], cloth.line, 0.018)
    canvas.stroke(outline[count - 1 : count + 1], cloth.line, 0.016)
    if sleeve.reach > 0.6:
        middle = count // 2
        for shift in (-1, 2):
            at, side = part[middle + shift], outline[middle + shift]
            canvas.stroke([side, side * 0.45 + at * 0.55], cloth.line, 0.02, alpha=0.35)
    if sleeve.cuff is not None:
        end = part[-3:]
        band = ribbon(end, widths[-1] * 1.10)
        canvas.fill(band, sleeve.cuff)
        canvas.stroke(band, mix(sleeve.cuff, (40, 30, 50), 0.4), 0.014, closed=True)


def _hand(canvas: Canvas, build: Build, line: Points, arm: Arm, side: int, skin: RGB) -> None:
    """The hand at the end of the arm's line, fingers on along it."""
    wrist, before = line[-1], line[-4]
    along = wrist - before
    turn = math.atan2(along[1], along[0]) - math.pi / 2
    soft, dark = skin_shadow(skin, 0.6), skin_shadow(skin, 0.26)
    with canvas.at(float(wrist[0]), float(wrist[1]), build.hand, rotation=turn, flip=side > 0):
        if arm.grip == "hold":
            _fist(canvas, skin, dark, soft)
        else:
            _open_hand(canvas, skin, dark, soft, pointing=arm.grip == "examine")


# Hands in their own frame: the wrist is the origin, fingers point down (y), the thumb lies at x > 0, the palm is 1 long.
_PALM = smooth(
    [[-0.27, -0.12], [-0.40, 0.28], [-0.42, 0.62], [-0.36, 1.0], [-0.12, 1.20], [0.12, 1.18], [0.32, 0.98], [0.40, 0.62],
     [0.38, 0.26], [0.26, -0.12]], samples=4
)  # fmt: skip
_THUMB = smooth([[0.26, 0.05], [0.52, 0.28], [0.66, 0.58], [0.60, 0.80], [0.46, 0.74], [0.30, 0.52]], samples=4)
_POINTING = smooth(
    [[-0.27, -0.1], [-0.42, 0.3], [-0.42, 0.66], [-0.26, 0.80], [-0.10, 0.78], [-0.08, 1.24], [0.02, 1.40], [0.13, 1.26],
     [0.18, 0.8], [0.34, 0.6], [0.38, 0.26], [0.26, -0.1]], samples=4
)  # fmt: skip
_FIST = smooth(
    [[-0.27, -0.12], [-0.46, 0.20], [-0.50, 0.55], [-0.40, 0.86], [0.0, 0.96], [0.36, 0.86], [0.47, 0.52], [0.40, 0.15],
     [0.26, -0.12]], samples=4
)  # fmt: skip
_FIST_THUMB = smooth([[0.16, 0.10], [0.48, 0.20], [0.56, 0.46], [0.40, 0.64], [0.10, 0.60], [0.06, 0.42]], samples=4)


def _open_hand(canvas: Canvas, skin: RGB, dark: RGB, soft: RGB, pointing: bool) -> None:
    outline = _POINTING if pointing else _PALM
    canvas.fill(_THUMB, dark)
    canvas.stroke(_THUMB, soft, 0.06, closed=True)
    canvas.fill(outline, skin, shade=(dark, (0.0, 0.0), (0.3, 1.5)))
    canvas.stroke(outline, soft, 0.06, closed=True)
    if not pointing:
        for x in (-0.17, 0.02, 0.20):
            canvas.stroke([[x, 1.10], [x * 0.95, 0.72]], soft, 0.05, alpha=0.8)


def _fist(canvas: Canvas, skin: RGB, dark: RGB, soft: RGB) -> None:
    canvas.fill(_FIST, skin, shade=(dark, (-0.2, 0.1), (0.4, 1.2)))
    canvas.stroke(_FIST, soft, 0.06, closed=True)
    for x in (-0.24, 0.0, 0.22):
        canvas.stroke([[x, 0.93], [x - 0.02, 0.62]], soft, 0.05, alpha=0.8)
    canvas.fill(_FIST_THUMB, skin)
    canvas.stroke(_FIST_THUMB, soft, 0.05, closed=True)
