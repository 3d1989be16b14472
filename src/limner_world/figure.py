"""One figure, drawn from its stance: in three passes, so that furniture and other people can come between.

Knows the order in which a body's parts overlap. Knows nothing about settings.
"""

from __future__ import annotations

from limner_world.build import Build
from limner_world.canvas import RGB, Canvas
from limner_world.cloth import cloth, paint_cloth
from limner_world.curves import arc, smooth
from limner_world.face import draw_head_back, draw_head_front
from limner_world.garments import draw_trunk, sleeve_of
from limner_world.legs import draw_legs
from limner_world.limbs import Sleeve, draw_arm, draw_hand
from limner_world.neckwear import draw_neckwear
from limner_world.palette import SKINS, skin_shadow
from limner_world.person import Traits
from limner_world.props import draw_prop
from limner_world.stance import Arm, Held, Stance

_LYING_RAD = 1.02  # how far a cradled baby's body leans from upright
LYING_HEAD_RAD = 0.30


def draw_figure(canvas: Canvas, stance: Stance) -> None:
    """Body, head, and the arms and things that belong behind or right in front of the trunk."""
    person, build = stance.figure.person, stance.build
    if stance.pose == "cradled":
        _draw_cradled(canvas, stance)
        return
    if stance.pose == "cut-out":
        _draw_cut_out(canvas, stance)
        return
    traits, skin = person.traits, SKINS[person.traits.skin]
    sleeve = sleeve_of(traits)
    with canvas.at(stance.x, stance.y, stance.head):
        draw_head_back(canvas, person, stance.turn, stance.tilt)
        _arms(canvas, stance, "behind", skin, sleeve)
        if stance.place(0, build.waist_y)[1] < 1.05:
            draw_legs(canvas, build, traits, stance.pose, skin)
        draw_trunk(canvas, build, traits, skin, stance.pose)
        _under_chin(canvas, build, traits, skin)
        draw_neckwear(canvas, build, traits)
        draw_head_front(canvas, person, stance.turn, stance.tilt)
        if stance.held is not None and stance.held.layer == "front":
            _held(canvas, stance.held)
        _arms(canvas, stance, "front", skin, sleeve)
        if stance.held is not None and stance.held.layer == "front":
            _fingers(canvas, stance, skin)


def draw_reach(canvas: Canvas, stance: Stance) -> None:
    """What lies over the foreground's furniture and other figures: reaching arms, things held out."""
    if stance.pose in ("cradled", "cut-out"):
        return
    traits = stance.figure.person.traits
    skin = SKINS[traits.skin]
    with canvas.at(stance.x, stance.y, stance.head):
        if stance.held is not None and stance.held.layer == "over":
            _held(canvas, stance.held)
        _arms(canvas, stance, "over", skin, sleeve_of(traits))
        if stance.held is not None and stance.held.layer == "over":
            _fingers(canvas, stance, skin)


def draw_shadow(canvas: Canvas, stance: Stance, floor_y: float) -> None:
    """The soft shadow where the figure meets the ground; nothing when the ground is not seen."""
    if floor_y >= 1.0 or stance.pose in ("cradled", "cut-out"):
        return
    half = stance.build.hip_half * stance.head * (1.9 if stance.pose == "standing" else 2.3)
    y = stance.place(0, stance.build.sole_y)[1] if stance.pose == "standing" else floor_y
    canvas.glow(stance.x + 0.12 * half, y - 0.004, half, 0.10 * stance.head + 0.006, (36, 26, 48), 0.55)


def _arms(canvas: Canvas, stance: Stance, layer: str, skin: RGB, sleeve: Sleeve) -> None:
    for side, arm in ((-1, stance.left_arm), (1, stance.right_arm)):
        if arm.layer == layer or (arm.layer == "around" and layer == "front"):
            draw_arm(canvas, stance.build, arm, side, skin, sleeve)
        elif arm.layer == "around" and layer == "over":
            draw_arm(canvas, stance.build, arm, side, skin, sleeve, forearm_only=True)
        elif arm.layer == "hand over" and layer == "over":
            draw_hand(canvas, stance.build, arm, side, skin)


def _fingers(canvas: Canvas, stance: Stance, skin: RGB) -> None:
    for side, arm in ((-1, stance.left_arm), (1, stance.right_arm)):
        if arm.grip == "hold":
            draw_hand(canvas, stance.build, arm, side, skin)


def _held(canvas: Canvas, held: Held) -> None:
    with canvas.at(held.x_heads, held.y_heads, held.scale, held.rotation):
        draw_prop(canvas, held.thing, held.colour)


