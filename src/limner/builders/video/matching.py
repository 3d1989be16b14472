"""Who is who in two frames: each person's face in the last frame, by embedding, with a margin.

Knows a `FaceReader` and two pictures. Where people stand is not used: persons change places in films.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from limner.builders.runner.document import Drop, DropError
from limner.builders.video.clip import Pair
from limner.perception.face_passes import embedded
from limner.perception.protocols import FaceReader, FoundFace

DEFAULT_FLOOR: Final = 0.0
DEFAULT_MARGIN: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How alike two faces must be to be one person's: cosines, which no two readers share.

    `floor`: of each person's two faces. `margin`: by how much the chosen pairing beats the other one, on
    average over the two persons.
    """

    floor: float
    margin: float


def limits_of(reader: FaceReader, floor: float | None = None, margin: float | None = None) -> Limits:
    """The limits given, else the reader's own `match_floor` and `match_margin`, else a margin alone."""
    return Limits(
        floor=getattr(reader, "match_floor", DEFAULT_FLOOR) if floor is None else floor,
        margin=getattr(reader, "match_margin", DEFAULT_MARGIN) if margin is None else margin,
    )


def two_faces(found: Sequence[FoundFace], pixels: np.ndarray, where: str, smallest_px: int) -> Pair:
    """The two faces found in a frame, left to right; `DropError` unless there are two, large enough."""
    if len(found) != 2:
        raise DropError("not exactly two faces", f"{len(found)} in the {where} frame")
    left, right = sorted(found, key=lambda face: face.box[0] + face.box[2])
    sides = [_side_px(face, pixels) for face in (left, right)]
    if min(sides) < smallest_px:
        raise DropError("face too small", f"{min(sides):.0f} px in the {where} frame")
    return left.box, right.box


def _side_px(face: FoundFace, pixels: np.ndarray) -> float:
    x0, y0, x1, y1 = face.box
    return float(max((x1 - x0) * pixels.shape[1], (y1 - y0) * pixels.shape[0]))


@dataclass(frozen=True, kw_only=True)
class Match:
    """The last frame's faces in the order of the first frame's; their similarities; how clear it is."""

    last_faces: Pair
    similarities: tuple[float, float]
    margin: float


def match(
    reader: FaceReader, first: np.ndarray, first_faces: Pair, last: np.ndarray, last_faces: Pair
) -> Match:
    """The better of the two pairings, by the sum of its cosines; `DropError` when a face cannot be read."""
    faces = [*((first, box) for box in first_faces), *((last, box) for box in last_faces)]
    try:
        vectors = embedded(reader, faces)
    except ValueError as error:
        raise DropError("face cannot be read", str(error)) from error
    before, after = vectors[:2], vectors[2:]
    alike = [[reader.similarity(one, other) for other in after] for one in before]
    straight, crossed = alike[0][0] + alike[1][1], alike[0][1] + alike[1][0]
    margin = abs(straight - crossed) / 2
    if straight >= crossed:
        return Match(last_faces=last_faces, similarities=(alike[0][0], alike[1][1]), margin=margin)
    swapped = (last_faces[1], last_faces[0])
    return Match(last_faces=swapped, similarities=(alike[0][1], alike[1][0]), margin=margin)


def why_unclear(found: Match, limits: Limits) -> Drop | None:
    """Why a match is not believed; None when it is."""
    if found.margin < limits.margin:
        return Drop(reason="unclear who is who", detail=f"margin {found.margin:.3f} < {limits.margin:g}")
    if min(found.similarities) < limits.floor:
        lowest = min(found.similarities)
        return Drop(reason="not the same persons", detail=f"similarity {lowest:.3f} < {limits.floor:g}")
    return None
