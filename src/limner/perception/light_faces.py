"""Faces of photographs without a package to install: a finder that comes with limner, a recogniser to fetch.

MediaPipe's short-range face finder, and dlib's recogniser in eight bits (6.4 MB) as face-api ships it, from a
folder of the user's. Knows how the recogniser wants its faces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from limner.perception.crops import cut
from limner.perception.face_network import FaceNetwork
from limner.perception.mediapipe_faces import Detection, ShortRangeFinder
from limner.perception.protocols import Box, FoundFace

_CHIP_PX: Final = 150
# Where eyes and mouth lie in the recogniser's pictures: medians of 31 portraits that dlib itself cut.
_TEMPLATE: Final = np.array([[48.0, 46.9], [99.3, 46.4], [74.5, 106.7]])
_POINTS: Final = [0, 1, 3]  # those of the finder's six points
_WINDOWS: Final = (1.0, 1.2, 1.5, 2.0)  # half a window's side in faces; turned faces want wider ones


@dataclass(frozen=True, eq=False)
class LightFaces:
    """A `FaceReader` for photographs.

    As dlib's reader, whose recogniser it is: one person's below a distance of 0.6, a cosine of 0.906.
    """

    network: FaceNetwork
    finder: ShortRangeFinder = field(default_factory=ShortRangeFinder)

    match_floor = 0.906
    match_margin = 0.02

    def find_faces(self, pixels: np.ndarray) -> tuple[FoundFace, ...]:
        """The faces of a picture, left to right: looks at the whole, and at overlapping windows of half."""
        height, width = pixels.shape[:2]
        found = []
        for face in self.finder.find(pixels):
            x0, x1 = (min(1.0, max(0.0, x / width)) for x in face.box[::2])
            y0, y1 = (min(1.0, max(0.0, y / height)) for y in face.box[1::2])
            if x0 < x1 and y0 < y1:
                found.append(FoundFace(box=(x0, y0, x1, y1), score=face.score))
        return tuple(sorted(found, key=lambda face: face.box[0] + face.box[2]))

    def crop_face(self, pixels: np.ndarray, box: Box) -> np.ndarray:
        """The face turned and scaled as the recogniser wants it, (150, 150, 3); ValueError when its points
        are not found in any window around it.
        """
        aspect = pixels.shape[1] / pixels.shape[0]
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        for share in _WINDOWS:
            half = share * max((box[2] - box[0]) * aspect, box[3] - box[1])
            window = cut(pixels, (x - half / aspect, y - half, x + half / aspect, y + half), 2 * _CHIP_PX)
            faces = self.finder.look(window, (0, 0), window.shape[0])
            # In a wider window a face elsewhere is another's.
            faces = [face for face in faces if share == 1 or _off(face) < _CHIP_PX / share / 2]
            if faces:
                return _aligned(window, min(faces, key=_off).points[_POINTS])
        raise ValueError("The landmarks of a face were not found.")

    def embed(self, crop: np.ndarray) -> np.ndarray:
        """A crop of `crop_face` -> dlib's descriptor as a unit vector (128,) float32."""
        return self.embed_all([crop])[0]

    def embed_all(self, crops: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Several crops in one pass."""
        if not crops:
            return []
        whole = [
            crop if crop.shape[:2] == (_CHIP_PX, _CHIP_PX) else cv2.resize(crop, (_CHIP_PX, _CHIP_PX))
            for crop in crops
        ]
        return list(self.network.descriptors(np.stack(whole)))

    def similarity(self, first: np.ndarray, second: np.ndarray) -> float:
        """Cosine of two descriptors."""
        return float(np.dot(first, second) / (np.linalg.norm(first) * np.linalg.norm(second)))


def _off(face: Detection) -> float:
    """How far eyes, nose and mouth lie from the middle of a window of two chips."""
    return float(np.linalg.norm(face.points[:4].mean(0) - _CHIP_PX))


def _aligned(pixels: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The picture turned and scaled so that eyes and mouth lie on the template (least squares)."""
    here, there = points - points.mean(0), _TEMPLATE - _TEMPLATE.mean(0)
    size = float((here**2).sum())
    if size <= 0:
        raise ValueError("The landmarks of a face lie on one point.")
    along = float((here * there).sum()) / size
    across = float((here[:, 0] * there[:, 1] - here[:, 1] * there[:, 0]).sum()) / size
    turn = np.array([[along, -across], [across, along]])
    shift = _TEMPLATE.mean(0) - turn @ points.mean(0)
    return cv2.warpAffine(
        pixels, np.column_stack([turn, shift]), (_CHIP_PX, _CHIP_PX), borderMode=cv2.BORDER_REPLICATE
    )
