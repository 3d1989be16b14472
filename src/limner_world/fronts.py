"""The front of every garment: what makes a coat a coat (lapels, buttons, hoods, pockets, necklines).

Knows each garment's details on a trunk already painted. Knows nothing about outlines, sleeves or poses.
All coordinates are in heads, in the figure's frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from limner_world.build import Build
from limner_world.canvas import RGB, Canvas
from limner_world.cloth import Cloth, cloth
from limner_world.collars import (
    bare_neck,
    bones_of_chest,
    button_colour,
    buttons,
    collar_flaps,
    edging,
    round_opening,
)
from limner_world.curves import Points, even, smooth
from limner_world.neckwear import draw_tie
from limner_world.palette import darken, lighten, luminance, mix
from limner_world.person import Traits

SHIRT_WHITE: Final[RGB] = (244, 243, 240)
_TEE: Final[RGB] = (236, 234, 228)


def _t_shirt(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    opening = round_opening(build, 1.42, 0.25)
    bare_neck(canvas, build, skin, opening)
    bones_of_chest(canvas, build, skin)
    edging(canvas, opening, made_of.base, made_of.line, 0.045)


def _button_up(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    pit = build.pit_y
    half = build.neck_half
    bare_neck(canvas, build, skin, [[-half * 1.1, pit - 0.12], [0.0, pit + 0.09], [half * 1.1, pit - 0.12]])
    bottom = build.hip_y + 0.05
    for x in (-0.055, 0.055):
        canvas.stroke([[x, pit + 0.10], [x, bottom]], made_of.line, 0.014, alpha=0.75)
    step = (bottom - pit) / 5.2
    buttons(canvas, 0.0, [pit + 0.22 + step * i for i in range(5)], button_colour(made_of))
    if traits.garment == "button-up shirt" and build.size > 0.8:
        x, y, w = build.chest_half * 0.45, build.shoulder_y + 0.38, 0.15
        canvas.stroke(
            [[x - w, y], [x + w, y], [x + w, y + 0.26], [x, y + 0.31], [x - w, y + 0.26]],
            made_of.line,
            0.014,
            closed=True,
            alpha=0.7,
        )
    collar_flaps(canvas, build, replace(made_of, pattern="plain"))


def _sweater(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    opening = round_opening(build, 1.30, 0.17)
    bare_neck(canvas, build, skin, opening)
    edging(canvas, opening, made_of.shade, made_of.line, 0.085)
    for x, y in opening[1:-1:2]:
        canvas.stroke([[x * 0.93, y - 0.03], [x * 1.07, y + 0.04]], made_of.line, 0.012, alpha=0.6)
    _ribbed_hem(canvas, build, made_of)


def _ribbed_hem(canvas: Canvas, build: Build, made_of: Cloth) -> None:
    y, half = build.hip_y - 0.13, build.hip_half * 1.03
    canvas.stroke([[-half, y], [0, y + 0.03], [half, y]], made_of.line, 0.016, alpha=0.8)
    for x in even(-0.9, 0.9, 11):
        canvas.stroke([[x * half, y + 0.03], [x * half, y + 0.14]], made_of.line, 0.012, alpha=0.5)


def draw_hood_behind(canvas: Canvas, build: Build, made_of: Cloth) -> None:
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


@lru_cache(maxsize=16)
def _hood_rims(build: Build) -> Points:
    """The hood's rim, left and right: it comes down on both sides and meets below the pit of the neck."""
    pit, neck = build.pit_y, build.neck_half
    rim = smooth(
        [
            [neck + 0.10, pit - 0.30],
            [neck + 0.31, pit - 0.14],
            [neck + 0.24, pit + 0.10],
            [0.02, pit + 0.25],
            [neck * 0.70, pit + 0.02],
            [neck * 1.08, pit - 0.16],
        ],
        samples=5,
    )
    return np.stack([rim * (-1, 1), rim])


_STRING: Final = smooth([[0.10, 0.17], [0.13, 0.36], [0.11, 0.56]], closed=False)
_STRINGS: Final = np.stack([_STRING * (-1, 1), _STRING])  # below the pit of the neck


