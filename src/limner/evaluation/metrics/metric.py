"""What a metric says of itself, and what its functions ask of the pictures they compare.

Knows names, sources and ranges. Knows nothing about how anything is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np


@dataclass(frozen=True, kw_only=True)
class Metric:
    """The card of one metric.

    Args:
        name: lower_snake, the most general part of its name in results.
        source: where it comes from: a paper, or what it asks.
        range: the least and the greatest value that it can take.
        better: which end of the range is the good one.
    """

    name: str
    source: str
    range: tuple[float, float]
    better: Literal["higher", "lower"]


def check_pixels(pixels: np.ndarray) -> np.ndarray:
    """`pixels` as they are when they are a picture, (H, W, 3) uint8; else ValueError."""
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(
            f"A picture to measure has the shape (height, width, 3), not {getattr(pixels, 'shape', None)}."
        )
    if pixels.dtype != np.uint8:
        raise ValueError(f"A picture to measure holds uint8 values in 0..255, not {pixels.dtype}; cast it.")
    return pixels


def check_pair(first: np.ndarray, second: np.ndarray) -> None:
    """ValueError unless both are pictures of one size; nothing is resampled behind the caller's back."""
    if check_pixels(first).shape != check_pixels(second).shape:
        sizes = " and ".join(f"{p.shape[1]}x{p.shape[0]}" for p in (first, second))
        raise ValueError(f"The pictures to compare are {sizes} px; bring both to one size with fit_to.")


def fit_to(pixels: np.ndarray, like: np.ndarray) -> np.ndarray:
    """`pixels` resampled to the height and width of `like`; unchanged when they agree."""
    height, width = check_pixels(like).shape[:2]
    if check_pixels(pixels).shape[:2] == (height, width):
        return pixels
    shrinks = height <= pixels.shape[0] and width <= pixels.shape[1]
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
