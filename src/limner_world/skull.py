"""The measures of a head: how age, presentation and identity become lengths, and how a head turns.

Knows where everything lies in the head's own frame: centre at (0, 0), chin to crown about 1.0, y down.
Knows nothing about drawing: eyes, mouth, hair and hats read their places here.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from limner_world.canvas import RGB
from limner_world.curves import Points
from limner_world.palette import HAIR_COLOURS, SKINS, lighten, mix, skin_shadow
from limner_world.person import Person
from limner_world.strands import curve

MOST_TURN_RAD: Final = 0.48  # how far `turn` = 1 turns the head
MOST_TILT_RAD: Final = 0.16
_DEPTH: Final = 0.31  # how far the face's middle stands before the ears
_FACE_MIDDLE_Y: Final = 0.05
_FACE_HALF: Final = 0.78  # how far above and below its middle the face has turned away
_LEAST: Final = 0.02  # of the squared depth: nothing of a face lies behind the ears
_SKULL_Y: Final = -0.07  # height of the skull's widest place


@dataclass(frozen=True, kw_only=True)
class _Age:
    """The average face of an age, in head units; half widths where a width is meant."""

    width: float
    eye_y: float
    nose_y: float
    mouth_y: float
    eye_w: float
    jaw: float
    cheek: float
    chin_y: float
    chin_w: float
    nose_w: float
    mouth_w: float
    lip: float
    hairline_y: float
    brow: float
    ear: float
    maturity: float  # how far a man's face differs from a woman's


# fmt: off
_AGES: Final = {
    "baby": _Age(
        width=.420, eye_y=.115, nose_y=.235, mouth_y=.325, eye_w=.106, jaw=.315, cheek=.050,
        chin_y=.465, chin_w=.150, nose_w=.040, mouth_w=.080, lip=.85, hairline_y=-.27, brow=.45,
        ear=.080, maturity=0.
    ),
    "child": _Age(
        width=.395, eye_y=.080, nose_y=.230, mouth_y=.325, eye_w=.105, jaw=.285, cheek=.026,
        chin_y=.480, chin_w=.130, nose_w=.044, mouth_w=.098, lip=.85, hairline_y=-.25, brow=.75,
        ear=.082, maturity=.25
    ),
    "teenager": _Age(
        width=.368, eye_y=.052, nose_y=.212, mouth_y=.322, eye_w=.098, jaw=.258, cheek=.008,
        chin_y=.495, chin_w=.115, nose_w=.051, mouth_w=.110, lip=1., hairline_y=-.245, brow=.95,
        ear=.080, maturity=.7
    ),
    "young adult": _Age(
        width=.360, eye_y=.038, nose_y=.207, mouth_y=.322, eye_w=.094, jaw=.255, cheek=.0,
        chin_y=.50, chin_w=.115, nose_w=.055, mouth_w=.118, lip=1., hairline_y=-.25, brow=1.,
        ear=.080, maturity=1.
    ),
    "middle-aged": _Age(
        width=.366, eye_y=.030, nose_y=.208, mouth_y=.325, eye_w=.087, jaw=.274, cheek=.004,
        chin_y=.50, chin_w=.125, nose_w=.060, mouth_w=.120, lip=.85, hairline_y=-.27, brow=1.,
        ear=.085, maturity=1.
    ),
    "elderly": _Age(
        width=.362, eye_y=.032, nose_y=.216, mouth_y=.334, eye_w=.080, jaw=.282, cheek=-.004,
        chin_y=.505, chin_w=.130, nose_w=.066, mouth_w=.116, lip=.55, hairline_y=-.29, brow=1.,
        ear=.098, maturity=.8
    ),
}
_EYE_HUES: Final = (-1.0, -0.5, 0.0, 0.5, 1.0)
_EYE_COLOURS: Final = (
    (112, 66, 34), (172, 120, 44), (82, 148, 72), (58, 128, 208), (146, 160, 178)
)  # brown, hazel, green, blue, gray
# fmt: on


@dataclass(frozen=True, kw_only=True)
class Tones:
    """The colours of one head."""

    skin: RGB
    skin_light: RGB
    skin_shade: RGB
    skin_line: RGB
    blush: RGB
    lip: RGB
    iris: RGB
    hair: RGB
    hair_dark: RGB
    hair_light: RGB
    brow: RGB


@dataclass(frozen=True, kw_only=True)
class Head:
    """One head, turned. Half widths end in `_w`, half heights in `_h`, places in `_x` and `_y`."""

    person: Person
    width: float
    jaw: float
    cheek: float
    chin_y: float
    chin_w: float
    crown_y: float
    hairline_y: float
    eye_x: float
    eye_y: float
    eye_w: float
    eye_h: float
    eye_tilt: float
    brow_y: float
    brow: float
    brow_arch: float
    brow_tilt: float
    nose_y: float
    nose_w: float
    mouth_y: float
    mouth_w: float
    lip: float
    ear: float
    mole: tuple[float, float, float]  # x, y, radius
    tones: Tones
    turn: float
    sin: float
    cos: float

    def on_face(self, points: ArrayLike, lift: float = 0.0) -> Points:
        """Points (..., 2) of the face seen straight on, as the turned head shows them, `lift` above it."""
        flat = np.array(points, dtype=np.float64, order="C")
        if not self.sin:
            return flat
        from limner_world.outlines import turned

        return np.asarray(turned(flat.reshape(-1, 2), self._ellipsoid, lift).reshape(flat.shape))

    @cached_property
    def _ellipsoid(self) -> Points:
        """The face's shape and turn, as `outlines.turned` wants them."""
        wide = self.width * 1.08
        return np.array([wide, _FACE_HALF, _DEPTH, _FACE_MIDDLE_Y, _LEAST, self.sin, self.cos])

    def spot(self, x: float, y: float, lift: float = 0.0) -> tuple[float, float]:
        """One point of the face as the turned head shows it."""
        if not self.sin:
            return x, y
        far = (x / (self.width * 1.08)) ** 2 + ((y - _FACE_MIDDLE_Y) / _FACE_HALF) ** 2
        return x * self.cos + (math.sqrt(max(1 - far, _LEAST)) * _DEPTH + lift) * self.sin, y

    @property
    def skull_x(self) -> float:
        """Where the skull's middle goes when the face turns away."""
        return -0.035 * self.sin / 0.5

    def dome(self, start: float, end: float, side: float = 0.0, top: float = 0.0, count: int = 25) -> Points:
        """The skull's upper outline between two angles (0 right, -pi/2 top), grown by `side` and `top`."""
        wide, high = self.width + side, _SKULL_Y - self.crown_y + top
        frame = np.array([[wide, 0.0], [0.0, high], [self.skull_x, _SKULL_Y]])
        return np.asarray(_arch(start, end, count).dot(frame))

    @cached_property
    def outline(self) -> Points:
        """The head without hair and ears: from the left temple over the crown to the chin and back."""
        return _outline(self)


