"""Tended green: garden, park, wedding, flower field.

Each painter takes (canvas, rng, light) and covers the canvas; the generator picks colours and order.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.chance import chance, pick
from limner_world.curves import arc
from limner_world.palette import darken, lighten, mix
from limner_world.settings import rooms as room
from limner_world.settings import scenery as land
from limner_world.settings import shapes
from limner_world.settings.light import Light, Painter


def garden(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """A hedge and a picket fence, rose bushes, flower beds on both sides of a path."""
    land.sky(canvas, rng, light, 0.5)
    green = pick(rng, land.GREENS)
    for x in (0.05, 0.27, 0.75, 0.97):
        land.broad_tree(
            canvas,
            rng,
            light,
            x + 0.05 * float(rng.uniform(-1, 1)),
            0.60,
            float(rng.uniform(0.36, 0.52)),
            pick(rng, land.GREENS),
        )
    hedge = light.tone(darken(green, 0.16))
    canvas.fill(
        land.ridge(rng, 0.50, 0.03, 12, 0.66),
        lighten(hedge, 0.08),
        shade=(darken(hedge, 0.18), (0, 0.46), (0, 0.66)),
    )
    meadow = light.tone(green)
    canvas.gradient(lighten(meadow, 0.12), darken(meadow, 0.08), (0, 0.63, 1, 1))
    _fence(canvas, light, 0.50, 0.655)
    land.grass(canvas, rng, light, green, 0.66, 1.0, 60)
    far, near = 0.5 + 0.08 * float(rng.uniform(-1, 1)), 0.5 + 0.2 * float(rng.uniform(-1, 1))
    land.path(canvas, light, (far, 0.648), near, (226, 208, 176), 0.42)
    for x in (0.09, 0.91, pick(rng, (0.27, 0.73))):
        _bush(canvas, rng, light, x, 0.74, 0.15, pick(rng, land.BLOSSOMS))
    for side in (0.0, 0.70):
        for _ in range(34):
            x, y = side + 0.30 * float(rng.random()), 0.76 + 0.22 * float(rng.random()) ** 0.7
            land.blossom(canvas, x, y, 0.010 + 0.020 * (y - 0.7), light.tone(pick(rng, land.BLOSSOMS)), light)


def _fence(canvas: Canvas, light: Light, y0: float, y1: float) -> None:
    white = light.tone((246, 243, 234))
    for y in (y0 + 0.05, y1 - 0.035):
        canvas.fill(shapes.quad(0, y, 1, y + 0.014), darken(white, 0.12))
    for x in np.arange(0.01, 1.02, 0.052):
        canvas.fill(
            [[x - 0.014, y0 + 0.018], [x, y0], [x + 0.014, y0 + 0.018], [x + 0.014, y1], [x - 0.014, y1]],
            white,
            shade=(darken(white, 0.14), (x - 0.014, 0), (x + 0.02, 0)),
        )


def _bush(
    canvas: Canvas, rng: np.random.Generator, light: Light, cx: float, cy: float, size: float, hue: RGB
) -> None:
    leaf, flower = light.tone((96, 140, 92)), light.tone(hue)
    shapes.contact_shadow(canvas, cx, cy + 0.55 * size, size, 0.3)
    for u, v, r in ((-0.5, 0.2, 0.55), (0.5, 0.2, 0.55), (0, -0.1, 0.75)):
        canvas.fill(
            shapes.blob(rng, cx + u * size, cy + v * size, r * size, 0.8 * r * size), darken(leaf, 0.12)
        )
    for x, y in shapes.disc_cluster(rng, cx - 0.05 * size, cy - 0.06 * size, 0.8 * size, 0.55 * size, 14):
        canvas.fill(
            shapes.blob(rng, x, y, 0.2 * size, 0.16 * size), lighten(leaf, 0.14 - 0.5 * (y - cy) / size * 0.2)
        )
    for x, y in shapes.disc_cluster(rng, cx, cy - 0.02, 0.85 * size, 0.6 * size, 13):
        canvas.ellipse(x, y, 0.085 * size, 0.08 * size, flower)
        canvas.ellipse(x - 0.02 * size, y - 0.02 * size, 0.045 * size, 0.04 * size, lighten(flower, 0.35))


def park(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Lawns, trees, a winding path, a bench and a lamp post, perhaps a pond."""
    land.sky(canvas, rng, light, 0.55)
    green = pick(rng, land.GREENS)
    far = mix(light.tone(lighten(green, 0.2)), light.sky_low, 0.35)
    canvas.fill(land.ridge(rng, 0.50, 0.08, 9, 0.7), far)
    for x in rng.uniform(0, 1, 7):
        canvas.fill(shapes.blob(rng, float(x), 0.51, 0.07, 0.06), darken(far, 0.08))
    meadow = light.tone(green)
    canvas.gradient(lighten(meadow, 0.16), darken(meadow, 0.06), (0, 0.56, 1, 1))
    if chance(rng, 0.4):
        canvas.ellipse(0.5, 0.63, 0.30, 0.035, mix(light.sky_low, light.tone((120, 170, 190)), 0.5))
    land.grass(canvas, rng, light, green, 0.60, 1.0, 70)
    land.path(
        canvas, light, (pick(rng, (0.36, 0.6)), 0.562), pick(rng, (0.2, 0.5, 0.8)), (228, 212, 184), 0.46
    )
    for x in (0.03, 0.20, 0.82, 0.98):
        base = 0.60 + 0.07 * float(rng.random())
        shapes.contact_shadow(canvas, x + 0.05, base, 0.16, 0.35)
        land.broad_tree(canvas, rng, light, x, base, float(rng.uniform(0.50, 0.66)), pick(rng, land.GREENS))
    side = pick(rng, (0.10, 0.66))
    _bench(canvas, light, side, 0.70)
    land.lamp_post(canvas, light, side + (0.28 if side < 0.5 else -0.06), 0.74, 0.42)
    land.flowers(canvas, rng, light, 0.74, 1.0, 16, land.BLOSSOMS, 0.8)


