"""What a list of input items asks for: a new instruction, and what it goes on from.

Clients say where a conversation stands in several ways: by `previous_response_id`, by ids of earlier items,
or by sending the whole transcript. Knows items; knows nothing about the store or pictures' bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from limner.server.errors import wrong
from limner.server.pictures.pictures_in import PictureSource, content_of
from limner.server.schemas.shapes import ImageCall, Item, ItemReference, Message, OtherItem

HELD: Final = ("msg_", "ig_", "resp_")  # ids of what has words or a picture; others are passed over
_ITEM_ID: Final = re.compile(r"(?:ig_|msg_|resp_)([0-9a-f]{32})[01]?")


@dataclass(kw_only=True)
class Turn:
    """One round of a transcript: both sides' words and pictures, and its response's id if known."""

    words: list[str] = field(default_factory=list)
    pictures: list[PictureSource] = field(default_factory=list)
    answer_words: list[str] = field(default_factory=list)
    answer_picture: PictureSource | None = None
    id: str | None = None
    is_open: bool = False  # a tool's output stands after the answer's words: more was to come

    @property
    def text(self) -> str:
        return "\n".join(word for word in self.words if word)

    @property
    def answer_text(self) -> str:
        return "\n".join(word for word in self.answer_words if word)

    @property
    def is_answered(self) -> bool:
        return bool(self.answer_words) or self.answer_picture is not None or self.id is not None

    @property
    def is_told(self) -> bool:
        """Whether the transcript itself holds the answer, so that the store need not have it."""
        return bool(self.answer_words) or self.answer_picture is not None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A parsed input: the turns so far, oldest first, and the new instruction; `shown` is the response whose
    picture the instruction points at.
    """

    before: tuple[Turn, ...]
    text: str
    pictures: tuple[PictureSource, ...]
    shown: str | None = None


def item_ids(response_id: str) -> tuple[str, str, str]:
    """The ids of a response's instruction, picture and words as items."""
    digits = response_id.removeprefix("resp_")
    return f"msg_{digits}0", f"ig_{digits}", f"msg_{digits}1"


def response_of_item(item_id: str) -> str | None:
    """The response that an item of ours belongs to; None for an id of anything else."""
    match = _ITEM_ID.fullmatch(item_id)
    return f"resp_{match.group(1)}" if match else None


def read_input(given: str | Sequence[Item]) -> Reading:
    """The new instruction, which is the last turn of the user's, and what came before it. ApiError 400."""
    if isinstance(given, str):
        return Reading(before=(), text=given, pictures=())
    turns = read_turns(given)
    if not turns or not (turns[-1].words or turns[-1].pictures):
        others = sorted({item.type for item in given if isinstance(item, OtherItem)})
        only = f"; items of type {', '.join(others)[:120]} are passed over" if others else ""
        raise wrong(f"The input has no message of the user's to answer{only}.", param="input")
    last = turns.pop()
    if (last.answer_words and not last.is_open) or (last.answer_picture is not None and last.id is None):
        raise wrong("The last message of the input must be the user's.", param="input")
    return Reading(before=tuple(turns), text=last.text, pictures=tuple(last.pictures), shown=last.id)


def read_turns(items: Sequence[Item]) -> list[Turn]:
    """Items as turns, oldest first; the last may lack its answer. ApiError 400."""
    turns: list[Turn] = []
    for index, item in enumerate(items):
        param = f"input[{index}]"
        if isinstance(item, Message):
            _read_message(turns, item, param)
        elif isinstance(item, ImageCall):
            turn = _answering(turns)
            turn.id = response_of_item(item.id) or turn.id
            if item.result:
                turn.answer_picture = PictureSource(url=f"data:image/png;base64,{item.result}")
            if not turn.is_answered:
                raise wrong(
                    f"There is no image {item.id[:60]!r}; send its result, or the id of one of ours.",
                    param=param,
                    code="not_found",
                )
        elif isinstance(item, ItemReference):
            found = response_of_item(item.id)
            if found is None and not item.id.startswith(HELD):
                continue  # a call or a thought of another model
            if found is None:
                raise wrong(
                    f"There is no item {item.id[:60]!r}; send the item itself.", param=param, code="not_found"
                )
            _answering(turns).id = found
        elif turns and item.type.endswith("_output"):
            turns[-1].is_open = True
    return turns


def _read_message(turns: list[Turn], message: Message, param: str) -> None:
    if message.role in ("system", "developer", "tool"):
        return
    parts = message.content
    try:
        content = content_of(
            parts if isinstance(parts, str) else [part.model_dump() for part in parts],
            name=f"{param}.content",
            is_answer=message.role == "assistant",
        )
    except ValueError as error:
        raise wrong(str(error), param=param) from None
    if message.role == "user":
        if not turns or turns[-1].is_answered:
            turns.append(Turn())
        turns[-1].words.append(content.text)
        turns[-1].pictures.extend(content.pictures)
        return
    turn = _answering(turns)
    turn.is_open = False
    turn.answer_words += [content.text] if content.text else []
    turn.answer_picture = content.pictures[-1] if content.pictures else turn.answer_picture
    turn.id = (response_of_item(message.id) if message.id else None) or turn.id


def _answering(turns: list[Turn]) -> Turn:
    if not turns:
        turns.append(Turn())
    return turns[-1]
