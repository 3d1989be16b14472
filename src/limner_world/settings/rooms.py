"""The shell of a room: walls, floors, rugs, windows, curtains, bunting. Knows nothing of which room."""

from __future__ import annotations

from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.curves import smooth
from limner_world.palette import darken, lighten, mix
from limner_world.settings import shapes
from limner_world.settings.light import Light

WOODS: Final[tuple[RGB, ...]] = ((176, 130, 90), (148, 104, 72), (198, 158, 116), (124, 88, 66))


def walls(canvas: Canvas, light: Light, wall: RGB, floor_y: float) -> None:
    """A wall, lighter towards the light, with a skirting board at the floor."""
    seen = light.room(wall)
    canvas.gradient(lighten(seen, 0.10), darken(seen, 0.05), (0, 0, 1, floor_y))
    canvas.glow(0.18, 0.22, 0.75, 0.6, light.glow if light.name != "night" else lighten(seen, 0.2), 0.20)
    canvas.glow(1.05, 0.1, 0.5, 0.9, darken(seen, 0.4), 0.20)
    if light.lit:  # the ceiling lamp, out of sight
        canvas.glow(0.5, 0.02, 0.85, 0.75, light.glow, 0.30)
    board = mix(seen, light.room((246, 242, 234)), 0.6)
    canvas.gradient(board, darken(board, 0.12), (0, floor_y - 0.035, 1, floor_y))
    canvas.stroke([[0, floor_y - 0.035], [1, floor_y - 0.035]], darken(seen, 0.15), 0.003)


def plank_floor(canvas: Canvas, light: Light, wood: RGB, floor_y: float) -> None:
    """Boards that run towards a vanishing point above the floor."""
    seen = light.room(wood)
    canvas.gradient(darken(seen, 0.10), lighten(seen, 0.12), (0, floor_y, 1, 1))
    line = darken(seen, 0.16)
    for at in np.linspace(-0.9, 1.9, 15):
        canvas.stroke([[0.5 + (at - 0.5) * 0.52, floor_y], [at, 1.0]], line, 0.003, alpha=0.7)
    canvas.gradient(darken(seen, 0.32), darken(seen, 0.14), (0, floor_y, 1, floor_y + 0.012))


def tile_floor(canvas: Canvas, light: Light, tile: RGB, floor_y: float) -> None:
    """Square tiles in perspective."""
    seen = light.room(tile)
    canvas.gradient(darken(seen, 0.12), lighten(seen, 0.10), (0, floor_y, 1, 1))
    line = darken(seen, 0.14)
    for at in np.linspace(-1.0, 2.0, 16):
        canvas.stroke([[0.5 + (at - 0.5) * 0.5, floor_y], [at, 1.0]], line, 0.003, alpha=0.8)
    for step in (0.05, 0.15, 0.32, 0.58, 0.9):
        y = floor_y + (1 - floor_y) * step
        canvas.stroke([[0, y], [1, y]], line, 0.003, alpha=0.8)


def rug(canvas: Canvas, light: Light, colour: RGB, cx: float, cy: float, rx: float) -> None:
    """An oval rug lying flat."""
    seen = light.room(colour)
    canvas.ellipse(cx, cy + 0.006, rx * 1.01, rx * 0.26, darken(seen, 0.35))
    canvas.ellipse(cx, cy, rx, rx * 0.25, seen)
    canvas.ellipse(cx, cy, rx * 0.86, rx * 0.20, lighten(seen, 0.25))
    canvas.ellipse(cx, cy, rx * 0.80, rx * 0.18, lighten(seen, 0.08))


def view(canvas: Canvas, light: Light, x0: float, y0: float, x1: float, y1: float) -> None:
    """What is seen through a window: sky over soft greenery."""
    canvas.gradient(light.sky_top, light.sky_low, (x0, y0, x1, y1))
    width, height = x1 - x0, y1 - y0
    if light.name == "night":
        canvas.ellipse(x0 + 0.7 * width, y0 + 0.24 * height, 0.020, 0.020, (246, 240, 214))
        for u, v in ((0.2, 0.15), (0.4, 0.34), (0.12, 0.46), (0.55, 0.12), (0.86, 0.5)):
            canvas.ellipse(x0 + u * width, y0 + v * height, 0.0035, 0.0035, (226, 230, 244))
    far, near = light.tone((172, 204, 168)), light.tone((130, 172, 124))
    hill = smooth(
        [
            [x0 - 0.02, y1],
            [x0, y1 - 0.30 * height],
            [x0 + 0.4 * width, y1 - 0.40 * height],
            [x1, y1 - 0.26 * height],
            [x1 + 0.02, y1],
        ]
    )
    with canvas.clip(shapes.quad(x0, y0, x1, y1)):
        canvas.fill(hill, far)
        for u in (0.08, 0.34, 0.74, 0.96):
            canvas.ellipse(x0 + u * width, y1 - 0.06 * height, 0.22 * width, 0.16 * height, near)


