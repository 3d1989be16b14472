"""The open: garden, park, forest, beach, mountains, street, snow, wedding, ship, flower field, brick wall.

Each painter takes (canvas, rng, light) and covers the canvas; the generator picks colours and places.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from limner.world.canvas import RGB, Canvas, arc, oval, ribbon, smooth
from limner.world.chance import chance, pick
from limner.world.palette import darken, lighten, mix
from limner.world.settings import fittings as fit
from limner.world.settings import scenery as land
from limner.world.settings.indoors import Painter
from limner.world.settings.light import Light

_GREENS: Final[tuple[RGB, ...]] = ((138, 178, 112), (122, 166, 108), (152, 186, 118), (116, 160, 118))


def garden(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """A hedge and a picket fence, rose bushes, flower beds on both sides of a path."""
    land.sky(canvas, rng, light, 0.5)
    green = pick(rng, _GREENS)
    for x in (0.05, 0.27, 0.75, 0.97):
        land.broad_tree(canvas, rng, light, x + 0.05 * float(rng.uniform(-1, 1)), 0.60, float(rng.uniform(0.36, 0.52)), pick(rng, _GREENS))
    hedge = light.tone(darken(green, 0.16))
    canvas.fill(land.ridge(rng, 0.50, 0.03, 12, 0.66), lighten(hedge, 0.08), shade=(darken(hedge, 0.18), (0, 0.46), (0, 0.66)))
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
        canvas.fill(fit.quad(0, y, 1, y + 0.014), darken(white, 0.12))
    for x in np.arange(0.01, 1.02, 0.052):
        canvas.fill([[x - 0.014, y0 + 0.018], [x, y0], [x + 0.014, y0 + 0.018], [x + 0.014, y1], [x - 0.014, y1]], white, shade=(darken(white, 0.14), (x - 0.014, 0), (x + 0.02, 0)))


def _bush(canvas: Canvas, rng: np.random.Generator, light: Light, cx: float, cy: float, size: float, hue: RGB) -> None:
    leaf, flower = light.tone((96, 140, 92)), light.tone(hue)
    fit.contact_shadow(canvas, cx, cy + 0.55 * size, size, 0.3)
    for u, v, r in ((-0.5, 0.2, 0.55), (0.5, 0.2, 0.55), (0, -0.1, 0.75)):
        canvas.fill(fit.blob(rng, cx + u * size, cy + v * size, r * size, 0.8 * r * size), darken(leaf, 0.12))
    for x, y in fit.disc_cluster(rng, cx - 0.05 * size, cy - 0.06 * size, 0.8 * size, 0.55 * size, 14):
        canvas.fill(fit.blob(rng, x, y, 0.2 * size, 0.16 * size), lighten(leaf, 0.14 - 0.5 * (y - cy) / size * 0.2))
    for x, y in fit.disc_cluster(rng, cx, cy - 0.02, 0.85 * size, 0.6 * size, 13):
        canvas.ellipse(x, y, 0.085 * size, 0.08 * size, flower)
        canvas.ellipse(x - 0.02 * size, y - 0.02 * size, 0.045 * size, 0.04 * size, lighten(flower, 0.35))


def park(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Lawns, trees, a winding path, a bench and a lamp post, perhaps a pond."""
    land.sky(canvas, rng, light, 0.55)
    green = pick(rng, _GREENS)
    far = mix(light.tone(lighten(green, 0.2)), light.sky_low, 0.35)
    canvas.fill(land.ridge(rng, 0.50, 0.08, 9, 0.7), far)
    for x in rng.uniform(0, 1, 7):
        canvas.fill(fit.blob(rng, float(x), 0.51, 0.07, 0.06), darken(far, 0.08))
    meadow = light.tone(green)
    canvas.gradient(lighten(meadow, 0.16), darken(meadow, 0.06), (0, 0.56, 1, 1))
    if chance(rng, 0.4):
        canvas.ellipse(0.5, 0.63, 0.30, 0.035, mix(light.sky_low, light.tone((120, 170, 190)), 0.5))
    land.grass(canvas, rng, light, green, 0.60, 1.0, 70)
    land.path(canvas, light, (pick(rng, (0.36, 0.6)), 0.562), pick(rng, (0.2, 0.5, 0.8)), (228, 212, 184), 0.46)
    for x in (0.03, 0.20, 0.82, 0.98):
        base = 0.60 + 0.07 * float(rng.random())
        fit.contact_shadow(canvas, x + 0.05, base, 0.16, 0.35)
        land.broad_tree(canvas, rng, light, x, base, float(rng.uniform(0.50, 0.66)), pick(rng, _GREENS))
    side = pick(rng, (0.10, 0.66))
    _bench(canvas, light, side, 0.70)
    _lamp_post(canvas, light, side + (0.28 if side < 0.5 else -0.06), 0.74, 0.42)
    land.flowers(canvas, rng, light, 0.74, 1.0, 16, land.BLOSSOMS, 0.8)


def _bench(canvas: Canvas, light: Light, x: float, y: float) -> None:
    wood, iron = light.tone((170, 122, 84)), light.tone((74, 78, 82))
    fit.contact_shadow(canvas, x + 0.12, y + 0.095, 0.17, 0.35)
    for dx in (0.02, 0.20):
        canvas.stroke([[x + dx, y - 0.08], [x + dx, y + 0.09]], iron, 0.010)
    for dy in (-0.075, -0.045, -0.015, 0.03):
        canvas.gradient(lighten(wood, 0.16), darken(wood, 0.1), (x, y + dy, x + 0.22, y + dy + 0.020))


