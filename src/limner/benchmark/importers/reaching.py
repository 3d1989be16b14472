"""What is said to reach back in a chain of edits on real pictures, and what it means (Section 3.3.3).

Knows the phrases, the state that each one means on a chain A0 -> A1 -> ... -> Ak, and how the answer is told:
by the exact picture where the chain holds it, else by a judge's look. Every candidate is asked for, each in a
fork of its own, and the present state is none: a system blind to the history hits exactly one in as many as
there are. Knows nothing about files and data sets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from limner.benchmark.conversation import (
    CONTROL_FAMILY,
    BenchRound,
    LookCheck,
    Scored,
    StateCheck,
)
from limner.benchmark.looking import NO, WHICH_SOURCE, YES
from limner.builders.edits.sessions import Chain
from limner.builders.edits.wording import independent, quoted
from limner.dialogue.parts import Picture

_TIMES: Final = ("once", "two times", "three times", "four times", "five times")
_EDITS: Final = ("edit", "2 edits", "3 edits", "4 edits", "5 edits")
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth")
_COUNT: Final = ("Step back {times}.", "Undo the last {edits}.", "Roll back {times}.")
_COUNT_AND: Final = (
    'Step back {times}, then do this: "{new}"',
    'Roll back {times} and then do this: "{new}"',
    'Undo the last {edits}. Then do this: "{new}"',
)
_GIVEN: Final = ("Forget all edits: show me my own picture again.", "Show me the picture that I gave you.")
_MADE: Final = ("Show me the {which} picture that you made.", "Go back to the {which} picture you made.")
_GIVEN_AND: Final = (
    'Start from scratch with the picture I gave you: "{new}"',
    'Forget all edits and begin again. On my own picture, do this: "{new}"',
)
_MADE_AND: Final = (
    'Start over from the {which} picture that you made: "{new}"',
    'Begin again with the {which} picture you made, and do this: "{new}"',
)
_BEFORE: Final = (
    'Go back to the picture just before you did this: "{old}"',
    'Show me the picture as it was before this edit: "{old}"',
)
_AFTER: Final = (
    'Go back to the picture just after you did this: "{old}"',
    'Show me the picture as it was right after this edit: "{old}"',
)
_INSTEAD: Final = (
    'Instead of this: "{old}", do this: "{new}"',
    'Not this: "{old}". Do this in its place: "{new}"',
)
_UNDO: Final = ("Undo that.", "Take the last edit back.", "Give me the picture before that one.")
REPLY: Final = "Here it is."
MAX_EDITS: Final = len(_TIMES)
_CARRIED_OUT: Final = 'Was this request carried out in the picture in question? "{words}"'


def control(chain: Chain) -> Scored:
    """The last edit of the chain, which needs no memory: all states are candidates."""
    k = len(chain.instructions)
    return _state(chain, CONTROL_FAMILY, 1, k, range(k + 1))


def _state(chain: Chain, family: str, depth: int, right: int, candidates: range) -> Scored:
    check = StateCheck(
        states=tuple(chain.states[index] for index in candidates),
        right=candidates.index(right),
        exact=chain.states[right],
    )
    return Scored(family=family, depth=depth, chance=1 / len(candidates), check=check)


def _recall(chain: Chain, family: str, words: str, base: int, right: int, first: int) -> BenchRound:
    """One round that reaches back to state `base` and ends at state `right`, which is one of those from
    `first` on that are behind the present one.
    """
    k = len(chain.instructions)
    scored = _state(chain, family, _depth(k, base), right, range(first, k))
    return BenchRound(say=words, after=k - 1, target=chain.states[right], reply=REPLY, scored=scored)


def _depth(now: int, base: int) -> int:
    """Rounds from where state `base` was shown (state 0 and 1 both in round 0) to round `now`."""
    return now - max(base - 1, 0)


Made = tuple[BenchRound, ...]


def _step_back(chain: Chain, rng: np.random.Generator) -> Made:
    """Back by count."""
    return tuple(
        _recall(chain, "step_back", _say(rng, _COUNT, chain, base), base, base, first=0)
        for base in range(len(chain.instructions))
    )


def _step_back_and(chain: Chain, rng: np.random.Generator) -> Made:
    """Back by count, then the edit that had followed there, once more."""
    return _again(chain, rng, "step_back", _COUNT_AND, _COUNT_AND)


def _from_scratch(chain: Chain, rng: np.random.Generator) -> Made:
    """Back to the user's picture or to the n-th that was made."""
    return tuple(
        _recall(chain, "from_scratch", _say(rng, _MADE if base else _GIVEN, chain, base), base, base, first=0)
        for base in range(len(chain.instructions))
    )


