"""What stands and hangs in rooms: shelves, ornaments, plants, pictures, lamps, clocks, cabinets.

Every function draws one thing at a place in the unit square. Knows nothing about which room it stands in.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.chance import pick
from limner_world.curves import arc, ribbon, smooth
from limner_world.palette import darken, lighten, mix
from limner_world.settings import rooms as room
from limner_world.settings import shapes
from limner_world.settings.light import Light

BOOKS: Final[tuple[RGB, ...]] = (
    (168, 84, 74),
    (206, 150, 92),
    (96, 122, 142),
    (120, 142, 112),
    (222, 204, 168),
    (122, 92, 112),
    (86, 96, 124),
    (186, 120, 104),
    (204, 184, 126),
    (110, 132, 134),
)


LEAVES: Final[tuple[RGB, ...]] = ((104, 146, 98), (86, 130, 92), (126, 160, 104), (92, 138, 112))


def books(
    canvas: Canvas, light: Light, rng: np.random.Generator, x0: float, x1: float, base_y: float, tall: float
) -> None:
    """A row of books standing on a shelf, some leaning, with now and then a gap."""
    x = x0 + 0.004
    while x < x1 - 0.012:
        thick = float(rng.uniform(0.010, 0.024))
        if rng.random() < 0.10:
            x += 1.4 * thick
            continue
        if x + thick > x1:
            break
        height = tall * float(rng.uniform(0.66, 0.96))
        seen = light.room(pick(rng, BOOKS))
        lean = 0.018 if rng.random() < 0.08 and x + thick + 0.02 < x1 else 0.0
        corners = [
            [x + lean, base_y - height],
            [x + thick + lean, base_y - height],
            [x + thick, base_y],
            [x, base_y],
        ]
        canvas.fill(corners, seen)
        canvas.fill(
            [
                [x + lean, base_y - height],
                [x + 0.25 * thick + lean, base_y - height],
                [x + 0.25 * thick, base_y],
                [x, base_y],
            ],
            lighten(seen, 0.16),
        )
        if thick > 0.014 and not lean:
            y = base_y - 0.78 * height
            canvas.fill(shapes.quad(x + 0.15 * thick, y, x + 0.85 * thick, y + 0.008), lighten(seen, 0.42))
        x += thick + 0.0012 + lean


def bookshelf(
    canvas: Canvas,
    light: Light,
    rng: np.random.Generator,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    wood: RGB,
    rows: int,
) -> None:
    """A bookcase with `rows` shelves of books and a few ornaments."""
    seen = light.room(wood)
    canvas.fill(shapes.quad(x0 + 0.01, y0 + 0.012, x1 + 0.022, y1 + 0.006), darken(seen, 0.5), alpha=0.22)
    canvas.fill(shapes.quad(x0, y0, x1, y1), darken(seen, 0.42))
    tall = (y1 - y0) / rows
    for row in range(rows):
        top, base = y0 + row * tall, y0 + (row + 1) * tall
        canvas.gradient(darken(seen, 0.52), darken(seen, 0.36), (x0, top, x1, base))
        if rng.random() < 0.24:
            split = x0 + (x1 - x0) * float(rng.uniform(0.45, 0.65))
            books(canvas, light, rng, x0 + 0.014, split, base, tall * 0.88)
            ornament(canvas, light, rng, (split + x1) / 2, base, tall * 0.62)
        else:
            books(canvas, light, rng, x0 + 0.014, x1 - 0.012, base, tall * 0.88)
        canvas.gradient(lighten(seen, 0.14), darken(seen, 0.06), (x0, base - 0.008, x1, base + 0.010))
    canvas.gradient(lighten(seen, 0.18), seen, (x0 - 0.010, y0 - 0.016, x1 + 0.010, y0 + 0.010))
    for x in (x0 - 0.004, x1 - 0.012):
        canvas.gradient(lighten(seen, 0.10), darken(seen, 0.06), (x, y0, x + 0.016, y1))


def ornament(
    canvas: Canvas, light: Light, rng: np.random.Generator, cx: float, base_y: float, tall: float
) -> None:
    """A vase, a globe or a small plant."""
    kind = int(rng.integers(3))
    if kind == 0:
        seen = light.room(pick(rng, ((212, 190, 168), (150, 176, 178), (198, 146, 120))))
        body = smooth(
            [
                [cx - 0.18 * tall, base_y - tall],
                [cx + 0.18 * tall, base_y - tall],
                [cx + 0.34 * tall, base_y - 0.45 * tall],
                [cx + 0.2 * tall, base_y],
                [cx - 0.2 * tall, base_y],
                [cx - 0.34 * tall, base_y - 0.45 * tall],
            ]
        )
        canvas.fill(
            body, lighten(seen, 0.2), shade=(darken(seen, 0.2), (cx - 0.3 * tall, 0), (cx + 0.3 * tall, 0))
        )
    elif kind == 1:
        seen = light.room((120, 158, 176))
        canvas.fill(
            shapes.quad(cx - 0.06 * tall, base_y - 0.2 * tall, cx + 0.06 * tall, base_y),
            light.room(room.WOODS[1]),
        )
        canvas.ellipse(cx, base_y - 0.02, 0.22 * tall, 0.012, light.room(room.WOODS[1]))
        canvas.ellipse(
            cx,
            base_y - 0.56 * tall,
            0.38 * tall,
            0.38 * tall,
            lighten(seen, 0.2),
            shade=(darken(seen, 0.2), (cx - 0.3 * tall, 0), (cx + 0.4 * tall, 0)),
        )
        canvas.ellipse(
            cx - 0.08 * tall, base_y - 0.62 * tall, 0.16 * tall, 0.12 * tall, light.room((170, 180, 132))
        )
    else:
        plant(canvas, light, rng, cx, base_y, tall)


def plant(
    canvas: Canvas, light: Light, rng: np.random.Generator, cx: float, base_y: float, tall: float
) -> None:
    """A potted plant, `tall` from the pot's foot to the tips."""
    leaf = light.room(pick(rng, LEAVES))
    pot = light.room(pick(rng, ((198, 132, 100), (222, 214, 202), (128, 146, 150))))
    top = base_y - 0.30 * tall
    count = 9
    broad = rng.random() < 0.5
    for index in rng.permutation(count):
        lean = (int(index) - (count - 1) / 2) / (count / 2)
        reach = tall * (0.70 - 0.22 * abs(lean)) * float(rng.uniform(0.85, 1.1))
        tip = (cx + lean * 0.44 * tall, top - reach)
        bend = [
            [cx + 0.05 * lean * tall, top + 0.02],
            [cx + lean * 0.16 * tall, top - 0.55 * reach],
            [tip[0], tip[1] + abs(lean) * 0.16 * tall],
        ]
        widths = [0.02 * tall, 0.17 * tall, 0.004] if broad else [0.03 * tall, 0.07 * tall, 0.003]
        shade = lighten(leaf, 0.14) if lean < 0 else darken(leaf, 0.14)
        canvas.fill(
            ribbon(smooth(bend, closed=False, samples=5), widths), mix(shade, leaf, float(rng.random()))
        )
    half = 0.17 * tall
    canvas.fill(
        [[cx - half, top], [cx + half, top], [cx + 0.72 * half, base_y], [cx - 0.72 * half, base_y]],
        lighten(pot, 0.15),
        shade=(darken(pot, 0.22), (cx - half, 0), (cx + half, 0)),
    )
    canvas.fill(shapes.quad(cx - 1.1 * half, top - 0.03 * tall, cx + 1.1 * half, top + 0.03 * tall), pot)


