"""Explicit addresses for the model that reads history by itself: "reply to picture 2", "@Mia".

A picture that is pointed at is given again, and read as the very tokens that it was painted from, so that it
does not drift on the way through the encoder. Knows rounds and pictures' numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from limner.dialogue.parts import Instruction, Picture, Round
from limner.inference.conversation_state import RoundState
from limner.inference.saying import MAX_IMAGES

if TYPE_CHECKING:
    from torch import Tensor

# "Picture 2: add a bird" and "@picture2 add a bird"; other ways of saying it are the model's to understand.
_PICTURE: Final = re.compile(
    r"(?:@(?:picture|image|photo) ?#?|(?:in |take )?(?:picture|image|photo) (?:number |no\.? ?"
    r"|#)?)(?P<n>\d{1,4})"
    r"\s*[:,]\s*|@(?:picture|image|photo) ?#?(?P<m>\d{1,4})\s+",
    re.IGNORECASE,
)
_HANDLE: Final = re.compile(r"(?<![\w@.])@(?=[^\W\d_])")


def pointed_at(
    instruction: Instruction,
    target: int | None,
    *,
    rounds: Sequence[Round],
    states: Sequence[RoundState],
    know: Callable[[Picture, Tensor], None],
) -> Instruction:
    """The instruction with picture `target` of these rounds given first; handles lose their sign. The tokens
    that it was painted from are told to `know`. ValueError for a picture that is not there.
    """
    said = instruction.text
    match = _PICTURE.match(said)
    if target is None and match is not None and said[match.end() :].strip():
        target, said = int(match["n"] or match["m"]), said[match.end() :].strip()
    text = _HANDLE.sub("", said) or said
    if target is None:
        return replace(instruction, text=text)
    if len(instruction.pictures) >= MAX_IMAGES:
        raise ValueError(f"With picture {target} that would be more than {MAX_IMAGES} pictures; give fewer.")
    state, picture, is_painted = numbered(rounds, states, target)
    if is_painted and state.image_tokens_KD is not None:
        know(picture, state.image_tokens_KD)
    return replace(instruction, text=text, pictures=(picture, *instruction.pictures))


def numbered(
    rounds: Sequence[Round], states: Sequence[RoundState], target: int
) -> tuple[RoundState, Picture, bool]:
    """Picture `target` of these rounds: what is kept of its round, itself, whether it was painted."""
    found: list[tuple[RoundState, Picture, bool]] = []
    for round_, state in zip(rounds, states, strict=True):
        found += [(state, picture, False) for picture in round_.instruction.pictures]
        if round_.response.picture is not None:
            found.append((state, round_.response.picture, True))
    if not 1 <= target <= len(found):
        raise ValueError(f"There is no picture {target}; this conversation has {len(found)} so far.")
    return found[target - 1]
