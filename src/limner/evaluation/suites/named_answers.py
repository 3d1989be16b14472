"""What a painter answers in `named`, and how the answers are held against the truth.

Knows tasks, answers and the judge. Knows nothing about runs and files. What is measured depends on the
answers alone, so that true, wrong or somebody else's pictures can be measured as well as a painter's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from limner.dialogue.names import bare_name
from limner.dialogue.parts import Picture
from limner.evaluation.metrics.binding import chance_rank, right_of_two
from limner.evaluation.metrics.face_similarity import Face, face_at, faces_of, largest_face, nearest_face
from limner.evaluation.metrics.traits import readable, stated_words, traits_matched
from limner.evaluation.suites.asking import Asking
from limner.evaluation.suites.likeness import KnownPerson
from limner.evaluation.suites.named_tasks import FARTHEST, NamedTask
from limner.evaluation.suites.redrawing import Redraw
from limner.evaluation.suites.tally import Tally
from limner.evaluation.suites.trait_chance import chance_of_word
from limner.inference.painter import Painter
from limner.perception.protocols import Box
from limner.perception.senses import WorldSenses
from limner_world.truth import scene_truth


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What a painter gave: the first picture that its history held, and per close-up a picture and words.
    `distance` says how many rounds after the first picture the first close-up was asked for.
    """

    first: Picture
    close_ups: tuple[Picture, ...]
    texts: tuple[str, ...]
    distance: int = FARTHEST

    def redrawn(self, redraw: Redraw) -> Answers:
        """The same answers, with every painted picture redrawn by `redraw`."""
        close_ups = tuple(redraw(picture) for picture in self.close_ups)
        return replace(self, first=redraw(self.first), close_ups=close_ups)


@dataclass(frozen=True, kw_only=True, eq=False)
class Runs:
    """Three runs of one conversation: `near` and `far` go on from the true first picture, at once and as many
    rounds later as a task has; `own` goes on from what the painter made of it.
    """

    near: Answers
    far: Answers
    own: Answers

    def redrawn(self, redraw: Redraw) -> Runs:
        """See `Answers.redrawn`."""
        return Runs(
            near=self.near.redrawn(redraw), far=self.far.redrawn(redraw), own=self.own.redrawn(redraw)
        )


def drive(painter: Painter, task: NamedTask, *, seed: int) -> tuple[Runs, Sequence[Asking]]:
    """All three runs, and the conversations that they end in (near, far, own)."""
    first, given = begin(painter, task, true_first=True, seed=seed)
    own_first, own_asking = begin(painter, task, true_first=False, seed=seed)
    near, near_asking = go_on(first, given, task, 1)
    far, far_asking = go_on(first, given, task, FARTHEST)
    own, own_asking = go_on(own_first, own_asking, task, task.own_distance)
    return Runs(near=near, far=far, own=own), (near_asking, far_asking, own_asking)


def begin(painter: Painter, task: NamedTask, *, true_first: bool, seed: int) -> tuple[Picture, Asking]:
    """A conversation after its first round: the first picture given as it should be, or painted."""
    asking, first = Asking(conversation=painter.conversation(seed=seed)), task.dialogue.rounds[0]
    if not true_first:
        return asking.picture(first.instruction.text), asking
    asking.conversation.remember(first)
    assert first.response.picture is not None
    return first.response.picture, asking


def go_on(first: Picture, asking: Asking, task: NamedTask, distance: int) -> tuple[Answers, Asking]:
    """Ask for both close-ups `distance` rounds after the first picture: what lies between is given, the
    close-ups are painted. The conversation that `asking` holds stays as it is.
    """
    later, rounds = asking.fork(), task.dialogue.rounds
    for round_ in rounds[1:distance]:
        later.conversation.remember(round_)
    close_ups = tuple(later.picture(rounds[index].instruction.text) for index in task.close_ups)
    texts = tuple(round_.response.text for round_ in later.conversation.rounds[-len(close_ups) :])
    return Answers(first=first, close_ups=close_ups, texts=texts, distance=distance), later


def oracle(task: NamedTask) -> Answers:
    """The answers of a perfect painter: the truth."""
    rounds = task.dialogue.rounds
    pictures = [rounds[index].response.picture for index in (0, *task.close_ups)]
    first, *close_ups = [picture for picture in pictures if picture is not None]
    texts = tuple(rounds[index].response.text for index in task.close_ups)
    return Answers(first=first, close_ups=tuple(close_ups), texts=texts)


