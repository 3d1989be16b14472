"""Systems that speak the Responses API: the server keeps the history, and an earlier reply's id is a place in
it.

Knows `previous_response_id` and the tool `image_generation`. Knows nothing about retries or scoring.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from limner.benchmark.systems.protocol import Session, SystemAnswer
from limner.dialogue.parts import Picture
from limner.perception.endpoint.answers import data_url, from_response
from limner.perception.endpoint.spent import Spent, with_extra
from limner.perception.endpoint.troubles import POLICY_CODES, EndpointError
from limner.perception.endpoint.wire import Wire

if TYPE_CHECKING:
    from limner.benchmark.conversation import BenchConversation

TOOL = {"type": "image_generation"}


@dataclass(frozen=True, kw_only=True, eq=False)
class ResponsesSystem:
    """A model behind `POST /responses`. Threads may hold conversations side by side."""

    wire: Wire
    model: str
    extra: Mapping[str, Any] | None = None
    spent: Spent = field(default_factory=Spent)

    @property
    def name(self) -> str:
        return f"{self.model} (Responses)"

    def begin(self, conversation: BenchConversation) -> Session:
        """An empty conversation; nothing of `conversation` is looked at."""
        return _Session(self, None)


class _Session:
    def __init__(self, system: ResponsesSystem, previous: str | None) -> None:
        self._system = system
        self._previous = previous

    def say(self, text: str, pictures: Sequence[Picture] = ()) -> SystemAnswer:
        """One request. An answer without a usable picture has none; EndpointError when there is no answer."""
        system, start = self._system, time.perf_counter()
        try:
            answer = system.wire.post("/responses", self._body(text, pictures))
        except EndpointError as error:
            why = system.spent.refused(error)
            # No id came back, so that the next round continues from the one before.
            return SystemAnswer(text=why, id=self._previous or "", seconds=time.perf_counter() - start)
        _check(answer, system.wire.url)
        found = from_response(answer)
        system.spent.add(found)
        self._previous = answer["id"]
        return SystemAnswer(
            text=found.text, picture=found.picture, id=answer["id"], seconds=time.perf_counter() - start
        )

    def fork(self, id: str) -> Session:
        """A conversation that continues from the answer `id`; the empty id is the beginning."""
        return _Session(self._system, id or None)

    def _body(self, text: str, pictures: Sequence[Picture]) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "input_text", "text": text}]
        content += [{"type": "input_image", "image_url": data_url(picture)} for picture in pictures]
        body: dict[str, Any] = {
            "model": self._system.model,
            "input": [{"type": "message", "role": "user", "content": content}],
            "tools": [TOOL],
            "store": True,
        }
        if self._previous is not None:
            body["previous_response_id"] = self._previous
        return with_extra(body, self._system.extra)


def _check(answer: Mapping[str, Any], url: str) -> None:
    if not isinstance(answer.get("id"), str) or not answer["id"]:
        raise EndpointError(f"{url}/responses answered without an id; this is no Responses API.")
    error = answer.get("error")
    if answer.get("status") in ("failed", "cancelled") and isinstance(error, dict):
        if error.get("code") not in POLICY_CODES:
            told = " ".join(str(error.get("message")).split())[:200]
            raise EndpointError(f"{url}/responses failed ({told}); look at the server's log.")
    elif answer.get("status") in ("queued", "in_progress"):
        raise EndpointError(f"{url}/responses answers before it is done; turn background work off.")
