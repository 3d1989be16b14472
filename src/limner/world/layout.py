"""Where figures stand: framing, interaction and number of figures become places, poses and reaches.

Knows every place in the picture that drawing and truth must agree on. Knows nothing about pixels or colours.

Places are in unit coordinates of the picture unless a name ends in `_heads`: those are in the figure's own frame
(origin at the head's centre, one unit = the head's height, y down). "Left" and "right" are the picture's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from limner.world.build import Build, build_of
from limner.world.scene import Figure, Scene

Place = tuple[float, float]

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
_FLOOR_Y: Final = 0.925


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One arm. `hand_heads` is the palm's centre; `elbow_heads` overrides the natural elbow.

    `grip`: "rest" (hanging or flat), "hold" (around a thing) or "hidden" (the hand is not seen).
    `layer`: "behind" the trunk, in "front" of it, or "over" the furniture in the foreground and other figures,
    "around" (in front of the trunk, the forearm over what it carries) or "hand over" (the arm runs behind the other
    figure, the hand alone comes round).
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

    `pose`: "standing", "sitting", "on the floor", "cradled" (a baby lying in arms) or "cut-out" (head and collar only).
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
        return _stature(self.build, self.pose)

    def place(self, x_heads: float, y_heads: float) -> Place:
        """From the figure's frame to the picture."""
        return self.x + x_heads * self.head, self.y + y_heads * self.head

    def from_picture(self, x: float, y: float) -> Place:
        """From the picture to the figure's frame."""
        return (x - self.x) / self.head, (y - self.y) / self.head


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The whole layout: stances from left to right, and the lines that furniture keeps to.

    `seat_y` is the height of the seats (None when all stand), `table_y` the table's far edge (None without a table),
    `floor_y` the ground line (below 1 only when feet are seen). `paint_order` lists figures from back to front.
    """

    stances: tuple[Stance, ...]
    paint_order: tuple[int, ...]
    seat_y: float | None = None
    table_y: float | None = None
    floor_y: float = _FLOOR_Y


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
        stances, order = _together(stances, interaction, scene.framing)
    table_y = None
    stances = [_with_held(s, interaction, i, len(stances)) for i, s in enumerate(stances)]
    if interaction in AT_TABLE:
        table_y = _table_y(stances)
        stances = [_at_table(s, interaction, stances, table_y) for s in stances]
    if interaction == "sitting on a couch":
        stances = [_on_couch(s) for s in stances]
    if interaction == "reading a book":
        stances = _reading(stances)
    if interaction == "taking a selfie":
        stances = _selfie(stances)
    if interaction == "holding flowers":
        stances = [_with_flowers(stances[0]), *stances[1:]]
    grown = max(stances, key=lambda s: s.build.size)
    return Stage(
        stances=tuple(stances),
        paint_order=order,
        seat_y=grown.place(0, grown.build.hip_y)[1] if interaction in SEATED else None,
        table_y=table_y,
        floor_y=_FLOOR_Y if scene.framing == "full body" else 1.0,
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
        y = _FLOOR_Y - _stature(build, pose) * head
    elif pair and not grown:
        y += (
            {"close-up": 0.10, "bust": 0.12, "half body": 0.22}[scene.framing]
            * max(0.0, 0.95 - build.size)
            / 0.2
        )
    width = 2 * build.shoulder_half * head
    zoom = scene.zoom
    centre_y = _FLOOR_Y if scene.framing == "full body" else 0.45
    return Stance(
        figure=figure,
        build=build,
        x=0.5 + (x + figure.shift_x * width - 0.5) * zoom,
        y=centre_y + (y + figure.shift_y * width - centre_y) * zoom,
        head=head * zoom,
        pose=pose,
        turn=figure.turn,
        tilt=figure.tilt,
        left_arm=_hanging(build, -1),
        right_arm=_hanging(build, 1),
    )


def _stature(build: Build, pose: str) -> float:
    """From the head's centre to the lowest point, in heads."""
    if pose == "sitting":
        return build.hip_y + 0.30 + (build.sole_y - build.knee_y)
    if pose == "on the floor":
        return build.hip_y + 0.16
    return build.sole_y


