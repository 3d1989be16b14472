"""Faces by perception: who of two persons stands where, and a crop of a named person's face.

Knows face readers (`perception/protocols.py`) and the pictures of an album. Knows no plans.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from limner.dialogue.parts import Picture
from limner.dialogue.people import Mention
from limner.inference.people import assign_faces
from limner.perception.protocols import Box, FoundFace
from limner.planning.album import Album
from limner.planning.plan import Person

MARGIN = 0.35  # of the face's size, on each side: hair and chin


class Faces(Protocol):
    """Finds faces; one that also reads traits can tell apart persons that words describe."""

    def find_faces(self, pixels: np.ndarray) -> tuple[FoundFace, ...]:
        """The faces of a picture, left to right."""
        ...


@runtime_checkable
class _ReadsTraits(Protocol):
    def read_traits(self, pixels: np.ndarray, box: Box | None = None) -> Mapping[str, str]: ...


class Sides:
    """Where persons stand in their pictures."""

    def __init__(self, album: Album, faces: Faces | None) -> None:
        self._album = album
        self._faces = faces

    def placed(self, person: Person, everybody: Iterable[Person]) -> Person:
        """`person` with a place in the picture, from the words or from a face finder."""
        if person.place is not None or not person.picture:
            return person
        together = [one for one in everybody if one.picture == person.picture]
        if len(together) < 2:
            if person.side:
                return replace(person, place=0 if person.side == "left" else 1)
            return replace(person, place=0)
        place = self._looked_for(person, together)
        if place is None:
            place = together.index(person)
        return replace(person, place=place, side=_side(place, len(together)))

    def described(self, person: Person, base: int) -> str:
        """Who is meant in a picture, without the name: "the woman on the left"."""
        side = person.side
        return f"the {person.noun} on the {side}" if side else f"the {person.noun}"

    def _looked_for(self, person: Person, together: list[Person]) -> int | None:
        """Which face from the left fits what was said of the person best; None without a reader of traits."""
        if self._faces is None or not isinstance(self._faces, _ReadsTraits):
            return None
        picture = self._album.at(person.picture).picture
        boxes = boxes_of(self._faces, picture)
        mentions = [Mention(name=one.name, sayings=one.said, side=one.side) for one in together]
        assigned = assign_faces(mentions, boxes, picture, self._faces)
        box = assigned[together.index(person)]
        return None if box is None else boxes.index(box)


def boxes_of(faces: Faces, picture: Picture) -> list[Box]:
    """The faces of a picture from left to right."""
    return sorted((face.box for face in faces.find_faces(picture.pixels)), key=lambda box: box[0] + box[2])


def face_of(person: Person, album: Album, faces: Faces | None) -> tuple[Picture, Box | None]:
    """The person's face with hair and chin, and where it is; the whole picture and None where none is found.

    Of two persons without a face finder, the half of the picture on which they stand.
    """
    picture = album.at(person.picture).picture
    boxes = [] if faces is None else boxes_of(faces, picture)
    place = person.place or 0
    if place < len(boxes):
        return cut(picture, boxes[place]), boxes[place]
    if person.side:
        half = (0.0, 0.0, 0.5, 1.0) if person.side == "left" else (0.5, 0.0, 1.0, 1.0)
        return cut(picture, half, 0.0), None
    return picture, None


def cut(picture: Picture, box: Box, margin: float = MARGIN) -> Picture:
    """A box with a margin, within the picture; at least 16 pixels a side."""
    x0, y0, x1, y1 = box
    by_x, by_y = (x1 - x0) * margin, (y1 - y0) * margin
    width, height = picture.width_px, picture.height_px
    left, right = _range((x0 - by_x) * width, (x1 + by_x) * width, width)
    top, bottom = _range((y0 - by_y) * height, (y1 + by_y) * height, height)
    return Picture(np.ascontiguousarray(picture.pixels[top:bottom, left:right]))


def _range(low: float, high: float, length: int) -> tuple[int, int]:
    first = max(0, min(int(low), length - 16))
    return first, min(length, max(round(high), first + 16))


def _side(place: int, num: int) -> str:
    if num != 2:
        return ""
    return "left" if place == 0 else "right"
