"""Rooms: living room, kitchen, cafe, office, library, doctor's office, classroom.

Each painter takes (canvas, rng, light) and covers the canvas; the generator picks colours and the order of things.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from limner.world.canvas import RGB, Canvas, smooth
from limner.world.chance import chance, pick
from limner.world.palette import darken, lighten, mix
from limner.world.settings import fittings as fit
from limner.world.settings.light import Light

Painter = Callable[[Canvas, np.random.Generator, Light], None]
_SLOTS: Final = ((0.03, 0.29), (0.37, 0.63), (0.71, 0.97))
_CURTAINS: Final[tuple[RGB, ...]] = ((196, 126, 106), (226, 206, 172), (134, 156, 166), (170, 180, 140), (204, 160, 166))


def living_room(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """A sitting room: window, bookcase, pictures, lamp and plant in a drawn order."""
    wall = pick(rng, ((232, 216, 190), (206, 216, 206), (222, 204, 196), (204, 212, 222), (236, 226, 206)))
    floor_y = 0.76
    fit.walls(canvas, light, wall, floor_y)
    fit.plank_floor(canvas, light, pick(rng, fit.WOODS[:3]), floor_y)
    fit.rug(canvas, light, pick(rng, _CURTAINS), 0.5, 0.92, 0.42)
    for kind, (x0, x1) in zip(rng.permutation(4)[:3], _SLOTS, strict=True):
        if kind == 0:
            fit.window(canvas, light, x0 + 0.03, 0.15, x1 - 0.03, 0.54, pick(rng, _CURTAINS))
            _sideboard(canvas, rng, light, x0, x1, floor_y)
        elif kind == 1:
            fit.bookshelf(canvas, light, rng, x0, 0.12, x1, floor_y + 0.01, pick(rng, fit.WOODS), 5)
        elif kind == 2:
            _gallery(canvas, rng, light, x0, x1)
            _sideboard(canvas, rng, light, x0, x1, floor_y)
        else:
            _fireplace(canvas, rng, light, x0, x1, floor_y)
    for x in (0.33, 0.67):
        if chance(rng, 0.5):
            fit.standing_lamp(canvas, light, x, floor_y + 0.03, 0.22, pick(rng, ((240, 222, 186), (214, 160, 130))))
        else:
            fit.plant(canvas, light, rng, x, floor_y + 0.04, 0.34)


def _sideboard(canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float, floor_y: float) -> None:
    fit.cabinet(canvas, light, x0, 0.64, x1, floor_y - 0.01, pick(rng, fit.WOODS), 3)
    canvas.gradient(light.room((226, 206, 176)), light.room((178, 146, 110)), (x0 - 0.01, 0.625, x1 + 0.01, 0.643))
    fit.ornament(canvas, light, rng, x0 + 0.06, 0.626, 0.09)
    fit.ornament(canvas, light, rng, x1 - 0.07, 0.626, 0.08)


def _gallery(canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float) -> None:
    if chance(rng, 0.5):
        fit.painting(canvas, light, rng, x0 + 0.01, 0.14, x1 - 0.01, 0.46)
        return
    middle = (x0 + x1) / 2
    fit.painting(canvas, light, rng, x0, 0.12, middle - 0.01, 0.31)
    fit.painting(canvas, light, rng, middle + 0.01, 0.16, x1, 0.33)
    fit.painting(canvas, light, rng, x0 + 0.01, 0.34, middle - 0.01, 0.50)
    fit.painting(canvas, light, rng, middle + 0.01, 0.36, x1 - 0.01, 0.53)


def _fireplace(canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float, floor_y: float) -> None:
    stone = light.room(pick(rng, ((214, 204, 192), (186, 140, 120), (196, 196, 192))))
    canvas.fill(fit.quad(x0, 0.46, x1, floor_y), lighten(stone, 0.12), shade=(darken(stone, 0.14), (x0, 0), (x1, 0)))
    with canvas.clip(fit.quad(x0, 0.5, x1, floor_y - 0.01)):
        canvas.fill(fit.rounded(x0 + 0.055, 0.54, x1 - 0.055, floor_y + 0.1, 0.05), darken(stone, 0.25))
        canvas.fill(fit.rounded(x0 + 0.065, 0.55, x1 - 0.065, floor_y + 0.1, 0.05), (58, 46, 48))
        cx = (x0 + x1) / 2
        if light.lit:
            canvas.glow(cx, floor_y - 0.03, 0.13, 0.15, (255, 150, 60), 0.9)
            for dx, tall in ((-0.03, 0.07), (0.0, 0.11), (0.03, 0.08)):
                flame = smooth([[cx + dx, floor_y - 0.03 - tall], [cx + dx + 0.022, floor_y - 0.05], [cx + dx, floor_y - 0.02], [cx + dx - 0.022, floor_y - 0.05]])
                canvas.fill(flame, (255, 196, 96))
        canvas.stroke([[cx - 0.06, floor_y - 0.02], [cx + 0.06, floor_y - 0.035]], light.room((110, 78, 58)), 0.022)
        canvas.stroke([[cx - 0.06, floor_y - 0.035], [cx + 0.06, floor_y - 0.02]], light.room((128, 92, 68)), 0.022)
    canvas.gradient(lighten(stone, 0.3), darken(stone, 0.06), (x0 - 0.015, 0.435, x1 + 0.015, 0.468))
    fit.painting(canvas, light, rng, x0 + 0.03, 0.13, x1 - 0.03, 0.37)
    fit.ornament(canvas, light, rng, x0 + 0.035, 0.437, 0.07)


def kitchen(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Cabinets above and below a counter, a tap under the window, a stove with its hood, hanging pans."""
    wall = pick(rng, ((238, 228, 208), (214, 224, 220), (240, 222, 204), (222, 226, 232)))
    front = pick(rng, ((168, 190, 180), (232, 226, 214), (150, 172, 190), (214, 176, 138), (196, 206, 180)))
    floor_y = 0.84
    fit.walls(canvas, light, wall, floor_y)
    fit.tile_floor(canvas, light, pick(rng, ((214, 202, 186), (196, 200, 200), (206, 180, 154))), floor_y)
    _backsplash(canvas, light, lighten(wall, 0.3), 0.40, 0.58)
    order = [int(i) for i in rng.permutation(3)]
    for kind, (x0, x1) in zip(order, ((-0.02, 0.32), (0.34, 0.66), (0.68, 1.02)), strict=True):
        if kind == 0:
            fit.window(canvas, light, x0 + 0.05, 0.10, x1 - 0.05, 0.44, pick(rng, (*_CURTAINS, None, None)))
        elif kind == 1:
            fit.cabinet(canvas, light, x0, 0.04, x1, 0.33, front, 2)
            _shelf_of_jars(canvas, rng, light, x0 + 0.02, x1 - 0.02, 0.44)
        else:
            _hood(canvas, rng, light, x0, x1)
    fit.cabinet(canvas, light, -0.02, 0.61, 1.02, floor_y, front, 7, low=True)
    top = light.room(pick(rng, ((226, 214, 196), (176, 132, 94), (120, 120, 124))))
    canvas.gradient(lighten(top, 0.22), lighten(top, 0.05), (0, 0.58, 1, 0.605))
    canvas.gradient(darken(top, 0.10), darken(top, 0.18), (0, 0.605, 1, 0.622))
    for kind, cx in zip(order, (0.15, 0.5, 0.85), strict=True):
        if kind == 0:
            _tap(canvas, light, cx, 0.585)
        elif kind == 1:
            fit.plant(canvas, light, rng, cx - 0.06, 0.588, 0.13)
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
    neck = smooth([[cx, y], [cx, y - 0.10], [cx + 0.03, y - 0.135], [cx + 0.06, y - 0.10], [cx + 0.06, y - 0.075]], closed=False)
    canvas.stroke(neck, darken(steel, 0.25), 0.020)
    canvas.stroke(neck - (0.003, 0.002), lighten(steel, 0.35), 0.008)
    canvas.fill(fit.quad(cx - 0.022, y - 0.012, cx + 0.022, y + 0.004), steel)
    canvas.stroke([[cx - 0.01, y - 0.03], [cx - 0.045, y - 0.045]], steel, 0.010)


