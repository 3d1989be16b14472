"""Squares: the part of a picture that holds a face and becomes the training picture; a face alone on white.

Knows pixels (H, W, 3) uint8 and boxes (x0, y0, x1, y1) in the unit square. Knows nothing about who it is.
"""

from __future__ import annotations

import cv2
import numpy as np

from limner.perception.protocols import Box

FACE_MARGIN = 1.5
_WHITE = 255


def largest_square(pixels: np.ndarray, box: Box) -> tuple[np.ndarray, Box]:
    """The largest square of the picture that holds the box, as near to the middle as can be; the box in it.

    ValueError when no square within the picture holds the box.
    """
    height, width = pixels.shape[:2]
    side = min(height, width)
    x0, y0, x1, y1 = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    if x1 - x0 > side or y1 - y0 > side:
        raise ValueError(f"the face is {x1 - x0:.0f}x{y1 - y0:.0f} px, more than the picture's {side} px")
    left, top = _start(width, side, x0, x1), _start(height, side, y0, y1)
    square = pixels[top : top + side, left : left + side]
    moved = ((x0 - left) / side, (y0 - top) / side, (x1 - left) / side, (y1 - top) / side)
    return square, _within(moved)


def _start(length: int, side: int, low: float, high: float) -> int:
    middle = (length - side) // 2
    return int(np.clip(middle, max(0, np.ceil(high - side)), min(length - side, np.floor(low))))


def _within(box: tuple[float, float, float, float]) -> Box:
    x0, y0, x1, y1 = (float(min(1.0, max(0.0, side))) for side in box)
    return x0, y0, x1, y1


def resized(pixels: np.ndarray, size_px: int) -> np.ndarray:
    """A square picture at (size_px, size_px, 3)."""
    if pixels.shape[:2] == (size_px, size_px):
        return np.ascontiguousarray(pixels)
    method = cv2.INTER_AREA if pixels.shape[0] > size_px else cv2.INTER_CUBIC
    return cv2.resize(pixels, (size_px, size_px), interpolation=method)


def shrunk(pixels: np.ndarray, longest_px: int) -> np.ndarray:
    """The picture with a longer side of `longest_px` at most; its shape is kept."""
    height, width = pixels.shape[:2]
    scale = longest_px / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def face_on_white(pixels: np.ndarray, box: Box, size_px: int, mask: np.ndarray) -> np.ndarray:
    """The face cut out as a square of its own on white ("cropped and masked", Section 3.2).

    `mask`: (H, W) in [0, 1], as a `Segmenter` gives it. ValueError when it is of another size.
    """
    height, width = pixels.shape[:2]
    if mask.shape != (height, width):
        raise ValueError(f"the segmenter gave a mask {mask.shape} for a picture of {height}x{width} px")
    x0, y0, x1, y1 = box
    side = FACE_MARGIN * max((x1 - x0) * width, (y1 - y0) * height)
    left, top = (x0 + x1) / 2 * width - side / 2, (y0 + y1) / 2 * height - side / 2
    # Shrunk by whole factors first: linear interpolation sees two neighbours only.
    share = mask.astype(np.float32)[:, :, None]
    white = shrunk(
        (pixels * share + _WHITE * (1 - share)).round().astype(np.uint8), _whole(side, size_px, pixels)
    )
    scale, ratio = size_px / side, white.shape[0] / height
    to_target = np.array([[scale / ratio, 0, -left * scale], [0, scale / ratio, -top * scale]])
    return cv2.warpAffine(
        white,
        to_target,
        (size_px, size_px),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(_WHITE, _WHITE, _WHITE),
    )


def _whole(side: float, size_px: int, pixels: np.ndarray) -> int:
    """The longer side to which the picture is shrunk before a window of `side` becomes `size_px`."""
    longer = int(max(pixels.shape[:2]))
    return max(1, longer // max(1, int(side / size_px)))
