"""Where people read and learn: library and classroom.

Each painter takes (canvas, rng, light) and covers the canvas; the generator picks colours and order.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.chance import chance, pick
from limner_world.palette import darken, lighten, mix
from limner_world.settings import furnishings as goods
from limner_world.settings import rooms as room
from limner_world.settings import shapes
from limner_world.settings.light import Light, Painter


def library(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """Tall shelves on both sides of an arched window or an aisle, a pipeline, reading lamps."""
    wood = pick(rng, (room.WOODS[0], room.WOODS[1], room.WOODS[3]))
    floor_y = 0.82
    room.walls(canvas, light, pick(rng, ((214, 196, 166), (196, 186, 172), (206, 200, 182))), floor_y)
    room.plank_floor(canvas, light, pick(rng, room.WOODS[:2]), floor_y)
    rows = int(rng.integers(6, 8))
    if chance(rng, 0.6):
        gap = float(rng.uniform(0.36, 0.44))
        width = float(rng.uniform(0.20, 0.26))
        room.window(canvas, light, gap + 0.03, 0.12, gap + width - 0.03, 0.50, None)
        goods.cabinet(canvas, light, gap, 0.62, gap + width, floor_y, wood, 2)
        goods.ornament(canvas, light, rng, gap + width / 2, 0.62, 0.12)
        spans = [
            (-0.03, gap / 2 - 0.012),
            (gap / 2 + 0.004, gap - 0.012),
            (gap + width + 0.01, (1.0 + gap + width) / 2 - 0.004),
            ((1.0 + gap + width) / 2 + 0.012, 1.03),
        ]
    else:
        spans = [(-0.05, 0.23), (0.25, 0.49), (0.51, 0.75), (0.77, 1.05)]
    for x0, x1 in spans:
        goods.bookshelf(canvas, light, rng, x0, 0.035, x1, floor_y + 0.012, wood, rows)
    if chance(rng, 0.6):
        _pipeline(canvas, light, pick(rng, (0.10, 0.84)), floor_y + 0.05)
    for x in (0.26, 0.74):
        goods.hanging_lamp(canvas, light, x, 0.13, 0.07, (96, 128, 108))


def _pipeline(canvas: Canvas, light: Light, x: float, base_y: float) -> None:
    wood = light.room((206, 162, 112))
    for dx in (0.0, 0.085):
        canvas.stroke([[x + dx, base_y], [x + dx + 0.03, 0.06]], darken(wood, 0.25), 0.014)
        canvas.stroke([[x + dx - 0.002, base_y], [x + dx + 0.028, 0.06]], lighten(wood, 0.1), 0.007)
    for share in np.linspace(0.08, 0.95, 10):
        y = base_y + (0.06 - base_y) * share
        canvas.stroke([[x + 0.03 * share, y], [x + 0.085 + 0.03 * share, y]], wood, 0.010)


def classroom(canvas: Canvas, rng: np.random.Generator, light: Light) -> None:
    """A chalkboard with drawings, posters, a clock, windows at the side, and rows of desks."""
    wall = pick(rng, ((238, 226, 196), (214, 226, 224), (232, 220, 206), (220, 228, 208)))
    floor_y = 0.78
    room.walls(canvas, light, wall, floor_y)
    room.plank_floor(canvas, light, pick(rng, room.WOODS[:3]), floor_y)
    left, right = pick(rng, ((0.04, 0.66), (0.19, 0.81), (0.34, 0.96)))
    _chalkboard(
        canvas, rng, light, left, 0.13, right, 0.55, pick(rng, ((84, 122, 104), (72, 84, 92), (92, 116, 124)))
    )
    if left > 0.3:
        room.window(canvas, light, 0.03, 0.14, 0.26, 0.50, None)
    elif right < 0.7:
        room.window(canvas, light, 0.74, 0.14, 0.97, 0.50, None)
    else:
        for x in (0.02, 0.84):
            goods.painting(canvas, light, rng, x, 0.18, x + 0.14, 0.36)
            goods.painting(canvas, light, rng, x, 0.39, x + 0.14, 0.55)
    goods.clock(canvas, light, (left + right) / 2, 0.062, 0.040)
    wood = light.room(pick(rng, room.WOODS[:3]))
    for cx in (0.10, 0.36, 0.64, 0.90):
        shapes.contact_shadow(canvas, cx, floor_y + 0.085, 0.12)
        for dx in (-0.085, 0.075):
            canvas.fill(
                shapes.quad(cx + dx, 0.70, cx + dx + 0.010, floor_y + 0.08), light.room((120, 124, 130))
            )
        canvas.fill(
            [[cx - 0.08, 0.675], [cx + 0.08, 0.675], [cx + 0.105, 0.705], [cx - 0.105, 0.705]],
            lighten(wood, 0.25),
        )
        canvas.fill(shapes.quad(cx - 0.105, 0.705, cx + 0.105, 0.725), darken(wood, 0.08))
    goods.books(canvas, light, rng, 0.06, 0.14, 0.69, 0.06)
    goods.ornament(canvas, light, rng, 0.90, 0.69, 0.08)


def _chalkboard(
    canvas: Canvas,
    rng: np.random.Generator,
    light: Light,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    slate: RGB,
) -> None:
    seen, frame = light.room(slate), light.room(room.WOODS[0])
    canvas.fill(shapes.quad(x0 + 0.004, y0 + 0.012, x1 + 0.010, y1 + 0.016), darken(frame, 0.7), alpha=0.2)
    canvas.fill(shapes.quad(x0 - 0.014, y0 - 0.014, x1 + 0.014, y1 + 0.014), frame)
    canvas.gradient(lighten(seen, 0.05), darken(seen, 0.08), (x0, y0, x1, y1))
    canvas.glow((x0 + x1) / 2, (y0 + y1) / 2, 0.30, 0.18, (240, 244, 238), 0.13)
    chalk = mix(seen, (252, 250, 240), 0.68)
    width = x1 - x0
    sun = (x0 + 0.14 * width, y0 + 0.11)
    canvas.stroke(
        shapes.blob(rng, *sun, 0.030, 0.030, 0.03), mix(seen, (250, 226, 140), 0.8), 0.006, closed=True
    )
    for turn in np.linspace(0, 2 * np.pi, 9)[:-1]:
        ray = np.array([np.cos(turn), np.sin(turn)])
        canvas.stroke([sun + ray * 0.040, sun + ray * 0.056], mix(seen, (250, 226, 140), 0.8), 0.006)
    for row in range(3):
        y = y0 + 0.06 + 0.05 * row
        end = x1 - 0.05 - width * 0.2 * float(rng.random())
        wave = np.linspace(x0 + 0.42 * width, end, 28)
        canvas.stroke(
            np.stack([wave, y + 0.007 * np.sin(wave * 150 + row)], axis=1), chalk, 0.005, alpha=0.85
        )
    shape = [[0.0, 0.0], [0.0, -0.07], [0.045, -0.115], [0.09, -0.07], [0.09, 0.0], [0.0, 0.0]]
    house = np.add(shape, (x0 + 0.10 * width, y1 - 0.05))
    canvas.stroke(house, chalk, 0.006)
    curve = np.linspace(0, 1, 20)
    canvas.stroke(
        np.stack([x1 - 0.20 + 0.15 * curve, y1 - 0.07 - 0.09 * curve**2], axis=1),
        mix(seen, (240, 180, 170), 0.8),
        0.006,
    )
    canvas.stroke([[x1 - 0.21, y1 - 0.18], [x1 - 0.21, y1 - 0.05], [x1 - 0.04, y1 - 0.05]], chalk, 0.005)
    canvas.gradient(lighten(frame, 0.25), darken(frame, 0.1), (x0 - 0.01, y1 + 0.008, x1 + 0.01, y1 + 0.026))


PAINTERS: Final[dict[str, Painter]] = {
    "library": library,
    "classroom": classroom,
}
