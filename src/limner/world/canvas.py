"""An anti-aliased canvas in unit coordinates: polygons, strokes, ellipses, soft light, gradients, clips,
transforms.

Knows frames and the order of painting. Knows nothing about people, scenes or what is drawn, nor how a shape
becomes pixels (`brush`) or an outline (`curves`).

The unit square spans the picture: (0, 0) is its top left corner, (1, 1) its bottom right, y points down.
Every coordinate, width and radius passes through the current transform. Pixels are kept at twice the asked
size (once above 512 px) and averaged at the end. Colours are RGB bytes.

Shapes wait in a queue until a clip begins or ends or the pixels are asked for, so that all their points are
placed at once; points given to the canvas must not be changed afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from limner.world import brush
from limner.world.brush import RGB
from limner.world.curves import Points, oval

Outline = ArrayLike | tuple[Points, ...]  # one closed polygon, or several seen as one shape
Shade = tuple[
    RGB, tuple[float, float], tuple[float, float]
]  # second colour, where it starts, where it is full
Frame = tuple[float, float, float, float, float, float]  # a, b, x, c, d, y: (a u + b v + x, c u + d v + y)

__all__ = ["RGB", "Canvas", "Frame", "Outline", "Shade"]

_Paint = Callable[..., None]  # a function of `brush`: (image, places, bounds, *arguments)
_RIM: Final = 2 << brush.SHIFT  # how far soft edges go beyond a shape


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
        self._image = brush.flat(side, side, ground)
        self._fine = self.factor > 1
        self._edge = cv2.LINE_8 if self._fine else cv2.LINE_AA  # where averaging softens edges anyway
        self._frames: list[Frame] = []
        self._frame: Frame = (float(side), 0.0, 0.0, 0.0, float(side), 0.0)
        self._scale = float(side)
        self._points: list[Any] = []  # of the queue's shapes, in its order
        self._framed: list[
            tuple[int, Frame]
        ] = []  # how many of these points' parts lie before, and in a frame
        # paint, how many polygons, how far it goes beyond them in fixed-point pixels, arguments
        self._queue: list[tuple[_Paint, int, int, tuple[Any, ...]]] = []

    # ---- where to draw -------------------------------------------------------------------------------------

    def push(self, frame: Frame) -> None:
        """Draw from now on in a local frame, which maps local points to the current frame."""
        a, b, x, c, d, y = frame
        oa, ob, ox, oc, od, oy = self._frame
        self._frames.append(self._frame)
        self._set(
            (
                oa * a + ob * c,
                oa * b + ob * d,
                oa * x + ob * y + ox,
                oc * a + od * c,
                oc * b + od * d,
                oc * x + od * y + oy,
            )
        )

    def pop(self) -> None:
        """Return to the frame before the last `push`."""
        self._set(self._frames.pop())

    def _set(self, frame: Frame) -> None:
        if self._points:
            self._framed.append((len(self._points), self._frame))
        self._frame = frame
        self._scale = math.sqrt(abs(frame[0] * frame[4] - frame[1] * frame[3]))

    def at(
        self,
        x: float = 0.0,
        y: float = 0.0,
        scale: float | tuple[float, float] = 1.0,
        rotation: float = 0.0,
        flip: bool = False,
    ) -> _Within:
        """A local frame whose origin is (x, y); `rotation` in radians, clockwise on the page; `flip` mirrors
        x first.
        """
        sx, sy = scale if isinstance(scale, tuple) else (scale, scale)
        if flip:
            sx = -sx
        c, s = math.cos(rotation), math.sin(rotation)
        return _Within(self, (c * sx, -s * sy, x, s * sx, c * sy, y))

    @property
    def pixel(self) -> float:
        """The length of one finished pixel in the current frame's units (for hairlines)."""
        return self.factor / self._scale

    def sees(self, points: ArrayLike, margin: float = 0.0) -> bool:
        """Whether the box around points (N, 2), widened by `margin`, meets the picture."""
        return self._box(points, 1 + round(margin * self._scale)) is not None

    # ---- shapes --------------------------------------------------------------------------------------------

    def fill(self, points: Outline, colour: RGB, shade: Shade | None = None, alpha: float = 1.0) -> None:
        """Fill a closed polygon (N, 2), or all that a tuple of polygons covers together.

        `shade` runs linearly from `colour` at its start to its own colour at its end.
        """
        if isinstance(points, tuple):
            count = len(points)
            self._points.extend(points)
        else:
            count = 1
            self._points.append(points)
        if shade is not None:
            ramp = self._ramp(shade)
            self._queue.append((brush.fill_shaded, count, _RIM, (colour, ramp, alpha, self._fine)))
        elif alpha >= 0.999:
            self._queue.append((brush.fill_plain, count, _RIM, (colour,)))
        else:
            self._queue.append((brush.fill_faint, count, _RIM, (colour, alpha)))

    def stamp(self, points: ArrayLike, centres: ArrayLike, colour: RGB) -> None:
        """Fill one polygon (N, 2) at every centre (K, 2), none overlapping another, in one colour (dots,
        petals).
        """
        shapes = np.asarray(points, dtype=np.float64) + np.asarray(centres, dtype=np.float64)[:, None]
        self._points.extend(shapes)
        self._queue.append((brush.fill_together, len(shapes), _RIM, (colour,)))

    def stroke(
        self, points: ArrayLike, colour: RGB, width: float, closed: bool = False, alpha: float = 1.0
    ) -> None:
        """Draw a line of constant `width` (in the current frame) with round ends through points (N, 2)."""
        wide = width * self._scale
        thickness = max(1, round(wide))
        alpha *= min(1.0, max(wide, 0.25))
        self._points.append(points)
        beyond = thickness << brush.SHIFT
        if alpha < 0.95:
            line = (colour, thickness, closed, self._edge, alpha)
            self._queue.append((brush.draw_faint_line, 1, beyond, line))
            return
        plain = (colour, thickness, closed, self._edge if thickness > 1 else cv2.LINE_AA)
        if self._queue and self._queue[-1][0] is brush.draw_lines and self._queue[-1][3] == plain:
            self._queue[-1] = (brush.draw_lines, self._queue[-1][1] + 1, beyond, plain)
        else:
            self._queue.append((brush.draw_lines, 1, beyond, plain))

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
        a, b, x, c, d, y = self._frame
        spot = (a * rx, b * ry, a * cx + b * cy + x, c * rx, d * ry, c * cx + d * cy + y)
        self._queue.append((brush.draw_glow, 0, 0, (spot, colour, alpha)))

    @contextmanager
    def clip(self, points: Outline) -> Iterator[Canvas]:
        """What is drawn inside the `with` block shows only within the polygon (N, 2) or tuple of polygons."""
        self._flush()
        parts = [np.asarray(part) for part in (points if isinstance(points, tuple) else (points,))]
        places = [self._place(part) for part in parts]
        box = brush.box_of(
            self._image, _around([brush.bounds_of(place, [len(place)])[0] for place in places])
        )
        whole, frame, frames = self._image, self._frame, self._frames
        # Draw on a copy of the box alone: a shifted view of the plane, so that cost follows the clip's size.
        x0, y0, x1, y1 = box or (0, 0, 1, 1)
        part = whole[y0:y1, x0:x1].copy()
        self._image, self._frames = part, []
        self._set((*frame[:2], frame[2] - x0, *frame[3:5], frame[5] - y0))
        try:
            yield self
        finally:
            self._flush()
            self._image, self._frames = whole, frames
            self._set(frame)
            if box is not None:
                brush.blend_shares(whole, box, brush.mask_of(places, box), part)

    # ---- the whole picture ---------------------------------------------------------------------------------

    def gradient(
        self, colour_top: RGB, colour_bottom: RGB, box: tuple[float, float, float, float] | None = None
    ) -> None:
        """A vertical gradient over `box` (x0, y0, x1, y1 in the current frame), or over the whole picture."""
        self._flush()
        if box is None:
            x0, y0, x1, y1 = 0, 0, self._image.shape[1], self._image.shape[0]
        else:
            found = self._box([[box[0], box[1]], [box[2], box[3]]])
            if found is None:
                return
            x0, y0, x1, y1 = found
        steps = np.linspace(0.0, 1.0, y1 - y0)[:, None]
        rows = np.asarray(colour_top) * (1 - steps) + np.asarray(colour_bottom) * steps
        column = np.rint(rows).astype(np.uint8)[:, None, :]
        self._image[y0:y1, x0:x1] = cv2.resize(column, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST)

    def blur(self, sigma: float) -> None:
        """Soften all that is drawn so far; `sigma` in the current frame's units."""
        self._flush()
        pixels = sigma * self._scale
        if pixels >= 0.3:
            self._image[:] = cv2.GaussianBlur(self._image, (0, 0), pixels)

    def blend(self, colour: RGB, alpha: float) -> None:
        """Tint the whole picture towards `colour`."""
        self._flush()
        wash = brush.flat(self._image.shape[1], self._image.shape[0], colour)
        self._image[:] = cv2.addWeighted(self._image, 1.0 - alpha, wash, alpha, 0.0)

    def pixels(self) -> NDArray[np.uint8]:
        """The finished picture: (size_px, size_px, 3) uint8 RGB, a copy."""
        self._flush()
        if self.factor == 1:
            return self._image.copy()
        size = (self.size_px, self.size_px)
        return np.asarray(cv2.resize(self._image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def snapshot(self) -> NDArray[np.uint8]:
        """What is drawn so far, at working resolution, for `restore` on a canvas of the same size."""
        self._flush()
        return self._image.copy()

    def restore(self, snapshot: NDArray[np.uint8]) -> None:
        """Replace all that is drawn by a `snapshot`."""
        self._flush()
        self._image[:] = snapshot

    def cover(self, pixels: cv2.typing.MatLike) -> None:
        """Replace all that is drawn by a square picture of any size (S, S, 3), stretched smoothly."""
        self._flush()
        side = self._image.shape[0]
        cv2.resize(pixels, (side, side), dst=self._image, interpolation=cv2.INTER_LINEAR)

    # ---- within --------------------------------------------------------------------------------------------

    def _place(self, points: ArrayLike) -> NDArray[np.int32]:
        """Local points as fixed-point pixels."""
        a, b, x, c, d, y = self._frame
        one = brush.ONE
        moved = np.asarray(points, dtype=np.float64).dot(np.array([[a * one, c * one], [b * one, d * one]]))
        # OpenCV puts whole numbers at pixel centres; half a step more makes truncation round
        moved += ((x - 0.5) * one + 0.5, (y - 0.5) * one + 0.5)
        return np.asarray(moved.astype(np.int32))

    def _box(self, points: ArrayLike, margin: int = 1) -> brush.Box | None:
        """The pixels that local points (N, 2), widened by `margin`, may touch; None if there are none."""
        place = self._place(points)
        return brush.box_of(self._image, brush.bounds_of(place, [len(place)])[0], margin)

    def _flush(self) -> None:
        """Paint all that waits."""
        if not self._queue:
            return
        points, queue, framed = self._points, self._queue, self._framed
        self._points, self._queue, self._framed = [], [], []
        places: list[NDArray[np.int32]] = []
        bounds: list[brush.Bounds] = []
        if points:
            counts = [len(part) for part in points]
            placed = self._placed(np.concatenate(points, dtype=np.float64), counts, framed)
            bounds = brush.bounds_of(placed, counts)
            start = 0
            for count in counts:
                places.append(placed[start : start + count])
                start += count
        image, start = self._image, 0
        low_edge, right_edge = image.shape[0] << brush.SHIFT, image.shape[1] << brush.SHIFT
        for paint, count, margin, arguments in queue:
            if not count:
                paint(image, (), _NOWHERE, *arguments)
                continue
            end = start + count
            around = bounds[start] if count == 1 else _around(bounds[start:end])
            left, top, right, low = around
            if left < right_edge + margin and top < low_edge + margin and right > -margin and low > -margin:
                paint(image, places[start:end], around, *arguments)
            start = end

    def _placed(
        self, points: NDArray[np.float64], counts: list[int], framed: list[tuple[int, Frame]]
    ) -> NDArray[np.int32]:
        """Points whose parts, `counts` long, lie in the frames noted, and then the current, as fixed-point
        pixels.
        """
        if not framed:
            return self._place(points)
        moved, one = np.empty_like(points), brush.ONE
        plane = moved.view(np.complex128)[:, 0]
        first, start = 0, 0
        for last, (a, b, x, c, d, y) in [*framed, (len(counts), self._frame)]:
            if last == first:
                continue
            end = start + sum(counts[first:last])
            np.dot(
                points[start:end], np.array(((a * one, c * one), (b * one, d * one))), out=moved[start:end]
            )
            plane[start:end] += complex((x - 0.5) * one + 0.5, (y - 0.5) * one + 0.5)
            first, start = last, end
        return np.asarray(moved.astype(np.int32))

    def _ramp(self, shade: Shade) -> brush.Ramp:
        """The shade in pixels."""
        second, (u0, v0), (u1, v1) = shade
        a, b, x, c, d, y = self._frame
        u, v = u1 - u0, v1 - v0
        across, down = a * u + b * v, c * u + d * v
        size = max(across * across + down * down, 1e-9)
        across, down = across / size, down / size
        start = (a * u0 + b * v0 + x) * across + (c * u0 + d * v0 + y) * down
        return second, across, down, -start


_NOWHERE: Final = (0, 0, 0, 0)  # the bounds of what has no places


def _around(bounds: list[brush.Bounds]) -> brush.Bounds:
    """The bounds around all of some bounds."""
    left, top, right, low = zip(*bounds, strict=True)
    return min(left), min(top), max(right), max(low)


class _Within:
    """A local frame of a canvas, entered and left by `with`."""

    __slots__ = ("_canvas", "_frame")

    def __init__(self, canvas: Canvas, frame: Frame) -> None:
        self._canvas, self._frame = canvas, frame

    def __enter__(self) -> Canvas:
        self._canvas.push(self._frame)
        return self._canvas

    def __exit__(self, *error: object) -> None:
        self._canvas.pop()
