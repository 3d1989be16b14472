"""FID and KID on distributions whose distance is known; drift of lines whose slope is known."""

import numpy as np
import pytest

from limner.evaluation.metrics.drift import drift_per_round
from limner.evaluation.metrics.fid import enough_for_frechet, frechet_distance, kernel_distance


def normal(num, mean, scale, seed, width=6):
    return mean + scale * np.random.default_rng(seed).standard_normal((num, width))


def test_frechet_distance_of_a_set_to_itself_is_zero():
    features = normal(100, 0, 1, 0)
    assert frechet_distance(features, features) == pytest.approx(0.0, abs=1e-9)
    assert frechet_distance(features, features[::-1]) == pytest.approx(0.0, abs=1e-9)


def test_frechet_distance_of_normal_distributions_is_the_closed_form():
    first, second = normal(40_000, 0, 1, 0), normal(40_000, 0.5, 2, 1)
    # |mean|^2 = 6 * .25, and (2 - 1)^2 for each of 6 independent features.
    assert frechet_distance(first, second) == pytest.approx(6 * 0.25 + 6, rel=0.02)


def test_frechet_distance_of_correlated_features():
    rng = np.random.default_rng(0)
    mix = rng.standard_normal((4, 4))
    first, second = rng.standard_normal((50_000, 4)) @ mix, rng.standard_normal((50_000, 4))
    one, other = mix.T @ mix, np.eye(4)
    values = np.linalg.eigvals(one @ other)  # of S1 S2, not symmetric in general
    expected = np.trace(one) + np.trace(other) - 2 * np.sqrt(values).sum()
    assert frechet_distance(first, second) == pytest.approx(float(expected.real), rel=0.02)


def test_frechet_distance_refuses_too_few_and_broken_features():
    few, many = normal(6, 0, 1, 0), normal(50, 0, 1, 1)
    assert not enough_for_frechet(few, many)
    assert enough_for_frechet(many, many)
    with pytest.raises(ValueError, match="more than 6 pictures"):
        frechet_distance(few, many)
    with pytest.raises(ValueError, match="one width"):
        frechet_distance(many, normal(50, 0, 1, 1, width=5))
    broken = many.copy()
    broken[3, 2] = np.nan
    with pytest.raises(ValueError, match="finite"):
        kernel_distance(many, broken)


def test_kernel_distance_equals_a_naive_twin():
    first, second = normal(5, 0, 1, 0), normal(7, 1, 1, 1)

    def kernel(x, y):
        return (float(x @ y) / 6 + 1) ** 3

    within = [
        np.mean([kernel(x, y) for i, x in enumerate(f) for j, y in enumerate(f) if i != j])
        for f in (first, second)
    ]
    between = np.mean([kernel(x, y) for x in first for y in second])
    assert kernel_distance(first, second) == pytest.approx(sum(within) - 2 * between)


def test_kernel_distance_is_unbiased_for_small_sets():
    same = [kernel_distance(normal(8, 0, 1, 2 * s), normal(8, 0, 1, 2 * s + 1)) for s in range(400)]
    apart = [kernel_distance(normal(8, 0, 1, 2 * s), normal(8, 1, 1, 2 * s + 1)) for s in range(400)]
    assert abs(np.mean(same)) < 3 * np.std(same) / 20
    assert min(same) < 0
    assert np.mean(apart) > 1


def test_kernel_distance_by_subsets_is_seeded_and_close_to_the_whole():
    first, second = normal(300, 0, 1, 0), normal(260, 0.7, 1, 1)
    whole = kernel_distance(first, second)
    drawn = kernel_distance(first, second, subset_size=120, num_subsets=30)
    assert drawn == kernel_distance(first, second, subset_size=120, num_subsets=30)
    assert drawn != kernel_distance(first, second, subset_size=120, num_subsets=30, seed=1)
    assert drawn == pytest.approx(whole, rel=0.1)


def test_kernel_distance_needs_two_of_each():
    with pytest.raises(ValueError, match="at least two"):
        kernel_distance(normal(1, 0, 1, 0), normal(5, 0, 1, 0))


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
