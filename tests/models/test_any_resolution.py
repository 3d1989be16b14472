import json
import os
from pathlib import Path

import numpy as np
import pytest

from limner.models.any_resolution import choose_grid, crops

# A reference file lies outside the project; without it the cases below still hold.
REFERENCE = Path(
    os.environ.get("LIMNER_REFERENCE", Path(__file__).parents[2].parent / "shared" / "reference")
)


@pytest.mark.parametrize(
    ("width_px", "height_px", "grid"),
    [
        (1, 1, (1, 1)),
        (448, 448, (1, 1)),
        (600, 450, (1, 1)),  # nearest in shape, though four crops would keep more pixels
        (896, 900, (2, 2)),
        (1000, 500, (2, 1)),
        (500, 1000, (1, 2)),
        (10_000, 10, (4, 1)),  # a strip as long as there are crops for
        (900, 100, (3, 1)),  # a fourth crop would add no pixels
    ],
)
def test_the_smaller_of_two_good_grids_is_taken(width_px: int, height_px: int, grid) -> None:
    assert choose_grid(width_px, height_px) == grid


def test_grids_are_those_of_the_reference() -> None:
    file = REFERENCE / "any-resolution.json"
    if not file.is_file():
        pytest.skip("no reference file here; set LIMNER_REFERENCE to its folder")
    cases = json.loads(file.read_text())
    assert len(cases) >= 10
    wrong = [
        case
        for case in cases
        if list(choose_grid(case["width_px"], case["height_px"])) != case["grid_columns_rows"]
    ]
    assert wrong == []


def test_crops_go_row_by_row_and_the_whole_picture_is_last() -> None:
    picture = np.zeros((200, 200, 3), np.uint8)
    picture[:100, 100:, 0] = 200  # top right red
    picture[100:, :100, 2] = 200  # bottom left blue
    cut, centres = crops(picture, crop_px=64)
    assert [part.shape for part in cut] == [(64, 64, 3)] * 5
    assert centres == [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75), (0.5, 0.5)]
    means = [part[8:-8, 8:-8].mean(axis=(0, 1)).round().tolist() for part in cut]
    assert means[:4] == [[0, 0, 0], [200, 0, 0], [0, 0, 200], [0, 0, 0]]
    assert 30 < means[4][0] < 70


def test_a_square_is_read_twice() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    cut, centres = crops(picture, crop_px=64)
    assert centres == [(0.5, 0.5)] * 2
    np.testing.assert_array_equal(cut[0], cut[1])
    np.testing.assert_array_equal(cut[0], picture)


def test_no_pixels_are_no_picture() -> None:
    with pytest.raises(ValueError, match="no pixels"):
        choose_grid(0, 5)
