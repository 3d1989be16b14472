"""Squares: the part of a picture that holds a face and becomes the training picture.

Knows pixels (H, W, 3) uint8 and boxes (x0, y0, x1, y1) in the unit square. Knows nothing about who it is.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from limner.perception.protocols import Box

_ABOVE: Final = 0.6  # of a face's height, which the square shows above it where it can: hair and hats
_AROUND: Final = 0.25  # of a face's sides, elsewhere


def largest_square(pixels: np.ndarray, box: Box) -> tuple[np.ndarray, Box]:
    """The largest square of the picture that holds the face with its hair, as near to the middle as can be;
    the face's box in it.

    Where the picture has no room for all of the hair, the square holds the face. ValueError when no square
    within the picture holds even that.
    """
    height, width = pixels.shape[:2]
    side = min(height, width)
    x0, y0, x1, y1 = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    if x1 - x0 > side or y1 - y0 > side:
        raise ValueError(f"the face is {x1 - x0:.0f}x{y1 - y0:.0f} px, more than the picture's {side} px")
    beside, below, above = _AROUND * (x1 - x0), _AROUND * (y1 - y0), _ABOVE * (y1 - y0)
    left = _start(width, side, (x0, x1), (x0 - beside, x1 + beside))
    top = _start(height, side, (y0, y1), (y0 - above, y1 + below))
    square = pixels[top : top + side, left : left + side]
    moved = ((x0 - left) / side, (y0 - top) / side, (x1 - left) / side, (y1 - top) / side)
    return square, _within(moved)


def _start(length: int, side: int, face: tuple[float, float], wanted: tuple[float, float]) -> int:
    """Where the square begins along an axis: it holds the face, and of what is wanted the upper or left part
    first.
    """
    middle = (length - side) // 2
    low, high = max(0.0, wanted[0]), min(float(length), wanted[1])
    begin = int(np.clip(middle, np.ceil(high - side), np.floor(low))) if high - low <= side else int(low)
    least, most = max(0, int(np.ceil(face[1] - side))), min(length - side, int(np.floor(face[0])))
    return int(np.clip(begin, least, most))


def _within(box: tuple[float, float, float, float]) -> Box:
    x0, y0, x1, y1 = (float(min(1.0, max(0.0, side))) for side in box)
    return x0, y0, x1, y1
