"""How sharp a face is, and how alike two pictures of a face are as pictures: the same pose breeds copying.

Knows pixels and boxes. Who it is, is a face reader's business.
"""

from __future__ import annotations

import cv2
import numpy as np

from limner.perception.crops import cut
from limner.perception.protocols import Box

_FACE_PX = 64


def sharpness(pixels: np.ndarray, box: Box) -> float:
    """Variance of the Laplacian of the face in `box` at 64 px, in gray levels: under 20 or so it is
    blurred.
    """
    return float(cv2.Laplacian(_face(pixels, box), cv2.CV_32F).var())


def alike(first: np.ndarray, first_box: Box, second: np.ndarray, second_box: Box) -> float:
    """Correlation of two faces as pictures, -1 to 1: 1 for the same pose, expression and light."""
    one, other = (_face(pixels, box) for pixels, box in ((first, first_box), (second, second_box)))
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum()) / size if size > 0 else 1.0


def _face(pixels: np.ndarray, box: Box) -> np.ndarray:
    return cv2.cvtColor(cut(pixels, box, _FACE_PX), cv2.COLOR_RGB2GRAY).astype(np.float32)
