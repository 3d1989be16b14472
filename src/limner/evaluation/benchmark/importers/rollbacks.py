"""Benchmark conversations on real pictures: a chain of edits, then one round that reaches back (Section
3.3.3).

Knows the phrases, what each means on a chain A0 -> A1 -> ... -> Ak, and whether its result is a picture of
the chain (then it is known exactly) or has to be looked at. Knows nothing about files and data sets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import cv2
import numpy as np

from limner.dialogue.parts import Picture
from limner.evaluation.benchmark.conversation import (
    CONTROL_FAMILY,
    BenchConversation,
    BenchRound,
    LookCheck,
    Scored,
    StateCheck,
)
from limner.evaluation.benchmark.importers.sessions import Chain
from limner.evaluation.benchmark.looking import NO, WHICH_SOURCE, YES

_TIMES: Final = {1: "once", 2: "two times", 3: "three times", 4: "four times", 5: "five times"}
_STEP_BACK: Final = ("Step back {times}.", "Go back: undo the last {n} edits.", "Roll back {times}.")
_STEP_BACK_AND: Final = (
    'Step back {times}, then do this: "{new}"',
    'Roll back {times} and then do this: "{new}"',
    'Undo the last {n} edits. Then do this: "{new}"',
)
_FROM_SCRATCH: Final = (
    'Start from scratch with the picture I gave you: "{new}"',
    'Go back to my own picture, then do this: "{new}"',
    'Forget all edits and begin again. On my picture, do this: "{new}"',
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
_REPLY: Final = "Here it is."
_UPLOAD: Final = "Here is a picture. {first}"

_CELLS = 64
_DIFFERENT_LEVELS = 24
_DIFFERENT_CELLS = 6
_COMMON_WORDS: Final = frozenset(
    re.findall(
        r"\S+",
        "make change replace remove have with that this into from picture image photo left right side there "
        "them they could would should what where turn take give more instead color colour let's under over "
        "front behind next only also some will without whole the and let add put his her its has for are not "
        "can you out off all one get was new",
    )
)


def conversations_of(
    chain: Chain, rng: np.random.Generator, *, num: int, used: dict[str, int], judged: bool
) -> list[BenchConversation]:
    """Up to `num` conversations on one chain, of the families that `used` counts least; `used` is updated.

    Args:
        chain: two edits or more.
        rng: draws phrases, depths, and the order of equally used families.
        num: how many at most.
        used: family -> how many conversations have it already.
        judged: also make rounds whose result only a vision-language judge can tell.

    ValueError when no round that reaches back can be told from the others, with the reason.
    """
    if len(chain.instructions) < 2:
        raise ValueError("it has one edit, and reaching back needs two")
    if len({words.casefold().strip() for words in chain.instructions}) < len(chain.instructions):
        raise ValueError("it says one thing twice, so that naming an edit does not tell which")
    _check_states(chain.states)
    drawn = [
        (family, made)
        for family, make in _FAMILIES.items()
        if (judged or family not in _JUDGED) and (made := make(chain, rng)) is not None
    ]
    order = rng.permutation(len(drawn)).tolist()
    chosen = [drawn[i] for i in sorted(order, key=lambda index: used.get(drawn[index][0], 0))[:num]]
    for family, _ in chosen:
        used[family] = used.get(family, 0) + 1
    return [_conversation(chain, family, made) for family, made in chosen]


def _conversation(chain: Chain, family: str, made: BenchRound) -> BenchConversation:
    assert made.scored is not None
    return BenchConversation(
        name=f"{chain.name}-{family}",
        family=made.scored.family,
        given="uploaded",
        rounds=(*_edits(chain), made),
        size_px=max(chain.states[0].width_px, chain.states[0].height_px),
        facts={"real": True, "edits": len(chain.instructions)},
    )


def _edits(chain: Chain) -> Iterator[BenchRound]:
    """The chain as it is told: one edit a round, the last of them scored as the Markov control."""
    last = len(chain.instructions) - 1
    for index, words in enumerate(chain.instructions):
        told = _sentence(words)
        yield BenchRound(
            say=told if index else _UPLOAD.format(first=told),
            after=index - 1,
            pictures=() if index else (chain.states[0],),
            target=chain.states[index + 1],
            reply=_REPLY,
            scored=_state(chain, CONTROL_FAMILY, 1, last + 1) if index == last else None,
        )


def _state(chain: Chain, family: str, depth: int, right: int) -> Scored:
    check = StateCheck(states=chain.states, right=right, exact=chain.states[right])
    return Scored(family=family, depth=depth, chance=1 / len(chain.states), check=check)


def _recall(chain: Chain, family: str, words: str, base: int, right: int) -> BenchRound:
    """One round that reaches back to state `base` and ends at state `right`."""
    k = len(chain.instructions)
    scored = _state(chain, family, k - max(base - 1, 0), right)
    return BenchRound(say=words, after=k - 1, target=chain.states[right], reply=_REPLY, scored=scored)


def _branched(chain: Chain, family: str, words: str, branch: tuple[int, str, Picture]) -> BenchRound | None:
    """One round that reaches back and does an edit whose result the data set holds."""
    base, _, picture = branch
    states = (*chain.states, picture)
    try:
        _check_states(states)
    except ValueError:
        return None
    k = len(chain.instructions)
    check = StateCheck(states=states, right=len(states) - 1, exact=picture)
    scored = Scored(family=family, depth=k - max(base - 1, 0), chance=1 / len(states), check=check)
    return BenchRound(say=words, after=k - 1, target=picture, reply=_REPLY, scored=scored)


Made = BenchRound | None


def _step_back(chain: Chain, rng: np.random.Generator) -> Made:
    """Back by count, to a state that is neither the last nor the user's own picture."""
    k = len(chain.instructions)
    if k < 3:
        return None
    back = int(rng.integers(2, min(k - 1, 5) + 1))
    return _recall(chain, "step_back", _say(rng, _STEP_BACK, back=back), k - back, k - back)


