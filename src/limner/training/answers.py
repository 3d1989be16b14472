"""Which scene tokens of a picture answer a question about it.

Knows what the world's questions ask (the truth's "asked"), where scene tokens hold it, and layouts. Knows no
attention and no networks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from limner.dialogue.parts import Dialogue, Picture
from limner.models.packing import NO_LABEL, SEEN, Layout
from limner.models.tokenizer import TextTokenizer
from limner_world.scene_tokens import (
    FIRST_SCENE_TOKEN,
    NUM_TOKENS,
    PERSON_SLOTS,
    PERSON_TOKENS,
    SCENE_SLOTS,
    Slot,
    Words,
)

BOX: Final = "box"  # what a question for a place asks
# What is said beside a trait: a hat is told with its colour, a garment with colour and pattern.
TOGETHER: Final = {
    "headwear": ("headwear", "headwear_colour"),
    "neckwear": ("neckwear", "neckwear_colour"),
    "garment": ("garment", "garment_colour", "garment_pattern"),
    "holding": ("holding", "holding_colour"),
    "side": (BOX,),
    "count": ("number",),
}


def _named(slots: Sequence[Slot]) -> dict[str, int]:
    """Factor -> its slot; a face's box is one factor."""
    found: dict[str, int] = {}
    for index, slot in enumerate(slots):
        for factor in slot.factors:
            found.update(dict.fromkeys([factor.name] if isinstance(factor, Words) else factor.names, index))
    return found


_PERSON: Final = _named(PERSON_SLOTS)
_PERSON[BOX] = _PERSON["left"]
_SCENE: Final = _named(SCENE_SLOTS)


def tokens_asked(field: str, place: int | None) -> list[int]:
    """Scene tokens that hold `field` of the person at `place` (0 left, 1 right; None: of both, or of the
    scene). Empty for what no token says.
    """
    names = TOGETHER.get(field, (field,))
    if names[0] in _SCENE:
        return [FIRST_SCENE_TOKEN + _SCENE[names[0]]]
    places = (0, 1) if place is None else (place,)
    return [at * PERSON_TOKENS + _PERSON[name] for at in places for name in names if name in _PERSON]


def answering_tokens(
    dialogue: Dialogue, layout: Layout, tokenizer: TextTokenizer
) -> Iterator[tuple[int, int]]:
    """(place that predicts a word of an answer, place of a seen picture's token that says it)."""
    asked: Sequence[Any] | None = dialogue.truth.get("asked")
    if not asked or not layout.seen_keys:
        return
    seen = np.flatnonzero(layout.kinds == SEEN).reshape(len(layout.seen_keys), -1)
    if seen.shape[1] != NUM_TOKENS:
        return
    for round_index, question in enumerate(asked[: len(dialogue.rounds)]):
        answer = np.flatnonzero((layout.rounds == round_index) & (layout.labels != NO_LABEL))
        picture = None if question is None else _asked_picture(dialogue, round_index)
        if picture is None or not len(answer):
            continue
        blocks = [
            row for row, key in zip(seen, layout.seen_keys, strict=True)
            if key == picture.digest and row[0] < answer[0]
        ]  # fmt: skip
        for place in answer if blocks else ():
            if any(letter.isalnum() for letter in tokenizer.decode([int(layout.labels[place])])):
                for token in tokens_asked(*question):
                    yield int(place), int(blocks[0][token])


def _asked_picture(dialogue: Dialogue, round_index: int) -> Picture | None:
    """The picture that the question of this round is about: its own, or that of the round it depends on."""
    round_ = dialogue.rounds[round_index]
    if round_.instruction.pictures:
        return round_.instruction.pictures[0]
    if not round_.depends_on:
        return None
    earlier = dialogue.rounds[round_.depends_on[0]]
    given = earlier.instruction.pictures
    return earlier.response.picture or (given[0] if given else None)
