"""A transcript in Chat Completions' shape as turns, and the labels by which a turn's round is found again.

Knows messages, the marker beside a picture, and what clients leave out. Knows no store and no endpoint.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from limner.app.server.pictures_in import Content, PictureSource, content_of, picture_source

# A link definition that leads nowhere: Markdown shows nothing of it, and clients send it back as it is.
_MARKER: Final = re.compile(r"\s*\[limner\]: # \((resp_[0-9a-f]{32})\)")
UNREAD_ROLES: Final = ("system", "developer", "tool", "function")


@dataclass(kw_only=True)
class ChatTurn:
    """What the user said and, if it was sent, what was answered. `id` is the round's, from a marker."""

    text: str
    pictures: list[PictureSource] = field(default_factory=list)
    answer: str | None = None
    answer_picture: PictureSource | None = None
    id: str | None = None


def marker(response_id: str) -> str:
    """What stands beside a picture, so that the round is found again: a short text, unseen in Markdown."""
    return f"\n\n[limner]: # ({response_id})"


def without_markers(text: str) -> tuple[str, str | None]:
    """The text as it was, and the id that its last marker names."""
    ids = _MARKER.findall(text)
    return (_MARKER.sub("", text), ids[-1]) if ids else (text, None)


def read_messages(messages: Sequence[Any]) -> list[ChatTurn]:
    """Messages as turns; the last is the new one, without an answer. ValueError says what is wrong.

    Messages of the system and of tools are passed over, and so is a greeting before the user's first words.
    Each message of the user is a turn: clients drop answers that were pictures alone.
    """
    turns: list[ChatTurn] = []
    for message in messages:
        if message.role in UNREAD_ROLES:
            continue
        content = content_of(message.content)
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
    turn.answer = "\n".join(part for part in (turn.answer, text.strip()) if part)
    turn.answer_picture = pictures[-1] if pictures else turn.answer_picture
    turn.id = id or turn.id


def labels_of(turns: Sequence[ChatTurn]) -> dict[str, str]:
    """The labels of the last turn's round: what the user asked so far, and what both sides said before the
    answer. Two histories have equal labels only if every word and every file in them is equal.
    """
    asked, told = hashlib.sha256(b"asked"), hashlib.sha256(b"told")
    for index, turn in enumerate(turns):
        for digest in (asked, told):
            _feed(digest, "user", turn.text, *map(_name, turn.pictures))
        if index < len(turns) - 1:
            _feed(told, "assistant", turn.answer or "")
    return {"chat_asked": asked.hexdigest(), "chat_told": told.hexdigest()}


def _feed(digest: Any, *words: str) -> None:
    """Each word with its length, so that no two lists of words run together alike."""
    for word in (str(len(words)), *words):
        data = word.encode("utf-8", "surrogatepass")
        digest.update(f"{len(data)}:".encode() + data)


def _name(source: PictureSource) -> str:
    """A file's own bytes name it; they say its size and mode, which pixels alone would not."""
    held = f"url {source.url}" if source.url is not None else f"file {source.file_id}"
    return hashlib.sha256(held.encode("utf-8", "surrogatepass")).hexdigest()
