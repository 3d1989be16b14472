"""--mix gives exactly the shares that it names, whatever a recipe's own mix is."""

from collections import Counter
from fractions import Fraction

import pytest

from limner.dataset.mixture import MixtureSampler
from limner.training.mix import mixed, read_mix, with_mix
from limner.training.recipe_files import load_recipe

PAPER = "multi_turn=6,text_to_image=2,crop=3,question=1"
FOLDERS = ("named", "text_to_image", "crop", "question")


def recipe(name, scale="seed-x"):
    return load_recipe(name).recipe(scale)


@pytest.mark.parametrize(
    ("text", "data", "expected"),
    [
        (PAPER, FOLDERS, {"named": 6, "text_to_image": 2, "crop": 3, "question": 1}),
        (
            PAPER,
            (*FOLDERS, "rollback", "full_body"),
            {"named": 7, "full_body": 2, "rollback": 3, "text_to_image": 4, "crop": 6, "question": 2},
        ),
        (
            PAPER,
            ("multi_turn", *FOLDERS[1:]),
            {"multi_turn": 6, "text_to_image": 2, "crop": 3, "question": 1},
        ),
        ("rollback=1,multi_turn=1", (), {"rollback": 9, "named": 7, "full_body": 2}),
        ("named=1.5,crop=0.25", (), {"named": 6, "crop": 1}),
        ("named=1/3, crop = 1", (), {"named": 1, "crop": 3}),
    ],
)
def test_shares_are_those_that_were_named(text, data, expected):
    made = with_mix(recipe("multi_round"), text, data).build
    assert dict(made.mix) == expected
    assert set(made.dialogues) == set(expected)
    sampler = MixtureSampler(sizes=dict.fromkeys(made.mix, 50), ratios=made.mix, seed=3)
    cycle = Counter(sampler.at(number)[0] for number in range(sum(expected.values())))
    assert cycle == expected


def test_the_recipes_own_mix_is_the_papers_by_name():
    stage = recipe("multi_round").build
    assert mixed(read_mix(PAPER), stage.mix) == stage.mix
    small = recipe("multi_round", "tiny").build
    assert mixed(read_mix(PAPER), small.mix) == small.mix


@pytest.mark.parametrize(("name", "text"), [("stage3", "paired=5,face_to_image=1"), ("stage1", "copy=1")])
def test_any_recipe_of_dialogues_takes_one(name, text):
    given = {kind: int(share) for kind, share in read_mix(text).items()}
    assert dict(with_mix(recipe(name), text).build.mix) == given
    assert dict(with_mix(recipe("flow_head", "tiny"), "named=2,edit=1").build.mix) == {"named": 2, "edit": 1}


@pytest.mark.parametrize(
    ("text", "data", "words"),
    [
        ("named", (), "--mix takes NAME=SHARE"),
        ("named=1,named=2", (), "named twice"),
        ("named=many", (), "shares are numbers"),
        ("named=1/0", (), "shares are numbers"),
        ("named=0", (), "leave named out"),
        ("names=1", (), "no dialogues named names; it has named"),
        ("named=1,crop=1", ("named",), "--data crop=FOLDER"),
        ("named=1", ("named", "crop"), "no share"),
        ("multi_turn=1,crop=1", ("crop",), "nothing of it"),
    ],
)
def test_a_mix_that_cannot_be_says_why(text, data, words):
    with pytest.raises(ValueError, match=words):
        with_mix(recipe("multi_round"), text, data)


def test_a_recipe_without_a_mix_says_so():
    with pytest.raises(ValueError, match="has no mix"):
        with_mix(recipe("detokenizer_natural"), PAPER)


def test_shares_are_read_exactly():
    assert read_mix("a=0.1,b=2") == {"a": Fraction(1, 10), "b": Fraction(2)}
