"""Bars: every one names a metric that its suite measures, and is met by what reaches it and nothing else."""

from __future__ import annotations

import pytest
from scene_painter import scene_painter
from tiny_bench import bench

from limner.evaluation.bar_readings import HEADINGS, cells, readings
from limner.evaluation.bars import BARS
from limner.evaluation.results import results_of
from limner.evaluation.suites import SUITES
from limner.evaluation.suites.drift import Drift
from limner.evaluation.suites.named import Named
from limner.evaluation.suites.rollback_tasks import FAMILIES

TASKS = {"named": (0, 1), "rollback": range(len(FAMILIES)), "editing": (0, 1)}
FAST = {"named": Named(num_strangers=2), "drift": Drift(rounds=2)}


def told(value, spread=0.01, tasks=20, **more):
    return {"value": value, "low": value - spread, "high": value + spread, "n": tasks, "tasks": tasks, **more}


def met(suite, metrics):
    return {reading.bar.label: reading.is_met for reading in readings({suite: metrics})}


@pytest.mark.parametrize("name", sorted({bar.suite for bar in BARS}))
def test_every_bar_is_measured(name):
    suite, rows = FAST.get(name, SUITES[name]), []
    for index in TASKS.get(name, (0,)):
        rows += suite.measure(bench(scene_painter()), index).rows
    found = readings({name: results_of(rows)})
    # Diversity is told by pairs of faces, and random weights paint none.
    wanted = [bar for bar in BARS if bar.suite == name and not bar.metric.endswith(".diversity")]
    assert [reading.bar for reading in found] == wanted
    for reading in found:
        assert len(cells(reading)) == len(HEADINGS)
        if name != "comprehend":
            assert reading.tokens or reading.twin
        if reading.bar.of_ceiling:
            assert reading.ceiling


def test_a_bar_is_reached_from_its_own_side():
    label = "names needed six rounds later: right persons lost"
    assert met("named", {"true_first.lost_by_distance": told(0.02)})[label]
    assert not met("named", {"true_first.lost_by_distance": told(0.04)})[label]
    label = "pointing: IoU"
    assert met("comprehend", {"pointing.iou": told(0.7)})[label]
    assert not met("comprehend", {"pointing.iou": told(0.69)})[label]


def test_a_share_of_the_ceiling_is_held_against_its_bar_and_the_worst_trait_counts():
    def trait(value, share, tasks=20):
        return told(value, tasks=tasks, of_ceiling={"value": share, "low": share, "high": share})

    metrics = {
        "first_picture.traits_seen": trait(0.9, 0.96),
        "first_picture.skin.trait_seen": trait(0.5, 0.9),
        "first_picture.hair_style.trait_seen": trait(0.6, 0.8),
        "first_picture.neckwear.trait_seen": trait(0.0, 0.0, tasks=1),
        "first_picture.make_up.trait_seen": told(0.0),  # the judge reads it from no true picture
    }
    found = {reading.bar.label: reading for reading in readings({"named": metrics})}
    assert found["traits described are seen, first picture"].is_met
    worst = found["the same, the worst trait"]
    assert worst.metric == "first_picture.hair_style.trait_seen"
    assert not worst.is_met
    assert cells(worst)[0] == "the same, the worst trait (hair_style)"
    assert cells(worst)[4] == "0.800 (0.800 to 0.800)"


def test_flow_is_held_against_regression():
    metrics = {"flow.across_runs.diversity": told(0.2), "regression.across_runs.diversity": told(0.1)}
    assert met("twice", metrics) == {"flow: diversity across runs": True}
    metrics["flow.across_runs.diversity"] = told(0.1)
    assert met("twice", metrics) == {"flow: diversity across runs": False}


def test_what_only_tokens_tell_is_held_against_its_bar():
    metrics = {"tokens.single_turn.factors_kept": told(0.985)}
    (reading,) = readings({"editing": metrics})
    assert reading.is_met
    assert reading.drawn is None
    assert cells(reading)[6].startswith("0.985")


def test_what_was_not_measured_is_left_out():
    assert readings({"named": {}, "unheard of": {"x": told(1)}}) == []