def _hanging(build: Build, side: int) -> Arm:
    reach = build.upper_arm + build.forearm
    return Arm(
        hand_heads=(side * (build.shoulder_half + 0.025 * reach), build.shoulder_y + 0.97 * reach + 0.08),
        elbow_heads=(side * (build.shoulder_half + 0.035 * reach), build.shoulder_y + build.upper_arm * 0.98),
    )


# ---- two figures ---------------------------------------------------------------------------------------------


def _together(stances: list[Stance], interaction: str, framing: str) -> tuple[list[Stance], tuple[int, ...]]:
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


def _closer(first: Stance, second: Stance, gap_heads: float) -> tuple[Stance, Stance]:
    """Both moved along x about their middle until the heads' centres lie `gap_heads` mean heads apart."""
    middle = (first.x + second.x) / 2
    half = gap_heads * (first.head + second.head) / 4
    return replace(first, x=middle - half), replace(second, x=middle + half)


def _kissing(first: Stance, second: Stance) -> list[Stance]:
    first, second = _closer(first, second, 0.72)
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
    first, second = _closer(first, second, 0.94)
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
    first, second = _closer(first, second, 1.55)
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
            else _hanging(first.build, -1),
        ),
        second,
    ]


def _hand_in_hand(first: Stance, second: Stance, framing: str) -> list[Stance]:
    raised = framing in ("close-up", "bust")
    low = min(first.place(0, first.build.hip_y)[1], second.place(0, second.build.hip_y)[1])
    meet = ((first.x + second.x) / 2, min(low, 0.90) if not raised else 0.87)
    joined = [
        Arm(
            hand_heads=stance.from_picture(*meet),
            elbow_heads=(
                side * (stance.build.shoulder_half + 0.06),
                stance.build.shoulder_y + stance.build.upper_arm,
            )
            if raised
            else None,
            grip=grip,
            layer="over",
        )
        for side, stance, grip in ((1, first, "rest"), (-1, second, "hold"))
    ]
    return [replace(first, right_arm=joined[0]), replace(second, left_arm=joined[1])]


# ---- furniture -----------------------------------------------------------------------------------------------


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


def _at_table(stance: Stance, interaction: str, stances: list[Stance], table_y: float) -> Stance:
    """Forearms on the table; before a laptop both look at it, hands behind its lid."""
    build, turn = stance.build, stance.turn
    middle = sum(s.x for s in stances) / len(stances)
    inward = 0.0 if len(stances) == 1 else (1.0 if stance.x < middle else -1.0)
    laptop = interaction == "looking at a laptop"
    if laptop:
        turn = 0.55 * inward + 0.3 * turn
    edge = (table_y - stance.y) / stance.head
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


# ---- things held -----------------------------------------------------------------------------------------------

# thing -> (out, down): where its centre is held, in shoulder half widths from the middle and heads below the shoulder
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


def _with_held(stance: Stance, interaction: str, index: int, count: int) -> Stance:
    """The figure with what it holds, in its outer hand when two stand together."""
    thing = stance.figure.holding
    busy = interaction in ("reading a book", "taking a selfie", "holding the baby", "holding flowers")
    if thing == "none" or stance.pose == "cradled" or (busy and index == 0):
        return stance
    return _holding(stance, thing, stance.figure.holding_colour, side=-1 if count == 2 and index == 0 else 1)


def _holding(stance: Stance, thing: str, colour: str, side: int, enlarged: float = 1.0) -> Stance:
    """The figure holding `thing` in the hand on `side` (-1 left, 1 right), or in both hands when it takes two."""
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


def _with_flowers(stance: Stance) -> Stance:
    colour = stance.figure.holding_colour if stance.figure.holding == "flowers" else "pink"
    return _holding(stance, "flowers", colour, side=-1, enlarged=1.35)


def _reading(stances: list[Stance]) -> list[Stance]:
    """The first holds an open book; a second leans in and looks at it too."""
    first = stances[0]
    colour = first.figure.holding_colour
    if len(stances) == 1:
        return [replace(_holding(first, "book", colour, side=1), tilt=first.tilt * 0.5)]
    first, second = _closer(first, stances[1], 1.45)
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


def _selfie(stances: list[Stance]) -> list[Stance]:
    """The first stretches an arm out to a phone at the lower left; heads lean together."""
    first = stances[0]
    if len(stances) == 2:
        first, second = _closer(first, stances[1], 1.02)
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
