"""Editing: target, source and other edits are told apart, and so is what should have stayed."""

from functools import lru_cache

import numpy as np
import pytest
from roomy_painter import roomy_painter
from scene_painter import scene_painter
from tiny_bench import bench, values

from limner.dialogue.parts import Picture
from limner.evaluation.score import estimates
from limner.evaluation.suites.asking import Painted
from limner.evaluation.suites.edit_measures import carry_over, change_made, changed_region, kept_psnr_db
from limner.evaluation.suites.editing import CHAIN, Editing, make_task, measure, read_tokens
from limner.evaluation.suites.tally import Tally
from limner.evaluation.views import TOKENS, TWIN
from limner_world.chance import seeded
from limner_world.edit import apply, random_edit
from limner_world.scene_tokens import encode_scene
from limner_world.staging import random_scene

SIZE_PX = 96


@lru_cache
def tasks():
    return [make_task(51 + index, SIZE_PX, chain=index % 2 == 1) for index in range(6)]


def measured(choose):
    rows = []
    for index, task in enumerate(tasks()):
        tally = Tally(dialogue=str(index))
        measure(tally, task, [choose(states) for states in task.states])
        rows += tally.rows
    return {metric: found.value for metric, found in estimates(rows).items()}


def test_the_exact_target_is_perfect():
    found = measured(lambda states: states[0])
    for kind in ("single_turn", "chain", "chain.round_1", "chain.round_2"):
        assert found[f"{kind}.right_state"] == found[f"{kind}.change_made"] == 1
        assert found[f"{kind}.psnr_db"] == 100
        assert found[f"chance.{kind}.right_state"] == pytest.approx(0.2)


def test_a_copy_of_the_source_has_made_no_change():
    found = measured(lambda states: states[1])
    assert found["single_turn.change_made"] == found["chain.change_made"] == 0
    assert found["single_turn.right_state"] == found["chain.right_state"] == 0
    assert found["single_turn.psnr_db"] == found["repeat_source.single_turn.psnr_db"]
    assert found["single_turn.unchanged.psnr_db"] > 40


def test_another_edit_is_the_wrong_state():
    found = measured(lambda states: states[2])
    assert found["single_turn.right_state"] == found["chain.right_state"] == 0


def test_damage_beside_the_change_is_seen_beside_it():
    source = np.full((64, 64, 3), 100, np.uint8)
    target = source.copy()
    target[:20, :20] = 200
    damaged = target.copy()
    damaged[40:, 40:] = 0
    assert change_made(damaged, source, target) == 1
    assert kept_psnr_db(damaged, source, target) < 20
    assert kept_psnr_db(target, source, target) == 100
    assert kept_psnr_db(source, source, target) == 100
    assert change_made(source, source, target) == 0
    assert changed_region(source, target).sum() == 400


def test_where_everything_changes_nothing_can_be_kept():
    source, target = np.zeros((32, 32, 3), np.uint8), np.full((32, 32, 3), 255, np.uint8)
    assert kept_psnr_db(target, source, target) is None
    assert change_made(np.full_like(source, 127), source, target) == 0
    assert change_made(source, source, source) == 0.5


def test_a_change_is_carried_over_and_nothing_else():
    rng = seeded("carry over", 0)
    for _ in range(20):
        before = random_scene(rng)
        after, other = (apply(random_edit(before, rng), before) for _ in range(2))
        assert carry_over(before, after, onto=before) == after
        assert carry_over(before, before, onto=other) == other
        assert carry_over(other, before, onto=other) == before


def test_only_the_first_round_is_given_a_picture_and_chains_go_on_from_their_own():
    single, chain = tasks()[:2]
    assert (single.kind, len(single.dialogue.rounds)) == ("single_turn", 1)
    assert chain.kind == "chain"
    assert len(chain.dialogue.rounds) == CHAIN == 3
    given = [len(round_.instruction.pictures) for round_ in chain.dialogue.rounds]
    assert given == [1] + [0] * (len(given) - 1)
    for before, after in zip(chain.states, chain.states[1:], strict=False):
        assert before[0] == after[1]


def said(choose):
    """Mean of what tokens say when every edit is answered by the tokens of one of its scenes."""
    rows = []
    for index, task in enumerate(tasks()):
        tally = Tally(dialogue=str(index), view=TOKENS)
        painted = [
            Painted(states[0].pixels, tokens_ND=encode_scene(choose(scenes)))
            for states, scenes in zip(task.states, task.scenes, strict=True)
        ]
        read_tokens(tally, task, painted)
        rows += tally.rows
    return {metric.removeprefix(TOKENS): found.value for metric, found in estimates(rows).items()}


def test_tokens_of_the_target_say_that_the_edit_is_made_and_the_rest_kept():
    assert set(said(lambda scenes: scenes[0]).values()) == {1}


def test_tokens_of_the_source_have_kept_everything_and_made_nothing():
    found = said(lambda scenes: scenes[1])
    for kind in ("single_turn", "chain", "chain.round_3"):
        assert found[f"{kind}.change_made"] == found[f"{kind}.right_state"] == 0
        assert found[f"{kind}.factors_kept"] == found[f"{kind}.rest_kept"] == 1


def test_tokens_of_another_edit_have_kept_nearly_everything():
    found = said(lambda scenes: scenes[2])
    assert found["chain.right_state"] == 0
    assert 0.8 < found["chain.factors_kept"] < 1


def test_rates_are_read_on_the_twin_s_pictures_and_off_the_tokens():
    rows = Editing().measure(bench(scene_painter()), 1).rows
    for rate in ("chain.right_state", "chain.round_3.change_made"):
        assert (
            len(values(rows, rate)) == len(values(rows, TWIN + rate)) == len(values(rows, TOKENS + rate)) > 0
        )


def test_a_task_gives_the_same_rows_again():
    suite, one = Editing(), bench(roomy_painter(), seed=1)
    outcome = suite.measure(one, 1)
    assert outcome.rows == suite.measure(one, 1).rows
    assert values(outcome.rows, "chain.round_2.psnr_db")
    assert isinstance(outcome.shown[0].picture, Picture)
