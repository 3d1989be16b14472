"""Drift of lines whose slope is known."""

import numpy as np
import pytest

from limner.evaluation.metrics.drift import drift_per_round


def test_drift_is_the_slope_of_the_line():
    assert drift_per_round([20.0, 19.5, 19.0, 18.5]) == pytest.approx(-0.5)
    assert drift_per_round([3.0, 3.0, 3.0]) == pytest.approx(0.0)
    noise = np.random.default_rng(0).normal(0, 1, 30)
    values = 5 + 0.3 * np.arange(30) + noise
    assert drift_per_round(values) == pytest.approx(np.polyfit(np.arange(30), values, 1)[0])


@pytest.mark.parametrize(("values", "match"), [([1.0], "two rounds"), ([1.0, float("inf")], "finite")])
def test_drift_refuses_what_has_no_slope(values, match):
    with pytest.raises(ValueError, match=match):
        drift_per_round(values)
