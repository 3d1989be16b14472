"""A head alone on white, and whether it is one: face and crown are there, nothing is cut off by a ruler.

Knows pixels (H, W, 3) uint8, a mask and the face's box. Knows neither who cut nor what is made of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import cv2
import numpy as np

from limner.builders.runner.document import Drop, DropError
from limner.perception.protocols import Box, Segmenter

# Where eyes, nose and mouth corners lie in a face's box, whichever reader found it.
_FEATURES: Final = ((0.3, 0.36), (0.7, 0.36), (0.5, 0.58), (0.36, 0.78), (0.64, 0.78))
_FEATURE_SIZE: Final = 0.07  # half the side of what is looked at around each, in faces
_LEAST_FEATURE: Final = 0.4
_CROWN: Final = (0.25, -0.2, 0.75, 0.2)  # above the brows, as far as the barest head goes
_LEAST_CROWN: Final = 0.6
_LEAST_COVER: Final = 0.6
_MOST_SPREAD: Final = 12.0
_LONGEST_STRAIGHT: Final = 1.3  # in faces: long hair hangs straight, and mosaics have square hair
_RULED: Final = 1.5  # so much longer counts what runs exactly along rows or columns, as hair does not
_STRAIGHT: Final = 0.012  # how far a straight line may stray, in faces
_LONGEST_AT_EDGE: Final = 0.55  # of the picture, in faces
_WHITE_EDGE: Final = 0.08  # of the head's longer side, on each side


@dataclass(frozen=True, kw_only=True)
class HeadScores:
    """What was measured of a cut-out head.

    `cover` and `crown` are shares of the face's box and of what lies above the brows that the mask covers,
    `feature` is that of the worst of eyes, nose and mouth corners; `straight` and `at_edge` are the longest
    straight piece of its outline inside the picture and along the picture's edge (or of the face's box along
    it), `spread` its area, all in faces.
    """

    cover: float
    feature: float
    crown: float
    spread: float
    straight: float
    at_edge: float

    def to_json(self) -> dict[str, float]:
        return {name: round(value, 3) for name, value in asdict(self).items()}


def worst(scores: Sequence[HeadScores]) -> dict[str, float]:
    """Of several heads, the worst of each score."""
    told = [each.to_json() for each in scores]
    is_better_high = ("cover", "feature", "crown")
    return {name: (min if name in is_better_high else max)(each[name] for each in told) for name in told[0]}


def cut_out_head(
    segmenter: Segmenter, pixels: np.ndarray, box: Box, size_px: int, *, apart_from: Box | None = None
) -> tuple[np.ndarray, HeadScores]:
    """The head of the face in `box` on white, (size_px, size_px, 3), and what was measured of it.

    What lies nearer to the face `apart_from` is left out. `DropError` when the cut-out is no whole head,
    ValueError when the segmenter's mask is of another size than the picture.
    """
    try:
        mask = segmenter.segment_face(pixels, box)
    except ValueError as error:
        raise DropError("head that cannot be cut out", str(error)) from error
    if mask.shape != pixels.shape[:2]:
        raise ValueError(
            f"the segmenter gave a mask {mask.shape} for a picture of {pixels.shape[0]}x{pixels.shape[1]} px"
        )
    if apart_from is not None:
        mask = without_other(mask, box, apart_from)
    scores = head_scores(mask, box)
    why = why_no_head(scores)
    if why is not None:
        raise DropError(why.reason, why.detail)
    return head_on_white(pixels, mask, size_px), scores


def without_other(mask: np.ndarray, box: Box, other: Box) -> np.ndarray:
    """The mask without what lies nearer to the other person's face, in faces: heads that touch are parted."""
    height, width = mask.shape
    rows, columns = _extent(mask)
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
    x = np.arange(columns.start, columns.stop, dtype=np.float32)
    near = [
        ((x - (b[0] + b[2]) / 2 * width) ** 2 + (y - (b[1] + b[3]) / 2 * height) ** 2)
        / max((b[2] - b[0]) * width, (b[3] - b[1]) * height) ** 2
        for b in (box, other)
    ]
    parted = np.zeros((height, width), np.float32)  # pages that stay zero cost nothing
    parted[rows, columns] = mask[rows, columns] * (near[0] <= near[1])
    return parted


def head_on_white(pixels: np.ndarray, mask: np.ndarray, size_px: int) -> np.ndarray:
    """The masked head in the middle of a white (size_px, size_px, 3) picture."""
    height, width = mask.shape
    rows, columns = _extent(mask, 0.5)
    side = math.ceil((1 + 2 * _WHITE_EDGE) * max(rows.stop - rows.start, columns.stop - columns.start))
    left = round((columns.start + columns.stop - side) / 2)
    top = round((rows.start + rows.stop - side) / 2)
    inside = slice(max(0, top), min(height, top + side)), slice(max(0, left), min(width, left + side))
    share = np.ascontiguousarray(mask[inside], np.float32)
    head = np.ascontiguousarray(pixels[inside])
    canvas = np.full((side, side, 3), 255, np.uint8)
    at_y, at_x = inside[0].start - top, inside[1].start - left
    canvas[at_y : at_y + head.shape[0], at_x : at_x + head.shape[1]] = cv2.blendLinear(
        head, np.full_like(head, 255), share, 1 - share
    )
    return resized(canvas, size_px)


