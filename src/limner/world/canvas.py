"""An anti-aliased canvas in unit coordinates: polygons, strokes, ellipses, soft light, gradients, clips,
transforms.

Knows how shapes become pixels. Knows nothing about people, scenes or what is drawn.

The unit square spans the picture: (0, 0) is its top left corner, (1, 1) its bottom right, y points down.
Every coordinate, width and radius passes through the current transform. Pixels are kept at twice the asked
size (once above 512 px) and averaged at the end. Colours are RGB bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

RGB = tuple[int, int, int]
Points = NDArray[np.float64]  # (N, 2), x and y
Outline = ArrayLike | tuple[Points, ...]  # one closed polygon, or several seen as one shape
Shade = tuple[
    RGB, tuple[float, float], tuple[float, float]
]  # second colour, where it starts, where it is full

_SHIFT = 4  # sub-pixel bits given to OpenCV
_ONE = 1 << _SHIFT
_FULL_TURN_POINTS = 48


class Canvas:
    """A square picture being painted; `pixels()` hands it over.

    `size_px` is the side of the finished picture in pixels (at least 8).
    """

    def __init__(self, size_px: int, ground: RGB = (255, 255, 255)) -> None:
        if size_px < 8:
            raise ValueError(f"a canvas of {size_px} px is too small; ask for at least 8 px")
        self.size_px = size_px
        self.factor = 2 if size_px <= 512 else 1
        side = size_px * self.factor
        self._image = _flat(side, side, ground)
        self._side = side
        self._base = np.array([[side, 0.0, 0.0], [0.0, side, 0.0]])
        self._transforms: list[NDArray[np.float64]] = []
        self._edge = cv2.LINE_8 if self.factor > 1 else cv2.LINE_AA  # where averaging softens edges anyway
        self._set(self._base)

    # ---- where to draw -------------------------------------------------------------------------------------

    def push(self, transform: ArrayLike) -> None:
        """Draw from now on in a local frame: `transform` (2, 3) maps local points to the current frame."""
        local = np.asarray(transform, dtype=np.float64)
        self._transforms.append(self._matrix)
        linear = self._matrix[:, :2]
        self._set(np.column_stack([linear @ local[:, :2], linear @ local[:, 2] + self._matrix[:, 2]]))

    def pop(self) -> None:
        """Return to the frame before the last `push`."""
        self._set(self._transforms.pop())

    def _set(self, matrix: NDArray[np.float64]) -> None:
        self._matrix = matrix
        self._scale = math.sqrt(abs(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]))
        self._fixed = np.ascontiguousarray(matrix[:, :2].T * _ONE)
        # OpenCV puts whole numbers at pixel centres; half a step more makes truncation round
        self._fixed_shift = (matrix[:, 2] - 0.5) * _ONE + 0.5

    @contextmanager
    def at(
        self,
        x: float = 0.0,
        y: float = 0.0,
        scale: float | tuple[float, float] = 1.0,
        rotation: float = 0.0,
        flip: bool = False,
    ) -> Iterator[Canvas]:
        """A local frame whose origin is (x, y); `rotation` in radians, clockwise on the page; `flip` mirrors
        x first.
        """
        sx, sy = scale if isinstance(scale, tuple) else (scale, scale)
        if flip:
            sx = -sx
        c, s = math.cos(rotation), math.sin(rotation)
        self.push([[c * sx, -s * sy, x], [s * sx, c * sy, y]])
        try:
            yield self
        finally:
            self.pop()

    @property
    def pixel(self) -> float:
        """The length of one finished pixel in the current frame's units (for hairlines)."""
        return self.factor / self._scale

    def sees(self, points: ArrayLike, margin: float = 0.0) -> bool:
        """Whether the box around points (N, 2), widened by `margin`, meets the picture."""
        return self._box(self._place(points), margin=1 + round(margin * self._scale)) is not None

    # ---- shapes --------------------------------------------------------------------------------------------

    def fill(self, points: Outline, colour: RGB, shade: Shade | None = None, alpha: float = 1.0) -> None:
        """Fill a closed polygon (N, 2), or all that a tuple of polygons covers together.

        `shade` runs linearly from `colour` at its start to its own colour at its end.
        """
        places = self._places(points)
        if shade is None and alpha >= 0.999:
            for place in places:
                cv2.fillPoly(self._image, [place], colour, cv2.LINE_AA, _SHIFT)
            return
        box = self._box(*places)
        if box is None:
            return
        mask = self._mask(places, box)
        if shade is None:
            self._blend(box, mask, colour, alpha)
            return
        paint = self._gradient(box, colour, shade)
        if alpha < 0.999 or self.factor == 1:
            self._blend(box, mask, paint, alpha)
            return
        # Much cheaper than blending: an anti-aliased rim in the middle colour, the gradient copied within it.
        x0, y0, x1, y1 = box
        rim = paint[(y1 - y0) // 2, (x1 - x0) // 2].tolist()
        for place in places:
            cv2.fillPoly(self._image, [place], rim, cv2.LINE_AA, _SHIFT)
        cv2.copyTo(paint, cv2.threshold(mask, 254, 255, cv2.THRESH_BINARY)[1], self._image[y0:y1, x0:x1])

    def stamp(self, points: ArrayLike, centres: ArrayLike, colour: RGB) -> None:
        """Fill one polygon (N, 2) at every centre (K, 2), none overlapping another, in one colour (dots,
        petals).
        """
        shapes = np.asarray(points, dtype=np.float64) + np.asarray(centres, dtype=np.float64)[:, None]
        count, corners = shapes.shape[:2]
        places = self._place(shapes.reshape(-1, 2)).reshape(count, corners, 2)
        cv2.fillPoly(self._image, list(places), colour, cv2.LINE_AA, _SHIFT)

    def stroke(
        self, points: ArrayLike, colour: RGB, width: float, closed: bool = False, alpha: float = 1.0
    ) -> None:
        """Draw a line of constant `width` (in the current frame) with round ends through points (N, 2)."""
        place = self._place(points)
        wide = width * self._scale
        thickness = max(1, round(wide))
        alpha *= min(1.0, max(wide, 0.25))
        box = self._box(place, margin=thickness)
        if box is None:
            return
        if alpha >= 0.95:
            kind = self._edge if thickness > 1 else cv2.LINE_AA
            cv2.polylines(self._image, [place], closed, colour, thickness, kind, _SHIFT)
            return
        x0, y0, x1, y1 = box
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        moved = place - np.array([x0 * _ONE, y0 * _ONE], np.int32)
        cv2.polylines(mask, [moved], closed, 255, thickness, self._edge, _SHIFT)
        self._blend(box, mask, colour, alpha)

    def ellipse(
        self,
        cx: float,
        cy: float,
        rx: float,
        ry: float,
        colour: RGB,
        rotation: float = 0.0,
        shade: Shade | None = None,
        alpha: float = 1.0,
    ) -> None:
        """Fill an ellipse; `rotation` in radians, clockwise on the page."""
        self.fill(oval(cx, cy, rx, ry, rotation), colour, shade, alpha)

    def glow(self, cx: float, cy: float, rx: float, ry: float, colour: RGB, alpha: float = 1.0) -> None:
        """A soft spot, full at its centre and nothing at its rim: blush, shadows, light."""
        place = self._place(oval(cx, cy, rx, ry))
        box = self._box(place)
        if box is None:
            return
        x0, y0, x1, y1 = box
        mx, my = self._matrix[:, :2] @ (cx, cy) + self._matrix[:, 2]
        inverse = np.linalg.inv(self._matrix[:, :2] * (rx, ry))
        xs = np.arange(x0, x1, dtype=np.float32) + np.float32(0.5 - mx)
        ys = (np.arange(y0, y1, dtype=np.float32) + np.float32(0.5 - my))[:, None]
        i = inverse.astype(np.float32)
        far = (i[0, 0] * xs + i[0, 1] * ys) ** 2 + (i[1, 0] * xs + i[1, 1] * ys) ** 2
        near = np.maximum(np.float32(1) - far, np.float32(0))
        self._blend_weights(box, near * near * np.float32(alpha), colour)

    @contextmanager
    def clip(self, points: Outline) -> Iterator[Canvas]:
        """What is drawn inside the `with` block shows only within the polygon (N, 2) or tuple of polygons."""
        places = self._places(points)
        box = self._box(*places)
        if box is None:
            before = self._image.copy()
            yield self
            self._image[:] = before
            return
        whole, (x0, y0, x1, y1) = self._image, box
        # Draw on a copy of the box alone: a shifted view of the plane, so that cost follows the clip's size.
        matrix = self._matrix
        transforms, self._transforms = self._transforms, []
        part = whole[y0:y1, x0:x1].copy()
        self._image = part
        self._set(matrix - np.array([[0, 0, x0], [0, 0, y0]]))
        try:
            yield self
        finally:
            self._image, self._transforms = whole, transforms
            self._set(matrix)
            self._blend(box, self._mask(places, box), part, 1.0)

    # ---- the whole picture ---------------------------------------------------------------------------------

    def gradient(
        self, colour_top: RGB, colour_bottom: RGB, box: tuple[float, float, float, float] | None = None
    ) -> None:
        """A vertical gradient over `box` (x0, y0, x1, y1 in the current frame), or over the whole picture."""
        if box is None:
            x0, y0, x1, y1 = 0, 0, self._image.shape[1], self._image.shape[0]
        else:
            corners = self._place([[box[0], box[1]], [box[2], box[3]]])
            found = self._box(corners)
            if found is None:
                return
            x0, y0, x1, y1 = found
        steps = np.linspace(0.0, 1.0, y1 - y0)[:, None]
        rows = np.asarray(colour_top) * (1 - steps) + np.asarray(colour_bottom) * steps
        column = np.rint(rows).astype(np.uint8)[:, None, :]
        self._image[y0:y1, x0:x1] = cv2.resize(column, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST)

    def blur(self, sigma: float) -> None:
        """Soften all that is drawn so far; `sigma` in the current frame's units."""
        pixels = sigma * self._scale
        if pixels >= 0.3:
            self._image[:] = cv2.GaussianBlur(self._image, (0, 0), pixels)

    def blend(self, colour: RGB, alpha: float) -> None:
        """Tint the whole picture towards `colour`."""
        wash = _flat(self._image.shape[1], self._image.shape[0], colour)
        self._image[:] = cv2.addWeighted(self._image, 1.0 - alpha, wash, alpha, 0.0)

    def pixels(self) -> NDArray[np.uint8]:
        """The finished picture: (size_px, size_px, 3) uint8 RGB, a copy."""
        if self.factor == 1:
            return self._image.copy()
        size = (self.size_px, self.size_px)
        return np.asarray(cv2.resize(self._image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def snapshot(self) -> NDArray[np.uint8]:
        """What is drawn so far, at working resolution, for `restore` on a canvas of the same size."""
        return self._image.copy()

    def restore(self, snapshot: NDArray[np.uint8]) -> None:
        """Replace all that is drawn by a `snapshot`."""
        self._image[:] = snapshot

    # ---- within --------------------------------------------------------------------------------------------

    def _place(self, points: ArrayLike) -> NDArray[np.int32]:
        """Local points as OpenCV's fixed-point pixels."""
        moved = np.asarray(points, dtype=np.float64) @ self._fixed
        moved += self._fixed_shift
        return moved.astype(np.int32)

    def _places(self, points: Outline) -> list[NDArray[np.int32]]:
        return [self._place(part) for part in points] if isinstance(points, tuple) else [self._place(points)]

    def _box(self, *places: NDArray[np.int32], margin: int = 1) -> tuple[int, int, int, int] | None:
        left, top, wide, high = cv2.boundingRect(places[0] if len(places) == 1 else np.concatenate(places))
        height, width = self._image.shape[:2]
        x0, y0 = max((left >> _SHIFT) - margin, 0), max((top >> _SHIFT) - margin, 0)
        x1 = min(((left + wide) >> _SHIFT) + 2 + margin, width)
        y1 = min(((top + high) >> _SHIFT) + 2 + margin, height)
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def _mask(self, places: list[NDArray[np.int32]], box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        x0, y0, x1, y1 = box
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        for place in places:
            moved = place - np.array([x0 * _ONE, y0 * _ONE], np.int32)
            cv2.fillPoly(mask, [moved], 255, cv2.LINE_AA, _SHIFT)
        return mask

    def _gradient(self, box: tuple[int, int, int, int], colour: RGB, shade: Shade) -> NDArray[np.uint8]:
        """The shade's colours over `box`, as bytes."""
        second, start, end = shade
        ends = np.array([start, end]) @ self._matrix[:, :2].T + self._matrix[:, 2]
        along = ends[1] - ends[0]
        along /= max(float(along @ along), 1e-9)
        step = self.factor  # as fine as the finished picture
        xs = (np.arange(box[0], box[2], step) + 0.5 * step - ends[0, 0]) * (along[0] * 255)
        ys = (np.arange(box[1], box[3], step) + 0.5 * step - ends[0, 1]) * (along[1] * 255)
        steps = np.clip(xs.astype(np.float32) + ys.astype(np.float32)[:, None], 0, 255).astype(np.uint8)
        paint = cv2.applyColorMap(steps, _ramp(colour, second))
        if step > 1:
            paint = cv2.resize(paint, (0, 0), fx=step, fy=step, interpolation=cv2.INTER_NEAREST)
        return np.asarray(paint[: box[3] - box[1], : box[2] - box[0]], dtype=np.uint8)

    def _blend(
        self, box: tuple[int, int, int, int], mask: NDArray[np.uint8], paint: Any, alpha: float
    ) -> None:
        if alpha <= 0.6 and self.factor > 1:  # faint shapes need no soft rim
            x0, y0, x1, y1 = box
            under = self._image[y0:y1, x0:x1]
            over = paint if isinstance(paint, np.ndarray) else _flat(x1 - x0, y1 - y0, paint)
            cv2.copyTo(
                cv2.addWeighted(over, alpha, under, 1 - alpha, 0),
                cv2.threshold(mask, 127, 255, cv2.THRESH_BINARY)[1],
                under,
            )
            return
        self._blend_weights(box, mask.astype(np.float32) * np.float32(alpha / 255), paint)

    def _blend_weights(
        self, box: tuple[int, int, int, int], weights: NDArray[np.float32], paint: Any
    ) -> None:
        """Paint over `box` with an opacity a pixel; `paint` is a colour or (H, W, 3) bytes."""
        x0, y0, x1, y1 = box
        under = self._image[y0:y1, x0:x1]
        if not isinstance(paint, np.ndarray):
            paint = _flat(x1 - x0, y1 - y0, paint)
        under[:] = cv2.blendLinear(paint, under, weights, 1 - weights)


def _flat(width: int, height: int, colour: RGB) -> NDArray[np.uint8]:
    image = np.empty((height, width, 3), np.uint8)
    cv2.rectangle(image, (0, 0), (width, height), colour, cv2.FILLED)
    return image


@lru_cache(maxsize=4096)
def _ramp(first: RGB, second: RGB) -> NDArray[np.uint8]:
    steps = np.linspace(0.0, 1.0, 256)[:, None]
    colours = np.asarray(first) * (1 - steps) + np.asarray(second) * steps
    return np.ascontiguousarray(np.rint(colours).clip(0, 255).astype(np.uint8)[:, None, :])


@lru_cache(maxsize=64)
def _spline_weights(samples: int) -> NDArray[np.float64]:
    """Catmull-Rom weights (samples, 4) of four neighbouring control points at t = 0, 1/samples, ..."""
    t = np.arange(samples) / samples
    weights = [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]
    return np.stack(weights, axis=1) / 2


def smooth(points: ArrayLike, closed: bool = True, samples: int = 8) -> Points:
    """A Catmull-Rom curve through the control points (N, 2): about (N * samples, 2) points."""
    control = np.asarray(points, dtype=np.float64)
    if closed:
        around = np.concatenate([control[-1:], control, control[:2]])
    else:
        around = np.concatenate([2 * control[:1] - control[1:2], control, 2 * control[-1:] - control[-2:-1]])
    segments = len(around) - 3
    windows = np.empty((4, segments, 2))
    for i in range(4):
        windows[i] = around[i : i + segments]
    by_sample = (_spline_weights(samples) @ windows.reshape(4, -1)).reshape(samples, segments, 2)
    curve = by_sample.transpose(1, 0, 2).reshape(-1, 2)
    return curve if closed else np.concatenate([curve, control[-1:]])


@lru_cache(maxsize=8)
def _circle(count: int) -> Points:
    turns = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(turns), np.sin(turns)], axis=1)


def oval(cx: float, cy: float, rx: float, ry: float, rotation: float = 0.0) -> Points:
    """The outline of an ellipse, clockwise on the page from its right end: (48, 2)."""
    points = _circle(_FULL_TURN_POINTS) * (rx, ry)
    if rotation:
        c, s = math.cos(rotation), math.sin(rotation)
        points = points @ np.array([[c, s], [-s, c]])
    return np.asarray(points + np.array([cx, cy]))


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float, count: int = 17) -> Points:
    """Points along an ellipse from angle `start` to `end` in radians (0 is right, growing clockwise): (count,
    2).
    """
    turns = np.linspace(start, end, count)
    return np.stack([cx + rx * np.cos(turns), cy + ry * np.sin(turns)], axis=1)


@lru_cache(maxsize=128)
def _steps(count: int) -> NDArray[np.float64]:
    return np.linspace(0.0, 1.0, count)


def ribbon(points: ArrayLike, widths: float | Sequence[float]) -> Points:
    """The closed outline of a band along points (N, 2) whose full width at each point is given: (2 N, 2)."""
    line = np.asarray(points, dtype=np.float64)
    tangent = np.empty_like(line)
    tangent[1:-1] = line[2:] - line[:-2]
    tangent[0], tangent[-1] = line[1] - line[0], line[-1] - line[-2]
    normal = np.empty_like(line)
    normal[:, 0], normal[:, 1] = -tangent[:, 1], tangent[:, 0]
    normal /= np.maximum(np.sqrt(np.einsum("nd,nd->n", normal, normal)), 1e-9)[:, None]
    if isinstance(widths, Sequence):
        half = np.interp(_steps(len(line)), _steps(len(widths)), widths) / 2
    else:
        half = np.full(len(line), widths / 2)
    side = normal * half[:, None]
    return np.concatenate([line + side, (line - side)[::-1]])
