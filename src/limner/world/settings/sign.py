"""The lettered sign of a scene: where it hangs, how it looks. Knows where figures stand."""

from __future__ import annotations

from typing import Final

import numpy as np

from limner.world.canvas import Canvas
from limner.world.layout import Stage
from limner.world.palette import darken, lighten
from limner.world.scene import Scene
from limner.world.settings.lettering import draw_word, width_of
from limner.world.settings.light import Light
from limner.world.settings.shapes import quad, rounded

_INDOORS: Final = (
    "living room",
    "kitchen",
    "cafe",
    "office",
    "library",
    "doctor's office",
    "classroom",
    "brick wall",
)


def paint_sign(canvas: Canvas, scene: Scene, stage: Stage, light: Light) -> None:
    """A lettered board where heads leave most room: framed on a wall, on a post in the open."""
    cx, cy, wide, tall = _sign_place(stage, scene.written_word)
    board, frame, ink = light.room((250, 243, 226)), light.room((146, 98, 66)), (64, 46, 52)
    if scene.setting in _INDOORS:
        peak = (cx, max(cy - tall / 2 - 0.05, -0.02))
        canvas.stroke(
            [[cx - 0.36 * wide, cy - tall / 2], peak, [cx + 0.36 * wide, cy - tall / 2]],
            darken(frame, 0.2),
            0.006,
        )
    else:
        for dx in (-0.28, 0.28):
            post = quad(
                cx + dx * wide - 0.012,
                cy,
                cx + dx * wide + 0.012,
                1.02 if stage.floor_y >= 1 else stage.floor_y - 0.08,
            )
            canvas.fill(
                post,
                darken(frame, 0.04),
                shade=(darken(frame, 0.3), (cx + dx * wide - 0.012, 0), (cx + dx * wide + 0.012, 0)),
            )
    x0, y0, x1, y1 = cx - wide / 2, cy - tall / 2, cx + wide / 2, cy + tall / 2
    canvas.fill(rounded(x0 + 0.006, y0 + 0.010, x1 + 0.010, y1 + 0.014, 0.014), (40, 30, 46), alpha=0.25)
    canvas.fill(
        rounded(x0, y0, x1, y1, 0.014), lighten(frame, 0.12), shade=(darken(frame, 0.14), (0, y0), (0, y1))
    )
    rim = 0.014
    canvas.fill(
        rounded(x0 + rim, y0 + rim, x1 - rim, y1 - rim, 0.008),
        lighten(board, 0.4),
        shade=(darken(board, 0.06), (0, y0), (0, y1)),
    )
    draw_word(canvas, scene.written_word, cx, cy, _letter_height(scene.written_word, wide), ink)


def _letter_height(word: str, wide: float) -> float:
    return min((wide - 0.075) / max(width_of(word), 1.0), 0.11)


def _sign_place(stage: Stage, word: str) -> tuple[float, float, float, float]:
    """Where the word fits largest while figures hide next to none of it: (cx, cy, width, height)."""
    hiding = [
        (s.x - 0.66 * s.head, s.y - 0.92 * s.head, s.x + 0.66 * s.head, s.y + 0.80 * s.head)
        for s in stage.stances
    ]
    for s in stage.stances:
        half = (s.build.shoulder_half + 0.12) * s.head
        hiding.append((s.x - half, s.y + 0.80 * s.head, s.x + half, 1.2))
    best = (0.0, (0.5, 0.07, 0.26, 0.10))
    for wide in np.arange(0.60, 0.21, -0.02):
        tall = _letter_height(word, float(wide)) + 0.075
        for cy in np.arange(tall / 2 + 0.02, 0.36, 0.03):
            for cx in (0.5, *np.arange(wide / 2 + 0.015, 1 - wide / 2 - 0.01, 0.03)):
                box = (cx - wide / 2, cy - tall / 2, cx + wide / 2, cy + tall / 2)
                hidden = sum(_shared(box, body) for body in hiding) / (wide * tall)
                letter = _letter_height(word, float(wide))
                score = letter * (1 - hidden) ** 4 - 0.01 * float(cy) if hidden < 0.10 else 0.0
                if score > best[0] + 1e-9:
                    best = (
                        score,
                        (float(cx), float(cy), min(float(wide), width_of(word) * letter + 0.10), float(tall)),
                    )
    return best[1]


def _shared(first: tuple[float, float, float, float], second: tuple[float, float, float, float]) -> float:
    """The area that two boxes share."""
    wide = min(first[2], second[2]) - max(first[0], second[0])
    tall = min(first[3], second[3]) - max(first[1], second[1])
    return max(wide, 0.0) * max(tall, 0.0)