def _step_back_and(chain: Chain, rng: np.random.Generator) -> Made:
    """Back by count and an edit again: the data set's own where it holds one, else the chain's own."""
    k = len(chain.instructions)
    branches = [branch for branch in chain.branches if 0 <= branch[0] <= k - 2 and k - branch[0] in _TIMES]
    if branches:
        branch = branches[int(rng.integers(len(branches)))]
        words = _say(rng, _STEP_BACK_AND, back=k - branch[0], new=branch[1])
        return _branched(chain, "step_back", words, branch)
    back = int(rng.integers(2, min(k, 5) + 1))
    words = _say(rng, _STEP_BACK_AND, back=back, new=chain.instructions[k - back])
    return _recall(chain, "step_back", words, k - back, k - back + 1)


def _undo(chain: Chain, rng: np.random.Generator) -> Made:
    k = len(chain.instructions)
    return _recall(chain, "step_back", _say(rng, _UNDO), k - 1, k - 1)


def _from_scratch(chain: Chain, rng: np.random.Generator) -> Made:
    return _recall(
        chain, "from_scratch", _say(rng, _FROM_SCRATCH, new=chain.instructions[0]), base=0, right=1
    )


def _before(chain: Chain, rng: np.random.Generator) -> Made:
    j = int(rng.integers(2, len(chain.instructions) + 1))
    words = _say(rng, _BEFORE, old=chain.instructions[j - 1])
    return _recall(chain, "before_or_after", words, j - 1, j - 1)


def _after(chain: Chain, rng: np.random.Generator) -> Made:
    j = int(rng.integers(1, len(chain.instructions)))
    words = _say(rng, _AFTER, old=chain.instructions[j - 1])
    return _recall(chain, "before_or_after", words, j, j)


