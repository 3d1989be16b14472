"""Hair: ten styles, each a layer behind the body and a layer over the face.

Knows which drawing belongs to which word. Knows nothing about the face beneath, nor the hat above.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from limner_world.canvas import Canvas
from limner_world.hair_cropped import draw_curly_back, draw_curly_front, draw_short_front, draw_spiky_front
from limner_world.hair_loose import (
    draw_bangs_front,
    draw_long_back,
    draw_long_front,
    draw_shoulder_back,
    draw_shoulder_front,
)
from limner_world.hair_tied import draw_braids_front, draw_bun_back, draw_ponytail_back, draw_pulled_front
from limner_world.locks import draw_nape
from limner_world.skull import Head


def draw_hair_back(canvas: Canvas, head: Head) -> None:
    """The hair that hangs behind neck and shoulders."""
    draw = _BACKS.get(head.person.traits.hair_style)
    if draw is not None:
        draw(canvas, head)


def draw_hair_front(canvas: Canvas, head: Head) -> None:
    """The hair over forehead, temples, ears and shoulders."""
    draw = _FRONTS.get(head.person.traits.hair_style)
    if draw is not None:
        draw(canvas, head)


def covers_ears(head: Head) -> bool:
    """Whether the hair hides the ears."""
    traits = head.person.traits
    style = traits.hair_style
    return style in ("shoulder-length", "long", "long with bangs") or (
        style == "curly" and traits.presentation == "woman"
    )


_Draw = Callable[[Canvas, Head], None]
_BACKS: Final[dict[str, _Draw]] = {
    "short": draw_nape,
    "shoulder-length": draw_shoulder_back,
    "long": draw_long_back,
    "long with bangs": draw_long_back,
    "curly": draw_curly_back,
    "bun": draw_bun_back,
    "ponytail": draw_ponytail_back,
    "braids": draw_nape,
}
_FRONTS: Final[dict[str, _Draw]] = {
    "short": draw_short_front,
    "shoulder-length": draw_shoulder_front,
    "long": draw_long_front,
    "long with bangs": draw_bangs_front,
    "curly": draw_curly_front,
    "bun": draw_pulled_front,
    "ponytail": draw_pulled_front,
    "braids": draw_braids_front,
    "spiky": draw_spiky_front,
}
