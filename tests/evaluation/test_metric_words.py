"""Answers and boxes in words: what agrees, what only looks as if it did."""

from itertools import pairwise

import numpy as np
import pytest

from limner.dialogue.boxes import Box, box_text, iou
from limner.evaluation.metrics.answer_words import plain_words, spoken_words
from limner.evaluation.metrics.grounding import parse_box, parse_boxes
from limner.evaluation.metrics.question import answer_matches
from limner_world.names import random_names
from limner_world.question import random_question
from limner_world.staging import random_scene

NAMES = ("Ada Harrison", "Dr. Bob Okafor")
AGREE = [
    ("red", "Red."),
    ("It is red!", "Red."),
    ("Her hair is ginger", "Red."),
    ("2", "Two."),
    ("There are two people in the picture.", "Two."),
    ("a hoodie", "A hooded sweatshirt."),
    ("grey", "Gray."),
    ("light blue", "Light-blue."),
    ("She wears a lovely red sweater with stripes", "A red striped sweater."),
    ("in the woods", "In a forest."),
    ("a cup of coffee", "A coffee cup."),
    ("sunglasses", "Dark sunglasses."),
    ("Two braids", "In two braids."),
    ("with a smile", "Smiling."),
    ("She's on the left side.", "On the left."),
    ("Ada", "Ada Harrison."),
    ("That is ada harrison.", "Ada Harrison."),
    ("It's Doctor Okafor", "Dr. Bob Okafor."),
    ("Ada and Bob", "Both of them."),
    ("No", "No, it is red."),
    ("No, it is red.", "No."),
    ("It isn't.", "No."),
    ("She does.", "Yes."),
    ("Yes, definitely", "Yes, red glasses."),
]
DISAGREE = [
    ("", "Red."),
    ("blue", "Red."),
    ("red or blue", "Red."),
    ("not red", "Red."),
    ("it isn't red", "Red."),
    ("reddish", "Red."),
    ("blue", "Light-blue."),
    ("One.", "Two."),
    ("a red sweater", "A red striped sweater."),
    ("a red striped cardigan", "A red striped sweater."),
    ("on the right", "On the left."),
    ("left or right", "On the left."),
    ("a beard and a mustache", "A beard."),
    ("Bob", "Ada Harrison."),
    ("Ada and Bob", "Ada Harrison."),
    ("Ada", "Both of them."),
    ("both of them", "Ada Harrison."),
    ("Yes.", "No."),
    ("Red.", "Yes."),
    ("Yes.", "Red."),
    ("No, blue.", "No, red."),
    ("Yes, blue glasses.", "Yes, red glasses."),
    ("no", "Bald."),
]


@pytest.mark.parametrize(("said", "truth"), AGREE)
def test_answers_that_say_the_same_agree(said, truth):
    assert answer_matches(said, truth, names=NAMES)


@pytest.mark.parametrize(("said", "truth"), DISAGREE)
def test_answers_that_say_something_else_do_not(said, truth):
    assert not answer_matches(said, truth, names=NAMES)


def test_the_question_may_be_repeated_but_not_its_alternatives():
    hat = "What is Ada wearing on the head?"
    assert answer_matches("Ada wears a red beanie on the head", "A red beanie.", question=hat, names=NAMES)
    side = "Is Ada on the left or on the right?"
    assert answer_matches("Ada is on the left.", "On the left.", question=side, names=NAMES)
    assert not answer_matches("On the left or on the right.", "On the left.", question=side, names=NAMES)
    hair = "Does Ada have black hair?"
    assert answer_matches("No, she does not have black hair.", "No, red.", question=hair, names=NAMES)
    assert answer_matches("No, her hair is red.", "No, red.", question=hair, names=NAMES)


def test_two_of_one_family_are_told_apart_by_first_names():
    family = ("Ada Harrison", "Bob Harrison")
    assert answer_matches("Ada", "Ada Harrison.", names=family)
    assert not answer_matches("Bob Harrison", "Ada Harrison.", names=family)
    assert not answer_matches("Harrison", "Ada Harrison.", names=family)


def test_an_unknown_name_allows_no_second_one():
    assert answer_matches("That is Zorbin.", "Zorbin.")
    assert not answer_matches("Zorbin and Kalu", "Zorbin.")


def test_the_worlds_own_answers_agree_with_themselves_and_rarely_with_each_other():
    asked = []
    for seed in range(250):
        rng = np.random.default_rng(seed)
        scene = random_scene(rng, split="test")
        names = [str(name) for name in random_names(rng, [f.person.traits for f in scene.figures], "test")]
        asked.append((random_question(scene, rng, names), names))
    for question, names in asked:
        told = f"I think it is {question.answer[0].lower()}{question.answer[1:]}"
        assert answer_matches(question.answer, question.answer, question=question.question, names=names)
        if not question.answer.startswith(("Yes", "No")):
            assert answer_matches(told, question.answer, question=question.question, names=names), told
    crossed = [
        answer_matches(other.answer, one.answer, question=one.question, names=names)
        for (one, names), (other, _) in pairwise(asked)
        if spoken_words(plain_words(one.answer)) != spoken_words(plain_words(other.answer))
    ]
    assert np.mean(crossed) < 0.02


def test_iou_of_known_boxes():
    square: Box = (0.0, 0.0, 0.5, 0.5)
    assert iou(square, square) == 1.0
    assert iou(square, (0.25, 0.0, 0.75, 0.5)) == pytest.approx(1 / 3)
    assert iou(square, (0.0, 0.0, 1.0, 1.0)) == pytest.approx(0.25)
    assert iou(square, (0.5, 0.0, 1.0, 0.5)) == 0.0
    assert iou(square, None) == iou(None, square) == 0.0
    assert iou((0.2, 0.2, 0.2, 0.4), (0.2, 0.2, 0.2, 0.4)) == 0.0


def test_boxes_survive_being_written():
    rng = np.random.default_rng(0)
    for _ in range(200):
        x0, y0 = rng.uniform(0, 0.6, 2)
        box = (x0, y0, x0 + rng.uniform(0.1, 0.4), y0 + rng.uniform(0.1, 0.4))
        found = parse_box(f"Ada is here: {box_text(box)}")
        assert found == pytest.approx(box, abs=0.5 / 223 + 1e-9)


@pytest.mark.parametrize(
    ("text", "boxes"),
    [
        ("[[0 0 223 223]]", [(0, 0, 1, 1)]),
        ("Here: [0.1, 0.2, 0.5, 0.75].", [(0.1, 0.2, 0.5, 0.75)]),
        ("<loc-0><loc-0> <loc-223><loc-223>", [(0, 0, 1, 1)]),
        ("[[0 0 223 223]] and [[0 0 223 223]]", [(0, 0, 1, 1)] * 2),
        ("[[223 0 0 223]]", []),
        ("[[0 0 300 223]]", []),
        ("[[1 2 3]]", []),
        ("on the left", []),
        ("", []),
    ],
)
def test_boxes_in_words(text, boxes):
    assert parse_boxes(text) == [pytest.approx(box) for box in boxes]
    assert parse_box(text) == (pytest.approx(boxes[0]) if boxes else None)