def _lamp_post(canvas: Canvas, light: Light, x: float, base_y: float, tall: float) -> None:
    iron = light.tone((70, 76, 82))
    top = base_y - tall
    if light.lit:
        canvas.glow(x, top, 0.24, 0.24, light.glow, 0.75)
    canvas.stroke([[x, base_y], [x, top]], iron, 0.010)
    canvas.fill(fit.quad(x - 0.014, base_y - 0.04, x + 0.014, base_y), iron)
    glass = (255, 236, 180) if light.lit else light.tone((236, 236, 226))
    canvas.fill([[x - 0.020, top - 0.045], [x + 0.020, top - 0.045], [x + 0.013, top + 0.006], [x - 0.013, top + 0.006]], glass)
    canvas.fill([[x - 0.026, top - 0.043], [x, top - 0.068], [x + 0.026, top - 0.043]], iron)


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
                _plain_fir(canvas, x, base + 0.02, tall, leaf)
                continue
            trunk = ribbon([[x, base + 0.03], [x + 0.1 * wide, 0.3], [x - 0.1 * wide, -0.05]], [1.6 * wide, wide, 0.8 * wide])
            canvas.fill(trunk, lighten(seen, 0.10), shade=(darken(seen, 0.22), (x - wide / 2, 0), (x + wide / 2, 0)))
        for x in np.linspace(-0.05, 1.05, (14, 11, 9)[depth]):
            y = (0.13, 0.08, 0.02)[depth] + 0.05 * float(rng.random())
            r = (0.085, 0.10, 0.12)[depth]
            for u, v in ((0.0, 0.0), (-0.35, 0.25), (0.4, 0.2)):
                crown = fit.blob(rng, float(x) + u * r, y + v * r, (1.1 - abs(u)) * r, (0.95 - abs(u)) * r)
                canvas.fill(crown, mix(darken(leaf, 0.06), lighten(leaf, 0.22), float(rng.random())))
    ground = light.tone(mix(green, (150, 130, 90), 0.25))
    canvas.fill(land.ridge(rng, 0.66, 0.04, 8, 1.02), lighten(ground, 0.14), shade=(darken(ground, 0.10), (0, 0.64), (0, 1)))
    land.grass(canvas, rng, light, green, 0.67, 1.0, 90)
    land.path(canvas, light, (0.47, 0.642), pick(rng, (0.35, 0.5, 0.65)), (206, 180, 140), 0.40)
    if light.name != "night":
        for x in (0.22, 0.42, 0.60):
            canvas.fill([[x, 0.0], [x + 0.09, 0.0], [x + 0.26, 0.72], [x + 0.06, 0.72]], light.glow, alpha=0.10)
    for _ in range(7):
        _fern(canvas, light, pick(rng, (0.5 * float(rng.random()) * 0.6, 1 - 0.3 * float(rng.random()))), float(rng.uniform(0.76, 0.98)), float(rng.uniform(0.05, 0.09)), green)


def _plain_fir(canvas: Canvas, cx: float, base_y: float, tall: float, colour: RGB) -> None:
    for tier in range(4):
        low = base_y - 0.2 * tier * tall
        half = (0.24 - 0.045 * tier) * tall
        canvas.fill([[cx, low - 0.42 * tall], [cx + half, low], [cx - half, low]], lighten(colour, 0.06), shade=(darken(colour, 0.14), (cx - half, 0), (cx + half, 0)))


def _fern(canvas: Canvas, light: Light, cx: float, y: float, size: float, colour: RGB) -> None:
    seen = light.tone(colour)
    for lean in (-1.0, -0.55, 0.0, 0.55, 1.0):
        frond = smooth([[cx, y], [cx + 0.4 * lean * size, y - 0.8 * size], [cx + 1.1 * lean * size, y - (0.95 - 0.4 * abs(lean)) * size]], closed=False, samples=5)
        canvas.fill(ribbon(frond, [0.04 * size, 0.22 * size, 0.01 * size]), lighten(seen, 0.18) if lean < 0 else darken(seen, 0.10))


