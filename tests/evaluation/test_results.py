"""What rows amount to: tasks are counted, a rate has a share of what the judge reads from true ones."""

from __future__ import annotations

import pytest

from limner.evaluation.results import results_of
from limner.evaluation.score import Row, ratio


def rows(metric, *values, each=1):
    """A task's rows for every value."""
    return [
        Row(dialogue=f"task-{number}", metric=metric, value=value)
        for number, value in enumerate(values)
        for _ in range(each)
    ]


def test_tasks_and_values_are_counted_apart():
    told = results_of(rows("hit", 0.0, 1.0, 1.0, each=2))["hit"]
    assert (told["n"], told["tasks"], told["value"]) == (6, 3, pytest.approx(2 / 3))
    assert "of_ceiling" not in told


def test_the_share_of_the_ceiling_is_a_ratio_of_means():
    ceiling, twin = rows("ceiling.hit", 0.8, 0.8, 0.8), rows("twin.hit", 0.8, 0.8)
    found = results_of([*rows("hit", 0.4, 0.6), *ceiling, *twin, *rows("tokens.hit", 1.0, 1.0)])
    assert found["hit"]["of_ceiling"]["value"] == pytest.approx(0.5 / 0.8)
    assert found["hit"]["of_ceiling"]["low"] < 0.5 / 0.8 < found["hit"]["of_ceiling"]["high"]
    assert found["twin.hit"]["of_ceiling"] == pytest.approx({"value": 1.0, "low": 1.0, "high": 1.0})
    assert "of_ceiling" not in found["tokens.hit"]


def test_a_rate_that_moves_with_its_ceiling_is_known_better_than_both():
    values = [0.2, 0.9, 0.4, 0.7]
    share = ratio(rows("hit", *(value / 2 for value in values)), rows("ceiling.hit", *values))
    assert (share.value, share.low, share.high) == pytest.approx((0.5, 0.5, 0.5))


def test_a_judge_that_sees_nothing_has_no_ceiling():
    assert ratio(rows("hit", 0.5), rows("ceiling.hit", 0.0)) is None
    assert ratio([], rows("ceiling.hit", 1.0)) is None
