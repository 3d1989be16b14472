"""The pattern in the pixels: hardly seen, found after what happens to pictures, and only where it is."""

from __future__ import annotations

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from limner.provenance import watermark
from limner.provenance.badge import with_badge
from limner_world.render import render
from limner_world.staging import random_scene


@pytest.fixture(scope="module")
def plain():
    rng = np.random.default_rng(5)
    return [render(random_scene(rng), 256) for _ in range(4)]


@pytest.fixture(scope="module")
def marked(plain):
    return [watermark.mark(one) for one in plain]


@pytest.fixture(scope="module")
def hatched():
    rng = np.random.default_rng(7)
    styles = ("comic", "comic", "comic", "pencil sketch")
    return [watermark.mark(render(replace(random_scene(rng), style=one), 256)) for one in styles]


def reencoded(pixels, kind="JPEG", quality=75):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format=kind, quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def half(pixels):
    return cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def on_a_page(pixels):
    shown = cv2.resize(pixels, None, fx=1.5, fy=1.5)
    return reencoded(cv2.copyMakeBorder(shown, 31, 7, 12, 40, cv2.BORDER_CONSTANT, value=(244, 242, 238)))


ATTACKS = {
    "none": lambda pixels: pixels,
    "jpeg": reencoded,
    "webp": lambda pixels: reencoded(pixels, "WEBP"),
    "half": half,
    "crop": lambda pixels: pixels[19:249, 5:235],
    "all": lambda pixels: reencoded(half(pixels[19:249, 5:235])),
    "odd size": lambda pixels: cv2.resize(pixels[:, 10:240], None, fx=0.83, fy=0.83),
    "screenshot": on_a_page,
    "badge": with_badge,
}


@pytest.mark.parametrize("name", ATTACKS)
def test_it_is_found_after(marked, name):
    for one in marked:
        assert watermark.look_for(np.ascontiguousarray(ATTACKS[name](one))).is_there


@pytest.mark.parametrize("name", ["jpeg", "crop", "all", "screenshot"])
def test_it_is_found_among_hatches(hatched, name):
    for one in hatched:
        assert watermark.look_for(np.ascontiguousarray(ATTACKS[name](one)), thorough=False).is_there


def test_it_is_not_found_where_it_is_not(plain):
    for one in plain:
        assert not watermark.look_for(one).is_there
        assert not watermark.look_for(half(one)).is_there


def test_noise_and_flat_pictures_have_none():
    noise = np.random.default_rng(0).integers(0, 255, (120, 200, 3), dtype=np.uint8)
    for one in (noise, np.full((64, 64, 3), 255, np.uint8), np.zeros((16, 900, 3), np.uint8)):
        assert not watermark.look_for(one).is_there


def test_it_hardly_changes_the_picture(plain, marked):
    for one, other in zip(plain, marked, strict=True):
        error = np.mean((one.astype(float) - other) ** 2)
        assert 10 * np.log10(255**2 / error) > 40  # dB
        assert np.array_equal(watermark.mark(one), other)


def test_a_soft_picture_is_changed_less_and_keeps_it(plain):
    for one in plain:
        soft = cv2.GaussianBlur(one, (0, 0), 4.0)
        made = watermark.mark(soft)
        assert 10 * np.log10(255**2 / np.mean((soft.astype(float) - made) ** 2)) > 46  # dB
        assert watermark.look_for(ATTACKS["all"](made), thorough=False).is_there


@pytest.mark.parametrize("shape", [(512, 512), (384, 700), (1024, 768)])
def test_larger_pictures_carry_it_over_their_whole_size(plain, shape):
    large = cv2.resize(plain[0], shape[::-1], interpolation=cv2.INTER_CUBIC)
    one = watermark.mark(large)
    assert one.shape == large.shape
    assert watermark.look_for(reencoded(one)).is_there
    small = cv2.resize(one, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    assert watermark.look_for(small).is_there


def test_a_tiny_picture_can_be_marked_and_looked_at():
    tiny = np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    assert watermark.mark(tiny).shape == tiny.shape
    watermark.look_for(tiny)


def test_the_badge_stands_in_the_corner_and_nowhere_else(plain):
    badged = with_badge(plain[0])
    changed = np.argwhere((badged != plain[0]).any(axis=2))
    assert changed.min() > 200
    assert (badged == 255).all(axis=2).any()
    assert with_badge(np.zeros((16, 16, 3), np.uint8)).shape == (16, 16, 3)
