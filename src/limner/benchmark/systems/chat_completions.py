"""Systems that speak Chat Completions with pictures: the server keeps nothing, and every request carries the
whole history.

Knows how rounds become messages and where a server's own pictures are put when they are sent back. Knows
nothing about retries or scoring.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from limner.benchmark.systems.protocol import Session, SystemAnswer
from limner.dialogue.parts import Picture
from limner.perception.endpoint.answers import Found, data_url, from_chat
from limner.perception.endpoint.spent import Spent, with_extra
from limner.perception.endpoint.troubles import EndpointError
from limner.perception.endpoint.wire import Wire

if TYPE_CHECKING:
    from limner.benchmark.conversation import BenchConversation

# Where the pictures of earlier answers are put: as they came; in the assistant's messages; or, for servers
# that take pictures from the user only, at the head of the next user message.
PicturesBack = Literal["as they came", "assistant", "user"]

Message = dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class ChatCompletionsSystem:
    """A model behind `POST /chat/completions`. Threads may hold conversations side by side."""

    wire: Wire
    model: str
    extra: Mapping[str, Any] | None = None
    pictures_back: PicturesBack = "as they came"
    spent: Spent = field(default_factory=Spent)

    @property
    def name(self) -> str:
        return f"{self.model} (Chat Completions)"

    def begin(self, conversation: BenchConversation) -> Session:
        """An empty conversation; nothing of `conversation` is looked at."""
        return _Session(self, _Places(), "")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Place:
    """The history up to an answer, and a picture that the next user message has to bring along."""

    messages: tuple[Message, ...] = ()
    bring: tuple[Picture, ...] = ()


class _Places:
    """The places of one conversation by id, shared by its forks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_id: dict[str, _Place] = {"": _Place()}

    def __getitem__(self, id: str) -> _Place:
        with self._lock:
            if id not in self._by_id:
                raise ValueError(f"No answer of this conversation has the id {id!r}.")
            return self._by_id[id]

    def add(self, parent: str, place: _Place) -> str:
        """The id of a new place: of its last two messages, on top of its parent's id."""
        content = json.dumps([parent, *place.messages[-2:]]).encode()
        id = hashlib.sha256(content).hexdigest()[:24]
        with self._lock:
            self._by_id[id] = place
        return id


class _Session:
    def __init__(self, system: ChatCompletionsSystem, places: _Places, at: str) -> None:
        self._system = system
        self._places = places
        self._at = at

    def say(self, text: str, pictures: Sequence[Picture] = ()) -> SystemAnswer:
        """One request. An answer without a usable picture has none; EndpointError when there is no answer."""
        system, start, place = self._system, time.perf_counter(), self._places[self._at]
        asked = (*place.messages, _user(text, pictures, place.bring))
        body = {"model": system.model, "messages": list(asked), "modalities": ["image", "text"]}
        try:
            answer = system.wire.post("/chat/completions", with_extra(body, system.extra))
        except EndpointError as error:
            found = Found(text=system.spent.refused(error))
        else:
            found = from_chat(answer, partial(Wire.get_bytes, system.wire))
            system.spent.add(found)
        self._at = self._places.add(self._at, _after(asked, found, system.pictures_back))
        return SystemAnswer(
            text=found.text, picture=found.picture, id=self._at, seconds=time.perf_counter() - start
        )

    def fork(self, id: str) -> Session:
        """A conversation that continues from the answer `id`; the empty id is the beginning."""
        self._places[id]
        return _Session(self._system, self._places, id)


def _user(text: str, pictures: Sequence[Picture], brought: Sequence[Picture]) -> Message:
    parts = [{"type": "text", "text": "The picture of your last answer:"}] if brought else []
    return {
        "role": "user",
        "content": [*parts, *map(_part, brought), {"type": "text", "text": text}, *map(_part, pictures)],
    }


def _after(asked: tuple[Message, ...], found: Found, back: PicturesBack) -> _Place:
    """The history after an answer, with its picture where the server takes it back."""
    message: Message = {"role": "assistant", "content": found.text}
    if found.picture is None:
        message["content"] = found.text or "(no answer)"  # some servers drop turns without content
        return _Place(messages=(*asked, message))
    if back == "user" or (back == "as they came" and found.place == "words"):
        message["content"] = found.text or "Here is the picture."
        return _Place(messages=(*asked, message), bring=(found.picture,))
    if found.place == "parts":
        words = [{"type": "text", "text": found.text}] if found.text else []
        message["content"] = [*words, _part(found.picture)]
    else:
        message["images"] = [_part(found.picture)]
    return _Place(messages=(*asked, message))


def _part(picture: Picture) -> Message:
    return {"type": "image_url", "image_url": {"url": data_url(picture)}}
