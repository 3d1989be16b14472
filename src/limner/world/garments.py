"""Upper garments: the trunk's outline and what makes a coat a coat (lapels, buttons, hoods, cuffs, necklines).

Knows garments on a body facing us. Knows nothing about arms' poses or scenes.
All coordinates are in heads, in the figure's frame.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from limner.world.build import Build
from limner.world.canvas import RGB, Canvas, Points, oval, smooth
from limner.world.cloth import Cloth, cloth, fold, paint_cloth
from limner.world.limbs import Sleeve
from limner.world.palette import darken, lighten, luminance, mix, skin_shadow
from limner.world.person import Traits

_SHIRT_WHITE: Final[RGB] = (244, 243, 240)
_TEE: Final[RGB] = (236, 234, 228)


def sleeve_of(traits: Traits) -> Sleeve:
    """The sleeves that go with the garment."""
    made_of = cloth(traits.garment_colour, traits.garment_pattern)
    garment = traits.garment
    if garment == "t-shirt":
        return Sleeve(made_of=made_of, reach=0.36)
    if garment == "dress":
        return Sleeve(made_of=made_of, reach=0.24, puffed=True)
    if garment == "blouse":
        return Sleeve(made_of=made_of, reach=0.74, loose=1.25, cuff=made_of.light)
    if garment == "vest":
        return Sleeve(made_of=cloth(_SHIRT_WHITE), reach=0.96, cuff=(252, 251, 248))
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
        _hood_behind(canvas, build, made_of)
    outline = trunk_outline(build, garment, pose)
    under = {"vest": cloth(_SHIRT_WHITE)}.get(garment)
    if under is not None:
        _paint_trunk(canvas, trunk_outline(build, "button-up shirt", pose), under)
        outline = _vest_outline(build)
    _paint_trunk(canvas, outline, made_of, seamless=under is not None)
    _folds(canvas, build, made_of, garment, pose)
    _DETAILS[garment](canvas, build, made_of, skin, traits)


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
    chest, waist, y = build.chest_half, build.waist_half, build.shoulder_y
    for side in (-1, 1):
        canvas.stroke(
            smooth([[side * chest * 1.0, y + 0.42], [side * chest * 0.86, y + 0.30], [side * chest * 0.84, y + 0.12]],
                   closed=False, samples=4),
            made_of.line, 0.02, alpha=0.45,
        )  # fmt: skip
        fold(canvas, [[side * waist, build.waist_y], [side * waist * 0.55, build.waist_y + 0.08]], made_of)
        fold(
            canvas,
            [[side * waist, build.waist_y + 0.10], [side * waist * 0.66, build.waist_y + 0.20]],
            made_of,
            0.024,
        )
    if garment == "dress":
        hem, half = _hem(build, garment, pose)
        for x in (-0.7, -0.3, 0.1, 0.5, 0.8):
            fold(canvas, [[x * half, hem - 0.05], [x * waist * 0.9, build.waist_y + 0.25]], made_of, 0.035)


# ---- necks and collars -----------------------------------------------------------------------------------------


def _neck(canvas: Canvas, build: Build, skin: RGB, opening: list[list[float]]) -> None:
    """The neck and the bare skin down to `opening`, its lower edge from left to right."""
    neck, top = build.neck_half, 0.18
    left = [[-neck, top], [-neck * 0.96, build.pit_y - 0.24], [-neck * 1.12, build.pit_y - 0.13]]
    outline = np.array([*left, *opening, *[[-x, y] for x, y in left[::-1]]])
    dark = skin_shadow(skin, 0.34)
    canvas.fill(outline, dark, shade=(skin, (0.02, 0.56), (-0.06, build.pit_y + 0.04)))
    canvas.stroke(outline[:3], skin_shadow(skin, 0.6), 0.014)
    canvas.stroke(outline[-3:], skin_shadow(skin, 0.6), 0.014)


def _round_opening(build: Build, wide: float, deep: float) -> list[list[float]]:
    half, y = build.neck_half * wide, build.pit_y - 0.13
    curve = smooth(
        [
            [-half, y],
            [-half * 0.80, y + deep * 0.62],
            [0.0, y + deep],
            [half * 0.80, y + deep * 0.62],
            [half, y],
        ],
        closed=False,
        samples=4,
    )
    return [[float(px), float(py)] for px, py in curve]


def _bones_of_chest(canvas: Canvas, build: Build, skin: RGB) -> None:
    for side in (-1, 1):
        canvas.stroke(
            [[side * 0.06, build.pit_y + 0.02], [side * build.neck_half * 1.3, build.pit_y - 0.03]],
            skin_shadow(skin, 0.5), 0.018, alpha=0.6,
        )  # fmt: skip


def _band(canvas: Canvas, points: list[list[float]], colour: RGB, line: RGB, width: float) -> None:
    canvas.stroke(points, line, width + 0.03)
    canvas.stroke(points, colour, width)


def _collar_flaps(canvas: Canvas, build: Build, made_of: Cloth, spread: float = 1.0) -> None:
    """A shirt's two collar wings, meeting under the chin."""
    neck, pit = build.neck_half, build.pit_y
    for side in (-1, 1):
        wing = np.array(
            [
                [side * (neck + 0.05), pit - 0.26],
                [side * (neck + 0.13) * spread, pit - 0.03],
                [side * (neck * 0.82 + 0.03) * spread, pit + 0.19],
                [side * 0.015, pit + 0.03],
                [side * neck * 0.72, pit - 0.12],
            ]
        )
        canvas.fill(wing, made_of.light, shade=(made_of.base, (0, pit - 0.2), (0, pit + 0.2)))
        canvas.stroke(wing, made_of.line, 0.018, closed=True)


