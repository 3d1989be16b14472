"""MediaPipe's short-range face finder (Apache-2.0, 229 kB, in the package), run by OpenCV.

Bazarevsky et al., "BlazeFace", 2019. Knows the network's squares and what its answers mean;
`weights/NOTICE.md` says where the file comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from limner.perception.protocols import Box

WEIGHTS: Final = Path(__file__).parent / "weights" / "face_detection_short_range.tflite"
_NETWORK_PX: Final = 128
_GRIDS: Final = ((16, 2), (8, 6))  # cells along a side, and faces that each may tell
_LEAST: Final = 0.75  # on 36 portraits, one face in each
_MOST_SHARED: Final = 0.4


@dataclass(frozen=True, kw_only=True, eq=False)
class Detection:
    """A face in pixels: its box, its six points (6, 2), and how sure the finder is."""

    box: Box
    points: np.ndarray
    score: float


@cache
def _network() -> Any:
    if not WEIGHTS.is_file():
        raise ValueError(f"{WEIGHTS} is missing; install limner anew.")
    # The other engine of OpenCV 5 gives one of the network's two outputs only.
    return cv2.dnn.readNetFromTFLite(str(WEIGHTS), engine=cv2.dnn.ENGINE_CLASSIC)


@dataclass(frozen=True, eq=False)
class ShortRangeFinder:
    """Pictures -> boxes and points of faces. ValueError when the weights are missing."""

    network: Any = field(default_factory=_network)

    def find(self, pixels: np.ndarray) -> list[Detection]:
        """Every face, the surest first, none twice."""
        height, width = pixels.shape[:2]
        side = max(height, width)
        faces = self.look(pixels, ((width - side) // 2, (height - side) // 2), side)
        half = max(1, side // 2)
        step = max(1, half // 2)
        for top in range(0, max(1, height - half // 2), step):
            for left in range(0, max(1, width - half // 2), step):
                faces += self.look(pixels, (left, top), half)
        kept: list[Detection] = []
        for face in sorted(faces, key=lambda face: -face.score):
            if all(_shared(face.box, other.box) <= _MOST_SHARED for other in kept):
                kept.append(face)
        return kept

    def look(self, pixels: np.ndarray, at: tuple[int, int], side: int) -> list[Detection]:
        """What the network finds in a square of the picture, black where there is none; in its pixels."""
        (left, top), (height, width) = at, pixels.shape[:2]
        square = np.zeros((side, side, 3), np.uint8)
        inside = slice(max(0, top), min(height, top + side)), slice(max(0, left), min(width, left + side))
        part = pixels[inside]
        y, x = inside[0].start - top, inside[1].start - left
        square[y : y + part.shape[0], x : x + part.shape[1]] = part
        small = cv2.resize(square, (_NETWORK_PX, _NETWORK_PX), interpolation=cv2.INTER_AREA)
        self.network.setInput((small.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None])
        told = [np.asarray(one).reshape(len(_anchors()), -1) for one in self._answers()]
        places = next(one for one in told if one.shape[1] > 1)
        logits = next(one for one in told if one.shape[1] == 1)[:, 0]
        scores = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
        faces = []
        for index in np.flatnonzero(scores >= _LEAST):
            middle = _anchors()[index] + places[index, :2] / _NETWORK_PX
            half = places[index, 2:4] / _NETWORK_PX / 2
            points = _anchors()[index] + places[index, 4:].reshape(-1, 2) / _NETWORK_PX
            (x0, y0), (x1, y1) = (corner * side + at for corner in (middle - half, middle + half))
            box = (float(x0), float(y0), float(x1), float(y1))
            faces.append(Detection(box=box, points=points * side + at, score=float(scores[index])))
        return faces

    def _answers(self) -> Sequence[np.ndarray]:
        answers: Sequence[np.ndarray] = self.network.forward(self.network.getUnconnectedOutLayersNames())
        return answers


@cache
def _anchors() -> np.ndarray:
    """The middles of the network's cells, (896, 2) in [0, 1]."""
    middles = [
        ((column + 0.5) / side, (row + 0.5) / side)
        for side, num in _GRIDS
        for row in range(side)
        for column in range(side)
        for _ in range(num)
    ]
    return np.array(middles, np.float32)


def _shared(one: Box, other: Box) -> float:
    """How much of the smaller of two boxes lies in the other: a part of a face is no second one."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return max(0.0, wide) * max(0.0, high) / max(smaller, 1e-9)
