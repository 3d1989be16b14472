"""What is said to reach back in a chain of edits: the slides' three families and all their verbs.

Knows words, counts and undone edits. Knows nothing about pictures. Slides, "Non-Markov Editing dataset":
"instead of removing ..., add ..."; "rollback / step back / backtrack / recall N ... and ..."; "start from
scratch and ...".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from limner.builders.edits.wording import gerund, imperative, quoted
from limner.dialogue import ways_back
from limner.dialogue.ways_back import NUMBERS

INSTEAD: Final = "instead of"
SCRATCH: Final = "start from scratch"
VERBS: Final = ways_back.EDIT_VERBS
FAMILIES: Final = (INSTEAD, "count", SCRATCH)
_REPLIES: Final = (
    "Here it is.",
    "Here is the picture.",
    "Here you are.",
    "I have edited the picture.",
    "Done. Here is the result.",
    "Here is the edited picture.",
)
_BACK: Final = (
    "Here is the earlier picture again.",
    "Back to the picture before.",
    "I took that back.",
    "Here is how it was before.",
)
_OPENINGS: Final = (
    "Here is a picture.",
    "This is my picture.",
    "I have a picture here.",
    "Take a look at this picture.",
    "I want to edit this picture.",
)
_OPENED: Final = (
    "I see it. What shall I change?",
    "Thank you. What would you like to change?",
    "I have it. How shall I edit it?",
    "A fine picture. What shall I do with it?",
)


def reply(rng: np.random.Generator, *, goes_back: bool = False) -> str:
    """An answer to an edit, or to a plain way back."""
    return _pick(rng, _BACK if goes_back else _REPLIES)


def opening(rng: np.random.Generator) -> tuple[str, str]:
    """A first exchange (instruction, answer) in which the user brings a picture and asks for no edit yet."""
    return _pick(rng, _OPENINGS), _pick(rng, _OPENED)


def instead(rng: np.random.Generator, undone: Sequence[str], new: str) -> str:
    """ "Instead of removing the dog, add a cat." for the undone edits in their order, one or more."""
    olds, told = [gerund(words) for words in undone], imperative(new)
    if told is not None and all(olds):
        old = _listed([words for words in olds if words])
        return _begun(rng, _pick(rng, ways_back.EDIT_INSTEADS).format(old=old, new=told))
    old = " ".join(quoted(words) for words in undone)
    return _pick(rng, ways_back.EDIT_QUOTED_INSTEADS).format(old=old, new=quoted(new))


def count_back(rng: np.random.Generator, verb: str, steps: int, new: str) -> str:
    """ "Rollback 2 steps and add a cat." `verb` is one of `VERBS`; without `new`, only the way back."""
    amount = {
        "steps": _counted(rng, steps, "step"),
        "actions": _counted(rng, steps, "action"),
        "times": _times(rng, steps),
        "edits": "edit" if steps == 1 else _counted(rng, steps, "edit"),
    }
    return _joined(rng, _pick(rng, VERBS[verb]).format(**amount).replace("last 1 ", "last "), new)


def from_scratch(rng: np.random.Generator, new: str) -> str:
    """ "Start from scratch and add a cat."; without `new`, only the way back."""
    return _joined(rng, _pick(rng, ways_back.EDIT_SCRATCH), new)


def _joined(rng: np.random.Generator, back: str, new: str) -> str:
    if not new:
        return _begun(rng, f"{back}.")
    told = imperative(new)
    if told is None:
        return _begun(rng, f"{back}{_pick(rng, ways_back.EDIT_THEN)}".format(new=quoted(new)))
    return _begun(rng, back + _pick(rng, ways_back.EDIT_JOINS).format(new=told))


def _begun(rng: np.random.Generator, words: str) -> str:
    told = f"{_pick(rng, ways_back.EDIT_LEADS)}{words}"
    return told[0].upper() + told[1:]


def _counted(rng: np.random.Generator, count: int, noun: str) -> str:
    number = str(count) if count > len(NUMBERS) or rng.random() < 0.6 else NUMBERS[count - 1]
    return f"{number} {noun}" if count == 1 else f"{number} {noun}s"


def _times(rng: np.random.Generator, count: int) -> str:
    short = {1: "once", 2: "twice"}.get(count)
    return short if short and rng.random() < 0.3 else _counted(rng, count, "time")


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]
