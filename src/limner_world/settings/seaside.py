"""By the sea: beach and ship.

Each painter takes (canvas, rng, light) and covers the canvas; the generator picks colours and order.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.chance import chance, pick
from limner_world.curves import arc, oval, ribbon, smooth
from limner_world.palette import darken, lighten, mix
from limner_world.settings import rooms as room
from limner_world.settings import scenery as land
from limner_world.settings import shapes
from limner_world.settings.light import Light, Painter


def beach(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Sand, foam, the sea; a parasol, palms, a sail, shells."""
    horizon = 0.47
    land.sky(canvas, rng, light, horizon)
    shore = float(rng.uniform(0.64, 0.70))
    land.water(
        canvas,
        rng,
        light,
        horizon,
        shore + 0.04,
        pick(rng, ((96, 176, 190), (84, 160, 190), (110, 186, 186))),
    )
    if chance(rng, 0.5):
        far = mix(light.tone((140, 168, 150)), light.sky_low, 0.45)
        x = pick(rng, (0.1, 0.85))
        canvas.fill(
            smooth(
                [
                    [x - 0.28, horizon],
                    [x - 0.1, horizon - 0.06],
                    [x + 0.05, horizon - 0.035],
                    [x + 0.25, horizon + 0.002],
                    [x, horizon + 0.003],
                ]
            ),
            far,
        )
    _sail(canvas, light, float(rng.uniform(0.40, 0.60)), horizon + 0.03, 0.075)
    sand = light.tone(pick(rng, ((238, 214, 170), (244, 222, 182), (230, 202, 160))))
    edge = smooth(
        [[-0.1, shore], [0.2, shore + 0.025], [0.5, shore - 0.01], [0.8, shore + 0.03], [1.1, shore]],
        closed=False,
    )
    for drop, colour in (
        (-0.018, mix(light.tone((120, 190, 196)), sand, 0.35)),
        (0.0, light.tone((250, 250, 246))),
        (0.014, darken(sand, 0.14)),
        (0.05, sand),
    ):
        shape = np.concatenate([np.add(edge, (0, drop)), [[1.1, 1.02], [-0.1, 1.02]]])
        if colour is sand:
            canvas.fill(shape, darken(sand, 0.02), shade=(lighten(sand, 0.2), (0, shore), (0, 1)))
        else:
            canvas.fill(shape, colour)
    for _ in range(40):
        canvas.ellipse(
            float(rng.random()),
            float(rng.uniform(shore + 0.08, 1)),
            0.004,
            0.002,
            darken(sand, 0.16),
            alpha=0.6,
        )
    side = pick(rng, (0.16, 0.84))
    if chance(rng, 0.55):
        _parasol(
            canvas, light, side, shore + 0.16, pick(rng, ((226, 108, 92), (240, 190, 90), (100, 160, 190)))
        )
    else:
        _palm(canvas, rng, light, side, shore + 0.14)
    if chance(rng, 0.5):
        _palm(canvas, rng, light, 1.0 - side, shore + 0.10)
    hue = light.tone((236, 170, 150))
    for x in (0.3, 0.72):
        y = float(rng.uniform(0.86, 0.96))
        star = [
            [x + r * math.cos(t), y + 0.6 * r * math.sin(t)]
            for t, r in zip(np.linspace(0, 2 * math.pi, 11)[:-1], (0.020, 0.008) * 5, strict=True)
        ]
        canvas.fill(smooth(star, samples=3), hue)


def _sail(canvas: Canvas, light: Light, x: float, y: float, size: float) -> None:
    canvas.fill(
        [
            [x - 0.4 * size, y - 0.12 * size],
            [x + 0.45 * size, y - 0.12 * size],
            [x + 0.3 * size, y + 0.06 * size],
            [x - 0.3 * size, y + 0.06 * size],
        ],
        light.tone((176, 110, 84)),
    )
    canvas.fill(
        [[x, y - size], [x, y - 0.16 * size], [x + 0.42 * size, y - 0.16 * size]], light.tone((250, 246, 236))
    )
    canvas.fill(
        [
            [x - 0.04 * size, y - 0.85 * size],
            [x - 0.04 * size, y - 0.16 * size],
            [x - 0.34 * size, y - 0.16 * size],
        ],
        light.tone((230, 222, 210)),
    )


