"""True faces to hold painted ones against: a person in several poses, and strangers who look alike in words.

Knows the world's people and the judge's face embedder. Knows nothing about painters and conversations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from limner.evaluation.metrics.binding import ReferenceFace, distractor_faces, rank_among, reference_face
from limner.evaluation.metrics.face_similarity import Face
from limner.perception.senses import WorldSenses
from limner_world.chance import seeded
from limner_world.scene import Figure, Scene
from limner_world.staging import portrait

NUM_POSES = 3
REFERENCE_PX = 96  # the same for all, so that sharpness tells nobody apart


@dataclass(frozen=True, kw_only=True, eq=False)
class KnownPerson:
    """A true person as the judge knows them.

    Args:
        vectors: unit vectors of portraits in poses that no dialogue has shown, (poses, width) float32. None
            of them is the exact target of a round, so that a perfect painter is as alike as two true pictures
            of one person are, and no more.
        strangers: the same of other persons with the very traits and the first of the poses, (number, width).
    """

    vectors: np.ndarray
    strangers: np.ndarray

    def similarity(self, face: Face | None) -> float:
        """Mean cosine of a painted face with the portraits, -1 to 1; 0 when there is no face."""
        return 0.0 if face is None else float(np.clip(np.mean(self.vectors @ face.vector), -1.0, 1.0))

    def rank(self, face: Face | None) -> float:
        """The person's place among the strangers by likeness to `face`, from 1; the middle when there is
        none.
        """
        if face is None:
            return 1 + len(self.strangers) / 2
        own = float(self.vectors[0] @ face.vector)
        return rank_among([own, *(self.strangers @ face.vector).tolist()])


def known_person(
    judge: WorldSenses, figure: Figure, style: str, *, seed: int, num_strangers: int = 0
) -> KnownPerson:
    """`figure`'s person as `judge` knows them, painted in `style`; `seed` draws poses and strangers."""
    rng = seeded("poses", seed)
    poses = [portrait(rng, figure, style) for _ in range(NUM_POSES)]
    own = [reference_face(scene, 0, REFERENCE_PX) for scene in poses]
    others = distractor_faces(poses[0], 0, num_strangers, seed=seed, size_px=REFERENCE_PX)
    return KnownPerson(vectors=_embed(judge, own), strangers=_embed(judge, others))


def known_people(
    judge: WorldSenses, scene: Scene, *, seed: int, num_strangers: int = 0
) -> tuple[KnownPerson, ...]:
    """The two people of `scene` as `judge` knows them, from left to right."""
    return tuple(
        known_person(judge, figure, scene.style, seed=2 * seed + place, num_strangers=num_strangers)
        for place, figure in enumerate(scene.figures)
    )


def _embed(judge: WorldSenses, faces: Sequence[ReferenceFace]) -> np.ndarray:
    if not faces:
        return np.zeros((0, judge.face_embedder.sizes.dim), np.float32)
    return judge.embed_all([judge.crop_face(face.pixels, face.box) for face in faces])
