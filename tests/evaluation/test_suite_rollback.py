"""Rollback: the exact target is right, the change of the last picture never, a blind guess by chance."""

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
import pytest
from roomy_painter import gray, roomy_painter
from scene_painter import scene_painter
from tiny_bench import bench, values

from limner.dialogue.parts import Picture
from limner.evaluation.score import estimates
from limner.evaluation.suites.asking import Painted
from limner.evaluation.suites.rollback import Answers, Rollback, drive, measure, read_tokens
from limner.evaluation.suites.rollback_tasks import FAMILIES, make_task
from limner.evaluation.suites.tally import Tally
from limner.evaluation.views import TOKENS, TWIN
from limner_world.scene_tokens import encode_scene

SIZE_PX = 96


@lru_cache
def tasks():
    return [make_task(41 + index, family, SIZE_PX) for index, family in enumerate(FAMILIES)]


def measured(answer):
    """Mean of each metric over all tasks when `answer(task)` is painted in answer to everything."""
    rows = []
    for index, task in enumerate(tasks()):
        tally, picture = Tally(dialogue=str(index)), answer(task)
        one_turn = picture if task.change else None
        measure(tally, task, Answers(whole_history=picture, cut_history=picture, one_turn=one_turn))
        rows += tally.rows
    return {metric: found.value for metric, found in estimates(rows).items()}


def test_the_target_is_right_in_every_family():
    found = measured(lambda task: task.target)
    for prefix in ("", *(f"{family}." for family in FAMILIES)):
        assert found[f"{prefix}right_state"] == 1
        assert found[f"{prefix}psnr_db"] == 100
    assert found["change_made"] == 1
    assert found["one_turn.psnr_db"] == 100
    assert found["memoryless.psnr_db"] < 60


def test_changing_the_last_picture_is_never_right():
    found = measured(lambda task: task.memoryless)
    assert found["right_state"] == 0
    assert found["psnr_db"] == found["memoryless.psnr_db"]
    assert found["change_made"] > 0.5


def test_a_blind_guess_is_right_by_chance():
    hits, chances = [], []
    for task in tasks():
        for state in task.states:
            tally = Tally(dialogue="d")
            measure(tally, task, Answers(whole_history=state, cut_history=state, one_turn=None))
            hits += values(tally.rows, "right_state")
            chances += values(tally.rows, "chance.right_state")
    assert np.mean(hits) == pytest.approx(np.mean(chances))


def test_going_back_without_the_change_is_the_right_state_and_no_change():
    found = measured(lambda task: task.start)
    assert found["right_state"] > 0.6
    assert found["change_made"] == 0


def test_a_blurred_target_is_still_right():
    found = measured(lambda task: Picture(cv2.GaussianBlur(task.target.pixels, (0, 0), 3)))
    assert found["right_state"] > 0.8


def said(scene_of):
    """Mean of what the tokens say when every rollback is answered by the tokens of `scene_of(task)`."""
    rows = []
    for index, task in enumerate(tasks()):
        tally = Tally(dialogue=str(index), view=TOKENS)
        picture = Painted(task.target.pixels, tokens_ND=encode_scene(scene_of(task)))
        read_tokens(tally, task, Answers(whole_history=picture, cut_history=picture, one_turn=None))
        rows += tally.rows
    return {metric.removeprefix(TOKENS): found.value for metric, found in estimates(rows).items()}


def test_tokens_of_the_target_are_the_right_state_in_every_family():
    found = said(lambda task: task.scenes[0])
    assert set(found.values()) == {1}
    assert {f"{family}.right_state" for family in FAMILIES} < set(found)


def test_tokens_of_another_state_are_wrong_in_every_family_and_keep_most():
    found = said(lambda task: task.scenes[-1])
    assert found["right_state"] == found["rest_kept"] == 0
    assert 0.8 < found["factors_kept"] < 1


def test_tokens_of_the_earlier_state_itself_lack_the_change():
    found = said(lambda task: task.before)
    assert found["factors_kept"] == 1
    assert found["change_made"] == 0


def test_rates_are_read_on_the_twin_s_pictures_and_off_the_tokens():
    rows = Rollback().measure(bench(scene_painter()), 1).rows
    for rate in ("right_state", "step_back.right_state", "cut_history.change_made"):
        assert (
            len(values(rows, rate)) == len(values(rows, TWIN + rate)) == len(values(rows, TOKENS + rate)) > 0
        )


def test_what_is_asked_in_one_turn_is_what_the_rollback_asks():
    for task in tasks():
        assert task.change.lower() in task.dialogue.rounds[task.asked].instruction.text.lower()
        assert (task.change == "") == (task.family == "undo")
        assert task.dialogue.rounds[task.asked].response.picture == task.target
        assert not task.dialogue.rounds[task.asked].is_markov(task.asked)


def test_a_cut_history_knows_the_last_round_alone():
    painter, task = roomy_painter(), make_task(3, "step_back", 32)
    rounds = list(task.dialogue.rounds)
    rounds[0] = replace(rounds[0], response=replace(rounds[0].response, picture=gray(32)))
    other = replace(task, dialogue=replace(task.dialogue, rounds=tuple(rounds)))
    assert task.asked > 1
    (one, _), (two, _) = drive(painter, task, seed=1), drive(painter, other, seed=1)
    assert one.cut_history == two.cut_history
    assert one.whole_history != two.whole_history
    assert one.one_turn == two.one_turn


def test_families_take_turns_and_a_task_gives_the_same_rows_again():
    suite, one = Rollback(), bench(roomy_painter(), seed=2)
    outcomes = [suite.measure(one, index) for index in (0, 3)]
    assert values(outcomes[0].rows, "instead.right_state")
    assert values(outcomes[1].rows, "undo.right_state")
    assert [len(outcome.round_seconds) for outcome in outcomes] == [3, 2]
    assert suite.measure(one, 3).rows == outcomes[1].rows


def test_an_unknown_family_is_refused():
    with pytest.raises(KeyError):
        make_task(1, "sideways", 32)
