"""The square that holds two faces, and a head alone on white.

Knows boxes and pixels. Knows nobody.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from limner.builders.runner.document import DropError
from limner.builders.video.clip import Pair
from limner.perception.protocols import Box

_AROUND: Final = 0.25  # of a face's width, which the square shows beside it
_WHITE_EDGE: Final = 0.08  # of the head's longer side, on each side
_LEAST_COVER: Final = 0.6
_MOST_SPREAD: Final = 12.0


def square_with_both(pixels: np.ndarray, faces: Pair, size_px: int) -> tuple[np.ndarray, Pair]:
    """The largest square of a picture that holds both faces, at `size_px`, and the faces in it.

    `DropError` when they are too far apart for any: the paper's first filter (Section 4.1).
    """
    height, width = pixels.shape[:2]
    side = min(height, width)
    left, right = _place(faces, 0, width, side)
    top, bottom = _place(faces, 1, height, side)
    square = pixels[top:bottom, left:right]
    method = cv2.INTER_AREA if side > size_px else cv2.INTER_CUBIC
    resized = cv2.resize(square, (size_px, size_px), interpolation=method)
    first, second = (_inside(box, left, top, side, width, height) for box in faces)
    return resized, (first, second)


def _place(faces: Pair, axis: int, length: int, side: int) -> tuple[int, int]:
    """Where the square begins and ends along an axis, the faces in its middle as far as the picture goes."""
    sizes = [(box[axis + 2] - box[axis]) * length for box in faces]
    low = min(box[axis] * length - _AROUND * size for box, size in zip(faces, sizes, strict=True))
    high = max(box[axis + 2] * length + _AROUND * size for box, size in zip(faces, sizes, strict=True))
    low, high = max(0.0, low), min(float(length), high)
    if high - low > side:
        raise DropError("too far apart for a square", f"{high - low:.0f} px > {side} px")
    begin = min(max(0, round((low + high - side) / 2)), length - side)
    return begin, begin + side


def _inside(box: Box, left: int, top: int, side: int, width: int, height: int) -> Box:
    x0, x1 = ((x * width - left) / side for x in box[::2])
    y0, y1 = ((y * height - top) / side for y in box[1::2])
    x0, y0, x1, y1 = (min(1.0, max(0.0, value)) for value in (x0, y0, x1, y1))
    return x0, y0, x1, y1


def without_other(mask: np.ndarray, box: Box, other: Box) -> np.ndarray:
    """The mask without what lies nearer to the other person's face, in faces: heads that touch are parted."""
    height, width = mask.shape
    rows, columns = _extent(mask)
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
    x = np.arange(columns.start, columns.stop, dtype=np.float32)
    near = [
        ((x - (b[0] + b[2]) / 2 * width) ** 2 + (y - (b[1] + b[3]) / 2 * height) ** 2)
        / max((b[2] - b[0]) * width, (b[3] - b[1]) * height) ** 2
        for b in (box, other)
    ]
    parted = np.zeros((height, width), np.float32)  # pages that stay zero cost nothing
    parted[rows, columns] = mask[rows, columns] * (near[0] <= near[1])
    return parted


def head_on_white(pixels: np.ndarray, mask: np.ndarray, box: Box, size_px: int) -> np.ndarray:
    """The masked head in the middle of a white (size_px, size_px, 3) picture.

    `DropError` when the mask is no head: it misses the face, or spreads over much more.
    """
    height, width = pixels.shape[:2]
    x0, y0 = int(box[0] * width), int(box[1] * height)
    x1, y1 = max(x0 + 1, round(box[2] * width)), max(y0 + 1, round(box[3] * height))
    rows, columns = _extent(mask, 0.5)
    cover = float(mask[y0:y1, x0:x1].mean())
    spread = float(mask[rows, columns].sum()) / ((x1 - x0) * (y1 - y0))
    if cover < _LEAST_COVER or spread > _MOST_SPREAD:
        told = f"{cover:.0%} of the face, {spread:.1f} times its size"
        raise DropError("head not cut out cleanly", told)
    side = (1 + 2 * _WHITE_EDGE) * max(rows.stop - rows.start, columns.stop - columns.start)
    scale = size_px / side
    shift_x = size_px / 2 - scale * (columns.start + columns.stop) / 2
    shift_y = size_px / 2 - scale * (rows.start + rows.stop) / 2
    place = np.array([[scale, 0, shift_x], [0, scale, shift_y]])
    size, method = (size_px, size_px), cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    head = cv2.warpAffine(pixels, place, size, flags=method, borderMode=cv2.BORDER_REPLICATE)
    share = cv2.warpAffine(mask, place, size, flags=cv2.INTER_LINEAR)
    return cv2.blendLinear(head, np.full_like(head, 255), share, 1 - share)


def _extent(mask: np.ndarray, above: float = 0.0) -> tuple[slice, slice]:
    """The rows and columns that a mask takes up where it is `above`; empty slices for none."""
    x, y, width, height = cv2.boundingRect((mask > above).view(np.uint8))
    return slice(y, y + height), slice(x, x + width)
