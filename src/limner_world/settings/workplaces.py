"""Where people work and meet: cafe, office, doctor's office.

Each painter takes (canvas, rng, light) and covers the canvas; the generator picks colours and order.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from limner_world.canvas import Canvas
from limner_world.chance import chance, pick
from limner_world.palette import darken, lighten, mix
from limner_world.settings import furnishings as goods
from limner_world.settings import rooms as room
from limner_world.settings import shapes
from limner_world.settings.light import Light, Painter

_SLOTS: Final = ((0.03, 0.29), (0.37, 0.63), (0.71, 0.97))


def cafe(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Pendant lamps over a counter, a chalk menu, shelves of cups, a street window."""
    wall = pick(rng, ((204, 180, 152), (170, 186, 176), (222, 202, 172), (180, 150, 130)))
    floor_y = 0.80
    room.walls(canvas, light, wall, floor_y)
    seen = light.room(wall)
    canvas.gradient(darken(seen, 0.26), darken(seen, 0.34), (0, 0.56, 1, floor_y))
    for x in np.arange(0.0, 1.0, 0.05):
        canvas.stroke([[x, 0.57], [x, floor_y]], darken(seen, 0.44), 0.003, alpha=0.7)
    canvas.gradient(lighten(seen, 0.08), darken(seen, 0.15), (0, 0.55, 1, 0.567))
    room.plank_floor(canvas, light, pick(rng, room.WOODS), floor_y)
    for kind, (x0, x1) in zip(rng.permutation(3), _SLOTS, strict=True):
        if kind == 0:
            room.window(canvas, light, x0, 0.16, x1, 0.52, None, panes=3)
        elif kind == 1:
            _menu(canvas, rng, light, x0, 0.18, x1, 0.46)
        else:
            for y in (0.27, 0.40):
                _cup_shelf(canvas, rng, light, x0, x1, y)
    counter = light.room(pick(rng, room.WOODS))
    side = -0.02 if chance(rng, 0.5) else 0.52
    canvas.gradient(darken(counter, 0.08), darken(counter, 0.30), (side, 0.63, side + 0.5, floor_y + 0.05))
    canvas.gradient(lighten(counter, 0.35), lighten(counter, 0.1), (side - 0.01, 0.605, side + 0.51, 0.635))
    _coffee_machine(canvas, light, side + 0.14, 0.607)
    goods.ornament(canvas, light, rng, side + 0.36, 0.607, 0.10)
    colour = pick(rng, ((74, 70, 74), (186, 104, 78), (120, 146, 140), (214, 170, 96)))
    for x in np.linspace(0.12, 0.88, 4):
        goods.hanging_lamp(canvas, light, float(x), 0.155 + 0.035 * float(rng.random()), 0.085, colour)


def _menu(
    canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, y0: float, x1: float, y1: float
) -> None:
    wood, slate = light.room(room.WOODS[0]), light.room((64, 72, 72))
    canvas.fill(shapes.quad(x0, y0, x1, y1), wood)
    canvas.fill(shapes.quad(x0 + 0.012, y0 + 0.012, x1 - 0.012, y1 - 0.012), slate)
    chalk = mix(slate, (250, 248, 240), 0.62)
    for y in np.arange(y0 + 0.05, y1 - 0.03, 0.035):
        start = x0 + 0.035
        end = start + (x1 - x0 - 0.12) * float(rng.uniform(0.5, 1.0))
        canvas.stroke([[start, y], [end, y]], chalk, 0.006, alpha=0.8)
        canvas.stroke([[x1 - 0.055, y], [x1 - 0.03, y]], chalk, 0.006, alpha=0.8)


def _cup_shelf(
    canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float, y: float
) -> None:
    wood = light.room(room.WOODS[1])
    canvas.gradient(lighten(wood, 0.2), darken(wood, 0.1), (x0, y, x1, y + 0.016))
    for x in np.arange(x0 + 0.03, x1 - 0.02, 0.05):
        cup = light.room(pick(rng, ((240, 236, 228), (206, 172, 140), (150, 176, 176), (200, 120, 100))))
        canvas.stroke(
            np.array([[x + 0.014, y - 0.034], [x + 0.026, y - 0.028], [x + 0.014, y - 0.012]]), cup, 0.005
        )
        canvas.fill(
            [[x - 0.018, y - 0.042], [x + 0.018, y - 0.042], [x + 0.012, y], [x - 0.012, y]],
            lighten(cup, 0.1),
            shade=(darken(cup, 0.14), (x - 0.018, 0), (x + 0.018, 0)),
        )


