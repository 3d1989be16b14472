"""Made-worse pictures: same shape, same draw same picture, often clean, softer when softened."""

from __future__ import annotations

import numpy as np
import pytest

from limner.training.degrade import CLEAN_SHARE, degrade, soften


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)


def test_a_draw_decides_all_and_shape_stays(picture: np.ndarray) -> None:
    before = picture.copy()
    for seed in range(20):
        worse = degrade(picture, np.random.default_rng(seed))
        assert worse.shape == picture.shape
        assert worse.dtype == np.uint8
        np.testing.assert_array_equal(worse, degrade(picture, np.random.default_rng(seed)))
    np.testing.assert_array_equal(picture, before)


def test_about_half_stay_clean(picture: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    clean = np.mean([np.array_equal(degrade(picture, rng), picture) for _ in range(400)])
    assert CLEAN_SHARE - 0.08 < clean < CLEAN_SHARE + 0.2


def test_softening_takes_away_differences_of_neighbours(picture: np.ndarray) -> None:
    def rough(pixels: np.ndarray) -> float:
        return float(np.abs(np.diff(pixels.astype(float), axis=1)).mean())

    for seed in range(8):
        assert rough(soften(picture, np.random.default_rng(seed))) < 0.8 * rough(picture)