@lru_cache(maxsize=256)
def _arch(start: float, end: float, count: int) -> Points:
    """Part of a circle, a little squared, and ones for the shift: (count, 3)."""
    turns = np.linspace(start, end, count)
    circle = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    squared = np.sign(circle) * np.abs(circle) ** (2 / 2.25)
    return np.concatenate([squared, np.ones((count, 1))], axis=1)


def _outline(head: Head) -> Points:
    low, jaw, chin_y = head.chin_y - 0.5, head.jaw, head.chin_y
    half = (
        (head.width * 0.995 + 0.15 * head.cheek, 0.07, -0.040),
        (head.width * 0.62 + jaw * 0.38 + head.cheek, 0.22 + low * 0.3, -0.055),
        (jaw + head.cheek * 0.35, 0.355 + low * 0.6, -0.080),
        (head.chin_w + (jaw - head.chin_w) * 0.36, 0.449 + low * 0.9, -0.055),
        (head.chin_w * 0.55, chin_y - 0.008, -0.01),
    )
    right = [(x, y) for x, y, _ in half]
    left = [(-x, y) for x, y, _ in half]
    middle = (0.0, chin_y + 0.004)
    sin = head.sin
    if sin:
        # The lower face follows its front; the far cheek dips at the eye and swells below it.
        far, near = (right, left) if sin > 0 else (left, right)
        near[:] = [(x + sin * _slide(y), y) for x, y in near]
        far[:] = [(x + sin * (_slide(y) + dip), y) for (x, y), (_, _, dip) in zip(far, half, strict=True)]
        middle = (sin * _slide(middle[1]), middle[1])
    dome = head.dome(-math.pi, 0.0, count=9)
    return curve(np.concatenate([dome, [*right, middle, *left[::-1]]]), closed=True)


def _slide(y: float) -> float:
    """How far the front of the face at height `y` goes with the turn."""
    return 0.29 * float(min(max((y + 0.05) / 0.5, 0.0), 1.0) ** 0.85)


@lru_cache(maxsize=64)
def _shared_tones(skin_word: str, hair_word: str, woman: bool) -> dict[str, RGB]:
    """The colours of all heads of that skin and hair."""
    skin, hair = SKINS[skin_word], HAIR_COLOURS[hair_word]
    deep = skin_word == "dark"
    brows = {"white": (176, 172, 170), "gray": (104, 102, 106), "blond": (160, 116, 62), "red": (136, 62, 34)}
    return {
        "skin": skin,
        "skin_light": lighten(skin, 0.14 if deep else 0.3),
        "skin_shade": skin_shadow(skin, 0.34 if deep else 0.24),
        "skin_line": skin_shadow(skin, 0.66 if deep else 0.55),
        "blush": mix(skin, (214, 62, 62), 0.34 if deep else 0.42),
        "lip": mix(skin, (172, 40, 58), 0.50 if woman else 0.30),
        "hair": hair,
        "hair_dark": mix(hair, (34, 18, 40), 0.42),
        "hair_light": (96, 88, 108) if hair_word == "black" else mix(hair, (255, 240, 214), 0.4),
        "brow": brows.get(hair_word, mix(hair, (30, 18, 24), 0.35)),
    }


