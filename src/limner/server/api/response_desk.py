"""What stands behind the Responses API: requests looked up, rounds begun, answers put together.

Knows a service, and which of the shapes means what. Knows nothing about routes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from limner.dialogue.boxes import Box
from limner.inference.events import Cancelled, Failed, Painting, Preview, Wrote
from limner.server.api.going_on import check_previous
from limner.server.api.kept_answers import KeptAnswers
from limner.server.api.kept_requests import (
    begun,
    image_tool,
    kept_request,
    template_of,
    wanted_by,
)
from limner.server.api.routes import check_id, check_model
from limner.server.api.transcripts import Transcripts
from limner.server.errors import ApiError, wrong
from limner.server.pictures.painting import base64_of, reader_of, sampling_for, tokens_of
from limner.server.pictures.pictures_in import picture_source
from limner.server.replicas.elsewhere import Elsewhere
from limner.server.replicas.switchboard import Listed
from limner.server.rounds.round_start import region_asked, start_round
from limner.server.rounds.rounds import RunningRound, desk_of, ended_without_answer, told
from limner.server.rounds.streaming import EventStream, event_bytes
from limner.server.schemas.answers import BegunResponse
from limner.server.schemas.response_input import Reading, read_input
from limner.server.schemas.response_stream import ResponseStream
from limner.server.schemas.shapes import (
    ConversationRef,
    ImageTool,
    LimnerOptions,
    ResponseRequest,
    ToolChoice,
)
from limner.server.schemas.wire import ImageItem, ResponseBody, ResponseFailure
from limner.server.security.bodies import run_reader
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService, Wish
from limner.service.service_round import Answered


class ResponseDesk:
    """What the endpoints of responses, and of conversations' items, do with a service."""

    def __init__(self, service: ConversationService, settings: ServerSettings) -> None:
        self.service = service
        self.settings = settings
        self.kept = KeptAnswers(service, settings)
        self.transcripts = Transcripts(service, settings)
        self.reader = reader_of(settings)

    async def begin(self, request: Request, asked: ResponseRequest, owner: str) -> RunningRound:
        """The round that was asked for, begun; ApiError when it cannot be."""
        self._check(asked)
        tool, wanted = image_tool(asked), wanted_by(asked)
        template = template_of(asked, model=self.settings.model)
        limner = asked.limner or LimnerOptions()
        sampling = sampling_for(
            self.service.painter, self.settings.limits, steps=limner.steps, quality=tool.quality
        )
        picture = _wants_picture(asked, limner)
        desk_of(request).expect_room(owner)
        previous, param = asked.previous_response_id, "previous_response_id"
        if previous is None and limner.parent is not None:
            previous, param = limner.parent, "limner.parent"
        if previous is not None:
            await check_previous(request, self.service, owner, previous, param=param)
        conversation = _conversation_id(asked)
        reading = await run_reader(self._read, asked)
        resolved = await run_in_threadpool(self.transcripts.resolve, owner, reading, previous)
        region = await run_in_threadpool(self._region, tool, limner)
        keep = asked.store is not False

        def respond(running: RunningRound) -> BegunResponse:
            return BegunResponse(
                template=begun(template, running.id, running.conversation if keep else None),
                wanted=wanted,
                words_at_once=picture is False,
            )

        wish = Wish(
            owner=owner,
            text=reading.text,
            images=resolved.pictures,
            previous=resolved.previous,
            conversation=None if resolved.previous is not None else conversation,
            seed=asked.seed,
            picture=picture,
            sampling=sampling,
            num_previews=(tool.partial_images or 0) if asked.stream else 0,
            keep=keep,
            metadata=asked.metadata or {},
            from_start=conversation is not None and limner.begins_anew and not resolved.before,
            reply_to=limner.reply_to or limner.reply_to_picture,
            region=region,
            asked_with=kept_request(template, wanted) if keep else {},
        )
        continues = bool(limner.continues)
        return await start_round(
            request, self.service, wish, before=resolved.before, continues=continues, respond=respond
        )

    async def finished(self, running: RunningRound, answered: Answered) -> ResponseBody:
        """The response of a round that has just been answered."""
        begun_with = response_of(running)
        item = await run_in_threadpool(self._fresh_item, begun_with, answered)
        return self.kept.completed(begun_with.template, answered.round, item)

    def unfinished(self, running: RunningRound) -> ResponseBody:
        """The response of a round in progress, or of one that ended without an answer."""
        template = response_of(running).template
        if isinstance(running.last, Cancelled):
            return template.model_copy(update={"status": "cancelled"})
        if isinstance(running.last, Failed):
            error = ended_without_answer(running.last)
            failure = ResponseFailure(code=error.code or "server_error", message=error.message)
            return template.model_copy(update={"status": "failed", "error": failure})
        return template

    async def stored(self, owner: str, id: str) -> ResponseBody:
        """The response of a round that was kept; 404."""
        check_id(id, "response")
        round_ = await run_in_threadpool(self.service.get, owner, id)
        return await run_in_threadpool(self.kept.response, round_)

    async def stored_stream(self, owner: str, id: str, *, starting_after: int | None) -> EventStream:
        """The events of a round that was kept, as they were told; 404. Of partial images only the numbers
        are left.
        """
        check_id(id, "response")
        round_ = await run_in_threadpool(self.service.get, owner, id)
        item = await run_in_threadpool(self.kept.item, round_)

        async def chunks() -> AsyncIterator[bytes]:
            for one in self.kept.events(round_, item):
                if starting_after is None or one["sequence_number"] > starting_after:
                    yield event_bytes(one)

        return EventStream(chunks(), gone=lambda: None)

    def stream(
        self, running: RunningRound, *, cancel_when_left: bool = False, starting_after: int | None = None
    ) -> EventStream:
        """The round's events as they come."""
        return EventStream(
            self._chunks(running, -1 if starting_after is None else starting_after),
            gone=running.cancel if cancel_when_left else lambda: None,
        )

    def running(self, request: Request, owner: str, id: str) -> RunningRound | None:
        """A response in progress, or one that ended lately without an answer."""
        found = desk_of(request).find(owner, id)
        return found if found is not None and found.response is not None else None

    async def elsewhere(self, request: Request, owner: str, id: str) -> Listed | None:
        """A response that another replica computes, or that ended lately on any without an answer."""
        others = desk_of(request).others
        found = None if others is None else await others.find(owner, id)
        return found if found is not None and found.response is not None else None

    def listed(self, listed: Listed) -> ResponseBody:
        """The response of a round that another replica knows."""
        body = ResponseBody.model_validate(listed.response)
        if listed.failure is None:
            return body.model_copy(update={"status": listed.status})
        code, message = listed.failure
        failure = ResponseFailure(code=code, message=message)
        return body.model_copy(update={"status": "failed", "error": failure})

    def stream_from_afar(
        self, others: Elsewhere, listed: Listed, *, starting_after: int | None = None
    ) -> EventStream:
        """The first and the last event of a round that another replica computes; its previews stay there.

        With `starting_after`, numbers go on from there, whatever the other replica told until then.
        """
        return EventStream(self._chunks_from_afar(others, listed, starting_after), gone=lambda: None)

    async def _chunks(self, running: RunningRound, starting_after: int) -> AsyncIterator[bytes]:
        begun_with = response_of(running)
        told_events = ResponseStream(
            begun_with.template,
            words_at_once=begun_with.words_at_once,
            quality=begun_with.wanted.quality,
        )
        coming = told_events.begin()
        async for event in running.events():
            match event:
                case Wrote():
                    coming += told_events.wrote(event.text)
                case Painting():
                    coming += told_events.painting()
                case Preview():
                    png = await run_in_threadpool(event.picture.to_png)
                    size = f"{event.picture.width_px}x{event.picture.height_px}"
                    coming += told_events.preview(event.index, base64_of(png), size=size, format="png")
                case Answered():
                    item = await run_in_threadpool(self._fresh_item, begun_with, event)
                    tokens = tokens_of(event.round, self.service.painter)
                    coming += told_events.answered(event.round, item, tokens)
                case Cancelled():
                    coming += told_events.cancelled()
                case Failed():
                    error = ended_without_answer(event)
                    coming += told_events.failed(error.message, code=error.code or "server_error")
            for one in coming:
                if one["sequence_number"] > starting_after:
                    yield event_bytes(one)
            coming = []

    async def _chunks_from_afar(
        self, others: Elsewhere, listed: Listed, starting_after: int | None
    ) -> AsyncIterator[bytes]:
        template = ResponseBody.model_validate(listed.response)
        first = 0 if starting_after is None else starting_after + 1
        told_events = ResponseStream(template, words_at_once=False, first=first)
        for one in told_events.begin() if starting_after is None else ():
            yield event_bytes(one)
            first += 1
        found = await others.over(listed)
        if found is None:
            try:
                with told():
                    round_ = await run_in_threadpool(self.service.get, listed.owner, listed.id)
                    item = await run_in_threadpool(self.kept.item, round_)
                coming = [one for one in self.kept.events(round_, item) if one["sequence_number"] >= first]
            except ApiError:  # not kept, or deleted meanwhile
                coming = told_events.cancelled()
        elif found.failure is None:
            coming = told_events.cancelled()
        else:
            code, message = found.failure
            coming = told_events.failed(message, code=code)
        for one in coming:
            yield event_bytes(one)

    def _region(self, tool: ImageTool, limner: LimnerOptions) -> Box | None:
        """The part of a picture that is pointed at, by its sides or by a mask; ApiError 400."""
        if limner.region is not None or tool.input_image_mask is None:
            return region_asked(limner)
        with told("tools"):
            mask = picture_source({"type": "input_image", **tool.input_image_mask.model_dump()})
            return self.reader.region(mask)

    def _read(self, asked: ResponseRequest) -> Reading:
        reading = read_input(asked.input)
        self.settings.limits.check_text(reading.text, param="input")
        self.settings.limits.check_images(reading.pictures, param="input")
        return reading

    def _fresh_item(self, begun_with: BegunResponse, answered: Answered) -> ImageItem | None:
        if answered.picture is None:
            return None
        if answered.round.kept:
            return self.kept.item(answered.round)  # what is told when it is read again
        return self.kept.item_as(answered.round, answered.picture.to_png(), begun_with.wanted)

    def _check(self, asked: ResponseRequest) -> None:
        check_model(asked.model, self.settings)
        if asked.previous_response_id is not None and asked.conversation is not None:
            raise wrong(
                "previous_response_id and conversation cannot both be given; the response knows its own.",
                param="previous_response_id",
                code="mutually_exclusive_parameters",
            )
        kind = asked.text.format.type if asked.text is not None and asked.text.format is not None else "text"
        if kind != "text":
            raise wrong(
                f"text.format {kind[:40]!r} is not possible: the model answers in plain words. Leave "
                "text.format out, or ask for text.",
                param="text.format",
                code="unsupported_value",
            )
        if asked.background and asked.store is False:
            raise wrong("A round in the background must be stored.", param="background")


def response_of(running: RunningRound) -> BegunResponse:
    """The response that a round of this API was begun with."""
    assert running.response is not None
    return running.response


def _wants_picture(asked: ResponseRequest, limner: LimnerOptions) -> bool | None:
    """True insists, False forbids, None leaves it to the model."""
    if limner.picture is not None:
        return limner.picture
    choice = asked.tool_choice
    if choice == "none":
        return False
    if choice == "required" or (isinstance(choice, ToolChoice) and choice.type == "image_generation"):
        return True
    return None


def _conversation_id(asked: ResponseRequest) -> str | None:
    given = asked.conversation
    id = given.id if isinstance(given, ConversationRef) else given
    check_id(id, "conversation", param="conversation")
    return id
