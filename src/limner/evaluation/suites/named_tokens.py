"""What the image tokens of `named` say: right person, described traits, two persons where two were asked for.

Knows tasks and painted answers. Knows no judge and looks at no pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from limner.evaluation.metrics.scene_reading import identity_of, right_identity, words_said
from limner.evaluation.suites.asking import tokens_of
from limner.evaluation.suites.named_answers import Answers
from limner.evaluation.suites.named_tasks import NamedTask
from limner.evaluation.suites.tally import Tally
from limner_world.person import Identity
from limner_world.scene_tokens import decode_scene

Told = Sequence[Mapping[str, str]]
"""Per person, trait field -> word as the first text tells it."""


def read_true_first(tally: Tally, task: NamedTask, answers: Answers, told: Told) -> list[float]:
    """Rows under the names of `measure_true_first`; the 22 numbers of a face tell whose it is. Per close-up,
    whether it is the right person's.
    """
    people = [figure.person.identity for figure in task.scene.figures]
    return _read_close_ups(tally, "true_first", task, answers, people, told)


def read_own_first(tally: Tally, task: NamedTask, answers: Answers, told: Told) -> None:
    """Rows under the names of `measure_own_first`: against the faces that the first picture's own tokens
    say.
    """
    first = tokens_of(answers.first)
    people = [identity_of(first, place) for place in range(2)]
    tally.add("own_first.two_faces", len(decode_scene(first).figures) == 2)
    _read_close_ups(tally, "own_first", task, answers, people, told)


def read_first_picture(tally: Tally, answers: Answers, told: Told) -> None:
    """Rows of described traits that the first picture's tokens say, over all and trait by trait."""
    first = tokens_of(answers.first)
    for place, words in enumerate(told):
        for trait, hit in words_said(first, place, words).items():
            tally.add("first_picture.traits_seen", hit)
            tally.add(f"first_picture.{trait}.trait_seen", hit)


def _read_close_ups(
    tally: Tally,
    prefix: str,
    task: NamedTask,
    answers: Answers,
    people: Sequence[Identity | None],
    told: Told,
) -> list[float]:
    hits = []
    for number, (picture, place) in enumerate(zip(answers.close_ups, task.places, strict=True)):
        tokens = tokens_of(picture)
        hits.append(right_identity(identity_of(tokens), people[place], people[1 - place]))
        for name in ("", f"distance_{answers.distance + number}.", f"{task.kind}."):
            tally.add(f"{prefix}.{name}right_person", hits[-1])
        for hit in words_said(tokens, 0, told[place]).values():
            tally.add(f"{prefix}.traits_seen", hit)
    return hits
