"""Bands, rims and turned faces: what the compiled geometry gives where the answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from limner_world.curves import oval, ribbon
from limner_world.person import Identity, Person, Traits
from limner_world.skull import measure
from limner_world.strands import grow


def area(outline: np.ndarray) -> float:
    x, y = outline.T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def test_a_band_along_a_straight_line_is_a_rectangle() -> None:
    outline = ribbon([(0.0, 0.0), (1.0, 0.0), (2.0, 0.0)], 0.5)
    expected = [(0, 0.25), (1, 0.25), (2, 0.25), (2, -0.25), (1, -0.25), (0, -0.25)]
    assert outline == pytest.approx(np.array(expected))


def test_widths_spread_evenly_along_a_band() -> None:
    outline = ribbon([(x, 0.0) for x in range(5)], (0.0, 1.0, 0.5))
    assert outline[:5, 1] == pytest.approx([0.0, 0.25, 0.5, 0.375, 0.25])


def test_many_bands_are_made_as_each_alone() -> None:
    lines = np.random.default_rng(0).random((2, 3, 7, 2))
    together = ribbon(lines, (0.1, 0.3))
    assert together.shape == (2, 3, 14, 2)
    assert together[1, 2] == pytest.approx(ribbon(lines[1, 2], (0.1, 0.3)))


@pytest.mark.parametrize("way", [1, -1])
def test_a_rim_lies_outside_whichever_way_the_outline_runs(way: int) -> None:
    ring = oval(0.3, 0.4, 0.5, 0.5)[::way]
    grown = grow(ring, 0.1)
    assert np.hypot(*(grown - (0.3, 0.4)).T) == pytest.approx(np.full(len(ring), 0.6))
    assert area(grown) > area(ring)


def test_a_line_of_one_spot_has_no_wild_points() -> None:
    assert np.isfinite(ribbon([(0.5, 0.5)] * 4, 0.1)).all()


def test_a_turned_face_keeps_heights_and_moves_its_middle_most() -> None:
    head = measure(Person(traits=Traits(), identity=Identity()), 1.0)
    points = np.array([(0.0, 0.05), (head.width, 0.05), (0.0, 0.45)])
    turned = head.on_face(points)
    assert turned[:, 1] == pytest.approx(points[:, 1])
    shifts = turned[:, 0] - points[:, 0] * math.cos(math.asin(head.sin))
    assert shifts[0] == pytest.approx(0.31 * head.sin)
    assert shifts[0] > shifts[2] > shifts[1] > 0
    for point, place in zip(points, turned, strict=True):
        assert head.spot(*point) == pytest.approx(tuple(place))