def resized(pixels: np.ndarray, size_px: int) -> np.ndarray:
    """A square picture at (size_px, size_px, 3)."""
    if pixels.shape[:2] == (size_px, size_px):
        return np.ascontiguousarray(pixels)
    method = cv2.INTER_AREA if pixels.shape[0] > size_px else cv2.INTER_CUBIC
    return cv2.resize(pixels, (size_px, size_px), interpolation=method)


def _extent(mask: np.ndarray, above: float = 0.0) -> tuple[slice, slice]:
    """The rows and columns that a mask takes up where it is `above`; empty slices for none."""
    x, y, width, height = cv2.boundingRect((mask > above).view(np.uint8))
    return slice(y, y + height), slice(x, x + width)


def head_scores(mask: np.ndarray, box: Box) -> HeadScores:
    """Measures a mask, (H, W) in [0, 1], of the head whose face is in `box`."""
    height, width = mask.shape
    x0, y0, x1, y1 = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    face = max(x1 - x0, y1 - y0)

    def covered(u0: float, v0: float, u1: float, v1: float) -> float:
        wide, high = x1 - x0, y1 - y0
        return _mean(mask, x0 + u0 * wide, y0 + v0 * high, x0 + u1 * wide, y0 + v1 * high)

    size = _FEATURE_SIZE
    straight, at_edge = _straight(mask, face)
    at_edge = max(at_edge, _box_at_edge(box, width, height))
    return HeadScores(
        cover=covered(0, 0, 1, 1),
        feature=min(covered(u - size, v - size, u + size, v + size) for u, v in _FEATURES),
        crown=covered(*_CROWN),
        spread=float(mask[mask > 0.5].sum()) / max(1.0, (x1 - x0) * (y1 - y0)),
        straight=straight / face,
        at_edge=at_edge / face,
    )


def _box_at_edge(box: Box, width: int, height: int) -> float:
    """The longest side of a face's box that lies on the picture's edge, in pixels: such a face is cut."""
    x0, y0, x1, y1 = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    beside = y1 - y0 if min(x0, width - x1) < 0.5 else 0.0
    return max(beside, x1 - x0 if min(y0, height - y1) < 0.5 else 0.0)


def why_no_head(scores: HeadScores) -> Drop | None:
    """Why a cut-out is not used; None when it is."""
    for is_bad, reason, detail in (
        (
            scores.cover < _LEAST_COVER or scores.spread > _MOST_SPREAD,
            "head not cut out cleanly",
            f"{scores.cover:.0%} of the face, {scores.spread:.1f} times its size",
        ),
        (scores.feature < _LEAST_FEATURE, "head cut through the face", f"{scores.feature:.0%} of a feature"),
        (scores.crown < _LEAST_CROWN, "head without its crown", f"{scores.crown:.0%} above the brows"),
        (
            scores.at_edge > _LONGEST_AT_EDGE,
            "head cut off by the picture's edge",
            f"{scores.at_edge:.2f} faces of it",
        ),
        (
            scores.straight > _LONGEST_STRAIGHT,
            "head with a straight edge",
            f"{scores.straight:.2f} faces long",
        ),
    ):
        if is_bad:
            return Drop(reason=reason, detail=detail)
    return None


def _mean(mask: np.ndarray, x0: float, y0: float, x1: float, y1: float) -> float:
    """Mean over a part of the mask, as far as it lies in the picture; 0 for none."""
    left, top = max(0, int(x0)), max(0, int(y0))
    right, bottom = max(left + 1, round(x1)), max(top + 1, round(y1))
    part = mask[top:bottom, left:right]
    return float(part.mean()) if part.size else 0.0


def _straight(mask: np.ndarray, face_px: float) -> tuple[float, float]:
    """The longest straight pieces of the outline: inside the picture, and along its edge; in pixels."""
    sure = (mask > 0.5).astype(np.uint8)
    x, y, w, h = cv2.boundingRect(sure)
    outlines, _ = cv2.findContours(
        sure[y : y + h, x : x + w], cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE, offset=(x, y)
    )
    inside = along = 0.0
    last = np.array([mask.shape[1] - 1, mask.shape[0] - 1])
    for outline in outlines:
        corners = cv2.approxPolyDP(outline, max(1.0, _STRAIGHT * face_px), True)[:, 0]
        for begin, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            length = float(np.linalg.norm(end - begin))
            if any(begin[k] == end[k] and begin[k] in (0, last[k]) for k in (0, 1)):
                along = max(along, length)
            else:
                is_ruled = int(np.abs(begin - end).min()) == 0
                inside = max(inside, length * (_RULED if is_ruled else 1))
    return inside, along
