"""A picture that is new in one region and as it was everywhere else.

Models paint whole pictures. What an instruction points at is taken from the new one, with a soft edge inside
the region, and everything outside is the earlier picture, pixel by pixel. Knows pictures and boxes alone.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image

from limner.dialogue.boxes import Box
from limner.dialogue.parts import Picture
from limner.inference.request import RoundRequest
from limner.models.pad_to_square import pad_to_square

EDGE: Final = 0.04  # of a side, from the region's edge to where all is new; a fifth of it at most


def as_asked(request: RoundRequest, painted: Picture) -> Picture:
    """What the user sees of a square picture painted for a request: all of it, or, where the request points
    at a region, the earlier picture with that region replaced.
    """
    region, before = request.instruction.region, request.condition
    if region is None or before is None:
        return painted
    side = painted.width_px
    return _mixed(_in_square(region, before), pad_to_square(before, side), painted.pixels)


def within(region: Box, before: Picture, painted: Picture) -> Picture:
    """The picture before, and in its region what was painted of it, brought to its shape: painters of any
    size keep what they leave alone in its place.
    """
    size = (before.width_px, before.height_px)
    if size != (painted.width_px, painted.height_px):
        painted = Picture.from_pil(painted.to_pil().resize(size, Image.Resampling.LANCZOS))
    return _mixed(region, before.pixels, painted.pixels)


def _mixed(region: Box, before_HW3: np.ndarray, painted_HW3: np.ndarray) -> Picture:
    height, width, _ = painted_HW3.shape
    share_HW1 = _share(region, width, height)[:, :, None]
    mixed_HW3 = share_HW1 * painted_HW3 + (1 - share_HW1) * before_HW3
    return Picture(np.round(mixed_HW3).astype(np.uint8))


def _in_square(region: Box, picture: Picture) -> Box:
    """A region of a picture, in the square that the whole picture stands in (`pad_to_square`)."""
    side = max(picture.width_px, picture.height_px)
    width, height = picture.width_px / side, picture.height_px / side
    left, top = (1 - width) / 2, (1 - height) / 2
    x0, y0, x1, y1 = region
    return (left + x0 * width, top + y0 * height, left + x1 * width, top + y1 * height)


def _share(region: Box, width_px: int, height_px: int) -> np.ndarray:
    """(H, W), how much of each pixel is new: 0 outside of the region, rising to 1 within; no edge is soft
    where the picture ends.
    """
    x0, y0, x1, y1 = region
    across, down = _rise(x0, x1, width_px), _rise(y0, y1, height_px)
    share_HW: np.ndarray = np.minimum(across[None, :], down[:, None])
    return share_HW


def _rise(start: float, end: float, side_px: int) -> np.ndarray:
    at = (np.arange(side_px) + 0.5) / side_px
    edge = min(EDGE, (end - start) / 5)
    from_start = np.where(start <= 0, 1.0, (at - start) / edge)
    from_end = np.where(end >= 1, 1.0, (end - at) / edge)
    inside = (at >= start) & (at <= end)
    return np.where(inside, np.clip(np.minimum(from_start, from_end), 0, 1), 0.0)
