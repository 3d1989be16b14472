"""Whom does a picture show? Evidence for each of two persons, from the judge's perceptual models.

Three kinds are added, because each of them alone errs now and then: the face's likeness to true takes of the
person, the traits by which the two differ in words, and, where a system painted both persons itself, the
traits that its own picture of them shows. Knows nothing about conversations and systems.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

import numpy as np

from limner.benchmark.conversation import PersonCheck, Shot, as_picture
from limner.dialogue.parts import Picture
from limner.perception.protocols import Box
from limner.perception.senses import WorldSenses
from limner_world.scene import Scene
from limner_world.truth import scene_truth

WHOLE: Final[Box] = (0.0, 0.0, 1.0, 1.0)
# How many nats of evidence a whole unit of cosine is worth; set on takes of persons outside of the set.
NATS_PER_COSINE: Final = 8.0
# A trait reader is never surer than this of a word's absence, so that one blunder does not outvote the rest.
LEAST_CHANCE: Final = 0.02
_THRESHOLDS: Final = (0.3, 0.1, 0.03)  # a second face that is seen dimly is better than none
_SIDES_NATS: Final = 2.0  # what was asked to stand on the left most likely does

Chances = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """What the judge sees.

    Args:
        evidence: nats for each of the two persons; only the difference means anything.
        similarities: cosine of the face with each; empty where there is nothing to compare with.
        traits: for each person the share of known traits that the picture shows; empty when none is known.
        face_found: whether the judge found a face at all.
    """

    evidence: tuple[float, float]
    similarities: tuple[float, ...]
    traits: tuple[float, ...]
    face_found: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class _Reference:
    vector: np.ndarray
    chances: Chances | None = None


def recognise(
    judge: WorldSenses,
    picture: Picture,
    seen: Picture,
    check: PersonCheck,
    target: Shot | None,
    size_px: int,
) -> Recognised:
    """Evidence for the two persons of `seen`, left and right, in the largest face of `picture`.

    Where no face is found the judge looks at where `target` has it, so that its misses are nobody's fault.
    """
    box, found = _face(judge, picture, target)
    chances = judge.trait_chances(picture.pixels, box)
    vector = judge.embed(judge.crop_face(picture.pixels, box))
    if check.takes:
        references = [_Reference(vector=_mean_face(judge, takes, size_px)) for takes in check.takes]
    else:
        references = _own_faces(judge, seen, check.traits)
    evidence = [0.0, 0.0]
    similarities = tuple(judge.similarity(vector, reference.vector) for reference in references)
    for place, reference in enumerate(references):
        evidence[place] += NATS_PER_COSINE * similarities[place]
        if reference.chances is not None:
            evidence[place] += _agreement(chances, reference.chances)
    for place, nats in enumerate(_words_evidence(chances, check.traits)):
        evidence[place] += nats
    return Recognised(
        evidence=(evidence[0], evidence[1]),
        similarities=similarities,
        traits=tuple(_matched(chances, words) for words in check.traits if words),
        face_found=found,
    )


def _face(judge: WorldSenses, picture: Picture, target: Shot | None) -> tuple[Box, bool]:
    faces = [face.box for face in judge.find_faces(picture.pixels) if _has_area(face.box)]
    if faces:
        return max(faces, key=lambda box: (box[2] - box[0]) * (box[3] - box[1])), True
    if isinstance(target, Scene):
        return scene_truth(target).face_boxes[0], False
    return WHOLE, False


def _mean_face(judge: WorldSenses, takes: Sequence[Shot], size_px: int) -> np.ndarray:
    """The mean direction of a person's faces in several true takes."""
    crops = []
    for take in takes:
        pixels = as_picture(take, size_px).pixels
        box = scene_truth(take).face_boxes[0] if isinstance(take, Scene) else WHOLE
        crops.append(judge.crop_face(pixels, box))
    mean = judge.embed_all(crops).mean(0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9))


def _own_faces(judge: WorldSenses, seen: Picture, stated: Sequence[Mapping[str, str]]) -> list[_Reference]:
    """The two faces of a picture that the system painted, in the order in which they were asked for.

    A system may have put them the wrong way round: what was stated of them then tells. None where there are
    not two.
    """
    boxes: list[Box] = []
    for threshold in _THRESHOLDS:
        faces = judge.find_faces(seen.pixels, threshold)
        boxes = [face.box for face in faces if _has_area(face.box)]
        if len(boxes) == 2:
            break
    if len(boxes) != 2:
        return []
    chances = [judge.trait_chances(seen.pixels, box) for box in boxes]
    vectors = judge.embed_all([judge.crop_face(seen.pixels, box) for box in boxes])
    faces_ = [_Reference(vector=v, chances=c) for v, c in zip(vectors, chances, strict=True)]
    as_asked = _SIDES_NATS
    for place, of_face in enumerate(chances):
        nats = _words_evidence(of_face, stated)
        as_asked += nats[place] - nats[1 - place]
    return faces_ if as_asked >= 0 else faces_[::-1]


def _words_evidence(chances: Chances, stated: Sequence[Mapping[str, str]]) -> tuple[float, float]:
    """Log-likelihood of each person's words, over the traits that are known of both and differ."""
    if len(stated) != 2:
        return 0.0, 0.0
    first, second = stated
    fields = [name for name in first if name in chances and first[name] != second.get(name, first[name])]
    nats = [
        sum(float(np.log(max(chances[name].get(words[name], 0.0), LEAST_CHANCE))) for name in fields)
        for words in stated
    ]
    return nats[0], nats[1]


def _agreement(first: Chances, second: Chances) -> float:
    """Log-probability that two readings mean the same words."""
    total = 0.0
    for name, words in first.items():
        same = sum(chance * second[name][word] for word, chance in words.items())
        total += float(np.log(max(same, LEAST_CHANCE)))
    return total


def _matched(chances: Chances, words: Mapping[str, str]) -> float:
    hits = [
        max(chances[name].items(), key=itemgetter(1))[0] == words[name] for name in words if name in chances
    ]
    return float(np.mean(hits)) if hits else 0.0


def _has_area(box: Box) -> bool:
    return box[0] < box[2] and box[1] < box[3]
