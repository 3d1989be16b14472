"""What is where in a rendered scene, exactly: faces, persons and held things as boxes.

Knows the layout, from which drawing takes its places too. Knows nothing about pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from limner_world.curves import Points
from limner_world.face import head_bounds
from limner_world.figure import LYING_HEAD_RAD
from limner_world.layout import lay_out
from limner_world.props import prop_extent
from limner_world.scene import Scene
from limner_world.skull import MOST_TILT_RAD, measure
from limner_world.stance import Stance

_LEAN_Y = 0.42  # the point about which heads lean, on the neck's middle line
Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in the unit square


@dataclass(frozen=True, kw_only=True)
class SceneTruth:
    """Boxes in unit coordinates, clipped to the picture; each tuple has one entry a figure, from left to
    right.

    A face box spans chin to crown and ear to ear; a person box the head with hair and the body as far as it
    is seen; `held_boxes` holds None where a figure holds nothing (or nothing in the picture).
    """

    face_boxes: tuple[Box, ...]
    person_boxes: tuple[Box, ...]
    held_boxes: tuple[Box | None, ...]


def scene_truth(scene: Scene) -> SceneTruth:
    """The boxes of a scene, as `render` paints it at any size."""
    stage = lay_out(scene)
    return SceneTruth(
        face_boxes=tuple(_face_box(stance) for stance in stage.stances),
        person_boxes=tuple(_person_box(stance) for stance in stage.stances),
        held_boxes=tuple(_held_box(stance) for stance in stage.stances),
    )


def body_frames(scene: Scene) -> tuple[tuple[float, float, float], ...]:
    """The frames that bodies are drawn in, left to right: x and y of the origin, the head's centre, and the
    unit, the head's height, in unit coordinates of the picture.
    """
    return tuple((stance.x, stance.y, stance.head) for stance in lay_out(scene).stances)


def face_points(scene: Scene) -> tuple[Points, ...]:
    """Where each face's features lie, left to right: (20, 2) in unit coordinates, some beyond the picture.

    For each side (left of the picture first): both ends and the middle of the eye, the brow, the nose's wing,
    the mouth's corner, the jaw, the temple. Then the nose, the chin, the hairline and the mole.
    """
    return tuple(_face_points(stance) for stance in lay_out(scene).stances)


def _face_points(stance: Stance) -> Points:
    head = measure(stance.figure.person, stance.turn)
    half = [
        (head.eye_x - head.eye_w, head.eye_y + head.eye_tilt * head.eye_w),
        (head.eye_x, head.eye_y),
        (head.eye_x + head.eye_w, head.eye_y - head.eye_tilt * head.eye_w),
        (head.eye_x, head.brow_y),
        (head.nose_w, head.nose_y),
        (head.mouth_w, head.mouth_y),
        (head.jaw, 0.355),
        (head.width, 0.07),
    ]
    middle = [(0.0, head.nose_y), (0.0, head.chin_y), (0.0, head.hairline_y), head.mole[:2]]
    points = head.on_face([*((-x, y) for x, y in half), *half, *middle])
    pivot = np.array([0.0, _LEAN_Y])
    points = pivot + _turned(points - pivot, stance.tilt * MOST_TILT_RAD)
    if stance.pose == "cradled":
        points = _turned(points, LYING_HEAD_RAD)
    return _spread(stance, points)


def _face_box(stance: Stance) -> Box:
    x0, y0, x1, y1 = head_bounds(stance.figure.person)
    middle, half = np.array([(x0 + x1) / 2, (y0 + y1) / 2]), np.array([(x1 - x0) / 2, (y1 - y0) / 2])
    pivot = np.array([0.0, _LEAN_Y])
    middle = pivot + _turned(middle - pivot, stance.tilt * MOST_TILT_RAD)
    if stance.pose == "cradled":
        middle = _turned(middle, LYING_HEAD_RAD)
    return _clipped(_spread(stance, np.array([middle - half, middle + half])))


def _person_box(stance: Stance) -> Box:
    build = stance.build
    x0, y0, x1, _ = head_bounds(stance.figure.person)
    top = min(y0, -0.5) - 0.12
    if stance.pose == "cut-out":
        half = max(build.neck_half + 0.34, x1 + 0.08)
        return _clipped(_spread(stance, np.array([[-half, top], [half, build.shoulder_y + 0.26]])))
    if stance.pose == "cradled":
        return _clipped(_spread(stance, np.array([[-1.75, top], [x1 + 0.1, 1.65]])))
    half = build.shoulder_half + 0.16
    low = stance.lowest_heads
    reach = np.array([arm.hand_heads for arm in (stance.left_arm, stance.right_arm) if arm.grip != "hidden"])
    points = np.concatenate([[[min(-half, x0), top], [max(half, x1), low]], reach.reshape(-1, 2)])
    return _clipped(_spread(stance, points))


def _held_box(stance: Stance) -> Box | None:
    held = stance.held
    if held is None:
        return None
    x0, y0, x1, y1 = (side * held.scale for side in prop_extent(held.thing))
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    corners = np.array([held.x_heads, held.y_heads]) + _turned(corners, held.rotation)
    box = _clipped(_spread(stance, corners))
    return box if box[2] - box[0] > 0.01 and box[3] - box[1] > 0.01 else None


def _turned(points: Points, radians: float) -> Points:
    """Points turned about the origin, clockwise on the page."""
    c, s = np.cos(radians), np.sin(radians)
    return np.asarray(points @ np.array([[c, s], [-s, c]]))


def _spread(stance: Stance, points_heads: Points) -> Points:
    return np.asarray(points_heads * stance.head + (stance.x, stance.y))


def _clipped(points: Points) -> Box:
    low, high = np.clip(points.min(axis=0), 0.0, 1.0), np.clip(points.max(axis=0), 0.0, 1.0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
