"""Full bodies: who, how large, in what; measured on the truth, on the wrong person and on no face."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from roomy_painter import gray, roomy_painter
from tiny_bench import bench, judge, values

from limner.builders.world import KINDS
from limner.evaluation.metrics.face_similarity import Face, faces_of, largest_face
from limner.evaluation.score import estimates
from limner.evaluation.suites.full_body import (
    ASKED,
    WORN,
    FullBody,
    drive,
    framing_right,
    measure,
    oracle,
    task_of,
)
from limner.evaluation.suites.likeness import KnownPerson
from limner.evaluation.suites.tally import Tally
from limner_world.scene import FRAMINGS
from limner_world.truth import scene_truth

SIZE_PX = 128


@lru_cache
def tasks():
    return [task_of(KINDS["full_body"](71 + seed, "test", SIZE_PX)) for seed in range(5)]


def seen_people(task):
    """Both people as the judge sees them in the true answers; None where it finds no face there."""
    faces = [largest_face(faces_of(judge(), picture.pixels)) for picture in oracle(task).bodies]
    if None in faces:
        return None
    by_place = dict(zip(task.places, faces, strict=True))
    none = np.zeros((0, 128), np.float32)
    return [KnownPerson(vectors=by_place[place].vector[None], strangers=none) for place in (0, 1)]


def measured(answers_of):
    rows = []
    for index, task in enumerate(tasks()):
        people = seen_people(task)
        if people is not None:
            tally = Tally(dialogue=str(index))
            measure(tally, task, answers_of(task), judge(), people, "it")
            rows += tally.rows
    return {metric: found.value for metric, found in estimates(rows).items()}


def test_the_right_person_is_right_and_the_other_wrong():
    right = measured(oracle)
    wrong = measured(lambda task: replace(oracle(task), bodies=oracle(task).bodies[::-1]))
    assert right["it.right_person"] == 1
    assert right["it.face_similarity"] == pytest.approx(1, abs=1e-5)
    assert wrong["it.right_person"] == 0
    assert wrong["it.clip_score"] == pytest.approx(right["chance.it.clip_score"])


def test_no_face_is_a_guess_in_no_framing(monkeypatch):
    people = [seen_people(task) for task in tasks()]
    index = next(index for index, found in enumerate(people) if found)
    monkeypatch.setattr(judge(), "find_faces", lambda pixels, threshold=0.3: ())
    for known in (people[index], None):
        tally = Tally(dialogue="d")
        answers = replace(oracle(tasks()[index]), bodies=(gray(SIZE_PX),) * 2)
        measure(tally, tasks()[index], answers, judge(), known, "it")
        assert values(tally.rows, "it.right_person") == [0.5, 0.5]
        assert values(tally.rows, "it.framing_right") == values(tally.rows, "it.face_found") == [0, 0]


def test_the_size_of_the_face_tells_the_framing():
    vector = np.ones(128, np.float32)
    for task in tasks():
        scene = task.scene(1)
        for framing in FRAMINGS:
            box = scene_truth(replace(scene, framing=framing)).face_boxes[0]
            assert framing_right(Face(box=box, vector=vector), scene) == (framing == scene.framing)
    assert framing_right(None, scene) == 0


def test_tasks_say_whose_picture_it_is_and_what_is_worn():
    for task in tasks():
        assert sorted(task.places) == [0, 1]
        for number, place, worn in zip(ASKED, task.places, task.worn, strict=True):
            assert task.names[place] in task.dialogue.rounds[number].instruction.text
            assert set(worn) <= set(WORN)
            first, now = (task.scene(0).figures[place].person, task.scene(number).figures[0].person)
            assert first.identity == now.identity
            assert all(word == getattr(now.traits, trait) for trait, word in worn.items())
    assert any(worn for task in tasks() for worn in task.worn)


def test_both_conversations_are_held():
    painter, task = roomy_painter(), task_of(KINDS["full_body"](5, "test", 32))
    given, asking = drive(painter, task, true_first=True, seed=1)
    assert given.first == oracle(task).first
    assert len(asking.seconds) == 2
    own, asking = drive(painter, task, true_first=False, seed=1)
    assert own.first != given.first
    assert len(asking.seconds) == 3


def test_a_task_gives_the_same_rows_again():
    suite, one = FullBody(), bench(roomy_painter(), seed=1)
    outcome = suite.measure(one, 2)
    assert outcome.rows == suite.measure(one, 2).rows
    assert len(outcome.round_seconds) == 5
    assert {row.dialogue for row in outcome.rows} == {"full-body-1-00002"}
