"""A scene becomes a picture.

Knows the order of painting: setting, furniture behind, figures, furniture in front, reaching arms, light,
style. Knows nothing about how each of these looks.
"""

from __future__ import annotations

import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

from limner_world.canvas import Canvas
from limner_world.figure import draw_figure, draw_heart, draw_reach, draw_shadow
from limner_world.layout import lay_out
from limner_world.scene import Scene
from limner_world.settings import NUM_VARIANTS, paint_foreground, paint_midground, paint_setting
from limner_world.styles import apply_lighting, apply_style

SMALLEST_PX = 32
LARGEST_PX = 1024


def render(scene: Scene, size_px: int = 256) -> NDArray[np.uint8]:
    """The scene as (size_px, size_px, 3) uint8 RGB; the same scene gives the same pixels at every call.

    Raises ValueError when `size_px` lies outside 32..1024 or the scene uses a word the world does not have.
    """
    return apply_style(render_plainly(scene, size_px), scene.style, _seed(scene))


def render_plainly(scene: Scene, size_px: int = 256) -> NDArray[np.uint8]:
    """The scene in its light and in no style, as `render` has it before the last step; raises as `render`."""
    if not SMALLEST_PX <= size_px <= LARGEST_PX:
        raise ValueError(f"a scene is rendered at {SMALLEST_PX} to {LARGEST_PX} px, not at {size_px}")
    stage = lay_out(scene)
    canvas = Canvas(size_px)
    paint_setting(canvas, scene.setting, scene.variant, scene.lighting, framing=scene.framing)
    paint_midground(canvas, scene)
    for index in stage.paint_order:
        draw_shadow(canvas, stage.stances[index], stage.floor_y)
    for index in stage.paint_order:
        draw_figure(canvas, stage.stances[index])
    paint_foreground(canvas, scene)
    for index in stage.paint_order:
        draw_reach(canvas, stage.stances[index])
    if scene.interaction == "kissing on the cheek" and len(stage.stances) == 2:
        draw_heart(canvas, stage.stances)
    pixels = canvas.pixels()
    if scene.setting != "white":
        pixels = apply_lighting(pixels, scene.lighting)
    return pixels


def render_figure(
    scene: Scene, place: int, window: tuple[float, float, float, float], size_px: int = 256
) -> NDArray[np.uint8]:
    """One figure of the scene alone, without ground, light and style: (size_px, size_px, 4) uint8 RGBA, the
    colours already times their opacity.

    `place` counts figures from the left; `window` is what is seen, x0, y0, x1, y1 in the unit square of the
    picture (it may reach beyond). Arms that reach over furniture or other figures belong to it.
    """
    stance = lay_out(scene).stances[place]
    x0, y0, x1, y1 = window
    wide, high = x1 - x0, y1 - y0
    seen = []
    for ground in ((0, 0, 0), (255, 255, 255)):
        canvas = Canvas(size_px, ground)
        canvas.push((1 / wide, 0.0, -x0 / wide, 0.0, 1 / high, -y0 / high))
        draw_figure(canvas, stance)
        draw_reach(canvas, stance)
        seen.append(canvas.pixels())
    on_black, on_white = seen
    through = cv2.subtract(on_white, on_black).min(axis=2)
    return np.dstack([on_black, 255 - through])


def _seed(scene: Scene) -> int:
    """A number for the style's grain: the same for the same place, so that an edit of a person leaves the
    rest alone.
    """
    return zlib.crc32(f"{scene.setting} {scene.variant % NUM_VARIANTS}".encode())
