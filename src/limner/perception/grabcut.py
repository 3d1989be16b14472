"""Cuts a head out of a picture by its colours alone: GrabCut (Rother et al. 2004), begun from the face's box.

Needs no weights, so it works on drawn and photographed persons alike, if less neatly than a network. Knows no
one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from limner.perception.protocols import Box

_WORK_PX: Final = 160  # the window is cut out at this size: hair needs no more, and it bounds the time
_ROUNDS: Final = 2  # more rounds take the hair for ground wherever it is unlike the face


@dataclass(frozen=True, kw_only=True)
class GrabCutSegmenter:
    """A `Segmenter`: the face's ellipse is certainly the head, a wider one may be, the rest is not."""

    widen: float = 1.75

    def segment_face(self, pixels: np.ndarray, box: Box) -> np.ndarray:
        """(H, W) float32 in [0, 1], soft at its edge."""
        height, width = pixels.shape[:2]
        x0, y0, x1, y1 = _window(box, self.widen, width, height)
        scale = min(1.0, _WORK_PX / max(x1 - x0, y1 - y0))
        size = (max(8, round((x1 - x0) * scale)), max(8, round((y1 - y0) * scale)))
        window = cv2.resize(pixels[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
        places = (
            (box[0] * width - x0),
            (box[1] * height - y0),
            (box[2] * width - x0),
            (box[3] * height - y0),
        )
        labels = _first_guess(size, tuple(place * scale for place in places))
        cv2.setRNGSeed(0)
        ground, figure = np.zeros((1, 65)), np.zeros((1, 65))
        image = np.ascontiguousarray(window[:, :, ::-1])
        whole = (0, 0, size[0], size[1])  # not read: the labels say where to begin
        cv2.grabCut(image, labels, whole, ground, figure, _ROUNDS, cv2.GC_INIT_WITH_MASK)
        mask = np.where((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD), 1.0, 0.0).astype(np.float32)
        mask = _without_islands(mask)
        result = np.zeros((height, width), np.float32)
        result[y0:y1, x0:x1] = cv2.resize(mask, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
        return result


def _window(box: Box, widen: float, width: int, height: int) -> tuple[int, int, int, int]:
    """Around the head with its hair, in whole pixels of the picture."""
    x0, y0, x1, y1 = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    half = widen * max(x1 - x0, y1 - y0) / 2
    centre_x, centre_y = (x0 + x1) / 2, (y0 + y1) / 2
    left, top = max(0, int(centre_x - half)), max(0, int(centre_y - half))
    right, bottom = min(width, int(centre_x + half) + 1), min(height, int(centre_y + half) + 1)
    if right - left < 4 or bottom - top < 4:
        raise ValueError(f"The face box {tuple(round(side, 3) for side in box)} is too small to cut out.")
    return left, top, right, bottom


def _first_guess(size: tuple[int, int], box_px: tuple[float, ...]) -> np.ndarray:
    x0, y0, x1, y1 = box_px
    centre, axes = ((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) / 2, (y1 - y0) / 2)
    labels = np.full((size[1], size[0]), cv2.GC_BGD, np.uint8)

    def ellipse(grow_x: float, grow_y: float, lift: float, label: int) -> None:
        at = (round(centre[0]), round(centre[1] - lift * axes[1]))
        cv2.ellipse(labels, at, (round(axes[0] * grow_x), round(axes[1] * grow_y)), 0, 0, 360, label, -1)

    ellipse(1.7, 1.6, 0.25, cv2.GC_PR_BGD)
    ellipse(1.3, 1.3, 0.25, cv2.GC_PR_FGD)
    ellipse(0.9, 0.95, 0.0, cv2.GC_FGD)
    ellipse(0.95, 0.55, 0.45, cv2.GC_FGD)  # the forehead, under whatever hair
    ellipse(0.7, 0.65, 0.65, cv2.GC_FGD)  # the crown
    return labels


def _without_islands(mask: np.ndarray) -> np.ndarray:
    """Only the largest piece, its holes filled."""
    num, labels, stats, _ = cv2.connectedComponentsWithStats((mask > 0.5).astype(np.uint8), connectivity=4)
    if num < 2:
        return mask
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    outline, _ = cv2.findContours(
        (labels == largest).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    filled = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(filled, outline, -1, 1, -1)
    return filled.astype(np.float32)
