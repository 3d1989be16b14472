"""How well the senses see, on held-out truth. These numbers are stored with them.

Legend: N faces, D embedding.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from limner.perception.protocols import Box
from limner.perception.senses import WorldSenses
from limner.perception.trait_reader import UNKNOWN
from limner.training.stages.senses_data import Persons, SeenFaces, ShrunkPictures

AT_ONCE = 64
CHOICES = 32
SAME_FACE_OVERLAP = 0.5


@torch.no_grad()
def measure_senses(
    senses: WorldSenses, *, finder: ShrunkPictures, persons: Persons, traits: SeenFaces, score: ShrunkPictures
) -> dict[str, float]:
    """Each between 0 and 1; "same_person" and "captions" are shares right where chance is 1/2 and 1/32."""
    return {
        **_faces(senses, finder),
        "same_person": _same_person(senses, persons),
        "traits": _traits(senses, traits),
        "captions": _captions(senses, score),
    }


def _faces(senses: WorldSenses, pictures: ShrunkPictures) -> dict[str, float]:
    """Share of true faces found, and of found faces that are true, at half overlap."""
    right, found_all, true_all = 0, 0, 0
    for rows in _chunks(len(pictures), AT_ONCE):
        pixels, boxes = pictures.with_boxes(rows)
        for found, true in zip(senses.face_finder.find(pixels), boxes, strict=True):
            right += sum(any(overlap(face.box, box) > SAME_FACE_OVERLAP for face in found) for box in true)
            found_all += len(found)
            true_all += len(true)
    return {"faces_found": right / max(1, true_all), "faces_true": min(1.0, right / max(1, found_all))}


def _same_person(senses: WorldSenses, persons: Persons) -> float:
    """How often a face is nearer to another view of its person than to a view of someone else, as a share:
    the area under the verification curve)."""
    made = [
        senses.face_embedder(persons.take(rows)[0]).float().cpu() for rows in _chunks(len(persons), AT_ONCE)
    ]
    embeddings_ND = torch.cat(made)
    cosines = embeddings_ND @ embeddings_ND.T
    numbers = torch.from_numpy(persons.persons)
    same = (numbers[:, None] == numbers[None]) & ~torch.eye(len(numbers), dtype=torch.bool)
    return _area_under_curve(cosines[same], cosines[numbers[:, None] != numbers[None]])


def _area_under_curve(higher: Tensor, lower: Tensor) -> float:
    """Probability that a random value of `higher` exceeds one of `lower`."""
    if not len(higher) or not len(lower):
        return 0.0
    ordered = lower.sort().values
    return float(torch.searchsorted(ordered, higher).float().mean() / len(ordered))


def _traits(senses: WorldSenses, faces: SeenFaces) -> float:
    right, counted = 0, 0
    for rows in _chunks(len(faces), AT_ONCE):
        face, body, numbers = faces.take(rows)
        for numbers_N, logits in zip(numbers.T, senses.trait_reader(face, body).values(), strict=True):
            known = numbers_N != UNKNOWN
            right += int((logits.argmax(-1) == numbers_N)[known].sum())
            counted += int(known.sum())
    return right / max(1, counted)


def _captions(senses: WorldSenses, pictures: ShrunkPictures) -> float:
    """Share of pictures whose own caption scores highest among 32."""
    right, counted = 0, 0
    for rows in _chunks(len(pictures), CHOICES):
        pixels, texts = pictures.with_texts(rows)
        scores = senses.text_image_score.embed_pictures(pixels) @ senses.text_image_score.embed_texts(texts).T
        right += int((scores.argmax(1).cpu() == torch.arange(len(rows))).sum())
        counted += len(rows)
    return right / max(1, counted)


def overlap(first: Box, second: Box) -> float:
    """Intersection over union."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (_area(first) + _area(second) - shared)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _chunks(count: int, size: int) -> list[np.ndarray]:
    return [np.arange(start, min(start + size, count)) for start in range(0, count, size)]
