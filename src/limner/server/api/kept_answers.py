"""Kept rounds as they are told again: responses, their events, and items, in the form that was asked for.

Knows a service and how pictures are handed out. Knows nothing about requests or rounds in progress.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from limner.dialogue.parts import Picture
from limner.server.api.kept_requests import begun_again, wanted_of
from limner.server.errors import wrong
from limner.server.pictures.painting import PictureFiles, base64_of, tokens_of
from limner.server.pictures.sizes import size_text
from limner.server.schemas import answers
from limner.server.schemas.answers import Wanted
from limner.server.schemas.response_stream import ResponseStream, StreamEvent
from limner.server.schemas.wire import AnyItem, ImageItem, ResponseBody
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService
from limner.store.records import StoredRound

MAX_ANSWER_BYTES: Final = 256 * 2**20  # of pictures in one list of items


class KeptAnswers:
    """Builds answers from stored rounds. Safe for several threads; reads and encodes pictures, so call it off
    the event loop.
    """

    def __init__(self, service: ConversationService, settings: ServerSettings) -> None:
        self.service = service
        self.settings = settings
        self.files = PictureFiles(service, settings)

    def response(self, round_: StoredRound) -> ResponseBody:
        """The response of a kept round."""
        template = begun_again(round_, model=self.settings.model)
        return self.completed(template, round_, self.item(round_))

    def item(self, round_: StoredRound) -> ImageItem | None:
        """A stored round's picture as an output item in the requested form; None when it has none. Call it
        off the event loop.
        """
        if round_.picture is None:
            return None
        return self.item_as(round_, self.service.png(round_.owner, round_.picture), wanted_of(round_))

    def events(self, round_: StoredRound, item: ImageItem | None) -> list[StreamEvent]:
        """All stream events of a stored round, as they were first sent, without partial images (whose
        sequence numbers stay unused).
        """
        template = begun_again(round_, model=self.settings.model)
        quality = wanted_of(round_).quality
        told_events = ResponseStream(template, words_at_once=item is None, quality=quality)
        events, start = told_events.begin(), 0
        for length in round_.piece_lengths:
            events += told_events.wrote(round_.text_out[start : start + length])
            start += length
        if item is not None:
            events += told_events.painting()
            told_events.passed_over(round_.num_previews)
        return events + told_events.answered(round_, item, tokens_of(round_, self.service.painter))

    def completed(self, template: ResponseBody, round_: StoredRound, item: ImageItem | None) -> ResponseBody:
        """The response of a round with its picture's item."""
        output = answers.output_items(round_, item)
        return answers.completed(template, round_, output, tokens_of(round_, self.service.painter))

    def item_as(self, round_: StoredRound, png: bytes, wanted: Wanted) -> ImageItem:
        """A picture's item, from the PNG that is kept."""
        if wanted.is_as_kept:
            data = self.files.png(png, round_)
            size = (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big"))
        else:
            picture = Picture.from_png(png)
            data = self._file(picture, round_, wanted)
            size = wanted.size or (picture.width_px, picture.height_px)
        return answers.image_item(
            round_,
            base64_of(data),
            size=size_text(size),
            format=wanted.format,
            quality=wanted.quality,
        )

    def _file(self, picture: Picture, round_: StoredRound, wanted: Wanted) -> bytes:
        return self.files.file(
            picture, round_, format=wanted.format, compression=wanted.compression, size=wanted.size
        )

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
                picture = self.item(part.round)
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
        pngs = [self.service.png(round_.owner, digest) for digest in round_.pictures_in]
        return [f"data:image/png;base64,{base64_of(png)}" for png in pngs]
