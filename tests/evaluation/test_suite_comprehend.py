"""Comprehension: the truth is right, other answers are right as often as guessing says."""

from functools import lru_cache

import numpy as np
from roomy_painter import roomy_painter
from tiny_bench import bench, values

from limner.evaluation.score import estimates
from limner.evaluation.suites.caption_words import claims, names_trait, true_share
from limner.evaluation.suites.comprehend import Comprehend, drive, make_task, measure, oracle
from limner.evaluation.suites.guessing import chance_of_answer
from limner.evaluation.suites.tally import Tally
from limner_world.person import Identity, Person, Traits
from limner_world.scene import Figure, Scene

NUM = 16


@lru_cache
def tasks():
    return [make_task(61 + index, 32) for index in range(NUM)]


def measured(answers):
    rows = []
    for index, (task, said) in enumerate(zip(tasks(), answers, strict=True)):
        tally = Tally(dialogue=str(index))
        measure(tally, task, said)
        rows += tally.rows
    return {metric: found.value for metric, found in estimates(rows).items()}


def test_the_truth_is_right():
    found = measured([oracle(task) for task in tasks()])
    assert found["question.answers"] == 1
    assert found["pointing.iou"] > 0.99
    assert found["pointing.right_person"] == found["pointing.box_given"] == 1
    assert found["caption.traits_named"] > 0.97
    assert found["caption.claims_true"] > 0.97


def test_answers_to_other_questions_are_right_by_chance():
    """Each task is told what is true of the next one."""
    said = [
        tuple(
            tuple(other[place % len(other)] for place in range(len(own)))
            for own, other in zip(oracle(task), oracle(after), strict=True)
        )
        for task, after in zip(tasks(), tasks()[1:] + tasks()[:1], strict=True)
    ]
    found = measured(said)
    assert found["question.answers"] < 0.3
    assert found["caption.traits_named"] < 0.5
    assert abs(found["caption.traits_named"] - found["chance.caption.traits_named"]) < 0.15
    assert 0.02 < found["chance.question.answers"] < 0.45


def test_silence_scores_nothing():
    found = measured([tuple(("",) * len(said) for said in oracle(task)) for task in tasks()])
    assert found["question.answers"] == found["pointing.iou"] == found["caption.traits_named"] == 0
    assert found["pointing.box_given"] == 0
    assert found["pointing.right_person"] == 0.5
    assert "caption.claims_true" not in found


def test_pointing_at_the_other_person_is_wrong():
    said = []
    for task in tasks():
        questions, pointing, caption = oracle(task)
        boxes = [text for text in pointing if "[[" in text]
        swapped = iter(boxes[::-1])
        said.append((questions, tuple(next(swapped) if "[[" in t else t for t in pointing), caption))
    found = measured(said)
    assert found["pointing.right_person"] == 0
    assert found["pointing.iou"] < 0.2


def test_guessing_knows_names_and_yes_or_no():
    assert chance_of_answer("Mia.", "hair_colour", names=("Mia", "Tom")) == 0.5
    assert 0.25 < chance_of_answer("Yes.", "glasses") < 0.75
    assert chance_of_answer("Black.", "hair_colour") < 0.6
    assert chance_of_answer("Anything.", "no such topic") == 0


def test_words_that_hold_other_words_claim_the_longer():
    assert claims("He has a beard and a mustache and a bow tie.") == {
        ("facial_hair", "beard and mustache"),
        ("neckwear", "bow tie"),
    }
    assert claims("Her hair is tied back; she is dressed in red.") == set()
    assert claims("A woman with headphones around the neck.") == {("neckwear", "headphones around the neck")}


def test_claims_hold_for_anybody_in_the_picture():
    traits = Traits(glasses="black glasses", hair_colour="gray", garment="hooded sweatshirt")
    scene = Scene(figures=(Figure(person=Person(traits=traits, identity=Identity())),))
    assert true_share({("glasses", "black glasses"), ("headwear", "beanie")}, scene) == 0.5
    assert names_trait("She has grey hair and a hoodie.", traits, "hair_colour")
    assert names_trait("She has grey hair and a hoodie.", traits, "garment")
    assert not names_trait("She has black hair.", traits, "hair_colour")


def test_every_question_is_asked_of_the_true_history():
    painter, task = roomy_painter(), tasks()[0]
    answers, seconds = drive(painter, task, seed=1)
    asked = [r for dialogue in task.dialogues for r in dialogue.rounds if r.response.picture is None]
    assert len(seconds) == len(asked)
    assert [len(said) for said in answers] == [len(dialogue.rounds) for dialogue in task.dialogues]


def test_a_task_gives_the_same_rows_again():
    suite, one = Comprehend(), bench(roomy_painter(), seed=1)
    outcome = suite.measure(one, 2)
    assert outcome.rows == suite.measure(one, 2).rows
    assert np.mean(values(outcome.rows, "pointing.box_given")) == 0
