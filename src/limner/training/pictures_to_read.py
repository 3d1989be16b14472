"""Pictures of the world as an encoder meets them, worn and of any size, with their scene tokens.

Each is a function of its seed alone, so any process may draw it when it is needed. Knows scenes, the painter
and what happens to a picture on its way (other sizes, JPEG, a slight blur). Knows no torch.

Legend: B pictures, S side in pixels, N tokens, D token width, F figures (2), P points of a face.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from limner.training.degrade import wear
from limner_world.chance import chance, pick, seeded
from limner_world.film import later
from limner_world.render import render
from limner_world.scene import FRAMINGS, STYLES, Scene
from limner_world.scene_tokens import encode_scene
from limner_world.staging import cut_out, portrait, random_scene
from limner_world.truth import face_points, scene_truth

# A few sizes, not any: the painter keeps the textures of each size that it met.
DRAWN_PX: Final = (96, 112, 128, 160, 192, 224, 256, 320, 384, 512)
OWN_SIZE_SHARE: Final = 0.5  # of pictures that are drawn at the size that is read
CUT_OUT_SHARE: Final = 0.35  # the largest faces there are, from which their numbers are learned first
NUM_POINTS: Final = 20


@dataclass(frozen=True, kw_only=True)
class PicturesToRead:
    """Pictures and what they show. Of a figure that is not there, box and points are 0."""

    pixels_BSS3: NDArray[np.uint8]
    tokens_BND: NDArray[np.float32]
    boxes_BF4: NDArray[np.float32]  # faces: x0, y0, x1, y1 in the unit square
    points_BFP2: NDArray[np.float32]  # x, y in the unit square
    framings_B: NDArray[np.int64]
    styles_B: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.pixels_BSS3)


def scene_to_read(seed: int, split: str) -> Scene:
    """Anything that the world shows: cut-out faces on white, and scenes of one or two in any framing, light
    and style; `split` as in `world.sampling`.
    """
    rng = seeded("scene to read", split, seed)
    scene = random_scene(rng, split=split)
    if not chance(rng, CUT_OUT_SHARE):
        return scene
    if chance(rng, 0.5):
        return portrait(rng, scene.figures[0], style=scene.style)
    return cut_out(later(rng, scene), int(rng.integers(len(scene.figures))))


def draw_pictures(seeds: Sequence[int], size_px: int, split: str = "train") -> PicturesToRead:
    """The pictures of `seeds` at `size_px`, each drawn at 96 to 512 px and worn on its way there."""
    scenes = [scene_to_read(seed, split) for seed in seeds]
    drawn = [_seen(scene, seed, size_px) for scene, seed in zip(scenes, seeds, strict=True)]
    return _with_truth(scenes, drawn)


def draw_clean(seed: int, size_px: int) -> PicturesToRead:
    """The one picture of `seed`, drawn at `size_px` and untouched."""
    scene = scene_to_read(seed, "train")
    return _with_truth([scene], [render(scene, size_px)])


def stacked(parts: Sequence[PicturesToRead]) -> PicturesToRead:
    """All pictures of `parts` in one."""
    return PicturesToRead(
        **{
            each.name: np.concatenate([getattr(part, each.name) for part in parts])
            for each in fields(parts[0])
        }
    )


def worn_again(part: PicturesToRead, rng: np.random.Generator) -> PicturesToRead:
    """A clean picture on another way: at times shrunk and grown again, and worn."""
    pixels, side = part.pixels_BSS3[0], part.pixels_BSS3.shape[1]
    small = side if chance(rng, OWN_SIZE_SHARE) else min(side, pick(rng, DRAWN_PX))
    if small < side:
        pixels = np.asarray(cv2.resize(pixels, (small, small), interpolation=cv2.INTER_AREA), np.uint8)
    pixels = wear(pixels, rng)
    if small < side:
        growing = pick(rng, (cv2.INTER_LINEAR, cv2.INTER_CUBIC))
        pixels = np.asarray(cv2.resize(pixels, (side, side), interpolation=growing), np.uint8)
    return replace(part, pixels_BSS3=pixels[None])


def _with_truth(scenes: Sequence[Scene], drawn: Sequence[NDArray[np.uint8]]) -> PicturesToRead:
    count = len(scenes)
    boxes, points = np.zeros((count, 2, 4), np.float32), np.zeros((count, 2, NUM_POINTS, 2), np.float32)
    for row, scene in enumerate(scenes):
        boxes[row, : len(scene.figures)] = scene_truth(scene).face_boxes
        points[row, : len(scene.figures)] = face_points(scene)
    return PicturesToRead(
        pixels_BSS3=np.stack(drawn),
        tokens_BND=np.stack([encode_scene(scene) for scene in scenes]),
        boxes_BF4=boxes,
        points_BFP2=points,
        framings_B=np.array([FRAMINGS.index(scene.framing) for scene in scenes]),
        styles_B=np.array([STYLES.index(scene.style) for scene in scenes]),
    )


def _seen(scene: Scene, seed: int, size_px: int) -> NDArray[np.uint8]:
    """`scene` drawn at some size, worn, and brought to `size_px`."""
    rng = seeded("way of a picture", seed)
    own = chance(rng, OWN_SIZE_SHARE) or size_px < DRAWN_PX[0]
    drawn_px = size_px if own else pick(rng, DRAWN_PX)
    pixels = wear(render(scene, drawn_px), rng)
    if drawn_px == size_px:
        return pixels
    growing = (cv2.INTER_LINEAR, cv2.INTER_CUBIC)
    way = cv2.INTER_AREA if drawn_px > size_px else pick(rng, growing)
    return np.asarray(cv2.resize(pixels, (size_px, size_px), interpolation=way), np.uint8)
