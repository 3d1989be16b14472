"""Backgrounds: every setting word becomes a painted place, in several layouts and three lights.

Knows which painter belongs to which word and how backdrops are kept. Knows nothing about people.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from limner_world.canvas import Canvas
from limner_world.chance import seeded
from limner_world.scene import SETTINGS
from limner_world.settings import gardens, homes, schools, seaside, town, wilds, workplaces
from limner_world.settings.furniture import paint_foreground, paint_midground
from limner_world.settings.light import light_of

NUM_LAYOUTS: Final = 8
NUM_CUTS: Final = 4
NUM_VARIANTS: Final = NUM_LAYOUTS * 2 * NUM_CUTS  # layout, mirror image and cut; variants repeat after these
_PAINTERS: Final = {
    word: painter
    for places in (homes, workplaces, schools, gardens, wilds, seaside, town)
    for word, painter in places.PAINTERS.items()
}
ONE_WAY: Final = ("doctor's office",)  # holds letters
_CUT: Final = {
    "close-up": 0.74,
    "bust": 0.84,
    "half body": 0.92,
    "full body": 1.0,
}  # share of the backdrop seen
# cut -> (how far from the left, how far from the top, how much nearer)
_CUTS: Final = ((0.15, 0.22, 0.98), (0.85, 0.35, 0.96), (0.5, 0.5, 1.0), (0.35, 0.3, 0.95))
_SOFTNESS: Final = {"close-up": 0.006, "bust": 0.0035, "half body": 0.002, "full body": 0.0}


def paint_setting(
    canvas: Canvas, setting: str, variant: int, lighting: str, *, framing: str = "half body"
) -> None:
    """Cover `canvas` with the place called `setting`.

    `variant` (any whole number) picks one of `NUM_LAYOUTS` layouts, its mirror image and which part is seen
    (`variant_parts`); `framing` how near the camera is: nearer shows less, less sharply. Raises ValueError on
    unknown words.
    """
    if setting not in SETTINGS:
        raise ValueError(f"unknown setting {setting!r}; use one of {', '.join(SETTINGS)}")
    light = light_of(lighting)
    if framing not in _CUT:
        raise ValueError(f"unknown framing {framing!r}; use one of {', '.join(_CUT)}")
    if setting == "white":
        canvas.gradient((255, 255, 255), (255, 255, 255))
        return
    backdrop = whole_backdrop(setting, variant, light.name, canvas.size_px)
    canvas.cover(_seen_part(backdrop, setting, variant, framing))


def variant_parts(variant: int) -> tuple[int, int, int]:
    """(layout, mirror, cut) of a variant: below `NUM_LAYOUTS`, 2 and `NUM_CUTS`."""
    rest, layout = divmod(variant, NUM_LAYOUTS)
    return layout, rest % 2, rest // 2 % NUM_CUTS


def variant_of(layout: int, mirror: int, cut: int) -> int:
    """The smallest variant with these parts: the inverse of `variant_parts`."""
    return layout + NUM_LAYOUTS * (mirror + 2 * cut)


def _seen_part(backdrop: NDArray[np.uint8], setting: str, variant: int, framing: str) -> cv2.typing.MatLike:
    """The part of a backdrop (S, S, 3) that the camera sees: a smaller square."""
    left, top, share = _seen_square(variant, framing)
    source = backdrop.shape[0]
    side = round(share * source)
    x, y = round(left * source), round(top * source)
    seen: cv2.typing.MatLike = backdrop[y : y + side, x : x + side]
    sigma = _SOFTNESS[framing] * side
    if sigma >= 0.4:
        seen = cv2.GaussianBlur(seen, (0, 0), sigma)  # before enlarging: a quarter of the pixels
    if _is_mirrored(setting, variant):
        seen = cv2.flip(seen, 1)
    return seen


def _seen_square(variant: int, framing: str) -> tuple[float, float, float]:
    """Left and top edge and side of the part of a backdrop that is seen, in the backdrop's unit square."""
    across, down, near = _CUTS[variant_parts(variant)[2]]
    share = _CUT[framing] * near
    return across * (1 - share), down * (1 - share), share


def _is_mirrored(setting: str, variant: int) -> bool:
    return setting not in ONE_WAY and variant_parts(variant)[1] == 1


def seen_window(setting: str, variant: int, framing: str) -> tuple[float, float, float, float]:
    """Where the picture's left, top, right and bottom edge lie in the backdrop's unit square; a mirrored one
    has its left edge on the right.
    """
    left, top, share = _seen_square(variant, framing)
    sides = (left + share, left) if _is_mirrored(setting, variant) else (left, left + share)
    return sides[0], top, sides[1], top + share


def whole_backdrop(setting: str, layout: int, lighting: str, size_px: int = 256) -> NDArray[np.uint8]:
    """(size_px, size_px, 3) uint8 RGB: the whole place of which pictures show a part; "white" has none."""
    keep = _small_backdrop if size_px <= 288 else _large_backdrop
    return keep(setting, layout % NUM_LAYOUTS, light_of(lighting).name, size_px)


def _backdrop(setting: str, layout: int, lighting: str, size_px: int) -> NDArray[np.uint8]:
    canvas = Canvas(size_px)
    _PAINTERS[setting](canvas, seeded("setting", setting, layout), light_of(lighting))
    pixels = canvas.pixels()
    pixels.flags.writeable = False
    return pixels


# Backdrops repeat from scene to scene; each cache stays below about 90 MB, and the small one holds
# every layout of every setting in every light.
_small_backdrop = lru_cache(maxsize=448)(_backdrop)
_large_backdrop = lru_cache(maxsize=16)(_backdrop)

__all__ = [
    "NUM_CUTS",
    "NUM_LAYOUTS",
    "NUM_VARIANTS",
    "ONE_WAY",
    "paint_foreground",
    "paint_midground",
    "paint_setting",
    "seen_window",
    "variant_of",
    "variant_parts",
    "whole_backdrop",
]
