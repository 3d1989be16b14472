"""Does the person look as described? Traits read back from a picture by the judge.

Knows the world's trait fields and which of them a framing shows. Knows nothing about how a text stated them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np

from limner.evaluation.metrics.metric import Metric, check_pixels
from limner_world.person import Person

if TYPE_CHECKING:
    from limner.perception.protocols import Box
    from limner.perception.senses import WorldSenses

METRIC = Metric(
    name="traits",
    source="share of stated traits that the judge's trait reader finds in the picture",
    range=(0.0, 1.0),
    better="higher",
)
# What is "none" or "plain" is never listed as visible, yet its absence can be seen.


def stated_words(person: Person, fields: Collection[str]) -> dict[str, str]:
    """The words of `person` for those of `fields` that are traits ("side", "holding" are none)."""
    return {
        name: str(getattr(person.traits, name)) for name in sorted(fields) if hasattr(person.traits, name)
    }


def readable(judge: WorldSenses, stated: Mapping[str, str]) -> dict[str, str]:
    """Those of `stated` that the judge has learned to read, in the order given."""
    known = judge.trait_reader.sizes.words
    return {name: word for name, word in stated.items() if name in known and word in known[name]}


def traits_matched(
    judge: WorldSenses, picture: np.ndarray, box: Box | None, stated: Mapping[str, str]
) -> list[bool]:
    """For each of `readable(judge, stated)`, in that order: does the judge read this word in the picture?

    Args:
        picture: (H, W, 3) uint8.
        box: the person's face in the unit square; None: the largest face that the judge finds, or the whole
            picture where it finds none.
        stated: trait field -> word. Leave out what the framing hides.
    """
    wanted = readable(judge, stated)
    if not wanted:
        return []
    if box is None:
        boxes = [face.box for face in judge.find_faces(check_pixels(picture))]
        box = max(boxes, key=lambda b: (b[2] - b[0]) * (b[3] - b[1]), default=None)
    read = judge.read_traits(check_pixels(picture), box)
    return [read[name] == word for name, word in wanted.items()]
