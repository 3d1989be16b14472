"""Furniture around the people of a scene: couch, chairs, table, cups, laptop.

Knows where the layout puts seats and tables, and draws to meet them. Knows nothing about how people look.
`paint_midground` comes before the figures, `paint_foreground` after them.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.chance import pick, seeded
from limner_world.curves import arc, ribbon, smooth
from limner_world.layout import Stage, Stance, lay_out
from limner_world.palette import darken, lighten
from limner_world.scene import Scene
from limner_world.settings.light import Light, light_of
from limner_world.settings.rooms import WOODS
from limner_world.settings.shapes import contact_shadow, quad, rounded
from limner_world.settings.sign import paint_sign

NUM_FURNISHINGS: Final = 8  # one for each layout of a setting
_FABRICS: Final[tuple[RGB, ...]] = (
    (112, 142, 140),
    (196, 132, 108),
    (128, 140, 172),
    (206, 178, 140),
    (150, 124, 140),
    (140, 156, 118),
    (98, 112, 134),
    (212, 164, 150),
)
# the far edge of a table lies at most so low, that what stands on it is seen
_TABLE_SEEN: Final = {"looking at a laptop": 0.86, "sitting at a table": 0.90}


def paint_midground(canvas: Canvas, scene: Scene) -> None:
    """What stands behind the figures: the sign, the couch or the chairs."""
    stage, light = lay_out(scene), light_of(scene.lighting)
    if scene.written_word:
        paint_sign(canvas, scene, stage, light)
    if stage.seat_y is None:
        return
    rng = seeded("furniture", scene.variant % NUM_FURNISHINGS)
    fabric = light.room(pick(rng, _FABRICS))
    if scene.interaction == "sitting on a couch":
        _couch(canvas, stage, fabric, light, rng)
        return
    wood = light.room(pick(rng, WOODS))
    for stance in stage.stances:
        _chair(canvas, stance, wood, fabric, stage.floor_y)


def paint_foreground(canvas: Canvas, scene: Scene) -> None:
    """What stands before the figures: the couch's arms, or the table with what lies on it."""
    stage, light = lay_out(scene), light_of(scene.lighting)
    if stage.seat_y is None and stage.table_y is None:
        return
    rng = seeded("furniture", scene.variant % NUM_FURNISHINGS)
    if scene.interaction == "sitting on a couch" and stage.seat_y is not None:
        _couch_arms(canvas, stage, light.room(pick(rng, _FABRICS)))
    if stage.table_y is not None:
        _table(canvas, scene, stage, light, rng)


def _span(stage: Stage, beyond_heads: float) -> tuple[float, float, float]:
    """Left and right end of what is `beyond_heads` wider than the shoulders, and the mean head's height."""
    head = sum(stance.head for stance in stage.stances) / len(stage.stances)
    left = min(s.x - s.build.shoulder_half * s.head for s in stage.stances)
    right = max(s.x + s.build.shoulder_half * s.head for s in stage.stances)
    return left - beyond_heads * head, right + beyond_heads * head, head


# ---- couch and chairs --------------------------------------------------------------------------------


def _couch_ends(stage: Stage) -> tuple[float, float, float]:
    left, right, head = _span(stage, 0.75)
    if right - left < 4.4 * head:
        middle = (left + right) / 2
        left, right = middle - 2.2 * head, middle + 2.2 * head
    return left, right, head


