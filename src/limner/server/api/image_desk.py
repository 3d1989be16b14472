"""What stands behind the Images API: pictures asked for, followed, and handed out.

Knows a service, and how pictures are handed out. Knows nothing about routes and forms.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from limner.dialogue.boxes import Box
from limner.dialogue.parts import Picture
from limner.inference.events import Cancelled, Failed, Preview
from limner.provenance.fitting import Size
from limner.server.api.people import file_reader
from limner.server.api.routes import check_model
from limner.server.errors import wrong
from limner.server.pictures.painting import (
    Format,
    PictureFiles,
    base64_of,
    quality_used,
    reader_of,
    sampling_for,
    tokens_of,
)
from limner.server.pictures.pictures_in import PictureSource
from limner.server.pictures.sizes import size_of, size_text
from limner.server.rounds.many_rounds import all_answered, all_events, cancel_all, start_rounds
from limner.server.rounds.rounds import RunningRound, desk_of, ended_without_answer, told
from limner.server.rounds.streaming import EventStream, event_bytes
from limner.server.schemas.image_shapes import (
    EditRequest,
    ImageData,
    ImageRequest,
    ImagesBody,
    ImageUsage,
    TokenDetails,
)
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService, Wish
from limner.service.service_round import Answered


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How pictures are handed out; `event` is the first word of the stream's events."""

    event: str
    format: Format
    compression: int | None
    size: Size
    quality: str
    as_url: bool
    num_given: int = 0

    def fields(self) -> dict[str, Any]:
        """The request's options, as every event and answer repeats them."""
        return {
            "background": "opaque",
            "output_format": self.format,
            "quality": self.quality,
            "size": size_text(self.size),
        }


class ImageDesk:
    """What both endpoints do with a service."""

    def __init__(self, service: ConversationService, settings: ServerSettings) -> None:
        self.service = service
        self.settings = settings
        self.files = PictureFiles(service, settings)
        self.reader = reader_of(settings)

    def check(self, asked: ImageRequest) -> None:
        """ApiError for what cannot be had, before a picture is decoded."""
        check_model(asked.model, self.settings)
        self.settings.limits.check_text(asked.prompt, param="prompt")
        self.settings.limits.check_n(asked.n or 1)
        if asked.background == "transparent":
            raise wrong(
                "Pictures are painted on an opaque ground; ask for auto or opaque.", param="background"
            )
        if asked.partial_images and not asked.stream:
            raise wrong("partial_images needs stream.", param="partial_images")

    def check_edit(self, asked: ImageRequest, given: Sequence[object]) -> None:
        """ApiError for an edit that cannot be had, before a picture is read."""
        if not given:
            raise wrong(
                "An edit needs at least one image; a picture from words alone is what /v1/images/generations "
                "paints.",
                param="image",
            )
        self.settings.limits.check_images(given, param="image")
        self.check(asked)

    async def edit(self, request: Request, asked: EditRequest, owner: str) -> ImagesBody | Response:
        """An edit whose pictures stand in JSON."""
        sources = asked.sources()
        self.check_edit(asked, sources)
        mask = asked.mask_source()
        desk_of(request).expect_room(owner, asked.n or 1)
        with told("image"):
            pictures = await run_in_threadpool(
                self.reader.read,
                sources,
                file_reader(self.service, owner),
                most=self.settings.limits.max_images,
            )
        region = None if mask is None else await self.region(mask)
        return await self.answer(request, asked, owner, pictures=pictures, event="image_edit", region=region)

    async def region(self, mask: PictureSource) -> Box:
        """What a mask leaves to be painted; ApiError 400."""
        with told("mask"):
            return await run_in_threadpool(self.reader.region, mask)

    async def answer(
        self,
        request: Request,
        asked: ImageRequest,
        owner: str,
        *,
        pictures: Sequence[Picture],
        event: str,
        region: Box | None = None,
    ) -> ImagesBody | Response:
        """The pictures, or their stream."""
        self.check(asked)
        if region is not None:  # a mask is of the first picture, a region of the last
            pictures = [*pictures[1:], *pictures[:1]]
        side = self.service.painter.image_size_px
        wanted = Wanted(
            event=event,
            format=asked.output_format or "png",
            compression=asked.output_compression,
            size=size_of(asked.size) or (side, side),
            quality=quality_used(asked.quality, asked.steps),
            as_url=asked.response_format == "url",
            num_given=len(pictures),
        )
        wish = Wish(
            owner=owner,
            text=asked.prompt,
            images=pictures,
            seed=asked.seed,
            picture=True,
            sampling=sampling_for(
                self.service.painter, self.settings.limits, steps=asked.steps, quality=asked.quality
            ),
            num_previews=(asked.partial_images or 0) if asked.stream else 0,
            keep=False,
            region=region,
        )
        running = await start_rounds(request, self.service, wish, n=asked.n or 1)
        if asked.stream:
            return EventStream(self.chunks(running, wanted), gone=lambda: cancel_all(running))
        answers = await all_answered(request, running)
        data = [await run_in_threadpool(self._data, one, wanted) for one in answers]
        return ImagesBody(
            created=int(time.time()), data=data, usage=self._usage(answers, wanted), **wanted.fields()
        )

    async def chunks(self, running: Sequence[RunningRound], wanted: Wanted) -> AsyncIterator[bytes]:
        """Partial and completed pictures as they come."""
        async for index, event in all_events(running):
            fields: dict[str, Any] = {"created_at": int(time.time()), **wanted.fields(), "image_index": index}
            match event:
                case Preview():
                    data = await run_in_threadpool(event.picture.to_png)
                    kind = f"{wanted.event}.partial_image"
                    fields |= {
                        "partial_image_index": event.index,
                        "output_format": "png",
                        "size": f"{event.picture.width_px}x{event.picture.height_px}",
                    }
                    yield event_bytes({"type": kind, "b64_json": base64_of(data), **fields})
                case Answered():
                    picture = await run_in_threadpool(self._file, event, wanted)
                    yield event_bytes(
                        {
                            "type": f"{wanted.event}.completed",
                            "b64_json": base64_of(picture),
                            **fields,
                            "seed": event.round.seed,
                            "usage": self._usage([event], wanted).model_dump(),
                        }
                    )
                case Failed() | Cancelled():
                    cancel_all(running)
                    yield event_bytes({"type": "error", **ended_without_answer(event).to_json()})
                    return

    def _data(self, answer: Answered, wanted: Wanted) -> ImageData:
        data = base64_of(self._file(answer, wanted))
        if wanted.as_url:
            return ImageData(url=f"data:image/{wanted.format};base64,{data}", seed=answer.round.seed)
        return ImageData(b64_json=data, seed=answer.round.seed)

    def _file(self, answer: Answered, wanted: Wanted) -> bytes:
        assert answer.picture is not None, "a picture was insisted on"
        return self.files.file(
            answer.picture,
            answer.round,
            format=wanted.format,
            compression=wanted.compression,
            size=wanted.size,
        )

    def _usage(self, answers: Sequence[Answered], wanted: Wanted) -> ImageUsage:
        per_image = self.service.painter.tokens_per_picture
        counted = [tokens_of(one.round, self.service.painter) for one in answers]
        read, written = counted[0][0], [one for _, one in counted]
        given = min(read, wanted.num_given * per_image)
        return ImageUsage(
            input_tokens=read,
            output_tokens=sum(written),
            total_tokens=read + sum(written),
            input_tokens_details=TokenDetails(image_tokens=given, text_tokens=read - given),
        )
