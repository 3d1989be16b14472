"""Faces, persons, traits and texts, seen by the embedded judge: known answers and wrong ones."""

from importlib.resources import files

import numpy as np
import pytest
import tiny_bench

from limner.evaluation.metrics.binding import (
    chance_rank,
    distractor_faces,
    distractors,
    rank_among,
    reference_face,
    right_of_two,
    with_person,
)
from limner.evaluation.metrics.clip_score import clip_score, judge_tokenizer
from limner.evaluation.metrics.face_similarity import (
    Face,
    face_at,
    faces_of,
    largest_face,
    nearest_face,
    similarity_to,
)
from limner.evaluation.metrics.traits import readable, stated_words, traits_matched
from limner.models.tokenizer import train_tokenizer
from limner.perception.senses import load_senses
from limner_world.caption import tell
from limner_world.render import render
from limner_world.sampling import identity_split
from limner_world.staging import random_scene, visible_traits
from limner_world.truth import scene_truth

NUM_SCENES = 10
EMBEDDED = str(files("limner") / "miniature" / "senses")
BLANK = np.full((96, 96, 3), 255, np.uint8)


@pytest.fixture(scope="module")
def judge():
    return tiny_bench.judge()


@pytest.fixture(scope="module")
def scenes():
    return [
        random_scene(np.random.default_rng(900 + seed), num_figures=1, framing="bust", split="test")
        for seed in range(NUM_SCENES)
    ]


@pytest.fixture(scope="module")
def pictures(scenes):
    return [render(scene, 96) for scene in scenes]


def test_the_same_picture_is_the_same_person(judge, scenes, pictures):
    for scene, picture in zip(scenes, pictures, strict=True):
        box = scene_truth(scene).face_boxes[0]
        assert similarity_to(judge, picture, face_at(judge, picture, box), box) == pytest.approx(
            1.0 if faces_of(judge, picture) else 0.0, abs=1e-5
        )


def test_no_face_is_like_nobody_and_said_so(pictures):
    blind = load_senses(EMBEDDED)
    blind.face_finder.leave.bias[0] = -100.0  # finds nothing anywhere
    assert faces_of(blind, pictures[0]) == ()
    assert similarity_to(blind, pictures[0], None) == 0.0
    shown = face_at(blind, pictures[0], (0.2, 0.2, 0.6, 0.6))
    assert np.linalg.norm(shown.vector) == pytest.approx(1, abs=1e-4)
    assert similarity_to(blind, pictures[0], shown) == 0.0
    assert len(traits_matched(blind, pictures[0], None, {"skin": "fair"})) == 1


def test_the_box_chooses_the_face(judge):
    """Of two persons side by side, the one who stands in the box is compared, not the one most alike."""
    scene = random_scene(np.random.default_rng(5), num_figures=2, interaction="none", framing="bust")
    picture, boxes = render(scene, 128), scene_truth(scene).face_boxes
    found = faces_of(judge, picture)
    assert len(found) == 2
    left = face_at(judge, picture, boxes[0])
    assert similarity_to(judge, picture, left, boxes[0]) == pytest.approx(1.0, abs=1e-5)
    assert similarity_to(judge, picture, left) == pytest.approx(1.0, abs=1e-5)
    assert similarity_to(judge, picture, left, boxes[1]) == pytest.approx(
        float(left.vector @ found[1].vector), abs=1e-5
    )
    assert similarity_to(judge, picture, left, boxes[1]) < 0.99


def test_nearest_and_largest_faces():
    left = Face(box=(0.0, 0.0, 0.2, 0.2), vector=np.ones(1))
    right = Face(box=(0.6, 0.0, 0.9, 0.3), vector=np.ones(1))
    assert nearest_face([left, right], (0.05, 0.05, 0.2, 0.2)) is left
    assert nearest_face([left, right], (0.5, 0.6, 0.9, 0.9)) is right
    assert largest_face([left, right]) is right
    assert nearest_face([], (0, 0, 1, 1)) is None
    assert largest_face([]) is None


def test_right_of_two_and_ranks():
    assert right_of_two(0.4, 0.3) == 1.0
    assert right_of_two(0.3, 0.4) == 0.0
    assert right_of_two(0.0, 0.0) == 0.5
    assert rank_among([0.9, 0.1, 0.5]) == 1.0
    assert rank_among([0.9, 0.1, 0.5], own=1) == 3.0
    assert rank_among([0.5, 0.5, 0.1]) == 1.5
    assert rank_among([0.0] * 5) == chance_rank(5) == 3.0


def test_distractors_share_every_word_and_no_face(scenes):
    person = scenes[0].figures[0].person
    drawn = distractors(person, 5, seed=3)
    assert drawn == distractors(person, 5, seed=3)
    assert drawn[:2] == distractors(person, 2, seed=3)
    assert drawn != distractors(person, 5, seed=4)
    assert drawn != distractors(drawn[0], 5, seed=3)
    assert {other.traits for other in drawn} == {person.traits}
    assert len({other.identity for other in drawn} | {person.identity}) == 6
    assert all(identity_split(other.identity) == "test" for other in drawn)


def test_distractor_faces_differ_in_the_face_alone(scenes):
    own = reference_face(scenes[1], 0, 96)
    others = distractor_faces(scenes[1], 0, 2, seed=0, size_px=96)
    for other in others:
        assert other.pixels.shape == (96, 96, 3)
        assert 0.02 < np.mean(np.any(other.pixels != own.pixels, axis=-1)) < 0.9
    same = with_person(scenes[1], 0, scenes[1].figures[0].person)
    assert same == scenes[1]


def test_traits_of_the_true_picture_are_read_more_often_than_a_strangers(judge, scenes, pictures):
    own, other = [], []
    for place, scene in enumerate(scenes):
        figure = scene.figures[0]
        stated = stated_words(figure.person, visible_traits(figure, scene))
        box = scene_truth(scene).face_boxes[0]
        own += traits_matched(judge, pictures[place], box, stated)
        other += traits_matched(judge, pictures[place - 1], None, stated)
        assert len(traits_matched(judge, BLANK, None, stated)) == len(readable(judge, stated))
    assert np.mean(own) > np.mean(other) + 0.1
    assert traits_matched(judge, pictures[0], None, {"side": "left", "skin": "no such word"}) == []


def test_a_text_fits_its_own_picture_better(judge, scenes, pictures):
    texts = [tell(scene, None, rng=np.random.default_rng(0)).text for scene in scenes]
    own = [clip_score(judge, picture, text) for picture, text in zip(pictures, texts, strict=True)]
    crossed = [
        clip_score(judge, picture, text)
        for picture, text in zip(pictures, texts[1:] + texts[:1], strict=True)
    ]
    assert np.mean(own) > np.mean(crossed)
    assert all(-100 <= score <= 100 for score in own + crossed)
    assert clip_score(judge, pictures[0], texts[0], tokenizer=judge_tokenizer()) == own[0]


def test_texts_that_cannot_be_scored_are_refused(judge, pictures):
    with pytest.raises(ValueError, match="at least one word"):
        clip_score(judge, pictures[0], "  ")
    foreign = train_tokenizer(["a red hat", "a blue hat"], vocab_size=600)
    with pytest.raises(ValueError, match="tokenizer of the judge's own"):
        clip_score(judge, pictures[0], "a red hat", tokenizer=foreign)
