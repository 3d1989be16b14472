"""Hips, legs and shoes, standing and sitting.

Knows lower garments and the leg's shape. Knows nothing about scenes.
All coordinates are in heads, in the figure's frame.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from limner_world.build import Build
from limner_world.canvas import RGB, Canvas
from limner_world.cloth import Cloth, cloth, fold, paint_cloth
from limner_world.curves import Points, ribbon, smooth
from limner_world.palette import DENIM, lighten, skin_shadow
from limner_world.person import Traits

_SHOES: tuple[RGB, ...] = ((92, 58, 40), (58, 54, 62), (236, 234, 230), (168, 66, 62))


def draw_legs(canvas: Canvas, build: Build, traits: Traits, pose: str, skin: RGB) -> None:
    """Everything below the waist that is not part of the upper garment."""
    one_piece = traits.garment in ("dress", "onesie")
    lower = {"dress": "bare", "onesie": "onesie"}.get(traits.garment, traits.lower)
    made_of = _lower_cloth(traits, lower)
    lines = [_leg_line(build, pose, side) for side in (-1, 1)]
    for side, line in zip((-1, 1), lines, strict=True):
        _leg(canvas, build, line, side, lower, made_of, skin, pose)
        if canvas.sees(line[-1:], build.leg_width):
            _shoe(canvas, build, line, side, lower, made_of, traits, pose)
    if not one_piece:
        _pelvis(canvas, build, lower, made_of, pose)


def _lower_cloth(traits: Traits, lower: str) -> Cloth:
    if lower == "onesie":
        return cloth(traits.garment_colour, traits.garment_pattern)
    if lower == "jeans":
        return cloth(DENIM)
    return cloth(traits.lower_colour)


@lru_cache(maxsize=256)
def _leg_line(build: Build, pose: str, side: int) -> Points:
    """Hip, knee and ankle joined by a soft line: (N, 2)."""
    hip = (side * build.hip_half * 0.50, build.hip_y - 0.04)
    if pose == "sitting":
        drop = build.hip_y + 0.30
        knee = (side * build.hip_half * 0.74, drop)
        ankle = (side * build.hip_half * 0.66, drop + (build.ankle_y - build.knee_y))
    elif pose == "on the floor":
        knee = (side * build.hip_half * 1.65, build.hip_y - 0.06)
        ankle = (side * build.hip_half * 0.95, build.hip_y + 0.10)
    else:
        knee = (side * build.hip_half * 0.50, build.knee_y)
        ankle = (side * build.hip_half * 0.46, build.ankle_y)
    middle = [[hip[0] * (1 - t) + knee[0] * t, hip[1] * (1 - t) + knee[1] * t] for t in (0.0, 0.5, 0.86)]
    rest = [[knee[0] * (1 - t) + ankle[0] * t, knee[1] * (1 - t) + ankle[1] * t] for t in (0.14, 0.5, 1.0)]
    return smooth([*middle, *rest], closed=False, samples=4)


@lru_cache(maxsize=256)
def _along(build: Build, pose: str, side: int, widths: tuple[float, ...]) -> Points:
    """The outline of what follows the whole leg, `widths` in leg widths."""
    return ribbon(_leg_line(build, pose, side), [build.leg_width * w for w in widths])


def _leg(
    canvas: Canvas,
    build: Build,
    line: Points,
    side: int,
    lower: str,
    made_of: Cloth,
    skin: RGB,
    pose: str,
) -> None:
    width = build.leg_width
    bare = lower in ("bare", "shorts", "skirt")
    if bare:
        outline = _along(build, pose, side, (0.92, 0.86, 0.66, 0.62, 0.60, 0.34))
        x, dark = float(line[0, 0]), skin_shadow(skin, 0.32)
        canvas.fill(outline, skin, shade=(dark, (x - 0.1, 0), (x + 0.30, 0.1)))
        canvas.stroke(outline, skin_shadow(skin, 0.6), 0.015, closed=True)
        if lower != "shorts":
            return
        count = max(4, round(len(line) * 0.46))
        outline = ribbon(line[:count], [width * 1.12, width * 1.10, width * 1.06])
        paint_cloth(canvas, outline, made_of, line=0.016)
        return
    straight = (1.08, 1.0, 0.84, 0.76, 0.68, 0.62)
    if pose == "sitting":
        straight = (1.2, 1.22, 1.12, 0.92, 0.76, 0.64)
    soft = (1.1, 1.05, 1.0, 0.96, 0.9, 0.72)
    outline = _along(build, pose, side, soft if lower == "onesie" else straight)
    paint_cloth(canvas, outline, made_of, line=0.016)
    knee = line[len(line) // 2]
    fold(canvas, [[knee[0] - 0.12, knee[1] + 0.02], [knee[0] + 0.06, knee[1] + 0.07]], made_of, 0.022)
    fold(canvas, [[knee[0] - 0.08, knee[1] + 0.14], [knee[0] + 0.10, knee[1] + 0.11]], made_of, 0.02)
    if lower == "jeans":
        end = line[-1]
        cuff = [[end[0] - width * 0.31, end[1] - 0.09], [end[0] + width * 0.31, end[1] - 0.09]]
        canvas.stroke(cuff, lighten(made_of.light, 0.25), 0.03)
        canvas.stroke(
            line[4:-2] + np.array([side * width * 0.30, 0]), lighten(made_of.light, 0.2), 0.012, alpha=0.6
        )


def _shoe(
    canvas: Canvas,
    build: Build,
    line: Points,
    side: int,
    lower: str,
    made_of: Cloth,
    traits: Traits,
    pose: str,
) -> None:
    x, y = float(line[-1, 0]), float(line[-1, 1])
    size = build.sole_y - build.ankle_y
    colour = (
        made_of.base
        if lower == "onesie"
        else _SHOES[(len(traits.lower_colour) + len(traits.garment_colour)) % 4]
    )
    outline = _shoe_outline(build, pose, side)
    if pose == "on the floor":
        canvas.fill(outline, colour)
        canvas.stroke(outline, cloth(colour).line, 0.015, closed=True)
        return
    out = side * size * 0.38
    leather = cloth(colour)
    canvas.fill(outline, leather.light, shade=(leather.shade, (x, y), (x, y + size)))
    canvas.stroke(outline, leather.line, 0.016, closed=True)
    if lower != "onesie":
        sole = [
            [x - size * 0.62 + min(out, 0), y + size * 0.90],
            [x + size * 0.62 + max(out, 0), y + size * 0.90],
        ]
        canvas.stroke(sole, leather.line, 0.035)
    if lower not in ("bare", "shorts", "skirt", "onesie"):
        half = build.leg_width * 0.31
        canvas.stroke([[x - half, y], [x + half, y]], made_of.line, 0.02)


@lru_cache(maxsize=64)
def _shoe_outline(build: Build, pose: str, side: int) -> Points:
    x, y = _leg_line(build, pose, side)[-1].tolist()
    if pose == "on the floor":
        return smooth(
            [[x - 0.12, y - 0.13], [x + 0.12, y - 0.13], [x + 0.13, y + 0.10], [x - 0.13, y + 0.10]]
        )
    size = build.sole_y - build.ankle_y
    left, right = (min(side, 0) * size * 0.38, max(side, 0) * size * 0.38)
    return smooth(
        [
            [x - size * 0.55, y - 0.06],
            [x + size * 0.55, y - 0.06],
            [x + size * 0.66 + right, y + size * 0.62],
            [x + size * 0.50 + right, y + size],
            [x - size * 0.50 + left, y + size],
            [x - size * 0.66 + left, y + size * 0.62],
        ],
        samples=5,
    )


def _pelvis(canvas: Canvas, build: Build, lower: str, made_of: Cloth, pose: str) -> None:
    half, waist = build.hip_half * 1.04, build.waist_half
    top = build.waist_y + 0.2
    if lower == "skirt":
        if pose == "standing":
            hem = build.knee_y - 0.15
            right = [[waist, top], [half * 1.05, build.hip_y], [half * 1.42, hem]]
        else:
            hem = build.hip_y + 0.42
            right = [[waist, top], [half * 1.05, build.hip_y - 0.1], [half * 1.38, hem - 0.16]]
        edge = [[half * 0.7, hem + 0.05], [0.0, hem + 0.08], [-half * 0.7, hem + 0.05]]
        outline = np.array([*right, *edge, *[[-x, y] for x, y in right[::-1]]])
        paint_cloth(canvas, outline, made_of, line=0.016)
        for x in (-0.55, -0.15, 0.3, 0.7):
            fold(canvas, [[x * half, hem], [x * half * 0.7, build.hip_y]], made_of)
        return
    crotch = build.crotch_y if pose == "standing" else build.hip_y + 0.20
    right = [[waist, top], [half, build.hip_y - 0.05], [half * 0.98, build.hip_y + 0.12]]
    outline = np.array([*right, [0.03, crotch], [-0.03, crotch], *[[-x, y] for x, y in right[::-1]]])
    (x0, y0), (x1, y1) = outline.min(axis=0), outline.max(axis=0)
    canvas.fill(outline, made_of.light, shade=(made_of.shade, (x0 + 0.2, y0), (x1 + 0.1, y1 + 0.4)))
    for x in (-1, 1):
        canvas.stroke([[x * waist, top], [x * half, build.hip_y - 0.05]], made_of.line, 0.016)
    canvas.stroke([[0.0, build.hip_y - 0.12], [0.0, crotch]], made_of.line, 0.016, alpha=0.8)
