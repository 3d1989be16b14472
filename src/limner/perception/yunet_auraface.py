"""YuNet finds faces, AuraFace tells people apart, both through onnxruntime: for many films, on CPU or GPU.

YuNet (Wu et al. 2023, MIT) and AuraFace (fal, 2024, Apache-2.0; a ResNet-100 with the loss of ArcFace, Deng
et al. 2019). Knows their inputs and outputs; decodes and aligns itself.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from limner.dialogue.boxes import iou
from limner.perception.crops import cut
from limner.perception.protocols import Box, FoundFace

FINDER: Final = "face_detection_yunet_2023mar.onnx"
EMBEDDER: Final = "glintr100.onnx"
_FINDER_FROM: Final = "https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet"
_EMBEDDER_FROM: Final = "https://huggingface.co/fal/AuraFace-v1"
_FINDER_PX: Final = 640
_STRIDES: Final = (8, 16, 32)
_EMBEDDER_PX: Final = 112
# Where ArcFace expects eyes, nose and mouth corners, in pixels of its 112 px crop.
_TEMPLATE: Final = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    np.float32,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Detection:
    """A face in pixels: its box, its five landmarks (5, 2) and a score."""

    box: tuple[float, float, float, float]
    landmarks: np.ndarray
    score: float


class YunetAuraface:
    """A `FaceReader`. ValueError names the extra or the file that is missing.

    The usual threshold of ArcFace's kind of loss takes cosines above about 0.3 for one person.
    """

    match_floor = 0.3
    match_margin = 0.1

    def __init__(self, threshold: float = 0.6) -> None:
        finder, embedder = weights_file(FINDER, _FINDER_FROM), weights_file(EMBEDDER, _EMBEDDER_FROM)
        self.threshold = threshold
        self._finder, self._embedder = _session(finder), _session(embedder)
        self.weights_hash = hashlib.sha256(embedder.read_bytes()).hexdigest()

    def find_faces(self, pixels: np.ndarray) -> tuple[FoundFace, ...]:
        """The faces of a picture, left to right."""
        height, width = pixels.shape[:2]
        found = []
        for face in self._detect(pixels):
            x0, x1 = (min(1.0, max(0.0, x / width)) for x in face.box[::2])
            y0, y1 = (min(1.0, max(0.0, y / height)) for y in face.box[1::2])
            if x0 < x1 and y0 < y1:
                found.append(FoundFace(box=(x0, y0, x1, y1), score=face.score))
        return tuple(sorted(found, key=lambda face: face.box[0] + face.box[2]))

    def crop_face(self, pixels: np.ndarray, box: Box) -> np.ndarray:
        """The face turned and scaled to ArcFace's template, (112, 112, 3); ValueError without landmarks."""
        aspect = pixels.shape[1] / pixels.shape[0]
        half = max((box[2] - box[0]) * aspect, box[3] - box[1])
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        window = cut(pixels, (x - half / aspect, y - half, x + half / aspect, y + half), 320)
        middle = np.array([160.0, 160.0])
        faces = self._detect(window)
        if not faces:
            raise ValueError("The landmarks of a face were not found.")
        face = min(faces, key=lambda face: float(np.linalg.norm(face.landmarks.mean(0) - middle)))
        return aligned(window, face.landmarks)

    def embed(self, crop: np.ndarray) -> np.ndarray:
        """A crop of `crop_face` -> a unit vector (512,) float32."""
        if crop.shape[:2] != (_EMBEDDER_PX, _EMBEDDER_PX):
            crop = cv2.resize(crop, (_EMBEDDER_PX, _EMBEDDER_PX), interpolation=cv2.INTER_AREA)
        batch = (crop.astype(np.float32) - 127.5).transpose(2, 0, 1)[None] / 127.5
        vector = self._embedder.run(None, {self._embedder.get_inputs()[0].name: batch})[0][0]
        unit: np.ndarray = (vector / np.linalg.norm(vector)).astype(np.float32)
        return unit

    def similarity(self, first: np.ndarray, second: np.ndarray) -> float:
        """Cosine of two embeddings."""
        return float(np.dot(first, second) / (np.linalg.norm(first) * np.linalg.norm(second)))

    def _detect(self, pixels: np.ndarray) -> list[Detection]:
        """Every face, in pixels of the picture. The picture is scaled into a 640 px square."""
        scale = _FINDER_PX / max(pixels.shape[:2])
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=method)[:_FINDER_PX, :_FINDER_PX]
        canvas = np.zeros((_FINDER_PX, _FINDER_PX, 3), np.float32)
        canvas[: small.shape[0], : small.shape[1]] = small[:, :, ::-1]  # it was trained on BGR, 0 to 255
        names = [output.name for output in self._finder.get_outputs()]
        values = self._finder.run(names, {self._finder.get_inputs()[0].name: canvas.transpose(2, 0, 1)[None]})
        return decode(dict(zip(names, values, strict=True)), scale, self.threshold)