def _hoodie(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    pit = build.pit_y
    bare_neck(canvas, build, skin, round_opening(build, 1.25, 0.22))
    rims, strings = _hood_rims(build), _STRINGS + np.array((0.0, pit))
    for rim, string, side in zip(rims, strings, (-1, 1), strict=True):
        canvas.fill(rim, made_of.light, shade=(made_of.shade, (0, pit - 0.2), (0, pit + 0.4)))
        canvas.stroke(rim, made_of.line, 0.018, closed=True)
        canvas.stroke(string, lighten(made_of.second, 0.4), 0.028)
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


@lru_cache(maxsize=16)
def _cardigan_edges(build: Build) -> Points:
    """The knitted edges that hang open, left and right."""
    pit, neck = build.pit_y, build.neck_half
    edge = smooth(
        [
            [neck + 0.06, pit - 0.20],
            [neck * 1.3 + 0.05, pit + 0.08],
            [0.09, build.waist_y - 0.32],
            [0.14, build.hip_y + 0.10],
        ],
        closed=False,
        samples=5,
    )
    return np.stack([edge * (-1, 1), edge])


def _cardigan(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    pit, neck = build.pit_y, build.neck_half
    bottom = build.hip_y + 0.10
    deep = build.waist_y - 0.32
    tee = cloth(_TEE if luminance(made_of.base) < 0.75 else (120, 134, 158))
    inner = [
        [-neck * 1.15, pit - 0.15],
        [-neck * 1.35, pit + 0.1],
        [-0.05, deep],
        [-0.13, bottom],
        [0.13, bottom],
        [0.05, deep],
        [neck * 1.35, pit + 0.1],
        [neck * 1.15, pit - 0.15],
    ]
    canvas.fill(inner, tee.light, shade=(tee.shade, (0, pit), (0, bottom)))
    opening = round_opening(build, 1.20, 0.18)
    bare_neck(canvas, build, skin, opening)
    edging(canvas, opening[2:-2], tee.light, tee.line, 0.035)
    for edge in _cardigan_edges(build):
        edging(canvas, edge, made_of.shade, made_of.line, 0.075)
    rows = [deep + 0.06 + 0.24 * i for i in range(4) if deep + 0.24 * i < bottom - 0.1]
    buttons(canvas, 0.12, rows, button_colour(made_of), 0.034)


@lru_cache(maxsize=16)
def _frills(build: Build) -> Points:
    """A blouse's collar, left and right."""
    pit, neck = build.pit_y, build.neck_half
    frill = smooth(
        [
            [neck * 1.35, pit - 0.22],
            [neck * 1.5 + 0.13, pit - 0.06],
            [neck * 1.15 + 0.12, pit + 0.16],
            [0.13, pit + 0.44],
            [0.0, pit + 0.48],
            [neck * 1.05, pit + 0.08],
        ],
        samples=5,
    )
    return np.stack([frill * (-1, 1), frill])


def _blouse(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    pit, neck = build.pit_y, build.neck_half
    vee = [
        [-neck * 1.45, pit - 0.13],
        [-neck * 1.1, pit + 0.08],
        [0.0, pit + 0.42],
        [neck * 1.1, pit + 0.08],
        [neck * 1.45, pit - 0.13],
    ]
    bare_neck(canvas, build, skin, vee)
    bones_of_chest(canvas, build, skin)
    for frill in _frills(build):
        canvas.fill(frill, made_of.light, shade=(made_of.base, (0, pit), (0, pit + 0.5)))
        canvas.stroke(frill, made_of.line, 0.016, closed=True)
    canvas.stroke([[0, pit + 0.5], [0, build.hip_y]], made_of.line, 0.013, alpha=0.6)
    buttons(canvas, 0.0, [pit + 0.62 + 0.26 * i for i in range(4)], button_colour(made_of), 0.022)


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
    bare_neck(canvas, build, skin, curve)
    bones_of_chest(canvas, build, skin)
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
    for lapel in _lapel_outlines(build, meet_y):
        canvas.fill(lapel, made_of.light, shade=(made_of.base, (0, build.pit_y), (0, meet_y)))
        canvas.stroke(lapel, made_of.line, 0.018, closed=True)


@lru_cache(maxsize=32)
def _lapel_outlines(build: Build, meet_y: float) -> Points:
    """A jacket's left and right lapel: (2, 7, 2)."""
    pit, neck = build.pit_y, build.neck_half
    lapel = np.array(
        [
            [neck + 0.04, pit - 0.24],
            [neck + 0.20, pit - 0.02],
            [neck + 0.32, pit + 0.16],
            [neck + 0.20, pit + 0.20],
            [neck + 0.27, pit + 0.30],
            [0.03, meet_y],
            [neck * 0.9, pit + 0.12],
        ]
    )
    return np.stack([lapel * (-1, 1), lapel])


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
    _shirt_front(canvas, build, SHIRT_WHITE if luminance(made_of.base) < 0.8 else (170, 196, 224), meet)
    bare_neck(canvas, build, skin, [[-neck * 1.1, pit - 0.12], [0.0, pit + 0.06], [neck * 1.1, pit - 0.12]])
    collar_flaps(canvas, build, cloth(SHIRT_WHITE), spread=0.92)
    if traits.neckwear == "none":
        draw_tie(canvas, build, cloth(_tie_for(made_of)), meet)
    _lapels(canvas, build, made_of, meet)
    canvas.stroke([[0.02, meet], [0.03, build.hip_y + 0.12]], made_of.line, 0.018)
    buttons(canvas, 0.07, [meet + 0.10, meet + 0.38], made_of.line, 0.03)
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
        SHIRT_WHITE,
    )


def _tie_for(made_of: Cloth) -> RGB:
    return (150, 44, 56) if luminance(made_of.base) < 0.5 else (52, 66, 112)


def _white_coat(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    pit, neck = build.pit_y, build.neck_half
    meet = build.waist_y - 0.10
    _shirt_front(canvas, build, (146, 184, 212), meet)
    bare_neck(canvas, build, skin, [[-neck * 1.15, pit - 0.12], [0.0, pit + 0.10], [neck * 1.15, pit - 0.12]])
    collar_flaps(canvas, build, cloth((146, 184, 212)), spread=0.92)
    _lapels(canvas, build, made_of, meet)
    canvas.stroke([[0.02, meet], [0.03, build.knee_y]], made_of.line, 0.018)
    buttons(canvas, 0.08, [meet + 0.12 + 0.30 * i for i in range(3)], (176, 172, 180), 0.03)
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
    shirt = cloth(SHIRT_WHITE)
    _shirt_front(canvas, build, SHIRT_WHITE, meet)
    bare_neck(canvas, build, skin, [[-neck * 1.1, pit - 0.12], [0.0, pit + 0.07], [neck * 1.1, pit - 0.12]])
    collar_flaps(canvas, build, shirt)
    for side in (-1, 1):
        canvas.stroke([[side * (neck + 0.13), pit + 0.02], [side * 0.02, meet]], made_of.line, 0.03)
    canvas.stroke([[0, meet], [0, build.hip_y]], made_of.line, 0.016)
    buttons(canvas, 0.05, [meet + 0.10 + 0.24 * i for i in range(4)], button_colour(made_of), 0.028)


def _onesie(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    opening = round_opening(build, 1.35, 0.20)
    bare_neck(canvas, build, skin, opening)
    edging(canvas, opening, made_of.second, made_of.line, 0.05)
    pit = build.pit_y
    buttons(
        canvas,
        0.0,
        [pit + 0.20 + 0.17 * i for i in range(4)],
        mix(made_of.second, (255, 255, 255), 0.4),
        0.028,
    )
    canvas.ellipse(0.0, build.waist_y + 0.05, 0.16, 0.12, made_of.second, alpha=0.35)


_FRONTS: Final[dict[str, Callable[[Canvas, Build, Cloth, RGB, Traits], None]]] = {
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


def draw_front(canvas: Canvas, build: Build, made_of: Cloth, skin: RGB, traits: Traits) -> None:
    """Neck, neckline and details of the garment in `traits`; ValueError for an unknown garment."""
    if traits.garment not in _FRONTS:
        raise ValueError(f"unknown garment {traits.garment!r}; use one of {', '.join(_FRONTS)}")
    _FRONTS[traits.garment](canvas, build, made_of, skin, traits)
