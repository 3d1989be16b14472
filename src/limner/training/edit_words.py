"""Which words of an instruction say what an edit changes, and which words quote an earlier round.

"Instead of adding a red hat, make it night": the words behind the comma say what to paint, those before it
only where to go back to. A model that is not shown the difference paints the hat again. Knows the truth that
the world writes beside its dialogues ("ways"), and layouts. Knows no attention and no networks.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from limner.dialogue.parts import Dialogue
from limner.models.packing import NO_LABEL, TEXT, Layout
from limner.models.tokenizer import TextTokenizer
from limner.training.told_words import written

# Words that say nothing by themselves.
FUNCTION_WORDS: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "back",
        "by",
        "can",
        "could",
        "for",
        "from",
        "go",
        "her",
        "his",
        "i",
        "in",
        "into",
        "it",
        "its",
        "make",
        "my",
        "next",
        "now",
        "of",
        "on",
        "out",
        "please",
        "s",
        "so",
        "that",
        "the",
        "then",
        "this",
        "to",
        "up",
        "want",
        "was",
        "with",
        "would",
        "you",
        "your",
    ]
)


@dataclass(frozen=True, kw_only=True)
class EditWords:
    """Places (P,) int64 in a layout: words of the change, words that quote, and the words that they quote;
    and where the instruction ends.
    """

    change: np.ndarray
    quoting: np.ndarray
    quoted: np.ndarray
    end: int


def edit_words(dialogue: Dialogue, round_index: int, layout: Layout, tokenizer: TextTokenizer) -> EditWords:
    """The words of round `round_index`, an edit or a way back of the world's."""
    places, text, starts = instruction_words(layout, round_index, tokenizer)
    told = _telling(layout, places, tokenizer)
    nothing, end = np.zeros(0, np.int64), int(places[-1])
    way = way_back(dialogue, round_index)
    if way is None:
        return EditWords(change=places[told], quoting=nothing, quoted=nothing, end=end)
    change = str(way["change"]).lower()
    start = text.rfind(change) if change else -1
    inside = (starts[1:] > start) & (starts[:-1] < start + len(change)) & (start >= 0)
    quoting, quoted = nothing, nothing
    done = way["quoted"]
    if done is not None:
        earlier, *_ = instruction_words(layout, done, tokenizer)
        quoted = earlier[_telling(layout, earlier, tokenizer)]
        quoting = places[told & ~inside]
        both = np.intersect1d(layout.ids[quoting], layout.ids[quoted])
        both = _only_there(layout, both, done, round_index, tokenizer)
        quoting = quoting[np.isin(layout.ids[quoting], both)]
        quoted = quoted[np.isin(layout.ids[quoted], both)]
    return EditWords(change=places[told & inside], quoting=quoting, quoted=quoted, end=end)


def instruction_words(
    layout: Layout, round_index: int, tokenizer: TextTokenizer
) -> tuple[np.ndarray, str, np.ndarray]:
    """Places (P,) of the text of a round's instruction, their text in small letters, and where each of them
    starts in it, (P + 1,).
    """
    of_round = layout.rounds == round_index
    answer = np.flatnonzero(of_round & (layout.labels != NO_LABEL))
    places = np.flatnonzero(of_round & (layout.kinds == TEXT))
    places = places[places <= answer[0]] if len(answer) else places
    text, starts = written(layout.ids[places], tokenizer)
    return places, text, starts


def _telling(layout: Layout, places: np.ndarray, tokenizer: TextTokenizer) -> np.ndarray:
    """Which of these places hold a word that says something, (P,) bool."""
    return np.array([_says_something(int(i), tokenizer) for i in layout.ids[places]], bool)


@functools.lru_cache(maxsize=8192)
def _says_something(token: int, tokenizer: TextTokenizer) -> bool:
    piece = "" if token in tokenizer.special_ids else tokenizer.decode([token])
    word = re.sub(r"[^a-z0-9]", "", piece.lower())
    return bool(word) and word not in FUNCTION_WORDS and word != "inst"


def way_back(dialogue: Dialogue, round_index: int) -> Mapping[str, Any] | None:
    """How round `round_index` goes back ("way", "base", "quoted", "change"), None where it does not."""
    ways = dialogue.truth.get("ways")
    way: Mapping[str, Any] | None = None if ways is None else ways[round_index]
    return way


def _only_there(
    layout: Layout, ids: np.ndarray, done: int, asking: int, tokenizer: TextTokenizer
) -> np.ndarray:
    """Those of `ids` that no other round before `asking` has, or all where others have each of them."""
    others = [instruction_words(layout, index, tokenizer)[0] for index in range(asking) if index != done]
    elsewhere = layout.ids[np.concatenate(others)] if others else np.zeros(0, np.int64)
    alone = np.setdiff1d(ids, elsewhere)
    return alone if len(alone) else ids
