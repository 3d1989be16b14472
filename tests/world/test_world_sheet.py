"""Contact sheets: every kind can be made, repeats exactly, and its captions stay inside their columns."""

import numpy as np
import pytest
from PIL import ImageFont

from limner_world.sheet import _wrap, sheet


@pytest.mark.parametrize(
    ("what", "num_columns", "num_rows"),
    [("people", 6, 4), ("scenes", 5, 4), ("films", 6, 4), ("edits", 6, 4), ("styles", 7, 3)],
)
def test_each_sheet_has_its_cells(what: str, num_columns: int, num_rows: int) -> None:
    size, margin = 48, 4
    page = sheet(what, seed=1, size=size)
    assert page.dtype == np.uint8
    assert page.shape[1] == num_columns * (size + margin) + margin
    assert page.shape[0] > num_rows * size
    ground = page[0, 0]
    for column in range(num_columns):  # each cell of the first row holds a picture
        left = margin + column * (size + margin)
        assert (page[margin : margin + size, left : left + size] != ground).any(axis=2).mean() > 0.5


def test_a_sheet_depends_on_its_seed_alone() -> None:
    first = sheet("people", seed=2, size=48)
    assert np.array_equal(first, sheet("people", seed=2, size=48))
    other = sheet("people", seed=3, size=48)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_unknown_sheets_are_refused() -> None:
    with pytest.raises(ValueError, match="choose from people, scenes"):
        sheet("dogs")


def test_long_captions_are_cut_with_an_ellipsis() -> None:
    font = ImageFont.load_default(12)
    lines = _wrap("word " * 100, 90, font)
    assert len(lines) == 5
    assert lines[-1].endswith(" …")
    assert all(font.getlength(line) <= 90 for line in lines)
    assert _wrap("short words", 90, font) == ["short words"]
