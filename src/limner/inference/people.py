"""The people of a conversation: who was named, in which round first painted, which face is theirs.

Knows names in instructions and faces in pictures, and matches the two by what was said; no tokens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from limner.dialogue.boxes import Box
from limner.dialogue.known_names import KnownNames
from limner.dialogue.parts import Picture, Round
from limner.dialogue.people import Mention, find_people

if TYPE_CHECKING:
    from limner.perception.protocols import TraitReader
    from limner.perception.senses import WorldSenses

MAX_PEOPLE: Final = 256  # of one conversation; whoever is named later is a word like any other
MAX_SAID_CHARACTERS: Final = 1000  # told of one person, or a list of names would be told with each of them


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
    known = KnownNames()
    for index, (node_id, round_) in enumerate(zip(node_ids, rounds, strict=True)):
        found = find_people(round_.instruction.text, known=known)
        mentions = [mention for mention in found if mention.name not in people][: MAX_PEOPLE - len(people)]
        picture = round_.response.picture
        boxes: Sequence[Box] = ()
        if mentions and picture is not None and senses is not None:
            boxes = [face.box for face in senses.find_faces(picture.pixels)]
        for mention, box in zip(mentions, assign_faces(mentions, boxes, picture, senses), strict=True):
            known.add(mention.name)
            people[mention.name] = Sighting(
                name=mention.name,
                id=node_id,
                round_index=index,
                said=_said(mention),
                box=box,
                face=_crop(picture, box) if picture is not None and box is not None else None,
            )
        if len(people) == MAX_PEOPLE:
            break
    return people


def _said(mention: Mention) -> str:
    said: list[str] = []
    num = 0
    for saying in mention.sayings:
        num += len(saying) + 1
        if said and num > MAX_SAID_CHARACTERS:
            break
        said.append(saying)
    return " ".join(said)[:MAX_SAID_CHARACTERS]


def assign_faces(
    mentions: Sequence[Mention], boxes: Sequence[Box], picture: Picture | None, senses: TraitReader | None
) -> list[Box | None]:
    """Assign faces to mentions so that they agree best with the sides and traits given in the text."""
    if not boxes or picture is None or senses is None:
        return [None] * len(mentions)
    ordered = sorted(boxes, key=lambda box: box[0] + box[2])
    read = getattr(senses, "read_traits", None)  # face finders for photographs read none
    traits = [{} if read is None else read(picture.pixels, box) for box in ordered]
    agreement_FM = _agreement(mentions, traits)
    places = best_assignment(agreement_FM)
    return [None if place is None else ordered[place] for place in places]


def best_assignment(agreement_FM: np.ndarray) -> list[int | None]:
    """The assignment mention -> face (or None) with the largest sum of `agreement_FM` (integers).

    Nobody takes a face that agrees less than not at all (below 0). Of equal assignments the one that reads
    best from left to right in the order of naming. Takes time in proportion to the number of mentions.
    """
    from scipy.optimize import linear_sum_assignment  # late: it takes half a second to import

    num_faces, num_mentions = agreement_FM.shape
    # The earlier a person is named, the more a face is worth, and the further left it is.
    order_FM = np.outer(np.arange(num_faces, 0, -1), np.arange(num_mentions, 0, -1)).astype(float)
    worth_FM = agreement_FM * (1 + order_FM.max() * num_faces) + order_FM
    nobody_FF = np.zeros((num_faces, num_faces))
    faces, chosen = linear_sum_assignment(np.hstack([worth_FM, nobody_FF]), maximize=True)
    places: list[int | None] = [None] * num_mentions
    for face, mention in zip(faces.tolist(), chosen.tolist(), strict=True):
        if mention < num_mentions:
            places[mention] = face
    return places


def _agreement(mentions: Sequence[Mention], traits: Sequence[Mapping[str, str]]) -> np.ndarray:
    """(faces, mentions): 1, and 1 for each trait that was said, and 4 for or against a side that was."""
    agreement_FM = np.zeros((len(traits), len(mentions)))
    read: dict[str, list[float]] = {}  # many names in one sentence are told the same
    for index, mention in enumerate(mentions):
        said = " ".join(mention.sayings)
        if said not in read:
            read[said] = [1 + _trait_agreement(said, face) for face in traits]
        agreement_FM[:, index] = read[said]
        if mention.side and len(traits) > 1:
            is_left = np.arange(len(traits)) == 0
            agreement_FM[:, index] += np.where(is_left == (mention.side == "left"), 4, -4)
    return agreement_FM


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
