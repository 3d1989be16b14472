"""Settings, furniture, light and styles: every word paints, differs from the others, and repeats exactly."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from limner_world.canvas import Canvas
from limner_world.person import Identity, Person, Traits
from limner_world.scene import LIGHTINGS, SETTINGS, STYLES, Figure, Scene
from limner_world.settings import (
    NUM_CUTS,
    NUM_LAYOUTS,
    NUM_VARIANTS,
    ONE_WAY,
    paint_foreground,
    paint_midground,
    paint_setting,
    variant_of,
    variant_parts,
)
from limner_world.settings.lettering import width_of
from limner_world.styles import apply_lighting, apply_style

PEOPLE = tuple(Figure(person=Person(traits=Traits(), identity=Identity())) for _ in range(2))


def painted(setting: str, variant: int = 0, lighting: str = "daylight", size_px: int = 64, **how: str):
    canvas = Canvas(size_px)
    paint_setting(canvas, setting, variant, lighting, **how)
    return canvas.pixels()


def furnished(stage, size_px: int = 64, **scene):
    canvas = Canvas(size_px, (200, 200, 200))
    stage(canvas, Scene(figures=PEOPLE, setting="living room", **scene))
    return canvas.pixels()


def apart(first, second) -> float:
    return float(np.abs(first.astype(int) - second.astype(int)).mean())


def test_every_setting_differs_from_every_other_in_every_light():
    for lighting in LIGHTINGS:
        pictures = {setting: painted(setting, 1, lighting) for setting in SETTINGS}
        for first, second in combinations(SETTINGS, 2):
            assert apart(pictures[first], pictures[second]) > 6, (first, second, lighting)


@pytest.mark.parametrize("setting", SETTINGS[1:])
def test_the_hour_shows(setting):
    day, evening, night = (painted(setting, 0, lighting).mean(axis=(0, 1)) for lighting in LIGHTINGS)
    assert night.sum() < 0.9 * day.sum()
    assert evening[0] / evening[2] > 1.1 * day[0] / day[2]


@pytest.mark.parametrize("setting", SETTINGS[1:])
def test_layouts_mirrors_and_framings_differ(setting):
    mirrored = [] if setting in ONE_WAY else [NUM_LAYOUTS, NUM_LAYOUTS + 1]
    cuts = [variant_of(0, 0, cut) for cut in range(1, NUM_CUTS)]
    pictures = [painted(setting, variant) for variant in (*range(NUM_LAYOUTS), *mirrored, *cuts)]
    for first, second in combinations(pictures, 2):
        assert apart(first, second) > 1
    assert apart(pictures[0], painted(setting, 0, framing="close-up")) > 1


def test_variants_repeat_and_are_told_by_their_parts():
    assert len({variant_parts(variant) for variant in range(NUM_VARIANTS)}) == NUM_VARIANTS
    for variant in (0, 5, 13, 63, 64, 999):
        assert variant_of(*variant_parts(variant)) == variant % NUM_VARIANTS
        np.testing.assert_array_equal(painted("park", variant), painted("park", variant % NUM_VARIANTS))


def test_white_is_plain_white():
    for lighting in LIGHTINGS:
        assert (painted("white", 3, lighting) == 255).all()


def test_painting_repeats_exactly_on_a_fresh_cache():
    from limner_world import settings

    first = [painted(setting, 5, "night") for setting in SETTINGS]
    settings._small_backdrop.cache_clear()
    for setting, before in zip(SETTINGS, first, strict=True):
        np.testing.assert_array_equal(before, painted(setting, 5, "night"))


@pytest.mark.parametrize("size_px", [32, 200, 513])
def test_sizes_agree(size_px):
    small = painted("park", 2, size_px=64).mean(axis=(0, 1))
    np.testing.assert_allclose(painted("park", 2, size_px=size_px).mean(axis=(0, 1)), small, atol=8)


def test_unknown_words_are_named():
    with pytest.raises(ValueError, match="moon"):
        painted("moon")
    with pytest.raises(ValueError, match="dawn"):
        painted("park", 0, "dawn")
    with pytest.raises(ValueError, match="wide"):
        painted("park", framing="wide")
    with pytest.raises(ValueError, match="cubism"):
        apply_style(painted("park"), "cubism", 0)
    with pytest.raises(ValueError, match="dawn"):
        apply_lighting(painted("park"), "dawn")


@pytest.mark.parametrize("framing", ["bust", "half body", "full body"])
@pytest.mark.parametrize("interaction", ["sitting on a couch", "sitting at a table", "looking at a laptop"])
def test_furniture_shows_where_people_use_it(interaction, framing):
    bare = np.full((64, 64, 3), 200, np.uint8)
    behind = furnished(paint_midground, interaction=interaction, framing=framing)
    assert apart(behind, bare) > 0.5
    if interaction != "sitting on a couch":
        front = furnished(paint_foreground, interaction=interaction, framing=framing)
        assert apart(front[44:], bare[44:]) > 2
    assert apart(furnished(paint_midground, framing=framing), bare) == 0


def test_a_written_word_is_lettered_and_readable():
    hello, home = (furnished(paint_midground, 256, written_word=word) for word in ("HELLO", "HOME"))
    assert apart(hello, home) > 0.2
    assert (hello.min(axis=2) < 90).sum() > 100  # dark ink on the board
    assert width_of("GO") < width_of("BIRTHDAY")


@pytest.mark.parametrize("style", STYLES)
def test_every_style_changes_the_picture_and_keeps_its_tone(style):
    picture = painted("living room", 1, size_px=128)
    styled = apply_style(picture, style, 7)
    assert styled.shape == picture.shape
    assert styled.dtype == np.uint8
    assert apart(styled, picture) > (0.5 if style == "storybook" else 4)
    assert abs(float(styled.mean()) - float(picture.mean())) < 45
    coarse = [p.reshape(8, 16, 8, 16, 3).mean(axis=(1, 3, 4)).ravel() for p in (picture, styled)]
    assert np.corrcoef(*coarse)[0, 1] > 0.8  # what was light stays light
    np.testing.assert_array_equal(styled, apply_style(picture, style, 7))


def test_styles_differ_from_each_other():
    picture = painted("garden", 1, size_px=96)
    styled = [apply_style(picture, style, 1) for style in STYLES]
    for first, second in combinations(styled, 2):
        assert apart(first, second) > 4


@pytest.mark.parametrize("size_px", [32, 129, 520])
def test_styles_work_at_any_size(size_px):
    picture = painted("beach", 0, size_px=size_px)
    for style in STYLES:
        assert apply_style(picture, style, 123456789).shape == (size_px, size_px, 3)


def test_lighting_tints_the_whole_picture():
    picture = np.full((64, 64, 3), 180, np.uint8)
    np.testing.assert_array_equal(apply_lighting(picture, "daylight"), picture)
    evening = apply_lighting(picture, "warm evening light").mean(axis=(0, 1))
    night = apply_lighting(picture, "night").mean(axis=(0, 1))
    assert evening[0] > 1.1 * evening[2]
    assert night[2] > 1.1 * night[0]
    assert night.sum() < evening.sum() < 3 * 180
