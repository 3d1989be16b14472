"""What a painter answers in `named`, and how the answers are held against the truth.

Knows tasks, answers and the judge. Knows nothing about runs and files. What is measured depends on the
answers alone, so that true, wrong or somebody else's pictures can be measured as well as a painter's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from limner.chat.painter import Painter
from limner.dialogue.names import bare_name
from limner.dialogue.parts import Picture
from limner.evaluation.metrics.binding import chance_rank, right_of_two
from limner.evaluation.metrics.face_similarity import Face, face_at, faces_of, largest_face, nearest_face
from limner.evaluation.metrics.traits import readable, stated_words, traits_matched
from limner.evaluation.suites.asking import Asking
from limner.evaluation.suites.likeness import KnownPerson, known_person
from limner.evaluation.suites.named_tasks import NamedTask
from limner.evaluation.suites.tally import Tally
from limner.evaluation.suites.trait_chance import chance_of_word
from limner.perception.protocols import Box
from limner.perception.senses import WorldSenses
from limner.world.person import Traits
from limner.world.truth import scene_truth

FIELDS = tuple(field.name for field in fields(Traits))
CEILING = "true_picture"
Encode = Callable[[Picture], np.ndarray]


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What a painter gave: the first picture that its history held, and per close-up a picture and words."""

    first: Picture
    close_ups: tuple[Picture, ...]
    texts: tuple[str, ...]


def drive(painter: Painter, task: NamedTask, *, true_first: bool, seed: int) -> tuple[Answers, Asking]:
    """Hold the conversation: close-ups are painted, rounds in between given, the first picture as
    `true_first` says.
    """
    asking = Asking(conversation=painter.conversation(seed=seed))
    painted: dict[int, Picture] = {}
    for index, round_ in enumerate(task.dialogue.rounds):
        if index in task.close_ups or (index == 0 and not true_first):
            painted[index] = asking.picture(round_.instruction.text)
        else:
            asking.conversation.remember(round_)
    rounds = asking.conversation.rounds
    first = rounds[0].response.picture
    assert first is not None
    answers = Answers(
        first=first,
        close_ups=tuple(painted[index] for index in task.close_ups),
        texts=tuple(rounds[index].response.text for index in task.close_ups),
    )
    return answers, asking


def oracle(task: NamedTask) -> Answers:
    """The answers of a perfect painter: the truth."""
    rounds = task.dialogue.rounds
    pictures = [rounds[index].response.picture for index in (0, *task.close_ups)]
    first, *close_ups = [picture for picture in pictures if picture is not None]
    texts = tuple(rounds[index].response.text for index in task.close_ups)
    return Answers(first=first, close_ups=tuple(close_ups), texts=texts)


def known_people(
    judge: WorldSenses, task: NamedTask, *, seed: int, num_strangers: int
) -> tuple[KnownPerson, ...]:
    """Both people as the judge knows them, from left to right."""
    return tuple(
        known_person(judge, figure, task.scene.style, seed=2 * seed + place, num_strangers=num_strangers)
        for place, figure in enumerate(task.scene.figures)
    )


def measure_true_first(
    tally: Tally,
    task: NamedTask,
    answers: Answers,
    people: Sequence[KnownPerson],
    judge: WorldSenses,
    encode: Encode,
    prefix: str = "true_first",
) -> list[float]:
    """Rows of identity and binding against the truth; the face similarity of each close-up."""
    boxes = scene_truth(task.scene).face_boxes
    similarities = []
    for picture, text, round_, place in zip(
        answers.close_ups, answers.texts, task.close_ups, task.places, strict=True
    ):
        face = largest_face(faces_of(judge, picture.pixels))
        own, other = (people[who].similarity(face) for who in (place, 1 - place))
        _binding(tally, prefix, task, round_, right_of_two(own, other))
        tally.rate(f"{prefix}.right_person_by_tokens", _right_by_tokens(task, picture, place, encode), 0.5)
        tally.add(f"{prefix}.face_found", face is not None)
        tally.add(f"{prefix}.face_similarity", own)
        shown = face_at(judge, answers.first.pixels, boxes[place])
        copied = 0.0 if face is None else float(shown.vector @ face.vector)
        tally.add(f"{prefix}.copy_paste", copied - own)
        if len(people[place].strangers):
            tally.rate(
                f"{prefix}.rank", people[place].rank(face), chance_rank(1 + len(people[place].strangers))
            )
        tally.rate(f"{prefix}.names_person", _names(text, task.names, place), 0.5)
        _traits(tally, prefix, judge, picture, None if face is None else face.box, task, place)
        similarities.append(own)
    return similarities