def _couch(canvas: Canvas, stage: Stage, fabric: RGB, light: Light, rng: np.random.Generator) -> None:
    """Back, cushions, seat and base of a couch; its arms come later, before the figures."""
    assert stage.seat_y is not None
    left, right, head = _couch_ends(stage)
    seat, top = stage.seat_y, stage.seat_y - 1.75 * head
    front = min(seat + 0.62 * head, stage.floor_y - 0.3 * head) if stage.floor_y < 1 else seat + 0.62 * head
    base = min(front + 0.50 * head, stage.floor_y - 0.04) if stage.floor_y < 1 else front + 0.6 * head
    canvas.glow((left + right) / 2, base + 0.03, (right - left) * 0.62, 0.22 * head, (44, 34, 50), 0.5)
    back = rounded(left + 0.1 * head, top, right - 0.1 * head, front, 0.34 * head)
    canvas.fill(back, lighten(fabric, 0.10), shade=(darken(fabric, 0.22), (0, top), (0, seat + 0.3 * head)))
    count = max(2, round((right - left) / (1.9 * head)))
    wide = (right - left - 0.5 * head) / count
    for index in range(count):
        x0 = left + 0.25 * head + index * wide
        cushion = rounded(
            x0 + 0.02 * head, top + 0.14 * head, x0 + wide - 0.02 * head, seat + 0.12 * head, 0.26 * head
        )
        canvas.fill(
            cushion, lighten(fabric, 0.22), shade=(darken(fabric, 0.12), (x0, top), (x0 + 0.8 * wide, seat))
        )
        canvas.stroke(cushion, darken(fabric, 0.26), 0.02 * head, closed=True, alpha=0.5)
    for index in range(count):
        x0 = left + 0.25 * head + index * wide
        seat_part = rounded(x0 + 0.01 * head, seat - 0.06 * head, x0 + wide - 0.01 * head, front, 0.16 * head)
        canvas.fill(
            seat_part,
            lighten(fabric, 0.26),
            shade=(darken(fabric, 0.10), (0, seat - 0.06 * head), (0, front)),
        )
    canvas.fill(
        quad(left + 0.2 * head, front - 0.02, right - 0.2 * head, base),
        darken(fabric, 0.10),
        shade=(darken(fabric, 0.34), (0, front), (0, base)),
    )
    for x in (left + 0.4 * head, right - 0.4 * head):
        canvas.fill(
            [
                [x - 0.07 * head, base],
                [x + 0.07 * head, base],
                [x + 0.04 * head, base + 0.18 * head],
                [x - 0.04 * head, base + 0.18 * head],
            ],
            light.room(WOODS[1]),
        )
    hue = light.room(pick(rng, _FABRICS))
    for x, lean in ((left + 0.62 * head, -0.16), (right - 0.62 * head, 0.2)):
        with canvas.at(x, seat - 0.42 * head, head, lean):
            pillow = smooth(
                [
                    [-0.40, -0.40],
                    [0, -0.34],
                    [0.40, -0.40],
                    [0.36, 0],
                    [0.40, 0.38],
                    [0, 0.34],
                    [-0.40, 0.38],
                    [-0.36, 0],
                ],
                samples=5,
            )
            canvas.fill(pillow, lighten(hue, 0.2), shade=(darken(hue, 0.18), (-0.3, -0.3), (0.4, 0.4)))


def _couch_arms(canvas: Canvas, stage: Stage, fabric: RGB) -> None:
    """The rolled arms at both ends."""
    assert stage.seat_y is not None
    left, right, head = _couch_ends(stage)
    top = stage.seat_y - 0.62 * head
    bottom = (
        min(stage.seat_y + 1.1 * head, stage.floor_y - 0.03)
        if stage.floor_y < 1
        else stage.seat_y + 1.3 * head
    )
    for x0, x1 in ((left - 0.12 * head, left + 0.36 * head), (right - 0.36 * head, right + 0.12 * head)):
        canvas.fill(
            rounded(x0, top, x1, bottom, 0.20 * head),
            lighten(fabric, 0.18),
            shade=(darken(fabric, 0.24), (x0, top), (x1, bottom)),
        )
        canvas.stroke(
            arc((x0 + x1) / 2, top + 0.22 * head, 0.17 * head, 0.16 * head, math.pi, 2 * math.pi),
            lighten(fabric, 0.34),
            0.035 * head,
            alpha=0.7,
        )


def _chair(canvas: Canvas, stance: Stance, wood: RGB, fabric: RGB, floor_y: float) -> None:
    """A chair whose back rises behind the shoulders, and whose legs reach the floor when it is seen."""
    build, head = stance.build, stance.head
    seat = stance.place(0, build.hip_y)[1]
    half = (build.shoulder_half + 0.10) * head
    top = stance.place(0, build.shoulder_y + 0.20)[1]
    if floor_y < 1:
        contact_shadow(canvas, stance.x, floor_y, 1.5 * half, 0.35)
        for dx in (-0.9, 0.9):
            leg = [[stance.x + dx * half, seat], [stance.x + 1.08 * dx * half, floor_y - 0.01]]
            canvas.stroke(leg, darken(wood, 0.16), 0.12 * head)
    for dx in (-1.0, 1.0):
        canvas.stroke(
            [[stance.x + dx * half, top + 0.05 * head], [stance.x + 0.96 * dx * half, seat]],
            darken(wood, 0.1),
            0.13 * head,
        )
    back = rounded(stance.x - 1.08 * half, top, stance.x + 1.08 * half, top + 0.85 * head, 0.2 * head)
    canvas.fill(
        back,
        lighten(fabric, 0.12),
        shade=(darken(fabric, 0.2), (stance.x - half, top), (stance.x + half, top + 0.8 * head)),
    )
    canvas.stroke(back, darken(wood, 0.04), 0.07 * head, closed=True)
    canvas.fill(
        rounded(
            stance.x - 1.05 * half, seat - 0.08 * head, stance.x + 1.05 * half, seat + 0.16 * head, 0.1 * head
        ),
        darken(fabric, 0.12),
    )