def _from_scratch_and(chain: Chain, rng: np.random.Generator) -> Made:
    """The same, then the edit that had followed there, once more."""
    return _again(chain, rng, "from_scratch", _GIVEN_AND, _MADE_AND)


def _again(
    chain: Chain, rng: np.random.Generator, family: str, first: Sequence[str], later: Sequence[str]
) -> Made:
    """Back to each state but the last two, and one edit on from there; `first` is said of the first state."""
    k = len(chain.instructions)
    return tuple(
        _recall(
            chain,
            family,
            _say(rng, later if base else first, chain, base, new=chain.instructions[base]),
            base,
            base + 1,
            first=1,
        )
        for base in range(k - 1 if k > 2 else 0)  # one candidate is no choice
    )


def _before_or_after(chain: Chain, rng: np.random.Generator) -> Made:
    """Back to a state that is named by an edit next to it."""
    made = []
    for base in range(len(chain.instructions)):
        if base and rng.integers(2):
            words = _say(rng, _AFTER, chain, base, old=chain.instructions[base - 1])
        else:
            words = _say(rng, _BEFORE, chain, base, old=chain.instructions[base])
        made.append(_recall(chain, "before_or_after", words, base, base, first=0))
    return tuple(made)


def _fork(chain: Chain, rng: np.random.Generator) -> Made:
    """Forks behind each earlier round, where the last edit is another one than in the main line."""
    k = len(chain.instructions)
    return tuple(
        BenchRound(
            say=_say(rng, _UNDO, chain, at),
            after=at,
            target=chain.states[at],
            reply=REPLY,
            scored=_state(chain, "fork_picture", _depth(at + 1, at), at, range(k - 1)),
        )
        for at in range(k - 1 if k > 2 else 0)
    )


def _looked_at(chain: Chain, rng: np.random.Generator) -> Made:
    """An edit on an earlier state that the chain does not hold: those that the data set has beside the chain,
    and the last edit without those before it. A judge looks.
    """
    k = len(chain.instructions)
    made = []
    for base, new, target in chain.branches:
        if base < k:
            family, forms = ("instead_of", _INSTEAD) if base == k - 1 else ("step_back", _COUNT_AND)
            words = _say(rng, forms, chain, base, new=new, old=chain.instructions[-1])
            undone = chain.instructions[base:]
            made.append(_looked(chain, family, words, base, new, undone=undone, target=target))
    for base in range(k - 1):
        if independent(chain.instructions, base):
            words = _say(rng, _COUNT_AND, chain, base, new=chain.instructions[-1])
            undone = chain.instructions[base:-1]
            new = chain.instructions[-1]
            made.append(_looked(chain, "step_back", words, base, new, undone=undone, target=None))
    return tuple(made)


def _looked(
    chain: Chain,
    family: str,
    words: str,
    base: int,
    new: str,
    *,
    undone: Sequence[str],
    target: Picture | None,
) -> BenchRound:
    """One round with the questions: from which state, is the new edit there, are the undone ones gone."""
    k = len(chain.instructions)
    questions = (
        (WHICH_SOURCE, str(base + 1)),
        (_CARRIED_OUT.format(words=quoted(new)), YES),
        *((_CARRIED_OUT.format(words=quoted(old)), NO) for old in undone),
    )
    scored = Scored(
        family=family,
        depth=_depth(k, base),
        chance=(1 / k + 0.5 * (len(questions) - 1)) / len(questions),
        check=LookCheck(questions=questions, pictures=chain.states[:k]),
    )
    return BenchRound(say=words, after=k - 1, target=target, reply=REPLY, scored=scored)


# By kind: what is said after one chain, each from the same place; empty where the chain is too short for it.
FAMILIES: Final[dict[str, Callable[[Chain, np.random.Generator], Made]]] = {
    "step_back": _step_back,
    "step_back_and": _step_back_and,
    "from_scratch": _from_scratch,
    "from_scratch_and": _from_scratch_and,
    "before_or_after": _before_or_after,
    "fork": _fork,
    "looked_at": _looked_at,
}
# Kinds that only a vision-language judge can score.
JUDGED: Final = frozenset({"looked_at"})


def _say(
    rng: np.random.Generator, forms: Sequence[str], chain: Chain, base: int, *, new: str = "", old: str = ""
) -> str:
    back = len(chain.instructions) - base
    return forms[int(rng.integers(len(forms)))].format(
        times=_TIMES[back - 1],
        edits=_EDITS[back - 1],
        which=_ORDINALS[base - 1] if base else "",
        new=quoted(new),
        old=quoted(old),
    )
