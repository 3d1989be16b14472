"""What survives of a picture in its image tokens: true pictures encoded, detokenized and compared.

Knows the groups of pictures and who competes. Knows nothing about how a detokenizer works (`repainting.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from limner.dialogue.boxes import iou
from limner.dialogue.parts import Picture
from limner.evaluation.metrics.binding import distractors, with_person
from limner.evaluation.metrics.face_similarity import Face, cosine, face_at
from limner.evaluation.metrics.metric import fit_to
from limner.evaluation.metrics.psnr import psnr_db
from limner.evaluation.metrics.scene_reading import share_right
from limner.evaluation.metrics.seen_distance import distance_seen
from limner.evaluation.metrics.ssim import ssim
from limner.evaluation.suite import Bench, Outcome, Shown, paint_seed, task_name
from limner.evaluation.suites.asking import SPLIT
from limner.evaluation.suites.redrawing import twin_of
from limner.evaluation.suites.repainting import encoded, through_autoencoder, through_tokens
from limner.evaluation.suites.tally import Tally
from limner.evaluation.suites.true_tokens import tell_truth
from limner.evaluation.views import TOKENS, TWIN
from limner.inference.painter import Painter
from limner.perception.senses import WorldSenses
from limner_world.chance import seeded
from limner_world.edit import apply, random_edit
from limner_world.render import render
from limner_world.scene import Scene
from limner_world.staging import portrait, random_scene
from limner_world.truth import scene_truth

COMPETING: Final = ("dit", "unet")  # how the names of further detokenizers begin
FOUND_OVERLAP: Final = 0.3
EDITED, UNRELATED = "edited", "unrelated"

Way = Callable[[Picture, Mapping[str, Picture]], Picture]
"""(true picture, condition pictures by name) -> repainted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrueFace:
    """A face of a true picture, and how much a stranger of equal described traits resembles it there."""

    face: Face
    stranger: float


@dataclass(frozen=True, kw_only=True)
class Reconstruct:
    """Three true pictures a task: a close-up on white, one person, two persons.

    Metrics are CONTESTANT.GROUP.{psnr_db, ssim, seen_distance, face_similarity}; the painter's own
    detokenizer is called dit_64 after its kind and the number of its tokens. One that reads a condition
    picture (SDXL's stage 2) competes twice: shown the same scene after an edit, which is what it was trained
    on, and as NAME_unrelated shown another scene, where the paper saw it fail (section 3.1). "autoencoder"
    is the bound that no detokenizer passes, "flat" the picture's mean colour. Beside the painter's own stand
    the twin's pictures of the same tokens, and factors_right, the share of a scene's factors that the
    encoder's tokens say. The chance of a face similarity is a stranger's of equal traits and pose.
    """

    name: str = "reconstruct"
    figure: str = "Figures 2, 12"
    about: str = "True pictures encoded and detokenized: what survives in the image tokens."

    def measure(self, bench: Bench, index: int) -> Outcome:
        """Every contestant on the three pictures of task `index`; one group is shown, in turn."""
        task, size_px = task_name(self.name, bench, index), bench.painter.image_size_px
        ways = contestants(bench, paint_seed(task))
        tally, own, twin = Tally(dialogue=task), own_name(bench.painter), twin_of(bench.painter)
        shown: list[Shown] = []
        scenes = scenes_of(bench.task_seed(index))
        for place, (group, scene) in enumerate(scenes.items()):
            truth = Picture(render(scene, size_px))
            tell_truth(bench, [(truth, scene)])
            faces = true_faces(bench.judge, truth, scene, bench.task_seed(index))
            shown_beside = conditions(bench, scene, index) if reads_conditions(bench) else {}
            painted = {name: way(truth, shown_beside) for name, way in ways.items()}
            for name, picture in painted.items():
                compare(tally, f"{name}.{group}", bench.judge, picture, truth, faces)
            if twin is not None:
                read = encoded(bench.painter, truth)
                compare(tally.seen_as(TWIN), f"{own}.{group}", bench.judge, twin(read), truth, faces)
                right = share_right(read.tokens_ND, scene)
                tally.seen_as(TOKENS).add(f"{own}.{group}.factors_right", right)
            if place == index % len(scenes):
                shown = [Shown(column="truth", picture=truth, text=group.replace("_", " "))]
                shown += [
                    Shown(column=name, picture=picture, text=f"{psnr_of(picture, truth):.1f} dB")
                    for name, picture in painted.items()
                    if name != "flat"
                ]
        return Outcome(rows=tuple(tally.rows), shown=tuple(shown))


def scenes_of(seed: int) -> dict[str, Scene]:
    """Held-out scenes by group, different persons in each."""
    rng = seeded("reconstruct", SPLIT, seed)
    alone = random_scene(rng, num_figures=1, split=SPLIT)
    return {
        "close_up": portrait(rng, alone.figures[0], alone.style),
        "one_person": random_scene(rng, num_figures=1, split=SPLIT),
        "two_person": random_scene(rng, num_figures=2, split=SPLIT),
    }