def _parasol(canvas: Canvas, light: Light, x: float, base_y: float, hue: RGB) -> None:
    seen, white = light.tone(hue), light.tone((250, 244, 232))
    shapes.contact_shadow(canvas, x + 0.04, base_y, 0.16, 0.3)
    canvas.stroke([[x, base_y], [x, 0.32]], light.tone((226, 214, 194)), 0.011)
    span = np.linspace(math.pi, 2 * math.pi, 7)
    for index in range(6):
        rim = arc(x, 0.42, 0.19, 0.15, span[index], span[index + 1], 6)
        colour = seen if index % 2 == 0 else white
        canvas.fill(
            np.concatenate([rim, [[x, 0.275]]]) if index in (2, 3) else np.concatenate([rim, [[x, 0.30]]]),
            darken(colour, 0.04 * index),
        )
    canvas.ellipse(x, 0.268, 0.008, 0.010, white)


def _palm(canvas: Canvas, rng: np.random.Generator, light: Light, x: float, base_y: float) -> None:
    bark, leaf = light.tone((168, 132, 98)), light.tone((104, 156, 104))
    lean = 0.09 if x < 0.5 else -0.09
    top = np.array([x + lean, 0.20 + 0.06 * float(rng.random())])
    trunk = smooth(np.array([[x, base_y], [x + 0.2 * lean, 0.55], top]), closed=False)
    canvas.fill(
        ribbon(trunk, [0.045, 0.030, 0.024]),
        lighten(bark, 0.1),
        shade=(darken(bark, 0.25), (x - 0.02, 0), (x + 0.06, 0)),
    )
    for turn in np.linspace(-2.9, 0.1, 9):
        reach = 0.21 * float(rng.uniform(0.85, 1.1))
        tip = top + reach * np.array([math.cos(turn), math.sin(turn) * 0.62 + 0.42])
        bend = top + 0.55 * reach * np.array([math.cos(turn), math.sin(turn) * 0.9 - 0.12])
        frond = smooth([top, bend, tip], closed=False, samples=6)
        canvas.fill(
            ribbon(frond, [0.012, 0.048, 0.006]),
            mix(darken(leaf, 0.2), lighten(leaf, 0.2), 0.5 - 0.5 * math.cos(turn + 2.4)),
        )
    for dx in (-0.014, 0.014):
        canvas.ellipse(float(top[0]) + dx, float(top[1]) + 0.014, 0.014, 0.015, light.tone((132, 92, 68)))


