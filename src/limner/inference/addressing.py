"""Explicit addresses for the model that reads history by itself: "reply to picture 2", "@Mia".

A picture that is pointed at is given again, and read as the very tokens that it was painted from, so that it
does not drift on the way through the encoder. Knows conversations and pictures' numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from limner.dialogue.parts import Instruction, Picture
from limner.inference.saying import MAX_IMAGES

if TYPE_CHECKING:
    from limner.inference.conversation import Conversation
    from limner.store.records import StoredRound

# "Picture 2: add a bird" and "@picture2 add a bird"; other ways of saying it are the model's to understand.
_PICTURE: Final = re.compile(
    r"(?:@(?:picture|image|photo) ?#?|(?:in |take )?(?:picture|image|photo) (?:number |no\.? ?"
    r"|#)?)(?P<n>\d{1,4})"
    r"\s*[:,]\s*|@(?:picture|image|photo) ?#?(?P<m>\d{1,4})\s+",
    re.IGNORECASE,
)
_HANDLE: Final = re.compile(r"(?<![\w@.])@(?=[^\W\d_])")


def pointed_at(talk: Conversation, instruction: Instruction, target: int | None) -> Instruction:
    """The instruction with picture `target` given first; handles lose their sign. ValueError for a picture
    that is not there.
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
    node_id, picture, is_painted = numbered(talk, target)
    tokens_KD = talk.states[node_id].image_tokens_KD
    if is_painted and tokens_KD is not None:
        talk.painter.know(picture, tokens_KD, talk.salt)
    return replace(instruction, text=text, pictures=(picture, *instruction.pictures))


def numbered(talk: Conversation, target: int) -> tuple[str, Picture, bool]:
    """Picture `target` of a conversation: its round's node, itself, whether it was painted."""
    found: list[tuple[str, Picture, bool]] = []
    for node_id, round_ in zip(talk.tree.path_ids(talk.head), talk.rounds, strict=True):
        found += [(node_id, picture, False) for picture in round_.instruction.pictures]
        if round_.response.picture is not None:
            found.append((node_id, round_.response.picture, True))
    if not 1 <= target <= len(found):
        raise ValueError(f"There is no picture {target}; this conversation has {len(found)} so far.")
    return found[target - 1]


def picture_number(path: Sequence[StoredRound], reply_to: int | str | None) -> int | None:
    """The number of the picture that is meant on a line of rounds, given as itself or by its round's id.

    ValueError when the line has no such round, or the round no picture.
    """
    if reply_to is None or isinstance(reply_to, int):
        return reply_to
    number = 0
    for stored in path:
        number += len(stored.pictures_in) + (stored.picture is not None)
        if stored.id == reply_to:
            if stored.picture is None:
                raise ValueError(f"The round {reply_to} has no picture to reply to.")
            return number
    raise ValueError(
        f"The round {reply_to[:60]} is not on this line of the conversation; go on from it instead."
    )