def contestants(bench: Bench, seed: int) -> dict[str, Way]:
    """Ways to repaint a picture, by name: the painter's detokenizer, further ones, and the bounds."""
    ways: dict[str, Way] = {}
    for name, painter in _competing(bench).items():
        if painter.model.detokenizer.reads_condition:
            ways[name] = _repaints(painter, seed, EDITED)
            ways[f"{name}_{UNRELATED}"] = _repaints(painter, seed, UNRELATED)
        else:
            ways[name] = _repaints(painter, seed)
    return {
        **ways,
        "autoencoder": lambda truth, _: through_autoencoder(bench.painter, truth),
        "flat": lambda truth, _: flat(truth),
    }


def reads_conditions(bench: Bench) -> bool:
    """Whether any contestant needs condition pictures."""
    return any(painter.model.detokenizer.reads_condition for painter in _competing(bench).values())


def conditions(bench: Bench, scene: Scene, index: int) -> dict[str, Picture]:
    """Condition pictures for task `index`: the scene after an edit, and another scene altogether."""
    rng = seeded("reconstruct condition", SPLIT, bench.task_seed(index), len(scene.figures))
    edited = apply(random_edit(scene, rng, split=SPLIT), scene)
    other = random_scene(rng, num_figures=len(scene.figures), split=SPLIT)
    size_px = bench.painter.image_size_px
    return {EDITED: Picture(render(edited, size_px)), UNRELATED: Picture(render(other, size_px))}


def own_name(painter: Painter) -> str:
    """What the painter's own detokenizer competes as."""
    sizes = painter.model.detokenizer.sizes
    return f"{sizes.kind}_{sizes.num_tokens}"


def _competing(bench: Bench) -> dict[str, Painter]:
    own = own_name(bench.painter)
    painters: dict[str, Painter] = {own: bench.painter}
    for name, painter in bench.others.items():
        if name.startswith(COMPETING):
            painters[f"{name}_other" if name == own else name] = painter
    return painters


def _repaints(painter: Painter, seed: int, condition: str | None = None) -> Way:
    def way(truth: Picture, shown: Mapping[str, Picture]) -> Picture:
        return through_tokens(painter, truth, seed, shown[condition] if condition else None)

    return way


def flat(picture: Picture) -> Picture:
    """The picture's mean colour all over: what blur alone would score."""
    mean = picture.pixels.mean((0, 1)).round().astype(np.uint8)
    return Picture(np.broadcast_to(mean, picture.pixels.shape))


def true_faces(judge: WorldSenses, truth: Picture, scene: Scene, seed: int) -> list[TrueFace]:
    """The faces of a true picture that are large enough for the judge to find."""
    found = [face.box for face in judge.find_faces(truth.pixels)]
    known = []
    for place, box in enumerate(scene_truth(scene).face_boxes):
        if max((iou(box, other) for other in found), default=0.0) < FOUND_OVERLAP:
            continue
        face = face_at(judge, truth.pixels, box)
        (stranger,) = distractors(scene.figures[place].person, 1, seed=seed, split=SPLIT)
        elsewhere = with_person(scene, place, stranger)
        pixels, other = render(elsewhere, truth.width_px), scene_truth(elsewhere).face_boxes[place]
        known.append(TrueFace(face=face, stranger=cosine(face, face_at(judge, pixels, other))))
    return known


def compare(
    tally: Tally,
    prefix: str,
    judge: WorldSenses,
    picture: Picture,
    truth: Picture,
    faces: Sequence[TrueFace],
) -> None:
    """Rows of a repainted picture against the truth, resampled to its size; a similarity for each face.

    Faces are cut out where they are in the truth; where the judge finds none there, the similarity is 0.
    """
    pixels = fit_to(picture.pixels, truth.pixels)
    tally.add(f"{prefix}.psnr_db", psnr_db(pixels, truth.pixels))
    tally.add(f"{prefix}.ssim", ssim(pixels, truth.pixels))
    boxes = [known.face.box for known in faces]
    tally.add(f"{prefix}.seen_distance", distance_seen(judge, pixels, truth.pixels, boxes))
    found = [face.box for face in judge.find_faces(pixels)]
    for known in faces:
        box = known.face.box
        seen = any(iou(box, other) >= FOUND_OVERLAP for other in found)
        likeness = cosine(known.face, face_at(judge, pixels, box)) if seen else 0.0
        tally.add(f"{prefix}.face_found", seen)
        tally.rate(f"{prefix}.face_similarity", likeness, known.stranger)


def psnr_of(picture: Picture, truth: Picture) -> float:
    """PSNR in dB at the size of `truth`."""
    return psnr_db(fit_to(picture.pixels, truth.pixels), truth.pixels)
