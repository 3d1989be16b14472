"""insightface's own models, to compare with the paper: its ArcFace scores are measured with them.

The package is MIT, its models are for non-commercial research only. Knows that package's conventions.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from limner.perception.crops import cut
from limner.perception.protocols import Box, FoundFace


class InsightFaces:
    """A `FaceReader` over `insightface.app.FaceAnalysis`. ValueError when the package is not installed."""

    match_floor = 0.3
    match_margin = 0.1

    def __init__(self, models: str = "buffalo_l") -> None:
        try:
            from insightface.app import FaceAnalysis
        except ImportError as error:
            raise ValueError(
                "insightface is not installed; install it with: pip install insightface onnxruntime. "
                "Its models are for non-commercial research only."
            ) from error
        self._app: Any = FaceAnalysis(name=models, allowed_modules=["detection", "recognition"])
        self._app.prepare(ctx_id=0, det_size=(640, 640))

    def find_faces(self, pixels: np.ndarray) -> tuple[FoundFace, ...]:
        """The faces of a picture, left to right."""
        height, width = pixels.shape[:2]
        found = []
        for face in self._faces(pixels):
            sides = np.clip(face.bbox / [width, height, width, height], 0, 1)
            x0, y0, x1, y1 = (float(side) for side in sides)
            if x0 < x1 and y0 < y1:
                found.append(FoundFace(box=(x0, y0, x1, y1), score=float(face.det_score)))
        return tuple(sorted(found, key=lambda face: face.box[0] + face.box[2]))

    def crop_face(self, pixels: np.ndarray, box: Box) -> np.ndarray:
        """The face with as much again around it, (320, 320, 3); `embed` finds and aligns it again."""
        aspect = pixels.shape[1] / pixels.shape[0]
        half = max((box[2] - box[0]) * aspect, box[3] - box[1])
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return cut(pixels, (x - half / aspect, y - half, x + half / aspect, y + half), 320)

    def embed(self, crop: np.ndarray) -> np.ndarray:
        """The embedding of the face nearest to a crop's middle, a unit vector (512,) float32."""
        faces = self._faces(crop)
        if not faces:
            raise ValueError("The landmarks of a face were not found.")
        middle = np.array([crop.shape[1], crop.shape[0]]) / 2
        face = min(faces, key=lambda face: float(np.linalg.norm(face.kps.mean(0) - middle)))
        unit: np.ndarray = np.asarray(face.normed_embedding, np.float32)
        return unit

    def similarity(self, first: np.ndarray, second: np.ndarray) -> float:
        """Cosine of two embeddings."""
        return float(np.dot(first, second) / (np.linalg.norm(first) * np.linalg.norm(second)))

    def _faces(self, pixels: np.ndarray) -> list[Any]:
        return list(self._app.get(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)))
