"""Where figures stand: framing, interaction and number of figures become places, poses and reaches.

Knows every place in the picture that drawing and truth must agree on. Knows nothing about pixels or colours.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Final

from limner_world.build import build_of
from limner_world.holding import reading, selfie, with_flowers, with_held
from limner_world.scene import Scene
from limner_world.stance import FLOOR_Y, Arm, Stage, Stance, hanging, stature
from limner_world.together import together

__all__ = ["Stage", "Stance", "is_cut_out", "lay_out"]

SEATED: Final = ("sitting on a couch", "looking at a laptop", "sitting at a table")
AT_TABLE: Final = ("looking at a laptop", "sitting at a table")
FOR_TWO: Final = ("examining", "holding the baby", "kissing on the cheek", "hugging", "holding hands")

# framing -> (x, y, head height) of a lone head; then the same for two heads
_ALONE: Final = {
    "close-up": (0.5, 0.455, 0.64),
    "bust": (0.5, 0.385, 0.44),
    "half body": (0.5, 0.27, 0.265),
    "full body": (0.5, 0.0, 0.152),
}
_TOGETHER: Final = {
    "close-up": (0.27, 0.44, 0.375),
    "bust": (0.272, 0.385, 0.33),
    "half body": (0.305, 0.285, 0.225),
    "full body": (0.34, 0.0, 0.148),
}
_SEATED_HEAD: Final = {"half body": 0.232, "full body": 0.175}


@lru_cache(maxsize=64)  # drawing, furniture and truth ask in turn
def lay_out(scene: Scene) -> Stage:
    """The layout of a scene of one or two figures; the same for every picture size."""
    if not 1 <= len(scene.figures) <= 2:
        raise ValueError(f"a scene holds one or two figures, not {len(scene.figures)}")
    if scene.framing not in _ALONE:
        raise ValueError(f"unknown framing {scene.framing!r}; use one of {', '.join(_ALONE)}")
    interaction = scene.interaction
    if len(scene.figures) == 1 and interaction in FOR_TWO:
        interaction = "none"
    stances = [_upright(scene, interaction, index) for index in range(len(scene.figures))]
    if is_cut_out(scene):
        return Stage(stances=tuple(replace(s, pose="cut-out", held=None) for s in stances), paint_order=(0,))
    order = tuple(range(len(stances)))
    if len(stances) == 2:
        stances, order = together(stances, interaction, scene.framing)
    table_y = None
    stances = [with_held(s, interaction, i, len(stances)) for i, s in enumerate(stances)]
    if interaction in AT_TABLE:
        table_y = _table_y(stances)
        stances = [_at_table(s, interaction, stances, table_y) for s in stances]
    if interaction == "sitting on a couch":
        stances = [_on_couch(s) for s in _on_one_seat(stances, scene.framing)]
    if interaction == "reading a book":
        stances = reading(stances)
    if interaction == "taking a selfie":
        stances = selfie(stances)
    if interaction == "holding flowers":
        stances = [with_flowers(stances[0]), *stances[1:]]
    grown = max(stances, key=lambda s: s.build.size)
    return Stage(
        stances=tuple(stances),
        paint_order=order,
        seat_y=grown.place(0, grown.build.hip_y)[1] if interaction in SEATED else None,
        table_y=table_y,
        floor_y=FLOOR_Y if scene.framing == "full body" else 1.0,
    )


def is_cut_out(scene: Scene) -> bool:
    """Whether the scene is a cut-out face on plain white."""
    return scene.setting == "white" and scene.framing == "close-up" and len(scene.figures) == 1


def _upright(scene: Scene, interaction: str, index: int) -> Stance:
    """A figure at its standard place, arms hanging, before any interaction."""
    figure = scene.figures[index]
    build = build_of(figure.person.traits)
    pair = len(scene.figures) == 2
    x, y, head = (_TOGETHER if pair else _ALONE)[scene.framing]
    if index == 1:
        x = 1.0 - x
    seated = interaction in SEATED
    if seated:
        head = _SEATED_HEAD.get(scene.framing, head)
    grown = not pair or interaction == "holding the baby"
    head *= 1.0 if not pair else build.size
    pose = "sitting" if seated else "standing"
    if scene.framing == "full body":
        if not pair:
            head = min(0.84 / build.height, 0.205) if not seated else head
        if build.size < 0.8 and not seated:
            pose = "on the floor"
        y = FLOOR_Y - stature(build, pose) * head
    elif pair and not grown:
        y += (
            {"close-up": 0.10, "bust": 0.12, "half body": 0.22}[scene.framing]
            * max(0.0, 0.95 - build.size)
            / 0.2
        )
    width = 2 * build.shoulder_half * head
    zoom = scene.zoom
    centre_y = FLOOR_Y if scene.framing == "full body" else 0.45
    return Stance(
        figure=figure,
        build=build,
        x=0.5 + (x + figure.shift_x * width - 0.5) * zoom,
        y=centre_y + (y + figure.shift_y * width - centre_y) * zoom,
        head=head * zoom,
        pose=pose,
        turn=figure.turn,
        tilt=figure.tilt,
        left_arm=hanging(build, -1),
        right_arm=hanging(build, 1),
    )


def _on_one_seat(stances: list[Stance], framing: str) -> list[Stance]:
    """Everybody's hips on the seat of the largest, so that small legs hang and nobody sits before the couch;
    nearer framings do not show the seat and keep heads in the picture.
    """
    if framing not in ("half body", "full body"):
        return stances
    grown = max(stances, key=lambda s: s.build.size)
    seat_y = grown.place(0, grown.build.hip_y)[1]
    return [replace(s, y=seat_y - s.build.hip_y * s.head) for s in stances]


def _on_couch(stance: Stance) -> Stance:
    """Hands rest in the lap unless they are busy."""
    build = stance.build
    lap = build.hip_y - 0.02

    def resting(arm: Arm, side: int) -> Arm:
        if arm.layer != "behind":
            return arm
        return Arm(
            hand_heads=(side * build.hip_half * 0.52, lap),
            elbow_heads=(side * (build.shoulder_half + 0.16), build.waist_y - 0.02),
            layer="front",
        )

    return replace(stance, left_arm=resting(stance.left_arm, -1), right_arm=resting(stance.right_arm, 1))


def _table_y(stances: list[Stance]) -> float:
    """The table's far edge: waist high, and always well within the picture."""
    grown = max(stances, key=lambda s: s.build.size)
    return min(grown.place(0, grown.build.waist_y + 0.02)[1], 0.85)


