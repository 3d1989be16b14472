"""Personalization: copying is told from painting, a missing face from a wrong one, and stages by their
names.
"""

import numpy as np
import pytest
from tiny_bench import bench, embedded, tiny_painter, values

from limner.dialogue.parts import Picture
from limner.evaluation.suites.personalize import (
    KINDS,
    Personalize,
    contestants,
    make_task,
    measure_picture,
    without_phrases,
)
from limner.evaluation.suites.tally import Tally
from limner.models.prompt import KEEP_FACE_REQUEST
from limner_world.sampling import identity_split

BIG = bench(tiny_painter(), seed=2)


def measured(task, picture):
    tally = Tally(dialogue="d")
    measure_picture(tally, "it", BIG.judge, task, picture)
    return {
        name: values(tally.rows, f"it.{name}")
        for name in ("face_similarity", "copy_paste", "face_found", "clip_score", "traits")
    }


@pytest.fixture(scope="module")
def tasks(embedded_bench):
    return [make_task(embedded_bench, "paired", index) for index in range(8)]


@pytest.fixture(scope="module")
def embedded_bench():
    return bench(embedded(), seed=2)


def mean(found, name):
    return np.mean([value for one in found for value in one[name]])


def test_the_photo_pasted_is_told_from_the_person_painted(tasks):
    painted = [measured(task, task.target) for task in tasks]
    pasted = [measured(task, task.photo) for task in tasks]
    assert all(one["copy_paste"][0] + one["face_similarity"][0] == pytest.approx(1) for one in pasted)
    assert mean(pasted, "copy_paste") > mean(painted, "copy_paste") + 0.02


def test_words_and_traits_are_those_of_the_target_and_not_of_another_task(tasks):
    own = [measured(task, task.target) for task in tasks]
    other = [measured(task, tasks[index - 1].target) for index, task in enumerate(tasks)]
    assert mean(own, "clip_score") > mean(other, "clip_score") + 20
    assert mean(own, "traits") > mean(other, "traits")


def test_a_picture_without_a_face_is_like_nobody(tasks):
    blank = Picture(np.full((128, 128, 3), 200, np.uint8))
    found = measured(tasks[0], blank)
    assert found["face_found"] == [0]
    assert found["face_similarity"] == found["copy_paste"] == [0]


def test_identity_phrases_are_taken_off_and_nothing_else():
    text = "This is Mia. Paint Mia on a beach."
    for phrase in ("Please keep the face identical", "Please keep the face identical.", KEEP_FACE_REQUEST):
        assert without_phrases(f"{text} {phrase}") == text
    assert without_phrases("mia on a beach. please keep the face identical.") == "mia on a beach."
    assert without_phrases(text) == text


def test_stages_compete_in_the_papers_order_and_the_prompt_is_the_baselines():
    model, baseline, late = tiny_painter(), tiny_painter(1), tiny_painter(2)
    found = contestants(bench(model, stage3=late, baseline=baseline, dit_human=late))
    assert list(found) == ["baseline", "prompt", "stage3", "model", "model_prompt"]
    assert found["prompt"] == (baseline, True)
    assert found["stage3"] == (late, False)
    assert contestants(bench(model)) == {"model": (model, False), "model_prompt": (model, True)}


def test_a_task_asks_everyone_the_same_and_depends_on_its_number_alone():
    suite, tiny = Personalize(), bench(baseline=tiny_painter(1))
    outcome = suite.measure(tiny, 3)
    assert outcome.rows == suite.measure(tiny, 3).rows
    assert outcome.rows != suite.measure(tiny, 4).rows
    for kind in KINDS:
        likenesses = [
            values(outcome.rows, f"chance.{who}.{kind}.face_similarity")
            for who in ("true_picture", "baseline", "prompt", "model", "model_prompt")
        ]
        assert all(found == likenesses[0] and len(found) == 1 for found in likenesses)
    (round_,) = outcome.conversation
    assert round_.instruction.text == make_task(tiny, KINDS[-1], 3).text
    assert len(round_.instruction.pictures) == 1
    assert [shown.column for shown in outcome.shown] == [
        "photo",
        "truth",
        "baseline",
        "prompt",
        "model",
        "model_prompt",
    ]


def test_the_given_photo_and_the_target_are_two_pictures_of_one_held_out_person(embedded_bench):
    task = make_task(embedded_bench, "paired", 1)
    assert task.photo != task.target
    assert identity_split(task.scene.figures[0].person.identity) == "test"
    assert "identical" not in task.text.lower()
