"""Upper garments: the trunk's outline, its cloth and folds, and the sleeves that go with it.

Knows garments on a body facing us. Knows nothing about arms' poses or scenes.
All coordinates are in heads, in the figure's frame.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from limner_world.build import Build
from limner_world.canvas import RGB, Canvas
from limner_world.cloth import Cloth, cloth, fold, paint_cloth
from limner_world.curves import Points, smooth
from limner_world.fronts import SHIRT_WHITE, draw_front, draw_hood_behind
from limner_world.limbs import Sleeve
from limner_world.person import Traits


def sleeve_of(traits: Traits) -> Sleeve:
    """The sleeves that go with the garment."""
    return _sleeve(traits.garment, cloth(traits.garment_colour, traits.garment_pattern))


@lru_cache(maxsize=1024)
def _sleeve(garment: str, made_of: Cloth) -> Sleeve:
    if garment == "t-shirt":
        return Sleeve(made_of=made_of, reach=0.36)
    if garment == "dress":
        return Sleeve(made_of=made_of, reach=0.24, puffed=True)
    if garment == "blouse":
        return Sleeve(made_of=made_of, reach=0.74, loose=1.25, cuff=made_of.light)
    if garment == "vest":
        return Sleeve(made_of=cloth(SHIRT_WHITE), reach=0.96, cuff=(252, 251, 248))
    if garment == "suit":
        return Sleeve(made_of=made_of, reach=0.92, loose=1.04, cuff=(250, 249, 246))
    if garment == "white coat":
        return Sleeve(made_of=made_of, reach=0.95, loose=1.12)
    if garment == "button-up shirt":
        return Sleeve(made_of=made_of, reach=0.97, cuff=made_of.light)
    if garment == "onesie":
        return Sleeve(made_of=made_of, reach=0.97, loose=1.08, cuff=made_of.second)
    return Sleeve(made_of=made_of, reach=0.97, loose=1.12, cuff=made_of.shade)


def draw_trunk(canvas: Canvas, build: Build, traits: Traits, skin: RGB, pose: str) -> None:
    """The neck and the upper garment with its details; arms and head come apart."""
    made_of = cloth(traits.garment_colour, traits.garment_pattern)
    garment = traits.garment
    if garment == "hooded sweatshirt":
        draw_hood_behind(canvas, build, made_of)
    outline = trunk_outline(build, garment, pose)
    under = {"vest": cloth(SHIRT_WHITE)}.get(garment)
    if under is not None:
        _paint_trunk(canvas, trunk_outline(build, "button-up shirt", pose), under)
        outline = _vest_outline(build)
    _paint_trunk(canvas, outline, made_of, seamless=under is not None)
    _folds(canvas, build, made_of, garment, pose)
    draw_front(canvas, build, made_of, skin, traits)


_SHOULDER_POINTS: Final = 11  # of each side of `trunk_outline`: from the neck to the shoulder's tip
_ARMPIT_POINTS: Final = 24  # and on to below the armpit


def _paint_trunk(canvas: Canvas, outline: Points, made_of: Cloth, seamless: bool = False) -> None:
    """The trunk's cloth; its contour leaves out the shoulders, where the sleeves go on."""
    paint_cloth(canvas, outline, made_of, line=0.018 if seamless else 0.0)
    if not seamless:
        canvas.stroke(outline[:_SHOULDER_POINTS], made_of.line, 0.018)
        canvas.stroke(outline[-_SHOULDER_POINTS:], made_of.line, 0.018)
        canvas.stroke(outline[_ARMPIT_POINTS:-_ARMPIT_POINTS], made_of.line, 0.018)
        for part in (
            outline[_SHOULDER_POINTS + 1 : _ARMPIT_POINTS],
            outline[-_ARMPIT_POINTS : -_SHOULDER_POINTS - 1],
        ):
            canvas.stroke(part, made_of.line, 0.016, alpha=0.45)


