"""Which grid of crops a picture of any size is read as, as SEED-X reads uploads.

Knows numbers, pixels and pictures. Knows nothing about encoders or prompts.

The picture is resized to the grid (its aspect ratio is not kept) and cut into crops of the encoder's size;
the whole picture, resized to one crop, comes last, with its middle at (0.5, 0.5). Two rules propose a grid
each, and the smaller proposal wins, the first one when they cover the same area:
1. the most of the picture's pixels survive fitting it into the grid, and of these the least is left empty;
2. the aspect ratio is nearest, and of these the area is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image

from limner.dialogue.parts import Picture

# Columns and rows, in SEED-X's order, which decides ties.
GRIDS: Final = ((1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (1, 4), (4, 1), (2, 2))
CROP_PX: Final = 448


def choose_grid(width_px: int, height_px: int, crop_px: int = CROP_PX) -> tuple[int, int]:
    """Columns and rows for a picture of this size.

    Raises:
        ValueError: a side is not at least one pixel.
    """
    if width_px < 1 or height_px < 1:
        raise ValueError(f"A picture of {width_px} x {height_px} px has no pixels; pass a real one.")
    fitting = min(GRIDS, key=lambda grid: _fit_order(grid, width_px, height_px, crop_px))
    alike = min(GRIDS, key=lambda grid: _shape_order(grid, width_px, height_px, crop_px))
    return alike if fitting[0] * fitting[1] > alike[0] * alike[1] else fitting


def crops(
    pixels_HWC: np.ndarray, crop_px: int = CROP_PX
) -> tuple[list[np.ndarray], list[tuple[float, float]]]:
    """A picture -> its crops row by row and the whole picture last, each (crop_px, crop_px, 3) uint8, and the
    place (x, y) of each one's middle in the picture, 0..1 (`MultimodalLLM.embed_image` takes them).
    """
    height_px, width_px = pixels_HWC.shape[:2]
    columns, rows = choose_grid(width_px, height_px, crop_px)
    image = Image.fromarray(pixels_HWC)
    wide_HWC = np.asarray(image.resize((columns * crop_px, rows * crop_px), Image.Resampling.BICUBIC))
    places = [(column, row) for row in range(rows) for column in range(columns)]
    cut = [
        wide_HWC[row * crop_px : (row + 1) * crop_px, column * crop_px : (column + 1) * crop_px]
        for column, row in places
    ]
    whole_HWC = np.asarray(image.resize((crop_px, crop_px), Image.Resampling.BICUBIC))
    centres = [((column + 0.5) / columns, (row + 0.5) / rows) for column, row in places]
    return [*cut, whole_HWC], [*centres, (0.5, 0.5)]


@lru_cache(maxsize=32)
def views(picture: Picture, crop_px: int = CROP_PX) -> tuple[tuple[Picture, tuple[float, float]], ...]:
    """`crops` as pictures, each with the place of its middle; equal crops (of a 1 x 1 grid) are equal
    pictures, so that they are encoded once.
    """
    cut, centres = crops(picture.pixels, crop_px)
    return tuple((Picture(pixels), centre) for pixels, centre in zip(cut, centres, strict=True))


def _fit_order(grid: tuple[int, int], width_px: int, height_px: int, crop_px: int) -> tuple[int, int]:
    """Smallest first: pixels that survive (negated), then pixels left empty."""
    grid_width, grid_height = grid[0] * crop_px, grid[1] * crop_px
    scale = min(grid_width / width_px, grid_height / height_px)
    kept = min(int(width_px * scale) * int(height_px * scale), width_px * height_px)
    return -kept, grid_width * grid_height - kept


def _shape_order(grid: tuple[int, int], width_px: int, height_px: int, crop_px: int) -> tuple[float, float]:
    """Smallest first: ratio of the aspect ratios, then ratio of the areas."""
    columns, rows = grid
    return (
        _how_many_times(rows / columns, height_px / width_px),
        _how_many_times(columns * rows * crop_px**2, width_px * height_px),
    )


def _how_many_times(one: float, other: float) -> float:
    return max(one, other) / min(one, other)
