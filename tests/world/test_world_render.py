"""What a user would notice of a rendered scene: it is whole, repeatable, and its truth matches its pixels."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest

from limner_world.layout import lay_out
from limner_world.person import GARMENTS, NECKWEAR, PATTERNS, Identity, Person, Traits
from limner_world.render import render
from limner_world.scene import (
    FRAMINGS,
    HOLDABLE,
    INTERACTIONS,
    LIGHTINGS,
    SETTINGS,
    STYLES,
    Figure,
    Scene,
)
from limner_world.staging import random_scene
from limner_world.truth import face_points, scene_truth

ANN = Person(traits=Traits(garment="cardigan", hair_style="long"), identity=Identity(jaw_width=-0.4))
BEN = Person(
    traits=Traits(presentation="man", skin="brown", garment="suit", lower="jeans"),
    identity=Identity(eye_size=0.5),
)
TOT = Person(traits=Traits(age="baby", garment="onesie", garment_colour="yellow"), identity=Identity())
PAIR = (Figure(person=ANN), Figure(person=BEN))


def inside(box: tuple[float, float, float, float], size_px: int) -> tuple[slice, slice]:
    x0, y0, x1, y1 = (round(edge * size_px) for edge in box)
    return slice(y0, y1), slice(x0, x1)


def test_points_of_a_face_lie_on_its_features() -> None:
    eyes_shut = Person(
        traits=Traits(skin="dark", hair_style="bald"), identity=Identity(mole_size=1.0, mole_place=0.6)
    )
    for turn, tilt in ((0.0, 0.0), (0.8, 0.5), (-0.8, -0.5)):
        scene = Scene(
            figures=(Figure(person=eyes_shut, turn=turn, tilt=tilt),), setting="white", framing="close-up"
        )
        points = face_points(scene)[0]
        assert points.shape == (20, 2)
        pixels = render(scene, 256).astype(float).sum(axis=2)
        skin = np.median(pixels[100:160, 100:160])
        mole, left_eye, right_eye = (np.rint(points[row] * 256 - 0.5).astype(int) for row in (19, 1, 9))
        assert pixels[mole[1], mole[0]] < 0.75 * skin
        for x, y in (left_eye, right_eye):  # the white of an eye is near its iris
            assert pixels[y - 6 : y + 7, x - 10 : x + 11].max() > 1.4 * skin
        x0, y0, x1, y1 = scene_truth(scene).face_boxes[0]
        inside = (points > (x0 - 0.03, y0 - 0.03)) & (points < (x1 + 0.03, y1 + 0.03))
        assert inside.mean() > 0.9


def test_the_same_scene_gives_the_same_pixels() -> None:
    scene = random_scene(np.random.default_rng(3))
    assert np.array_equal(render(scene, 96), render(scene, 96))


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_renders(setting: str) -> None:
    framing = dict(zip(SETTINGS, cycle(FRAMINGS), strict=False))[setting]
    lighting = dict(zip(SETTINGS, cycle(LIGHTINGS), strict=False))[setting]
    pixels = render(Scene(figures=PAIR, setting=setting, framing=framing, lighting=lighting), 64)
    assert pixels.shape == (64, 64, 3)
    assert pixels.dtype == np.uint8
    assert pixels.std() > 10


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("interaction", INTERACTIONS)
def test_every_interaction_renders_in_every_framing(interaction: str, framing: str) -> None:
    second = Figure(person=TOT) if interaction == "holding the baby" else PAIR[1]
    scene = Scene(figures=(PAIR[0], second), setting="park", interaction=interaction, framing=framing)
    assert render(scene, 64).std() > 10
    for x0, y0, x1, y1 in scene_truth(scene).face_boxes:
        assert 0.0 <= x0 < x1 <= 1.0
        assert 0.0 <= y0 < y1 <= 1.0


@pytest.mark.parametrize("style", STYLES)
def test_every_style_renders(style: str) -> None:
    assert render(Scene(figures=PAIR, setting="garden", style=style), 64).std() > 5


@pytest.mark.parametrize("garment", GARMENTS)
def test_every_garment_shows_its_colour(garment: str) -> None:
    red, blue = (
        Person(traits=Traits(garment=garment, garment_colour=colour), identity=Identity())
        for colour in ("red", "blue")
    )
    box = scene_truth(Scene(figures=(Figure(person=red),), setting="white")).person_boxes[0]
    first, second = (render(Scene(figures=(Figure(person=p),), setting="white"), 64) for p in (red, blue))
    rows, columns = inside(box, 64)
    redder = first[rows, columns, 0].astype(float) - second[rows, columns, 0]
    assert (redder > 60).mean() > 0.04


@pytest.mark.parametrize("pattern", PATTERNS[1:])
def test_patterns_differ_from_plain_cloth(pattern: str) -> None:
    plain = Scene(figures=(Figure(person=Person(traits=Traits(), identity=Identity())),), framing="half body")
    traits = Traits(garment_pattern=pattern)
    other = replace(plain, figures=(Figure(person=Person(traits=traits, identity=Identity())),))
    assert (np.abs(render(plain, 128).astype(int) - render(other, 128)).sum(axis=2) > 60).sum() > 150


@pytest.mark.parametrize("neckwear", NECKWEAR[1:])
def test_neckwear_is_seen(neckwear: str) -> None:
    bare = Scene(figures=(Figure(person=Person(traits=Traits(), identity=Identity())),))
    worn = replace(
        bare, figures=(Figure(person=Person(traits=Traits(neckwear=neckwear), identity=Identity())),)
    )
    assert (render(bare, 64) != render(worn, 64)).any(axis=2).sum() > 20


@pytest.mark.parametrize("thing", HOLDABLE[1:])
@pytest.mark.parametrize("framing", ["bust", "half body", "full body"])
def test_held_things_lie_in_their_boxes(thing: str, framing: str) -> None:
    holding = Scene(figures=(Figure(person=ANN, holding=thing),), setting="white", framing=framing)
    box = scene_truth(holding).held_boxes[0]
    assert box is not None
    recoloured = replace(holding, figures=(replace(holding.figures[0], holding_colour="blue"),))
    changed = np.abs(render(holding, 128).astype(int) - render(recoloured, 128)).sum(axis=2) > 30
    if thing in ("potato chip", "whiskey glass"):
        assert not changed.any()  # their colour is their own
        return
    around = (box[0] - 0.01, box[1] - 0.01, box[2] + 0.01, box[3] + 0.01)  # a pixel for soft rims
    rows, columns = inside(around, 128)
    assert changed[rows, columns].sum() >= 0.95 * changed.sum() > 0


@pytest.mark.parametrize("framing", FRAMINGS)
def test_only_the_face_box_changes_with_the_hidden_face(framing: str) -> None:
    scene = Scene(figures=PAIR, setting="park", framing=framing)
    other = replace(ANN.identity, eye_size=0.8, mouth_width=0.8, nose_length=0.7)
    changed_scene = replace(scene, figures=(Figure(person=replace(ANN, identity=other)), PAIR[1]))
    changed = (render(scene, 128) != render(changed_scene, 128)).any(axis=2)
    rows, columns = inside(scene_truth(scene).face_boxes[0], 128)
    assert changed[rows, columns].sum() > 0.95 * changed.sum() > 0


def test_layout_does_not_depend_on_the_pictures_size() -> None:
    scene = random_scene(np.random.default_rng(11), num_figures=2, framing="bust")
    small, large = render(scene, 64).astype(float), render(scene, 128).astype(float)
    halved = large.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - small).mean() < 12


@pytest.mark.parametrize("framing", ["close-up", "bust"])
def test_faces_of_a_pair_are_wide_enough_to_tell_apart(framing: str) -> None:
    boxes = scene_truth(Scene(figures=PAIR, setting="park", framing=framing)).face_boxes
    assert all(x1 - x0 > 0.19 for x0, _, x1, _ in boxes)
    assert boxes[0][2] <= boxes[1][0] + 0.02


def test_figures_stand_from_left_to_right() -> None:
    for seed in range(40):
        stage = lay_out(random_scene(np.random.default_rng(seed), num_figures=2))
        assert stage.stances[0].x < stage.stances[1].x


def test_a_cut_out_face_stands_on_plain_white() -> None:
    pixels = render(Scene(figures=(Figure(person=BEN),), setting="white", framing="close-up"), 128)
    assert (pixels[:8, :8] > 245).all()
    assert (pixels[-8:, :8] > 245).all()


@pytest.mark.parametrize("size_px", [32, 200, 640])
def test_any_size_can_be_asked_for(size_px: int) -> None:
    assert render(Scene(figures=(Figure(person=ANN),), setting="beach"), size_px).shape == (
        size_px,
        size_px,
        3,
    )


def test_sizes_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="32 to 1024"):
        render(Scene(figures=PAIR), 16)


def test_three_figures_are_refused() -> None:
    with pytest.raises(ValueError, match="one or two figures"):
        render(Scene(figures=(*PAIR, PAIR[0])), 64)