def _shelf_of_jars(canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float, y: float) -> None:
    wood = light.room(fit.WOODS[0])
    canvas.gradient(lighten(wood, 0.2), darken(wood, 0.1), (x0, y, x1, y + 0.016))
    for x in np.arange(x0 + 0.03, x1 - 0.02, 0.058):
        jar = light.room(pick(rng, ((206, 158, 108), (180, 190, 150), (214, 200, 176), (188, 120, 98))))
        canvas.fill(fit.rounded(x - 0.018, y - 0.058, x + 0.018, y, 0.008), lighten(jar, 0.2), shade=(darken(jar, 0.1), (x - 0.02, 0), (x + 0.02, 0)))
        canvas.fill(fit.quad(x - 0.019, y - 0.07, x + 0.019, y - 0.056), light.room((150, 124, 100)))


def _hood(canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float) -> None:
    steel = light.room((204, 206, 206))
    cx = (x0 + x1) / 2
    canvas.fill(fit.quad(cx - 0.055, 0, cx + 0.055, 0.2), lighten(steel, 0.1), shade=(darken(steel, 0.16), (cx - 0.05, 0), (cx + 0.055, 0)))
    canvas.fill([[cx - 0.055, 0.18], [cx + 0.055, 0.18], [cx + 0.14, 0.27], [cx - 0.14, 0.27]], lighten(steel, 0.12), shade=(darken(steel, 0.2), (cx - 0.1, 0), (cx + 0.13, 0)))
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
        canvas.ellipse(cx + dx, y - 0.052, 0.021, 0.021, lighten(seen, 0.15), shade=(darken(seen, 0.15), (cx + dx - 0.02, 0), (cx + dx + 0.02, 0)))
    bowl = light.room(pick(rng, ((228, 222, 212), (140, 164, 176))))
    shape = smooth([[cx - 0.06, y - 0.045], [cx + 0.06, y - 0.045], [cx + 0.04, y - 0.006], [cx + 0.015, y], [cx - 0.015, y], [cx - 0.04, y - 0.006]])
    canvas.fill(shape, lighten(bowl, 0.12), shade=(darken(bowl, 0.16), (cx - 0.05, 0), (cx + 0.06, 0)))