def painting(
    canvas: Canvas, light: Light, rng: np.random.Generator, x0: float, y0: float, x1: float, y1: float
) -> None:
    """A framed picture on the wall: hills, shapes or a flower."""
    wood = light.room(pick(rng, (*room.WOODS, (236, 230, 220))))
    canvas.fill(shapes.quad(x0 + 0.008, y0 + 0.010, x1 + 0.012, y1 + 0.014), darken(wood, 0.6), alpha=0.20)
    canvas.fill(shapes.quad(x0, y0, x1, y1), wood)
    edge = 0.012
    canvas.fill(shapes.quad(x0 + edge, y0 + edge, x1 - edge, y1 - edge), light.room((245, 240, 230)))
    edge = 0.028
    x0, y0, x1, y1 = x0 + edge, y0 + edge, x1 - edge, y1 - edge
    if x1 <= x0 or y1 <= y0:
        return
    width, height = x1 - x0, y1 - y0
    hues = ((216, 168, 130), (150, 182, 186), (196, 186, 146), (176, 146, 158), (140, 164, 132))
    base, second, third = (light.room(hues[int(i)]) for i in rng.permutation(5)[:3])
    with canvas.clip(shapes.quad(x0, y0, x1, y1)):
        canvas.gradient(lighten(base, 0.4), lighten(base, 0.1), (x0, y0, x1, y1))
        if rng.random() < 0.6:
            canvas.ellipse(
                x0 + 0.66 * width, y0 + 0.34 * height, 0.13 * width, 0.13 * width, light.room((250, 226, 178))
            )
            canvas.ellipse(x0 + 0.2 * width, y1, 0.6 * width, 0.44 * height, second)
            canvas.ellipse(x0 + 0.86 * width, y1 + 0.05 * height, 0.62 * width, 0.42 * height, third)
        else:
            canvas.ellipse(x0 + 0.4 * width, y0 + 0.42 * height, 0.28 * width, 0.28 * width, second)
            canvas.ellipse(x0 + 0.62 * width, y0 + 0.64 * height, 0.24 * width, 0.24 * width, third)


