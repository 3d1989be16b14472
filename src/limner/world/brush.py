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
Bounds = tuple[int, int, int, int]  # the least and the most x, y of places: left, top, right, bottom
Ramp = tuple[RGB, float, float, float]  # second colour; its share is a x + b y + c at pixel (x, y)

SHIFT = 4  # sub-pixel bits given to OpenCV
ONE = 1 << SHIFT
_COUNT = np.arange(2304, dtype=np.float32)


def box_of(image: Image, bounds: Bounds, margin: int = 1) -> Box | None:
    """The pixels that places within `bounds`, widened by `margin`, may touch; None if they miss the image."""
    left, top, right, low = bounds
    height, width = image.shape[:2]
    x0, y0 = (left >> SHIFT) - margin, (top >> SHIFT) - margin
    x1, y1 = ((right + 1) >> SHIFT) + 2 + margin, ((low + 1) >> SHIFT) + 2 + margin
    x0, y0 = x0 if x0 > 0 else 0, y0 if y0 > 0 else 0
    x1, y1 = x1 if x1 < width else width, y1 if y1 < height else height
    return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def bounds_of(placed: Place, counts: Sequence[int]) -> list[Bounds]:
    """The bounds of each of the places that follow each other in `placed`, `counts` points long."""
    starts = np.array(counts).cumsum()
    starts -= counts
    low, high = np.minimum.reduceat(placed, starts), np.maximum.reduceat(placed, starts)
    return [(*first, *last) for first, last in zip(low.tolist(), high.tolist(), strict=True)]


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
    image[:] = _row(colour)[:, :width]  # rows are copied faster than pixels are filled
    return image


@lru_cache(maxsize=1024)
def _row(colour: RGB) -> Image:
    """A row of one colour, as long as the widest canvas: (1, 1024, 3)."""
    row = np.full((1, 1024, 3), colour, np.uint8)
    row.flags.writeable = False
    return row


def fill_plain(image: Image, places: Sequence[Place], bounds: Bounds, colour: RGB) -> None:
    """Each place in one colour."""
    for place in places:
        cv2.fillPoly(image, [place], colour, cv2.LINE_AA, SHIFT)


def fill_together(image: Image, places: Sequence[Place], bounds: Bounds, colour: RGB) -> None:
    """Places that do not overlap, in one colour."""
    cv2.fillPoly(image, places, colour, cv2.LINE_AA, SHIFT)


def fill_faint(image: Image, places: Sequence[Place], bounds: Bounds, colour: RGB, alpha: float) -> None:
    """All places together in one colour that lets the ground through."""
    box = box_of(image, bounds)
    if box is None:
        return
    x0, y0, x1, y1 = box
    under = image[y0:y1, x0:x1]
    covered = under.copy()
    for place in places:
        cv2.fillPoly(covered, [place], colour, cv2.LINE_AA, SHIFT, (-x0 * ONE, -y0 * ONE))
    cv2.addWeighted(covered, alpha, under, 1 - alpha, 0, dst=under)


