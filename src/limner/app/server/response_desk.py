"""What stands behind the Responses API: requests looked up, rounds begun, answers put together.

Knows a studio, and which of the shapes means what. Knows nothing about routes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from limner.app.server import answers
from limner.app.server.bodies import run_reader
from limner.app.server.elsewhere import Elsewhere
from limner.app.server.errors import ApiError, not_found, wrong
from limner.app.server.painting import Format, PictureFiles, base64_of, sampling_for, size_px_of
from limner.app.server.response_input import Reading, read_input
from limner.app.server.response_stream import ResponseStream
from limner.app.server.rounds import RunningRound, desk_of, ended_without_answer, start_round, told
from limner.app.server.settings import ServerSettings
from limner.app.server.shapes import ConversationRef, ImageTool, LimnerOptions, ResponseRequest, ToolChoice
from limner.app.server.streaming import EventStream, event_bytes
from limner.app.server.switchboard import Listed
from limner.app.server.transcripts import Transcripts
from limner.app.server.wire import AnyItem, ImageItem, ResponseBody, ResponseFailure
from limner.chat.events import Cancelled, Failed, Painting, Preview, Wrote
from limner.chat.records import StoredRound, is_id
from limner.chat.studio import Studio
from limner.chat.studio_round import Answered

MAX_ANSWER_BYTES: Final = 256 * 2**20  # of pictures in one list of items


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How the picture is to be handed out."""

    format: Format = "png"
    compression: int | None = None
    size_px: int | None = None