def standing_lamp(canvas: Canvas, light: Light, cx: float, base_y: float, top_y: float, shade: RGB) -> None:
    """A floor lamp; it burns when the light says so."""
    pole = light.room((104, 84, 72))
    canvas.ellipse(cx, base_y, 0.045, 0.012, darken(pole, 0.2))
    canvas.stroke([[cx, base_y], [cx, top_y + 0.05]], pole, 0.010)
    seen = mix(light.room(shade), (255, 232, 176), 0.62) if light.lit else light.room(shade)
    if light.lit:
        canvas.glow(cx, top_y + 0.06, 0.36, 0.34, light.glow, 0.55)
    cone = [
        [cx - 0.042, top_y],
        [cx + 0.042, top_y],
        [cx + 0.085, top_y + 0.115],
        [cx - 0.085, top_y + 0.115],
    ]
    canvas.fill(
        cone,
        lighten(seen, 0.2),
        shade=(darken(seen, 0.06 if light.lit else 0.16), (cx - 0.05, 0), (cx + 0.09, 0)),
    )


def hanging_lamp(canvas: Canvas, light: Light, cx: float, y: float, size: float, colour: RGB) -> None:
    """A pendant lamp whose lower rim is at `y`; it always burns, softly by day."""
    cord = light.room((92, 78, 72))
    seen = light.room(colour)
    canvas.stroke([[cx, -0.02], [cx, y - 0.55 * size]], cord, 0.005)
    canvas.glow(cx, y + 0.10 * size, 2.6 * size, 2.2 * size, light.glow, 0.62 if light.lit else 0.30)
    canvas.ellipse(cx, y + 0.02 * size, 0.22 * size, 0.22 * size, (255, 244, 208))
    dome = np.concatenate([arc(cx, y, 0.62 * size, 0.62 * size, math.pi, 2 * math.pi, 14)])
    canvas.fill(
        dome, lighten(seen, 0.18), shade=(darken(seen, 0.25), (cx - 0.5 * size, 0), (cx + 0.6 * size, 0))
    )
    canvas.fill(
        shapes.quad(cx - 0.09 * size, y - 0.74 * size, cx + 0.09 * size, y - 0.56 * size), darken(seen, 0.25)
    )


def clock(canvas: Canvas, light: Light, cx: float, cy: float, radius: float) -> None:
    """A round wall clock."""
    rim = light.room((92, 92, 100))
    canvas.ellipse(cx + 0.006, cy + 0.008, radius, radius, darken(rim, 0.5), alpha=0.25)
    canvas.ellipse(cx, cy, radius, radius, rim)
    canvas.ellipse(cx, cy, 0.86 * radius, 0.86 * radius, light.room((248, 246, 240)))
    canvas.stroke([[cx, cy], [cx, cy - 0.58 * radius]], rim, 0.09 * radius)
    canvas.stroke([[cx, cy], [cx + 0.42 * radius, cy + 0.16 * radius]], rim, 0.09 * radius)


def cabinet(
    canvas: Canvas,
    light: Light,
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    colour: RGB,
    doors: int,
    low: bool = False,
) -> None:
    """A row of cabinet doors with panels and handles, handles on top when the cabinet stands `low`."""
    seen = light.room(colour)
    canvas.fill(shapes.quad(x0, y0 + 0.008, x1, y1 + 0.014), darken(seen, 0.55), alpha=0.22)
    canvas.gradient(lighten(seen, 0.12), darken(seen, 0.05), (x0, y0, x1, y1))
    wide = (x1 - x0) / doors
    for door in range(doors):
        left, right = x0 + door * wide, x0 + (door + 1) * wide
        canvas.stroke([[right, y0], [right, y1]], darken(seen, 0.24), 0.004)
        inset = min(0.028, 0.16 * wide)
        canvas.fill(shapes.quad(left + inset, y0 + inset, right - inset, y1 - inset), darken(seen, 0.08))
        canvas.fill(
            shapes.quad(left + inset + 0.004, y0 + inset + 0.005, right - inset, y1 - inset),
            lighten(seen, 0.07),
        )
        x = right - 0.5 * inset if door % 2 == 0 else left + 0.5 * inset
        y = y0 + 0.06 if low else y1 - 0.06
        canvas.stroke([[x, y - 0.018], [x, y + 0.018]], light.room((122, 106, 88)), 0.008)
    canvas.stroke([[x0, y1], [x1, y1]], darken(seen, 0.24), 0.004)
