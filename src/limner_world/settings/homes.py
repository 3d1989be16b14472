"""At home: living room and kitchen.

Each painter takes (canvas, rng, light) and covers the canvas; the generator picks colours and order.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.chance import chance, pick
from limner_world.curves import smooth
from limner_world.palette import darken, lighten
from limner_world.settings import furnishings as goods
from limner_world.settings import rooms as room
from limner_world.settings import shapes
from limner_world.settings.light import Light, Painter

_SLOTS: Final = ((0.03, 0.29), (0.37, 0.63), (0.71, 0.97))


_CURTAINS: Final[tuple[RGB, ...]] = (
    (196, 126, 106),
    (226, 206, 172),
    (134, 156, 166),
    (170, 180, 140),
    (204, 160, 166),
)


def living_room(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """A sitting room: window, bookcase, pictures, lamp and plant in a drawn order."""
    wall = pick(rng, ((232, 216, 190), (206, 216, 206), (222, 204, 196), (204, 212, 222), (236, 226, 206)))
    floor_y = 0.76
    room.walls(canvas, light, wall, floor_y)
    room.plank_floor(canvas, light, pick(rng, room.WOODS[:3]), floor_y)
    room.rug(canvas, light, pick(rng, _CURTAINS), 0.5, 0.92, 0.42)
    for kind, (x0, x1) in zip(rng.permutation(4)[:3], _SLOTS, strict=True):
        if kind == 0:
            room.window(canvas, light, x0 + 0.03, 0.15, x1 - 0.03, 0.54, pick(rng, _CURTAINS))
            _sideboard(canvas, rng, light, x0, x1, floor_y)
        elif kind == 1:
            goods.bookshelf(canvas, light, rng, x0, 0.12, x1, floor_y + 0.01, pick(rng, room.WOODS), 5)
        elif kind == 2:
            _gallery(canvas, rng, light, x0, x1)
            _sideboard(canvas, rng, light, x0, x1, floor_y)
        else:
            _fireplace(canvas, rng, light, x0, x1, floor_y)
    for x in (0.33, 0.67):
        if chance(rng, 0.5):
            goods.standing_lamp(
                canvas, light, x, floor_y + 0.03, 0.22, pick(rng, ((240, 222, 186), (214, 160, 130)))
            )
        else:
            goods.plant(canvas, light, rng, x, floor_y + 0.04, 0.34)


def _sideboard(
    canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float, floor_y: float
) -> None:
    goods.cabinet(canvas, light, x0, 0.64, x1, floor_y - 0.01, pick(rng, room.WOODS), 3)
    canvas.gradient(
        light.room((226, 206, 176)), light.room((178, 146, 110)), (x0 - 0.01, 0.625, x1 + 0.01, 0.643)
    )
    goods.ornament(canvas, light, rng, x0 + 0.06, 0.626, 0.09)
    goods.ornament(canvas, light, rng, x1 - 0.07, 0.626, 0.08)


def _gallery(canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float) -> None:
    if chance(rng, 0.5):
        goods.painting(canvas, light, rng, x0 + 0.01, 0.14, x1 - 0.01, 0.46)
        return
    middle = (x0 + x1) / 2
    goods.painting(canvas, light, rng, x0, 0.12, middle - 0.01, 0.31)
    goods.painting(canvas, light, rng, middle + 0.01, 0.16, x1, 0.33)
    goods.painting(canvas, light, rng, x0 + 0.01, 0.34, middle - 0.01, 0.50)
    goods.painting(canvas, light, rng, middle + 0.01, 0.36, x1 - 0.01, 0.53)


def _fireplace(
    canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float, floor_y: float
) -> None:
    stone = light.room(pick(rng, ((214, 204, 192), (186, 140, 120), (196, 196, 192))))
    canvas.fill(
        shapes.quad(x0, 0.46, x1, floor_y),
        lighten(stone, 0.12),
        shade=(darken(stone, 0.14), (x0, 0), (x1, 0)),
    )
    with canvas.clip(shapes.quad(x0, 0.5, x1, floor_y - 0.01)):
        canvas.fill(shapes.rounded(x0 + 0.055, 0.54, x1 - 0.055, floor_y + 0.1, 0.05), darken(stone, 0.25))
        canvas.fill(shapes.rounded(x0 + 0.065, 0.55, x1 - 0.065, floor_y + 0.1, 0.05), (58, 46, 48))
        cx = (x0 + x1) / 2
        if light.lit:
            canvas.glow(cx, floor_y - 0.03, 0.13, 0.15, (255, 150, 60), 0.9)
            for dx, tall in ((-0.03, 0.07), (0.0, 0.11), (0.03, 0.08)):
                flame = smooth(
                    [
                        [cx + dx, floor_y - 0.03 - tall],
                        [cx + dx + 0.022, floor_y - 0.05],
                        [cx + dx, floor_y - 0.02],
                        [cx + dx - 0.022, floor_y - 0.05],
                    ]
                )
                canvas.fill(flame, (255, 196, 96))
        canvas.stroke(
            [[cx - 0.06, floor_y - 0.02], [cx + 0.06, floor_y - 0.035]], light.room((110, 78, 58)), 0.022
        )
        canvas.stroke(
            [[cx - 0.06, floor_y - 0.035], [cx + 0.06, floor_y - 0.02]], light.room((128, 92, 68)), 0.022
        )
    canvas.gradient(lighten(stone, 0.3), darken(stone, 0.06), (x0 - 0.015, 0.435, x1 + 0.015, 0.468))
    goods.painting(canvas, light, rng, x0 + 0.03, 0.13, x1 - 0.03, 0.37)
    goods.ornament(canvas, light, rng, x0 + 0.035, 0.437, 0.07)


def kitchen(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Cabinets above and below a counter, a tap under the window, a stove with its hood, hanging pans."""
    wall = pick(rng, ((238, 228, 208), (214, 224, 220), (240, 222, 204), (222, 226, 232)))
    front = pick(rng, ((168, 190, 180), (232, 226, 214), (150, 172, 190), (214, 176, 138), (196, 206, 180)))
    floor_y = 0.84
    room.walls(canvas, light, wall, floor_y)
    room.tile_floor(canvas, light, pick(rng, ((214, 202, 186), (196, 200, 200), (206, 180, 154))), floor_y)
    _backsplash(canvas, light, lighten(wall, 0.3), 0.40, 0.58)
    order = [int(i) for i in rng.permutation(3)]
    for kind, (x0, x1) in zip(order, ((-0.02, 0.32), (0.34, 0.66), (0.68, 1.02)), strict=True):
        if kind == 0:
            room.window(canvas, light, x0 + 0.05, 0.10, x1 - 0.05, 0.44, pick(rng, (*_CURTAINS, None, None)))
        elif kind == 1:
            goods.cabinet(canvas, light, x0, 0.04, x1, 0.33, front, 2)
            _shelf_of_jars(canvas, rng, light, x0 + 0.02, x1 - 0.02, 0.44)
        else:
            _hood(canvas, rng, light, x0, x1)
    goods.cabinet(canvas, light, -0.02, 0.61, 1.02, floor_y, front, 7, low=True)
    top = light.room(pick(rng, ((226, 214, 196), (176, 132, 94), (120, 120, 124))))
    canvas.gradient(lighten(top, 0.22), lighten(top, 0.05), (0, 0.58, 1, 0.605))
    canvas.gradient(darken(top, 0.10), darken(top, 0.18), (0, 0.605, 1, 0.622))
    for kind, cx in zip(order, (0.15, 0.5, 0.85), strict=True):
        if kind == 0:
            _tap(canvas, light, cx, 0.585)
        elif kind == 1:
            goods.plant(canvas, light, rng, cx - 0.06, 0.588, 0.13)
            _bowl(canvas, rng, light, cx + 0.07, 0.588)
        else:
            _pot(canvas, rng, light, cx, 0.585)
            _oven(canvas, light, cx, 0.63, floor_y)


