"""Which words of a text tell a trait of a person: where each scene token of a first picture comes from.

Knows how the world puts traits into words (`world.wording.marks`), where scene tokens hold them, and layouts.
Knows no attention and no networks.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from limner.dialogue.parts import Dialogue
from limner.models.packing import TEXT, Layout
from limner.models.tokenizer import TextTokenizer
from limner_world.person import Traits
from limner_world.scene_tokens import PERSON_SLOTS, PERSON_TOKENS, Words
from limner_world.wording import marks

NOBODY: Final = -1
# Colours are left out: a text says "red" of hair, hats and shirts alike, and only its neighbours tell which.
TOLD: Final[Mapping[str, int]] = {
    factor.name: index
    for index, slot in enumerate(PERSON_SLOTS)
    for factor in slot.factors[:1]
    if isinstance(factor, Words)
    and factor.name in Traits.__dataclass_fields__
    and not factor.name.endswith("_colour")
    and factor.name != "presentation"
}
UNTOLD: Final = ("none", "plain")
WORD: Final = r"[a-z]+"


def told_words(
    dialogue: Dialogue, round_index: int, layout: Layout, whose: np.ndarray, tokenizer: TextTokenizer
) -> Iterator[tuple[int, int]]:
    """Pairs (scene token of the picture of round `round_index`, position of the word in that round's text
    that states it).

    `whose` (N,) is the person that each place of `layout` is about, an index into the dialogue's persons, or
    NOBODY. A word without a person is taken for the only one who is seen, where there is only one.
    """
    scene = dialogue.truth["scenes"][round_index]
    places = np.flatnonzero((layout.kinds == TEXT) & (layout.rounds == round_index))
    text, starts = written(layout.ids[places], tokenizer)
    for place, person in _standing(dialogue, round_index, len(scene["figures"])):
        traits = Traits(**scene["figures"][place]["person"]["traits"])
        theirs = np.isin(whose[places], (person, NOBODY) if len(scene["figures"]) == 1 else (person,))
        for name, token in TOLD.items():
            if getattr(traits, name) in UNTOLD:
                continue
            for start, end in _found(text, marks(traits, name), _values_of(name)):
                inside = (starts[1:] > start) & (starts[:-1] < end) & theirs
                for index in np.flatnonzero(inside):
                    yield place * PERSON_TOKENS + token, int(places[index])


def _standing(dialogue: Dialogue, round_index: int, num_figures: int) -> list[tuple[int, int]]:
    """(place in the picture, person of the dialogue) of those whose place is known."""
    named = [
        (person.box[0], index)
        for index, person in enumerate(dialogue.persons)
        if person.round_index == round_index and person.box is not None
    ]
    if num_figures == 1:
        return [(0, named[0][1] if named else NOBODY)]
    return [(place, index) for place, (_, index) in enumerate(sorted(named))] if len(named) == 2 else []


def written(ids: np.ndarray, tokenizer: TextTokenizer) -> tuple[str, np.ndarray]:
    """The text of these tokens in small letters, and where each of them starts in it (and the last ends)."""
    pieces = [tokenizer.backend.id_to_token(index) for index in ids.tolist()]
    written = [str(piece).replace("Ġ", " ").lower() for piece in pieces]
    return "".join(written), np.cumsum([0, *map(len, written)])


def _found(text: str, wanted: Sequence[str], values_of: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """(start, end) of the words that tell, wherever one of `wanted` begins a word: of "fair skin" only
    "fair", for every skin is told with "skin".
    """
    for words in set(wanted):
        for match in re.finditer(rf"(?<![a-z]){re.escape(words.lower())}", text):
            parts = [(values_of[word.group()], word.span()) for word in re.finditer(WORD, match.group())]
            least = min(count for count, _ in parts)
            for count, (start, end) in parts:
                if count == least:
                    yield match.start() + start, match.start() + end


@functools.cache
def _values_of(name: str) -> Counter[str]:
    """Word -> how many values of a trait are told with it."""
    slot = PERSON_SLOTS[TOLD[name]].factors[0]
    assert isinstance(slot, Words)
    told: Counter[str] = Counter()
    for value in slot.words:
        if value not in UNTOLD:
            traits = Traits(**{name: value})
            told.update({word for mark in marks(traits, name) for word in re.findall(WORD, mark.lower())})
    return told
