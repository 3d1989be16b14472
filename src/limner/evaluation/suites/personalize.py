"""A face given as a photo, a new scene asked for: is it still that person, and is it what was asked?

Knows the two kinds of tasks and who competes (the stages of training and the identity phrases). Knows nothing
about how stages are trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from limner.builders.world import DRAFTS, paint_draft
from limner.builders.world.replies import KEEP_FACE
from limner.dialogue.parts import Instruction, Picture, Round
from limner.evaluation.metrics.binding import distractors, with_person
from limner.evaluation.metrics.clip_score import clip_score
from limner.evaluation.metrics.face_similarity import Face, cosine, face_at, faces_of, largest_face
from limner.evaluation.metrics.scene_reading import (
    identity_distance,
    identity_of,
    right_identity,
    words_said,
)
from limner.evaluation.metrics.traits import readable, stated_words, traits_matched
from limner.evaluation.suite import Bench, Outcome, Shown, paint_seed, task_name
from limner.evaluation.suites.asking import SPLIT, Asking, Painted
from limner.evaluation.suites.likeness import KnownPerson, known_person
from limner.evaluation.suites.redrawing import twin_of
from limner.evaluation.suites.tally import Tally
from limner.evaluation.suites.trait_chance import chance_of_word
from limner.evaluation.suites.true_tokens import tell_truth
from limner.evaluation.views import CEILING, TOKENS, TWIN
from limner.inference.painter import Painter
from limner.models.prompt import keep_faces_instruction
from limner.perception.senses import WorldSenses
from limner_world.render import render
from limner_world.scene import Scene
from limner_world.truth import scene_truth

KINDS: Final = ("face_to_image", "paired")
STAGES: Final = ("baseline", "stage1", "stage2", "stage3")
PROMPT: Final = "prompt"


@dataclass(frozen=True, kw_only=True, eq=False)
class PersonalTask:
    """One request with its truth. `text` has no identity phrases; `face` is that of the photo given, `person`
    how the judge knows its person from other pictures, `stranger` the likeness of somebody with equal
    described traits in the person's place, `misfit` the target's CLIP score with another task's text.
    """

    text: str
    photo: Picture
    photo_scene: Scene
    face: Face
    scene: Scene
    target: Picture
    person: KnownPerson
    stranger: float
    misfit: float
    stated: Mapping[str, str]
    seed: int


@dataclass(frozen=True, kw_only=True)
class Personalize:
    """A photo cut out of the very picture that is asked for (stage 2's task), and one from another day (stage
    3's).

    Metrics are CONTESTANT.KIND.METRIC. face_similarity is to portraits that nobody was shown; copy_paste says
    how much more the face resembles the photo given. "true_picture" is the exact target (the ceiling, which
    also stands beside the model's rates), the chance of face_similarity a stranger of equal described
    traits in its place (the floor), that of clip_score another task's text.
    """

    name: str = "personalize"
    figure: str = "Figure 3"
    about: str = "A given face in a new scene: likeness, copying, text and traits, by stage of training."

    def measure(self, bench: Bench, index: int) -> Outcome:
        """Both kinds of task `index` with every contestant; kinds take turns in being shown."""
        name = task_name(self.name, bench, index)
        tally = Tally(dialogue=name)
        shown: list[Shown] = []
        seconds: list[float] = []
        rounds: tuple[Round, ...] = ()
        for place, kind in enumerate(KINDS):
            task = make_task(bench, kind, index)
            tell_truth(bench, [(task.photo, task.photo_scene)])
            row = [
                Shown(column="photo", picture=task.photo, text=task.text),
                Shown(column="truth", picture=task.target),
            ]
            measure_picture(tally, f"true_picture.{kind}", bench.judge, task, task.target)
            for who, (painter, phrases) in contestants(bench).items():
                asking = Asking(conversation=painter.conversation(seed=paint_seed(name, kind)))
                text = keep_faces_instruction(Instruction(text=task.text)).text if phrases else task.text
                picture = asking.picture(text, [task.photo])
                likeness = measure_views(tally, f"{who}.{kind}", bench.judge, task, painter, picture)
                if who == "model":
                    ceiling = tally.seen_as(CEILING)
                    measure_picture(ceiling, f"{who}.{kind}", bench.judge, task, task.target)
                row.append(Shown(column=who, picture=picture, text=f"face similarity {likeness:.2f}"))
                if who == "model":
                    seconds += asking.seconds
                    rounds = asking.conversation.rounds
            shown = row if place == index % len(KINDS) else shown
        return Outcome(
            rows=tuple(tally.rows), shown=tuple(shown), round_seconds=tuple(seconds), conversation=rounds
        )


def contestants(bench: Bench) -> dict[str, tuple[Painter, bool]]:
    """Painters by name in the paper's order, each with whether the identity phrases are added.

    "prompt" is the baseline with the phrases, as in the paper; "model_prompt" the model under evaluation with
    them.
    """
    found: dict[str, tuple[Painter, bool]] = {}
    for name in STAGES:
        if name in bench.others:
            found[name] = (bench.others[name], False)
        if name == "baseline" and {name, PROMPT} & set(bench.others):
            found[PROMPT] = (bench.others.get(PROMPT) or bench.others[name], True)
    return {**found, "model": (bench.painter, False), f"model_{PROMPT}": (bench.painter, True)}


def make_task(bench: Bench, kind: str, index: int) -> PersonalTask:
    """The held-out request of task `index`."""
    seed = bench.task_seed(index)
    draft, another = DRAFTS[kind](seed, SPLIT), DRAFTS[kind](seed + 1, SPLIT).rounds[0]
    scene, photo_scene = draft.rounds[0].scene, draft.rounds[0].pictures[0]
    assert scene is not None
    round_ = paint_draft(draft, bench.painter.image_size_px).rounds[0]
    photo, target = round_.instruction.pictures[0], round_.response.picture
    assert target is not None
    figure = scene.figures[0]
    # As found, so that a pasted photo is exactly as like as can be.
    photographed = largest_face(faces_of(bench.judge, photo.pixels))
    person = known_person(bench.judge, figure, scene.style, seed=seed)
    return PersonalTask(
        text=without_phrases(round_.instruction.text),
        photo=photo,
        photo_scene=photo_scene,
        face=photographed or face_at(bench.judge, photo.pixels, scene_truth(photo_scene).face_boxes[0]),
        scene=scene,
        target=target,
        person=person,
        stranger=stranger_likeness(bench.judge, scene, person, seed, target.width_px),
        misfit=clip_score(bench.judge, target.pixels, without_phrases(another.instruction)),
        stated=stated_words(figure.person, draft.truth["stated"][0]),
        seed=seed,
    )


def without_phrases(text: str) -> str:
    """An instruction without the identity phrases that half of the world's requests carry."""
    for phrase in sorted(KEEP_FACE, key=len, reverse=True):
        if text.lower().endswith(phrase.lower()):
            return text[: -len(phrase)].strip()
    return text


def measure_picture(
    tally: Tally, prefix: str, judge: WorldSenses, task: PersonalTask, picture: Picture
) -> float:
    """All rows of one picture; its face similarity, of its largest face (0 when there is none)."""
    face = largest_face(faces_of(judge, picture.pixels))
    likeness = task.person.similarity(face)
    tally.rate(f"{prefix}.face_similarity", likeness, task.stranger)
    tally.add(f"{prefix}.copy_paste", cosine(task.face, face) - likeness)
    tally.add(f"{prefix}.face_found", face is not None)
    tally.rate(f"{prefix}.clip_score", clip_score(judge, picture.pixels, task.text), task.misfit)
    box = None if face is None else face.box
    matched = traits_matched(judge, picture.pixels, box, task.stated)
    for (trait, word), hit in zip(readable(judge, task.stated).items(), matched, strict=True):
        tally.rate(f"{prefix}.traits", hit, chance_of_word(trait, word))
    return likeness


def measure_views(
    tally: Tally, prefix: str, judge: WorldSenses, task: PersonalTask, painter: Painter, picture: Painted
) -> float:
    """`measure_picture` of a painted picture, and beside it of its twin, and what its tokens say; the painted
    one's face similarity.
    """
    likeness = measure_picture(tally, prefix, judge, task, picture)
    twin = twin_of(painter)
    if twin is not None:
        measure_picture(tally.seen_as(TWIN), prefix, judge, task, twin(picture))
        read_tokens(tally.seen_as(TOKENS), prefix, judge, task, picture)
    return likeness


def read_tokens(tally: Tally, prefix: str, judge: WorldSenses, task: PersonalTask, picture: Painted) -> None:
    """Rows of what the tokens say: how far the face is from the given one, whether nearer than to a stranger
    of equal described traits, and the traits told that the judge can read too.
    """
    own, found = task.scene.figures[0].person, identity_of(picture.tokens_ND)
    (stranger,) = distractors(own, 1, seed=task.seed, split=SPLIT)
    tally.add(f"{prefix}.right_person", right_identity(found, own.identity, stranger.identity))
    if found is not None:
        tally.add(f"{prefix}.identity_distance", identity_distance(found, own.identity))
    for hit in words_said(picture.tokens_ND, 0, readable(judge, task.stated)).values():
        tally.add(f"{prefix}.traits", hit)


def stranger_likeness(
    judge: WorldSenses, scene: Scene, person: KnownPerson, seed: int, size_px: int
) -> float:
    """The face similarity of a stranger with the same described traits, painted in the person's place."""
    (other,) = distractors(scene.figures[0].person, 1, seed=seed, split=SPLIT)
    return person.similarity(largest_face(faces_of(judge, render(with_person(scene, 0, other), size_px))))
