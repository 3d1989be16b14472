"""How a figure stands: its place, pose and reaches, and the stage on which all stand. Values only.

Knows what drawing and truth must agree on. Knows nothing about how places are chosen, nor about pixels.

Places are in unit coordinates of the picture unless a name ends in `_heads`: those are in the figure's own
frame (origin at the head's centre, one unit = the head's height, y down). "Left" and "right" are the
picture's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from limner_world.build import Build
from limner_world.scene import Figure

Place = tuple[float, float]

FLOOR_Y: Final = 0.925


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One arm. `hand_heads` is the palm's centre; `elbow_heads` overrides the natural elbow.

    `grip`: "rest" (hanging or flat), "hold" (around a thing) or "hidden" (the hand is not seen).
    `layer`: "behind" the trunk, in "front" of it, or "over" the furniture in the foreground and other
    figures, "around" (in front of the trunk, the forearm over what it carries) or "hand over" (the arm runs
    behind the other figure, the hand alone comes round).
    """

    hand_heads: Place
    elbow_heads: Place | None = None
    grip: str = "rest"
    layer: str = "behind"


@dataclass(frozen=True, kw_only=True)
class Held:
    """A thing in a figure's hand or lap; its centre in the figure's frame, `rotation` in radians."""

    thing: str
    colour: str
    x_heads: float
    y_heads: float
    rotation: float = 0.0
    scale: float = 1.0
    layer: str = "front"


@dataclass(frozen=True, kw_only=True)
class Stance:
    """How one figure stands in the picture.

    `pose`: "standing", "sitting", "on the floor", "cradled" (a baby lying in arms) or "cut-out" (head and
    collar only).
    """

    figure: Figure
    build: Build
    x: float
    y: float
    head: float  # the head's height
    pose: str
    turn: float
    tilt: float
    left_arm: Arm
    right_arm: Arm
    held: Held | None = None

    @property
    def lowest_heads(self) -> float:
        """Where the body ends, feet or all, in heads below the head's centre."""
        return stature(self.build, self.pose)

    def place(self, x_heads: float, y_heads: float) -> Place:
        """From the figure's frame to the picture."""
        return self.x + x_heads * self.head, self.y + y_heads * self.head

    def from_picture(self, x: float, y: float) -> Place:
        """From the picture to the figure's frame."""
        return (x - self.x) / self.head, (y - self.y) / self.head


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The whole layout: stances from left to right, and the lines that furniture keeps to.

    `seat_y` is the height of the seats (None when all stand), `table_y` the table's far edge (None without a
    table), `floor_y` the ground line (below 1 only when feet are seen). `paint_order` lists figures from back
    to front.
    """

    stances: tuple[Stance, ...]
    paint_order: tuple[int, ...]
    seat_y: float | None = None
    table_y: float | None = None
    floor_y: float = FLOOR_Y


def stature(build: Build, pose: str) -> float:
    """From the head's centre to the lowest point, in heads."""
    if pose == "sitting":
        return build.hip_y + 0.30 + (build.sole_y - build.knee_y)
    if pose == "on the floor":
        return build.hip_y + 0.16
    return build.sole_y


def hanging(build: Build, side: int) -> Arm:
    reach = build.upper_arm + build.forearm
    return Arm(
        hand_heads=(side * (build.shoulder_half + 0.025 * reach), build.shoulder_y + 0.97 * reach + 0.08),
        elbow_heads=(side * (build.shoulder_half + 0.035 * reach), build.shoulder_y + build.upper_arm * 0.98),
    )
