"""In town: city street and brick wall.

Each painter takes (canvas, rng, light) and covers the canvas; the generator picks colours and order.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.chance import chance, pick
from limner_world.curves import smooth
from limner_world.palette import darken, lighten, mix
from limner_world.settings import furnishings as goods
from limner_world.settings import scenery as land
from limner_world.settings import shapes
from limner_world.settings.light import Light, Painter


def city_street(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """House fronts in perspective on both sides, a skyline at the end, shops, lamps, a road."""
    land.sky(canvas, rng, light, 0.62)
    for depth in range(2):
        seen = mix(light.tone((164, 170, 188)), light.sky_low, 0.55 - 0.25 * depth)
        x = 0.22
        while x < 0.80:
            wide = float(rng.uniform(0.05, 0.10))
            top = float(rng.uniform(0.22, 0.44)) + 0.05 * depth
            canvas.fill(
                shapes.quad(x, top, x + wide, 0.66),
                lighten(seen, 0.08),
                shade=(darken(seen, 0.08), (x, 0), (x + wide, 0)),
            )
            if depth:
                _panes(canvas, rng, light, x + 0.008, top + 0.02, x + wide - 0.008, 0.6, seen)
            x += wide * float(rng.uniform(0.9, 1.1))
    road = light.tone((150, 148, 154))
    canvas.gradient(mix(road, light.sky_low, 0.2), darken(road, 0.06), (0, 0.64, 1, 1))
    walk = light.tone((206, 200, 192))
    canvas.fill([[-0.1, 0.66], [0.40, 0.645], [0.16, 1.02], [-0.1, 1.02]], walk)
    canvas.fill([[1.1, 0.66], [0.60, 0.645], [0.84, 1.02], [1.1, 1.02]], walk)
    for y0, y1, half in ((0.67, 0.69, 0.004), (0.72, 0.76, 0.008), (0.81, 0.88, 0.015), (0.95, 1.05, 0.026)):
        canvas.fill(
            [[0.5 - half, y0], [0.5 + half, y0], [0.5 + 1.35 * half, y1], [0.5 - 1.35 * half, y1]],
            lighten(road, 0.5),
        )
    fronts = (
        (214, 168, 140),
        (196, 186, 168),
        (182, 140, 126),
        (170, 184, 186),
        (226, 200, 160),
        (190, 170, 182),
    )
    for side in (0, 1):
        for index, (near, far) in enumerate(((0.0, 0.14), (0.14, 0.25), (0.25, 0.34))):
            hue = fronts[int(rng.integers(len(fronts)))]
            _house(canvas, rng, light, near, far, side == 1, hue, 2 - index)
    for x, base, tall in ((0.21, 0.80, 0.44), (0.79, 0.80, 0.44), (0.35, 0.68, 0.22), (0.65, 0.68, 0.22)):
        land.lamp_post(canvas, light, x, base, tall)


def _panes(
    canvas: Canvas,
    rng: np.random.Generator,
    light: Light,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    wall: RGB,
) -> None:
    for y in np.arange(y0, y1, 0.034):
        for x in np.arange(x0, x1 - 0.008, 0.019):
            lit = rng.random() < 0.5 and light.lit
            canvas.fill(
                shapes.quad(x, y, x + 0.010, y + 0.018), (255, 220, 150) if lit else darken(wall, 0.16)
            )


def _house(
    canvas: Canvas,
    rng: np.random.Generator,
    light: Light,
    near: float,
    far: float,
    right: bool,
    hue: RGB,
    size: int,
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
    canvas.fill(
        wall,
        mix(lighten(seen, 0.06), light.sky_low, 0.10 * (2 - size)),
        shade=(darken(seen, 0.14), (0, 0.1), (0, 0.8)),
    )
    count = 2
    step = (far - near) / count
    for y in np.arange(top + 0.14, 0.36, 0.20):
        for index in range(count):
            a, b = near + (index + 0.24) * step, near + (index + 0.76) * step
            lit = rng.random() < 0.6 and light.lit
            glass = (255, 218, 150) if lit else mix(light.tone((150, 176, 190)), light.sky_low, 0.3)
            canvas.fill(
                [
                    at(a - 0.1 * step, y - 0.015),
                    at(b + 0.1 * step, y - 0.015),
                    at(b + 0.1 * step, y + 0.135),
                    at(a - 0.1 * step, y + 0.135),
                ],
                lighten(seen, 0.32),
            )
            canvas.fill([at(a, y), at(b, y), at(b, y + 0.12), at(a, y + 0.12)], glass)
            canvas.fill(
                [
                    at(a - 0.1 * step, y + 0.128),
                    at(b + 0.1 * step, y + 0.128),
                    at(b + 0.1 * step, y + 0.142),
                    at(a - 0.1 * step, y + 0.142),
                ],
                darken(seen, 0.2),
            )
    shop = (255, 226, 168) if light.lit else light.tone((176, 196, 200))
    canvas.fill(
        [
            at(near + 0.12 * step, 0.53),
            at(far - 0.12 * step, 0.53),
            at(far - 0.12 * step, 0.78),
            at(near + 0.12 * step, 0.78),
        ],
        darken(seen, 0.3),
    )
    canvas.fill(
        [
            at(near + 0.22 * step, 0.55),
            at(far - 0.7 * step, 0.55),
            at(far - 0.7 * step, 0.72),
            at(near + 0.22 * step, 0.72),
        ],
        shop,
    )
    canvas.fill(
        [
            at(far - 0.55 * step, 0.56),
            at(far - 0.2 * step, 0.56),
            at(far - 0.2 * step, 0.78),
            at(far - 0.55 * step, 0.78),
        ],
        lighten(shop, 0.1),
    )
    awning = light.tone(pick(rng, ((198, 92, 84), (96, 140, 130), (222, 170, 92), (104, 128, 168))))
    stripes = np.linspace(near, far, 7)
    for index in range(6):
        colour = awning if index % 2 == 0 else light.tone((246, 240, 228))
        canvas.fill(
            [
                at(stripes[index], 0.47),
                at(stripes[index + 1], 0.47),
                at(stripes[index + 1], 0.56),
                at(stripes[index], 0.56),
            ],
            colour,
        )


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
            shade = mix(
                mix(seen, lighten(seen, 0.16), float(rng.random())),
                darken(seen, 0.16),
                0.55 * float(rng.random()),
            )
            canvas.fill(shapes.quad(x + 0.003, y + 0.003, x + wide - 0.003, y + tall - 0.003), shade)
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
    canvas.fill(shapes.quad(x0 - 0.022, y0 - 0.04, x1 + 0.022, y0), light.tone((206, 190, 172)))
    canvas.fill(shapes.quad(x0 - 0.012, y0 - 0.012, x1 + 0.012, y1 + 0.012), frame)
    glass = (255, 222, 156) if light.lit else light.tone((164, 192, 204))
    canvas.fill(
        shapes.quad(x0, y0, x1, y1), lighten(glass, 0.25), shade=(darken(glass, 0.12), (x0, y0), (x1, y1))
    )
    canvas.fill([[x0, y0], [x0 + 0.06, y0], [x0, y0 + 0.2]], light.tone((252, 248, 240)), alpha=0.5)
    canvas.fill(shapes.quad(cx - 0.006, y0, cx + 0.006, y1), frame)
    canvas.fill(shapes.quad(x0, y0 + 0.15, x1, y0 + 0.162), frame)
    box = light.tone((150, 108, 80))
    for x, y in shapes.disc_cluster(rng, cx, y1 - 0.008, 0.12, 0.03, 26):
        canvas.fill(shapes.blob(rng, x, y, 0.020, 0.018, count=6), light.tone(pick(rng, goods.LEAVES)))
    for x, y in shapes.disc_cluster(rng, cx, y1 - 0.02, 0.12, 0.03, 18):
        land.blossom(canvas, x, y, 0.014, light.tone(pick(rng, land.BLOSSOMS)), light)
    canvas.fill(
        shapes.quad(x0 - 0.02, y1 + 0.004, x1 + 0.02, y1 + 0.062),
        lighten(box, 0.1),
        shade=(darken(box, 0.25), (0, y1), (0, y1 + 0.06)),
    )


def _wall_lamp(canvas: Canvas, light: Light, x: float, y: float) -> None:
    iron = light.tone((64, 62, 66))
    if light.lit:
        canvas.glow(x, y + 0.05, 0.30, 0.32, light.glow, 0.6)
    canvas.stroke(smooth([[x, y - 0.02], [x + 0.03, y - 0.05], [x, y - 0.07]], closed=False), iron, 0.007)
    canvas.fill(
        [[x - 0.034, y], [x + 0.034, y], [x + 0.022, y + 0.085], [x - 0.022, y + 0.085]],
        (255, 236, 184) if light.lit else light.tone((226, 224, 210)),
    )
    canvas.fill([[x - 0.042, y + 0.002], [x, y - 0.034], [x + 0.042, y + 0.002]], iron)
    canvas.fill(shapes.quad(x - 0.026, y + 0.083, x + 0.026, y + 0.094), iron)


def _ivy(canvas: Canvas, rng: np.random.Generator, light: Light, edge: float) -> None:
    inward = 1 if edge < 0.5 else -1
    for _ in range(95):
        drop = float(rng.random()) ** 1.5
        x = edge + inward * (0.17 * float(rng.random()) ** 1.4 * (1.15 - 0.7 * drop))
        canvas.fill(
            shapes.blob(rng, x, 0.8 * drop, 0.020, 0.017, 0.25, 6),
            light.tone(mix(pick(rng, goods.LEAVES), (150, 176, 120), 0.3 * float(rng.random()))),
        )


PAINTERS: Final[dict[str, Painter]] = {
    "city street": city_street,
    "brick wall": brick_wall,
}
