"""Two figures and what they do with each other: kissing, hugging, holding a baby, examining, hand in hand.

Knows how close they come and where their arms go. Knows nothing about furniture, things held or pixels.
"""

from __future__ import annotations

from dataclasses import replace

from limner_world.build import Build
from limner_world.stance import Arm, Place, Stance, hanging


def together(stances: list[Stance], interaction: str, framing: str) -> tuple[list[Stance], tuple[int, ...]]:
    """Two figures placed for what they do with each other, and the order in which they are painted."""
    first, second = stances
    if interaction == "kissing on the cheek":
        return _kissing(first, second), (1, 0)
    if interaction == "hugging":
        return _hugging(first, second), (1, 0)
    if interaction == "holding the baby":
        return _cradling(first, second, framing), (0, 1)
    if interaction == "examining":
        return _examining(first, second), (1, 0)
    if interaction == "holding hands":
        return _hand_in_hand(first, second, framing), (0, 1)
    return stances, (0, 1)


def closer(first: Stance, second: Stance, gap_heads: float) -> tuple[Stance, Stance]:
    """Both moved along x about their middle until the heads' centres lie `gap_heads` mean heads apart."""
    middle = (first.x + second.x) / 2
    half = gap_heads * (first.head + second.head) / 4
    return replace(first, x=middle - half), replace(second, x=middle + half)


def _kissing(first: Stance, second: Stance) -> list[Stance]:
    first, second = closer(first, second, 0.72)
    first = replace(first, y=second.y + 0.05 * first.head, turn=1.0, tilt=0.8)
    second = replace(second, turn=0.15 + 0.25 * second.turn, tilt=0.25)
    chest = first.from_picture(*second.place(0.40, second.build.shoulder_y + 0.55))
    return [replace(first, right_arm=_embracing(first.build, chest)), second]


def _embracing(build: Build, hand_heads: Place) -> Arm:
    """A right arm laid across somebody's front."""
    return Arm(
        hand_heads=hand_heads,
        elbow_heads=(build.shoulder_half + 0.02, build.shoulder_y + build.upper_arm * 0.80),
        layer="over",
    )


def _hugging(first: Stance, second: Stance) -> list[Stance]:
    first, second = closer(first, second, 0.94)
    first = replace(first, turn=0.35 + 0.3 * first.turn, tilt=0.65)
    second = replace(second, turn=-0.35 + 0.3 * second.turn, tilt=-0.6)
    across = first.from_picture(*second.place(0.36, second.build.shoulder_y + 0.50))
    build = first.build
    shoulder = second.from_picture(*first.place(-build.shoulder_half + 0.06, build.shoulder_y + 0.34))
    behind = second.from_picture(*first.place(-build.shoulder_half - 0.50, build.shoulder_y + 0.20))
    return [
        replace(first, right_arm=_embracing(first.build, across)),
        replace(second, left_arm=Arm(hand_heads=shoulder, elbow_heads=behind, layer="hand over")),
    ]


def _cradling(first: Stance, second: Stance, framing: str) -> list[Stance]:
    x = {"close-up": 0.36, "bust": 0.40, "half body": 0.45, "full body": 0.48}[framing]
    grow = {"close-up": 0.92, "bust": 1.0, "half body": 1.1, "full body": 1.0}[framing]
    y = first.y - {"close-up": 0.10, "bust": 0.09}.get(framing, 0.0)
    first = replace(first, x=x + (first.x - 0.29) * 0.3, y=y, head=first.head * grow, turn=0.35, tilt=0.45)
    build = first.build
    baby_x, baby_y = first.place(build.shoulder_half * 0.92, build.shoulder_y + 0.46)
    baby = replace(
        second,
        x=baby_x,
        y=baby_y,
        head=first.head * 0.76,
        pose="cradled",
        turn=-0.15 + 0.3 * second.turn,
        tilt=0.0,
    )
    first = replace(
        first,
        right_arm=Arm(
            hand_heads=(-0.20, build.shoulder_y + 1.42),
            elbow_heads=(build.shoulder_half + 0.36, build.shoulder_y + 1.12),
            layer="around",
        ),
        left_arm=Arm(
            hand_heads=(0.02, build.shoulder_y + 0.98),
            elbow_heads=(-build.shoulder_half - 0.16, build.shoulder_y + 0.98),
            layer="around",
        ),
    )
    return [first, baby]


def _examining(first: Stance, second: Stance) -> list[Stance]:
    first, second = closer(first, second, 1.55)
    first = replace(first, turn=0.8, tilt=0.15)
    second = replace(second, turn=-0.45 + 0.3 * second.turn, tilt=0.0)
    jaw = first.from_picture(*second.place(-0.34, 0.38))
    chin = first.from_picture(*second.place(-0.30, second.build.pit_y + 0.75))
    return [
        replace(
            first,
            right_arm=Arm(
                hand_heads=jaw,
                elbow_heads=(first.build.shoulder_half + 0.12, first.build.shoulder_y + 0.80),
                layer="over",
            ),
            left_arm=Arm(hand_heads=chin, grip="hidden", layer="behind")
            if first.head < 0.2
            else hanging(first.build, -1),
        ),
        second,
    ]


def _hand_in_hand(first: Stance, second: Stance, framing: str) -> list[Stance]:
    raised = framing in ("close-up", "bust")
    low = min(first.place(0, first.build.hip_y)[1], second.place(0, second.build.hip_y)[1])
    meet = ((first.x + second.x) / 2, min(low, 0.90) if not raised else 0.80)
    joined = [
        Arm(
            hand_heads=stance.from_picture(*meet),
            elbow_heads=(
                side * stance.build.shoulder_half * 0.72,
                stance.build.shoulder_y + stance.build.upper_arm * 1.15,
            )
            if raised
            else None,
            grip=grip,
            layer="over",
        )
        for side, stance, grip in ((1, first, "rest"), (-1, second, "hold"))
    ]
    return [replace(first, right_arm=joined[0]), replace(second, left_arm=joined[1])]
