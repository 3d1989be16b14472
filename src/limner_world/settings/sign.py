"""The lettered sign of a scene: where it hangs, how it looks. Knows where figures stand."""

from __future__ import annotations

from typing import Final

import numpy as np

from limner_world.canvas import Canvas
from limner_world.layout import Stage
from limner_world.palette import darken, lighten
from limner_world.scene import Scene
from limner_world.settings.lettering import draw_word, width_of
from limner_world.settings.light import Light
from limner_world.settings.shapes import quad, rounded

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


_LARGEST: Final = 0.11  # the height of a letter
_WIDTHS: Final = np.arange(0.60, 0.21, -0.02)
_ACROSS: Final = np.array([0.5, *np.linspace(0, 1, 21)])  # the middle first: it wins a tie
_DOWN: Final = np.arange(0.0, 0.30, 0.03)


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
    draw_word(canvas, scene.written_word, cx, cy, tall - 0.075, ink)


def _sign_place(stage: Stage, word: str) -> tuple[float, float, float, float]:
    """Where the word fits largest while figures hide next to none of it: (cx, cy, width, height)."""
    wide, across, down = (grid.ravel() for grid in np.meshgrid(_WIDTHS, _ACROSS, _DOWN, indexing="ij"))
    letter = np.minimum((wide - 0.075) / max(width_of(word), 1.0), _LARGEST)
    tall, wide = letter + 0.075, width_of(word) * letter + 0.10
    cx, cy = wide / 2 + 0.012 + across * (0.976 - wide), tall / 2 + 0.02 + down
    hidden = np.zeros_like(cx)
    for x0, y0, x1, y1 in _bodies(stage):
        shared_x = np.minimum(cx + wide / 2, x1) - np.maximum(cx - wide / 2, x0)
        shared_y = np.minimum(cy + tall / 2, y1) - np.maximum(cy - tall / 2, y0)
        hidden += np.maximum(shared_x, 0) * np.maximum(shared_y, 0) / (wide * tall)
    # without any free place the least hidden wins, as its score is the least negative
    score = np.where(hidden < 0.06, letter * (1 - hidden) ** 4 - 0.01 * cy, -hidden)
    best = int(np.argmax(np.round(score, 9)))
    return float(cx[best]), float(cy[best]), float(wide[best]), float(tall[best])


def _bodies(stage: Stage) -> list[tuple[float, float, float, float]]:
    """The boxes (x0, y0, x1, y1) that heads with their hats, and trunks, may fill."""
    boxes = []
    for s in stage.stances:
        boxes.append((s.x - 0.66 * s.head, s.y - 0.92 * s.head, s.x + 0.66 * s.head, s.y + 0.80 * s.head))
        half = (s.build.shoulder_half + 0.12) * s.head
        boxes.append((s.x - half, s.y + 0.80 * s.head, s.x + half, 1.2))
    return boxes
