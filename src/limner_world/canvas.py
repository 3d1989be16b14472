"""An anti-aliased canvas in unit coordinates: polygons, strokes, ellipses, soft light, gradients, clips,
transforms.

Knows frames and the order of painting. Knows nothing about people, scenes or what is drawn, nor how a shape
becomes pixels (`brush`) or an outline (`curves`).

The unit square spans the picture: (0, 0) is its top left corner, (1, 1) its bottom right, y points down.
Every coordinate, width and radius passes through the current transform. Colours are RGB bytes.

Shapes wait in a list until the pixels are asked for, so that all are painted at once; points given to the
canvas must not be changed afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from limner_world import display
from limner_world.curves import Points, oval

RGB = tuple[int, int, int]
Outline = ArrayLike | tuple[Points, ...]  # one closed polygon, or several seen as one shape
Shade = tuple[
    RGB, tuple[float, float], tuple[float, float]
]  # second colour, where it starts, where it is full
Frame = tuple[float, float, float, float, float, float]  # a, b, x, c, d, y: (a u + b v + x, c u + d v + y)

_BOX_GROWN: Final = 0.7  # pixels by which a gradient goes beyond its box, so that neighbours meet

__all__ = ["RGB", "Canvas", "Frame", "Outline", "Shade"]


class Canvas:
    """A square picture being painted; `pixels()` hands it over.

    `size_px` is the side of the picture in pixels (at least 8).
    """

    def __init__(self, size_px: int, ground: RGB = (255, 255, 255)) -> None:
        if size_px < 8:
            raise ValueError(f"a canvas of {size_px} px is too small; ask for at least 8 px")
        self.size_px = size_px
        red, green, blue = ground
        whole = np.full((size_px, size_px), red | green << 8 | blue << 16, "<u4")
        self._image = whole.view(np.uint8).reshape(size_px, size_px, 4)  # a `brush.Image`, byte by byte
        self._frames: list[Frame] = []
        self._frame: Frame = (float(size_px), 0.0, 0.0, 0.0, float(size_px), 0.0)
        self._scale = float(size_px)
        # the list, as `brush.paint` wants it
        self._numbers: list[float] = []
        self._points: list[Any] = []
        self._counts: list[int] = []
        self._framed = False  # whether the list knows the current frame
        # clips: how many are open, were open when last painted, and at most since; what the pass keeps
        self._depth = self._painted_depth = self._deepest = 0
        self._saved = np.empty((0, size_px, size_px), np.uint32)
        self._masks = np.empty((0, size_px, size_px), np.uint16)
        self._boxes = np.array([(0, 0, size_px, size_px)], np.int64)

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
        self._frame = frame
        self._framed = False
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
        """The length of one pixel in the current frame's units (for hairlines)."""
        return 1.0 / self._scale

    def sees(self, points: ArrayLike, margin: float = 0.0) -> bool:
        """Whether the box around points (N, 2), widened by `margin`, meets the picture."""
        a, b, x, c, d, y = self._frame
        placed = np.asarray(points, dtype=np.float64).dot(((a, c), (b, d)))
        (left, top), (right, low) = placed.min(axis=0).tolist(), placed.max(axis=0).tolist()
        beyond, side = 1.0 + margin * self._scale, self.size_px
        across = left + x < side + beyond and right + x > -beyond
        return bool(across and top + y < side + beyond and low + y > -beyond)

    # ---- shapes --------------------------------------------------------------------------------------------

    def fill(self, points: Outline, colour: RGB, shade: Shade | None = None, alpha: float = 1.0) -> None:
        """Fill a closed polygon (N, 2), or all that a tuple of polygons covers together.

        `shade` runs linearly from `colour` at its start to its own colour at its end.
        """
        parts = self._add(points)
        if shade is None:
            self._numbers += (display.FILL, parts, *colour, alpha)
        else:
            second, start, end = shade
            self._numbers += (display.SHADED, parts, *colour, alpha, *second, *start, *end)

    def stamp(self, points: ArrayLike, centres: ArrayLike, colour: RGB) -> None:
        """Fill one polygon (N, 2) at every centre (K, 2), none overlapping another, in one colour (dots,
        petals).
        """
        shapes = np.asarray(points, dtype=np.float64) + np.asarray(centres, dtype=np.float64)[:, None]
        count, each, _ = shapes.shape
        self._add(shapes.reshape(-1, 2))
        self._counts[-1:] = [each] * count
        self._numbers += (display.FILL, count, *colour, 1.0)

    def stroke(
        self, points: ArrayLike, colour: RGB, width: float, closed: bool = False, alpha: float = 1.0
    ) -> None:
        """Draw a line of constant `width` (in the current frame) with round ends through points (N, 2)."""
        self._add(points)
        self._numbers += (display.STROKE, 1, *colour, alpha, width, closed)

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
        self._place()
        self._numbers += (display.GLOW, cx, cy, rx, ry, *colour, alpha)

    @contextmanager
    def clip(self, points: Outline) -> Iterator[Canvas]:
        """What is drawn inside the `with` block shows only within the polygon (N, 2) or tuple of polygons."""
        self._numbers += (display.CLIP, self._add(points))
        self._depth += 1
        self._deepest = max(self._deepest, self._depth)
        frame, frames = self._frame, self._frames
        self._frames = []
        try:
            yield self
        finally:
            self._numbers.append(display.UNCLIP)
            self._depth -= 1
            self._frames = frames
            self._set(frame)

    # ---- the whole picture ---------------------------------------------------------------------------------

    def gradient(
        self, colour_top: RGB, colour_bottom: RGB, box: tuple[float, float, float, float] | None = None
    ) -> None:
        """A vertical gradient over `box` (x0, y0, x1, y1 in the current frame), or over the whole picture."""
        if box is None:
            frame, side = self._frame, float(self.size_px)
            self._set((side, 0.0, 0.0, 0.0, side, 0.0))
            self.gradient(colour_top, colour_bottom, (0.0, 0.0, 1.0, 1.0))
            self._set(frame)
            return
        more = _BOX_GROWN * self.pixel
        x0, y0, x1, y1 = box[0] - more, box[1] - more, box[2] + more, box[3] + more
        corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        self.fill(corners, colour_top, (colour_bottom, (x0, y0), (x0, y1)))

    def pixels(self) -> NDArray[np.uint8]:
        """The finished picture: (size_px, size_px, 3) uint8 RGB, a copy."""
        self._paint()
        return np.asarray(cv2.cvtColor(self._image, cv2.COLOR_RGBA2RGB), dtype=np.uint8)

    def cover(self, pixels: cv2.typing.MatLike) -> None:
        """Replace all that is drawn by a square picture of any size (S, S, 3), stretched smoothly."""
        self._paint()
        size = (self.size_px, self.size_px)
        stretched = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
        cv2.cvtColor(stretched, cv2.COLOR_RGB2RGBA, dst=self._image)

    # ---- within --------------------------------------------------------------------------------------------

    def _place(self) -> None:
        """See to it that the list knows the frame that the next shape lies in."""
        if not self._framed:
            self._numbers += (display.FRAME, *self._frame)
            self._framed = True

    def _add(self, points: Outline) -> int:
        """Put the points of the next shape on the list: in how many parts."""
        self._place()
        if isinstance(points, tuple):
            self._points += points
            self._counts += map(len, points)
            return len(points)
        self._points.append(points)
        self._counts.append(len(self._points[-1]))
        return 1

    def _paint(self) -> None:
        """Paint all that waits."""
        if not self._numbers:
            return
        from limner_world import brush  # brings the compiler, which most programs never need

        numbers, points, counts = self._numbers, self._points, self._counts
        self._numbers, self._points, self._counts, self._framed = [], [], [], False
        self._make_room()
        self._painted_depth = brush.paint(
            self._image.view(np.uint32)[..., 0],
            np.array(numbers, dtype=np.float64),
            np.concatenate(points, dtype=np.float64) if points else np.empty((0, 2)),
            np.array(counts, dtype=np.int64),
            self._saved,
            self._masks,
            self._boxes,
            self._painted_depth,
        )
        if self._painted_depth < 0:
            raise ValueError("a shape on the canvas has points that are not numbers, or far out of sight")

    def _make_room(self) -> None:
        """Have room for as many clips as will be open at once, and keep those that are."""
        known, side = len(self._saved), self.size_px
        if self._deepest <= known:
            return
        saved, masks, boxes = self._saved, self._masks, self._boxes
        self._saved = np.empty((self._deepest, side, side), np.uint32)
        self._masks = np.empty((self._deepest, side, side), np.uint16)
        self._boxes = np.zeros((self._deepest + 1, 4), np.int64)
        self._saved[:known], self._masks[:known], self._boxes[: known + 1] = saved, masks, boxes


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
