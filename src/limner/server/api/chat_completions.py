"""POST /v1/chat/completions with pictures, both ways, for clients that send the whole transcript each time.

Knows the endpoint, its shapes and its stream. Where a transcript goes on is `chat_places.py`'s business.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from limner.dialogue.parts import Picture, Round
from limner.inference.events import Cancelled, Failed, Wrote
from limner.server.api.chat_places import (
    Headers,
    Waiting,
    find_place,
    labels_for,
    read_anew,
    read_headers,
)
from limner.server.api.chat_turns import ChatTurn, marker, read_messages
from limner.server.api.housekeeping import housekeeping_answer, is_housekeeping
from limner.server.api.people import file_reader
from limner.server.api.routes import check_model, keyed_routes
from limner.server.errors import wrong
from limner.server.pictures.painting import PictureFiles, base64_of, reader_of, sampling_for, tokens_of
from limner.server.pictures.pictures_in import PictureSource
from limner.server.rounds.many_rounds import all_answered, all_events, cancel_all, start_rounds
from limner.server.rounds.round_start import region_asked
from limner.server.rounds.rounds import RunningRound, desk_of, ended_without_answer, told
from limner.server.rounds.streaming import DONE, EventStream, event_bytes
from limner.server.schemas.shapes import (
    A_LIST,
    A_TEXT,
    AN_OBJECT,
    MAX_PARTS,
    SEED,
    FormatAsked,
    LimnerOptions,
    Metadata,
    OneOf,
    Shape,
)
from limner.server.security.auth import Owner
from limner.server.security.bodies import run_reader
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService, Wish
from limner.service.lookup import RoundLookup
from limner.service.service_round import Answered
from limner.store.records import StoredRound

MAX_MESSAGES = 4096
Part = dict[str, Any]
ChatPart = Annotated[Annotated[Part, AN_OBJECT] | Annotated[str, A_TEXT], OneOf]
ChatParts = Annotated[list[ChatPart], Field(max_length=MAX_PARTS, fail_fast=True)]


class ChatMessage(Shape):
    """One message. The assistant's may carry `images`, as this server sends them."""

    role: Literal["user", "assistant", "system", "developer", "tool", "function"]
    content: Annotated[Annotated[str, A_TEXT] | Annotated[ChatParts, A_LIST], OneOf] | None = None
    images: Annotated[list[Part], Field(max_length=MAX_PARTS, fail_fast=True)] | None = None


class ChatStreamOptions(Shape):
    """Stream options; `include_usage` asks for a last chunk with token counts."""

    include_usage: bool | None = None


class ChatLimner(LimnerOptions):
    """`marker`: whether a text by which its round is found again stands beside a picture; by default, where
    a client may need it.
    """

    marker: bool | None = None


class ChatRequest(Shape):
    """POST /v1/chat/completions."""

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MAX_MESSAGES, fail_fast=True)]
    model: str | None = None
    modalities: (
        Annotated[list[Literal["text", "image", "audio"]], Field(max_length=16, fail_fast=True)] | None
    ) = None
    n: int | None = Field(default=None, ge=1)
    stream: bool | None = None
    stream_options: ChatStreamOptions | None = None
    store: bool | None = Field(default=None, description="False: nothing of the round is kept.")
    metadata: Metadata | None = Field(default=None, description="Taken, and not used.")
    user: str | None = None
    seed: int | None = SEED
    response_format: FormatAsked | None = None
    limner: ChatLimner | None = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request after its lookups: the round that is wished for, rounds of the transcript that the store does
    not have, and the form of the answer.
    """

    wish: Wish
    before: tuple[Round, ...]
    with_marker: bool


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/chat/completions."""
    routes = keyed_routes("chat", "/v1/chat")
    desk = ChatDesk(service, settings)

    @routes.post(
        "/completions",
        summary="Answer a transcript",
        response_model=None,
        responses={
            200: {
                "description": "A chat completion, or its chunks.",
                "content": {
                    "application/json": {"schema": {"type": "object"}},
                    "text/event-stream": {"schema": {"type": "string"}},
                },
            }
        },
    )
    async def create(request: Request, body: ChatRequest, owner: Owner) -> Response:
        desk.check(body)
        n = body.n or 1
        headers = read_headers(request.headers)
        with told("messages"):
            turns = await run_reader(read_messages, body.messages)
        if is_housekeeping(turns[-1].text, headers.task):
            return desk.housekeeping(turns[-1].text, headers.task, body)
        settings.limits.check_text(turns[-1].text, param="messages")
        desk_of(request).expect_room(owner, n)
        with told("messages"):
            asked = await run_in_threadpool(desk.look_up, body, headers, turns, owner)
        running = await start_rounds(request, service, asked.wish, n=n, before=asked.before)
        if body.stream:
            with_usage = body.stream_options is not None and bool(body.stream_options.include_usage)
            chunks = desk.chunks(running, asked, with_usage=with_usage)
            return EventStream(chunks, gone=lambda: cancel_all(running))
        answers = await all_answered(request, running)
        return JSONResponse(await run_in_threadpool(desk.completion, answers, asked))

    return routes


