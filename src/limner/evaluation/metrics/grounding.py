"""Was the right place pointed at? Boxes in words, and how much two boxes share.

Knows boxes (x0, y0, x1, y1) in the unit square and how answers write them. Knows no pictures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from limner.evaluation.metrics.metric import Metric
from limner.models.tokenizer import NUM_LOCATIONS
from limner.perception.protocols import Box

LAST = NUM_LOCATIONS - 1
METRIC = Metric(
    name="iou",
    source="intersection over union of the told and the true box (Everingham et al. 2010, eq. 3)",
    range=(0.0, 1.0),
    better="higher",
)
_NUMBER = r"(\d+(?:\.\d+)?)"
_BRACKETS = re.compile(
    rf"\[\s*{_NUMBER}(?:\s*,\s*|\s+){_NUMBER}(?:\s*,\s*|\s+){_NUMBER}(?:\s*,\s*|\s+){_NUMBER}\s*\]"
)
_LOCATIONS = re.compile(r"<loc-(\d+)>\s*<loc-(\d+)>\s*<loc-(\d+)>\s*<loc-(\d+)>")


def parse_boxes(text: str) -> list[Box]:
    """All boxes of an answer, in order, in the unit square.

    Reads "[[x0 y0 x1 y1]]" and "[x0, y0, x1, y1]" with whole numbers on the grid 0..223, the same with
    fractions of the picture when one of them has a decimal point, and "<loc-x0><loc-y0><loc-x1><loc-y1>".
    What is no box (sides swapped, outside the grid) is left out.
    """
    found = [(match.start(), match.groups()) for match in _BRACKETS.finditer(text)]
    found += [(match.start(), match.groups()) for match in _LOCATIONS.finditer(text)]
    boxes = [_box(numbers) for _, numbers in sorted(found)]
    return [box for box in boxes if box is not None]


def parse_box(text: str) -> Box | None:
    """The first box of an answer; None when there is none."""
    return next(iter(parse_boxes(text)), None)


def _box(numbers: Sequence[str]) -> Box | None:
    scale = 1.0 if any("." in number for number in numbers) else float(LAST)
    x0, y0, x1, y1 = (float(number) / scale for number in numbers)
    return (x0, y0, x1, y1) if 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1 else None
