"""Was the person painted, or the reference picture pasted?

Knows similarities to the reference and to another picture of the person, and how to look for the reference's
very pixels. A high face similarity alone may be copying: real pairs of photographs of one person score about
.46 (WithAnyone), so both numbers belong side by side.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from limner.evaluation.metrics.face_similarity import face_similarity
from limner.evaluation.metrics.metric import Metric, check_pixels

if TYPE_CHECKING:
    from limner.perception.protocols import Box
    from limner.perception.senses import WorldSenses

METRIC = Metric(
    name="copy_paste",
    source="face similarity to the reference picture minus that to a different picture (after WithAnyone)",
    range=(-2.0, 2.0),
    better="lower",
)
DUPLICATE_METRIC = Metric(
    name="pixel_likeness",
    source="best normalised correlation of the reference's face, over places and scales, with the picture",
    range=(-1.0, 1.0),
    better="lower",
)
NEAR_DUPLICATE = 0.93
LEAST_FACE_PX = 16
WORK_PX = 128
SCALES = np.geomspace(0.4, 2.5, 21)
NUDGES = np.linspace(0.95, 1.05, 11)


def copy_paste_score(
    judge: WorldSenses,
    picture: np.ndarray,
    reference: np.ndarray,
    different: np.ndarray,
    box: Box | None = None,
    *,
    reference_box: Box | None = None,
    different_box: Box | None = None,
) -> float:
    """How much more the face resembles the picture it was shown than another picture of the same person.

    0: painted as a person, equally like both; towards 1 and beyond: copied from the reference. Boxes as in
    `face_similarity`. Pictures are (H, W, 3) uint8; a face that is not found gives 0.
    """
    to_reference = face_similarity(judge, picture, reference, box, reference_box=reference_box)
    to_different = face_similarity(judge, picture, different, box, reference_box=different_box)
    return to_reference - to_different


def pixel_likeness(picture: np.ndarray, reference: np.ndarray, reference_box: Box | None = None) -> float:
    """How well the reference's face (without a box: the whole reference) matches anywhere in `picture`.

    -1 to 1: the greatest zero-mean normalised cross-correlation over all places and scales from 0.4 to 2.5
    times, a tenth apart and around the best a hundredth; needs no judge, ignores brightness and contrast.
    1: the pixels were pasted.
    """
    scene = _shrunk(check_pixels(picture), WORK_PX)
    face = _cut(_shrunk(check_pixels(reference), WORK_PX), reference_box)
    likeness = {float(scale): _match(scene, face, scale) for scale in SCALES}
    best = max(likeness, key=likeness.__getitem__)
    around = max(_match(scene, face, best * nudge) for nudge in NUDGES)
    return min(1.0, max(likeness[best], around))


def is_near_duplicate(picture: np.ndarray, reference: np.ndarray, reference_box: Box | None = None) -> bool:
    """Whether the reference's face was pasted pixel for pixel: `pixel_likeness` of at least 0.93."""
    return pixel_likeness(picture, reference, reference_box) >= NEAR_DUPLICATE


def _match(scene: np.ndarray, face: np.ndarray, scale: float) -> float:
    """The best correlation of `face` at one scale over all places; -1 where it does not fit."""
    width, height = (max(1, round(side * scale)) for side in (face.shape[1], face.shape[0]))
    if min(width, height) < LEAST_FACE_PX or width > scene.shape[1] or height > scene.shape[0]:
        return -1.0
    template = cv2.resize(
        face, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    return float(np.nan_to_num(cv2.matchTemplate(scene, template, cv2.TM_CCOEFF_NORMED).max(), nan=-1.0))


def _shrunk(pixels: np.ndarray, size_px: int) -> np.ndarray:
    scale = size_px / max(pixels.shape[:2])
    if scale == 1:
        return pixels
    size = tuple(max(1, round(side * scale)) for side in (pixels.shape[1], pixels.shape[0]))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def _cut(pixels: np.ndarray, box: Box | None) -> np.ndarray:
    """The whole pixels within the box, so that nothing of its surroundings takes part."""
    if box is None:
        return pixels
    height, width = pixels.shape[:2]
    x0, y0 = math.ceil(box[0] * width), math.ceil(box[1] * height)
    x1, y1 = math.floor(box[2] * width), math.floor(box[3] * height)
    return pixels[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
