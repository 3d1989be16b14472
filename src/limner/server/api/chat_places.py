"""Where a chat completion goes on: the round that the client's last answer was.

A client of Chat Completions sends what was said, not where it stands. The round is found from headers that
name the chat and its messages (Open WebUI fills them in), else from the marker beside a picture, else from
the picture itself, else from what was said so far; a transcript that is nowhere to be found is read anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.provenance.origin import node_of_url
from limner.server.api.chat_turns import ChatTurn, all_labels, labels_of
from limner.server.pictures.pictures_in import PictureSource
from limner.service.conversation_service import ConversationService
from limner.service.lookup import RoundLookup
from limner.store.records import NotThere

MAX_REREAD: Final = 50  # rounds of a transcript that are looked for, or read anew: the newest
MAX_HEADER_CHARACTERS: Final = 200
CHAT: Final = ("x-openwebui-chat-id", "x-limner-chat-id")
REPLY: Final = ("x-openwebui-message-id", "x-limner-message-id")
PARENT: Final = ("x-openwebui-user-message-parent-id", "x-limner-parent-id")
TASK: Final = ("x-openwebui-task", "x-limner-task")
SDKS: Final = ("OpenAI/", "AsyncOpenAI/", "AzureOpenAI/", "AsyncAzureOpenAI/")  # how they begin their name


@dataclass(frozen=True, kw_only=True)
class Headers:
    """What the request headers identify: the chat, the requested answer, and the answer before it.

    `parent` None means that no header tells of it; an empty one, that this is a chat's beginning. `is_sdk`:
    a program asks through a library of OpenAI's, and shows words as they are.
    """

    chat: str | None = None
    reply: str | None = None
    parent: str | None = None
    task: str | None = None
    is_sdk: bool = False

    @property
    def needs_marker(self) -> bool:
        """Whether only a marker in the answer can later tell apart several answers with the same words."""
        return self.parent is None and not self.is_sdk


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the new round goes (`previous` None: a beginning), and earlier turns that must be read first."""

    previous: str | None
    unread: tuple[ChatTurn, ...] = ()


def read_headers(headers: Mapping[str, str]) -> Headers:
    """Read the headers that identify a chat; an unfilled template ("{{...}}") counts as absent."""

    def first(names: Sequence[str]) -> str | None:
        for name in names:
            value = headers.get(name)
            if value is not None and len(value) <= MAX_HEADER_CHARACTERS and "{{" not in value:
                return value.strip()
        return None

    return Headers(
        chat=first(CHAT) or None,
        reply=first(REPLY) or None,
        parent=first(PARENT),
        task=first(TASK) or None,
        is_sdk=headers.get("user-agent", "").startswith(SDKS),
    )


def labels_for(headers: Headers, turns: Sequence[ChatTurn]) -> dict[str, str]:
    """What a new round is kept with, so that `find_place` finds it."""
    labels = labels_of(turns)
    if headers.chat is not None:
        labels["chat"] = _hash("chat", headers.chat)
        if headers.reply is not None:
            labels["chat_reply"] = _hash("reply", headers.chat, headers.reply)
    return labels


def find_place(
    service: ConversationService, lookup: RoundLookup, owner: str, headers: Headers, turns: Sequence[ChatTurn]
) -> Place:
    """Find the round that the last turn follows, among this owner's rounds."""
    before = turns[:-1]
    if headers.chat is not None and headers.parent:
        label = {
            "chat": _hash("chat", headers.chat),
            "chat_reply": _hash("reply", headers.chat, headers.parent),
        }
        found = lookup.newest(owner, label)
        if found is not None:
            return Place(previous=found)
    labels = all_labels(before)
    for index in reversed(range(max(0, len(before) - MAX_REREAD), len(before))):
        found = _known(service, lookup, owner, headers, before[index], labels[index])
        if found is not None:
            return Place(previous=found, unread=tuple(before[index + 1 :]))
    return Place(previous=None, unread=tuple(before[-MAX_REREAD:]))


def _known(
    service: ConversationService,
    lookup: RoundLookup,
    owner: str,
    headers: Headers,
    turn: ChatTurn,
    labels: Mapping[str, str],
) -> str | None:
    """The round of a turn, by its marker, by its picture, or by the labels of what was said so far."""
    if turn.id is not None:
        try:
            return service.get(owner, turn.id).id
        except NotThere:
            pass
    if turn.answer_picture is not None:
        node_id = node_of_url(turn.answer_picture.url or "")
        painted = None if node_id is None else service.round_of_node(owner, node_id)
        if painted is not None:
            return painted.id
    told, asked = ({name: labels[name]} for name in ("chat_told", "chat_asked"))
    # A chat that was cloned has a name that no round of it was kept with.
    chats: list[dict[str, str]] = [{}]
    if headers.chat is not None:
        chats.insert(0, {"chat": _hash("chat", headers.chat)})
    for chat in chats:
        found = None
        if turn.answer is not None:
            found = lookup.newest(owner, {**chat, **told}, answer=turn.answer)
        found = found or lookup.newest(owner, {**chat, **asked})
        if found is not None:
            return found
    return None


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A user message without an answer: the client dropped the answer, or there was none."""

    text: str = ""
    pictures: tuple[PictureSource, ...] = ()

    def followed_by(self, turn: ChatTurn) -> Waiting:
        """Both messages joined, as if they had been sent as one."""
        text = "\n".join(part for part in (self.text, turn.text) if part)
        return Waiting(text=text, pictures=(*self.pictures, *turn.pictures))


def read_anew(
    turns: Sequence[ChatTurn],
    read: Callable[[Sequence[PictureSource], int], list[Picture]],
    *,
    max_images: int,
    max_text: int,
) -> tuple[tuple[Round, ...], Waiting]:
    """Turns that no round is known of, as rounds whose answers are known (their words cut at `max_text`), and
    what still waits for an answer.

    Args:
        read: the pictures of sources, of which there may be so many.

    ValueError when one of them cannot be read.
    """
    rounds, waiting = [], Waiting()
    for turn in turns:
        said = waiting.followed_by(turn)
        if turn.answer is None and turn.answer_picture is None:
            waiting = said
            continue
        painted = read([turn.answer_picture], 1) if turn.answer_picture is not None else []
        rounds.append(
            Round(
                instruction=Instruction(
                    text=said.text, pictures=tuple(read(said.pictures[-max_images:], max_images))
                ),
                response=Response(
                    text=(turn.answer or "")[:max_text], picture=painted[0] if painted else None
                ),
            )
        )
        waiting = Waiting()
    return tuple(rounds), waiting


def _hash(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).hexdigest()