# ---- table -------------------------------------------------------------------------------------------


def _table(canvas: Canvas, scene: Scene, stage: Stage, light: Light, rng: np.random.Generator) -> None:
    """A table across the lower picture, and the laptop or the cups on it."""
    assert stage.table_y is not None
    left, right, head = _span(stage, 0.9)
    far = min(stage.table_y, _TABLE_SEEN[scene.interaction])  # near cameras would cut the table off
    near = far + 0.62 * head
    wood = light.room(pick(rng, (*WOODS, (232, 226, 216))))
    thick = 0.13 * head
    if stage.floor_y < 1:
        contact_shadow(canvas, (left + right) / 2, stage.floor_y + 0.005, (right - left) * 0.6, 0.35)
    foot = stage.floor_y if stage.floor_y < 1 else 1.05
    if near + thick < foot:
        for x in (left - 0.15 * head, right + 0.15 * head):
            shade = (darken(wood, 0.4), (x - 0.1 * head, 0.0), (x + 0.1 * head, 0.0))
            canvas.fill(quad(x - 0.09 * head, near, x + 0.09 * head, foot), darken(wood, 0.08), shade=shade)
        canvas.fill(quad(left, near + thick, right, near + thick + 0.16 * head), (40, 30, 44), alpha=0.28)
    canvas.glow((left + right) / 2, far, (right - left) * 0.56, 0.16 * head, (44, 34, 50), 0.35)
    top = [[left, far], [right, far], [right + 0.35 * head, near], [left - 0.35 * head, near]]
    canvas.fill(top, lighten(wood, 0.30), shade=(lighten(wood, 0.06), (left, far), (right, near)))
    for share in (0.22, 0.48, 0.74):
        y = far + (near - far) * share
        canvas.stroke(
            [[left - 0.35 * head * share, y], [right + 0.35 * head * share, y + 0.004]],
            darken(wood, 0.06),
            0.012 * head,
            alpha=0.6,
        )
    edge = quad(left - 0.35 * head, near, right + 0.35 * head, near + thick)
    canvas.fill(edge, darken(wood, 0.06), shade=(darken(wood, 0.24), (0, near), (0, near + thick)))
    canvas.stroke(
        [[left - 0.35 * head, near], [right + 0.35 * head, near]], lighten(wood, 0.5), 0.018 * head, alpha=0.8
    )
    middle = sum(s.x for s in stage.stances) / len(stage.stances)
    if scene.interaction == "looking at a laptop":
        _laptop(canvas, middle, far + 0.50 * head, head * (1.0 if len(stage.stances) == 1 else 1.3), light)
        _cup(canvas, right - 0.30 * head, far + 0.36 * head, 0.30 * head, light.room(pick(rng, _FABRICS)))
        return
    cups = (
        (middle - 0.30 * head, middle + 0.36 * head)
        if len(stage.stances) == 2
        else (left + 0.35 * head, right - 0.35 * head)
    )
    for x in cups[: 2 if len(stage.stances) == 2 else 1]:
        _cup(canvas, x, far + 0.46 * head, 0.32 * head, light.room(pick(rng, (*_FABRICS, (244, 240, 232)))))
    if len(stage.stances) == 1:
        _plate(canvas, cups[1], far + 0.40 * head, 0.36 * head, light)