def _pot(canvas: Canvas, rng: np.random.Generator, light: Light, cx: float, y: float) -> None:
    seen = light.room(pick(rng, ((196, 92, 80), (92, 124, 150), (222, 172, 88), (130, 140, 140))))
    canvas.fill(fit.quad(cx - 0.085, y - 0.008, cx + 0.085, y + 0.004), light.room((70, 68, 72)))
    canvas.fill(fit.rounded(cx - 0.06, y - 0.075, cx + 0.06, y - 0.006, 0.016), lighten(seen, 0.18), shade=(darken(seen, 0.2), (cx - 0.05, 0), (cx + 0.06, 0)))
    canvas.fill(fit.rounded(cx - 0.066, y - 0.086, cx + 0.066, y - 0.072, 0.006), darken(seen, 0.12))
    canvas.ellipse(cx, y - 0.093, 0.012, 0.009, darken(seen, 0.3))


def _oven(canvas: Canvas, light: Light, cx: float, y0: float, y1: float) -> None:
    steel = light.room((188, 188, 190))
    canvas.gradient(lighten(steel, 0.15), darken(steel, 0.08), (cx - 0.13, y0, cx + 0.13, y1 - 0.01))
    for dx in (-0.09, -0.045, 0.0, 0.045, 0.09):
        canvas.ellipse(cx + dx, y0 + 0.022, 0.009, 0.009, light.room((86, 84, 88)))
    canvas.fill(fit.rounded(cx - 0.10, y0 + 0.075, cx + 0.10, y1 - 0.03, 0.012), light.room((82, 78, 84)))
    canvas.stroke([[cx - 0.10, y0 + 0.055], [cx + 0.10, y0 + 0.055]], lighten(steel, 0.4), 0.009)