def _backsplash(canvas: Canvas, light: Light, tile: RGB, y0: float, y1: float) -> None:
    seen = light.room(tile)
    canvas.gradient(lighten(seen, 0.1), darken(seen, 0.05), (0, y0, 1, y1))
    line = darken(seen, 0.13)
    rows = 4
    for row in range(rows + 1):
        y = y0 + (y1 - y0) * row / rows
        canvas.stroke([[0, y], [1, y]], line, 0.003, alpha=0.8)
        if row < rows:
            for x in np.arange(0.04 * (row % 2), 1.0, 0.08):
                canvas.stroke([[x, y], [x, y + (y1 - y0) / rows]], line, 0.003, alpha=0.8)


def _tap(canvas: Canvas, light: Light, cx: float, y: float) -> None:
    steel = light.room((176, 182, 188))
    neck = smooth(
        [[cx, y], [cx, y - 0.10], [cx + 0.03, y - 0.135], [cx + 0.06, y - 0.10], [cx + 0.06, y - 0.075]],
        closed=False,
    )
    canvas.stroke(neck, darken(steel, 0.25), 0.020)
    canvas.stroke(neck - (0.003, 0.002), lighten(steel, 0.35), 0.008)
    canvas.fill(shapes.quad(cx - 0.022, y - 0.012, cx + 0.022, y + 0.004), steel)
    canvas.stroke([[cx - 0.01, y - 0.03], [cx - 0.045, y - 0.045]], steel, 0.010)


