"""A transcript in Chat Completions' shape as turns, and the labels by which a turn's round is found again.

Knows messages, the marker beside a picture, and what clients leave out. Knows no store and no endpoint.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from limner.server.pictures.pictures_in import Content, PictureSource, content_of, picture_source

# A link definition that leads nowhere: Markdown shows nothing of it, and clients send it back as it is.
# White space before it is taken away apart from this: a search for it would begin anew at every blank.
_MARKER: Final = re.compile(r"\[limner\]: # \((resp_[0-9a-f]{32})\)")
MARK: Final = "[limner]: # ("
UNREAD_ROLES: Final = ("system", "developer", "tool", "function")


@dataclass(kw_only=True)
class ChatTurn:
    """What the user said and, if it was sent, the answer. `id` is the round's, from a marker in it."""

    text: str
    pictures: list[PictureSource] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    answer_picture: PictureSource | None = None
    id: str | None = None
    is_answered: bool = False

    @cached_property
    def answer(self) -> str | None:
        """The answer's words, None when there was no answer. Asked for when all of it has been read."""
        return "\n".join(part for part in self.answers if part) if self.is_answered else None


def marker(response_id: str) -> str:
    """What stands beside a picture, so that the round is found again: a short text, unseen in Markdown."""
    return f"\n\n{MARK}{response_id})"


def without_markers(text: str) -> tuple[str, str | None]:
    """The text as it was, and the id that its last marker names."""
    if MARK not in text:
        return text, None
    pieces = _MARKER.split(text)  # text, id, text, id, ... text
    if len(pieces) == 1:
        return text, None
    return "".join([*(piece.rstrip() for piece in pieces[:-1:2]), pieces[-1]]), pieces[-2]


def read_messages(messages: Sequence[Any]) -> list[ChatTurn]:
    """Messages as turns; the last is the new one, without an answer. ValueError says what is wrong.

    Messages of the system and of tools are passed over, and so is a greeting before the user's first words.
    Each message of the user is a turn: clients drop answers that were pictures alone.
    """
    turns: list[ChatTurn] = []
    for index, message in enumerate(messages):
        if message.role in UNREAD_ROLES:
            continue
        is_answer = message.role == "assistant"
        content = content_of(message.content, name=f"messages[{index}].content", is_answer=is_answer)
        if message.role == "user":
            text, _ = without_markers(content.text)
            turns.append(ChatTurn(text=text.strip(), pictures=list(content.pictures)))
        elif turns:
            _read_answer(turns[-1], content, message.images or [])
    if not turns:
        raise ValueError("There is no message of the user's to answer.")
    if messages[-1].role == "assistant":
        raise ValueError("The last message must be the user's.")
    return turns


def _read_answer(turn: ChatTurn, content: Content, images: Sequence[Any]) -> None:
    text, id = without_markers(content.text)
    pictures = [*content.pictures, *map(picture_source, images)]
    if not text.strip() and not pictures and id is None:
        return
    turn.is_answered = True
    turn.answers.append(text.strip())
    turn.answer_picture = pictures[-1] if pictures else turn.answer_picture
    turn.id = id or turn.id


def labels_of(turns: Sequence[ChatTurn]) -> dict[str, str]:
    """The labels of the last turn's round: what the user asked so far, and what both sides said before the
    answer. Two histories have equal labels only if every word and every file in them is equal.
    """
    return all_labels(turns)[-1]


def all_labels(turns: Sequence[ChatTurn]) -> list[dict[str, str]]:
    """`labels_of` of each beginning of a transcript, in one pass over it."""
    asked, told = hashlib.sha256(b"asked"), hashlib.sha256(b"told")
    labels = []
    for turn in turns:
        pictures = [_name(source) for source in turn.pictures]
        for digest in (asked, told):
            _feed(digest, "user", turn.text, *pictures)
        labels.append({"chat_asked": asked.hexdigest(), "chat_told": told.hexdigest()})
        _feed(told, "assistant", turn.answer or "")
    return labels


def _feed(digest: Any, *words: str) -> None:
    """Each word with its length, so that no two lists of words run together alike."""
    for word in (str(len(words)), *words):
        data = word.encode("utf-8", "surrogatepass")
        digest.update(f"{len(data)}:".encode() + data)


def _name(source: PictureSource) -> str:
    """A file's own bytes name it; they say its size and mode, which pixels alone would not."""
    held = f"url {source.url}" if source.url is not None else f"file {source.file_id}"
    return hashlib.sha256(held.encode("utf-8", "surrogatepass")).hexdigest()