def beach(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Sand, foam, the sea; a parasol, palms, a sail, shells."""
    horizon = 0.47
    land.sky(canvas, rng, light, horizon)
    shore = float(rng.uniform(0.64, 0.70))
    land.water(canvas, rng, light, horizon, shore + 0.04, pick(rng, ((96, 176, 190), (84, 160, 190), (110, 186, 186))))
    if chance(rng, 0.5):
        far = mix(light.tone((140, 168, 150)), light.sky_low, 0.45)
        x = pick(rng, (0.1, 0.85))
        canvas.fill(smooth([[x - 0.28, horizon], [x - 0.1, horizon - 0.06], [x + 0.05, horizon - 0.035], [x + 0.25, horizon + 0.002], [x, horizon + 0.003]]), far)
    _sail(canvas, light, float(rng.uniform(0.40, 0.60)), horizon + 0.03, 0.075)
    sand = light.tone(pick(rng, ((238, 214, 170), (244, 222, 182), (230, 202, 160))))
    edge = smooth([[-0.1, shore], [0.2, shore + 0.025], [0.5, shore - 0.01], [0.8, shore + 0.03], [1.1, shore]], closed=False)
    for drop, colour in ((-0.018, mix(light.tone((120, 190, 196)), sand, 0.35)), (0.0, light.tone((250, 250, 246))), (0.014, darken(sand, 0.14)), (0.05, sand)):
        shape = np.concatenate([edge + (0, drop), [[1.1, 1.02], [-0.1, 1.02]]])
        if colour is sand:
            canvas.fill(shape, darken(sand, 0.02), shade=(lighten(sand, 0.2), (0, shore), (0, 1)))
        else:
            canvas.fill(shape, colour)
    for _ in range(40):
        canvas.ellipse(float(rng.random()), float(rng.uniform(shore + 0.08, 1)), 0.004, 0.002, darken(sand, 0.16), alpha=0.6)
    side = pick(rng, (0.16, 0.84))
    if chance(rng, 0.55):
        _parasol(canvas, light, side, shore + 0.16, pick(rng, ((226, 108, 92), (240, 190, 90), (100, 160, 190))))
    else:
        _palm(canvas, rng, light, side, shore + 0.14)
    if chance(rng, 0.5):
        _palm(canvas, rng, light, 1.0 - side, shore + 0.10)
    hue = light.tone((236, 170, 150))
    for x in (0.3, 0.72):
        y = float(rng.uniform(0.86, 0.96))
        star = [[x + r * math.cos(t), y + 0.6 * r * math.sin(t)] for t, r in zip(np.linspace(0, 2 * math.pi, 11)[:-1], (0.020, 0.008) * 5, strict=True)]
        canvas.fill(smooth(star, samples=3), hue)


def _sail(canvas: Canvas, light: Light, x: float, y: float, size: float) -> None:
    canvas.fill([[x - 0.4 * size, y - 0.12 * size], [x + 0.45 * size, y - 0.12 * size], [x + 0.3 * size, y + 0.06 * size], [x - 0.3 * size, y + 0.06 * size]], light.tone((176, 110, 84)))
    canvas.fill([[x, y - size], [x, y - 0.16 * size], [x + 0.42 * size, y - 0.16 * size]], light.tone((250, 246, 236)))
    canvas.fill([[x - 0.04 * size, y - 0.85 * size], [x - 0.04 * size, y - 0.16 * size], [x - 0.34 * size, y - 0.16 * size]], light.tone((230, 222, 210)))


def _parasol(canvas: Canvas, light: Light, x: float, base_y: float, hue: RGB) -> None:
    seen, white = light.tone(hue), light.tone((250, 244, 232))
    fit.contact_shadow(canvas, x + 0.04, base_y, 0.16, 0.3)
    canvas.stroke([[x, base_y], [x, 0.32]], light.tone((226, 214, 194)), 0.011)
    span = np.linspace(math.pi, 2 * math.pi, 7)
    for index in range(6):
        rim = arc(x, 0.42, 0.19, 0.15, span[index], span[index + 1], 6)
        colour = seen if index % 2 == 0 else white
        canvas.fill(np.concatenate([rim, [[x, 0.275]]]) if index in (2, 3) else np.concatenate([rim, [[x, 0.30]]]), darken(colour, 0.04 * index))
    canvas.ellipse(x, 0.268, 0.008, 0.010, white)


def _palm(canvas: Canvas, rng: np.random.Generator, light: Light, x: float, base_y: float) -> None:
    bark, leaf = light.tone((168, 132, 98)), light.tone((104, 156, 104))
    lean = 0.09 if x < 0.5 else -0.09
    top = np.array([x + lean, 0.20 + 0.06 * float(rng.random())])
    trunk = smooth([[x, base_y], [x + 0.2 * lean, 0.55], top], closed=False)
    canvas.fill(ribbon(trunk, [0.045, 0.030, 0.024]), lighten(bark, 0.1), shade=(darken(bark, 0.25), (x - 0.02, 0), (x + 0.06, 0)))
    for turn in np.linspace(-2.9, 0.1, 9):
        reach = 0.21 * float(rng.uniform(0.85, 1.1))
        tip = top + reach * np.array([math.cos(turn), math.sin(turn) * 0.62 + 0.42])
        bend = top + 0.55 * reach * np.array([math.cos(turn), math.sin(turn) * 0.9 - 0.12])
        frond = smooth([top, bend, tip], closed=False, samples=6)
        canvas.fill(ribbon(frond, [0.012, 0.048, 0.006]), mix(darken(leaf, 0.2), lighten(leaf, 0.2), 0.5 - 0.5 * math.cos(turn + 2.4)))
    for dx in (-0.014, 0.014):
        canvas.ellipse(float(top[0]) + dx, float(top[1]) + 0.014, 0.014, 0.015, light.tone((132, 92, 68)))


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
        land.fir(canvas, light, float(x), 0.655 + 0.01 * float(rng.random()), float(rng.uniform(0.05, 0.10)), (96, 134, 112))
    green = pick(rng, _GREENS)
    if chance(rng, 0.5):
        land.water(canvas, rng, light, 0.645, 0.80, (112, 160, 184))
    meadow = light.tone(green)
    top = 0.76 if chance(rng, 0.5) else 0.68
    canvas.fill(land.ridge(rng, top, 0.03, 6, 1.02), lighten(meadow, 0.14), shade=(darken(meadow, 0.08), (0, top), (0, 1)))
    land.grass(canvas, rng, light, green, top + 0.02, 1.0, 60)
    land.flowers(canvas, rng, light, top + 0.05, 1.0, 26, land.BLOSSOMS, 0.8)
    for x in (0.04, 0.13, 0.90, 0.98):
        if chance(rng, 0.7):
            land.fir(canvas, light, x, top + 0.06 * float(rng.random()), float(rng.uniform(0.26, 0.40)), (92, 132, 104))


def _peak(canvas: Canvas, rng: np.random.Generator, light: Light, cx: float, base_y: float, tall: float, rock: RGB) -> None:
    half = tall * float(rng.uniform(0.62, 0.8))
    top = np.array([cx, base_y - tall])
    wobble = 0.06 * tall
    left = [[cx - half, base_y], [cx - 0.62 * half, base_y - 0.42 * tall + wobble], [cx - 0.3 * half, base_y - 0.66 * tall]]
    right = [[cx + 0.26 * half, base_y - 0.70 * tall], [cx + 0.58 * half, base_y - 0.36 * tall - wobble], [cx + half, base_y]]
    spine = [[cx + 0.10 * half, base_y - 0.62 * tall], [cx - 0.06 * half, base_y - 0.34 * tall], [cx + 0.12 * half, base_y]]
    canvas.fill([*left, top, *spine], lighten(rock, 0.16))
    canvas.fill([top, *right, *spine[::-1]], darken(rock, 0.12))
    snow = mix(rock, light.tone((252, 252, 252)), 0.82)
    low = base_y - 0.66 * tall
    canvas.fill([top, left[2], [cx - 0.17 * half, low - 0.06 * tall], [cx - 0.10 * half, low + 0.05 * tall], [cx + 0.02 * half, low - 0.04 * tall], spine[0]], snow)
    canvas.fill([top, spine[0], [cx + 0.15 * half, low - 0.08 * tall], [cx + 0.20 * half, low + 0.02 * tall], right[0]], darken(snow, 0.16))


def city_street(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """House fronts in perspective on both sides, a skyline at the end, shops, lamps, a road."""
    land.sky(canvas, rng, light, 0.62)
    for depth in range(2):
        seen = mix(light.tone((164, 170, 188)), light.sky_low, 0.55 - 0.25 * depth)
        x = 0.22
        while x < 0.80:
            wide = float(rng.uniform(0.05, 0.10))
            top = float(rng.uniform(0.22, 0.44)) + 0.05 * depth
            canvas.fill(fit.quad(x, top, x + wide, 0.66), lighten(seen, 0.08), shade=(darken(seen, 0.08), (x, 0), (x + wide, 0)))
            if depth:
                _panes(canvas, rng, light, x + 0.008, top + 0.02, x + wide - 0.008, 0.6, seen)
            x += wide * float(rng.uniform(0.9, 1.1))
    road = light.tone((150, 148, 154))
    canvas.gradient(mix(road, light.sky_low, 0.2), darken(road, 0.06), (0, 0.64, 1, 1))
    walk = light.tone((206, 200, 192))
    canvas.fill([[-0.1, 0.66], [0.40, 0.645], [0.16, 1.02], [-0.1, 1.02]], walk)
    canvas.fill([[1.1, 0.66], [0.60, 0.645], [0.84, 1.02], [1.1, 1.02]], walk)
    for y0, y1, half in ((0.67, 0.69, 0.004), (0.72, 0.76, 0.008), (0.81, 0.88, 0.015), (0.95, 1.05, 0.026)):
        canvas.fill([[0.5 - half, y0], [0.5 + half, y0], [0.5 + 1.35 * half, y1], [0.5 - 1.35 * half, y1]], lighten(road, 0.5))
    fronts = ((214, 168, 140), (196, 186, 168), (182, 140, 126), (170, 184, 186), (226, 200, 160), (190, 170, 182))
    for side in (0, 1):
        for index, (near, far) in enumerate(((0.0, 0.14), (0.14, 0.25), (0.25, 0.34))):
            hue = fronts[int(rng.integers(len(fronts)))]
            _house(canvas, rng, light, near, far, side == 1, hue, 2 - index)
    for x, base, tall in ((0.21, 0.80, 0.44), (0.79, 0.80, 0.44), (0.35, 0.68, 0.22), (0.65, 0.68, 0.22)):
        _lamp_post(canvas, light, x, base, tall)


def _panes(canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, y0: float, x1: float, y1: float, wall: RGB) -> None:
    for y in np.arange(y0, y1, 0.034):
        for x in np.arange(x0, x1 - 0.008, 0.019):
            lit = rng.random() < 0.5 and light.lit
            canvas.fill(fit.quad(x, y, x + 0.010, y + 0.018), (255, 220, 150) if lit else darken(wall, 0.16))


def _house(
    canvas: Canvas, rng: np.random.Generator, light: Light, near: float, far: float, right: bool, hue: RGB, size: int
) -> None:
    """A house front that recedes from `near` to `far` along the left edge (mirrored when `right`)."""
    seen = light.tone(hue)
    vanish, eye = 0.5, 0.60

    def at(x: float, y: float) -> list[float]:
        """A place on the facade: x along it, y as seen at the picture's edge."""
        scale = (vanish - x) / vanish
        return [1 - x if right else x, eye + (y - eye) * scale]

    top = -0.10 - 0.22 * float(rng.random())
    wall = [at(near, top), at(far, top), at(far, 0.80), at(near, 0.80)]
    canvas.fill(wall, mix(lighten(seen, 0.06), light.sky_low, 0.10 * (2 - size)), shade=(darken(seen, 0.14), (0, 0.1), (0, 0.8)))
    count = 2
    step = (far - near) / count
    for y in np.arange(top + 0.14, 0.36, 0.20):
        for index in range(count):
            a, b = near + (index + 0.24) * step, near + (index + 0.76) * step
            lit = rng.random() < 0.6 and light.lit
            glass = (255, 218, 150) if lit else mix(light.tone((150, 176, 190)), light.sky_low, 0.3)
            canvas.fill([at(a - 0.1 * step, y - 0.015), at(b + 0.1 * step, y - 0.015), at(b + 0.1 * step, y + 0.135), at(a - 0.1 * step, y + 0.135)], lighten(seen, 0.32))
            canvas.fill([at(a, y), at(b, y), at(b, y + 0.12), at(a, y + 0.12)], glass)
            canvas.fill([at(a - 0.1 * step, y + 0.128), at(b + 0.1 * step, y + 0.128), at(b + 0.1 * step, y + 0.142), at(a - 0.1 * step, y + 0.142)], darken(seen, 0.2))
    shop = (255, 226, 168) if light.lit else light.tone((176, 196, 200))
    canvas.fill([at(near + 0.12 * step, 0.53), at(far - 0.12 * step, 0.53), at(far - 0.12 * step, 0.78), at(near + 0.12 * step, 0.78)], darken(seen, 0.3))
    canvas.fill([at(near + 0.22 * step, 0.55), at(far - 0.7 * step, 0.55), at(far - 0.7 * step, 0.72), at(near + 0.22 * step, 0.72)], shop)
    canvas.fill([at(far - 0.55 * step, 0.56), at(far - 0.2 * step, 0.56), at(far - 0.2 * step, 0.78), at(far - 0.55 * step, 0.78)], lighten(shop, 0.1))
    awning = light.tone(pick(rng, ((198, 92, 84), (96, 140, 130), (222, 170, 92), (104, 128, 168))))
    stripes = np.linspace(near, far, 7)
    for index in range(6):
        colour = awning if index % 2 == 0 else light.tone((246, 240, 228))
        canvas.fill([at(stripes[index], 0.47), at(stripes[index + 1], 0.47), at(stripes[index + 1], 0.56), at(stripes[index], 0.56)], colour)


def snowy_field(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Rolling snow, firs with white skirts, a cabin or a snowman, falling flakes."""
    land.sky(canvas, rng, light, 0.58)
    far = mix(light.tone((200, 214, 228)), light.sky_low, 0.45)
    canvas.fill(land.ridge(rng, 0.52, 0.14, 7, 0.8), far)
    for x in rng.uniform(0, 1, 16):
        _plain_fir(canvas, float(x), 0.57, float(rng.uniform(0.06, 0.11)), mix(far, light.tone((112, 138, 140)), 0.5))
    white = light.tone((242, 246, 250))
    canvas.fill(land.ridge(rng, 0.58, 0.05, 6, 1.02), lighten(white, 0.1), shade=(mix(white, light.tone((188, 206, 226)), 0.5), (0, 0.55), (0, 0.72)))
    for x in (0.05, 0.17, 0.30, 0.72, 0.86, 0.97):
        if chance(rng, 0.8):
            base = 0.62 + 0.10 * float(rng.random())
            fit.contact_shadow(canvas, x + 0.05, base, 0.10, 0.2)
            land.fir(canvas, light, x, base, float(rng.uniform(0.30, 0.48)), (92, 128, 112), snow=True)
    if chance(rng, 0.5):
        _cabin(canvas, light, pick(rng, (0.36, 0.52)), 0.64)
    canvas.fill(land.ridge(rng, 0.76, 0.06, 5, 1.02), lighten(white, 0.4), shade=(mix(white, light.tone((190, 206, 228)), 0.45), (0, 0.72), (0, 1.0)))
    if chance(rng, 0.5):
        _snowman(canvas, light, pick(rng, (0.16, 0.84)), 0.84)
    for _ in range(60):
        x, y, r = float(rng.random()), float(rng.random()), float(rng.uniform(0.0018, 0.0048))
        canvas.ellipse(x, y, r, r, (255, 255, 255), alpha=0.8)


def _cabin(canvas: Canvas, light: Light, x: float, y: float) -> None:
    wood = light.tone((150, 108, 82))
    canvas.fill(fit.quad(x, y - 0.10, x + 0.16, y), wood, shade=(darken(wood, 0.2), (x, 0), (x + 0.16, 0)))
    canvas.fill([[x - 0.02, y - 0.09], [x + 0.08, y - 0.18], [x + 0.18, y - 0.09]], light.tone((246, 249, 252)))
    canvas.fill(fit.quad(x + 0.022, y - 0.07, x + 0.062, y - 0.03), (255, 216, 136) if light.lit else light.tone((180, 200, 208)))
    canvas.fill(fit.quad(x + 0.095, y - 0.07, x + 0.13, y), darken(wood, 0.35))


def _snowman(canvas: Canvas, light: Light, x: float, base_y: float) -> None:
    white, cool = light.tone((252, 253, 254)), light.tone((196, 210, 228))
    fit.contact_shadow(canvas, x, base_y, 0.12, 0.25)
    for cy, r in ((0.065, 0.075), (0.165, 0.056), (0.25, 0.042)):
        canvas.ellipse(x, base_y - cy, r, r, white, shade=(cool, (x - 0.2 * r, base_y - cy - 0.4 * r), (x + r, base_y - cy + r)))
    ink = light.tone((66, 62, 70))
    for dx, dy in ((-0.014, 0.258), (0.014, 0.258), (0.0, 0.18), (0.0, 0.155)):
        canvas.ellipse(x + dx, base_y - dy, 0.005, 0.005, ink)
    canvas.fill([[x, base_y - 0.25], [x + 0.035, base_y - 0.243], [x, base_y - 0.238]], light.tone((236, 140, 70)))
    canvas.stroke([[x - 0.036, base_y - 0.213], [x, base_y - 0.204], [x + 0.036, base_y - 0.213]], light.tone((204, 80, 76)), 0.016)
    canvas.fill(fit.quad(x - 0.030, base_y - 0.345, x + 0.030, base_y - 0.288), ink)
    canvas.fill(fit.quad(x - 0.046, base_y - 0.292, x + 0.046, base_y - 0.282), ink)


def wedding(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """An arch of flowers on a lawn, bunting and lights overhead, rows of white chairs, petals on the aisle."""
    land.sky(canvas, rng, light, 0.6)
    green = pick(rng, _GREENS)
    for x in (0.0, 0.14, 0.86, 1.0):
        land.broad_tree(canvas, rng, light, x, 0.64, float(rng.uniform(0.44, 0.58)), pick(rng, _GREENS))
    hedge = mix(light.tone(darken(green, 0.06)), light.sky_low, 0.2)
    canvas.fill(land.ridge(rng, 0.56, 0.03, 10, 0.7), hedge)
    meadow = light.tone(green)
    canvas.gradient(lighten(meadow, 0.18), darken(meadow, 0.04), (0, 0.62, 1, 1))
    cloth = light.tone((248, 242, 234))
    land.grass(canvas, rng, light, green, 0.66, 1.0, 40)
    canvas.fill([[0.44, 0.64], [0.56, 0.64], [0.78, 1.02], [0.22, 1.02]], darken(cloth, 0.04), shade=(lighten(cloth, 0.3), (0, 0.64), (0, 1)))
    hues: tuple[RGB, ...] = pick(rng, (((246, 214, 216), (238, 168, 180), (252, 246, 240)), ((250, 226, 190), (240, 180, 140), (252, 246, 240)), ((214, 204, 236), (180, 164, 214), (250, 246, 250))))
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
    fit.string_of_flags(canvas, light, -0.03, 0.05, 0.52, 0.09, 0.07, hues)
    fit.string_of_flags(canvas, light, 0.48, 0.09, 1.03, 0.05, 0.07, hues)
    _fairy_lights(canvas, light)


def _arch(canvas: Canvas, rng: np.random.Generator, light: Light, hues: tuple[RGB, ...], half: float) -> None:
    frame = light.tone((240, 232, 220))
    curve = np.concatenate([[[0.5 - half, 0.72]], arc(0.5, 0.40, half, 0.24, math.pi, 2 * math.pi, 25), [[0.5 + half, 0.72]]])
    canvas.stroke(curve, darken(frame, 0.16), 0.024)
    canvas.stroke(curve - (0.003, 0.002), frame, 0.014)
    leaf = light.tone((124, 160, 112))
    walk = np.concatenate([np.linspace([0.5 - half, 0.72], [0.5 - half, 0.42], 9), arc(0.5, 0.40, half, 0.24, math.pi, 2 * math.pi, 32), np.linspace([0.5 + half, 0.42], [0.5 + half, 0.72], 9)])
    for point in walk:
        for _ in range(2):
            x, y = point + rng.uniform(-0.024, 0.024, 2)
            canvas.fill(fit.blob(rng, x, y, 0.022, 0.017, count=6), mix(leaf, darken(leaf, 0.2), float(rng.random())))
    for point in walk[::1]:
        x, y = point + rng.uniform(-0.022, 0.022, 2)
        land.blossom(canvas, float(x), float(y), float(rng.uniform(0.014, 0.024)), light.tone(pick(rng, hues)), light)


def _chair(canvas: Canvas, light: Light, x: float, y: float, scale: float) -> None:
    white = light.tone((248, 246, 240))
    wide, tall = 0.036 * scale, 0.085 * scale
    for dx in (-wide, wide):
        canvas.stroke([[x + dx, y - tall], [x + dx, y + 0.055 * scale]], darken(white, 0.14), 0.007 * scale)
    canvas.fill(fit.rounded(x - wide, y - tall, x + wide, y - 0.45 * tall, 0.01), white)
    canvas.fill([[x - wide, y - 0.02 * scale], [x + wide, y - 0.02 * scale], [x + 1.15 * wide, y + 0.008], [x - 1.15 * wide, y + 0.008]], lighten(white, 0.3))


def _fairy_lights(canvas: Canvas, light: Light) -> None:
    share = np.linspace(0, 1, 15)
    for x, y in zip(share, 0.17 + 0.08 * np.sin(share * math.pi * 2) ** 2, strict=True):
        if light.lit:
            canvas.glow(float(x), float(y), 0.030, 0.030, light.glow, 0.9)
        canvas.ellipse(float(x), float(y), 0.006, 0.007, (255, 246, 214))


def ship(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """A wooden deck with mast and sail, rigging, rail, helm or barrels; the sea and its horizon behind."""
    horizon = 0.50
    land.sky(canvas, rng, light, horizon)
    land.water(canvas, rng, light, horizon, 0.74, pick(rng, ((92, 150, 178), (84, 142, 168), (104, 166, 180))))
    if chance(rng, 0.5):
        far = mix(light.tone((138, 160, 148)), light.sky_low, 0.4)
        canvas.fill(smooth([[0.52, horizon], [0.66, horizon - 0.05], [0.8, horizon - 0.025], [0.95, horizon], [0.7, horizon + 0.003]]), far)
    else:
        _sail(canvas, light, float(rng.uniform(0.4, 0.6)), horizon + 0.02, 0.06)
    wood = light.tone(pick(rng, fit.WOODS[:3]))
    mast = pick(rng, (0.13, 0.87))
    _rigging(canvas, light, mast, wood)
    canvas.gradient(darken(wood, 0.06), lighten(wood, 0.14), (0, 0.74, 1, 1))
    for at in np.linspace(-0.9, 1.9, 17):
        canvas.stroke([[0.5 + (at - 0.5) * 0.5, 0.74], [at, 1.0]], darken(wood, 0.3), 0.004, alpha=0.8)
    _rail(canvas, light, wood)
    canvas.fill(fit.quad(mast - 0.026, -0.02, mast + 0.026, 0.80), lighten(wood, 0.10), shade=(darken(wood, 0.32), (mast - 0.02, 0), (mast + 0.03, 0)))
    for y in (0.30, 0.70, 0.785):
        canvas.fill(fit.quad(mast - 0.030, y, mast + 0.030, y + 0.020), light.tone((222, 200, 160)), shade=(light.tone((170, 146, 110)), (mast - 0.03, 0), (mast + 0.03, 0)))
    other = 1.0 - mast
    if chance(rng, 0.5):
        _helm(canvas, light, other, 0.66, 0.115)
    else:
        for dx, y in ((-0.06, 0.80), (0.05, 0.82)):
            _barrel(canvas, light, other + dx, y)
    _ring(canvas, light, pick(rng, (0.38, 0.62)), 0.665)


def _rigging(canvas: Canvas, light: Light, mast: float, wood: RGB) -> None:
    cloth, rope = light.tone((246, 236, 216)), light.tone((126, 108, 90))
    side = 1 if mast < 0.5 else -1
    sail = smooth([[mast - 0.02 * side, 0.04], [mast + 0.34 * side, 0.03], [mast + 0.31 * side, 0.18], [mast + 0.36 * side, 0.30], [mast + 0.16 * side, 0.335], [mast - 0.04 * side, 0.30], [mast + 0.02 * side, 0.17]], samples=6)
    canvas.fill(sail, lighten(cloth, 0.3), shade=(darken(cloth, 0.16), (mast, 0.05), (mast + 0.34 * side, 0.32)))
    for share in (0.1, 0.2):
        canvas.stroke([[mast + share * side, 0.04], [mast + (share + 0.015) * side, 0.32]], darken(cloth, 0.14), 0.003)
    canvas.stroke([[mast - 0.06 * side, 0.030], [mast + 0.38 * side, 0.022]], darken(wood, 0.2), 0.015)
    for dx in (-0.20, -0.10, 0.14, 0.26, 0.40):
        canvas.stroke([[mast, -0.02], [mast + dx * 1.2, 0.66]], rope, 0.0035)
    for share in (0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95):
        y = -0.02 + 0.68 * share
        canvas.stroke([[mast - 0.24 * share, y], [mast - 0.12 * share, y]], rope, 0.003)
        canvas.stroke([[mast + 0.17 * share, y], [mast + 0.31 * share, y]], rope, 0.003)


def _rail(canvas: Canvas, light: Light, wood: RGB) -> None:
    del light
    for x in np.arange(0.03, 1.0, 0.075):
        post = smooth([[x - 0.009, 0.64], [x + 0.009, 0.64], [x + 0.013, 0.69], [x + 0.008, 0.745], [x - 0.008, 0.745], [x - 0.013, 0.69]], samples=4)
        canvas.fill(post, lighten(wood, 0.12), shade=(darken(wood, 0.25), (x - 0.012, 0), (x + 0.012, 0)))
    canvas.gradient(lighten(wood, 0.34), darken(wood, 0.10), (0, 0.615, 1, 0.645))
    canvas.gradient(darken(wood, 0.12), darken(wood, 0.32), (0, 0.738, 1, 0.765))


def _helm(canvas: Canvas, light: Light, cx: float, cy: float, radius: float) -> None:
    wood = light.tone((150, 98, 64))
    canvas.fill([[cx - 0.028, cy], [cx + 0.028, cy], [cx + 0.05, cy + 0.22], [cx - 0.05, cy + 0.22]], darken(wood, 0.12), shade=(darken(wood, 0.38), (cx - 0.04, 0), (cx + 0.05, 0)))
    for turn in np.arange(8) * math.pi / 4:
        ray = np.array([math.cos(turn), math.sin(turn)])
        canvas.stroke([np.array([cx, cy]), np.array([cx, cy]) + ray * radius * 1.28], darken(wood, 0.1), 0.012)
        knob = np.array([cx, cy]) + ray * radius * 1.24
        canvas.ellipse(float(knob[0]), float(knob[1]), 0.012, 0.012, lighten(wood, 0.1))
    canvas.stroke(oval(cx, cy, radius * 0.86, radius * 0.86), darken(wood, 0.25), 0.026, closed=True)
    canvas.stroke(oval(cx - 0.002, cy - 0.002, radius * 0.86, radius * 0.86), lighten(wood, 0.16), 0.014, closed=True)
    canvas.ellipse(cx, cy, 0.026, 0.026, light.tone((214, 176, 98)))


def _barrel(canvas: Canvas, light: Light, cx: float, cy: float) -> None:
    wood, iron = light.tone((158, 112, 78)), light.tone((92, 90, 94))
    fit.contact_shadow(canvas, cx, cy + 0.09, 0.09, 0.35)
    body = smooth([[cx - 0.045, cy - 0.085], [cx + 0.045, cy - 0.085], [cx + 0.060, cy], [cx + 0.045, cy + 0.085], [cx - 0.045, cy + 0.085], [cx - 0.060, cy]])
    canvas.fill(body, lighten(wood, 0.16), shade=(darken(wood, 0.28), (cx - 0.05, 0), (cx + 0.06, 0)))
    for dy, half in ((-0.05, 0.055), (0.05, 0.055)):
        canvas.fill(ribbon(smooth([[cx - half, cy + dy], [cx, cy + dy + 0.008], [cx + half, cy + dy]], closed=False), 0.012), iron)
    canvas.ellipse(cx, cy - 0.083, 0.044, 0.012, darken(wood, 0.2))


def _ring(canvas: Canvas, light: Light, cx: float, cy: float) -> None:
    white, red = light.tone((246, 242, 236)), light.tone((206, 84, 76))
    canvas.stroke(oval(cx, cy, 0.040, 0.040), darken(white, 0.1), 0.022, closed=True)
    for turn in np.arange(4) * math.pi / 2:
        canvas.stroke(arc(cx, cy, 0.040, 0.040, turn, turn + 0.7, 6), red, 0.020)


def flower_field(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Flowers to the horizon in drifts of colour, low hills, perhaps a windmill."""
    horizon = float(rng.uniform(0.46, 0.54))
    land.sky(canvas, rng, light, horizon + 0.04)
    green = pick(rng, _GREENS)
    for depth in range(2):
        hill = mix(light.tone(lighten(green, 0.1)), light.sky_low, 0.5 - 0.2 * depth)
        canvas.fill(land.ridge(rng, horizon + 0.03 * depth, 0.09 - 0.03 * depth, 7, 0.8), hill)
    if chance(rng, 0.4):
        _windmill(canvas, light, pick(rng, (0.14, 0.86)), horizon + 0.04)
    for x in rng.uniform(0, 1, 8):
        canvas.fill(fit.blob(rng, float(x), horizon + 0.02, 0.035, 0.03), mix(light.tone(darken(green, 0.15)), light.sky_low, 0.25))
    meadow = light.tone(green)
    canvas.gradient(lighten(meadow, 0.1), darken(meadow, 0.06), (0, horizon + 0.05, 1, 1))
    drift: tuple[RGB, ...] = pick(rng, (((232, 96, 84), (240, 130, 104)), ((176, 150, 214), (150, 128, 196)), ((248, 208, 92), (250, 226, 150)), land.BLOSSOMS, ((240, 160, 190), (250, 214, 224))))
    for row, y in enumerate(np.linspace(horizon + 0.05, horizon + 0.20, 8)):
        hue = mix(light.tone(drift[row % len(drift)]), meadow, 0.35)
        canvas.fill(land.ridge(rng, float(y) + 0.012, 0.010, 14, float(y) + 0.022), mix(hue, light.sky_low, 0.25 - 0.03 * row))
    land.grass(canvas, rng, light, green, horizon + 0.14, 1.0, 80)
    land.flowers(canvas, rng, light, horizon + 0.08, 1.02, 190, drift, 1.25)


def _windmill(canvas: Canvas, light: Light, x: float, base_y: float) -> None:
    wall, wood = light.tone((226, 214, 196)), light.tone((132, 98, 80))
    canvas.fill([[x - 0.026, base_y - 0.17], [x + 0.026, base_y - 0.17], [x + 0.042, base_y], [x - 0.042, base_y]], lighten(wall, 0.1), shade=(darken(wall, 0.2), (x - 0.03, 0), (x + 0.04, 0)))
    canvas.fill([[x - 0.032, base_y - 0.165], [x, base_y - 0.21], [x + 0.032, base_y - 0.165]], wood)
    for turn in (0.5, 2.07, 3.64, 5.21):
        tip = np.array([x + 0.13 * math.cos(turn), base_y - 0.18 + 0.13 * math.sin(turn)])
        canvas.stroke([[x, base_y - 0.18], tip], wood, 0.006)
        canvas.stroke([0.7 * np.array([x, base_y - 0.18]) + 0.3 * tip, tip], lighten(wall, 0.3), 0.016, alpha=0.8)


def brick_wall(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Courses of brick over the whole ground, a window with a flower box or a lamp, ivy, pavement."""
    brick = pick(rng, ((190, 116, 94), (176, 104, 88), (202, 138, 108), (166, 120, 108), (196, 176, 160)))
    seen = light.tone(brick)
    mortar = mix(seen, light.tone((232, 220, 204)), 0.45)
    canvas.gradient(lighten(mortar, 0.06), darken(mortar, 0.08), (0, 0, 1, 0.88))
    rows, wide, tall = 22, 0.088, 0.04
    for row in range(rows):
        y = row * tall
        for x in np.arange(-wide * (0.5 if row % 2 else 0.0), 1.0, wide):
            shade = mix(mix(seen, lighten(seen, 0.16), float(rng.random())), darken(seen, 0.16), 0.55 * float(rng.random()))
            canvas.fill(fit.quad(x + 0.003, y + 0.003, x + wide - 0.003, y + tall - 0.003), shade)
    canvas.glow(0.2, 0.15, 0.75, 0.6, light.glow if light.name != "night" else lighten(seen, 0.2), 0.22)
    side = pick(rng, (0.16, 0.84))
    if chance(rng, 0.7):
        _street_window(canvas, rng, light, side)
    if chance(rng, 0.5):
        _wall_lamp(canvas, light, pick(rng, (0.36, 0.64)), 0.20)
    if chance(rng, 0.6):
        _ivy(canvas, rng, light, 1.0 if side < 0.5 else 0.0)
    walk = light.tone((190, 182, 176))
    canvas.gradient(darken(walk, 0.14), lighten(walk, 0.10), (0, 0.86, 1, 1))
    for at in np.linspace(-0.6, 1.6, 9):
        canvas.stroke([[0.5 + (at - 0.5) * 0.7, 0.86], [at, 1.0]], darken(walk, 0.2), 0.004)
    canvas.glow(0.5, 0.865, 0.7, 0.03, darken(walk, 0.6), 0.5)


def _street_window(canvas: Canvas, rng: np.random.Generator, light: Light, cx: float) -> None:
    x0, x1, y0, y1 = cx - 0.115, cx + 0.115, 0.14, 0.50
    frame = light.tone((240, 234, 222))
    canvas.fill(fit.quad(x0 - 0.022, y0 - 0.04, x1 + 0.022, y0), light.tone((206, 190, 172)))
    canvas.fill(fit.quad(x0 - 0.012, y0 - 0.012, x1 + 0.012, y1 + 0.012), frame)
    glass = (255, 222, 156) if light.lit else light.tone((164, 192, 204))
    canvas.fill(fit.quad(x0, y0, x1, y1), lighten(glass, 0.25), shade=(darken(glass, 0.12), (x0, y0), (x1, y1)))
    canvas.fill([[x0, y0], [x0 + 0.06, y0], [x0, y0 + 0.2]], light.tone((252, 248, 240)), alpha=0.5)
    canvas.fill(fit.quad(cx - 0.006, y0, cx + 0.006, y1), frame)
    canvas.fill(fit.quad(x0, y0 + 0.15, x1, y0 + 0.162), frame)
    box = light.tone((150, 108, 80))
    for x, y in fit.disc_cluster(rng, cx, y1 - 0.008, 0.12, 0.03, 26):
        canvas.fill(fit.blob(rng, x, y, 0.020, 0.018, count=6), light.tone(pick(rng, fit.LEAVES)))
    for x, y in fit.disc_cluster(rng, cx, y1 - 0.02, 0.12, 0.03, 18):
        land.blossom(canvas, x, y, 0.014, light.tone(pick(rng, land.BLOSSOMS)), light)
    canvas.fill(fit.quad(x0 - 0.02, y1 + 0.004, x1 + 0.02, y1 + 0.062), lighten(box, 0.1), shade=(darken(box, 0.25), (0, y1), (0, y1 + 0.06)))


def _wall_lamp(canvas: Canvas, light: Light, x: float, y: float) -> None:
    iron = light.tone((64, 62, 66))
    if light.lit:
        canvas.glow(x, y + 0.05, 0.30, 0.32, light.glow, 0.6)
    canvas.stroke(smooth([[x, y - 0.02], [x + 0.03, y - 0.05], [x, y - 0.07]], closed=False), iron, 0.007)
    canvas.fill([[x - 0.034, y], [x + 0.034, y], [x + 0.022, y + 0.085], [x - 0.022, y + 0.085]], (255, 236, 184) if light.lit else light.tone((226, 224, 210)))
    canvas.fill([[x - 0.042, y + 0.002], [x, y - 0.034], [x + 0.042, y + 0.002]], iron)
    canvas.fill(fit.quad(x - 0.026, y + 0.083, x + 0.026, y + 0.094), iron)


def _ivy(canvas: Canvas, rng: np.random.Generator, light: Light, edge: float) -> None:
    inward = 1 if edge < 0.5 else -1
    for _ in range(95):
        drop = float(rng.random()) ** 1.5
        x = edge + inward * (0.17 * float(rng.random()) ** 1.4 * (1.15 - 0.7 * drop))
        canvas.fill(fit.blob(rng, x, 0.8 * drop, 0.020, 0.017, 0.25, 6), light.tone(mix(pick(rng, fit.LEAVES), (150, 176, 120), 0.3 * float(rng.random()))))


PAINTERS: Final[dict[str, Painter]] = {
    "garden": garden,
    "park": park,
    "forest": forest,
    "beach": beach,
    "mountains": mountains,
    "city street": city_street,
    "snowy field": snowy_field,
    "wedding": wedding,
    "ship": ship,
    "flower field": flower_field,
    "brick wall": brick_wall,
}
