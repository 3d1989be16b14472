"""The wilds: forest, mountains, snowy field.

Each painter takes (canvas, rng, light) and covers the canvas; the generator picks colours and order.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.chance import chance, pick
from limner_world.curves import ribbon, smooth
from limner_world.palette import darken, lighten, mix
from limner_world.settings import scenery as land
from limner_world.settings import shapes
from limner_world.settings.light import Light, Painter


def forest(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Trunks in three depths, a glade of light, ferns and a forest path."""
    haze = mix(light.sky_low, light.tone((196, 216, 176)), 0.55)
    canvas.gradient(mix(light.tone((150, 184, 140)), light.sky_top, 0.3), haze, (0, 0, 1, 0.66))
    canvas.glow(0.46, 0.36, 0.5, 0.46, mix(haze, light.glow, 0.6), 0.75)
    green = pick(rng, ((110, 150, 100), (122, 156, 96), (96, 142, 108)))
    evergreen = chance(rng, 0.4)
    for depth in range(3):
        share = depth / 2
        seen = mix(haze, light.tone((112, 86, 70)), 0.30 + 0.62 * share)
        leaf = mix(haze, light.tone(darken(green, 0.12 * share)), 0.34 + 0.62 * share)
        base = 0.60 + 0.06 * depth
        count = (13, 8, 5)[depth]
        for index in range(count):
            x = (index + float(rng.uniform(0.1, 0.9))) / count
            if depth == 2 and 0.32 < x < 0.68:
                continue
            wide = (0.012, 0.026, 0.055)[depth] * float(rng.uniform(0.8, 1.2))
            if evergreen and depth < 2:
                tall = (0.42, 0.62)[depth] * float(rng.uniform(0.8, 1.15))
                land.plain_fir(canvas, x, base + 0.02, tall, leaf)
                continue
            trunk = ribbon(
                [[x, base + 0.03], [x + 0.1 * wide, 0.3], [x - 0.1 * wide, -0.05]],
                [1.6 * wide, wide, 0.8 * wide],
            )
            canvas.fill(
                trunk, lighten(seen, 0.10), shade=(darken(seen, 0.22), (x - wide / 2, 0), (x + wide / 2, 0))
            )
        for x in np.linspace(-0.05, 1.05, (14, 11, 9)[depth]):
            y = (0.13, 0.08, 0.02)[depth] + 0.05 * float(rng.random())
            r = (0.085, 0.10, 0.12)[depth]
            for u, v in ((0.0, 0.0), (-0.35, 0.25), (0.4, 0.2)):
                crown = shapes.blob(rng, float(x) + u * r, y + v * r, (1.1 - abs(u)) * r, (0.95 - abs(u)) * r)
                canvas.fill(crown, mix(darken(leaf, 0.06), lighten(leaf, 0.22), float(rng.random())))
    ground = light.tone(mix(green, (150, 130, 90), 0.25))
    canvas.fill(
        land.ridge(rng, 0.66, 0.04, 8, 1.02),
        lighten(ground, 0.14),
        shade=(darken(ground, 0.10), (0, 0.64), (0, 1)),
    )
    land.grass(canvas, rng, light, green, 0.67, 1.0, 90)
    land.path(canvas, light, (0.47, 0.642), pick(rng, (0.35, 0.5, 0.65)), (206, 180, 140), 0.40)
    if light.name != "night":
        for x in (0.22, 0.42, 0.60):
            canvas.fill(
                [[x, 0.0], [x + 0.09, 0.0], [x + 0.26, 0.72], [x + 0.06, 0.72]], light.glow, alpha=0.10
            )
    for _ in range(7):
        _fern(
            canvas,
            light,
            pick(rng, (0.5 * float(rng.random()) * 0.6, 1 - 0.3 * float(rng.random()))),
            float(rng.uniform(0.76, 0.98)),
            float(rng.uniform(0.05, 0.09)),
            green,
        )


def _fern(canvas: Canvas, light: Light, cx: float, y: float, size: float, colour: RGB) -> None:
    seen = light.tone(colour)
    for lean in (-1.0, -0.55, 0.0, 0.55, 1.0):
        frond = smooth(
            [
                [cx, y],
                [cx + 0.4 * lean * size, y - 0.8 * size],
                [cx + 1.1 * lean * size, y - (0.95 - 0.4 * abs(lean)) * size],
            ],
            closed=False,
            samples=5,
        )
        canvas.fill(
            ribbon(frond, [0.04 * size, 0.22 * size, 0.01 * size]),
            lighten(seen, 0.18) if lean < 0 else darken(seen, 0.10),
        )


