"""The square that holds two faces.

Knows boxes and pixels. Knows nobody.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from limner.builders.heads import resized
from limner.builders.runner.document import DropError
from limner.builders.video.clip import Pair
from limner.perception.protocols import Box

_AROUND: Final = 0.25  # of a face's width, which the square shows beside it


def square_with_both(pixels: np.ndarray, faces: Pair, size_px: int) -> tuple[np.ndarray, Pair]:
    """The largest square of a picture that holds both faces, at `size_px`, and the faces in it.

    `DropError` when they are too far apart for any: the paper's first filter (Section 4.1).
    """
    height, width = pixels.shape[:2]
    side = min(height, width)
    left, right = _place(faces, 0, width, side)
    top, bottom = _place(faces, 1, height, side)
    first, second = (_inside(box, left, top, side, width, height) for box in faces)
    return resized(pixels[top:bottom, left:right], size_px), (first, second)


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