class ResponseDesk:
    """What the endpoints of responses, and of conversations' items, do with a studio."""

    def __init__(self, studio: Studio, settings: ServerSettings) -> None:
        self.studio = studio
        self.settings = settings
        self.files = PictureFiles(studio, settings)
        self.transcripts = Transcripts(studio, settings)

    async def begin(self, request: Request, asked: ResponseRequest, owner: str) -> RunningRound:
        """The round that was asked for, begun; ApiError when it cannot be."""
        self._check(asked)
        tool = _image_tool(asked)
        wanted = Wanted(
            format=tool.output_format or "png",
            compression=tool.output_compression,
            size_px=size_px_of(tool.size, param="tools"),
        )
        limner = asked.limner or LimnerOptions()
        sampling = sampling_for(
            self.studio.painter, self.settings.limits, steps=limner.steps, quality=tool.quality
        )
        picture = _wants_picture(asked, limner)
        previous = asked.previous_response_id or limner.parent
        conversation = _conversation_id(asked)
        reading = await run_reader(self._read, asked)
        resolved = await run_in_threadpool(self.transcripts.resolve, owner, reading, previous)
        keep = asked.store is not False

        def annotate(running: RunningRound) -> None:
            running.notes |= {
                "wanted": wanted,
                "words_at_once": picture is False,
                "template": answers.begun(
                    running.id,
                    running.conversation if keep else None,
                    asked,
                    model=self.settings.model,
                    created=running.created,
                ),
            }

        return await start_round(
            request,
            self.studio,
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
            before=resolved.before,
            metadata=asked.metadata,
            from_start=conversation is not None and limner.begins_anew and not resolved.before,
            continues=bool(limner.continues),
            annotate=annotate,
        )

    async def finished(self, running: RunningRound, answered: Answered) -> ResponseBody:
        """The response of a round that has just been answered."""
        item = await run_in_threadpool(self._fresh_item, running, answered)
        output = answers.output_items(answered.round, item)
        return answers.completed(running.notes["template"], answered.round, output)

    def unfinished(self, running: RunningRound) -> ResponseBody:
        """The response of a round in progress, or of one that ended without an answer."""
        template: ResponseBody = running.notes["template"]
        if isinstance(running.last, Cancelled):
            return template.model_copy(update={"status": "cancelled"})
        if isinstance(running.last, Failed):
            error = ended_without_answer(running.last)
            failure = ResponseFailure(code=error.code or "server_error", message=error.message)
            return template.model_copy(update={"status": "failed", "error": failure})
        return template

    async def stored(self, owner: str, id: str) -> ResponseBody:
        """The response of a round that was kept; 404."""
        self.check_id(id)
        with told():
            round_ = await run_in_threadpool(self.studio.get, owner, id)
            item = await run_in_threadpool(self.stored_item, round_)
        return answers.stored(round_, item, model=self.settings.model)

    def stored_item(self, round_: StoredRound) -> ImageItem | None:
        """The picture of a kept round as an item, None when it has none. Not on the event loop."""
        if round_.picture is None:
            return None
        png = self.studio.png(round_.owner, round_.picture)
        size = f"{int.from_bytes(png[16:20], 'big')}x{int.from_bytes(png[20:24], 'big')}"
        return answers.image_item(round_, base64_of(self.files.png(png, round_)), size=size)

    def item_reader(self, include: Sequence[str]) -> Callable[[answers.Part], AnyItem]:
        """Reads items of kept rounds, their pictures too; not on the event loop. ApiError 400 when those of
        one answer are too large together.
        """
        num_bytes = 0

        def read(part: answers.Part) -> AnyItem:
            nonlocal num_bytes
            if part.number == answers.WORDS:
                return answers.message_item(part.round)
            if part.number == answers.INSTRUCTION:
                urls = self._picture_urls(part.round, include)
                num_bytes += sum(len(url or "") for url in urls)
                item: AnyItem = answers.input_item(part.round, urls)
            else:
                picture = self.stored_item(part.round)
                assert picture is not None
                num_bytes += len(picture.result or "")
                item = picture
            if num_bytes > MAX_ANSWER_BYTES:
                raise wrong("The pictures of these items are too large for one answer.", param="limit")
            return item

        return read

    def _picture_urls(self, round_: StoredRound, include: Sequence[str]) -> list[str | None]:
        if "message.input_image.image_url" not in include:
            return [None for _ in round_.pictures_in]
        pngs = [self.studio.png(round_.owner, digest) for digest in round_.pictures_in]
        return [f"data:image/png;base64,{base64_of(png)}" for png in pngs]

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
        return found if found is not None and "template" in found.notes else None

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
        """The beginning and the end of a round that another replica computes; its previews stay there.

        With `starting_after`, numbers go on from there, whatever the other replica told until then.
        """
        return EventStream(self._chunks_from_afar(others, listed, starting_after), gone=lambda: None)

    def check_id(self, id: str) -> None:
        """404 for what cannot be a response's id."""
        if not is_id(id, "resp"):
            raise not_found(f"response {id[:60]!r}")

    async def _chunks(self, running: RunningRound, starting_after: int) -> AsyncIterator[bytes]:
        told_events = ResponseStream(running.notes["template"], words_at_once=running.notes["words_at_once"])
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
                    item = await run_in_threadpool(self._fresh_item, running, event)
                    coming += told_events.answered(event.round, item)
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
        found = await others.over(listed)
        if found is None:
            try:
                with told():
                    round_ = await run_in_threadpool(self.studio.get, listed.owner, listed.id)
                    item = await run_in_threadpool(self.stored_item, round_)
                coming = told_events.answered(round_, item)
            except ApiError:  # not kept, or deleted meanwhile
                coming = told_events.cancelled()
        elif found.failure is None:
            coming = told_events.cancelled()
        else:
            code, message = found.failure
            coming = told_events.failed(message, code=code)
        for one in coming:
            yield event_bytes(one)

    def _read(self, asked: ResponseRequest) -> Reading:
        reading = read_input(asked.input)
        self.settings.limits.check_text(reading.text, param="input")
        self.settings.limits.check_images(reading.pictures, param="input")
        return reading

    def _fresh_item(self, running: RunningRound, answered: Answered) -> ImageItem | None:
        wanted: Wanted = running.notes["wanted"]
        picture = answered.picture
        if picture is None:
            return None
        if wanted == Wanted() and answered.round.kept:
            return self.stored_item(answered.round)  # the very file that is told when it is read again
        data = self.files.file(
            picture,
            answered.round,
            format=wanted.format,
            compression=wanted.compression,
            size_px=wanted.size_px,
        )
        side = wanted.size_px
        size = f"{side}x{side}" if side else f"{picture.width_px}x{picture.height_px}"
        return answers.image_item(answered.round, base64_of(data), size=size, format=wanted.format)

    def _check(self, asked: ResponseRequest) -> None:
        if asked.model is not None and not self.settings.answers_to(asked.model):
            raise not_found(f"model {asked.model[:80]!r}", param="model", code="model_not_found")
        if asked.previous_response_id is not None and asked.conversation is not None:
            raise wrong(
                "previous_response_id and conversation cannot both be given; the response knows its own.",
                param="previous_response_id",
                code="mutually_exclusive_parameters",
            )
        if asked.background and asked.store is False:
            raise wrong("A round in the background must be stored.", param="background")


def _image_tool(asked: ResponseRequest) -> ImageTool:
    tools = [tool for tool in asked.tools or () if isinstance(tool, ImageTool)]
    return tools[0] if tools else ImageTool(type="image_generation")


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
    if id is not None and not is_id(id, "conv"):
        raise not_found(f"conversation {id[:60]!r}", param="conversation")
    return id
