"""The measures of a body: how wide and how far down each part lies, by age and presentation.

Knows proportions. Knows nothing about poses or drawing.

All lengths are in heads: skull top to chin is 1, the head's centre is the origin, y points down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from limner_world.person import Traits


@dataclass(frozen=True, kw_only=True)
class Build:
    """A body upright and facing us, in heads. Names ending in `_y` are heights, `_half` half widths."""

    size: float = 1.0  # this head's height against a grown man's
    neck_half: float = 0.15
    pit_y: float = 0.72  # where the collar bones meet
    shoulder_y: float = 0.88
    shoulder_half: float = 0.70
    chest_half: float = 0.56
    waist_y: float = 1.72
    waist_half: float = 0.45
    hip_y: float = 2.30
    hip_half: float = 0.56
    crotch_y: float = 2.52
    knee_y: float = 3.72
    ankle_y: float = 4.82
    sole_y: float = 5.02
    upper_arm: float = 0.98
    forearm: float = 0.88
    arm_width: float = 0.25
    leg_width: float = 0.44
    hand: float = 0.25

    @property
    def height(self) -> float:
        """From skull top to sole, in heads."""
        return self.sole_y + 0.5


_WOMAN = Build(size=0.97)
_MAN = Build(
    neck_half=0.205,
    pit_y=0.71,
    shoulder_half=0.86,
    chest_half=0.68,
    waist_half=0.57,
    hip_half=0.56,
    upper_arm=1.02,
    forearm=0.92,
    arm_width=0.30,
    leg_width=0.47,
    hand=0.28,
)
_CHILD = Build(
    size=0.86,
    neck_half=0.125,
    pit_y=0.64,
    shoulder_y=0.77,
    shoulder_half=0.50,
    chest_half=0.43,
    waist_y=1.32,
    waist_half=0.40,
    hip_y=1.70,
    hip_half=0.43,
    crotch_y=1.86,
    knee_y=2.56,
    ankle_y=3.18,
    sole_y=3.34,
    upper_arm=0.62,
    forearm=0.56,
    arm_width=0.20,
    leg_width=0.32,
    hand=0.20,
)
_BABY = Build(
    size=0.74,
    neck_half=0.13,
    pit_y=0.56,
    shoulder_y=0.66,
    shoulder_half=0.42,
    chest_half=0.40,
    waist_y=1.10,
    waist_half=0.43,
    hip_y=1.38,
    hip_half=0.45,
    crotch_y=1.50,
    knee_y=1.86,
    ankle_y=2.14,
    sole_y=2.28,
    upper_arm=0.42,
    forearm=0.36,
    arm_width=0.20,
    leg_width=0.30,
    hand=0.16,
)


def build_of(traits: Traits) -> Build:
    """The body that goes with a person's age group and presentation."""
    return _build_of(traits.age, traits.presentation)


@lru_cache(maxsize=16)
def _build_of(age: str, presentation: str) -> Build:
    if age == "baby":
        return _BABY
    if age == "child":
        return _CHILD
    grown = _MAN if presentation == "man" else _WOMAN
    if age == "teenager":
        return replace(
            grown,
            size=0.95,
            shoulder_half=grown.shoulder_half * 0.92,
            chest_half=grown.chest_half * 0.90,
            waist_half=grown.waist_half * 0.92,
            hip_half=grown.hip_half * 0.92,
            neck_half=grown.neck_half * 0.92,
            arm_width=grown.arm_width * 0.9,
        )
    if age == "middle-aged":
        return replace(grown, waist_half=grown.waist_half + 0.06, hip_half=grown.hip_half + 0.03)
    if age == "elderly":
        return replace(
            grown,
            shoulder_half=grown.shoulder_half * 0.94,
            waist_half=grown.waist_half + 0.06,
            size=grown.size * 0.97,
        )
    return grown