def _buttons(canvas: Canvas, x: float, rows: list[float], colour: RGB, size: float = 0.026) -> None:
    for y in rows:
        canvas.ellipse(x + 0.006, y + 0.008, size * 1.1, size * 1.1, darken(colour, 0.5), alpha=0.6)
        canvas.ellipse(x, y, size, size, colour)


def _button_colour(made_of: Cloth) -> RGB:
    return (
        mix(made_of.base, (255, 253, 246), 0.75)
        if luminance(made_of.base) < 0.7
        else darken(made_of.base, 0.45)
    )


# ---- the garments ----------------------------------------------------------------------------------------------


def _t_shirt(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    opening = _round_opening(build, 1.42, 0.25)
    _neck(canvas, build, skin, opening)
    _bones_of_chest(canvas, build, skin)
    _band(canvas, opening, made_of.base, made_of.line, 0.045)


def _button_up(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    pit = build.pit_y
    half = build.neck_half
    _neck(canvas, build, skin, [[-half * 1.1, pit - 0.12], [0.0, pit + 0.09], [half * 1.1, pit - 0.12]])
    bottom = build.hip_y + 0.05
    for x in (-0.055, 0.055):
        canvas.stroke([[x, pit + 0.10], [x, bottom]], made_of.line, 0.014, alpha=0.75)
    step = (bottom - pit) / 5.2
    _buttons(canvas, 0.0, [pit + 0.22 + step * i for i in range(5)], _button_colour(made_of))
    if traits.garment == "button-up shirt" and build.size > 0.8:
        x, y, w = build.chest_half * 0.45, build.shoulder_y + 0.38, 0.15
        canvas.stroke([[x - w, y], [x + w, y], [x + w, y + 0.26], [x, y + 0.31], [x - w, y + 0.26]], made_of.line, 0.014, closed=True, alpha=0.7)  # fmt: skip
    _collar_flaps(canvas, build, replace(made_of, pattern="plain"))


def _sweater(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    opening = _round_opening(build, 1.30, 0.17)
    _neck(canvas, build, skin, opening)
    _band(canvas, opening, made_of.shade, made_of.line, 0.085)
    for x, y in opening[1:-1:2]:
        canvas.stroke([[x * 0.93, y - 0.03], [x * 1.07, y + 0.04]], made_of.line, 0.012, alpha=0.6)
    _ribbed_hem(canvas, build, made_of)


def _ribbed_hem(canvas: Canvas, build: Build, made_of: Cloth) -> None:
    y, half = build.hip_y - 0.13, build.hip_half * 1.03
    canvas.stroke([[-half, y], [0, y + 0.03], [half, y]], made_of.line, 0.016, alpha=0.8)
    for x in np.linspace(-0.9, 0.9, 11):
        canvas.stroke([[x * half, y + 0.03], [x * half, y + 0.14]], made_of.line, 0.012, alpha=0.5)


def _hood_behind(canvas: Canvas, build: Build, made_of: Cloth) -> None:
    """The hood's bulk on the shoulders, behind the neck."""
    neck, pit = build.neck_half, build.pit_y
    bulk = smooth(
        [
            [-neck - 0.30, pit + 0.0],
            [-neck - 0.26, pit - 0.26],
            [0, pit - 0.36],
            [neck + 0.26, pit - 0.26],
            [neck + 0.30, pit],
        ]
    )
    canvas.fill(bulk, made_of.shade)
    canvas.stroke(bulk, made_of.line, 0.018, closed=True)


def _hoodie(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    pit, neck = build.pit_y, build.neck_half
    _neck(canvas, build, skin, _round_opening(build, 1.25, 0.22))
    for side in (-1, 1):  # the hood's rim comes down on both sides and meets below the pit of the neck
        rim = smooth(
            [
                [side * (neck + 0.10), pit - 0.30],
                [side * (neck + 0.31), pit - 0.14],
                [side * (neck + 0.24), pit + 0.10],
                [side * 0.02, pit + 0.25],
                [side * neck * 0.70, pit + 0.02],
                [side * neck * 1.08, pit - 0.16],
            ],
            samples=5,
        )
        canvas.fill(rim, made_of.light, shade=(made_of.shade, (0, pit - 0.2), (0, pit + 0.4)))
        canvas.stroke(rim, made_of.line, 0.018, closed=True)
        string = [[side * 0.10, pit + 0.17], [side * 0.13, pit + 0.36], [side * 0.11, pit + 0.56]]
        canvas.stroke(smooth(string, closed=False), lighten(made_of.second, 0.4), 0.028)
        canvas.ellipse(side * 0.11, pit + 0.58, 0.02, 0.035, darken(made_of.second, 0.3))
    y, half = build.waist_y + 0.04, build.waist_half * 0.74
    pocket = [
        [-half * 0.55, y],
        [half * 0.55, y],
        [half, y + 0.32],
        [half, y + 0.42],
        [-half, y + 0.42],
        [-half, y + 0.32],
    ]
    canvas.stroke(pocket, made_of.line, 0.018, closed=True, alpha=0.85)
    _ribbed_hem(canvas, build, made_of)


def _cardigan(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    pit, neck = build.pit_y, build.neck_half
    bottom = build.hip_y + 0.10
    deep = build.waist_y - 0.32
    tee = cloth(_TEE if luminance(made_of.base) < 0.75 else (120, 134, 158))
    inner = [
        [-neck * 1.15, pit - 0.15], [-neck * 1.35, pit + 0.1], [-0.05, deep], [-0.13, bottom],
        [0.13, bottom], [0.05, deep], [neck * 1.35, pit + 0.1], [neck * 1.15, pit - 0.15],
    ]  # fmt: skip
    canvas.fill(inner, tee.light, shade=(tee.shade, (0, pit), (0, bottom)))
    opening = _round_opening(build, 1.20, 0.18)
    _neck(canvas, build, skin, opening)
    _band(canvas, opening[2:-2], tee.light, tee.line, 0.035)
    for side in (-1, 1):
        edge = smooth(
            [[side * (neck + 0.06), pit - 0.20], [side * (neck * 1.3 + 0.05), pit + 0.08], [side * 0.09, deep], [side * 0.14, bottom]],
            closed=False, samples=5,
        )  # fmt: skip
        _band(canvas, [[float(x), float(y)] for x, y in edge], made_of.shade, made_of.line, 0.075)
    rows = [deep + 0.06 + 0.24 * i for i in range(4) if deep + 0.24 * i < bottom - 0.1]
    _buttons(canvas, 0.12, rows, _button_colour(made_of), 0.034)


def _blouse(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    pit, neck = build.pit_y, build.neck_half
    vee = [
        [-neck * 1.45, pit - 0.13],
        [-neck * 1.1, pit + 0.08],
        [0.0, pit + 0.42],
        [neck * 1.1, pit + 0.08],
        [neck * 1.45, pit - 0.13],
    ]
    _neck(canvas, build, skin, vee)
    _bones_of_chest(canvas, build, skin)
    for side in (-1, 1):
        frill = smooth(
            [
                [side * neck * 1.35, pit - 0.22],
                [side * (neck * 1.5 + 0.13), pit - 0.06],
                [side * (neck * 1.15 + 0.12), pit + 0.16],
                [side * 0.13, pit + 0.44],
                [side * 0.0, pit + 0.48],
                [side * neck * 1.05, pit + 0.08],
            ],
            samples=5,
        )
        canvas.fill(frill, made_of.light, shade=(made_of.base, (0, pit), (0, pit + 0.5)))
        canvas.stroke(frill, made_of.line, 0.016, closed=True)
    canvas.stroke([[0, pit + 0.5], [0, build.hip_y]], made_of.line, 0.013, alpha=0.6)
    _buttons(canvas, 0.0, [pit + 0.62 + 0.26 * i for i in range(4)], _button_colour(made_of), 0.022)


def _dress(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    pit, neck = build.pit_y, build.neck_half
    half = neck * 1.9
    opening = [
        [-half, pit - 0.10],
        [-half * 0.86, pit + 0.12],
        [-half * 0.4, pit + 0.24],
        [0, pit + 0.21],
        [half * 0.4, pit + 0.24],
        [half * 0.86, pit + 0.12],
        [half, pit - 0.10],
    ]
    curve = smooth(opening, closed=False, samples=4)
    _neck(canvas, build, skin, [[float(x), float(y)] for x, y in curve])
    _bones_of_chest(canvas, build, skin)
    canvas.stroke(curve, made_of.line, 0.03)
    canvas.stroke(curve, made_of.light, 0.016)
    y, waist = build.waist_y, build.waist_half + 0.02
    sash = smooth(
        [
            [-waist, y - 0.05],
            [0, y - 0.02],
            [waist, y - 0.05],
            [waist, y + 0.07],
            [0, y + 0.10],
            [-waist, y + 0.07],
        ],
        samples=3,
    )
    canvas.fill(sash, darken(made_of.second, 0.1))
    canvas.stroke(sash, made_of.line, 0.014, closed=True)


def _lapels(canvas: Canvas, build: Build, made_of: Cloth, meet_y: float) -> None:
    pit, neck = build.pit_y, build.neck_half
    for side in (-1, 1):
        lapel = np.array(
            [
                [side * (neck + 0.04), pit - 0.24],
                [side * (neck + 0.20), pit - 0.02],
                [side * (neck + 0.32), pit + 0.16],
                [side * (neck + 0.20), pit + 0.20],
                [side * (neck + 0.27), pit + 0.30],
                [side * 0.03, meet_y],
                [side * (neck * 0.9), pit + 0.12],
            ]
        )
        canvas.fill(lapel, made_of.light, shade=(made_of.base, (0, pit), (0, meet_y)))
        canvas.stroke(lapel, made_of.line, 0.018, closed=True)


def _shirt_front(canvas: Canvas, build: Build, colour: RGB, deep: float) -> None:
    """The shirt seen between a jacket's lapels."""
    pit, neck = build.pit_y, build.neck_half
    shirt = cloth(colour)
    front = [
        [-neck - 0.08, pit - 0.15],
        [-neck - 0.12, pit + 0.1],
        [0, deep + 0.04],
        [neck + 0.12, pit + 0.1],
        [neck + 0.08, pit - 0.15],
    ]
    canvas.fill(front, shirt.light, shade=(shirt.shade, (0, pit), (0, deep + 0.2)))
    canvas.stroke([[0, pit + 0.1], [0, deep]], shirt.line, 0.012, alpha=0.5)


def _suit(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    pit, neck = build.pit_y, build.neck_half
    meet = build.waist_y - 0.28
    _shirt_front(canvas, build, _SHIRT_WHITE if luminance(made_of.base) < 0.8 else (170, 196, 224), meet)
    _neck(canvas, build, skin, [[-neck * 1.1, pit - 0.12], [0.0, pit + 0.06], [neck * 1.1, pit - 0.12]])
    _collar_flaps(canvas, build, cloth(_SHIRT_WHITE), spread=0.92)
    if traits.neckwear == "none":
        draw_tie(canvas, build, cloth(_tie_for(made_of)), meet)
    _lapels(canvas, build, made_of, meet)
    canvas.stroke([[0.02, meet], [0.03, build.hip_y + 0.12]], made_of.line, 0.018)
    _buttons(canvas, 0.07, [meet + 0.10, meet + 0.38], made_of.line, 0.03)
    x, y = build.chest_half * 0.52, build.shoulder_y + 0.42
    canvas.stroke([[x - 0.12, y], [x + 0.12, y - 0.02]], made_of.line, 0.02)
    canvas.fill(
        [
            [x - 0.07, y - 0.01],
            [x - 0.03, y - 0.08],
            [x, y - 0.03],
            [x + 0.04, y - 0.09],
            [x + 0.07, y - 0.02],
        ],
        _SHIRT_WHITE,
    )


def _tie_for(made_of: Cloth) -> RGB:
    return (150, 44, 56) if luminance(made_of.base) < 0.5 else (52, 66, 112)


def _white_coat(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    pit, neck = build.pit_y, build.neck_half
    meet = build.waist_y - 0.10
    _shirt_front(canvas, build, (146, 184, 212), meet)
    _neck(canvas, build, skin, [[-neck * 1.15, pit - 0.12], [0.0, pit + 0.10], [neck * 1.15, pit - 0.12]])
    _collar_flaps(canvas, build, cloth((146, 184, 212)), spread=0.92)
    _lapels(canvas, build, made_of, meet)
    canvas.stroke([[0.02, meet], [0.03, build.knee_y]], made_of.line, 0.018)
    _buttons(canvas, 0.08, [meet + 0.12 + 0.30 * i for i in range(3)], (176, 172, 180), 0.03)
    x, y = build.chest_half * 0.52, build.shoulder_y + 0.46
    pocket = [[x - 0.14, y], [x + 0.14, y], [x + 0.13, y + 0.24], [x - 0.13, y + 0.24]]
    canvas.stroke(pocket, made_of.line, 0.016, closed=True)
    for shift, pen in ((-0.05, (70, 110, 190)), (0.04, (196, 70, 66))):
        canvas.stroke([[x + shift, y - 0.08], [x + shift, y + 0.04]], pen, 0.028)
    for side in (-1, 1):
        low = build.waist_y + 0.30
        canvas.stroke(
            [[side * build.waist_half * 0.40, low], [side * build.waist_half * 0.92, low]], made_of.line, 0.02
        )


def _vest(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    pit, neck = build.pit_y, build.neck_half
    meet = build.waist_y - 0.38
    shirt = cloth(_SHIRT_WHITE)
    _shirt_front(canvas, build, _SHIRT_WHITE, meet)
    _neck(canvas, build, skin, [[-neck * 1.1, pit - 0.12], [0.0, pit + 0.07], [neck * 1.1, pit - 0.12]])
    _collar_flaps(canvas, build, shirt)
    for side in (-1, 1):
        canvas.stroke([[side * (neck + 0.13), pit + 0.02], [side * 0.02, meet]], made_of.line, 0.03)
    canvas.stroke([[0, meet], [0, build.hip_y]], made_of.line, 0.016)
    _buttons(canvas, 0.05, [meet + 0.10 + 0.24 * i for i in range(4)], _button_colour(made_of), 0.028)


def _onesie(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    opening = _round_opening(build, 1.35, 0.20)
    _neck(canvas, build, skin, opening)
    _band(canvas, opening, made_of.second, made_of.line, 0.05)
    pit = build.pit_y
    _buttons(
        canvas,
        0.0,
        [pit + 0.20 + 0.17 * i for i in range(4)],
        mix(made_of.second, (255, 255, 255), 0.4),
        0.028,
    )
    canvas.ellipse(0.0, build.waist_y + 0.05, 0.16, 0.12, made_of.second, alpha=0.35)


def draw_tie(canvas: Canvas, build: Build, made_of: Cloth, bottom: float) -> None:
    """A tie from the collar down to `bottom`."""
    pit = build.pit_y
    knot = [[-0.075, pit + 0.0], [0.075, pit + 0.0], [0.045, pit + 0.13], [-0.045, pit + 0.13]]
    blade = [
        [-0.045, pit + 0.13],
        [0.045, pit + 0.13],
        [0.105, bottom - 0.10],
        [0.0, bottom],
        [-0.105, bottom - 0.10],
    ]
    for part in (blade, knot):
        canvas.fill(part, made_of.light, shade=(made_of.shade, (0, pit), (0.08, bottom)))
        canvas.stroke(part, made_of.line, 0.016, closed=True)
    for y in np.arange(pit + 0.24, bottom - 0.12, 0.13):
        canvas.stroke([[-0.055, y + 0.05], [0.055, y]], made_of.second, 0.022, alpha=0.6)


_DETAILS: Final = {
    "t-shirt": _t_shirt,
    "button-up shirt": _button_up,
    "sweater": _sweater,
    "hooded sweatshirt": _hoodie,
    "cardigan": _cardigan,
    "blouse": _blouse,
    "dress": _dress,
    "white coat": _white_coat,
    "suit": _suit,
    "vest": _vest,
    "onesie": _onesie,
}


def draw_neckwear(canvas: Canvas, build: Build, traits: Traits) -> None:
    """What is worn around the neck, over the garment."""
    if traits.neckwear == "none":
        return
    made_of = cloth(traits.neckwear_colour)
    pit, neck = build.pit_y, build.neck_half
    if traits.neckwear == "tie":
        draw_tie(
            canvas,
            build,
            made_of,
            build.waist_y - (0.30 if traits.garment in ("suit", "vest", "white coat") else 0.0),
        )
    elif traits.neckwear == "bow tie":
        for side in (-1, 1):
            wing = smooth(
                [
                    [0, pit + 0.06],
                    [side * 0.22, pit - 0.06],
                    [side * 0.25, pit + 0.06],
                    [side * 0.22, pit + 0.18],
                ],
                samples=5,
            )
            canvas.fill(wing, made_of.light, shade=(made_of.shade, (0, pit), (side * 0.25, pit + 0.2)))
            canvas.stroke(wing, made_of.line, 0.018, closed=True)
        canvas.ellipse(0, pit + 0.06, 0.06, 0.075, made_of.base)
        canvas.stroke(oval(0, pit + 0.06, 0.06, 0.075), made_of.line, 0.016, closed=True)
    elif traits.neckwear == "scarf":
        _scarf(canvas, made_of, pit, neck)
    else:
        _neck_headphones(canvas, made_of, pit, neck)


def _scarf(canvas: Canvas, made_of: Cloth, pit: float, neck: float) -> None:
    half = neck + 0.20
    tail = smooth(
        [
            [0.02, pit + 0.02],
            [0.26, pit + 0.0],
            [0.34, pit + 0.50],
            [0.32, pit + 0.92],
            [0.06, pit + 0.94],
            [0.06, pit + 0.45],
        ],
        samples=5,
    )
    canvas.fill(tail, made_of.base, shade=(made_of.shade, (0, pit), (0.3, pit + 1.0)))
    canvas.stroke(tail, made_of.line, 0.018, closed=True)
    for y in (pit + 0.66, pit + 0.78):
        canvas.stroke([[0.06, y], [0.335, y - 0.01]], made_of.second, 0.035)
    for x in np.linspace(0.08, 0.30, 6):
        canvas.stroke([[x, pit + 0.93], [x, pit + 1.02]], made_of.line, 0.016)
    wrap = smooth(
        [[-half, pit - 0.12], [-half * 0.6, pit - 0.24], [half * 0.6, pit - 0.24], [half, pit - 0.12], [half * 0.9, pit + 0.09],
         [0.0, pit + 0.19], [-half * 0.9, pit + 0.09]]
    )  # fmt: skip
    canvas.fill(wrap, made_of.light, shade=(made_of.shade, (-0.1, pit - 0.2), (0.1, pit + 0.25)))
    canvas.stroke(wrap, made_of.line, 0.018, closed=True)
    for a, b in ((0.0, 0.09), (0.06, 0.0)):
        crease = smooth(
            [[-half * 0.85, pit - 0.08 + a], [0.0, pit + 0.06 + a], [half * 0.8, pit - 0.1 + b]], closed=False
        )
        canvas.stroke(crease, made_of.line, 0.022, alpha=0.4)


def _neck_headphones(canvas: Canvas, made_of: Cloth, pit: float, neck: float) -> None:
    half = neck + 0.16
    arch = smooth(
        [[-half - 0.02, pit + 0.16], [-half - 0.07, pit - 0.08], [-half * 0.75, pit - 0.24]], closed=False
    )
    for side in (-1, 1):
        canvas.stroke(arch * (-side, 1), made_of.line, 0.09)
        canvas.stroke(arch * (-side, 1), made_of.base, 0.06)
        cup = oval(side * half * 0.92, pit + 0.20, 0.13, 0.17, side * 0.35)
        canvas.fill(cup, made_of.light, shade=(made_of.shade, (side * half, pit), (side * half, pit + 0.4)))
        canvas.stroke(cup, made_of.line, 0.018, closed=True)
        canvas.ellipse(
            side * half * 0.88, pit + 0.20, 0.07, 0.10, mix(made_of.line, (30, 30, 36), 0.5), side * 0.35
        )
