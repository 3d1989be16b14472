"""Windows onto a picture: the face, and the person below it, cut out at the size that a sense reads.

Knows boxes in the unit square and uint8 RGB pixels. Knows no network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from limner.perception.protocols import Box

if TYPE_CHECKING:  # builders cut pictures without it
    import torch
    from torch import Tensor

FACE_MARGIN = 1.35
_WHOLE_PX = 640  # shorter sides are shrunk whole
_FINER = 3  # whole blocks are left at least so much finer than what is read
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


def face_window(box: Box, aspect: float = 1.0) -> Box:
    """A square (in pixels) around a face with some hair and chin; `aspect` = picture width / height."""
    x0, y0, x1, y1 = box
    side = FACE_MARGIN * max((x1 - x0) * aspect, y1 - y0)
    centre_x, centre_y = (x0 + x1) / 2, (y0 + y1) / 2
    return (
        centre_x - side / 2 / aspect,
        centre_y - side / 2,
        centre_x + side / 2 / aspect,
        centre_y + side / 2,
    )


def body_window(box: Box) -> Box:
    """Hat to hips of the person whose face is in `box`, cut off at the picture's edges.

    A close-up is cut down to little more than the face, so a trait reader sees every framing as large as it
    can be, and little of whoever stands beside.
    """
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    return (
        max(0.0, x0 - 0.95 * width),
        max(0.0, y0 - 0.7 * height),
        min(1.0, x1 + 0.95 * width),
        min(1.0, y1 + 3.6 * height),
    )


def cut(pixels: np.ndarray, window: Box, size_px: int) -> np.ndarray:
    """The window of a picture, resampled to (size_px, size_px, 3); beyond the edges, the edge colour repeats.

    Windows are cut at fractions of a pixel, so that a face does not jitter with rounding.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"A picture is (height, width, 3) uint8, not {pixels.shape} {pixels.dtype}.")
    x0, y0, x1, y1 = window
    if x1 <= x0 or y1 <= y0:
        raise ValueError(f"The window {window} is empty; pass (x0, y0, x1, y1) with x0 < x1 and y0 < y1.")
    height, width = pixels.shape[:2]
    (left, right), (top, bottom) = (x0 * width, x1 * width), (y0 * height, y1 * height)
    # Linear interpolation sees two neighbours only: shrink by whole factors first, or thin strokes break up.
    shrink = max(1, int(min(right - left, bottom - top) / size_px))
    if shrink > 1:
        columns, rows = _around(left, right, width, shrink), _around(top, bottom, height, shrink)
        pixels = pixels[rows, columns]
        shrunk = (max(1, pixels.shape[1] // shrink), max(1, pixels.shape[0] // shrink))
        by_x, by_y = shrunk[0] / pixels.shape[1], shrunk[1] / pixels.shape[0]
        pixels = cv2.resize(pixels, shrunk, interpolation=cv2.INTER_AREA)
        left, right = ((side - columns.start) * by_x for side in (left, right))
        top, bottom = ((side - rows.start) * by_y for side in (top, bottom))
    step_x, step_y = (right - left) / size_px, (bottom - top) / size_px
    to_source = np.array([[step_x, 0, left + step_x / 2 - 0.5], [0, step_y, top + step_y / 2 - 0.5]])
    return cv2.warpAffine(
        pixels,
        to_source,
        (size_px, size_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _around(low: float, high: float, length: int, step: int) -> slice:
    """What of a side is read for a window from `low` to `high`: of a long one that and two steps more."""
    if length <= _WHOLE_PX:
        return slice(0, length)
    first, last = math.floor(low / step) - 2, math.ceil(high / step) + 2
    begin = max(0, min(first * step, length - step))
    return slice(begin, length if last * step > length - step else max(begin + step, last * step))


def cut_face(pixels: np.ndarray, box: Box, size_px: int = 64) -> np.ndarray:
    """The square around a face, as the embedder was trained to read it."""
    return cut(pixels, face_window(box, pixels.shape[1] / pixels.shape[0]), size_px)


def shrink_whole(pixels: np.ndarray, size_px: int) -> np.ndarray:
    """The whole picture at (size_px, size_px, 3), its aspect ratio not kept."""
    if pixels.shape[:2] == (size_px, size_px):
        return pixels
    shrinking = size_px < min(pixels.shape[:2])
    factor = min(pixels.shape[:2]) // (size_px * _FINER)
    if factor > 1:  # means of whole blocks take a fifth of the time of means with borders
        blocks = (pixels.shape[1] // factor, pixels.shape[0] // factor)
        pixels = cv2.resize(pixels, blocks, interpolation=cv2.INTER_AREA)
    method = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    return cv2.resize(pixels, (size_px, size_px), interpolation=method)


def to_tensor(pictures: Sequence[np.ndarray], device: torch.device | str = "cpu") -> Tensor:
    """Equal-sized uint8 pictures -> (B, 3, S, S) float32 in [-1, 1]."""
    import torch

    stacked = torch.from_numpy(np.stack(pictures)).to(device)
    return stacked.permute(0, 3, 1, 2).float() / 127.5 - 1