class ChatDesk:
    """What the endpoint does with a service."""

    def __init__(self, service: ConversationService, settings: ServerSettings) -> None:
        self.service = service
        self.settings = settings
        self.files = PictureFiles(service, settings)
        self.reader = reader_of(settings)
        self.lookup = RoundLookup(service.store)

    def check(self, body: ChatRequest) -> None:
        """ApiError for what cannot be had, before anything is read."""
        check_model(body.model, self.settings)
        kind = "text" if body.response_format is None else body.response_format.type
        if kind != "text":
            raise wrong(
                f"response_format {kind[:40]!r} is not possible: the model answers in plain words. Leave it "
                "out, or ask for text.",
                param="response_format",
                code="unsupported_value",
            )
        self.settings.limits.check_n(body.n or 1)

    def look_up(self, body: ChatRequest, headers: Headers, turns: Sequence[ChatTurn], owner: str) -> Asked:
        """Find the new instruction and the round that it follows; runs no model. ValueError or ApiError."""
        limits, limner = self.settings.limits, body.limner or ChatLimner()

        def read(sources: Sequence[PictureSource], most: int) -> list[Picture]:
            return self.reader.read(sources, file_reader(self.service, owner), most=most)

        place = find_place(self.service, self.lookup, owner, headers, turns)
        before, waiting = read_anew(
            place.unread, read, max_images=limits.max_images, max_text=limits.max_text
        )
        new = turns[-1]
        limits.check_images(new.pictures, param="messages")
        num_free = limits.max_images - len(new.pictures)
        said = Waiting(
            text=waiting.text, pictures=waiting.pictures[-num_free:] if num_free else ()
        ).followed_by(new)
        keep = body.store is not False
        wish = Wish(
            owner=owner,
            text=said.text if len(said.text) <= limits.max_text else new.text,
            images=read(said.pictures, limits.max_images),
            previous=place.previous,
            seed=body.seed,
            picture=_wants_picture(body.modalities, limner),
            sampling=sampling_for(self.service.painter, limits, steps=limner.steps),
            keep=keep,
            metadata=labels_for(headers, turns),
            region=region_asked(limner),
        )
        with_marker = keep and (headers.needs_marker if limner.marker is None else limner.marker)
        return Asked(wish=wish, before=before, with_marker=with_marker)

    def completion(self, answers: Sequence[Answered], asked: Asked) -> dict[str, Any]:
        """The answers as a chat completion."""
        choices = []
        for index, answer in enumerate(answers):
            message: dict[str, Any] = {
                "role": "assistant",
                "content": answer.round.text_out + self._marker(answer, asked),
                "refusal": None,
            }
            if answer.picture is not None:
                message["images"] = [self._image(answer)]
            choices.append({"index": index, "message": message, "logprobs": None, "finish_reason": "stop"})
        first = answers[0].round
        return {
            **self._head("chat.completion", first.id, first.created),
            "choices": choices,
            "usage": self._usage(answers),
            "limner": [_facts(answer.round) for answer in answers],
        }

    async def chunks(
        self, running: Sequence[RunningRound], asked: Asked, *, with_usage: bool
    ) -> AsyncIterator[bytes]:
        """The answers as they come: words, then the picture with its marker."""
        head = self._head("chat.completion.chunk", running[0].id, running[0].created)
        usage = {"usage": None} if with_usage else {}

        def chunk(index: int, delta: Mapping[str, Any], **more: Any) -> bytes:
            choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": None, **more}
            return event_bytes({**head, "choices": [choice], **usage}, named=False)

        said = [""] * len(running)
        answers: dict[int, Answered] = {}
        for index in range(len(running)):
            yield chunk(index, {"role": "assistant", "content": ""})
        async for index, event in all_events(running):
            match event:
                case Wrote():
                    said[index] += event.text
                    yield chunk(index, {"content": event.text})
                case Answered():
                    answers[index] = event
                    rest = event.round.text_out.removeprefix(said[index]) + self._marker(event, asked)
                    delta: dict[str, Any] = {"content": rest} if rest else {}
                    if event.picture is not None:
                        delta["images"] = [await run_in_threadpool(self._image, event)]
                    if delta:
                        yield chunk(index, delta)
                    yield chunk(index, {}, finish_reason="stop")
                case Failed() | Cancelled():
                    cancel_all(running)
                    yield event_bytes(ended_without_answer(event).to_json(), named=False)
                    return
        done = [answers[index] for index in sorted(answers)]
        if with_usage:
            last = {**head, "choices": [], "usage": self._usage(done)}
            yield event_bytes({**last, "limner": [_facts(answer.round) for answer in done]}, named=False)
        yield DONE

    def housekeeping(self, text: str, task: str | None, body: ChatRequest) -> Response:
        """Answer a request that the client made by itself (a title, tags); nothing is painted or stored."""
        content = housekeeping_answer(text, task)
        head = self._head("chat.completion", f"task{time.time_ns()}", time.time())
        if not body.stream:
            message = {"role": "assistant", "content": content, "refusal": None}
            choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
            return JSONResponse({**head, "choices": [choice], "usage": _NO_TOKENS})
        delta = {"role": "assistant", "content": content}
        chunk = {**head, "object": "chat.completion.chunk"}
        lines = [
            event_bytes({**chunk, "choices": [{"index": 0, "delta": one, "finish_reason": end}]}, named=False)
            for one, end in ((delta, None), ({}, "stop"))
        ]
        return Response(b"".join([*lines, DONE]), media_type="text/event-stream")

    def _head(self, kind: str, id: str, created: float) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{id.removeprefix('resp_')}",
            "object": kind,
            "created": int(created),
            "model": self.settings.model,
        }

    def _marker(self, answer: Answered, asked: Asked) -> str:
        return marker(answer.round.id) if asked.with_marker and answer.picture is not None else ""

    def _image(self, answer: Answered) -> dict[str, Any]:
        assert answer.picture is not None
        data = base64_of(self.files.file(answer.picture, answer.round))
        return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}, "index": 0}

    def _usage(self, answers: Sequence[Answered]) -> dict[str, int]:
        """Tokens of these rounds alone: earlier ones are kept, and not read again."""
        counted = [tokens_of(answer.round, self.service.painter) for answer in answers]
        completion = sum(written for _, written in counted)
        prompt = counted[0][0] if counted else 0
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }


_NO_TOKENS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def _wants_picture(modalities: Sequence[str] | None, limner: LimnerOptions) -> bool | None:
    """True insists, False forbids, None leaves it to the model."""
    if limner.picture is not None:
        return limner.picture
    if modalities is None or ("image" in modalities and "text" in modalities):
        return None
    return "image" in modalities


def _facts(round_: StoredRound) -> dict[str, Any]:
    return {
        "response_id": round_.id if round_.kept else None,
        "conversation": round_.conversation,
        "previous_response_id": round_.parent,
        "seed": round_.seed,
        "seconds": round_.seconds,
        "node_id": round_.node_id,
    }
