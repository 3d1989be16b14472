"""Boxes in pictures, and how they stand in words: "[[x0 y0 x1 y1]]" on a grid of 224 places a side.

Knows numbers and their words. Knows nothing of pictures, tokens or what a box is drawn around.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

Box = tuple[float, float, float, float]

NUM_PLACES: Final = 224  # a side; SEED-X's location tokens
MIN_REGION: Final = 0.02  # a side, of the picture's: some places of the grid


def checked_box(box: Sequence[float], whose: str) -> Box:
    """(x0, y0, x1, y1) as floats; ValueError, which calls the box `whose`, unless it lies in [0, 1]."""
    sides = tuple(float(side) for side in box)
    if len(sides) != 4 or not (0 <= sides[0] < sides[2] <= 1 and 0 <= sides[1] < sides[3] <= 1):
        raise ValueError(f"{whose} {sides} is not x0 < x1, y0 < y1 within [0, 1]")
    return (sides[0], sides[1], sides[2], sides[3])


def checked_region(box: Sequence[float]) -> Box:
    """`checked_box` of a part of a picture that is pointed at: each side at least `MIN_REGION`."""
    x0, y0, x1, y1 = checked_box(box, "the region")
    if min(x1 - x0, y1 - y0) < MIN_REGION:
        raise ValueError(
            f"the region is {x1 - x0:.3f} by {y1 - y0:.3f} of the picture; it needs {MIN_REGION} a side"
        )
    return (x0, y0, x1, y1)


def box_text(box: Sequence[float]) -> str:
    """A box as the model's text has it: "[[x0 y0 x1 y1]]" on a grid of 224 places."""
    last = NUM_PLACES - 1
    return "[[" + " ".join(str(min(last, max(0, round(float(side) * last)))) for side in box) + "]]"


def iou(first: Box | None, second: Box | None) -> float:
    """Intersection over union of two boxes in one unit, 0 to 1; 0 when either is None or empty."""
    if first is None or second is None:
        return 0.0
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (first, second)]
    shared = width * height
    return shared / (sum(areas) - shared)