def _tones(person: Person) -> Tones:
    traits = person.traits
    red, green, blue = _between(person.identity.eye_hue, _EYE_HUES, _EYE_COLOURS)
    shared = _shared_tones(traits.skin, traits.hair_colour, traits.presentation == "woman")
    return Tones(**shared, iris=(round(red), round(green), round(blue)))


def _between(at: float, places: Sequence[float], values: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """The values at `at`, straight between those at rising `places`, level beyond them."""
    if at <= places[0]:
        return values[0]
    if at >= places[-1]:
        return values[-1]
    after = bisect_right(places, at)
    low, high = places[after - 1], places[after]
    share = (at - low) / (high - low)
    return tuple(a + (b - a) * share for a, b in zip(values[after - 1], values[after], strict=True))


_MOLE_PLACES: Final = (-1.0, -0.72, -0.42, -0.08, 0.08, 0.42, 0.72, 1.0)


def _mole(identity_place: float, eye_y: float, mouth_y: float, mouth_w: float) -> tuple[float, float]:
    """A mole wanders from one cheek below the mouth to the other."""
    spots = (
        (-0.245, eye_y + 0.13),
        (-0.205, eye_y + 0.21),
        (-mouth_w - 0.035, mouth_y - 0.035),
        (-mouth_w * 0.7, mouth_y + 0.075),
        (mouth_w * 0.7, mouth_y + 0.08),
        (mouth_w + 0.035, mouth_y - 0.035),
        (0.205, eye_y + 0.21),
        (0.245, eye_y + 0.13),
    )
    x, y = _between(identity_place, _MOLE_PLACES, spots)
    return x, y


def measure(person: Person, turn: float = 0.0) -> Head:
    """The head of `person`, turned by `turn` in [-1, 1] (negative looks to the picture's left)."""
    return _measure(person, round(max(-1.0, min(1.0, turn)), 3))


@lru_cache(maxsize=256)
def _measure(person: Person, turn: float) -> Head:
    i, age = person.identity, _AGES[person.traits.age]
    man = age.maturity if person.traits.presentation == "man" else 0.0
    width = age.width + 0.045 * i.face_width
    stretch = 0.045 * i.face_length
    chin_y = age.chin_y + stretch + 0.035 * i.chin_length
    eye_y = age.eye_y + 0.042 * i.eye_height + 0.25 * stretch
    size = (1 + 0.25 * i.eye_size) * (1 - 0.08 * man)
    eye_w = age.eye_w * size
    eye_x = min(0.172 * (width / 0.36) ** 0.5 + 0.034 * i.eye_spacing, width - eye_w * 0.95 - 0.02)
    eye_x = max(eye_x, eye_w + 0.020)
    eye_h = eye_w * (0.70 - 0.09 * man + (0.06 if age.maturity < 0.5 else 0.0))
    nose_y = age.nose_y + 0.038 * i.nose_length + 0.5 * stretch
    nose_y = max(nose_y, eye_y + 0.075)
    mouth_y = age.mouth_y + 0.026 * i.mouth_height + 0.75 * stretch + 0.006 * i.chin_length
    mouth_y = min(max(mouth_y, nose_y + 0.068), chin_y - 0.085)
    mouth_w = age.mouth_w * (1 + 0.36 * i.mouth_width) * (1 + 0.06 * man)
    angle = turn * MOST_TURN_RAD
    brow_gap = 0.050 + 0.010 * age.eye_w / 0.09 - 0.012 * man
    return Head(
        person=person,
        width=width,
        jaw=min(age.jaw + 0.024 * man + 0.066 * i.jaw_width + 0.45 * (width - age.width), width - 0.02),
        cheek=age.cheek + 0.044 * i.cheek_fullness,
        chin_y=chin_y,
        chin_w=age.chin_w * (1 + 0.22 * man + 0.18 * i.jaw_width - 0.14 * i.chin_length),
        crown_y=-0.5 - 0.030 * i.forehead_height,
        hairline_y=age.hairline_y - 0.055 * i.forehead_height,
        eye_x=eye_x,
        eye_y=eye_y,
        eye_w=eye_w,
        eye_h=eye_h,
        eye_tilt=0.05 + 0.24 * i.eye_tilt - (0.06 if person.traits.age == "elderly" else 0.0),
        brow_y=eye_y - eye_h - brow_gap,
        brow=0.031 * age.brow * (1 + 0.52 * i.brow_thickness) * (1 + 0.25 * man),
        brow_arch=0.024 * (1 - 0.55 * man) + 0.022 * i.brow_arch,
        brow_tilt=0.19 * i.brow_tilt,
        nose_y=nose_y,
        nose_w=age.nose_w * (1 + 0.42 * i.nose_width) * (1 + 0.12 * man),
        mouth_y=mouth_y,
        mouth_w=mouth_w,
        lip=0.034 * age.lip * (1 + 0.66 * i.lip_fullness) * (1 - 0.20 * man),
        ear=age.ear * (1 + 0.44 * i.ear_size),
        mole=(*_mole(i.mole_place, eye_y, mouth_y, mouth_w), 0.0150 + 0.0110 * i.mole_size),
        tones=_tones(person),
        turn=turn,
        sin=math.sin(angle),
        cos=math.cos(angle),
    )