def _instead(chain: Chain, rng: np.random.Generator) -> Made:
    """An edit of the last state but one that the data set holds beside the chain's own."""
    k = len(chain.instructions)
    branches = [branch for branch in chain.branches if branch[0] == k - 1]
    if not branches:
        return None
    branch = branches[int(rng.integers(len(branches)))]
    words = _say(rng, _INSTEAD, old=chain.instructions[-1], new=branch[1])
    return _branched(chain, "instead_of", words, branch)


def _fork(chain: Chain, rng: np.random.Generator) -> Made:
    """A fork behind an inner round, where the last edit is another one than in the main line."""
    k = len(chain.instructions)
    if k < 3:
        return None
    at = int(rng.integers(1, k - 1))
    scored = _state(chain, "fork_picture", 2, at)
    words = _say(rng, _UNDO)
    return BenchRound(say=words, after=at, target=chain.states[at], reply=_REPLY, scored=scored)


def _looked_at(chain: Chain, rng: np.random.Generator) -> Made:
    """Back by count, then the last edit on that state: no data set has the picture, so that a judge looks."""
    k = len(chain.instructions)
    backs = [back for back in range(2, min(k, 5) + 1) if _independent(chain.instructions, k - back)]
    if not backs:
        return None
    back = backs[int(rng.integers(len(backs)))]
    new, base = chain.instructions[-1], k - back
    questions = [
        (WHICH_SOURCE, str(base + 1)),
        (f'Was this request carried out in the picture in question? "{new}"', YES),
        *(
            (f'Was this request carried out in the picture in question? "{words}"', NO)
            for words in chain.instructions[base : k - 1]
        ),
    ]
    chance = (1 / k + 0.5 * (len(questions) - 1)) / len(questions)
    check = LookCheck(questions=tuple(questions), pictures=chain.states[:k])
    scored = Scored(family="step_back", depth=k - max(base - 1, 0), chance=chance, check=check)
    words = _say(rng, _STEP_BACK_AND, back=back, new=new)
    return BenchRound(say=words, after=k - 1, reply=_REPLY, scored=scored)


_FAMILIES: Final[dict[str, Callable[[Chain, np.random.Generator], Made]]] = {
    "step_back": _step_back,
    "step_back_and": _step_back_and,
    "undo": _undo,
    "from_scratch": _from_scratch,
    "before": _before,
    "after": _after,
    "instead": _instead,
    "fork": _fork,
    "looked_at": _looked_at,
}
_JUDGED: Final = frozenset({"looked_at"})


def _say(
    rng: np.random.Generator, phrases: Sequence[str], *, back: int = 0, new: str = "", old: str = ""
) -> str:
    fitting = phrases if back != 1 else [phrase for phrase in phrases if "{n}" not in phrase]
    phrase = fitting[int(rng.integers(len(fitting)))]
    return phrase.format(times=_TIMES.get(back, ""), n=back, new=_quoted(new), old=_quoted(old))


def _sentence(words: str) -> str:
    words = " ".join(words.split())
    words = words[0].upper() + words[1:]
    return words if words[-1] in ".!?" else f"{words}."


def _quoted(words: str) -> str:
    return _sentence(words).replace('"', "'") if words.strip() else ""


def _independent(instructions: Sequence[str], base: int) -> bool:
    """Whether the last edit makes sense without those from `base` on: they share no word with a meaning."""
    last = _meanings(instructions[-1])
    return all(not last & _meanings(words) for words in instructions[base:-1])


def _meanings(words: str) -> set[str]:
    found = re.findall(r"[a-z']{3,}", words.casefold())
    return {word.removesuffix("s") for word in found if word not in _COMMON_WORDS}


def _check_states(states: Sequence[Picture]) -> None:
    """ValueError when two states look alike, so that no answer could be told to be nearer to one of them."""
    small = [
        cv2.resize(state.pixels, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA).astype(np.int16)
        for state in states
    ]
    for one in range(len(small)):
        for other in range(one):
            different = np.abs(small[one] - small[other]).max(-1) > _DIFFERENT_LEVELS
            if different.sum() < _DIFFERENT_CELLS:
                raise ValueError(f"its pictures {other} and {one} look alike")
