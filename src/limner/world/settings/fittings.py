"""What rooms are made of: walls, floors, windows, shelves, lamps, pictures, plants.

Every function draws one fitting at a place in the unit square. Knows nothing about which room it stands in.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from limner.world.canvas import RGB, Canvas, Points, arc, ribbon, smooth
from limner.world.chance import pick
from limner.world.palette import darken, lighten, mix
from limner.world.settings.light import Light

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
WOODS: Final[tuple[RGB, ...]] = ((176, 130, 90), (148, 104, 72), (198, 158, 116), (124, 88, 66))


def quad(x0: float, y0: float, x1: float, y1: float) -> Points:
    """An upright rectangle: (4, 2)."""
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def rounded(x0: float, y0: float, x1: float, y1: float, radius: float) -> Points:
    """An upright rectangle with round corners."""
    r = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    turns = math.pi / 2
    return np.concatenate(
        [
            arc(x1 - r, y0 + r, r, r, -turns, 0, 6),
            arc(x1 - r, y1 - r, r, r, 0, turns, 6),
            arc(x0 + r, y1 - r, r, r, turns, 2 * turns, 6),
            arc(x0 + r, y0 + r, r, r, 2 * turns, 3 * turns, 6),
        ]
    )


def walls(canvas: Canvas, light: Light, wall: RGB, floor_y: float) -> None:
    """A wall, lighter towards the light, with a skirting board at the floor."""
    seen = light.room(wall)
    canvas.gradient(lighten(seen, 0.10), darken(seen, 0.05), (0, 0, 1, floor_y))
    canvas.glow(0.18, 0.22, 0.75, 0.6, light.glow if light.name != "night" else lighten(seen, 0.2), 0.20)
    canvas.glow(1.05, 0.1, 0.5, 0.9, darken(seen, 0.4), 0.20)
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
    hill = smooth([[x0 - 0.02, y1], [x0, y1 - 0.30 * height], [x0 + 0.4 * width, y1 - 0.40 * height], [x1, y1 - 0.26 * height], [x1 + 0.02, y1]])
    with canvas.clip(quad(x0, y0, x1, y1)):
        canvas.fill(hill, far)
        for u in (0.08, 0.34, 0.74, 0.96):
            canvas.ellipse(x0 + u * width, y1 - 0.06 * height, 0.22 * width, 0.16 * height, near)


def window(
    canvas: Canvas, light: Light, x0: float, y0: float, x1: float, y1: float, curtain: RGB | None = None, panes: int = 2
) -> None:
    """A framed window, with a sill and, if a colour is given, curtains on a rod."""
    frame = light.room((246, 243, 236))
    canvas.fill(quad(x0 - 0.022, y0 - 0.022, x1 + 0.022, y1 + 0.022), darken(frame, 0.10))
    canvas.fill(quad(x0 - 0.020, y0 - 0.020, x1 + 0.016, y1 + 0.016), frame)
    view(canvas, light, x0, y0, x1, y1)
    canvas.fill([[x0 + 0.1 * (x1 - x0), y0], [x0 + 0.4 * (x1 - x0), y0], [x0, y1 - 0.25 * (y1 - y0)], [x0, y0 + 0.3 * (y1 - y0)]], (255, 255, 255), alpha=0.16)
    for at in np.linspace(x0, x1, panes + 1)[1:-1]:
        canvas.fill(quad(at - 0.006, y0, at + 0.006, y1), frame)
    middle = y0 + 0.42 * (y1 - y0)
    canvas.fill(quad(x0, middle - 0.006, x1, middle + 0.006), frame)
    canvas.fill(quad(x0 - 0.035, y1 + 0.014, x1 + 0.035, y1 + 0.034), lighten(frame, 0.3))
    canvas.fill(quad(x0 - 0.03, y1 + 0.034, x1 + 0.03, y1 + 0.042), darken(frame, 0.22))
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
        edge += [[outer + side * 0.42 * wide, tied], [outer + side * 0.62 * wide, y1 + 0.06], [outer, y1 + 0.06]]
        shape = np.array(edge)
        canvas.fill(shape, lighten(seen, 0.08), shade=(darken(seen, 0.18), (inner, 0), (outer, 0)))
        for share in (0.25, 0.5, 0.72):
            top = outer + side * wide * share
            low = outer + side * wide * share * 0.55
            fold = smooth([[top, y0 - 0.04], [(top + low) / 2, (y0 + tied) / 2], [low, tied], [low, y1 + 0.055]], closed=False)
            canvas.stroke(fold, darken(seen, 0.22), 0.004, alpha=0.55)
        canvas.fill(quad(min(outer, outer + side * 0.46 * wide), tied - 0.008, max(outer, outer + side * 0.46 * wide), tied + 0.012), darken(seen, 0.2))
    rod = light.room((132, 98, 72))
    canvas.stroke([[x0 - 0.075, y0 - 0.05], [x1 + 0.075, y0 - 0.05]], rod, 0.011)
    for x in (x0 - 0.078, x1 + 0.078):
        canvas.ellipse(x, y0 - 0.05, 0.011, 0.011, lighten(rod, 0.2))


def books(canvas: Canvas, light: Light, rng: np.random.Generator, x0: float, x1: float, base_y: float, tall: float) -> None:
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
        corners = [[x + lean, base_y - height], [x + thick + lean, base_y - height], [x + thick, base_y], [x, base_y]]
        canvas.fill(corners, seen)
        canvas.fill([[x + lean, base_y - height], [x + 0.25 * thick + lean, base_y - height], [x + 0.25 * thick, base_y], [x, base_y]], lighten(seen, 0.16))
        if thick > 0.014 and not lean:
            y = base_y - 0.78 * height
            canvas.fill(quad(x + 0.15 * thick, y, x + 0.85 * thick, y + 0.008), lighten(seen, 0.42))
        x += thick + 0.0012 + lean


def bookshelf(
    canvas: Canvas, light: Light, rng: np.random.Generator, x0: float, y0: float, x1: float, y1: float, wood: RGB, rows: int
) -> None:
    """A bookcase with `rows` shelves of books and a few ornaments."""
    seen = light.room(wood)
    canvas.fill(quad(x0 + 0.01, y0 + 0.012, x1 + 0.022, y1 + 0.006), darken(seen, 0.5), alpha=0.22)
    canvas.fill(quad(x0, y0, x1, y1), darken(seen, 0.42))
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


def ornament(canvas: Canvas, light: Light, rng: np.random.Generator, cx: float, base_y: float, tall: float) -> None:
    """A vase, a globe or a small plant."""
    kind = int(rng.integers(3))
    if kind == 0:
        seen = light.room(pick(rng, ((212, 190, 168), (150, 176, 178), (198, 146, 120))))
        body = smooth([[cx - 0.18 * tall, base_y - tall], [cx + 0.18 * tall, base_y - tall], [cx + 0.34 * tall, base_y - 0.45 * tall], [cx + 0.2 * tall, base_y], [cx - 0.2 * tall, base_y], [cx - 0.34 * tall, base_y - 0.45 * tall]])
        canvas.fill(body, lighten(seen, 0.2), shade=(darken(seen, 0.2), (cx - 0.3 * tall, 0), (cx + 0.3 * tall, 0)))
    elif kind == 1:
        seen = light.room((120, 158, 176))
        canvas.fill(quad(cx - 0.06 * tall, base_y - 0.2 * tall, cx + 0.06 * tall, base_y), light.room(WOODS[1]))
        canvas.ellipse(cx, base_y - 0.02, 0.22 * tall, 0.012, light.room(WOODS[1]))
        canvas.ellipse(cx, base_y - 0.56 * tall, 0.38 * tall, 0.38 * tall, lighten(seen, 0.2), shade=(darken(seen, 0.2), (cx - 0.3 * tall, 0), (cx + 0.4 * tall, 0)))
        canvas.ellipse(cx - 0.08 * tall, base_y - 0.62 * tall, 0.16 * tall, 0.12 * tall, light.room((170, 180, 132)))
    else:
        plant(canvas, light, rng, cx, base_y, tall)


def plant(canvas: Canvas, light: Light, rng: np.random.Generator, cx: float, base_y: float, tall: float) -> None:
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
        bend = [[cx + 0.05 * lean * tall, top + 0.02], [cx + lean * 0.16 * tall, top - 0.55 * reach], [tip[0], tip[1] + abs(lean) * 0.16 * tall]]
        widths = [0.02 * tall, 0.17 * tall, 0.004] if broad else [0.03 * tall, 0.07 * tall, 0.003]
        shade = lighten(leaf, 0.14) if lean < 0 else darken(leaf, 0.14)
        canvas.fill(ribbon(smooth(bend, closed=False, samples=5), widths), mix(shade, leaf, float(rng.random())))
    half = 0.17 * tall
    canvas.fill([[cx - half, top], [cx + half, top], [cx + 0.72 * half, base_y], [cx - 0.72 * half, base_y]], lighten(pot, 0.15), shade=(darken(pot, 0.22), (cx - half, 0), (cx + half, 0)))
    canvas.fill(quad(cx - 1.1 * half, top - 0.03 * tall, cx + 1.1 * half, top + 0.03 * tall), pot)


def painting(canvas: Canvas, light: Light, rng: np.random.Generator, x0: float, y0: float, x1: float, y1: float) -> None:
    """A framed picture on the wall: hills, shapes or a flower."""
    wood = light.room(pick(rng, (*WOODS, (236, 230, 220))))
    canvas.fill(quad(x0 + 0.008, y0 + 0.010, x1 + 0.012, y1 + 0.014), darken(wood, 0.6), alpha=0.20)
    canvas.fill(quad(x0, y0, x1, y1), wood)
    edge = 0.012
    canvas.fill(quad(x0 + edge, y0 + edge, x1 - edge, y1 - edge), light.room((245, 240, 230)))
    edge = 0.028
    x0, y0, x1, y1 = x0 + edge, y0 + edge, x1 - edge, y1 - edge
    if x1 <= x0 or y1 <= y0:
        return
    width, height = x1 - x0, y1 - y0
    hues = ((216, 168, 130), (150, 182, 186), (196, 186, 146), (176, 146, 158), (140, 164, 132))
    base, second, third = (light.room(hues[int(i)]) for i in rng.permutation(5)[:3])
    with canvas.clip(quad(x0, y0, x1, y1)):
        canvas.gradient(lighten(base, 0.4), lighten(base, 0.1), (x0, y0, x1, y1))
        if rng.random() < 0.6:
            canvas.ellipse(x0 + 0.66 * width, y0 + 0.34 * height, 0.13 * width, 0.13 * width, light.room((250, 226, 178)))
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
    cone = [[cx - 0.042, top_y], [cx + 0.042, top_y], [cx + 0.085, top_y + 0.115], [cx - 0.085, top_y + 0.115]]
    canvas.fill(cone, lighten(seen, 0.2), shade=(darken(seen, 0.06 if light.lit else 0.16), (cx - 0.05, 0), (cx + 0.09, 0)))


def hanging_lamp(canvas: Canvas, light: Light, cx: float, y: float, size: float, colour: RGB) -> None:
    """A pendant lamp whose lower rim is at `y`; it always burns, softly by day."""
    cord = light.room((92, 78, 72))
    seen = light.room(colour)
    canvas.stroke([[cx, -0.02], [cx, y - 0.55 * size]], cord, 0.005)
    canvas.glow(cx, y + 0.10 * size, 2.6 * size, 2.2 * size, light.glow, 0.62 if light.lit else 0.30)
    canvas.ellipse(cx, y + 0.02 * size, 0.22 * size, 0.22 * size, (255, 244, 208))
    dome = np.concatenate([arc(cx, y, 0.62 * size, 0.62 * size, math.pi, 2 * math.pi, 14)])
    canvas.fill(dome, lighten(seen, 0.18), shade=(darken(seen, 0.25), (cx - 0.5 * size, 0), (cx + 0.6 * size, 0)))
    canvas.fill(quad(cx - 0.09 * size, y - 0.74 * size, cx + 0.09 * size, y - 0.56 * size), darken(seen, 0.25))


def clock(canvas: Canvas, light: Light, cx: float, cy: float, radius: float) -> None:
    """A round wall clock."""
    rim = light.room((92, 92, 100))
    canvas.ellipse(cx + 0.006, cy + 0.008, radius, radius, darken(rim, 0.5), alpha=0.25)
    canvas.ellipse(cx, cy, radius, radius, rim)
    canvas.ellipse(cx, cy, 0.86 * radius, 0.86 * radius, light.room((248, 246, 240)))
    canvas.stroke([[cx, cy], [cx, cy - 0.58 * radius]], rim, 0.09 * radius)
    canvas.stroke([[cx, cy], [cx + 0.42 * radius, cy + 0.16 * radius]], rim, 0.09 * radius)


def cabinet(
    canvas: Canvas, light: Light, x0: float, y0: float, x1: float, y1: float, colour: RGB, doors: int, low: bool = False
) -> None:
    """A row of cabinet doors with panels and handles, handles on top when the cabinet stands `low`."""
    seen = light.room(colour)
    canvas.fill(quad(x0, y0 + 0.008, x1, y1 + 0.014), darken(seen, 0.55), alpha=0.22)
    canvas.gradient(lighten(seen, 0.12), darken(seen, 0.05), (x0, y0, x1, y1))
    wide = (x1 - x0) / doors
    for door in range(doors):
        left, right = x0 + door * wide, x0 + (door + 1) * wide
        canvas.stroke([[right, y0], [right, y1]], darken(seen, 0.24), 0.004)
        inset = min(0.028, 0.16 * wide)
        canvas.fill(quad(left + inset, y0 + inset, right - inset, y1 - inset), darken(seen, 0.08))
        canvas.fill(quad(left + inset + 0.004, y0 + inset + 0.005, right - inset, y1 - inset), lighten(seen, 0.07))
        x = right - 0.5 * inset if door % 2 == 0 else left + 0.5 * inset
        y = y0 + 0.06 if low else y1 - 0.06
        canvas.stroke([[x, y - 0.018], [x, y + 0.018]], light.room((122, 106, 88)), 0.008)
    canvas.stroke([[x0, y1], [x1, y1]], darken(seen, 0.24), 0.004)


def contact_shadow(canvas: Canvas, cx: float, y: float, rx: float, alpha: float = 0.3) -> None:
    """A soft shadow on the floor."""
    canvas.glow(cx, y, rx, 0.22 * rx, (52, 40, 56), alpha)


def string_of_flags(canvas: Canvas, light: Light, x0: float, y0: float, x1: float, y1: float, sag: float, colours: tuple[RGB, ...]) -> None:
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


def disc_cluster(rng: np.random.Generator, cx: float, cy: float, rx: float, ry: float, count: int) -> list[tuple[float, float]]:
    """Places scattered evenly within an ellipse, from the back (top) to the front."""
    turns, radii = rng.random(count) * 2 * math.pi, np.sqrt(rng.random(count))
    places = [(cx + rx * r * math.cos(t), cy + ry * r * math.sin(t)) for t, r in zip(turns, radii, strict=True)]
    return sorted(places, key=lambda place: place[1])


def blob(rng: np.random.Generator, cx: float, cy: float, rx: float, ry: float, rough: float = 0.12, count: int = 9) -> Points:
    """A rounded, slightly irregular outline."""
    radii = 1 + rough * rng.uniform(-1, 1, count)
    turns = np.arange(count) * 2 * math.pi / count
    return smooth(np.stack([cx + rx * radii * np.cos(turns), cy + ry * radii * np.sin(turns)], axis=1), samples=5)


