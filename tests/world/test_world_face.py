"""Heads: every hidden parameter and every described trait shows, and the same head gives the same pixels."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from limner_world.canvas import Canvas
from limner_world.curves import smooth
from limner_world.face import draw_head_back, draw_head_front, head_bounds
from limner_world.person import (
    AGES,
    EXPRESSIONS,
    FACIAL_HAIR,
    GLASSES,
    HAIR_COLOURS,
    HAIR_STYLES,
    HEADWEAR,
    MAKE_UP,
    PRESENTATIONS,
    SKINS,
    Identity,
    Person,
    Traits,
)
from limner_world.strands import curve

PARAMETERS = [f.name for f in fields(Identity)]
VOCABULARY = {
    "age": AGES,
    "presentation": PRESENTATIONS,
    "skin": SKINS,
    "hair_colour": HAIR_COLOURS,
    "hair_style": HAIR_STYLES,
    "facial_hair": FACIAL_HAIR,
    "glasses": GLASSES,
    "headwear": HEADWEAR,
    "jewellery": ("none", "gold hoop earrings", "pearl earrings"),
    "expression": EXPRESSIONS,
    "make_up": MAKE_UP,
}


def draw(
    person: Person, turn: float = 0.0, tilt: float = 0.0, size_px: int = 128, head: float = 0.62
) -> np.ndarray:
    canvas = Canvas(size_px, (120, 150, 170))
    with canvas.at(0.5, 0.5, head):
        draw_head_back(canvas, person, turn, tilt)
        draw_head_front(canvas, person, turn, tilt)
    return canvas.pixels()


def num_changed(first: np.ndarray, second: np.ndarray, by: int = 24) -> int:
    """How many pixels differ plainly."""
    return int((np.abs(first.astype(int) - second).max(axis=2) > by).sum())


def plain(**traits: str) -> Person:
    return Person(traits=Traits(**{"hair_style": "bun", **traits}), identity=Identity())


@pytest.mark.parametrize("presentation", PRESENTATIONS)
@pytest.mark.parametrize("parameter", PARAMETERS)
def test_each_identity_parameter_shows(parameter: str, presentation: str) -> None:
    traits = Traits(presentation=presentation, hair_style="short" if presentation == "man" else "bun")
    low, high = (draw(Person(traits=traits, identity=Identity(**{parameter: v}))) for v in (-1.0, 1.0))
    assert num_changed(low, high) >= 16


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_each_identity_parameter_shows_in_a_face_of_thirty_pixels(parameter: str) -> None:
    low, high = (
        draw(Person(traits=Traits(hair_style="bun"), identity=Identity(**{parameter: v})), head=0.335)
        for v in (-1.0, 1.0)
    )
    assert num_changed(low, high) >= 6


@pytest.mark.parametrize("field", VOCABULARY)
def test_each_trait_word_changes_the_picture(field: str) -> None:
    base = {"presentation": "man"} if field == "facial_hair" else {}
    pictures = [draw(plain(**{**base, field: word})) for word in VOCABULARY[field]]
    for i, first in enumerate(pictures):
        for second in pictures[i + 1 :]:
            assert num_changed(first, second) >= 40


def test_headwear_takes_its_colour() -> None:
    red, blue = (draw(plain(headwear="cap", headwear_colour=colour)) for colour in ("red", "blue"))
    assert num_changed(red, blue, by=60) > 400


def test_the_same_head_gives_the_same_pixels() -> None:
    person = replace(plain(expression="laughing"), identity=Identity(jaw_width=0.3, eye_hue=-0.7))
    assert np.array_equal(draw(person, 0.4, -0.3), draw(person, 0.4, -0.3))


@pytest.mark.parametrize("style", HAIR_STYLES)
@pytest.mark.parametrize("headwear", HEADWEAR)
def test_every_hair_goes_under_every_hat_at_every_turn(style: str, headwear: str) -> None:
    ground = np.array((120, 150, 170))
    for turn in (-1.0, 0.0, 1.0):
        picture = draw(plain(hair_style=style, headwear=headwear), turn, size_px=64)
        assert (np.abs(picture.astype(int) - ground).max(axis=2) > 20).mean() > 0.2


def test_turning_moves_the_face_towards_where_it_looks() -> None:
    person = plain(make_up="red lipstick", hair_style="bald")

    def mouth_x(turn: float) -> float:
        picture = draw(person, turn).astype(int)
        red = (picture[..., 0] > 150) & (picture[..., 1] < 60) & (picture[..., 2] < 80)
        return float(np.nonzero(red)[1].mean())

    assert mouth_x(-0.8) < mouth_x(0.0) - 6 < mouth_x(0.8) - 12


def test_bounds_hold_the_face_and_follow_identity() -> None:
    x0, y0, x1, y1 = head_bounds(plain())
    assert -0.5 < x0 < -0.3
    assert 0.3 < x1 < 0.5
    assert -0.35 < y0 < -0.15
    assert 0.42 < y1 < 0.6
    wide = Person(traits=Traits(), identity=Identity(face_width=1.0))
    assert head_bounds(wide)[2] > x1


@pytest.mark.parametrize("closed", [False, True])
def test_the_matrix_curve_is_the_canvas_curve(closed: bool) -> None:
    points = np.random.default_rng(1).normal(size=(7, 2))
    assert np.allclose(curve(points, closed=closed, samples=5), smooth(points, closed=closed, samples=5))


def test_hoop_earrings_are_rings_not_discs() -> None:
    gold = draw(plain(jewellery="gold hoop earrings"), size_px=256).astype(int)
    yellow = (gold[..., 0] > 190) & (gold[..., 1] > 130) & (gold[..., 2] < 110)
    rows, columns = np.nonzero(yellow[:, :80])
    middle = yellow[round(rows.mean()) - 1 : round(rows.mean()) + 2, :80]
    assert columns.size > 20
    assert not middle[:, round(columns.mean())].any()