def mountains(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Snow-capped peaks in three depths over a lake or meadows with firs."""
    land.sky(canvas, rng, light, 0.62)
    rock = pick(rng, ((136, 150, 172), (150, 146, 164), (128, 148, 160)))
    for depth, (base, tall, count) in enumerate(((0.60, 0.40, 4), (0.63, 0.26, 5))):
        seen = mix(light.tone(rock), light.sky_low, 0.42 - 0.22 * depth)
        for index in rng.permutation(count):
            cx = (int(index) + float(rng.uniform(0.2, 0.8))) / count
            _peak(canvas, rng, light, cx, base, tall * float(rng.uniform(0.72, 1.1)), seen)
        haze = mix(light.sky_low, seen, 0.3)
        canvas.glow(0.5, base, 0.9, 0.10, haze, 0.55)
    hill = mix(light.tone((128, 164, 124)), light.sky_low, 0.22)
    canvas.fill(land.ridge(rng, 0.64, 0.07, 7, 1.0), hill)
    for x in rng.uniform(0, 1, 22):
        land.fir(
            canvas,
            light,
            float(x),
            0.655 + 0.01 * float(rng.random()),
            float(rng.uniform(0.05, 0.10)),
            (96, 134, 112),
        )
    green = pick(rng, land.GREENS)
    if chance(rng, 0.5):
        land.water(canvas, rng, light, 0.645, 0.80, (112, 160, 184))
    meadow = light.tone(green)
    top = 0.76 if chance(rng, 0.5) else 0.68
    canvas.fill(
        land.ridge(rng, top, 0.03, 6, 1.02),
        lighten(meadow, 0.14),
        shade=(darken(meadow, 0.08), (0, top), (0, 1)),
    )
    land.grass(canvas, rng, light, green, top + 0.02, 1.0, 60)
    land.flowers(canvas, rng, light, top + 0.05, 1.0, 26, land.BLOSSOMS, 0.8)
    for x in (0.04, 0.13, 0.90, 0.98):
        if chance(rng, 0.7):
            land.fir(
                canvas,
                light,
                x,
                top + 0.06 * float(rng.random()),
                float(rng.uniform(0.26, 0.40)),
                (92, 132, 104),
            )


def _peak(
    canvas: Canvas, rng: np.random.Generator, light: Light, cx: float, base_y: float, tall: float, rock: RGB
) -> None:
    half = tall * float(rng.uniform(0.62, 0.8))
    top = [cx, base_y - tall]
    wobble = 0.06 * tall
    left = [
        [cx - half, base_y],
        [cx - 0.62 * half, base_y - 0.42 * tall + wobble],
        [cx - 0.3 * half, base_y - 0.66 * tall],
    ]
    right = [
        [cx + 0.26 * half, base_y - 0.70 * tall],
        [cx + 0.58 * half, base_y - 0.36 * tall - wobble],
        [cx + half, base_y],
    ]
    spine = [
        [cx + 0.10 * half, base_y - 0.62 * tall],
        [cx - 0.06 * half, base_y - 0.34 * tall],
        [cx + 0.12 * half, base_y],
    ]
    canvas.fill([*left, top, *spine], lighten(rock, 0.16))
    canvas.fill([top, *right, *spine[::-1]], darken(rock, 0.12))
    snow = mix(rock, light.tone((252, 252, 252)), 0.82)
    low = base_y - 0.66 * tall
    canvas.fill(
        [
            top,
            left[2],
            [cx - 0.17 * half, low - 0.06 * tall],
            [cx - 0.10 * half, low + 0.05 * tall],
            [cx + 0.02 * half, low - 0.04 * tall],
            spine[0],
        ],
        snow,
    )
    canvas.fill(
        [
            top,
            spine[0],
            [cx + 0.15 * half, low - 0.08 * tall],
            [cx + 0.20 * half, low + 0.02 * tall],
            right[0],
        ],
        darken(snow, 0.16),
    )


def snowy_field(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Rolling snow, firs with white skirts, a cabin or a snowman, falling flakes."""
    land.sky(canvas, rng, light, 0.58)
    far = mix(light.tone((200, 214, 228)), light.sky_low, 0.45)
    canvas.fill(land.ridge(rng, 0.52, 0.14, 7, 0.8), far)
    for x in rng.uniform(0, 1, 16):
        land.plain_fir(
            canvas, float(x), 0.57, float(rng.uniform(0.06, 0.11)), mix(far, light.tone((112, 138, 140)), 0.5)
        )
    white = light.tone((242, 246, 250))
    canvas.fill(
        land.ridge(rng, 0.58, 0.05, 6, 1.02),
        lighten(white, 0.1),
        shade=(mix(white, light.tone((188, 206, 226)), 0.5), (0, 0.55), (0, 0.72)),
    )
    for x in (0.05, 0.17, 0.30, 0.72, 0.86, 0.97):
        if chance(rng, 0.8):
            base = 0.62 + 0.10 * float(rng.random())
            shapes.contact_shadow(canvas, x + 0.05, base, 0.10, 0.2)
            land.fir(canvas, light, x, base, float(rng.uniform(0.30, 0.48)), (92, 128, 112), snow=True)
    if chance(rng, 0.5):
        _cabin(canvas, light, pick(rng, (0.36, 0.52)), 0.64)
    canvas.fill(
        land.ridge(rng, 0.76, 0.06, 5, 1.02),
        lighten(white, 0.4),
        shade=(mix(white, light.tone((190, 206, 228)), 0.45), (0, 0.72), (0, 1.0)),
    )
    if chance(rng, 0.5):
        _snowman(canvas, light, pick(rng, (0.16, 0.84)), 0.84)
    for _ in range(60):
        x, y, r = float(rng.random()), float(rng.random()), float(rng.uniform(0.0018, 0.0048))
        canvas.ellipse(x, y, r, r, (255, 255, 255), alpha=0.8)


def _cabin(canvas: Canvas, light: Light, x: float, y: float) -> None:
    wood = light.tone((150, 108, 82))
    canvas.fill(shapes.quad(x, y - 0.10, x + 0.16, y), wood, shade=(darken(wood, 0.2), (x, 0), (x + 0.16, 0)))
    canvas.fill(
        [[x - 0.02, y - 0.09], [x + 0.08, y - 0.18], [x + 0.18, y - 0.09]], light.tone((246, 249, 252))
    )
    canvas.fill(
        shapes.quad(x + 0.022, y - 0.07, x + 0.062, y - 0.03),
        (255, 216, 136) if light.lit else light.tone((180, 200, 208)),
    )
    canvas.fill(shapes.quad(x + 0.095, y - 0.07, x + 0.13, y), darken(wood, 0.35))


def _snowman(canvas: Canvas, light: Light, x: float, base_y: float) -> None:
    white, cool = light.tone((252, 253, 254)), light.tone((196, 210, 228))
    shapes.contact_shadow(canvas, x, base_y, 0.12, 0.25)
    for cy, r in ((0.065, 0.075), (0.165, 0.056), (0.25, 0.042)):
        canvas.ellipse(
            x,
            base_y - cy,
            r,
            r,
            white,
            shade=(cool, (x - 0.2 * r, base_y - cy - 0.4 * r), (x + r, base_y - cy + r)),
        )
    ink = light.tone((66, 62, 70))
    for dx, dy in ((-0.014, 0.258), (0.014, 0.258), (0.0, 0.18), (0.0, 0.155)):
        canvas.ellipse(x + dx, base_y - dy, 0.005, 0.005, ink)
    canvas.fill(
        [[x, base_y - 0.25], [x + 0.035, base_y - 0.243], [x, base_y - 0.238]], light.tone((236, 140, 70))
    )
    canvas.stroke(
        [[x - 0.036, base_y - 0.213], [x, base_y - 0.204], [x + 0.036, base_y - 0.213]],
        light.tone((204, 80, 76)),
        0.016,
    )
    canvas.fill(shapes.quad(x - 0.030, base_y - 0.345, x + 0.030, base_y - 0.288), ink)
    canvas.fill(shapes.quad(x - 0.046, base_y - 0.292, x + 0.046, base_y - 0.282), ink)


PAINTERS: Final[dict[str, Painter]] = {
    "forest": forest,
    "mountains": mountains,
    "snowy field": snowy_field,
}
