"""The people of a conversation: who was named, in which round first painted, which face is theirs.

Knows names in instructions and faces in pictures, and matches the two by what was said; no tokens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from PIL import Image

from limner.dialogue.parts import Box, Picture, Round
from limner.dialogue.people import Mention, find_people
from limner.perception.senses import WorldSenses


@dataclass(frozen=True, kw_only=True, eq=False)
class Sighting:
    """Where a named person was first seen: `box` (x0, y0, x1, y1) in [0, 1] and its crop, None if unseen."""

    name: str
    id: str
    round_index: int
    said: str
    box: Box | None = None
    face: Image.Image | None = None


def people_of(
    node_ids: Sequence[str], rounds: Sequence[Round], senses: WorldSenses | None
) -> Mapping[str, Sighting]:
    """Name -> first sighting, in the order of naming."""
    people: dict[str, Sighting] = {}
    for index, (node_id, round_) in enumerate(zip(node_ids, rounds, strict=True)):
        mentions = [m for m in find_people(round_.instruction.text, known=people) if m.name not in people]
        picture = round_.response.picture
        boxes: Sequence[Box] = ()
        if mentions and picture is not None and senses is not None:
            boxes = [face.box for face in senses.find_faces(picture.pixels)]
        for mention, box in zip(mentions, _assign(mentions, boxes, picture, senses), strict=True):
            people[mention.name] = Sighting(
                name=mention.name,
                id=node_id,
                round_index=index,
                said=" ".join(mention.sayings),
                box=box,
                face=_crop(picture, box) if picture is not None and box is not None else None,
            )
    return people


def _assign(
    mentions: Sequence[Mention], boxes: Sequence[Box], picture: Picture | None, senses: WorldSenses | None
) -> list[Box | None]:
    """The assignment of faces to mentions that agrees best with the sides and traits that were said."""
    if not boxes or picture is None or senses is None:
        return [None] * len(mentions)
    ordered = sorted(boxes, key=lambda box: box[0] + box[2])
    traits = [senses.read_traits(picture.pixels, box) for box in ordered]
    places: list[int | None] = [*range(len(ordered)), *[None] * len(mentions)]

    def agreement(chosen: Sequence[int | None]) -> tuple[float, ...]:
        total = 0.0
        for mention, place in zip(mentions, chosen, strict=True):
            if place is None:
                continue
            total += 1 + _trait_agreement(" ".join(mention.sayings), traits[place])
            if mention.side and len(ordered) > 1:
                total += 4 if (place == 0) == (mention.side == "left") else -4
        # Of equal assignments the first in the order of naming, left to right.
        return (total, *[-(len(ordered) if place is None else place) for place in chosen])

    best = max(set(permutations(places, len(mentions))), key=agreement)
    return [None if place is None else ordered[place] for place in best]


def _trait_agreement(said: str, traits: Mapping[str, str]) -> float:
    words = said.lower()
    return sum(
        1.0
        for word in traits.values()
        if word not in ("none", "plain", "neutral") and re.search(rf"\b{re.escape(word.lower())}\b", words)
    )


def _crop(picture: Picture, box: Box) -> Image.Image:
    x0, y0, x1, y1 = box
    margin_x, margin_y = (x1 - x0) * 0.25, (y1 - y0) * 0.25
    width, height = picture.width_px, picture.height_px
    corners = (
        max(0, int((x0 - margin_x) * width)),
        max(0, int((y0 - margin_y) * height)),
        min(width, round((x1 + margin_x) * width)),
        min(height, round((y1 + margin_y) * height)),
    )
    return picture.to_pil().crop(corners)