def _coffee_machine(canvas: Canvas, light: Light, cx: float, y: float) -> None:
    steel = light.room((184, 186, 190))
    canvas.fill(
        shapes.rounded(cx - 0.085, y - 0.135, cx + 0.085, y - 0.075, 0.014),
        lighten(steel, 0.2),
        shade=(darken(steel, 0.2), (cx - 0.08, 0), (cx + 0.085, 0)),
    )
    canvas.fill(shapes.quad(cx - 0.07, y - 0.08, cx + 0.07, y), darken(steel, 0.35))
    for dx in (-0.035, 0.035):
        canvas.fill(
            shapes.quad(cx + dx - 0.014, y - 0.08, cx + dx + 0.014, y - 0.06), light.room((70, 66, 70))
        )
        canvas.fill(
            shapes.quad(cx + dx - 0.013, y - 0.03, cx + dx + 0.013, y - 0.006), light.room((244, 240, 232))
        )
    canvas.gradient(lighten(steel, 0.2), steel, (cx - 0.085, y - 0.008, cx + 0.085, y))


def office(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """A wide window or a pinboard, a desk with a monitor, file shelves, a plant and ceiling lights."""
    wall = pick(rng, ((222, 228, 232), (230, 226, 216), (208, 218, 222), (226, 220, 226)))
    floor_y = 0.80
    room.walls(canvas, light, wall, floor_y)
    room.tile_floor(canvas, light, pick(rng, ((166, 172, 180), (186, 178, 168), (150, 160, 164))), floor_y)
    for x in (0.16, 0.62):
        panel = (255, 252, 236) if light.lit else light.room((250, 250, 246))
        canvas.fill([[x, 0.0], [x + 0.22, 0.0], [x + 0.20, 0.035], [x + 0.02, 0.035]], panel)
        canvas.glow(x + 0.11, 0.03, 0.24, 0.16, (255, 250, 228), 0.4)
    for kind, (x0, x1) in zip(rng.permutation(4)[:3], _SLOTS, strict=True):
        if kind == 0:
            room.window(canvas, light, x0, 0.14, x1, 0.52, None, panes=3)
            _blinds(canvas, light, x0, 0.14, x1)
        elif kind == 1:
            _pinboard(canvas, rng, light, x0, 0.16, x1, 0.46)
        elif kind == 2:
            _binders(canvas, rng, light, x0, x1, floor_y)
            continue
        else:
            goods.painting(canvas, light, rng, x0 + 0.02, 0.15, x1 - 0.02, 0.42)
        _desk(canvas, rng, light, x0, x1, floor_y)
    goods.plant(canvas, light, rng, pick(rng, (0.33, 0.67)), floor_y + 0.04, 0.40)


def _blinds(canvas: Canvas, light: Light, x0: float, y0: float, x1: float) -> None:
    slat = light.room((240, 238, 232))
    for y in np.arange(y0, y0 + 0.13, 0.018):
        canvas.gradient(lighten(slat, 0.2), darken(slat, 0.14), (x0 - 0.008, y, x1 + 0.008, y + 0.012))


def _pinboard(
    canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, y0: float, x1: float, y1: float
) -> None:
    cork = light.room((206, 170, 130))
    canvas.fill(shapes.quad(x0, y0, x1, y1), light.room((150, 116, 86)))
    canvas.fill(shapes.quad(x0 + 0.010, y0 + 0.010, x1 - 0.010, y1 - 0.010), cork)
    for _ in range(8):
        x, y = float(rng.uniform(x0 + 0.03, x1 - 0.08)), float(rng.uniform(y0 + 0.03, y1 - 0.09))
        note = light.room(
            pick(rng, ((250, 244, 224), (246, 218, 140), (180, 210, 220), (238, 186, 176), (196, 216, 170)))
        )
        canvas.fill(shapes.quad(x, y, x + 0.05, y + 0.055), note)
        for line in (0.018, 0.030, 0.042):
            canvas.stroke(
                [[x + 0.008, y + line], [x + 0.040, y + line]], darken(note, 0.25), 0.003, alpha=0.8
            )
        canvas.ellipse(x + 0.025, y + 0.004, 0.005, 0.005, light.room((196, 74, 66)))


def _binders(
    canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float, floor_y: float
) -> None:
    white = light.room((236, 234, 230))
    canvas.fill(shapes.quad(x0, 0.2, x1, floor_y), darken(white, 0.22))
    for y in (0.345, 0.49, 0.635, floor_y - 0.01):
        x = x0 + 0.012
        while x < x1 - 0.035:
            hue = light.room(
                pick(rng, ((92, 118, 150), (196, 186, 170), (150, 92, 88), (110, 140, 128), (222, 186, 110)))
            )
            canvas.fill(shapes.quad(x, y - 0.115, x + 0.026, y), hue)
            canvas.fill(shapes.quad(x + 0.006, y - 0.092, x + 0.020, y - 0.055), lighten(hue, 0.6))
            x += 0.029 if not chance(rng, 0.12) else 0.07
        canvas.gradient(lighten(white, 0.3), darken(white, 0.08), (x0 - 0.005, y, x1 + 0.005, y + 0.014))
    for x in (x0 - 0.006, x1 - 0.006):
        canvas.fill(shapes.quad(x, 0.19, x + 0.012, floor_y), white)
    canvas.fill(shapes.quad(x0 - 0.008, 0.188, x1 + 0.008, 0.204), lighten(white, 0.3))


def _desk(
    canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, x1: float, floor_y: float
) -> None:
    wood = light.room(pick(rng, (*room.WOODS[:3], (232, 228, 220))))
    top = 0.64
    shapes.contact_shadow(canvas, (x0 + x1) / 2, floor_y + 0.01, 0.18)
    for x in (x0 + 0.01, x1 - 0.025):
        canvas.fill(shapes.quad(x, top, x + 0.016, floor_y + 0.015), darken(wood, 0.2))
    canvas.fill(shapes.quad(x1 - 0.10, top + 0.02, x1 - 0.012, floor_y - 0.01), darken(wood, 0.10))
    canvas.stroke([[x1 - 0.075, top + 0.055], [x1 - 0.037, top + 0.055]], darken(wood, 0.4), 0.006)
    canvas.gradient(
        lighten(wood, 0.25), darken(wood, 0.06), (x0 - 0.012, top - 0.008, x1 + 0.012, top + 0.018)
    )
    cx = (x0 + x1) / 2 - 0.02
    frame = light.room((66, 68, 76))
    canvas.fill(shapes.quad(cx - 0.012, top - 0.05, cx + 0.012, top - 0.006), frame)
    canvas.fill(shapes.quad(cx - 0.04, top - 0.014, cx + 0.04, top - 0.006), frame)
    canvas.fill(shapes.rounded(cx - 0.088, top - 0.165, cx + 0.088, top - 0.045, 0.007), frame)
    screen = (150, 196, 220) if not light.lit else (176, 210, 230)
    canvas.fill(
        shapes.quad(cx - 0.080, top - 0.157, cx + 0.080, top - 0.053),
        lighten(screen, 0.25),
        shade=(screen, (cx - 0.08, top - 0.15), (cx + 0.08, top - 0.05)),
    )
    goods.ornament(canvas, light, rng, x1 - 0.03, top - 0.008, 0.06)


def doctors_office(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """A clean pale room: eye chart, couch with paper sheet, cabinet with a red cross, anatomy poster."""
    wall = pick(rng, ((218, 234, 232), (226, 234, 240), (224, 236, 222), (236, 234, 226)))
    floor_y = 0.80
    room.walls(canvas, light, wall, floor_y)
    room.tile_floor(canvas, light, pick(rng, ((200, 212, 214), (206, 208, 202))), floor_y)
    seen = light.room(wall)
    canvas.gradient(
        mix(seen, light.room((150, 196, 196)), 0.5),
        mix(seen, light.room((140, 186, 188)), 0.5),
        (0, 0.60, 1, floor_y - 0.03),
    )
    for kind, (x0, x1) in zip(rng.permutation(4)[:3], _SLOTS, strict=True):
        if kind == 0:
            _eye_chart(canvas, light, (x0 + x1) / 2, 0.12, 0.46)
        elif kind == 1:
            _medicine_cabinet(canvas, rng, light, x0 + 0.01, 0.10, x1 - 0.01, 0.44)
        elif kind == 2:
            room.window(canvas, light, x0 + 0.02, 0.13, x1 - 0.02, 0.50, None)
            _blinds(canvas, light, x0 + 0.02, 0.13, x1 - 0.02)
        else:
            _anatomy(canvas, light, x0 + 0.03, 0.12, x1 - 0.03, 0.48)
    _examination_couch(canvas, light, *((-0.05, 0.40) if chance(rng, 0.5) else (0.60, 1.05)), floor_y=floor_y)
    goods.clock(canvas, light, pick(rng, (0.33, 0.67)), 0.14, 0.042)


def _eye_chart(canvas: Canvas, light: Light, cx: float, y0: float, y1: float) -> None:
    paper, ink = light.room((250, 249, 244)), light.room((72, 74, 84))
    canvas.fill(shapes.quad(cx - 0.095, y0 + 0.01, cx + 0.11, y1 + 0.014), darken(paper, 0.6), alpha=0.18)
    canvas.fill(shapes.quad(cx - 0.10, y0, cx + 0.10, y1), paper)
    size, y = 0.052, y0 + 0.045
    for count in (1, 2, 3, 4, 5):
        pitch = size * 1.5
        for index in range(count):
            x = cx + (index - (count - 1) / 2) * pitch - size / 2
            bar = size * 0.22
            canvas.fill(shapes.quad(x, y, x + bar, y + size), ink)
            for row in ((0.0, 0.5, 1.0), (0.0, 1.0), (0.0, 0.5))[(index + count) % 3]:
                canvas.fill(
                    shapes.quad(x, y + row * (size - bar), x + size, y + row * (size - bar) + bar), ink
                )
        y += size * 1.45
        size *= 0.74


def _medicine_cabinet(
    canvas: Canvas, rng: np.random.Generator, light: Light, x0: float, y0: float, x1: float, y1: float
) -> None:
    white = light.room((246, 246, 244))
    canvas.fill(shapes.quad(x0 + 0.008, y0 + 0.012, x1 + 0.014, y1 + 0.014), darken(white, 0.6), alpha=0.18)
    canvas.fill(shapes.quad(x0, y0, x1, y1), white)
    canvas.fill(shapes.quad(x0 + 0.016, y0 + 0.095, x1 - 0.016, y1 - 0.016), light.room((198, 216, 222)))
    red = light.room((206, 84, 78))
    cx = (x0 + x1) / 2
    canvas.fill(shapes.quad(cx - 0.010, y0 + 0.018, cx + 0.010, y0 + 0.078), red)
    canvas.fill(shapes.quad(cx - 0.030, y0 + 0.038, cx + 0.030, y0 + 0.058), red)
    for y in (y0 + 0.205, y1 - 0.02):
        for x in np.arange(x0 + 0.04, x1 - 0.03, 0.036):
            hue = light.room(pick(rng, ((222, 178, 130), (150, 186, 200), (238, 236, 230), (172, 196, 168))))
            tall = float(rng.uniform(0.04, 0.075))
            canvas.fill(
                shapes.rounded(x - 0.012, y - tall, x + 0.012, y, 0.005),
                lighten(hue, 0.1),
                shade=(darken(hue, 0.14), (x - 0.012, 0), (x + 0.012, 0)),
            )
        canvas.fill(shapes.quad(x0 + 0.016, y, x1 - 0.016, y + 0.008), white)


def _anatomy(canvas: Canvas, light: Light, x0: float, y0: float, x1: float, y1: float) -> None:
    canvas.fill(shapes.quad(x0, y0, x1, y1), light.room((244, 238, 222)))
    cx, body = (x0 + x1) / 2, light.room((214, 160, 140))
    canvas.ellipse(cx, y0 + 0.05, 0.021, 0.027, body)
    canvas.fill(shapes.rounded(cx - 0.036, y0 + 0.082, cx + 0.036, y0 + 0.19, 0.02), body)
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
        canvas.fill(shapes.quad(x, y, x + 0.018, floor_y + 0.03), steel)
    canvas.fill(
        shapes.rounded(x0, y - 0.03, x1, y + 0.035, 0.02),
        lighten(pad, 0.15),
        shade=(darken(pad, 0.15), (0, y - 0.03), (0, y + 0.035)),
    )
    canvas.fill(shapes.quad(x0 + 0.06, y - 0.036, x1 - 0.06, y - 0.012), light.room((248, 248, 246)))
    canvas.fill(shapes.rounded(x0 + 0.05, y - 0.07, x0 + 0.18, y - 0.028, 0.02), light.room((240, 242, 244)))


PAINTERS: Final[dict[str, Painter]] = {
    "cafe": cafe,
    "office": office,
    "doctor's office": doctors_office,
}