def decode(outputs: dict[str, np.ndarray], scale: float, threshold: float) -> list[Detection]:
    """YuNet's outputs (`cls_8`, `obj_8`, `bbox_8`, `kps_8`, ... by stride) as faces, overlaps removed.

    At stride s the cell (row, col) says where the box's middle is, relative to itself, and the logarithms of
    its sides, all in s pixels.
    """
    faces: list[Detection] = []
    for stride in _STRIDES:
        side = _FINDER_PX // stride
        cells = np.array([(col, row) for row, col in product(range(side), repeat=2)], np.float32)
        scores = np.sqrt(
            np.clip(outputs[f"cls_{stride}"].reshape(-1), 0, 1)
            * np.clip(outputs[f"obj_{stride}"].reshape(-1), 0, 1)
        )
        boxes, points = outputs[f"bbox_{stride}"].reshape(-1, 4), outputs[f"kps_{stride}"].reshape(-1, 5, 2)
        for place in np.flatnonzero(scores >= threshold):
            middle = (cells[place] + boxes[place, :2]) * stride / scale
            half = np.exp(boxes[place, 2:]) * stride / scale / 2
            (x0, y0), (x1, y1) = middle - half, middle + half
            landmarks = (cells[place] + points[place]) * stride / scale
            box = (float(x0), float(y0), float(x1), float(y1))
            faces.append(Detection(box=box, landmarks=landmarks, score=float(scores[place])))
    return _without_overlaps(faces)


def _without_overlaps(faces: list[Detection], most: float = 0.3) -> list[Detection]:
    kept: list[Detection] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(iou(face.box, other.box) <= most for other in kept):
            kept.append(face)
    return kept


def aligned(pixels: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """The (112, 112, 3) crop in which the five landmarks lie as near to ArcFace's template as they can."""
    matrix, _ = cv2.estimateAffinePartial2D(landmarks.astype(np.float32), _TEMPLATE, method=cv2.LMEDS)
    if matrix is None:
        raise ValueError("The landmarks of a face lie on one point.")
    return cv2.warpAffine(pixels, matrix, (_EMBEDDER_PX, _EMBEDDER_PX), flags=cv2.INTER_LINEAR)


def _session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ValueError(
            'YuNet and AuraFace need the extra "faces"; install it with: pip install "limner[faces]".'
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=onnxruntime.get_available_providers())


FOLDER_VARIABLE: Final = "LIMNER_WEIGHTS"


def weights_folder() -> Path:
    """The folder in `LIMNER_WEIGHTS`, or `~/.cache/limner/weights`."""
    return Path(os.environ.get(FOLDER_VARIABLE) or Path.home() / ".cache/limner/weights")


def weights_file(name: str, source: str) -> Path:
    """The path of a file of weights; ValueError says where it comes from when it is not there."""
    path = weights_folder() / name
    if not path.is_file():
        raise ValueError(
            f"{path} is missing; get it from {source} and put it there, or name another folder in "
            f"{FOLDER_VARIABLE}."
        )
    return path