def measure_own_first(
    tally: Tally,
    task: NamedTask,
    answers: Answers,
    judge: WorldSenses,
    encode: Encode,
    prefix: str = "own_first",
) -> None:
    """Rows against what the model itself painted first: the face on the side where the truth has the
    person.

    With fewer than two faces in the first picture nobody can tell who is meant: the close-up counts as a
    guess, and `two_faces` says how often.
    """
    painted = faces_of(judge, answers.first.pixels)
    tally.add(f"{prefix}.two_faces", len(painted) == 2)
    for picture, text, round_, place in zip(
        answers.close_ups, answers.texts, task.close_ups, task.places, strict=True
    ):
        face = largest_face(faces_of(judge, picture.pixels))
        pair = painted if len(painted) == 2 else ()
        likes = [0.0 if face is None else float(one.vector @ face.vector) for one in pair] or [0.0, 0.0]
        _binding(tally, prefix, task, round_, right_of_two(likes[place], likes[1 - place]))
        tally.rate(f"{prefix}.right_person_by_tokens", _right_by_tokens(task, picture, place, encode), 0.5)
        box = None if face is None else face.box
        tally.rate(
            f"{prefix}.right_person_by_traits", _right_by_traits(judge, picture, box, task, place), 0.5
        )
        tally.add(f"{prefix}.face_similarity", likes[place])
        tally.add(f"{prefix}.face_found", face is not None)
        tally.rate(f"{prefix}.names_person", _names(text, task.names, place), 0.5)
        _traits(tally, prefix, judge, picture, box, task, place)


def measure_first_picture(
    tally: Tally, task: NamedTask, first: Picture, judge: WorldSenses
) -> list[tuple[int, float]]:
    """Rows of described traits that are seen in the first picture; (place in `FIELDS`, seen) of each."""
    found: Sequence[Face] = faces_of(judge, first.pixels)
    seen: list[tuple[int, float]] = []
    for place, true_box in enumerate(scene_truth(task.scene).face_boxes):
        face = nearest_face(found, true_box)
        matched = _traits(
            tally, "first_picture", judge, first, None if face is None else face.box, task, place
        )
        for trait, hit in matched.items():
            tally.add(f"first_picture.{trait}.trait_seen", hit)
            seen.append((FIELDS.index(trait), float(hit)))
    return seen


def _binding(tally: Tally, prefix: str, task: NamedTask, round_: int, hit: float) -> None:
    """Right person over all, by distance, and for people of equal traits."""
    tally.rate(f"{prefix}.right_person", hit, 0.5)
    tally.rate(f"{prefix}.distance_{round_}.right_person", hit, 0.5)
    tally.rate(f"{prefix}.{task.kind}.right_person", hit, 0.5)


def _right_by_tokens(task: NamedTask, picture: Picture, place: int, encode: Encode) -> float:
    """The same question to the model's own encoder: nearer to the true close-up of the one than of the
    other?

    Works where pictures are too blurred for faces, as those of a young model are.
    """
    truths = dict(zip(task.places, oracle(task).close_ups, strict=True))
    made = encode(picture)
    own, other = (-float(np.square(made - encode(truths[who])).mean()) for who in (place, 1 - place))
    return right_of_two(own, other)


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
    stated = readable(judge, stated_words(task.scene.figures[place].person, task.stated[place]))
    matched = dict(zip(stated, traits_matched(judge, picture.pixels, box, stated), strict=True))
    for trait, hit in matched.items():
        tally.rate(f"{prefix}.traits_seen", hit, chance_of_word(trait, stated[trait]))
    return matched


def _names(text: str, names: Sequence[str], place: int) -> float:
    """1 when the words name the person asked for and not the other; half where they name both or neither."""
    own, other = (bare_name(names[who]) in text for who in (place, 1 - place))
    return right_of_two(float(own), float(other))
