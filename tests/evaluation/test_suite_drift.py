"""Drift: equal pictures do not drift, decaying ones do, and re-encoding decays where the cache does not."""

import itertools
from functools import cache

import numpy as np
import pytest
from tiny_bench import bench, embedded, judge, tiny_painter, values

from limner.dialogue.parts import Picture
from limner.evaluation.metrics.face_similarity import face_at
from limner.evaluation.suites.asking import Asking
from limner.evaluation.suites.drift import Drift, ask_again, loop, measure, scene_of
from limner.evaluation.suites.repainting import through_tokens
from limner.evaluation.suites.tally import Tally
from limner_world.render import render
from limner_world.truth import scene_truth

SCENE = scene_of(4)


def rows_of(pictures, face):
    tally = Tally(dialogue="d")
    measure(tally, "x", judge(), pictures, face)
    return tally.rows


@cache
def truth():
    return Picture(render(SCENE, 128))


@cache
def face():
    return face_at(judge(), truth().pixels, scene_truth(SCENE).face_boxes[0])


def decayed(share):
    true = truth().pixels
    noise = np.random.default_rng(1).integers(0, 255, true.shape)
    return Picture((true * (1 - share) + noise * share).astype(np.uint8))


def test_a_picture_that_stays_has_no_drift():
    rows = rows_of([truth()] * 4, face())
    assert values(rows, "x.psnr_db.drift_per_round") == [0]
    assert values(rows, "x.face_similarity.drift_per_round") == [pytest.approx(0, abs=1e-6)]
    assert [values(rows, f"x.round_{n}.psnr_db") for n in (1, 2, 3, 4)] == [[], [100], [100], [100]]


def test_a_picture_that_decays_drifts_by_so_much_a_round():
    rows = rows_of([decayed(share) for share in (0, 0.25, 0.5, 0.75, 1)], face())
    found = [values(rows, f"x.round_{n}.psnr_db")[0] for n in (2, 3, 4, 5)]
    assert found == sorted(found, reverse=True)
    assert values(rows, "x.psnr_db.drift_per_round")[0] == pytest.approx(np.polyfit(range(4), found, 1)[0])
    assert values(rows, "x.face_similarity.drift_per_round")[0] < -0.05


def test_the_loop_encodes_its_last_result_or_keeps_the_first_tokens():
    painter, picture = tiny_painter(), Picture(render(SCENE, 32))
    again, kept = (loop(painter, picture, history, 3, seed=7) for history in ("reencode", "cache"))
    assert again[0] == kept[0] == through_tokens(painter, picture, 7)
    assert again[2] == through_tokens(painter, again[1], 9)
    assert kept[2] == through_tokens(painter, picture, 9)
    assert again[2] != kept[2]


def test_a_conversation_is_given_the_picture_once():
    asking = Asking(conversation=tiny_painter().conversation())
    made = ask_again(asking, Picture(render(SCENE, 32)), 3)
    rounds = asking.conversation.rounds
    assert [len(round_.instruction.pictures) for round_ in rounds] == [1, 0, 0]
    assert [round_.response.picture for round_ in rounds] == made
    assert len(asking.seconds) == 3


def test_a_task_measures_both_ways_and_both_histories():
    suite = Drift(rounds=3)
    outcome = suite.measure(bench(), 0)
    assert outcome.rows == suite.measure(bench(), 0).rows
    assert outcome.rows != suite.measure(bench(), 1).rows
    for way in ("loop.cache", "loop.reencode", "chat.cache", "chat.reencode"):
        assert len(values(outcome.rows, f"{way}.round_3.psnr_db")) == 1
        assert len(values(outcome.rows, f"{way}.face_similarity.drift_per_round")) == 1
    # Nothing has been re-encoded before round 2.
    for way in ("loop", "chat"):
        first = [
            values(outcome.rows, f"{way}.{history}.round_1.face_similarity")
            for history in ("cache", "reencode")
        ]
        assert first[0] == first[1]


def test_the_embedded_model_drifts_only_where_it_encodes_anew():
    """One task's slope of four rounds scatters by .4 dB with what was drawn; the mean of four tells."""
    slopes = {"cache": [], "reencode": []}
    for history, seed in itertools.product(slopes, range(1, 5)):
        pictures = loop(embedded(), truth(), history, 4, seed=seed)
        rows = rows_of(pictures, face())
        slopes[history] += values(rows, "x.psnr_db.drift_per_round")
    assert abs(np.mean(slopes["cache"])) < 0.4
    assert max(slopes["reencode"]) < -0.6
