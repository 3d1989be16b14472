"""What landscapes are made of: skies, clouds, hills, trees, grass, flowers, water, paths, lamps.

Every function draws one thing at a place in the unit square. Knows nothing about which landscape.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.chance import pick, seeded
from limner_world.curves import Points, ribbon, smooth
from limner_world.palette import darken, lighten, mix
from limner_world.settings import shapes
from limner_world.settings.light import Light

BLOSSOMS: Final[tuple[RGB, ...]] = (
    (238, 160, 178),
    (246, 210, 110),
    (236, 120, 104),
    (250, 246, 238),
    (176, 150, 206),
    (244, 176, 120),
)


GREENS: Final[tuple[RGB, ...]] = ((138, 178, 112), (122, 166, 108), (152, 186, 118), (116, 160, 118))


def sky(canvas: Canvas, rng: np.random.Generator, light: Light, low_y: float) -> None:
    """Sky down to `low_y` with the sun, or the moon and stars, and some clouds."""
    canvas.gradient(light.sky_top, light.sky_low, (0, 0, 1, low_y))
    x = float(rng.uniform(0.12, 0.34))
    if light.name == "night":
        stars = seeded("stars", round(1000 * x))  # their own draws, so that the place is the same by day
        for _ in range(46):
            u, v, size = (
                float(stars.random()),
                float(stars.random()) * low_y * 0.9,
                float(stars.uniform(0.0012, 0.0034)),
            )
            canvas.ellipse(u, v, size, size, (232, 236, 250), alpha=float(stars.uniform(0.4, 1.0)))
        canvas.glow(x, 0.15, 0.30, 0.30, (180, 196, 236), 0.40)
        canvas.ellipse(x, 0.15, 0.045, 0.045, (248, 243, 220))
        canvas.ellipse(x + 0.012, 0.142, 0.010, 0.010, (232, 224, 200))
        canvas.ellipse(x - 0.014, 0.162, 0.007, 0.007, (232, 224, 200))
    elif light.name == "warm evening light":
        canvas.glow(x, low_y - 0.06, 0.60, 0.50, (255, 214, 130), 0.75)
        canvas.ellipse(x, low_y - 0.07, 0.055, 0.055, (255, 238, 190))
    else:
        canvas.glow(x, 0.06, 0.46, 0.40, (250, 252, 250), 0.60)
    cloud_colour = mix(light.sky_low, light.tone((255, 255, 255)), 0.55)
    for _ in range(int(rng.integers(2, 5))):
        cloud(
            canvas,
            rng,
            float(rng.uniform(0.0, 1.0)),
            float(rng.uniform(0.06, max(0.10, low_y * 0.62))),
            float(rng.uniform(0.07, 0.15)),
            cloud_colour,
        )


def cloud(canvas: Canvas, rng: np.random.Generator, cx: float, cy: float, size: float, colour: RGB) -> None:
    """A soft heap of cloud."""
    for u, v, r in (
        (-0.7, 0.12, 0.5),
        (0.7, 0.14, 0.55),
        (-0.15, -0.12, 0.75),
        (0.3, -0.05, 0.7),
        (0.0, 0.18, 1.1),
    ):
        jitter = float(rng.uniform(0.85, 1.15))
        canvas.glow(cx + u * size, cy + v * size, r * size * jitter, 0.52 * r * size * jitter, colour, 0.85)


def ridge(rng: np.random.Generator, base_y: float, height: float, rough: int, bottom_y: float) -> Points:
    """A rolling skyline across the picture, filled down to `bottom_y`."""
    xs = np.linspace(-0.1, 1.1, rough)
    ys = base_y - height * rng.random(rough)
    line = smooth(np.stack([xs, ys], axis=1), closed=False, samples=7)
    return np.concatenate([line, [[1.1, bottom_y], [-0.1, bottom_y]]])


def broad_tree(
    canvas: Canvas, rng: np.random.Generator, light: Light, cx: float, base_y: float, tall: float, leaf: RGB
) -> None:
    """A leafy tree, `tall` from foot to crown; the crown is lit from the upper left."""
    bark = light.tone((128, 96, 76))
    seen = light.tone(leaf)
    top = base_y - 0.42 * tall
    canvas.fill(
        ribbon(
            [[cx, base_y], [cx + 0.01 * tall, base_y - 0.25 * tall], [cx, base_y - 0.6 * tall]],
            [0.10 * tall, 0.06 * tall, 0.04 * tall],
        ),
        bark,
        shade=(darken(bark, 0.3), (cx - 0.04 * tall, 0), (cx + 0.05 * tall, 0)),
    )
    crown_x, crown_y, rx, ry = cx, top - 0.20 * tall, 0.30 * tall, 0.32 * tall
    for u, v, r in ((-0.55, 0.30, 0.60), (0.58, 0.28, 0.58), (0.0, -0.05, 0.86)):
        canvas.fill(shapes.blob(rng, crown_x + u * rx, crown_y + v * ry, r * rx, r * ry), darken(seen, 0.16))
    for x, y in shapes.disc_cluster(
        rng, crown_x - 0.06 * tall, crown_y - 0.05 * tall, 0.72 * rx, 0.70 * ry, 12
    ):
        bright = 0.20 * (1 - (x - crown_x + rx) / (2 * rx)) + 0.12 * (1 - (y - crown_y + ry) / (2 * ry))
        r = float(rng.uniform(0.20, 0.34))
        canvas.fill(shapes.blob(rng, x, y, r * rx, r * ry * 0.85), lighten(darken(seen, 0.06), bright))


def fir(
    canvas: Canvas, light: Light, cx: float, base_y: float, tall: float, needle: RGB, snow: bool = False
) -> None:
    """A fir of overlapping skirts, powdered when there is `snow`."""
    seen = light.tone(needle)
    white = light.tone((246, 249, 252))
    canvas.fill(
        shapes.quad(cx - 0.02 * tall, base_y - 0.12 * tall, cx + 0.02 * tall, base_y),
        light.tone((104, 80, 68)),
    )
    for tier in range(5):
        low = base_y - (0.08 + 0.17 * tier) * tall
        half = (0.27 - 0.045 * tier) * tall
        peak = low - (0.33 - 0.02 * tier) * tall
        skirt = np.array(
            [
                [cx, peak],
                [cx + 0.5 * half, low - 0.10 * tall],
                [cx + half, low],
                [cx + 0.45 * half, low - 0.022 * tall],
                [cx, low + 0.02 * tall],
                [cx - 0.45 * half, low - 0.022 * tall],
                [cx - half, low],
                [cx - 0.5 * half, low - 0.10 * tall],
            ]
        )
        canvas.fill(skirt, lighten(seen, 0.10), shade=(darken(seen, 0.24), (cx - half, 0), (cx + half, 0)))
        if snow:
            cap = np.array(
                [
                    [cx, peak],
                    [cx + 0.30 * half, low - 0.14 * tall],
                    [cx + 0.12 * half, low - 0.13 * tall],
                    [cx - 0.18 * half, low - 0.09 * tall],
                    [cx - 0.72 * half, low - 0.045 * tall],
                    [cx - 0.5 * half, low - 0.11 * tall],
                ]
            )
            canvas.fill(cap, white, alpha=0.9)


def grass(
    canvas: Canvas, rng: np.random.Generator, light: Light, colour: RGB, y0: float, y1: float, count: int
) -> None:
    """Tufts of blades strewn over a meadow, larger towards the viewer."""
    seen = light.tone(colour)
    for y in np.sort(rng.uniform(y0, y1, count)):
        near = (float(y) - y0) / max(y1 - y0, 1e-6)
        x, size = float(rng.uniform(-0.02, 1.02)), 0.010 + 0.030 * near
        shade = mix(lighten(seen, 0.20), darken(seen, 0.22), float(rng.random()))
        for lean in (-0.5, 0.0, 0.55):
            tip = [x + lean * size, float(y) - size * (1.2 - 0.4 * abs(lean))]
            canvas.fill(
                [[x - 0.10 * size + 0.12 * lean * size, y], [x + 0.10 * size + 0.12 * lean * size, y], tip],
                shade,
            )


def flowers(
    canvas: Canvas,
    rng: np.random.Generator,
    light: Light,
    y0: float,
    y1: float,
    count: int,
    hues: tuple[RGB, ...],
    size: float = 1.0,
) -> None:
    """Flowers on stems strewn over a meadow, larger towards the viewer."""
    stem = light.tone((112, 150, 92))
    for y in np.sort(rng.uniform(y0, y1, count)):
        near = (float(y) - y0) / max(y1 - y0, 1e-6)
        x, r = float(rng.uniform(-0.02, 1.02)), (0.006 + 0.016 * near) * size
        hue = light.tone(pick(rng, hues))
        if near < 0.35:
            canvas.ellipse(x, float(y), r, 0.8 * r, hue)
            continue
        canvas.stroke([[x, float(y)], [x + 0.3 * r, float(y) + 3.2 * r]], stem, 0.3 * r)
        blossom(canvas, x, float(y), r, hue, light)


def blossom(canvas: Canvas, x: float, y: float, r: float, hue: RGB, light: Light) -> None:
    """One flower of five petals."""
    for turn in range(5):
        angle = turn * 2 * math.pi / 5 - 0.5 * math.pi
        petal = lighten(hue, 0.18) if turn in (3, 4) else hue
        canvas.ellipse(
            x + 0.58 * r * math.cos(angle), y + 0.52 * r * math.sin(angle), 0.52 * r, 0.46 * r, petal
        )
    canvas.ellipse(x, y, 0.32 * r, 0.30 * r, light.tone((246, 206, 110)))


def water(canvas: Canvas, rng: np.random.Generator, light: Light, y0: float, y1: float, near: RGB) -> None:
    """The sea from the horizon `y0` to `y1`, with glints."""
    far = mix(light.tone(near), light.sky_low, 0.42)
    canvas.gradient(far, light.tone(near), (0, y0, 1, y1))
    for share in np.sort(rng.random(34)):
        y = y0 + (y1 - y0) * float(share) ** 1.4
        x, long = float(rng.random()), 0.02 + 0.08 * float(share)
        canvas.stroke(
            [[x - long, y], [x, y + 0.002], [x + long, y]],
            lighten(far, 0.5),
            0.0025 + 0.003 * float(share),
            alpha=0.5,
        )


def path(
    canvas: Canvas, light: Light, far: tuple[float, float], near_x: float, colour: RGB, wide: float
) -> None:
    """A path that winds from `far` (x, y) to the lower edge at `near_x`, where it is `wide`."""
    seen = light.tone(colour)
    x, y = far
    share = np.linspace(0, 1, 24)
    ys = y + (1.02 - y) * share
    middle = (
        x + (near_x - x) * share**1.5 + 0.10 * np.sin(share**0.6 * 2 * math.pi) * share * (1 - share) * 2.4
    )
    half = 0.5 * wide * (0.05 + 0.95 * share**1.25)
    edge = np.concatenate(
        [np.stack([middle - half, ys], axis=1), np.stack([middle + half, ys], axis=1)[::-1]]
    )
    canvas.fill(np.add(edge, (0.0, 0.004)), darken(seen, 0.20), alpha=0.5)
    canvas.fill(edge, lighten(seen, 0.14), shade=(darken(seen, 0.06), (0, y), (0, 1.0)))


def lamp_post(canvas: Canvas, light: Light, x: float, base_y: float, tall: float) -> None:
    """A street lamp; it burns when the light says so."""
    iron = light.tone((70, 76, 82))
    top = base_y - tall
    if light.lit:
        canvas.glow(x, top, 0.24, 0.24, light.glow, 0.75)
    canvas.stroke([[x, base_y], [x, top]], iron, 0.010)
    canvas.fill(shapes.quad(x - 0.014, base_y - 0.04, x + 0.014, base_y), iron)
    glass = (255, 236, 180) if light.lit else light.tone((236, 236, 226))
    canvas.fill(
        [
            [x - 0.020, top - 0.045],
            [x + 0.020, top - 0.045],
            [x + 0.013, top + 0.006],
            [x - 0.013, top + 0.006],
        ],
        glass,
    )
    canvas.fill([[x - 0.026, top - 0.043], [x, top - 0.068], [x + 0.026, top - 0.043]], iron)


def plain_fir(canvas: Canvas, cx: float, base_y: float, tall: float, colour: RGB) -> None:
    """A distant fir in one colour."""
    for tier in range(4):
        low = base_y - 0.2 * tier * tall
        half = (0.24 - 0.045 * tier) * tall
        canvas.fill(
            [[cx, low - 0.42 * tall], [cx + half, low], [cx - half, low]],
            lighten(colour, 0.06),
            shade=(darken(colour, 0.14), (cx - half, 0), (cx + half, 0)),
        )
