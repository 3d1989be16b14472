"""dlib's faces: its detector, and its recogniser with the weights that the package `face_recognition_models`
brings.

The one reader of real photographs that needs no further download. Knows those two packages.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from limner.perception.crops import cut_face
from limner.perception.protocols import Box, FoundFace

_LARGEST_PX: Final = 800  # the detector takes a second on a thousand pixels; faces of 80 px are found at this
_CROP_PX: Final = 225
_LACKING: Final = 'Faces by dlib need the extra of that name; install it with: pip install "limner[dlib]".'


class DlibFaces:
    """A `FaceReader`. ValueError names the extra when it is not installed.

    dlib calls two faces one person's below a distance of 0.6, between descriptors that are no unit vectors.
    As cosines (descriptors are about 1.39 long) that boundary lies at 0.906.
    """

    match_floor = 0.906
    match_margin = 0.02

    def __init__(self) -> None:
        models = find_spec("face_recognition_models")  # not imported: it asks for a setuptools of long ago
        try:
            import dlib
        except ImportError as error:
            raise ValueError(_LACKING) from error
        if models is None or models.origin is None:
            raise ValueError(_LACKING)
        folder = Path(models.origin).parent / "models"
        self._detector = dlib.get_frontal_face_detector()
        self._landmarks = dlib.shape_predictor(str(folder / "shape_predictor_5_face_landmarks.dat"))
        self._recogniser = dlib.face_recognition_model_v1(
            str(folder / "dlib_face_recognition_resnet_model_v1.dat")
        )
        self._rectangle = dlib.rectangle

    def find_faces(self, pixels: np.ndarray) -> tuple[FoundFace, ...]:
        """The faces of a picture, left to right; dlib's detector says yes or no, so that all scores are 1."""
        height, width = pixels.shape[:2]
        scale = min(1.0, _LARGEST_PX / max(height, width))
        small = (
            cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            if scale < 1
            else pixels
        )
        found = []
        for face in self._detector(np.ascontiguousarray(small), 1):
            box = (
                face.left() / small.shape[1],
                face.top() / small.shape[0],
                face.right() / small.shape[1],
                face.bottom() / small.shape[0],
            )
            x0, y0, x1, y1 = (min(1.0, max(0.0, side)) for side in box)
            if x0 < x1 and y0 < y1:
                found.append(FoundFace(box=(x0, y0, x1, y1), score=1.0))
        return tuple(sorted(found, key=lambda face: face.box[0] + face.box[2]))

    def crop_face(self, pixels: np.ndarray, box: Box) -> np.ndarray:
        """The square around a found face, 225 px; `embed` locates its landmarks again."""
        return cut_face(pixels, box, _CROP_PX)

    def embed(self, crop: np.ndarray) -> np.ndarray:
        """dlib's descriptor of the face in the middle of a crop, as a unit vector (128,) float32."""
        size = crop.shape[0]
        edge = round(size * (1 - 1 / 1.35) / 2)  # what `cut_face` adds around the box
        pixels = np.ascontiguousarray(crop)
        place = self._landmarks(pixels, self._rectangle(edge, edge, size - edge, size - edge))
        vector = np.array(self._recogniser.compute_face_descriptor(pixels, place, 1))
        unit: np.ndarray = (vector / np.linalg.norm(vector)).astype(np.float32)
        return unit

    def similarity(self, first: np.ndarray, second: np.ndarray) -> float:
        """Cosine of two descriptors."""
        return float(np.dot(first, second) / (np.linalg.norm(first) * np.linalg.norm(second)))
