"""Where held things are held: which hand, how high, and where the arms go for it.

Knows reaches for every thing, for reading together and for selfies. Knows nothing about how things look.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from limner_world.stance import Arm, Held, Stance
from limner_world.together import closer

# thing -> (out, down): where its centre is held, in shoulder half widths from the middle and heads below the
# shoulder
_ONE_HANDED: Final = {
    "potato chip": (0.62, -0.10),
    "phone": (0.80, 0.30),
    "coffee cup": (0.62, 0.42),
    "leaf": (0.80, 0.22),
    "whiskey glass": (0.78, 0.38),
    "balloon": (1.05, 0.35),
    "flowers": (0.55, 0.52),
}
_TWO_HANDED: Final = {"laptop": 1.02, "book": 0.72, "tablet": 0.70, "ball": 0.80}


def with_held(stance: Stance, interaction: str, index: int, count: int) -> Stance:
    """The figure with what it holds, in its outer hand when two stand together."""
    thing = stance.figure.holding
    busy = interaction in ("reading a book", "taking a selfie", "holding the baby", "holding flowers")
    if thing == "none" or stance.pose == "cradled" or (busy and index == 0):
        return stance
    return _holding(stance, thing, stance.figure.holding_colour, side=-1 if count == 2 and index == 0 else 1)


def _holding(stance: Stance, thing: str, colour: str, side: int, enlarged: float = 1.0) -> Stance:
    """The figure holding `thing` in the hand on `side` (-1 left, 1 right), or in both hands when it takes
    two.
    """
    build = stance.build
    small = 0.62 + 0.38 * (build.shoulder_half / 0.72 if build.size < 0.9 else 1.0)
    small *= enlarged * {
        "coffee cup": 1.25,
        "whiskey glass": 1.5,
        "potato chip": 1.15,
        "leaf": 1.3,
        "flowers": 1.15,
        "phone": 1.3,
    }.get(thing, 1.0)
    lift = _lift(stance)
    if thing in _TWO_HANDED and stance.right_arm.layer == "behind" and stance.left_arm.layer == "behind":
        y = build.shoulder_y + _TWO_HANDED[thing] * (build.waist_y / 1.72)
        y = max(min(y, _lowest_seen(stance) - 0.16), 0.78 if thing != "laptop" else 0.98)
        wide, drop = {
            "laptop": (0.40, 0.16),
            "book": (0.34, 0.10),
            "tablet": (0.27, 0.08),
            "ball": (0.21, 0.06),
        }[thing]
        held = Held(thing=thing, colour=colour, x_heads=0.0, y_heads=y, scale=small)
        arms = [
            Arm(
                hand_heads=(s * wide * small, y + drop * small),
                elbow_heads=(
                    s * (build.shoulder_half + 0.12),
                    max(y, build.shoulder_y + 0.75 * build.upper_arm),
                ),
                grip="hold",
                layer="front",
            )
            for s in (-1, 1)
        ]
        return replace(stance, held=held, left_arm=arms[0], right_arm=arms[1])
    out, down = _ONE_HANDED.get(thing, (0.7, 0.5))
    x = side * out * build.shoulder_half
    y = build.shoulder_y + down * (build.waist_y / 1.72) - lift * 0.8
    if thing == "potato chip":
        x, y = side * 0.40, min(y, 0.52)
    if thing == "balloon":  # kept whole within the picture
        margin = 0.36 * small * stance.head
        x = stance.from_picture(min(max(stance.place(x, 0)[0], margin), 1 - margin), 0)[0]
    held = Held(thing=thing, colour=colour, x_heads=x, y_heads=y, rotation=side * 0.12, scale=small)
    drop = {"flowers": 0.20, "balloon": 0.0, "leaf": 0.14, "potato chip": 0.10, "phone": 0.06}.get(
        thing, 0.03
    )
    arm = Arm(
        hand_heads=(
            x + side * (0.13 if thing in ("coffee cup", "whiskey glass") else 0.0) * small,
            y + drop * small,
        ),
        elbow_heads=(side * (build.shoulder_half + 0.17), build.shoulder_y + build.upper_arm * 0.88),
        grip="hold",
        layer="front",
    )
    if side < 0:
        return replace(stance, held=held, left_arm=arm)
    return replace(stance, held=held, right_arm=arm)


def _lift(stance: Stance) -> float:
    """How far (heads) a held thing must rise to be seen above the picture's lower edge."""
    return max(0.0, stance.build.shoulder_y + 0.55 - _lowest_seen(stance))


def _lowest_seen(stance: Stance) -> float:
    """A line just above the picture's lower edge, in heads below the head's centre."""
    return (0.93 - stance.y) / stance.head


def with_flowers(stance: Stance) -> Stance:
    colour = stance.figure.holding_colour if stance.figure.holding == "flowers" else "pink"
    return _holding(stance, "flowers", colour, side=-1, enlarged=1.35)


def reading(stances: list[Stance]) -> list[Stance]:
    """The first holds an open book; a second leans in and looks at it too."""
    first = stances[0]
    colour = first.figure.holding_colour
    if len(stances) == 1:
        return [replace(_holding(first, "book", colour, side=1), tilt=first.tilt * 0.5)]
    first, second = closer(first, stances[1], 1.45)
    middle = (first.x + second.x) / 2
    y = min(0.86, max(s.place(0, s.build.shoulder_y + 0.80)[1] for s in (first, second)))
    x_heads, y_heads = first.from_picture(middle, y)
    scale = 1.25
    held = Held(thing="book", colour=colour, x_heads=x_heads, y_heads=y_heads, scale=scale, layer="over")
    edges = [(middle - 0.38 * scale * first.head, y + 0.04), (middle + 0.38 * scale * first.head, y + 0.04)]
    first = replace(
        first,
        turn=0.45 + 0.3 * first.turn,
        tilt=0.35,
        held=held,
        left_arm=Arm(hand_heads=first.from_picture(*edges[0]), grip="hold", layer="over"),
        right_arm=Arm(hand_heads=first.from_picture(middle, y), grip="hidden", layer="behind"),
    )
    second = replace(
        second,
        turn=-0.45 + 0.3 * second.turn,
        tilt=-0.35,
        right_arm=Arm(hand_heads=second.from_picture(*edges[1]), grip="hold", layer="over"),
        left_arm=Arm(hand_heads=second.from_picture(middle, y), grip="hidden", layer="behind"),
    )
    return [first, second]


def selfie(stances: list[Stance]) -> list[Stance]:
    """The first stretches an arm out to a phone at the lower left; heads lean together."""
    first = stances[0]
    if len(stances) == 2:
        first, second = closer(first, stances[1], 1.02)
        second = replace(second, tilt=-0.45, x=second.x + 0.04)
        first = replace(first, tilt=0.45, x=first.x + 0.04)
    phone = first.from_picture(max(0.11, first.x - 1.25 * first.head), min(0.72, first.y + 1.05 * first.head))
    held = Held(
        thing="phone",
        colour="black",
        x_heads=phone[0],
        y_heads=phone[1],
        rotation=0.2,
        scale=1.5,
        layer="over",
    )
    build = first.build
    arm = Arm(
        hand_heads=(phone[0] + 0.02, phone[1] + 0.16),
        elbow_heads=(-(build.shoulder_half + 0.30), max(build.shoulder_y + 0.70, phone[1] + 0.55)),
        grip="hold",
        layer="over",
    )
    return [replace(first, held=held, left_arm=arm), *([second] if len(stances) == 2 else [])]