def cafe(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Pendant lamps over a counter, a chalk menu, shelves of cups, a street window."""
    wall = pick(rng, ((204, 180, 152), (170, 186, 176), (222, 202, 172), (180, 150, 130)))
    floor_y = 0.80
    fit.walls(canvas, light, wall, floor_y)
    seen = light.room(wall)
    canvas.gradient(darken(seen, 0.26), darken(seen, 0.34), (0, 0.56, 1, floor_y))
    for x in np.arange(0.0, 1.0, 0.05):
        canvas.stroke([[x, 0.57], [x, floor_y]], darken(seen, 0.44), 0.003, alpha=0.7)
    canvas.gradient(lighten(seen, 0.08), darken(seen, 0.15), (0, 0.55, 1, 0.567))
    fit.plank_floor(canvas, light, pick(rng, fit.WOODS), floor_y)
    for kind, (x0, x1) in zip(rng.permutation(3), _SLOTS, strict=True):
        if kind == 0:
            fit.window(canvas, light, x0, 0.16, x1, 0.52, None, panes=3)
        elif kind == 1:
            _menu(canvas, rng, light, x0, 0.18, x1, 0.46)
        else:
            for y in (0.27, 0.40):
                _cup_shelf(canvas, rng, light, x0, x1, y)
    counter = light.room(pick(rng, fit.WOODS))
    side = -0.02 if chance(rng, 0.5) else 0.52
    canvas.gradient(darken(counter, 0.08), darken(counter, 0.30), (side, 0.63, side + 0.5, floor_y + 0.05))
    canvas.gradient(lighten(counter, 0.35), lighten(counter, 0.1), (side - 0.01, 0.605, side + 0.51, 0.635))
    _coffee_machine(canvas, light, side + 0.14, 0.607)
    fit.ornament(canvas, light, rng, side + 0.36, 0.607, 0.10)
    colour = pick(rng, ((74, 70, 74), (186, 104, 78), (120, 146, 140), (214, 170, 96)))
    for x in np.linspace(0.12, 0.88, 4):
        fit.hanging_lamp(canvas, light, float(x), 0.155 + 0.035 * float(rng.random()), 0.085, colour)


def _menu(canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, y0: float, x1: float, y1: float) -> None:
    wood, slate = light.room(fit.WOODS[0]), light.room((64, 72, 72))
    canvas.fill(fit.quad(x0, y0, x1, y1), wood)
    canvas.fill(fit.quad(x0 + 0.012, y0 + 0.012, x1 - 0.012, y1 - 0.012), slate)
    chalk = mix(slate, (250, 248, 240), 0.62)
    for y in np.arange(y0 + 0.05, y1 - 0.03, 0.035):
        start = x0 + 0.035
        end = start + (x1 - x0 - 0.12) * float(rng.uniform(0.5, 1.0))
        canvas.stroke([[start, y], [end, y]], chalk, 0.006, alpha=0.8)
        canvas.stroke([[x1 - 0.055, y], [x1 - 0.03, y]], chalk, 0.006, alpha=0.8)


def _cup_shelf(canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float, y: float) -> None:
    wood = light.room(fit.WOODS[1])
    canvas.gradient(lighten(wood, 0.2), darken(wood, 0.1), (x0, y, x1, y + 0.016))
    for x in np.arange(x0 + 0.03, x1 - 0.02, 0.05):
        cup = light.room(pick(rng, ((240, 236, 228), (206, 172, 140), (150, 176, 176), (200, 120, 100))))
        canvas.stroke(np.array([[x + 0.014, y - 0.034], [x + 0.026, y - 0.028], [x + 0.014, y - 0.012]]), cup, 0.005)
        canvas.fill([[x - 0.018, y - 0.042], [x + 0.018, y - 0.042], [x + 0.012, y], [x - 0.012, y]], lighten(cup, 0.1), shade=(darken(cup, 0.14), (x - 0.018, 0), (x + 0.018, 0)))


def _coffee_machine(canvas: Canvas, light: Light, cx: float, y: float) -> None:
    steel = light.room((184, 186, 190))
    canvas.fill(fit.rounded(cx - 0.085, y - 0.135, cx + 0.085, y - 0.075, 0.014), lighten(steel, 0.2), shade=(darken(steel, 0.2), (cx - 0.08, 0), (cx + 0.085, 0)))
    canvas.fill(fit.quad(cx - 0.07, y - 0.08, cx + 0.07, y), darken(steel, 0.35))
    for dx in (-0.035, 0.035):
        canvas.fill(fit.quad(cx + dx - 0.014, y - 0.08, cx + dx + 0.014, y - 0.06), light.room((70, 66, 70)))
        canvas.fill(fit.quad(cx + dx - 0.013, y - 0.03, cx + dx + 0.013, y - 0.006), light.room((244, 240, 232)))
    canvas.gradient(lighten(steel, 0.2), steel, (cx - 0.085, y - 0.008, cx + 0.085, y))


def office(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """A wide window or a pinboard, a desk with a monitor, file shelves, a plant and ceiling lights."""
    wall = pick(rng, ((222, 228, 232), (230, 226, 216), (208, 218, 222), (226, 220, 226)))
    floor_y = 0.80
    fit.walls(canvas, light, wall, floor_y)
    fit.tile_floor(canvas, light, pick(rng, ((166, 172, 180), (186, 178, 168), (150, 160, 164))), floor_y)
    for x in (0.16, 0.62):
        panel = (255, 252, 236) if light.lit else light.room((250, 250, 246))
        canvas.fill([[x, 0.0], [x + 0.22, 0.0], [x + 0.20, 0.035], [x + 0.02, 0.035]], panel)
        canvas.glow(x + 0.11, 0.03, 0.24, 0.16, (255, 250, 228), 0.4)
    for kind, (x0, x1) in zip(rng.permutation(4)[:3], _SLOTS, strict=True):
        if kind == 0:
            fit.window(canvas, light, x0, 0.14, x1, 0.52, None, panes=3)
            _blinds(canvas, light, x0, 0.14, x1)
        elif kind == 1:
            _pinboard(canvas, rng, light, x0, 0.16, x1, 0.46)
        elif kind == 2:
            _binders(canvas, rng, light, x0, x1, floor_y)
            continue
        else:
            fit.painting(canvas, light, rng, x0 + 0.02, 0.15, x1 - 0.02, 0.42)
        _desk(canvas, rng, light, x0, x1, floor_y)
    fit.plant(canvas, light, rng, pick(rng, (0.33, 0.67)), floor_y + 0.04, 0.40)


def _blinds(canvas: Canvas, light: Light, x0: float, y0: float, x1: float) -> None:
    slat = light.room((240, 238, 232))
    for y in np.arange(y0, y0 + 0.13, 0.018):
        canvas.gradient(lighten(slat, 0.2), darken(slat, 0.14), (x0 - 0.008, y, x1 + 0.008, y + 0.012))


def _pinboard(canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, y0: float, x1: float, y1: float) -> None:
    cork = light.room((206, 170, 130))
    canvas.fill(fit.quad(x0, y0, x1, y1), light.room((150, 116, 86)))
    canvas.fill(fit.quad(x0 + 0.010, y0 + 0.010, x1 - 0.010, y1 - 0.010), cork)
    for _ in range(8):
        x, y = float(rng.uniform(x0 + 0.03, x1 - 0.08)), float(rng.uniform(y0 + 0.03, y1 - 0.09))
        note = light.room(pick(rng, ((250, 244, 224), (246, 218, 140), (180, 210, 220), (238, 186, 176), (196, 216, 170))))
        canvas.fill(fit.quad(x, y, x + 0.05, y + 0.055), note)
        for line in (0.018, 0.030, 0.042):
            canvas.stroke([[x + 0.008, y + line], [x + 0.040, y + line]], darken(note, 0.25), 0.003, alpha=0.8)
        canvas.ellipse(x + 0.025, y + 0.004, 0.005, 0.005, light.room((196, 74, 66)))


def _binders(canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float, floor_y: float) -> None:
    white = light.room((236, 234, 230))
    canvas.fill(fit.quad(x0, 0.2, x1, floor_y), darken(white, 0.22))
    for y in (0.345, 0.49, 0.635, floor_y - 0.01):
        x = x0 + 0.012
        while x < x1 - 0.035:
            hue = light.room(pick(rng, ((92, 118, 150), (196, 186, 170), (150, 92, 88), (110, 140, 128), (222, 186, 110))))
            canvas.fill(fit.quad(x, y - 0.115, x + 0.026, y), hue)
            canvas.fill(fit.quad(x + 0.006, y - 0.092, x + 0.020, y - 0.055), lighten(hue, 0.6))
            x += 0.029 if not chance(rng, 0.12) else 0.07
        canvas.gradient(lighten(white, 0.3), darken(white, 0.08), (x0 - 0.005, y, x1 + 0.005, y + 0.014))
    for x in (x0 - 0.006, x1 - 0.006):
        canvas.fill(fit.quad(x, 0.19, x + 0.012, floor_y), white)
    canvas.fill(fit.quad(x0 - 0.008, 0.188, x1 + 0.008, 0.204), lighten(white, 0.3))


def _desk(canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float, floor_y: float) -> None:
    wood = light.room(pick(rng, (*fit.WOODS[:3], (232, 228, 220))))
    top = 0.64
    fit.contact_shadow(canvas, (x0 + x1) / 2, floor_y + 0.01, 0.18)
    for x in (x0 + 0.01, x1 - 0.025):
        canvas.fill(fit.quad(x, top, x + 0.016, floor_y + 0.015), darken(wood, 0.2))
    canvas.fill(fit.quad(x1 - 0.10, top + 0.02, x1 - 0.012, floor_y - 0.01), darken(wood, 0.10))
    canvas.stroke([[x1 - 0.075, top + 0.055], [x1 - 0.037, top + 0.055]], darken(wood, 0.4), 0.006)
    canvas.gradient(lighten(wood, 0.25), darken(wood, 0.06), (x0 - 0.012, top - 0.008, x1 + 0.012, top + 0.018))
    cx = (x0 + x1) / 2 - 0.02
    frame = light.room((66, 68, 76))
    canvas.fill(fit.quad(cx - 0.012, top - 0.05, cx + 0.012, top - 0.006), frame)
    canvas.fill(fit.quad(cx - 0.04, top - 0.014, cx + 0.04, top - 0.006), frame)
    canvas.fill(fit.rounded(cx - 0.088, top - 0.165, cx + 0.088, top - 0.045, 0.007), frame)
    screen = (150, 196, 220) if not light.lit else (176, 210, 230)
    canvas.fill(fit.quad(cx - 0.080, top - 0.157, cx + 0.080, top - 0.053), lighten(screen, 0.25), shade=(screen, (cx - 0.08, top - 0.15), (cx + 0.08, top - 0.05)))
    fit.ornament(canvas, light, rng, x1 - 0.03, top - 0.008, 0.06)


def library(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Tall shelves on both sides of an arched window or an aisle, a ladder, reading lamps."""
    wood = pick(rng, (fit.WOODS[0], fit.WOODS[1], fit.WOODS[3]))
    floor_y = 0.82
    fit.walls(canvas, light, pick(rng, ((214, 196, 166), (196, 186, 172), (206, 200, 182))), floor_y)
    fit.plank_floor(canvas, light, pick(rng, fit.WOODS[:2]), floor_y)
    rows = int(rng.integers(6, 8))
    if chance(rng, 0.6):
        gap = float(rng.uniform(0.36, 0.44))
        width = float(rng.uniform(0.20, 0.26))
        fit.window(canvas, light, gap + 0.03, 0.12, gap + width - 0.03, 0.50, None)
        fit.cabinet(canvas, light, gap, 0.62, gap + width, floor_y, wood, 2)
        fit.ornament(canvas, light, rng, gap + width / 2, 0.62, 0.12)
        spans = [(-0.03, gap / 2 - 0.012), (gap / 2 + 0.004, gap - 0.012), (gap + width + 0.01, (1.0 + gap + width) / 2 - 0.004), ((1.0 + gap + width) / 2 + 0.012, 1.03)]
    else:
        spans = [(-0.05, 0.23), (0.25, 0.49), (0.51, 0.75), (0.77, 1.05)]
    for x0, x1 in spans:
        fit.bookshelf(canvas, light, rng, x0, 0.035, x1, floor_y + 0.012, wood, rows)
    if chance(rng, 0.6):
        _ladder(canvas, light, pick(rng, (0.10, 0.84)), floor_y + 0.05)
    for x in (0.26, 0.74):
        fit.hanging_lamp(canvas, light, x, 0.13, 0.07, (96, 128, 108))


def _ladder(canvas: Canvas, light: Light, x: float, base_y: float) -> None:
    wood = light.room((206, 162, 112))
    for dx in (0.0, 0.085):
        canvas.stroke([[x + dx, base_y], [x + dx + 0.03, 0.06]], darken(wood, 0.25), 0.014)
        canvas.stroke([[x + dx - 0.002, base_y], [x + dx + 0.028, 0.06]], lighten(wood, 0.1), 0.007)
    for share in np.linspace(0.08, 0.95, 10):
        y = base_y + (0.06 - base_y) * share
        canvas.stroke([[x + 0.03 * share, y], [x + 0.085 + 0.03 * share, y]], wood, 0.010)


def doctors_office(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """A clean pale room: eye chart, couch with paper sheet, cabinet with a red cross, anatomy poster."""
    wall = pick(rng, ((218, 234, 232), (226, 234, 240), (224, 236, 222), (236, 234, 226)))
    floor_y = 0.80
    fit.walls(canvas, light, wall, floor_y)
    fit.tile_floor(canvas, light, pick(rng, ((200, 212, 214), (206, 208, 202))), floor_y)
    seen = light.room(wall)
    canvas.gradient(mix(seen, light.room((150, 196, 196)), 0.5), mix(seen, light.room((140, 186, 188)), 0.5), (0, 0.60, 1, floor_y - 0.03))
    for kind, (x0, x1) in zip(rng.permutation(4)[:3], _SLOTS, strict=True):
        if kind == 0:
            _eye_chart(canvas, light, (x0 + x1) / 2, 0.12, 0.46)
        elif kind == 1:
            _medicine_cabinet(canvas, rng, light, x0 + 0.01, 0.10, x1 - 0.01, 0.44)
        elif kind == 2:
            fit.window(canvas, light, x0 + 0.02, 0.13, x1 - 0.02, 0.50, None)
            _blinds(canvas, light, x0 + 0.02, 0.13, x1 - 0.02)
        else:
            _anatomy(canvas, light, x0 + 0.03, 0.12, x1 - 0.03, 0.48)
    _examination_couch(canvas, light, *((-0.05, 0.40) if chance(rng, 0.5) else (0.60, 1.05)), floor_y=floor_y)
    fit.clock(canvas, light, pick(rng, (0.33, 0.67)), 0.14, 0.042)


def _eye_chart(canvas: Canvas, light: Light, cx: float, y0: float, y1: float) -> None:
    paper, ink = light.room((250, 249, 244)), light.room((72, 74, 84))
    canvas.fill(fit.quad(cx - 0.095, y0 + 0.01, cx + 0.11, y1 + 0.014), darken(paper, 0.6), alpha=0.18)
    canvas.fill(fit.quad(cx - 0.10, y0, cx + 0.10, y1), paper)
    size, y = 0.052, y0 + 0.045
    for count in (1, 2, 3, 4, 5):
        pitch = size * 1.5
        for index in range(count):
            x = cx + (index - (count - 1) / 2) * pitch - size / 2
            bar = size * 0.22
            canvas.fill(fit.quad(x, y, x + bar, y + size), ink)
            for row in ((0.0, 0.5, 1.0), (0.0, 1.0), (0.0, 0.5))[(index + count) % 3]:
                canvas.fill(fit.quad(x, y + row * (size - bar), x + size, y + row * (size - bar) + bar), ink)
        y += size * 1.45
        size *= 0.74


def _medicine_cabinet(canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, y0: float, x1: float, y1: float) -> None:
    white = light.room((246, 246, 244))
    canvas.fill(fit.quad(x0 + 0.008, y0 + 0.012, x1 + 0.014, y1 + 0.014), darken(white, 0.6), alpha=0.18)
    canvas.fill(fit.quad(x0, y0, x1, y1), white)
    canvas.fill(fit.quad(x0 + 0.016, y0 + 0.095, x1 - 0.016, y1 - 0.016), light.room((198, 216, 222)))
    red = light.room((206, 84, 78))
    cx = (x0 + x1) / 2
    canvas.fill(fit.quad(cx - 0.010, y0 + 0.018, cx + 0.010, y0 + 0.078), red)
    canvas.fill(fit.quad(cx - 0.030, y0 + 0.038, cx + 0.030, y0 + 0.058), red)
    for y in (y0 + 0.205, y1 - 0.02):
        for x in np.arange(x0 + 0.04, x1 - 0.03, 0.036):
            hue = light.room(pick(rng, ((222, 178, 130), (150, 186, 200), (238, 236, 230), (172, 196, 168))))
            tall = float(rng.uniform(0.04, 0.075))
            canvas.fill(fit.rounded(x - 0.012, y - tall, x + 0.012, y, 0.005), lighten(hue, 0.1), shade=(darken(hue, 0.14), (x - 0.012, 0), (x + 0.012, 0)))
        canvas.fill(fit.quad(x0 + 0.016, y, x1 - 0.016, y + 0.008), white)


def _anatomy(canvas: Canvas, light: Light, x0: float, y0: float, x1: float, y1: float) -> None:
    canvas.fill(fit.quad(x0, y0, x1, y1), light.room((244, 238, 222)))
    cx, body = (x0 + x1) / 2, light.room((214, 160, 140))
    canvas.ellipse(cx, y0 + 0.05, 0.021, 0.027, body)
    canvas.fill(fit.rounded(cx - 0.036, y0 + 0.082, cx + 0.036, y0 + 0.19, 0.02), body)
    for side in (-1, 1):
        canvas.stroke([[cx + side * 0.034, y0 + 0.098], [cx + side * 0.066, y0 + 0.20]], body, 0.016)
        canvas.stroke([[cx + side * 0.017, y0 + 0.18], [cx + side * 0.022, y1 - 0.025]], body, 0.024)
    canvas.ellipse(cx + 0.008, y0 + 0.112, 0.010, 0.012, light.room((190, 84, 80)))
    for y in (0.06, 0.14, 0.24):
        canvas.stroke([[x0 + 0.012, y0 + y], [x0 + 0.04, y0 + y]], light.room((150, 140, 130)), 0.004)
        canvas.stroke([[x1 - 0.04, y0 + y], [x1 - 0.012, y0 + y]], light.room((150, 140, 130)), 0.004)


def _examination_couch(canvas: Canvas, light: Light, x0: float, x1: float, floor_y: float) -> None:
    pad, steel = light.room((112, 158, 172)), light.room((190, 196, 200))
    y = 0.64
    for x in (x0 + 0.08, x1 - 0.06):
        canvas.fill(fit.quad(x, y, x + 0.018, floor_y + 0.03), steel)
    canvas.fill(fit.rounded(x0, y - 0.03, x1, y + 0.035, 0.02), lighten(pad, 0.15), shade=(darken(pad, 0.15), (0, y - 0.03), (0, y + 0.035)))
    canvas.fill(fit.quad(x0 + 0.06, y - 0.036, x1 - 0.06, y - 0.012), light.room((248, 248, 246)))
    canvas.fill(fit.rounded(x0 + 0.05, y - 0.07, x0 + 0.18, y - 0.028, 0.02), light.room((240, 242, 244)))


def classroom(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """A chalkboard with drawings, posters, a clock, windows at the side, and rows of desks."""
    wall = pick(rng, ((238, 226, 196), (214, 226, 224), (232, 220, 206), (220, 228, 208)))
    floor_y = 0.78
    fit.walls(canvas, light, wall, floor_y)
    fit.plank_floor(canvas, light, pick(rng, fit.WOODS[:3]), floor_y)
    left, right = pick(rng, ((0.04, 0.66), (0.19, 0.81), (0.34, 0.96)))
    _chalkboard(canvas, rng, light, left, 0.13, right, 0.55, pick(rng, ((84, 122, 104), (72, 84, 92), (92, 116, 124))))
    if left > 0.3:
        fit.window(canvas, light, 0.03, 0.14, 0.26, 0.50, None)
    elif right < 0.7:
        fit.window(canvas, light, 0.74, 0.14, 0.97, 0.50, None)
    else:
        for x in (0.02, 0.84):
            fit.painting(canvas, light, rng, x, 0.18, x + 0.14, 0.36)
            fit.painting(canvas, light, rng, x, 0.39, x + 0.14, 0.55)
    fit.clock(canvas, light, (left + right) / 2, 0.062, 0.040)
    wood = light.room(pick(rng, fit.WOODS[:3]))
    for cx in (0.10, 0.36, 0.64, 0.90):
        fit.contact_shadow(canvas, cx, floor_y + 0.085, 0.12)
        for dx in (-0.085, 0.075):
            canvas.fill(fit.quad(cx + dx, 0.70, cx + dx + 0.010, floor_y + 0.08), light.room((120, 124, 130)))
        canvas.fill([[cx - 0.08, 0.675], [cx + 0.08, 0.675], [cx + 0.105, 0.705], [cx - 0.105, 0.705]], lighten(wood, 0.25))
        canvas.fill(fit.quad(cx - 0.105, 0.705, cx + 0.105, 0.725), darken(wood, 0.08))
    fit.books(canvas, light, rng, 0.06, 0.14, 0.69, 0.06)
    fit.ornament(canvas, light, rng, 0.90, 0.69, 0.08)


def _chalkboard(
    canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, y0: float, x1: float, y1: float, slate: RGB
) -> None:
    seen, frame = light.room(slate), light.room(fit.WOODS[0])
    canvas.fill(fit.quad(x0 + 0.004, y0 + 0.012, x1 + 0.010, y1 + 0.016), darken(frame, 0.7), alpha=0.2)
    canvas.fill(fit.quad(x0 - 0.014, y0 - 0.014, x1 + 0.014, y1 + 0.014), frame)
    canvas.gradient(lighten(seen, 0.05), darken(seen, 0.08), (x0, y0, x1, y1))
    canvas.glow((x0 + x1) / 2, (y0 + y1) / 2, 0.30, 0.18, (240, 244, 238), 0.13)
    chalk = mix(seen, (252, 250, 240), 0.68)
    width = x1 - x0
    sun = (x0 + 0.14 * width, y0 + 0.11)
    canvas.stroke(fit.blob(rng, *sun, 0.030, 0.030, 0.03), mix(seen, (250, 226, 140), 0.8), 0.006, closed=True)
    for turn in np.linspace(0, 2 * np.pi, 9)[:-1]:
        ray = np.array([np.cos(turn), np.sin(turn)])
        canvas.stroke([sun + ray * 0.040, sun + ray * 0.056], mix(seen, (250, 226, 140), 0.8), 0.006)
    for row in range(3):
        y = y0 + 0.06 + 0.05 * row
        end = x1 - 0.05 - width * 0.2 * float(rng.random())
        wave = np.linspace(x0 + 0.42 * width, end, 28)
        canvas.stroke(np.stack([wave, y + 0.007 * np.sin(wave * 150 + row)], axis=1), chalk, 0.005, alpha=0.85)
    house = np.array([[0, 0], [0, -0.07], [0.045, -0.115], [0.09, -0.07], [0.09, 0], [0, 0]]) + (x0 + 0.10 * width, y1 - 0.05)
    canvas.stroke(house, chalk, 0.006)
    curve = np.linspace(0, 1, 20)
    canvas.stroke(np.stack([x1 - 0.20 + 0.15 * curve, y1 - 0.07 - 0.09 * curve**2], axis=1), mix(seen, (240, 180, 170), 0.8), 0.006)
    canvas.stroke([[x1 - 0.21, y1 - 0.18], [x1 - 0.21, y1 - 0.05], [x1 - 0.04, y1 - 0.05]], chalk, 0.005)
    canvas.gradient(lighten(frame, 0.25), darken(frame, 0.1), (x0 - 0.01, y1 + 0.008, x1 + 0.01, y1 + 0.026))


PAINTERS: Final[dict[str, Painter]] = {
    "living room": living_room,
    "kitchen": kitchen,
    "cafe": cafe,
    "office": office,
    "library": library,
    "doctor's office": doctors_office,
    "classroom": classroom,
}