def draw_heart(canvas: Canvas, stage_stances: tuple[Stance, ...]) -> None:
    """A small heart above two who kiss."""
    first, second = stage_stances
    x, y = (first.x + second.x) / 2, min(first.y, second.y)
    head = first.head
    heart = smooth(
        [
            [0, 0.30],
            [-0.30, 0.0],
            [-0.24, -0.24],
            [-0.08, -0.24],
            [0, -0.12],
            [0.08, -0.24],
            [0.24, -0.24],
            [0.30, 0.0],
        ],
        samples=5,
    )
    with canvas.at(x, max(y - 0.78 * head, 0.09 * head + 0.02), 0.30 * head, 0.15):
        canvas.fill(heart, (236, 84, 104), shade=((196, 40, 72), (-0.2, -0.2), (0.2, 0.3)))
        canvas.stroke(heart, (140, 24, 52), 0.05, closed=True)
        canvas.glow(-0.12, -0.12, 0.09, 0.08, (255, 255, 255), 0.8)


def _under_chin(canvas: Canvas, build: Build, traits: Traits, skin: RGB) -> None:
    """The head's shadow on the neck, and a choker where one is worn."""
    neck = build.neck_half
    canvas.glow(0.03, 0.50, neck * 1.25, 0.20, skin_shadow(skin, 0.7), 0.5)
    if traits.jewellery == "black choker":
        y = build.pit_y - 0.17
        band = arc(0.0, y - 0.02, neck * 0.99, 0.045, 0.0, 3.1416)
        canvas.stroke(band, (34, 30, 36), 0.055)
        canvas.ellipse(0.0, y + 0.045, 0.022, 0.03, (196, 200, 214))


def _draw_cut_out(canvas: Canvas, stance: Stance) -> None:
    """Head, neck and collar alone, as cut with scissors from a picture."""
    person, build = stance.figure.person, stance.build
    skin = SKINS[person.traits.skin]
    low = build.shoulder_y + 0.10
    half = build.neck_half + 0.34
    bib = smooth(
        [
            [-half, -0.2],
            [half, -0.2],
            [half * 1.02, build.pit_y],
            [half * 0.7, low + 0.02],
            [0, low + 0.16],
            [-half * 0.7, low + 0.02],
            [-half * 1.02, build.pit_y],
        ]
    )
    with canvas.at(stance.x, stance.y, stance.head):
        draw_head_back(canvas, person, stance.turn, stance.tilt)
        with canvas.clip(bib):
            draw_trunk(canvas, build, person.traits, skin, "standing")
            _under_chin(canvas, build, person.traits, skin)
            draw_neckwear(canvas, build, person.traits)
        draw_head_front(canvas, person, stance.turn, stance.tilt)


def _draw_cradled(canvas: Canvas, stance: Stance) -> None:
    """A baby lying in somebody's arms: the body leans down to the left under a soft blanket."""
    person, build = stance.figure.person, stance.build
    traits, skin = person.traits, SKINS[person.traits.skin]
    sleeve = sleeve_of(traits)
    blanket = cloth((236, 226, 206) if traits.garment_colour != "white" else (168, 200, 224))
    with canvas.at(stance.x, stance.y, stance.head):
        with canvas.at(0.0, 0.28, 1.0, _LYING_RAD), canvas.at(0.0, -0.28):
            folded = smooth(
                [
                    [-0.50, 0.10],
                    [0.55, 0.05],
                    [0.62, 0.9],
                    [0.50, 1.9],
                    [0.0, 2.2],
                    [-0.46, 1.9],
                    [-0.60, 0.9],
                ]
            )
            paint_cloth(canvas, folded, blanket)
            draw_trunk(canvas, build, traits, skin, "on the floor")
            for side, hand in ((-1, (-0.22, 0.86)), (1, (0.20, 0.98))):
                arm = Arm(hand_heads=hand, elbow_heads=(side * 0.52, 1.05), layer="front")
                draw_arm(canvas, build, arm, side, skin, sleeve)
            cover = smooth(
                [
                    [-0.56, 1.12],
                    [0.0, 1.22],
                    [0.58, 1.08],
                    [0.60, 1.6],
                    [0.42, 2.05],
                    [0.0, 2.2],
                    [-0.42, 2.05],
                    [-0.60, 1.6],
                ]
            )
            paint_cloth(canvas, cover, blanket)
            canvas.stroke(
                smooth([[-0.3, 1.4], [0.1, 1.55], [0.3, 1.9]], closed=False), blanket.line, 0.025, alpha=0.35
            )
        with canvas.at(0.0, 0.0, 1.0, LYING_HEAD_RAD):
            draw_head_back(canvas, person, stance.turn, stance.tilt)
            draw_head_front(canvas, person, stance.turn, stance.tilt)
