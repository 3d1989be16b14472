"""How the hour colours a setting: sky, tone of surfaces, and whether lamps burn.

Knows the three lightings. Knows nothing about places or shapes. The light falls from the upper left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.palette import mix


@dataclass(frozen=True, kw_only=True)
class Light:
    """One hour of the day: how far every surface leans to `tint`, and whether lamps burn (`lit`)."""

    name: str
    sky_top: RGB
    sky_low: RGB
    glow: RGB  # what light patches lean to
    tint: RGB
    strength: float
    indoors: float  # share of `strength` that reaches a room
    lit: bool

    def tone(self, colour: RGB) -> RGB:
        """A surface's colour under this light in the open."""
        return mix(colour, _shaded(colour, self.tint), self.strength)

    def room(self, colour: RGB) -> RGB:
        """A surface's colour under this light in a room."""
        return mix(colour, _shaded(colour, self.tint), self.strength * self.indoors)


def _shaded(colour: RGB, tint: RGB) -> RGB:
    """Half the tint itself, half the colour seen through it: hues survive, values fall."""
    seen = (colour[0] * tint[0] // 255, colour[1] * tint[1] // 255, colour[2] * tint[2] // 255)
    return mix(seen, tint, 0.45)


_LIGHTS: Final = {
    "daylight": Light(
        name="daylight",
        sky_top=(128, 188, 232),
        sky_low=(228, 241, 244),
        glow=(255, 250, 226),
        tint=(255, 255, 255),
        strength=0.0,
        indoors=0.0,
        lit=False,
    ),
    "warm evening light": Light(
        name="warm evening light",
        sky_top=(124, 124, 180),
        sky_low=(255, 202, 142),
        glow=(255, 206, 128),
        tint=(246, 160, 98),
        strength=0.36,
        indoors=0.75,
        lit=True,
    ),
    "night": Light(
        name="night",
        sky_top=(20, 28, 66),
        sky_low=(70, 90, 142),
        glow=(255, 214, 140),
        tint=(42, 56, 112),
        strength=0.68,
        indoors=0.58,
        lit=True,
    ),
}


def light_of(lighting: str) -> Light:
    """The light of a lighting word; raises ValueError on a word that is none."""
    if lighting not in _LIGHTS:
        raise ValueError(f"unknown lighting {lighting!r}; use one of {', '.join(_LIGHTS)}")
    return _LIGHTS[lighting]


Painter = Callable[[Canvas, np.random.Generator, Light], None]  # covers the canvas with one place
