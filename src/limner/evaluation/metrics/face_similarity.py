"""Is it the same person? Cosine of two faces in the judge's face embedder.

Knows the judge, two pictures and, where the caller knows them, the places of the faces. A face that is not
found has the similarity 0; suites record beside it whether one was found (`face_found`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from limner.dialogue.boxes import iou
from limner.evaluation.metrics.metric import Metric, check_pixels

if TYPE_CHECKING:
    from limner.perception.protocols import Box
    from limner.perception.senses import WorldSenses

SAME_PLACE = 0.3
METRIC = Metric(
    name="face_similarity",
    source="cosine in the judge's ArcFace embedding (Deng et al. 2019); the paper's ArcFace score",
    range=(-1.0, 1.0),
    better="higher",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Face:
    """A face that the judge found or was shown: its box in the unit square, its unit vector."""

    box: Box
    vector: np.ndarray


def faces_of(judge: WorldSenses, picture: np.ndarray) -> tuple[Face, ...]:
    """The faces that the judge finds in `picture` (H, W, 3) uint8, left to right."""
    return _faces(judge, picture, _boxes(judge, picture))


def face_at(judge: WorldSenses, picture: np.ndarray, box: Box) -> Face:
    """The face at a place that is known: the found face there, or `box` itself where none is found.

    Embedders react to how a face is cut out, so the finder's cut is preferred: one picture compared with
    itself then gives exactly 1.
    """
    near = nearest_face(faces_of(judge, picture), box)
    return near if near is not None and iou(near.box, box) >= SAME_PLACE else _faces(judge, picture, [box])[0]


def nearest_face(faces: Sequence[Face], box: Box) -> Face | None:
    """The face that overlaps `box` most; where none does, the one whose middle is nearest; None of none."""
    return max(faces, key=lambda face: (iou(face.box, box), -_distance(face.box, box)), default=None)


def largest_face(faces: Sequence[Face]) -> Face | None:
    """The face with the largest box; None of none."""
    return max(faces, key=lambda f: (f.box[2] - f.box[0]) * (f.box[3] - f.box[1]), default=None)


def cosine(first: Face | None, second: Face | None) -> float:
    """Of two faces, -1 to 1; 0 when either was not found."""
    if first is None or second is None:
        return 0.0
    return float(np.clip(first.vector @ second.vector, -1.0, 1.0))


def similarity_to(
    judge: WorldSenses, picture: np.ndarray, reference: Face | None, box: Box | None = None
) -> float:
    """Cosine of a face in `picture` and the `reference` face, -1 to 1; 0 when either is missing.

    Args:
        judge: the perceptual models that look.
        picture: what was painted, (H, W, 3) uint8.
        reference: the person's face; None counts as not found.
        box: where the person should be in `picture`: the found face nearest to it counts. None: the found
            face that is most similar.
    """
    faces = faces_of(judge, picture)
    if reference is None or not faces:
        return 0.0
    if box is not None:
        near = nearest_face(faces, box)
        assert near is not None
        faces = (near,)
    return max(cosine(face, reference) for face in faces)


def _boxes(judge: WorldSenses, picture: np.ndarray) -> list[Box]:
    found = [face.box for face in judge.find_faces(check_pixels(picture))]
    return [box for box in found if box[0] < box[2] and box[1] < box[3]]


def _faces(judge: WorldSenses, picture: np.ndarray, boxes: Sequence[Box]) -> tuple[Face, ...]:
    if not boxes:
        return ()
    vectors = judge.embed_all([judge.crop_face(picture, box) for box in boxes])
    return tuple(Face(box=box, vector=vector) for box, vector in zip(boxes, vectors, strict=True))


def _distance(first: Box, second: Box) -> float:
    middles = [((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in (first, second)]
    return (middles[0][0] - middles[1][0]) ** 2 + (middles[0][1] - middles[1][1]) ** 2