def _lifted(stance: Stance, lowest_heads: float) -> Stance:
    """The figure with what it holds raised above the table."""
    held = stance.held
    if held is None or held.y_heads <= lowest_heads:
        return stance
    rise = held.y_heads - lowest_heads

    def raised(arm: Arm) -> Arm:
        x, y = arm.hand_heads
        return replace(arm, hand_heads=(x, y - rise)) if arm.grip == "hold" else arm

    return replace(
        stance,
        held=replace(held, y_heads=lowest_heads),
        left_arm=raised(stance.left_arm),
        right_arm=raised(stance.right_arm),
    )


def _at_table(stance: Stance, interaction: str, stances: list[Stance], table_y: float) -> Stance:
    """Forearms on the table; before a laptop both look at it, hands behind its lid."""
    build, turn = stance.build, stance.turn
    middle = sum(s.x for s in stances) / len(stances)
    inward = 0.0 if len(stances) == 1 else (1.0 if stance.x < middle else -1.0)
    laptop = interaction == "looking at a laptop"
    if laptop:
        turn = 0.55 * inward + 0.3 * turn
    edge = (table_y - stance.y) / stance.head
    stance = _lifted(stance, edge - 0.24)
    top = edge - 0.02 if laptop else edge + 0.20

    def laid(arm: Arm, side: int) -> Arm:
        if arm.grip == "hold":
            return arm
        reach = 0.30 if laptop else 0.12
        return Arm(
            hand_heads=(side * build.shoulder_half * 0.42 + reach * inward, top),
            elbow_heads=(side * (build.shoulder_half + 0.20), top - (0.0 if laptop else 0.10)),
            layer="front" if laptop else "over",
        )

    return replace(stance, turn=turn, left_arm=laid(stance.left_arm, -1), right_arm=laid(stance.right_arm, 1))
