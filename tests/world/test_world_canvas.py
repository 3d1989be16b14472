"""The canvas paints where it is told, softly at the rims, the same at every size."""

from __future__ import annotations

import numpy as np
import pytest

from limner_world.canvas import Canvas
from limner_world.curves import arc, oval, ribbon, smooth

RED, BLUE, WHITE = (200, 30, 30), (30, 30, 200), (255, 255, 255)
SQUARE = [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]]


@pytest.mark.parametrize("size_px", [32, 100, 640])
def test_a_square_covers_its_share_of_the_picture(size_px: int) -> None:
    canvas = Canvas(size_px, WHITE)
    canvas.fill(SQUARE, RED)
    covered = (255 - canvas.pixels()[..., 1].astype(float)).sum() / 225 / size_px**2
    assert covered == pytest.approx(0.25, abs=1.5 / size_px)


def test_rims_are_soft() -> None:
    canvas = Canvas(64, WHITE)
    canvas.ellipse(0.5, 0.5, 0.3, 0.3, (0, 0, 0))
    assert len(np.unique(canvas.pixels())) > 12


def test_local_frames_nest_and_end() -> None:
    canvas = Canvas(100, WHITE)
    with canvas.at(0.5, 0.5, 0.5), canvas.at(0.5, 0.0, 0.2):
        canvas.fill(oval(0, 0, 1, 1), RED)
    canvas.fill(oval(0.1, 0.1, 0.05, 0.05), BLUE)
    pixels = canvas.pixels()
    assert tuple(pixels[50, 75]) == RED
    assert tuple(pixels[10, 10]) == BLUE
    assert tuple(pixels[50, 60]) == WHITE


def test_a_flip_mirrors() -> None:
    canvas = Canvas(100, WHITE)
    with canvas.at(0.5, 0.5, flip=True):
        canvas.ellipse(0.3, 0.0, 0.1, 0.1, RED)
    assert tuple(canvas.pixels()[50, 20]) == RED


def test_a_clip_hides_what_lies_outside_it() -> None:
    canvas = Canvas(100, WHITE)
    with canvas.clip(SQUARE), canvas.at(0.5, 0.5):
        canvas.fill([[-1, -1], [1, -1], [1, 1], [-1, 1]], BLUE)
    pixels = canvas.pixels()
    assert tuple(pixels[50, 50]) == BLUE
    assert tuple(pixels[10, 50]) == WHITE


def test_a_clip_outside_the_picture_shows_nothing() -> None:
    canvas = Canvas(64, WHITE)
    with canvas.clip([[2, 2], [3, 2], [3, 3]]):
        canvas.fill(SQUARE, RED)
    assert (canvas.pixels() == 255).all()


def test_a_shade_runs_from_colour_to_colour() -> None:
    canvas = Canvas(100, WHITE)
    canvas.fill(SQUARE, RED, shade=(BLUE, (0.25, 0.5), (0.75, 0.5)))
    row = canvas.pixels()[50].astype(int)
    assert abs(row[27] - RED).max() < 20
    assert abs(row[72] - BLUE).max() < 20
    assert (np.diff(row[28:72, 0]) <= 0).all()


def test_polygons_of_a_tuple_join_without_holes() -> None:
    canvas = Canvas(100, WHITE)
    canvas.fill((np.array(SQUARE), np.array(SQUARE) + 0.1), RED, shade=(BLUE, (0, 0), (1, 1)))
    assert canvas.pixels()[50, 50, 1] < 60


def test_a_glow_fades_to_nothing() -> None:
    canvas = Canvas(100, WHITE)
    canvas.glow(0.5, 0.5, 0.4, 0.4, (0, 0, 0))
    row = canvas.pixels()[50, :, 0]
    assert row[50] < 20
    assert row[5] == 255


def test_faint_strokes_keep_the_ground_beneath() -> None:
    canvas = Canvas(100, WHITE)
    canvas.stroke([[0.1, 0.5], [0.9, 0.5]], (0, 0, 0), 0.1, alpha=0.3)
    assert canvas.pixels()[50, 50, 0] == pytest.approx(255 * 0.7, abs=3)


def test_a_smooth_curve_passes_its_points_and_a_ribbon_keeps_its_width() -> None:
    curve = smooth([[0, 0], [1, 0], [2, 1]], closed=False, samples=5)
    assert np.allclose(curve[[0, 5, 10]], [[0, 0], [1, 0], [2, 1]])
    band = ribbon(arc(0, 0, 1, 1, 0, 1), 0.2)
    assert np.allclose(sorted({round(float(r), 2) for r in np.linalg.norm(band, axis=1)}), [0.9, 1.1])


def test_tiny_canvases_are_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        Canvas(4)
