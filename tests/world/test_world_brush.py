"""What is painted has known answers: areas, unions, thin lines, clips, and shapes that are hardly there."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from limner_world.canvas import Canvas, Outline
from limner_world.curves import oval

GROWN_PX = 0.3  # by which every outline goes beyond itself
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def ink(canvas: Canvas) -> NDArray[np.float64]:
    """How much of each pixel of a white canvas black covers: (S, S)."""
    return 1 - canvas.pixels()[..., 0] / 255.0


def box(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float64]:
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def filled(*parts: ArrayLike, size_px: int = 32) -> NDArray[np.float64]:
    """The ink of shapes in pixels, seen as one."""
    canvas = Canvas(size_px, WHITE)
    outline: Outline = tuple(np.asarray(part, dtype=float) / size_px for part in parts)
    canvas.fill(outline, BLACK)
    return ink(canvas)


def line_ink(width_px: float, alpha: float = 1.0) -> float:
    """The ink of a slanting line on 64 pixels, by its length."""
    canvas = Canvas(64, WHITE)
    canvas.stroke([[0.2, 0.31], [0.8, 0.62]], BLACK, width_px / 64, alpha=alpha)
    return float(ink(canvas).sum() / np.hypot(0.6 * 64, 0.31 * 64))


def test_a_pixel_takes_the_share_that_is_covered() -> None:
    drawn = filled(box(10.5 + GROWN_PX, 8 + GROWN_PX, 20.25 - GROWN_PX, 24 - GROWN_PX))
    assert drawn[12, 9:12] == pytest.approx([0, 0.5, 1], abs=0.01)
    assert drawn[12, 19:22] == pytest.approx([1, 0.25, 0], abs=0.01)
    assert drawn[7:9, 15] == pytest.approx([0, 1], abs=0.01)
    assert drawn.sum() == pytest.approx(9.75 * 16, rel=0.002)


def test_slanting_edges_agree_with_counting_points() -> None:
    corners = 16.3 + 9 * np.stack([np.cos(np.arange(7) * 0.9), np.sin(np.arange(7) * 0.9)], axis=1)
    fine = (np.arange(32 * 16) + 0.5) / 16
    xs, ys = np.meshgrid(fine, fine)
    within = np.ones_like(xs, dtype=bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        far = ((y1 - y0) * (xs - x0) - (x1 - x0) * (ys - y0)) / np.hypot(x1 - x0, y1 - y0)
        within &= far < GROWN_PX
    counted = within.reshape(32, 16, 32, 16).mean(axis=(1, 3))
    assert np.abs(filled(corners) - counted).max() < 0.03
    assert np.abs(filled(corners[::-1]) - counted).max() < 0.03


def test_polygons_of_one_shape_are_a_union() -> None:
    left, right = box(4, 4, 15.4, 28), box(15.4, 4, 28, 28)
    apart = filled(box(4, 4, 28, 28))
    for other in (right, right[::-1], box(10, 4, 28, 28)):  # whichever way around, beside or over the first
        together = filled(left, other)
        assert np.abs(together - apart)[4:28].max() < 0.01
        assert (together <= 1).all()


def test_neighbours_hide_the_ground_between_them() -> None:
    canvas = Canvas(32, WHITE)
    canvas.fill(box(4, 4, 15.5, 28) / 32, BLACK)
    canvas.fill(box(15.5, 4, 28, 28) / 32, BLACK)
    assert ink(canvas)[16, 5:27].min() > 0.95


@pytest.mark.parametrize("size_px", [64, 1024])
def test_outlines_that_cross_themselves_are_full(size_px: int) -> None:
    turns = np.arange(5) * 4 * np.pi / 5
    star = size_px * (0.5 + 0.4 * np.stack([np.sin(turns), -np.cos(turns)], axis=1))
    assert filled(star, size_px=size_px)[size_px // 2, size_px // 2] == 1
    bow_tie = size_px * np.array([(0.1, 0.2), (0.9, 0.8), (0.9, 0.2), (0.1, 0.8)])
    drawn = filled(bow_tie, size_px=size_px)
    assert drawn[size_px // 2, [size_px // 4, 3 * size_px // 4]].tolist() == [1, 1]


def test_thin_lines_have_ink_by_their_width() -> None:
    assert line_ink(0.3) == pytest.approx(0.3, rel=0.06)
    assert line_ink(0.15) == pytest.approx(line_ink(0.3) / 2, rel=0.06)
    assert line_ink(0.001) == pytest.approx(line_ink(0.125), rel=0.06)  # never quite nothing
    widths = [line_ink(width) for width in np.arange(0.1, 3, 0.1)]
    assert (np.diff(widths) >= -0.01).all()
    assert line_ink(4.0, alpha=0.5) == pytest.approx(line_ink(4.0) / 2, rel=0.02)
    assert line_ink(4.0) - line_ink(3.0) == pytest.approx(1, abs=0.2)  # and rounder ends


def test_a_line_has_round_ends_and_may_close() -> None:
    canvas = Canvas(64, WHITE)
    canvas.stroke([[0.5, 0.5]], BLACK, 20 / 64)
    assert ink(canvas).sum() == pytest.approx(np.pi * 10.25**2, rel=0.02)
    corners = box(0.2, 0.2, 0.8, 0.8)
    sides = [Canvas(64, WHITE), Canvas(64, WHITE)]
    for canvas, closed in zip(sides, (False, True), strict=True):
        canvas.stroke(corners, BLACK, 4 / 64, closed=closed)
    assert [float(ink(canvas)[32, 12]) for canvas in sides] == [0, 1]


def test_clips_nest_and_end() -> None:
    canvas = Canvas(32, WHITE)
    everything = box(-1, -1, 2, 2)
    with canvas.clip(box(4, 4, 20, 20) / 32):
        with canvas.clip((box(12, 0, 28, 10) / 32, box(12, 10, 28, 28) / 32)):
            canvas.fill(everything, BLACK)
        canvas.stroke([(0, 6 / 32), (1, 6 / 32)], BLACK, 1 / 32)
    canvas.fill(box(28, 28, 32, 32) / 32, BLACK)
    drawn = ink(canvas)
    assert drawn[15, [2, 8, 15, 25]].tolist() == [0, 0, 1, 0]
    assert drawn[6, [2, 25]].tolist() == [0, 0]
    assert drawn[6, 8] > 0.5
    assert drawn[30, 30] == 1


def test_an_open_clip_survives_a_look_at_the_pixels() -> None:
    canvas = Canvas(32, WHITE)
    with canvas.clip(box(8, 8, 24, 24) / 32):
        canvas.fill(box(0, 0, 1, 0.5), BLACK)
        canvas.pixels()
        with canvas.clip(box(0, 0, 16, 32) / 32):
            canvas.pixels()
            canvas.gradient(BLACK, BLACK)
    drawn = ink(canvas)
    assert drawn[[4, 12, 20, 28], 12].tolist() == [0, 1, 1, 0]
    assert drawn[20, [4, 12, 20]].tolist() == [0, 1, 0]


def test_shapes_beyond_the_picture_leave_nothing_and_those_around_it_cover_it() -> None:
    for x, y in ((-90, 4), (90, 4), (4, -90), (4, 90), (-1e5, -1e5)):
        assert not filled(box(x, y, x + 20, y + 20)).any()
        canvas = Canvas(32, WHITE)
        canvas.stroke(box(x, y, x + 20, y + 20) / 32, BLACK, 0.1, closed=True)
        canvas.glow(x / 32, y / 32, 0.4, 0.4, BLACK)
        assert not ink(canvas).any()
    assert (filled(box(-1000, -900, 800, 700)) == 1).all()
    assert (filled([(-5000, 16), (16, -5000), (5000, 16), (16, 5000)]) == 1).all()


def test_shapes_that_are_hardly_there_do_no_harm() -> None:
    canvas = Canvas(32, WHITE)
    for points in (np.empty((0, 2)), [(0.5, 0.5)], [(0.2, 0.2), (0.7, 0.7)], [(0.3, 0.3)] * 5):
        canvas.fill(points, BLACK)
        canvas.fill(points, BLACK, shade=(WHITE, (0.5, 0.5), (0.5, 0.5)))
        with canvas.clip(points):
            canvas.fill(box(0, 0, 1, 1), BLACK)
    canvas.stroke(np.empty((0, 2)), BLACK, 0.1, closed=True)
    canvas.glow(0.5, 0.5, 0.0, 0.3, BLACK)
    assert not ink(canvas).any()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e30])
def test_points_that_lie_nowhere_are_refused(wrong: float) -> None:
    canvas = Canvas(32, WHITE)
    canvas.fill([(0.1, 0.1), (0.9, wrong), (0.5, 0.9)], BLACK)
    with pytest.raises(ValueError, match="far out of sight"):
        canvas.pixels()


def test_faint_shapes_let_their_share_of_the_ground_through() -> None:
    canvas = Canvas(32, WHITE)
    canvas.fill(box(0, 0, 1, 1), BLACK, alpha=0.4)
    canvas.fill(box(0, 0, 1, 1), BLACK, shade=(BLACK, (0, 0), (1, 0)), alpha=0.5)
    assert ink(canvas) == pytest.approx(np.full((32, 32), 0.7), abs=0.01)


def test_large_pictures_are_the_small_ones_in_detail() -> None:
    drawn = []
    for size_px in (128, 1024):
        canvas = Canvas(size_px, WHITE)
        with canvas.at(0.5, 0.5, 0.4, rotation=0.3):
            canvas.fill(oval(0, 0, 1, 0.6), BLACK, shade=(WHITE, (-1, 0), (1, 0.3)))
            canvas.stroke(oval(0, 0, 0.8, 0.9), BLACK, 0.08, closed=True)
            canvas.glow(0.2, 0.2, 0.4, 0.2, BLACK, 0.7)
        drawn.append(ink(canvas))
    small = drawn[1].reshape(128, 8, 128, 8).mean(axis=(1, 3))
    assert np.abs(small - drawn[0]).mean() < 0.012


def test_the_compiler_waits_for_the_first_shape() -> None:
    asked = "import sys, limner.cli.main, limner_world.render; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


def test_a_function_without_a_folder_of_its_own_is_compiled_all_the_same() -> None:
    from limner_world.compiled import compiled

    made: dict[str, object] = {}
    exec("def twice(x):\n    return 2 * x", made)
    twice = made["twice"]
    assert callable(twice)
    assert compiled(twice)(4) == 8