@lru_cache(maxsize=512)
def trunk_outline(build: Build, garment: str, pose: str = "standing") -> Points:
    """The garment's outline from neck to hem, without sleeves: (N, 2)."""
    loose = {
        "sweater": 0.05,
        "hooded sweatshirt": 0.08,
        "cardigan": 0.04,
        "white coat": 0.07,
        "suit": 0.05,
    }.get(garment, 0.02)
    neck, shoulder = build.neck_half, build.shoulder_half
    right = [
        [neck + 0.035, build.pit_y - 0.17],
        [neck + 0.13, build.pit_y - 0.06],
        [shoulder * 0.62, build.shoulder_y - 0.085],
        [shoulder * 0.80, build.shoulder_y - 0.015],
        [shoulder * 0.84, build.shoulder_y + 0.14],
        [build.chest_half + loose * 0.6, build.shoulder_y + 0.44],
        [build.waist_half + loose, build.waist_y],
    ]
    hem_y, hem_half = _hem(build, garment, pose)
    if hem_y > build.hip_y + 0.2:
        right.append([build.hip_half + 0.03 + loose, build.hip_y])
    right.append([hem_half + loose, hem_y])
    side = smooth(right, closed=False, samples=5)
    dip = 0.03 if garment not in ("suit", "cardigan") else 0.0
    bottom = [[hem_half * 0.5, hem_y + dip], [-hem_half * 0.5, hem_y + dip]]
    return np.concatenate([side, bottom, side[::-1] * (-1, 1)])


def _hem(build: Build, garment: str, pose: str) -> tuple[float, float]:
    """The hem's height and half width."""
    if garment == "dress":
        if pose == "standing":
            return build.knee_y - 0.10, build.hip_half * 1.65
        return build.hip_y + 0.34, build.hip_half * 1.5
    if garment == "white coat" and pose == "standing":
        return build.knee_y - 0.25, build.hip_half * 1.12
    if garment == "onesie":
        return build.crotch_y, build.hip_half * 0.98
    drop = {"suit": 0.14, "cardigan": 0.10, "button-up shirt": 0.06, "hooded sweatshirt": 0.04}.get(
        garment, 0.02
    )
    return build.hip_y + drop, build.hip_half * 1.02


@lru_cache(maxsize=16)
def _vest_outline(build: Build) -> Points:
    right = [
        [build.neck_half + 0.10, build.pit_y - 0.08],
        [build.shoulder_half * 0.62, build.shoulder_y - 0.06],
        [build.shoulder_half * 0.60, build.shoulder_y + 0.25],
        [build.chest_half * 0.99, build.shoulder_y + 0.52],
        [build.waist_half + 0.02, build.waist_y],
        [build.hip_half, build.hip_y - 0.02],
    ]
    side = smooth(right, closed=False, samples=5)
    points = [[build.hip_half * 0.45, build.hip_y + 0.06], [0.1, build.hip_y - 0.02]]
    return np.concatenate([side, points, np.array(points[::-1]) * (-1, 1), side[::-1] * (-1, 1)])


def _folds(canvas: Canvas, build: Build, made_of: Cloth, garment: str, pose: str) -> None:
    armpits, waist, low_waist = _creases(build)
    for line in armpits:
        canvas.stroke(line, made_of.line, 0.02, alpha=0.45)
    for line in waist:
        fold(canvas, line, made_of)
    for line in low_waist:
        fold(canvas, line, made_of, 0.024)
    if garment == "dress":
        for line in _skirt_folds(build, pose):
            fold(canvas, line, made_of, 0.035)


@lru_cache(maxsize=16)
def _creases(build: Build) -> tuple[Points, Points, Points]:
    """Creases in the cloth, one a side: at the armpits, at the waist and below it, each (2, N, 2)."""
    chest, waist, y = build.chest_half, build.waist_half, build.shoulder_y
    armpit = smooth(
        [[chest * 1.0, y + 0.42], [chest * 0.86, y + 0.30], [chest * 0.84, y + 0.12]], closed=False, samples=4
    )
    high = np.array([[waist, build.waist_y], [waist * 0.55, build.waist_y + 0.08]])
    low = np.array([[waist, build.waist_y + 0.10], [waist * 0.66, build.waist_y + 0.20]])
    left, middle, right = (np.stack([line * (-1, 1), line]) for line in (armpit, high, low))
    return left, middle, right


@lru_cache(maxsize=32)
def _skirt_folds(build: Build, pose: str) -> Points:
    """The folds of a dress's skirt: (5, 2, 2)."""
    hem, half = _hem(build, "dress", pose)
    top, y = build.waist_half * 0.9, build.waist_y + 0.25
    return np.array([[[x * half, hem - 0.05], [x * top, y]] for x in (-0.7, -0.3, 0.1, 0.5, 0.8)])
