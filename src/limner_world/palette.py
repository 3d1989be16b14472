"""The colours behind the words: garments, skins, hair; and how a colour is lightened, darkened and mixed.

Knows trait words and RGB bytes. Knows nothing about shapes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from limner_world.canvas import RGB

COLOURS: Final[dict[str, RGB]] = {
    "white": (243, 241, 236),
    "black": (46, 45, 52),
    "gray": (142, 146, 152),
    "red": (206, 56, 52),
    "maroon": (122, 34, 50),
    "orange": (234, 132, 48),
    "yellow": (243, 203, 72),
    "green": (70, 140, 82),
    "mint-green": (158, 216, 188),
    "light-blue": (150, 198, 232),
    "blue": (58, 108, 190),
    "navy-blue": (38, 52, 98),
    "purple": (124, 82, 162),
    "pink": (238, 158, 182),
    "tan": (212, 182, 140),
    "brown": (124, 82, 54),
}

SKINS: Final[dict[str, RGB]] = {
    "fair": (250, 220, 198),
    "tan": (228, 180, 140),
    "brown": (176, 122, 84),
    "dark": (112, 74, 54),
}

HAIR_COLOURS: Final[dict[str, RGB]] = {
    "black": (44, 38, 42),
    "brown": (104, 66, 42),
    "blond": (230, 192, 112),
    "red": (184, 80, 40),
    "gray": (152, 152, 156),
    "white": (232, 230, 226),
}

INK: Final[RGB] = (58, 42, 46)  # warm near-black of thin lines
DENIM: Final[RGB] = (76, 106, 152)
LIGHT: Final[RGB] = (255, 250, 236)  # what highlights lean to
SHADOW: Final[RGB] = (52, 34, 66)  # what shadows lean to: a dusky violet looks warmer than black


@lru_cache(maxsize=8192)  # the same few colours meet again and again
def mix(first: RGB, second: RGB, share: float) -> RGB:
    """`first` with `share` in [0, 1] of `second`."""
    keep = 1.0 - share
    return (
        round(first[0] * keep + second[0] * share),
        round(first[1] * keep + second[1] * share),
        round(first[2] * keep + second[2] * share),
    )


def lighten(colour: RGB, share: float = 0.2) -> RGB:
    """The colour in more light."""
    return mix(colour, LIGHT, share)


def darken(colour: RGB, share: float = 0.2) -> RGB:
    """The colour in shade, a little richer than mere black would make it."""
    return mix(colour, SHADOW, share)


def skin_shadow(skin: RGB, share: float = 0.22) -> RGB:
    """Skin in shade: warm and red rather than gray."""
    return mix(skin, (128, 44, 40), share) if sum(skin) > 330 else mix(skin, (40, 12, 20), share)


def luminance(colour: RGB) -> float:
    """How bright the colour looks, in [0, 1]."""
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255