def fill_shaded(
    image: Image,
    places: Sequence[Place],
    bounds: Bounds,
    colour: RGB,
    ramp: Ramp,
    alpha: float,
    fine: bool,
) -> None:
    """All places together in a gradient from `colour` on."""
    box = box_of(image, bounds)
    if box is None:
        return
    mask = mask_of(places, box)
    paint = _gradient(box, colour, ramp)
    if alpha < 0.999 or not fine:
        blend_shares(image, box, mask if alpha >= 0.999 else cv2.convertScaleAbs(mask, alpha=alpha), paint)
        return
    # Much cheaper than blending: an anti-aliased rim in the middle colour, the gradient copied within it.
    x0, y0, x1, y1 = box
    rim = paint[(y1 - y0) // 2, (x1 - x0) // 2].tolist()
    cv2.polylines(image, places, True, rim, 1, cv2.LINE_AA, SHIFT)
    cv2.copyTo(paint, cv2.threshold(mask, 254, 255, cv2.THRESH_BINARY)[1], image[y0:y1, x0:x1])


def draw_lines(
    image: Image,
    places: Sequence[Place],
    bounds: Bounds,
    colour: RGB,
    thickness: int,
    closed: bool,
    kind: int,
) -> None:
    """Lines along the places, `thickness` pixels wide."""
    cv2.polylines(image, places, closed, colour, thickness, kind, SHIFT)


def draw_faint_line(
    image: Image,
    places: Sequence[Place],
    bounds: Bounds,
    colour: RGB,
    thickness: int,
    closed: bool,
    kind: int,
    alpha: float,
) -> None:
    """One line that lets the ground through."""
    box = box_of(image, bounds, margin=thickness)
    if box is None:
        return
    x0, y0, x1, y1 = box
    under = image[y0:y1, x0:x1]
    covered = under.copy()
    moved = places[0] - np.array((x0 * ONE, y0 * ONE), np.int32)
    cv2.polylines(covered, [moved], closed, colour, thickness, kind, SHIFT)
    cv2.addWeighted(covered, alpha, under, 1 - alpha, 0, dst=under)


def draw_glow(
    image: Image,
    places: Sequence[Place],
    bounds: Bounds,
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
    blend_shares(image, (x0, y0, x1, y1), cv2.convertScaleAbs(weights, alpha=255 * alpha), colour)


def blend_shares(image: Image, box: Box, shares: Any, paint: Any) -> None:
    """Paint over `box` with an opacity a pixel, (H, W) bytes; `paint` is a colour or (H, W, 3) bytes."""
    x0, y0, x1, y1 = box
    under = image[y0:y1, x0:x1]
    if not isinstance(paint, np.ndarray):
        paint = flat(x1 - x0, y1 - y0, paint)
    shares = cv2.cvtColor(shares, cv2.COLOR_GRAY2BGR)
    over = cv2.multiply(paint, shares, scale=1 / 255)
    cv2.add(over, cv2.multiply(under, cv2.bitwise_not(shares), scale=1 / 255), dst=under)


def _gradient(box: Box, colour: RGB, ramp: Ramp) -> Image:
    """The ramp's colours over `box`."""
    second, a, b, c = ramp
    x0, y0, x1, y1 = box
    across, down = x1 - x0, y1 - y0
    start = a * (x0 + 0.5) + b * (y0 + 0.5) + c
    table = _ramp(colour, second)
    fall = abs(b) * (down - 1)
    if a and fall <= abs(a) * (len(_COUNT) - across - 2):
        # Every row is a part of one strip, a little further along than the row above.
        slope = b / a
        low = min(0.0, slope * (down - 1))
        strip = _colours(table, start + a * low, a, across + int(fall / abs(a)) + 2)
        parts = np.ndarray((strip.shape[1] - across + 1, 3 * across), np.uint8, strip, 0, (3, 1))
        firsts = _COUNT[:down] * np.float32(slope) + np.float32(0.5 - low)
        return parts[firsts.astype(np.int32)].reshape(down, across, 3)
    if abs(a) * across < 1 / 255:
        column = _colours(table, start, b, down).reshape(down, 1, 3)
        return np.asarray(cv2.resize(column, (across, down), interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    steps = _COUNT[:across] * np.float32(255 * a) + np.float32(255 * start)
    steps = steps + (_COUNT[:down] * np.float32(255 * b))[:, None]
    return _coloured(table, steps)


def _colours(table: Image, start: float, step: float, count: int) -> Image:
    """The colours at `count` shares that begin with `start` and grow by `step`: (1, count, 3)."""
    return _coloured(table, (_COUNT[:count] * np.float32(255 * step) + np.float32(255 * start))[None])


def _coloured(table: Image, steps: NDArray[np.float32]) -> Image:
    """The colours of shares given in 255ths."""
    np.maximum(steps, np.float32(0), out=steps)
    np.minimum(steps, np.float32(255), out=steps)
    return np.asarray(cv2.applyColorMap(steps.astype(np.uint8), table), dtype=np.uint8)


@lru_cache(maxsize=4096)
def _ramp(first: RGB, second: RGB) -> Image:
    steps = np.linspace(0.0, 1.0, 256)[:, None]
    colours = np.asarray(first) * (1 - steps) + np.asarray(second) * steps
    return np.ascontiguousarray(np.rint(colours).clip(0, 255).astype(np.uint8)[:, None, :])
