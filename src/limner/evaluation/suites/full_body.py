"""Full bodies: two named people, then each by name in other clothes and another place (paper, Section 4.3,
Figures 8 and 14).

Knows tasks, answers and measuring. Knows nothing about files and reports. As in `named`, each conversation is
held twice: with the first picture given as it should be, and with the painter's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from limner.dialogue.parts import Dialogue, Picture
from limner.evaluation.metrics.binding import right_of_two
from limner.evaluation.metrics.clip_score import clip_score
from limner.evaluation.metrics.face_similarity import Face, faces_of, largest_face
from limner.evaluation.metrics.scene_reading import identity_of, right_identity, words_said
from limner.evaluation.metrics.traits import readable, stated_words, traits_matched
from limner.evaluation.suite import Bench, Outcome, Shown, paint_seed, task_name
from limner.evaluation.suites.asking import Asking, held_out, tokens_of
from limner.evaluation.suites.likeness import KnownPerson, known_people
from limner.evaluation.suites.redrawing import Redraw, twin_of
from limner.evaluation.suites.tally import Tally
from limner.evaluation.suites.trait_chance import chance_of_word
from limner.evaluation.suites.true_tokens import shown_in, tell_truth
from limner.evaluation.views import CEILING, TOKENS, TWIN
from limner.inference.painter import Painter
from limner.perception.protocols import Box
from limner.perception.senses import WorldSenses
from limner_world.person import Identity
from limner_world.scene import FRAMINGS, Scene
from limner_world.scene_tokens import decode_scene
from limner_world.serial import scene_from_json
from limner_world.truth import scene_truth

ASKED = (1, 2)  # the rounds that ask for one person each
WORN = (
    "garment",
    "garment_colour",
    "garment_pattern",
    "lower",
    "lower_colour",
    "headwear",
    "headwear_colour",
    "neckwear",
    "neckwear_colour",
    "glasses",
    "jewellery",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class FullBodyTask:
    """One conversation with its truth: per round of `ASKED` whose picture it is, and which worn things its
    text asks for.
    """

    dialogue: Dialogue
    places: tuple[int, ...]
    worn: tuple[Mapping[str, str], ...]

    def scene(self, round_: int) -> Scene:
        """What a round paints."""
        return scene_from_json(self.dialogue.truth["scenes"][round_])

    @property
    def names(self) -> tuple[str, ...]:
        """From left to right in the first picture."""
        return tuple(self.dialogue.truth["names"])


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """The first picture that the history held, and the picture of each round of `ASKED`."""

    first: Picture
    bodies: tuple[Picture, ...]

    def redrawn(self, redraw: Redraw) -> Answers:
        """The same answers, with every painted picture redrawn by `redraw`."""
        return Answers(first=redraw(self.first), bodies=tuple(redraw(picture) for picture in self.bodies))


def task_of(dialogue: Dialogue) -> FullBodyTask:
    """The task that a "full_body" dialogue of the world sets."""
    first = scene_from_json(dialogue.truth["scenes"][0])
    identities = [figure.person.identity for figure in first.figures]
    places, worn = [], []
    for number in ASKED:
        person = scene_from_json(dialogue.truth["scenes"][number]).figures[0].person
        places.append(identities.index(person.identity))
        stated = set(dialogue.truth["stated_by_round"][number][0]) & set(WORN)
        worn.append(stated_words(person, stated))
    return FullBodyTask(dialogue=dialogue, places=tuple(places), worn=tuple(worn))


def drive(painter: Painter, task: FullBodyTask, *, true_first: bool, seed: int) -> tuple[Answers, Asking]:
    """Run the conversation; the first picture is given or painted as `true_first` says."""
    asking = Asking(conversation=painter.conversation(seed=seed))
    first, *rest = task.dialogue.rounds
    if true_first:
        asking.conversation.remember(first)
        assert first.response.picture is not None
        seen = first.response.picture
    else:
        seen = asking.picture(first.instruction.text)
    return Answers(first=seen, bodies=tuple(asking.picture(r.instruction.text) for r in rest)), asking


def oracle(task: FullBodyTask) -> Answers:
    """The answers of a perfect painter: the truth."""
    first, *bodies = (r.response.picture for r in task.dialogue.rounds if r.response.picture is not None)
    return Answers(first=first, bodies=tuple(bodies))


def measure(
    tally: Tally,
    task: FullBodyTask,
    answers: Answers,
    judge: WorldSenses,
    people: Sequence[KnownPerson] | None,
    prefix: str,
) -> None:
    """Rows of one run of the conversation.

    Faces are compared with the true `people`, or, where there are none, with the two faces of the answers'
    own first picture, left and right as the truth has them.
    """
    painted = faces_of(judge, answers.first.pixels) if people is None else ()
    for place, number, worn, picture in zip(task.places, ASKED, task.worn, answers.bodies, strict=True):
        face = largest_face(faces_of(judge, picture.pixels))
        if people is not None:
            likes = [person.similarity(face) for person in people]
        elif len(painted) == 2 and face is not None:
            likes = [float(one.vector @ face.vector) for one in painted]
        else:
            likes = [0.0, 0.0]
        tally.rate(f"{prefix}.right_person", right_of_two(likes[place], likes[1 - place]), 0.5)
        tally.add(f"{prefix}.face_similarity", likes[place])
        tally.add(f"{prefix}.face_found", face is not None)
        framed = framing_right(face, task.scene(number))
        tally.rate(f"{prefix}.framing_right", framed, 1 / len(FRAMINGS))
        _measure_text(tally, prefix, task, number, picture, judge)
        stated = readable(judge, worn)
        matched = traits_matched(judge, picture.pixels, None if face is None else face.box, stated)
        for (trait, word), hit in zip(stated.items(), matched, strict=True):
            tally.rate(f"{prefix}.garments_seen", hit, chance_of_word(trait, word))


def read_tokens(
    tally: Tally,
    task: FullBodyTask,
    answers: Answers,
    judge: WorldSenses,
    people: Sequence[KnownPerson] | None,
    prefix: str,
) -> None:
    """Rows of what the tokens of one run say, under the names of `measure`; of garments, those that the judge
    can read too.
    """
    known: list[Identity | None] = [figure.person.identity for figure in task.scene(0).figures]
    if people is None:
        known = [identity_of(tokens_of(answers.first), place) for place in range(len(known))]
    for place, number, worn, picture in zip(task.places, ASKED, task.worn, answers.bodies, strict=True):
        tokens = tokens_of(picture)
        right = right_identity(identity_of(tokens), known[place], known[1 - place])
        tally.add(f"{prefix}.right_person", right)
        tally.add(f"{prefix}.framing_right", decode_scene(tokens).framing == task.scene(number).framing)
        for hit in words_said(tokens, 0, readable(judge, worn)).values():
            tally.add(f"{prefix}.garments_seen", hit)


def framing_right(face: Face | None, scene: Scene) -> float:
    """1 when the face is as large as `scene`'s framing makes it, rather than as any other framing would.

    The same scene in every framing gives the sizes to choose from; the nearest in proportion counts. 0 when
    there is no face.
    """
    if face is None:
        return 0.0
    sizes = {
        framing: _side(scene_truth(replace(scene, framing=framing)).face_boxes[0]) for framing in FRAMINGS
    }
    found = _side(face.box)
    nearest = min(sizes, key=lambda framing: abs(np.log(sizes[framing] / found)))
    return float(nearest == scene.framing)


def _side(box: Box) -> float:
    """The side of a square as large as the box, in the unit square."""
    return max(1e-6, float(np.sqrt((box[2] - box[0]) * (box[3] - box[1]))))


def _measure_text(
    tally: Tally, prefix: str, task: FullBodyTask, number: int, picture: Picture, judge: WorldSenses
) -> None:
    """The text's score, and beside it the score of the other person's text with this picture."""
    own, other = (
        clip_score(judge, picture.pixels, task.dialogue.rounds[which].instruction.text)
        for which in (number, ASKED[0] + ASKED[1] - number)
    )
    tally.rate(f"{prefix}.clip_score", own, other)


@dataclass(frozen=True, kw_only=True)
class FullBody:
    """Full-body pictures by name."""

    name: str = "full-body"
    figure: str = "Figures 8, 14"
    about: str = "two named people, each dressed anew in a full-body picture"

    def measure(self, bench: Bench, index: int) -> Outcome:
        """See `Suite.measure`."""
        painter, judge = bench.painter, bench.judge
        task = task_of(held_out("full_body", bench, index))
        tell_truth(bench, shown_in(task.dialogue))
        seed = paint_seed(self.name, bench.seed, index)
        given, true_asking = drive(painter, task, true_first=True, seed=seed)
        own, own_asking = drive(painter, task, true_first=False, seed=seed)
        tally = Tally(dialogue=task_name(self.name, bench, index))
        people = known_people(judge, task.scene(0), seed=bench.task_seed(index))
        truth, twin = oracle(task), twin_of(painter)
        runs = [("true_first", given, people), ("own_first", own, None)]
        for prefix, answers, known in runs:
            measure(tally, task, answers, judge, known, prefix)
            if twin is not None:
                measure(tally.seen_as(TWIN), task, answers.redrawn(twin), judge, known, prefix)
                read_tokens(tally.seen_as(TOKENS), task, answers, judge, known, prefix)
            measure(tally.seen_as(CEILING), task, truth, judge, known, prefix)
        return own_asking.outcome(tally, _shown(task, own, given), true_asking)


def _shown(task: FullBodyTask, own: Answers, given: Answers) -> tuple[Shown, ...]:
    rounds = task.dialogue.rounds
    shown = [Shown(column="Round 1", picture=own.first, text=rounds[0].instruction.text)]
    for number, picture in zip(ASKED, own.bodies, strict=True):
        shown.append(
            Shown(column=f"Round {number + 1}", picture=picture, text=rounds[number].instruction.text)
        )
    shown.append(Shown(column="Round 1, true", picture=given.first))
    for number, picture in zip(ASKED, given.bodies, strict=True):
        shown.append(Shown(column=f"Round {number + 1}, after the true one", picture=picture))
    for number, place, picture in zip(ASKED, task.places, oracle(task).bodies, strict=True):
        shown.append(Shown(column=f"Round {number + 1}, truth", picture=picture, text=task.names[place]))
    return tuple(shown)