def _bench(canvas: Canvas, light: Light, x: float, y: float) -> None:
    wood, iron = light.tone((170, 122, 84)), light.tone((74, 78, 82))
    shapes.contact_shadow(canvas, x + 0.12, y + 0.095, 0.17, 0.35)
    for dx in (0.02, 0.20):
        canvas.stroke([[x + dx, y - 0.08], [x + dx, y + 0.09]], iron, 0.010)
    for dy in (-0.075, -0.045, -0.015, 0.03):
        canvas.gradient(lighten(wood, 0.16), darken(wood, 0.1), (x, y + dy, x + 0.22, y + dy + 0.020))


def wedding(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """An arch of flowers, bunting and lights overhead, rows of white chairs, petals on the aisle."""
    land.sky(canvas, rng, light, 0.6)
    green = pick(rng, land.GREENS)
    for x in (0.0, 0.14, 0.86, 1.0):
        land.broad_tree(canvas, rng, light, x, 0.64, float(rng.uniform(0.44, 0.58)), pick(rng, land.GREENS))
    hedge = mix(light.tone(darken(green, 0.06)), light.sky_low, 0.2)
    canvas.fill(land.ridge(rng, 0.56, 0.03, 10, 0.7), hedge)
    meadow = light.tone(green)
    canvas.gradient(lighten(meadow, 0.18), darken(meadow, 0.04), (0, 0.62, 1, 1))
    cloth = light.tone((248, 242, 234))
    land.grass(canvas, rng, light, green, 0.66, 1.0, 40)
    canvas.fill(
        [[0.44, 0.64], [0.56, 0.64], [0.78, 1.02], [0.22, 1.02]],
        darken(cloth, 0.04),
        shade=(lighten(cloth, 0.3), (0, 0.64), (0, 1)),
    )
    hues: tuple[RGB, ...] = pick(
        rng,
        (
            ((246, 214, 216), (238, 168, 180), (252, 246, 240)),
            ((250, 226, 190), (240, 180, 140), (252, 246, 240)),
            ((214, 204, 236), (180, 164, 214), (250, 246, 250)),
        ),
    )
    _arch(canvas, rng, light, hues, float(rng.uniform(0.26, 0.34)))
    for row in range(3):
        for side in (-1, 1):
            for seat in range(2):
                scale = 0.7 + 0.28 * row
                x = 0.5 + side * (0.20 + 0.075 * row + (0.10 + 0.015 * row) * seat * 1.1)
                _chair(canvas, light, x, 0.71 + 0.085 * row, scale)
    for _ in range(46):
        y = float(rng.uniform(0.66, 1.0))
        x = 0.5 + (0.06 + 0.22 * (y - 0.64) / 0.36) * float(rng.uniform(-1, 1))
        canvas.ellipse(x, y, 0.006, 0.004, light.tone(pick(rng, hues)))
    room.string_of_flags(canvas, light, -0.03, 0.05, 0.52, 0.09, 0.07, hues)
    room.string_of_flags(canvas, light, 0.48, 0.09, 1.03, 0.05, 0.07, hues)
    _fairy_lights(canvas, light)


def _arch(canvas: Canvas, rng: np.random.Generator, light: Light, hues: tuple[RGB, ...], half: float) -> None:
    frame = light.tone((240, 232, 220))
    curve = np.concatenate(
        [[[0.5 - half, 0.72]], arc(0.5, 0.40, half, 0.24, math.pi, 2 * math.pi, 25), [[0.5 + half, 0.72]]]
    )
    canvas.stroke(curve, darken(frame, 0.16), 0.024)
    canvas.stroke(curve - (0.003, 0.002), frame, 0.014)
    leaf = light.tone((124, 160, 112))
    walk = np.concatenate(
        [
            np.linspace([0.5 - half, 0.72], [0.5 - half, 0.42], 9),
            arc(0.5, 0.40, half, 0.24, math.pi, 2 * math.pi, 32),
            np.linspace([0.5 + half, 0.42], [0.5 + half, 0.72], 9),
        ]
    )
    for point in walk:
        for _ in range(2):
            x, y = point + rng.uniform(-0.024, 0.024, 2)
            canvas.fill(
                shapes.blob(rng, x, y, 0.022, 0.017, count=6),
                mix(leaf, darken(leaf, 0.2), float(rng.random())),
            )
    for point in walk[::1]:
        x, y = point + rng.uniform(-0.022, 0.022, 2)
        land.blossom(
            canvas, float(x), float(y), float(rng.uniform(0.014, 0.024)), light.tone(pick(rng, hues)), light
        )


def _chair(canvas: Canvas, light: Light, x: float, y: float, scale: float) -> None:
    white = light.tone((248, 246, 240))
    wide, tall = 0.036 * scale, 0.085 * scale
    for dx in (-wide, wide):
        canvas.stroke([[x + dx, y - tall], [x + dx, y + 0.055 * scale]], darken(white, 0.14), 0.007 * scale)
    canvas.fill(shapes.rounded(x - wide, y - tall, x + wide, y - 0.45 * tall, 0.01), white)
    canvas.fill(
        [
            [x - wide, y - 0.02 * scale],
            [x + wide, y - 0.02 * scale],
            [x + 1.15 * wide, y + 0.008],
            [x - 1.15 * wide, y + 0.008],
        ],
        lighten(white, 0.3),
    )


def _fairy_lights(canvas: Canvas, light: Light) -> None:
    share = np.linspace(0, 1, 15)
    for x, y in zip(share, 0.17 + 0.08 * np.sin(share * math.pi * 2) ** 2, strict=True):
        if light.lit:
            canvas.glow(float(x), float(y), 0.030, 0.030, light.glow, 0.9)
        canvas.ellipse(float(x), float(y), 0.006, 0.007, (255, 246, 214))


def flower_field(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Flowers to the horizon in drifts of colour, low hills, perhaps a windmill."""
    horizon = float(rng.uniform(0.46, 0.54))
    land.sky(canvas, rng, light, horizon + 0.04)
    green = pick(rng, land.GREENS)
    for depth in range(2):
        hill = mix(light.tone(lighten(green, 0.1)), light.sky_low, 0.5 - 0.2 * depth)
        canvas.fill(land.ridge(rng, horizon + 0.03 * depth, 0.09 - 0.03 * depth, 7, 0.8), hill)
    if chance(rng, 0.4):
        _windmill(canvas, light, pick(rng, (0.14, 0.86)), horizon + 0.04)
    for x in rng.uniform(0, 1, 8):
        canvas.fill(
            shapes.blob(rng, float(x), horizon + 0.02, 0.035, 0.03),
            mix(light.tone(darken(green, 0.15)), light.sky_low, 0.25),
        )
    meadow = light.tone(green)
    canvas.gradient(lighten(meadow, 0.1), darken(meadow, 0.06), (0, horizon + 0.05, 1, 1))
    drift: tuple[RGB, ...] = pick(
        rng,
        (
            ((232, 96, 84), (240, 130, 104)),
            ((176, 150, 214), (150, 128, 196)),
            ((248, 208, 92), (250, 226, 150)),
            land.BLOSSOMS,
            ((240, 160, 190), (250, 214, 224)),
        ),
    )
    for row, y in enumerate(np.linspace(horizon + 0.05, horizon + 0.20, 8)):
        hue = mix(light.tone(drift[row % len(drift)]), meadow, 0.35)
        canvas.fill(
            land.ridge(rng, float(y) + 0.012, 0.010, 14, float(y) + 0.022),
            mix(hue, light.sky_low, 0.25 - 0.03 * row),
        )
    land.grass(canvas, rng, light, green, horizon + 0.14, 1.0, 80)
    land.flowers(canvas, rng, light, horizon + 0.08, 1.02, 190, drift, 1.25)


def _windmill(canvas: Canvas, light: Light, x: float, base_y: float) -> None:
    wall, wood = light.tone((226, 214, 196)), light.tone((132, 98, 80))
    canvas.fill(
        [[x - 0.026, base_y - 0.17], [x + 0.026, base_y - 0.17], [x + 0.042, base_y], [x - 0.042, base_y]],
        lighten(wall, 0.1),
        shade=(darken(wall, 0.2), (x - 0.03, 0), (x + 0.04, 0)),
    )
    canvas.fill([[x - 0.032, base_y - 0.165], [x, base_y - 0.21], [x + 0.032, base_y - 0.165]], wood)
    for turn in (0.5, 2.07, 3.64, 5.21):
        tip = np.array([x + 0.13 * math.cos(turn), base_y - 0.18 + 0.13 * math.sin(turn)])
        canvas.stroke(np.array([[x, base_y - 0.18], tip]), wood, 0.006)
        canvas.stroke(
            [0.7 * np.array([x, base_y - 0.18]) + 0.3 * tip, tip], lighten(wall, 0.3), 0.016, alpha=0.8
        )


PAINTERS: Final[dict[str, Painter]] = {
    "garden": garden,
    "park": park,
    "wedding": wedding,
    "flower field": flower_field,
}