def measure_true_first(
    tally: Tally, task: NamedTask, answers: Answers, people: Sequence[KnownPerson], judge: WorldSenses
) -> list[float]:
    """Rows of identity and binding against the truth; per close-up, whether it shows the right person."""
    prefix, boxes = "true_first", scene_truth(task.scene).face_boxes
    hits = []
    for number, (picture, place) in enumerate(zip(answers.close_ups, task.places, strict=True)):
        face = largest_face(faces_of(judge, picture.pixels))
        own, other = (people[who].similarity(face) for who in (place, 1 - place))
        hits.append(right_of_two(own, other))
        _binding(tally, prefix, task, answers.distance + number, hits[-1])
        tally.add(f"{prefix}.face_found", face is not None)
        tally.add(f"{prefix}.face_similarity", own)
        shown = face_at(judge, answers.first.pixels, boxes[place])
        copied = 0.0 if face is None else float(shown.vector @ face.vector)
        tally.add(f"{prefix}.copy_paste", copied - own)
        if len(people[place].strangers):
            tally.rate(
                f"{prefix}.rank", people[place].rank(face), chance_rank(1 + len(people[place].strangers))
            )
        _traits(tally, prefix, judge, picture, None if face is None else face.box, task, place)
    return hits


def measure_own_first(tally: Tally, task: NamedTask, answers: Answers, judge: WorldSenses) -> None:
    """Rows against what the model itself painted first: the face on the side where the truth has the
    person.

    With fewer than two faces in the first picture nobody can tell who is meant: the close-up counts as a
    guess, and `two_faces` says how often.
    """
    prefix, painted = "own_first", faces_of(judge, answers.first.pixels)
    tally.add(f"{prefix}.two_faces", len(painted) == 2)
    for number, (picture, place) in enumerate(zip(answers.close_ups, task.places, strict=True)):
        face = largest_face(faces_of(judge, picture.pixels))
        pair = painted if len(painted) == 2 else ()
        likes = [0.0 if face is None else float(one.vector @ face.vector) for one in pair] or [0.0, 0.0]
        _binding(tally, prefix, task, answers.distance + number, right_of_two(likes[place], likes[1 - place]))
        box = None if face is None else face.box
        tally.rate(
            f"{prefix}.right_person_by_traits", _right_by_traits(judge, picture, box, task, place), 0.5
        )
        tally.add(f"{prefix}.face_similarity", likes[place])
        tally.add(f"{prefix}.face_found", face is not None)
        _traits(tally, prefix, judge, picture, box, task, place)


def measure_first_picture(tally: Tally, task: NamedTask, first: Picture, judge: WorldSenses) -> None:
    """Rows of described traits that are seen in the first picture, over all and trait by trait."""
    found: Sequence[Face] = faces_of(judge, first.pixels)
    for place, true_box in enumerate(scene_truth(task.scene).face_boxes):
        face = nearest_face(found, true_box)
        box = None if face is None else face.box
        matched = _traits(tally, "first_picture", judge, first, box, task, place)
        for trait, hit in matched.items():
            tally.add(f"first_picture.{trait}.trait_seen", hit)


def measure_words(tally: Tally, prefix: str, task: NamedTask, answers: Answers) -> None:
    """Rows of whether the words name the person asked for."""
    for text, place in zip(answers.texts, task.places, strict=True):
        tally.rate(f"{prefix}.names_person", _names(text, task.names, place), 0.5)


def told_words(judge: WorldSenses, task: NamedTask, place: int) -> Mapping[str, str]:
    """Trait field -> word, of what the first text states about a person and the judge can read."""
    return readable(judge, stated_words(task.scene.figures[place].person, task.stated[place]))


def _binding(tally: Tally, prefix: str, task: NamedTask, distance: int, hit: float) -> None:
    """Right person over all, by distance, and for people of equal traits."""
    tally.rate(f"{prefix}.right_person", hit, 0.5)
    tally.rate(f"{prefix}.distance_{distance}.right_person", hit, 0.5)
    tally.rate(f"{prefix}.{task.kind}.right_person", hit, 0.5)


def _right_by_traits(
    judge: WorldSenses, picture: Picture, box: Box | None, task: NamedTask, place: int
) -> float:
    """Whether more of what was told of this person is read in the picture than of what was told of the
    other.
    """
    shares = []
    for who in (place, 1 - place):
        stated = stated_words(task.scene.figures[who].person, task.stated[who])
        matched = traits_matched(judge, picture.pixels, box, stated)
        shares.append(float(np.mean(matched)) if matched else 0.0)
    return right_of_two(*shares)


def _traits(
    tally: Tally,
    prefix: str,
    judge: WorldSenses,
    picture: Picture,
    box: Box | None,
    task: NamedTask,
    place: int,
) -> dict[str, bool]:
    stated = told_words(judge, task, place)
    matched = dict(zip(stated, traits_matched(judge, picture.pixels, box, stated), strict=True))
    for trait, hit in matched.items():
        tally.rate(f"{prefix}.traits_seen", hit, chance_of_word(trait, stated[trait]))
    return matched


def _names(text: str, names: Sequence[str], place: int) -> float:
    """1 when the words name the person asked for and not the other; half where they name both or neither."""
    own, other = (bare_name(names[who]) in text for who in (place, 1 - place))
    return right_of_two(float(own), float(other))
