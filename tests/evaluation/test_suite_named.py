"""Close-ups by name: the truth is right, the other person is wrong, the last picture is a guess."""

from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
import pytest
from roomy_painter import coarse, gray, roomy_painter
from tiny_bench import bench, embedded, values

from limner.evaluation.metrics.face_similarity import Face
from limner.evaluation.score import estimates
from limner.evaluation.suites.likeness import KnownPerson
from limner.evaluation.suites.named import Named
from limner.evaluation.suites.named_answers import (
    FIELDS,
    drive,
    known_people,
    measure_first_picture,
    measure_own_first,
    measure_true_first,
    oracle,
)
from limner.evaluation.suites.named_tasks import SCENES, make_task
from limner.evaluation.suites.tally import Tally
from limner.world.staging import scene_split

JUDGE = embedded().senses
NUM = 6
SIZE_PX = 128


@lru_cache
def tasks():
    return [make_task(31 + index, index, SIZE_PX) for index in range(NUM)]


@lru_cache
def people(index):
    return known_people(JUDGE, tasks()[index], seed=index, num_strangers=3)


@cache
def measured(answers_of):
    """Mean of each metric over all tasks when every task is answered by `answers_of`."""
    rows = []
    for index, task in enumerate(tasks()):
        tally = Tally(dialogue=str(index))
        measure_true_first(tally, task, answers_of(task), people(index), JUDGE, coarse)
        measure_own_first(tally, task, answers_of(task), JUDGE, coarse)
        rows += tally.rows
    return {metric: found.value for metric, found in estimates(rows).items()}


def wrong_person(task):
    true = oracle(task)
    return replace(true, close_ups=true.close_ups[::-1], texts=true.texts[::-1])


def without_memory(task):
    """Repeats the last picture of the conversation."""
    rounds = task.dialogue.rounds
    last = [
        [r.response.picture for r in rounds[:index] if r.response.picture][-1] for index in task.close_ups
    ]
    return replace(oracle(task), close_ups=tuple(last), texts=("Here you are.",) * 2)


def test_the_truth_reaches_the_ceiling():
    found = measured(oracle)
    assert found["true_first.right_person"] > 0.8
    assert found["own_first.right_person"] > 0.8
    assert found["true_first.right_person_by_tokens"] == 1
    assert found["true_first.names_person"] == 1
    assert found["true_first.rank"] < found["chance.true_first.rank"]


def test_the_other_person_is_wrong():
    found = measured(wrong_person)
    assert found["true_first.right_person"] < 0.2
    assert found["own_first.right_person"] < 0.2
    assert found["true_first.right_person_by_tokens"] == 0
    assert found["true_first.names_person"] == 0
    assert found["true_first.face_similarity"] < measured(oracle)["true_first.face_similarity"]


def test_a_painter_without_memory_guesses_at_best():
    found = measured(without_memory)
    assert found["true_first.right_person"] < 0.7
    assert found["own_first.right_person"] < 0.7
    assert found["true_first.names_person"] == 0.5
    assert found["chance.true_first.right_person"] == 0.5


def test_pictures_without_faces_are_guesses_and_said_to_have_none(monkeypatch):
    monkeypatch.setattr(JUDGE, "find_faces", lambda pixels, threshold=0.3: ())
    found = measured(lambda task: replace(oracle(task), close_ups=(gray(SIZE_PX),) * 2))
    assert found["true_first.right_person"] == found["own_first.right_person"] == 0.5
    assert found["true_first.face_found"] == found["own_first.two_faces"] == 0
    assert found["true_first.face_similarity"] == 0


def test_tasks_cover_near_and_far_and_all_kinds_of_scenes():
    made = [make_task(1, index, 32) for index in range(12)]
    assert {task.close_ups[0] for task in made} == set(range(1, 7))
    assert {task.kind for task in made} == set(SCENES)
    for task in made:
        assert scene_split(task.scene) == "test"
        shown = [task.dialogue.truth["scenes"][index] for index in range(1, task.close_ups[0])]
        between = [f["person"]["identity"] for scene in shown if scene for f in scene["figures"]]
        assert not any(list(f.person.identity.vector()) in between for f in task.scene.figures)
        for round_, place in zip(task.close_ups, task.places, strict=True):
            assert task.names[place] in task.dialogue.rounds[round_].instruction.text


def test_people_of_shared_traits_share_them():
    task = next(task for task in tasks() if task.kind == "shared_traits")
    one, other = (vars(figure.person.traits) for figure in task.scene.figures)
    assert one["age"] == other["age"]
    assert one["presentation"] == other["presentation"]


def test_the_rank_counts_those_who_are_more_alike():
    east, north = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)
    person = KnownPerson(vectors=east[None], strangers=np.stack([north, -east, north]))
    box = (0.0, 0.0, 1.0, 1.0)
    assert person.rank(Face(box=box, vector=east)) == 1
    assert person.rank(Face(box=box, vector=-east)) == 4
    assert person.rank(None) == 2.5
    assert person.similarity(Face(box=box, vector=east)) == 1
    assert person.similarity(None) == 0


def test_the_share_of_the_ceiling_is_a_ratio_of_means():
    likeness = np.array([[3, 0, 0.2, 0.5], [3, 1, 0.4, 0.7]], np.float32)
    rows = Named().finish({"likeness": likeness})
    assert [row.dialogue for row in rows] == ["named-3-00000", "named-3-00001"]
    assert np.mean([row.value for row in rows]) == pytest.approx(0.5)


def test_the_worst_trait_is_the_one_seen_least_of_those_told_often():
    hair, scarf, hat = (FIELDS.index(name) for name in ("hair_colour", "neckwear", "headwear"))
    traits = [(0, i, hair, i % 2) for i in range(8)] + [(0, i, scarf, i == 0) for i in range(8)]
    rows = Named().finish({"traits": np.array([*traits, (0, 9, hat, 0)], np.float32)})
    assert {row.metric for row in rows} == {"first_picture.worst_trait_seen"}
    assert np.mean([row.value for row in rows]) == pytest.approx(1 / 8)
    assert Named().finish({}) == ()


def test_traits_of_the_first_picture_are_read_where_the_person_is():
    task = tasks()[0]
    tally = Tally(dialogue="d")
    seen = measure_first_picture(tally, task, oracle(task).first, JUDGE)
    assert len(seen) == len(values(tally.rows, "first_picture.traits_seen")) > 0
    assert all(0 < chance < 1 for chance in values(tally.rows, "chance.first_picture.traits_seen"))


def test_the_conversation_is_held_with_the_true_or_the_own_first_picture():
    painter, task = roomy_painter(), make_task(5, 2, 32)
    given, asking = drive(painter, task, true_first=True, seed=1)
    assert given.first == oracle(task).first
    assert len(asking.seconds) == 2
    own, asking = drive(painter, task, true_first=False, seed=1)
    assert own.first != given.first
    assert len(asking.seconds) == 3
    assert len(asking.conversation.rounds) == len(task.dialogue.rounds)
    assert drive(painter, task, true_first=False, seed=1)[0].close_ups == own.close_ups


def test_a_task_gives_the_same_rows_again():
    suite, one = Named(num_strangers=2), bench(roomy_painter(), seed=4)
    first, again = suite.measure(one, 3), suite.measure(one, 3)
    assert first.rows == again.rows
    assert {row.dialogue for row in first.rows} == {"named-4-00003"}
    assert len(first.round_seconds) == 5
    assert first.rows != suite.measure(one, 4).rows
