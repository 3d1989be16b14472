"""Paint on pixels: fills, lines, gradients and soft spots on a plain array, in fixed-point pixel places.

Knows OpenCV and how cheap each kind of paint is. Knows nothing about frames, units or shapes' names.

An image is (H, W, 3) uint8. A place is a polygon (N, 2) int32 in sixteenths of a pixel. `fine` says that the
image is painted at twice the asked size, where averaging softens edges anyway.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

RGB = tuple[int, int, int]
Image = NDArray[np.uint8]
Place = NDArray[np.int32]
Box = tuple[int, int, int, int]  # x0, y0, x1, y1 in whole pixels
Ramp = tuple[RGB, float, float, float]  # second colour; its share is a x + b y + c at pixel (x, y)

SHIFT = 4  # sub-pixel bits given to OpenCV
ONE = 1 << SHIFT
_COUNT = np.arange(2304, dtype=np.float32)


def box_of(image: Image, places: Sequence[Place], margin: int = 1) -> Box | None:
    """The pixels that places, widened by `margin`, may touch; None where they miss the image."""
    left, top, wide, high = cv2.boundingRect(places[0] if len(places) == 1 else np.concatenate(places))
    height, width = image.shape[:2]
    x0, y0 = max((left >> SHIFT) - margin, 0), max((top >> SHIFT) - margin, 0)
    x1 = min(((left + wide) >> SHIFT) + 2 + margin, width)
    y1 = min(((top + high) >> SHIFT) + 2 + margin, height)
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def mask_of(places: Sequence[Place], box: Box) -> Image:
    """How much of each pixel of `box` the places cover: (H, W), 255 is all."""
    x0, y0, x1, y1 = box
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for place in places:
        cv2.fillPoly(mask, [place], 255, cv2.LINE_AA, SHIFT, (-x0 * ONE, -y0 * ONE))
    return mask


def flat(width: int, height: int, colour: RGB) -> Image:
    """One colour: (height, width, 3)."""
    image = np.empty((height, width, 3), np.uint8)
    cv2.rectangle(image, (0, 0), (width, height), colour, cv2.FILLED)
    return image


def fill_plain(image: Image, places: Sequence[Place], colour: RGB) -> None:
    """Each place in one colour."""
    for place in places:
        cv2.fillPoly(image, [place], colour, cv2.LINE_AA, SHIFT)


def fill_together(image: Image, places: Sequence[Place], colour: RGB) -> None:
    """Places that do not overlap, in one colour."""
    cv2.fillPoly(image, places, colour, cv2.LINE_AA, SHIFT)


def fill_faint(image: Image, places: Sequence[Place], colour: RGB, alpha: float, fine: bool) -> None:
    """All places together in one colour that lets the ground through."""
    box = box_of(image, places)
    if box is not None:
        blend(image, box, mask_of(places, box), colour, alpha, fine)


def fill_shaded(
    image: Image, places: Sequence[Place], colour: RGB, ramp: Ramp, alpha: float, fine: bool
) -> None:
    """All places together in a gradient from `colour` on."""
    box = box_of(image, places)
    if box is None:
        return
    mask = mask_of(places, box)
    paint = _gradient(box, colour, ramp, 2 if fine else 1)
    if alpha < 0.999 or not fine:
        blend(image, box, mask, paint, alpha, fine)
        return
    # Much cheaper than blending: an anti-aliased rim in the middle colour, the gradient copied within it.
    x0, y0, x1, y1 = box
    rim = paint[(y1 - y0) // 2, (x1 - x0) // 2].tolist()
    fill_plain(image, places, rim)
    cv2.copyTo(paint, cv2.threshold(mask, 254, 255, cv2.THRESH_BINARY)[1], image[y0:y1, x0:x1])


def draw_lines(
    image: Image, places: Sequence[Place], colour: RGB, thickness: int, closed: bool, kind: int
) -> None:
    """Lines along the places, `thickness` pixels wide."""
    cv2.polylines(image, places, closed, colour, thickness, kind, SHIFT)


def draw_faint_line(
    image: Image,
    places: Sequence[Place],
    colour: RGB,
    thickness: int,
    closed: bool,
    kind: int,
    alpha: float,
    fine: bool,
) -> None:
    """One line that lets the ground through."""
    box = box_of(image, places, margin=thickness)
    if box is None:
        return
    x0, y0, x1, y1 = box
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    moved = places[0] - np.array((x0 * ONE, y0 * ONE), np.int32)
    cv2.polylines(mask, [moved], closed, 255, thickness, kind, SHIFT)
    blend(image, box, mask, colour, alpha, fine)


def draw_glow(
    image: Image,
    places: Sequence[Place],
    frame: tuple[float, float, float, float, float, float],
    colour: RGB,
    alpha: float,
) -> None:
    """A soft spot: `frame` (a, b, x, c, d, y) maps the unit circle to its rim. Needs no places."""
    a, b, x, c, d, y = frame
    wide, high = math.hypot(a, b), math.hypot(c, d)
    height, width = image.shape[:2]
    x0, y0 = max(math.floor(x - wide), 0), max(math.floor(y - high), 0)
    x1, y1 = min(math.ceil(x + wide), width), min(math.ceil(y + high), height)
    area = a * d - b * c
    if x1 <= x0 or y1 <= y0 or area == 0:
        return
    # (u, v) of a pixel in the unit circle's own frame; full in the middle, (1 - u^2 - v^2)^2 around it
    xs = _COUNT[: x1 - x0] + np.float32(x0 + 0.5 - x)
    ys = (_COUNT[: y1 - y0] + np.float32(y0 + 0.5 - y))[:, None]
    if b == 0 and c == 0:
        xs *= np.float32(1 / a)
        ys *= np.float32(1 / d)
        weights = np.float32(1) - xs * xs - ys * ys
    else:
        u = xs * np.float32(d / area) - ys * np.float32(b / area)
        v = ys * np.float32(a / area) - xs * np.float32(c / area)
        u *= u
        v *= v
        u += v
        weights = np.subtract(np.float32(1), u, out=u)
    np.maximum(weights, np.float32(0), out=weights)
    weights *= weights
    weights *= np.float32(alpha)
    blend_weights(image, (x0, y0, x1, y1), weights, colour)


def blend(image: Image, box: Box, mask: Image, paint: Any, alpha: float, fine: bool) -> None:
    """Paint over `box` where `mask` shows it; `paint` is a colour or (H, W, 3) bytes."""
    if alpha <= 0.6 and fine:  # faint shapes need no soft rim
        x0, y0, x1, y1 = box
        under = image[y0:y1, x0:x1]
        over = paint if isinstance(paint, np.ndarray) else flat(x1 - x0, y1 - y0, paint)
        mixed = cv2.addWeighted(over, alpha, under, 1 - alpha, 0)
        cv2.copyTo(mixed, cv2.threshold(mask, 127, 255, cv2.THRESH_BINARY)[1], under)
        return
    blend_weights(image, box, mask.astype(np.float32) * np.float32(alpha / 255), paint)


def blend_weights(image: Image, box: Box, weights: NDArray[np.float32], paint: Any) -> None:
    """Paint over `box` with an opacity a pixel; `paint` is a colour or (H, W, 3) bytes."""
    x0, y0, x1, y1 = box
    under = image[y0:y1, x0:x1]
    if not isinstance(paint, np.ndarray):
        paint = flat(x1 - x0, y1 - y0, paint)
    under[:] = cv2.blendLinear(paint, under, weights, np.float32(1) - weights)


def _gradient(box: Box, colour: RGB, ramp: Ramp, step: int) -> Image:
    """The ramp's colours over `box`, as fine as the finished picture."""
    second, a, b, c = ramp
    x0, y0, x1, y1 = box
    across, down = (x1 - x0 + step - 1) // step, (y1 - y0 + step - 1) // step
    start = a * (x0 + 0.5 * step) + b * (y0 + 0.5 * step) + c
    xs = _COUNT[:across] * np.float32(255 * a * step) + np.float32(255 * start)
    ys = _COUNT[:down] * np.float32(255 * b * step)
    steps = xs + ys[:, None]
    np.maximum(steps, np.float32(0), out=steps)
    np.minimum(steps, np.float32(255), out=steps)
    paint = cv2.applyColorMap(steps.astype(np.uint8), _ramp(colour, second))
    if step > 1:
        paint = cv2.resize(paint, (across * step, down * step), interpolation=cv2.INTER_NEAREST)
    return np.asarray(paint[: y1 - y0, : x1 - x0], dtype=np.uint8)


@lru_cache(maxsize=4096)
def _ramp(first: RGB, second: RGB) -> Image:
    steps = np.linspace(0.0, 1.0, 256)[:, None]
    colours = np.asarray(first) * (1 - steps) + np.asarray(second) * steps
    return np.ascontiguousarray(np.rint(colours).clip(0, 255).astype(np.uint8)[:, None, :])
