"""Scores of systems of known worth: the truth, the last picture alone, the wrong one, always the same."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from bench_systems import ChangedOracle, ConstantSystem, blurred, forgetful
from tiny_bench import judge

from limner.benchmark.conversation import (
    CONTROL_FAMILY,
    NON_MARKOV_FAMILIES,
    AnswerCheck,
    BenchConversation,
    BenchRound,
    LookCheck,
    Own,
    Scored,
    StateCheck,
)
from limner.benchmark.holding import hold
from limner.benchmark.scoring import Scorer, chosen_option
from limner.benchmark.scripts import conversations
from limner.benchmark.summing import by_family, has_interval, suites
from limner.benchmark.systems.markov import MarkovSystem
from limner.benchmark.systems.oracle import OracleSystem
from limner.dialogue.parts import Picture
from limner.evaluation.score import Row

FAMILIES = len(NON_MARKOV_FAMILIES)
NUM = 2 * FAMILIES
SIZE_PX = 64


@pytest.fixture(scope="module")
def scorer():
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    return Scorer(judge=judge())


def _score(scorer, system, num=NUM, seed=11):
    rows = [
        row
        for one in conversations(num, seed=seed, size_px=SIZE_PX)
        for row in scorer.rows(one, hold(system, one))
    ]
    return suites(rows)


def _overall(told):
    return told["overall"]["non_markov_score"]["value"]


def test_the_truth_scores_near_one_though_portraits_are_posed_anew(scorer):
    told = _score(scorer, OracleSystem())
    assert _overall(told) > 0.95
    assert told[CONTROL_FAMILY]["accuracy"]["value"] == 1
    assert told["step_back"]["psnr_db"]["value"] == 100
    person = told["person_by_name"]
    assert person["face_similarity"]["value"] < 0.95  # another take: no copy of a reference
    assert person["face_similarity"]["value"] > person["chance.face_similarity"]["value"]
    assert person["name_used"]["value"] == 1


def test_the_last_picture_alone_scores_like_a_guess_but_edits_without_fault(scorer):
    told = _score(scorer, MarkovSystem())
    for family in NON_MARKOV_FAMILIES:
        assert told[family]["accuracy"]["value"] == pytest.approx(told[family]["chance.accuracy"]["value"])
    assert _overall(told) == pytest.approx(0)
    assert told[CONTROL_FAMILY]["accuracy"]["value"] == 1


def test_always_the_other_one_scores_below_a_guess(scorer):
    told = _score(scorer, ChangedOracle(forgetful), num=FAMILIES)
    for family in NON_MARKOV_FAMILIES:
        assert told[family]["accuracy"]["value"] <= 0.5 * told[family]["chance.accuracy"]["value"]
    assert told[CONTROL_FAMILY]["accuracy"]["value"] == 1


def test_blur_and_faded_colours_cost_little(scorer):
    assert _overall(_score(scorer, ChangedOracle(blurred))) > 0.75


def test_one_picture_for_everything_earns_what_a_guess_does(scorer):
    gray = Picture(np.full((SIZE_PX, SIZE_PX, 3), 127, np.uint8))
    told = _score(scorer, ConstantSystem(gray))
    for family in set(NON_MARKOV_FAMILIES) - {"answer_by_name"}:
        assert told[family]["accuracy"]["value"] == pytest.approx(told[family]["chance.accuracy"]["value"])
    assert told["answer_by_name"]["accuracy"]["value"] == 0
    assert _overall(told) == pytest.approx(-1 / FAMILIES)


def test_words_alone_miss_every_picture(scorer):
    told = _score(scorer, ConstantSystem(None))
    for family, found in told.items():
        if family != "overall":
            assert found["accuracy"]["value"] == 0
            assert found.get("picture_given", {"value": 0})["value"] == 0


def _plain(value: int) -> Picture:
    return Picture(np.full((32, 32, 3), value, np.uint8))


def _chain(check, **changes) -> BenchConversation:
    scored = Scored(family="step_back", depth=2, chance=0.5, check=check)
    rounds = [BenchRound(say=f"round {index}", after=index - 1) for index in range(3)]
    rounds[2] = replace(rounds[2], scored=scored, **changes)
    return BenchConversation(name="c", family="step_back", given="uploaded", rounds=tuple(rounds), size_px=32)


def _hit(scorer, conversation, shown) -> float:
    answers = hold(ConstantSystem(_plain(0)), conversation)
    answers = [replace(a, picture=picture) for a, picture in zip(answers, shown, strict=True)]
    rows = {row.metric: row.value for row in scorer.rows(conversation, answers)}
    return rows["step_back/accuracy"]


def test_own_pictures_are_compared_where_no_truth_is_known(scorer):
    conversation = _chain(StateCheck(states=(Own(round=0), Own(round=1)), right=1))
    assert _hit(scorer, conversation, [_plain(10), _plain(200), _plain(180)]) == 1
    assert _hit(scorer, conversation, [_plain(10), _plain(200), _plain(30)]) == 0
    assert _hit(scorer, conversation, [_plain(10), _plain(10), _plain(10)]) == 0.5
    assert _hit(scorer, conversation, [None, _plain(200), _plain(200)]) == 0


def test_pictures_of_another_size_are_scored_too(scorer):
    conversation = _chain(StateCheck(states=(_plain(10), _plain(200)), right=0, exact=_plain(10)))
    large = Picture(np.full((80, 60, 3), 12, np.uint8))
    assert _hit(scorer, conversation, [None, None, large]) == 1


def test_without_a_vision_judge_its_rounds_are_left_out(scorer):
    conversation = _chain(LookCheck(questions=(("Is it red?", "yes"),)))
    assert scorer.rows(conversation, hold(ConstantSystem(_plain(0)), conversation)) == ()


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("It is red.", 0),
        ("Navy-blue, I think.", 1),
        ("RED", 0),
        ("Red, not navy-blue.", None),
        ("reddish", None),
        ("", None),
    ],
)
def test_an_answer_counts_when_it_names_one_option(text, chosen):
    assert chosen_option(text, ("red", "navy-blue")) == chosen


def test_a_longer_option_is_not_mistaken_for_the_shorter_one_in_it():
    assert chosen_option("It is navy-blue.", ("blue", "navy-blue")) == 1
    assert chosen_option("It is blue.", ("blue", "navy-blue")) == 0


def test_answers_are_scored_by_their_words(scorer):
    conversation = _chain(AnswerCheck(options=("red", "green"), right=1))
    answers = hold(ConstantSystem(None, text="Green, of course."), conversation)
    rows = {row.metric: row.value for row in scorer.rows(conversation, answers)}
    assert rows["step_back/accuracy"] == 1
    assert rows["step_back/score"] == 1
    assert rows["step_back/depth_2.accuracy"] == 1


def test_each_family_and_in_it_each_conversation_weighs_the_same():
    rows = [Row(dialogue=f"a{i}", metric="step_back/score", value=1.0) for i in range(8)]
    rows += [Row(dialogue="a8", metric="step_back/score", value=value) for value in (1.0, 0.0, 0.0, 1.0)]
    rows += [Row(dialogue="b", metric="instead_of/score", value=0.0)]
    rows += [Row(dialogue="b", metric=f"{CONTROL_FAMILY}/score", value=1.0)]
    told = suites(rows)
    assert told["step_back"]["score"]["value"] == pytest.approx((8 + 0.5) / 9)
    overall = told["overall"]["non_markov_score"]
    assert overall["value"] == pytest.approx((8.5 / 9 + 0) / 2)
    assert overall["low"] <= overall["value"] <= overall["high"] <= 0.5
    assert overall["n"] == 10
    families = by_family(rows)
    assert list(families) == ["overall", "step_back", "instead_of", CONTROL_FAMILY]
    assert np.mean([row.value for row in families["overall"]]) == pytest.approx(overall["value"])


def test_a_perfect_system_has_no_interval_however_many_conversations_a_family_has():
    rows = [Row(dialogue=f"a{i}", metric="step_back/score", value=1.0) for i in range(3)]
    rows += [Row(dialogue="b", metric="instead_of/score", value=1.0)]
    found = suites(rows)["overall"]["non_markov_score"]
    assert found == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 4}
    assert has_interval(found, 2)


@pytest.mark.parametrize("num", [1, 2])
def test_one_conversation_of_each_family_has_no_interval(num):
    names = ("step_back", "instead_of")
    rows = [
        Row(dialogue=f"{name}{i}", metric=f"{name}/score", value=float(i + (name == "step_back")))
        for name in names
        for i in range(num)
    ]
    assert has_interval(suites(rows)["overall"]["non_markov_score"], 2) == (num > 1)