def _laptop(canvas: Canvas, cx: float, base_y: float, head: float, light: Light) -> None:
    """An open laptop seen from behind its lid."""
    steel = light.room((196, 200, 206))
    half, tall = 0.50 * head, 0.62 * head
    canvas.glow(cx, base_y + 0.02 * head, 1.25 * half, 0.12 * head, (40, 32, 46), 0.55)
    canvas.fill(
        [
            [cx - half, base_y - 0.05 * head],
            [cx + half, base_y - 0.05 * head],
            [cx + 1.04 * half, base_y + 0.02 * head],
            [cx - 1.04 * half, base_y + 0.02 * head],
        ],
        darken(steel, 0.3),
    )
    lid = rounded(cx - half, base_y - tall, cx + half, base_y, 0.06 * head)
    canvas.fill(
        lid,
        lighten(steel, 0.35),
        shade=(darken(steel, 0.14), (cx - half, base_y - tall), (cx + half, base_y)),
    )
    canvas.stroke(lid, darken(steel, 0.25), 0.016 * head, closed=True, alpha=0.8)
    canvas.ellipse(cx, base_y - 0.52 * tall, 0.075 * head, 0.075 * head, lighten(steel, 0.7))


def _cup(canvas: Canvas, cx: float, base_y: float, size: float, colour: RGB) -> None:
    """A cup of coffee on a saucer; `size` is the cup's height."""
    coffee: RGB = (96, 62, 46)
    canvas.glow(cx + 0.1 * size, base_y + 0.02 * size, 1.0 * size, 0.26 * size, (40, 32, 46), 0.5)
    canvas.ellipse(cx, base_y, 0.78 * size, 0.17 * size, darken(colour, 0.12))
    canvas.ellipse(cx, base_y - 0.03 * size, 0.74 * size, 0.15 * size, lighten(colour, 0.30))
    handle = arc(cx + 0.44 * size, base_y - 0.52 * size, 0.24 * size, 0.22 * size, -1.6, 1.8, 12)
    canvas.stroke(handle, darken(colour, 0.08), 0.10 * size)
    rim = base_y - 0.92 * size
    body = np.concatenate(
        [
            [[cx - 0.5 * size, rim]],
            arc(cx, base_y - 0.32 * size, 0.46 * size, 0.30 * size, math.pi, 0, 14),
            [[cx + 0.5 * size, rim]],
        ]
    )
    canvas.fill(
        body, lighten(colour, 0.28), shade=(darken(colour, 0.18), (cx - 0.5 * size, 0), (cx + 0.5 * size, 0))
    )
    canvas.ellipse(cx, rim, 0.50 * size, 0.13 * size, lighten(colour, 0.42))
    canvas.ellipse(cx, rim + 0.01 * size, 0.43 * size, 0.095 * size, coffee)
    for dx, phase in ((-0.12, 0.0), (0.12, 1.4)):
        rise = np.linspace(0, 1, 9)
        steam = np.stack(
            [cx + (dx + 0.07 * np.sin(rise * 6 + phase)) * size, rim - (0.12 + 0.62 * rise) * size], axis=1
        )
        canvas.fill(ribbon(steam, [0.03 * size, 0.10 * size, 0.01 * size]), (255, 255, 255), alpha=0.34)


def _plate(canvas: Canvas, cx: float, y: float, size: float, light: Light) -> None:
    """A plate with a pastry."""
    china, crust = light.room((246, 242, 236)), light.room((214, 152, 92))
    canvas.glow(cx, y + 0.05 * size, 1.1 * size, 0.3 * size, (40, 32, 46), 0.4)
    canvas.ellipse(cx, y, size, 0.27 * size, darken(china, 0.12))
    canvas.ellipse(cx, y - 0.03 * size, 0.96 * size, 0.25 * size, china)
    canvas.ellipse(cx, y - 0.02 * size, 0.64 * size, 0.15 * size, darken(china, 0.07))
    roll = smooth(
        [
            [cx - 0.52 * size, y],
            [cx - 0.34 * size, y - 0.24 * size],
            [cx, y - 0.34 * size],
            [cx + 0.34 * size, y - 0.24 * size],
            [cx + 0.52 * size, y],
            [cx, y - 0.05 * size],
        ],
        samples=5,
    )
    canvas.fill(roll, lighten(crust, 0.25), shade=(darken(crust, 0.2), (0, y - 0.34 * size), (0, y)))
    for dx in (-0.22, 0.0, 0.22):
        canvas.stroke(
            [[cx + dx * size, y - 0.30 * size], [cx + 1.25 * dx * size, y - 0.06 * size]],
            darken(crust, 0.22),
            0.03 * size,
            alpha=0.7,
        )
