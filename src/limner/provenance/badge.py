"""A visible "AI" in a picture's corner, for people. Knows pixels."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

SHARE: Final = 0.085  # of the short side
LEAST_PX: Final = 16
DARKENED: Final = 0.28  # what is left of the picture behind the letters
_FONT: Final = cv2.FONT_HERSHEY_DUPLEX


def with_badge(pixels_HWC: np.ndarray) -> np.ndarray:
    """The same picture with white letters on a dark ground in the lower right corner: (H, W, 3) uint8."""
    height, width = pixels_HWC.shape[:2]
    high = min(max(LEAST_PX, round(SHARE * min(height, width))), height, width)
    wide = min(round(1.6 * high), width)
    margin = min(high // 3, height - high, width - wide)
    top, left = height - margin - high, width - margin - wide
    made = pixels_HWC.copy()
    ground = made[top : top + high, left : left + wide]
    ground[:] = np.rint(ground * DARKENED).astype(np.uint8)
    scale = cv2.getFontScaleFromHeight(_FONT, max(6, round(0.55 * high)))
    (letters_px, tall_px), _ = cv2.getTextSize("AI", _FONT, scale, 1)
    place = (left + (wide - letters_px) // 2, top + (high + tall_px) // 2)
    thick = max(1, high // 16)
    cv2.putText(made, "AI", place, _FONT, scale, (255, 255, 255), thick, cv2.LINE_AA)
    return made