def ship(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """A wooden deck with mast and sail, rigging, rail, helm or barrels; the sea and its horizon behind."""
    horizon = 0.50
    land.sky(canvas, rng, light, horizon)
    land.water(
        canvas, rng, light, horizon, 0.74, pick(rng, ((92, 150, 178), (84, 142, 168), (104, 166, 180)))
    )
    if chance(rng, 0.5):
        far = mix(light.tone((138, 160, 148)), light.sky_low, 0.4)
        canvas.fill(
            smooth(
                [
                    [0.52, horizon],
                    [0.66, horizon - 0.05],
                    [0.8, horizon - 0.025],
                    [0.95, horizon],
                    [0.7, horizon + 0.003],
                ]
            ),
            far,
        )
    else:
        _sail(canvas, light, float(rng.uniform(0.4, 0.6)), horizon + 0.02, 0.06)
    wood = light.tone(pick(rng, room.WOODS[:3]))
    mast = pick(rng, (0.13, 0.87))
    _rigging(canvas, light, mast, wood)
    canvas.gradient(darken(wood, 0.06), lighten(wood, 0.14), (0, 0.74, 1, 1))
    for at in np.linspace(-0.9, 1.9, 17):
        canvas.stroke([[0.5 + (at - 0.5) * 0.5, 0.74], [at, 1.0]], darken(wood, 0.3), 0.004, alpha=0.8)
    _rail(canvas, light, wood)
    canvas.fill(
        shapes.quad(mast - 0.026, -0.02, mast + 0.026, 0.80),
        lighten(wood, 0.10),
        shade=(darken(wood, 0.32), (mast - 0.02, 0), (mast + 0.03, 0)),
    )
    for y in (0.30, 0.70, 0.785):
        canvas.fill(
            shapes.quad(mast - 0.030, y, mast + 0.030, y + 0.020),
            light.tone((222, 200, 160)),
            shade=(light.tone((170, 146, 110)), (mast - 0.03, 0), (mast + 0.03, 0)),
        )
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
    sail = smooth(
        [
            [mast - 0.02 * side, 0.04],
            [mast + 0.34 * side, 0.03],
            [mast + 0.31 * side, 0.18],
            [mast + 0.36 * side, 0.30],
            [mast + 0.16 * side, 0.335],
            [mast - 0.04 * side, 0.30],
            [mast + 0.02 * side, 0.17],
        ],
        samples=6,
    )
    canvas.fill(
        sail, lighten(cloth, 0.3), shade=(darken(cloth, 0.16), (mast, 0.05), (mast + 0.34 * side, 0.32))
    )
    for share in (0.1, 0.2):
        canvas.stroke(
            [[mast + share * side, 0.04], [mast + (share + 0.015) * side, 0.32]], darken(cloth, 0.14), 0.003
        )
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
        post = smooth(
            [
                [x - 0.009, 0.64],
                [x + 0.009, 0.64],
                [x + 0.013, 0.69],
                [x + 0.008, 0.745],
                [x - 0.008, 0.745],
                [x - 0.013, 0.69],
            ],
            samples=4,
        )
        canvas.fill(post, lighten(wood, 0.12), shade=(darken(wood, 0.25), (x - 0.012, 0), (x + 0.012, 0)))
    canvas.gradient(lighten(wood, 0.34), darken(wood, 0.10), (0, 0.615, 1, 0.645))
    canvas.gradient(darken(wood, 0.12), darken(wood, 0.32), (0, 0.738, 1, 0.765))


def _helm(canvas: Canvas, light: Light, cx: float, cy: float, radius: float) -> None:
    wood = light.tone((150, 98, 64))
    canvas.fill(
        [[cx - 0.028, cy], [cx + 0.028, cy], [cx + 0.05, cy + 0.22], [cx - 0.05, cy + 0.22]],
        darken(wood, 0.12),
        shade=(darken(wood, 0.38), (cx - 0.04, 0), (cx + 0.05, 0)),
    )
    for turn in np.arange(8) * math.pi / 4:
        ray = np.array([math.cos(turn), math.sin(turn)])
        canvas.stroke(
            [np.array([cx, cy]), np.array([cx, cy]) + ray * radius * 1.28], darken(wood, 0.1), 0.012
        )
        knob = np.array([cx, cy]) + ray * radius * 1.24
        canvas.ellipse(float(knob[0]), float(knob[1]), 0.012, 0.012, lighten(wood, 0.1))
    canvas.stroke(oval(cx, cy, radius * 0.86, radius * 0.86), darken(wood, 0.25), 0.026, closed=True)
    canvas.stroke(
        oval(cx - 0.002, cy - 0.002, radius * 0.86, radius * 0.86), lighten(wood, 0.16), 0.014, closed=True
    )
    canvas.ellipse(cx, cy, 0.026, 0.026, light.tone((214, 176, 98)))


def _barrel(canvas: Canvas, light: Light, cx: float, cy: float) -> None:
    wood, iron = light.tone((158, 112, 78)), light.tone((92, 90, 94))
    shapes.contact_shadow(canvas, cx, cy + 0.09, 0.09, 0.35)
    body = smooth(
        [
            [cx - 0.045, cy - 0.085],
            [cx + 0.045, cy - 0.085],
            [cx + 0.060, cy],
            [cx + 0.045, cy + 0.085],
            [cx - 0.045, cy + 0.085],
            [cx - 0.060, cy],
        ]
    )
    canvas.fill(body, lighten(wood, 0.16), shade=(darken(wood, 0.28), (cx - 0.05, 0), (cx + 0.06, 0)))
    for dy, half in ((-0.05, 0.055), (0.05, 0.055)):
        canvas.fill(
            ribbon(
                smooth([[cx - half, cy + dy], [cx, cy + dy + 0.008], [cx + half, cy + dy]], closed=False),
                0.012,
            ),
            iron,
        )
    canvas.ellipse(cx, cy - 0.083, 0.044, 0.012, darken(wood, 0.2))


def _ring(canvas: Canvas, light: Light, cx: float, cy: float) -> None:
    white, red = light.tone((246, 242, 236)), light.tone((206, 84, 76))
    canvas.stroke(oval(cx, cy, 0.040, 0.040), darken(white, 0.1), 0.022, closed=True)
    for turn in np.arange(4) * math.pi / 2:
        canvas.stroke(arc(cx, cy, 0.040, 0.040, turn, turn + 0.7, 6), red, 0.020)


PAINTERS: Final[dict[str, Painter]] = {
    "beach": beach,
    "ship": ship,
}