def _shelf_of_jars(
    canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float, y: float
) -> None:
    wood = light.room(room.WOODS[0])
    canvas.gradient(lighten(wood, 0.2), darken(wood, 0.1), (x0, y, x1, y + 0.016))
    for x in np.arange(x0 + 0.03, x1 - 0.02, 0.058):
        jar = light.room(pick(rng, ((206, 158, 108), (180, 190, 150), (214, 200, 176), (188, 120, 98))))
        canvas.fill(
            shapes.rounded(x - 0.018, y - 0.058, x + 0.018, y, 0.008),
            lighten(jar, 0.2),
            shade=(darken(jar, 0.1), (x - 0.02, 0), (x + 0.02, 0)),
        )
        canvas.fill(shapes.quad(x - 0.019, y - 0.07, x + 0.019, y - 0.056), light.room((150, 124, 100)))


def _hood(canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float) -> None:
    steel = light.room((204, 206, 206))
    cx = (x0 + x1) / 2
    canvas.fill(
        shapes.quad(cx - 0.055, 0, cx + 0.055, 0.2),
        lighten(steel, 0.1),
        shade=(darken(steel, 0.16), (cx - 0.05, 0), (cx + 0.055, 0)),
    )
    canvas.fill(
        [[cx - 0.055, 0.18], [cx + 0.055, 0.18], [cx + 0.14, 0.27], [cx - 0.14, 0.27]],
        lighten(steel, 0.12),
        shade=(darken(steel, 0.2), (cx - 0.1, 0), (cx + 0.13, 0)),
    )
    canvas.gradient(lighten(steel, 0.25), darken(steel, 0.12), (cx - 0.14, 0.268, cx + 0.14, 0.292))
    rail = light.room((112, 104, 100))
    canvas.stroke([[cx - 0.13, 0.36], [cx + 0.13, 0.36]], rail, 0.007)
    for dx in (-0.10, -0.045, 0.01, 0.06, 0.105):
        long = float(rng.uniform(0.06, 0.10))
        canvas.stroke([[cx + dx, 0.36], [cx + dx, 0.36 + long]], rail, 0.006)
        canvas.ellipse(cx + dx, 0.36 + long, 0.014, 0.021, light.room((172, 152, 132)))


def _bowl(canvas: Canvas, rng: np.random.Generator, light: Light, cx: float, y: float) -> None:
    for dx, hue in zip((-0.03, 0.0, 0.03), ((226, 150, 76), (208, 96, 78), (196, 196, 96)), strict=True):
        seen = light.room(hue)
        canvas.ellipse(
            cx + dx,
            y - 0.052,
            0.021,
            0.021,
            lighten(seen, 0.15),
            shade=(darken(seen, 0.15), (cx + dx - 0.02, 0), (cx + dx + 0.02, 0)),
        )
    bowl = light.room(pick(rng, ((228, 222, 212), (140, 164, 176))))
    shape = smooth(
        [
            [cx - 0.06, y - 0.045],
            [cx + 0.06, y - 0.045],
            [cx + 0.04, y - 0.006],
            [cx + 0.015, y],
            [cx - 0.015, y],
            [cx - 0.04, y - 0.006],
        ]
    )
    canvas.fill(shape, lighten(bowl, 0.12), shade=(darken(bowl, 0.16), (cx - 0.05, 0), (cx + 0.06, 0)))


def _pot(canvas: Canvas, rng: np.random.Generator, light: Light, cx: float, y: float) -> None:
    seen = light.room(pick(rng, ((196, 92, 80), (92, 124, 150), (222, 172, 88), (130, 140, 140))))
    canvas.fill(shapes.quad(cx - 0.085, y - 0.008, cx + 0.085, y + 0.004), light.room((70, 68, 72)))
    canvas.fill(
        shapes.rounded(cx - 0.06, y - 0.075, cx + 0.06, y - 0.006, 0.016),
        lighten(seen, 0.18),
        shade=(darken(seen, 0.2), (cx - 0.05, 0), (cx + 0.06, 0)),
    )
    canvas.fill(shapes.rounded(cx - 0.066, y - 0.086, cx + 0.066, y - 0.072, 0.006), darken(seen, 0.12))
    canvas.ellipse(cx, y - 0.093, 0.012, 0.009, darken(seen, 0.3))


def _oven(canvas: Canvas, light: Light, cx: float, y0: float, y1: float) -> None:
    steel = light.room((188, 188, 190))
    canvas.gradient(lighten(steel, 0.15), darken(steel, 0.08), (cx - 0.13, y0, cx + 0.13, y1 - 0.01))
    for dx in (-0.09, -0.045, 0.0, 0.045, 0.09):
        canvas.ellipse(cx + dx, y0 + 0.022, 0.009, 0.009, light.room((86, 84, 88)))
    canvas.fill(shapes.rounded(cx - 0.10, y0 + 0.075, cx + 0.10, y1 - 0.03, 0.012), light.room((82, 78, 84)))
    canvas.stroke([[cx - 0.10, y0 + 0.055], [cx + 0.10, y0 + 0.055]], lighten(steel, 0.4), 0.009)


PAINTERS: Final[dict[str, Painter]] = {
    "living room": living_room,
    "kitchen": kitchen,
}