def window(
    canvas: Canvas,
    light: Light,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    curtain: RGB | None = None,
    panes: int = 2,
) -> None:
    """A framed window, with a sill and, if a colour is given, curtains on a rod."""
    frame = light.room((246, 243, 236))
    canvas.fill(shapes.quad(x0 - 0.022, y0 - 0.022, x1 + 0.022, y1 + 0.022), darken(frame, 0.10))
    canvas.fill(shapes.quad(x0 - 0.020, y0 - 0.020, x1 + 0.016, y1 + 0.016), frame)
    view(canvas, light, x0, y0, x1, y1)
    canvas.fill(
        [
            [x0 + 0.1 * (x1 - x0), y0],
            [x0 + 0.4 * (x1 - x0), y0],
            [x0, y1 - 0.25 * (y1 - y0)],
            [x0, y0 + 0.3 * (y1 - y0)],
        ],
        (255, 255, 255),
        alpha=0.16,
    )
    for at in np.linspace(x0, x1, panes + 1)[1:-1]:
        canvas.fill(shapes.quad(at - 0.006, y0, at + 0.006, y1), frame)
    middle = y0 + 0.42 * (y1 - y0)
    canvas.fill(shapes.quad(x0, middle - 0.006, x1, middle + 0.006), frame)
    canvas.fill(shapes.quad(x0 - 0.035, y1 + 0.014, x1 + 0.035, y1 + 0.034), lighten(frame, 0.3))
    canvas.fill(shapes.quad(x0 - 0.03, y1 + 0.034, x1 + 0.03, y1 + 0.042), darken(frame, 0.22))
    if curtain is not None:
        curtains(canvas, light, x0, y0, x1, y1, curtain)


def curtains(canvas: Canvas, light: Light, x0: float, y0: float, x1: float, y1: float, colour: RGB) -> None:
    """Two gathered curtains on a rod."""
    seen = light.room(colour)
    wide = 0.30 * (x1 - x0)
    for outer, side in ((x0 - 0.05, 1), (x1 + 0.05, -1)):
        inner = outer + side * wide
        tied = y0 + 0.62 * (y1 - y0)
        edge = [[outer, y0 - 0.045], [inner, y0 - 0.045], [inner - side * 0.2 * wide, (y0 + tied) / 2]]
        edge += [
            [outer + side * 0.42 * wide, tied],
            [outer + side * 0.62 * wide, y1 + 0.06],
            [outer, y1 + 0.06],
        ]
        shape = np.array(edge)
        canvas.fill(shape, lighten(seen, 0.08), shade=(darken(seen, 0.18), (inner, 0), (outer, 0)))
        for share in (0.25, 0.5, 0.72):
            top = outer + side * wide * share
            low = outer + side * wide * share * 0.55
            fold = smooth(
                [[top, y0 - 0.04], [(top + low) / 2, (y0 + tied) / 2], [low, tied], [low, y1 + 0.055]],
                closed=False,
            )
            canvas.stroke(fold, darken(seen, 0.22), 0.004, alpha=0.55)
        canvas.fill(
            shapes.quad(
                min(outer, outer + side * 0.46 * wide),
                tied - 0.008,
                max(outer, outer + side * 0.46 * wide),
                tied + 0.012,
            ),
            darken(seen, 0.2),
        )
    rod = light.room((132, 98, 72))
    canvas.stroke([[x0 - 0.075, y0 - 0.05], [x1 + 0.075, y0 - 0.05]], rod, 0.011)
    for x in (x0 - 0.078, x1 + 0.078):
        canvas.ellipse(x, y0 - 0.05, 0.011, 0.011, lighten(rod, 0.2))


def string_of_flags(
    canvas: Canvas,
    light: Light,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    sag: float,
    colours: tuple[RGB, ...],
) -> None:
    """Bunting from (x0, y0) to (x1, y1), hanging by `sag` in its middle."""
    count = max(6, round(12 * abs(x1 - x0)))
    share = np.linspace(0, 1, count + 1)
    xs, ys = x0 + (x1 - x0) * share, y0 + (y1 - y0) * share + sag * 4 * share * (1 - share)
    for index in range(count):
        seen = light.tone(colours[index % len(colours)])
        left, right = (xs[index], ys[index]), (xs[index + 1], ys[index + 1])
        tip = ((left[0] + right[0]) / 2, (left[1] + right[1]) / 2 + 0.055)
        canvas.fill([left, right, tip], seen)
        canvas.fill([left, ((left[0] + right[0]) / 2, (left[1] + right[1]) / 2), tip], lighten(seen, 0.14))
    canvas.stroke(np.stack([xs, ys], axis=1), light.tone((120, 104, 96)), 0.004)
