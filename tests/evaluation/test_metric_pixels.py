"""PSNR, SSIM: known answers, naive twins, and pictures that must score worse."""

import math

import cv2
import numpy as np
import pytest

from limner.evaluation.metrics import METRICS
from limner.evaluation.metrics.metric import fit_to
from limner.evaluation.metrics.psnr import HIGHEST_DB, psnr_db
from limner.evaluation.metrics.ssim import ssim


@pytest.fixture(scope="module")
def picture():
    rng = np.random.default_rng(0)
    smooth = cv2.resize(rng.integers(0, 256, (8, 10, 3), dtype=np.uint8), (80, 64))
    return cv2.circle(smooth, (40, 32), 15, (240, 30, 60), -1)


def flat(value, size=(32, 40)):
    return np.full((*size, 3), value, np.uint8)


def test_psnr_of_known_differences():
    assert psnr_db(flat(100), flat(100)) == HIGHEST_DB
    assert psnr_db(flat(0), flat(255)) == pytest.approx(0.0)
    assert psnr_db(flat(100), flat(110)) == pytest.approx(20 * math.log10(255 / 10))
    one_channel = flat(100)
    one_channel[..., 1] += 10
    assert psnr_db(flat(100), one_channel) == pytest.approx(20 * math.log10(255 / 10) + 10 * math.log10(3))


def test_psnr_does_not_wrap_around_in_uint8():
    assert psnr_db(flat(250), flat(5)) == pytest.approx(psnr_db(flat(5), flat(250)))
    assert psnr_db(flat(250), flat(5)) < 1


def test_ssim_of_flat_pictures_is_the_luminance_term():
    c1 = (0.01 * 255) ** 2
    expected = (2 * 60 * 180 + c1) / (60**2 + 180**2 + c1)
    assert ssim(flat(60), flat(180)) == pytest.approx(expected, abs=1e-9)


def test_ssim_equals_a_naive_twin(picture):
    other = cv2.GaussianBlur(picture, (0, 0), 1.5)
    assert ssim(picture, other) == pytest.approx(naive_ssim(picture, other), abs=1e-6)


def naive_ssim(first, second):
    x, y = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(float) for p in (first, second))
    steps = np.arange(-5, 6)
    window = np.exp(-(steps[:, None] ** 2 + steps[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    c1, c2, values = (0.01 * 255) ** 2, (0.03 * 255) ** 2, []
    for row in range(x.shape[0] - 10):
        for column in range(x.shape[1] - 10):
            a, b = (gray[row : row + 11, column : column + 11] for gray in (x, y))
            mean_a, mean_b = (window * a).sum(), (window * b).sum()
            var_a, var_b = (window * (a - mean_a) ** 2).sum(), (window * (b - mean_b) ** 2).sum()
            shared = (window * (a - mean_a) * (b - mean_b)).sum()
            values.append(
                (2 * mean_a * mean_b + c1)
                * (2 * shared + c2)
                / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
            )
    return float(np.mean(values))


def test_both_fall_as_blur_grows_and_a_negative_is_unlike(picture):
    blurred = [picture, *(cv2.GaussianBlur(picture, (0, 0), sigma) for sigma in (1, 2, 4))]
    for measure in (ssim, psnr_db):
        values = [measure(picture, other) for other in blurred]
        assert values == sorted(values, reverse=True)
        assert measure(picture, 255 - picture) < values[-1]
    assert ssim(picture, picture) == pytest.approx(1.0)
    assert ssim(picture, 255 - picture) < 0.5


@pytest.mark.parametrize("measure", [psnr_db, ssim])
def test_pictures_of_two_sizes_or_types_are_refused(measure):
    with pytest.raises(ValueError, match=r"40x32 and 32x40 px"):
        measure(flat(0), flat(0, (40, 32)))
    with pytest.raises(ValueError, match="uint8"):
        measure(flat(0).astype(np.float32), flat(0))
    with pytest.raises(ValueError, match="height, width, 3"):
        measure(flat(0)[..., 0], flat(0))


def test_ssim_refuses_pictures_smaller_than_its_window():
    with pytest.raises(ValueError, match="at least 11"):
        ssim(flat(0, (10, 30)), flat(0, (10, 30)))


def test_fit_to_brings_to_one_size(picture):
    assert fit_to(picture, flat(0)).shape == (32, 40, 3)
    assert fit_to(picture, picture) is picture
    assert psnr_db(fit_to(fit_to(picture, flat(0, (128, 160))), picture), picture) > 30


def test_every_metric_has_a_card():
    for name, metric in METRICS.items():
        assert name == metric.name
        assert metric.range[0] < metric.range[1]
        assert metric.better in ("higher", "lower")
        assert metric.source
