"""Tokens read against the truth: right words are right, one wrong word is wrong, faces have a distance."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from limner.evaluation.metrics.binding import distractors
from limner.evaluation.metrics.scene_reading import (
    change_said,
    factors,
    identity_distance,
    identity_of,
    nearest_scene,
    right_identity,
    share_kept,
    share_right,
    words_said,
)
from limner_world.chance import seeded
from limner_world.edit import apply, random_edit
from limner_world.person import Person
from limner_world.scene_tokens import encode_scene
from limner_world.staging import random_scene

NUM = 30


def scenes(num_figures=2):
    return [random_scene(seeded("scene reading", i), num_figures=num_figures) for i in range(NUM)]


def edited(scene, index):
    return apply(random_edit(scene, seeded("scene reading edit", index)), scene)


def with_traits(scene, place, **traits):
    figures = list(scene.figures)
    person = figures[place].person
    figures[place] = replace(
        figures[place], person=Person(traits=replace(person.traits, **traits), identity=person.identity)
    )
    return replace(scene, figures=tuple(figures))


def test_true_tokens_say_everything():
    for index, scene in enumerate(scenes()):
        tokens = encode_scene(scene)
        assert share_right(tokens, scene) == 1
        after = edited(scene, index)
        assert (
            change_said(encode_scene(after), scene, after)
            == share_kept(encode_scene(after), scene, after)
            == 1
        )
        assert change_said(tokens, scene, after) == 0
        assert share_kept(tokens, scene, after) == 1  # what should stay is all there


def test_one_wrong_word_is_one_factor_less():
    scene = scenes()[0]
    true = factors(scene)
    other = next(colour for colour in ("red", "black") if colour != true["left.hair_colour"])
    tokens = encode_scene(with_traits(scene, 0, hair_colour=other))
    assert share_right(tokens, scene) == pytest.approx(1 - 1 / len(true))
    assert words_said(tokens, 0, {"hair_colour": other, "skin": true["left.skin"]}) == {
        "hair_colour": True,
        "skin": True,
    }
    assert words_said(tokens, 0, {"hair_colour": str(true["left.hair_colour"])}) == {"hair_colour": False}


def test_an_edit_that_spoils_something_else_is_made_and_has_not_kept_all():
    before = scenes()[1]
    after = replace(before, style="comic" if before.style != "comic" else "pastel")
    spoilt = replace(after, lighting="night" if before.lighting != "night" else "daylight")
    tokens = encode_scene(spoilt)
    assert change_said(tokens, before, after) == 1
    assert share_kept(tokens, before, after) == pytest.approx(1 - 1 / (len(factors(after)) - 1))
    with pytest.raises(ValueError, match="look the same"):
        change_said(tokens, before, before)


def test_a_face_is_one_factor_and_bears_a_little_noise():
    scene = scenes()[2]
    tokens = encode_scene(scene)
    noise = np.random.default_rng(0).normal(size=tokens.shape)
    assert share_right(tokens + 0.1 * noise, scene) == 1
    (stranger,) = distractors(scene.figures[0].person, 1, seed=3)
    figures = (replace(scene.figures[0], person=stranger), *scene.figures[1:])
    other = replace(scene, figures=figures)
    assert share_right(encode_scene(other), scene) == pytest.approx(1 - 1 / len(factors(scene)))


def test_somebody_who_is_not_there_has_nothing_right():
    scene = scenes()[3]
    alone = encode_scene(replace(scene, figures=scene.figures[:1], interaction="none"))
    assert words_said(alone, 1, {"skin": scene.figures[1].person.traits.skin}) == {"skin": False}
    assert identity_of(alone, 1) is None
    assert share_right(alone, scene) < 0.7
    assert right_identity(None, identity_of(alone), identity_of(alone)) == 0.5


def test_the_right_person_is_the_nearer_one():
    for scene in scenes():
        left, right = (figure.person.identity for figure in scene.figures)
        found = identity_of(encode_scene(scene), 1)
        assert right_identity(found, right, left) == 1
        assert right_identity(found, left, right) == 0
        assert right_identity(found, left, left) == 0.5


def test_strangers_are_as_far_apart_as_the_card_says():
    people = [figure.person.identity for scene in scenes() for figure in scene.figures]
    apart = [identity_distance(one, other) for one, other in pairwise(people)]
    assert np.mean(apart) == pytest.approx(1.4, abs=0.2)
    assert identity_distance(people[0], people[0]) == 0


def test_the_nearest_scene_is_found_through_noise():
    scene = scenes()[4]
    states = [edited(scene, index) for index in range(4)]
    noise = np.random.default_rng(1).normal(size=(64, 64))
    for place, state in enumerate(states):
        assert nearest_scene(encode_scene(state) + 0.2 * noise, states) == place
