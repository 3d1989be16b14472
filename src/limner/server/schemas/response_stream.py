"""A round's events as the stream of a response, in OpenAI's order and numbered.

created, in_progress; the picture's item: added, in_progress, generating, partial images, completed, done; the
words' item: added, part added, deltas, done, part done, done; completed. The model writes before it paints,
yet the picture's item comes first: words are held back until the picture is there, unless none is wanted.
"""

from __future__ import annotations

from typing import Any

from limner.server.schemas.answers import completed, message_item, output_items
from limner.server.schemas.response_input import item_ids
from limner.server.schemas.wire import ImageItem, OutputMessage, OutputText, ResponseBody, ResponseFailure
from limner.store.records import StoredRound

StreamEvent = dict[str, Any]


class ResponseStream:
    """Turns what happens to one round into events, numbered from `first` on. Not for several threads."""

    def __init__(
        self, template: ResponseBody, *, words_at_once: bool, first: int = 0, quality: str = "auto"
    ) -> None:
        self.response = template
        self.words_at_once = words_at_once
        self.quality = quality
        self._number = first
        _, self._image_id, self._message_id = item_ids(template.id)
        self._has_image = False
        self._has_message = False
        self._said = ""
        self._held: list[str] = []

    def begin(self) -> list[StreamEvent]:
        """The first events."""
        return [self._of_response("response.created"), self._of_response("response.in_progress")]

    def wrote(self, text: str) -> list[StreamEvent]:
        """A piece of the words."""
        if not self.words_at_once:
            self._held.append(text)
            return []
        return [*self._message_added(), *self._delta(text)]

    def painting(self) -> list[StreamEvent]:
        """A denoising step."""
        if self._has_image:
            return []
        self._has_image = True
        item = ImageItem(id=self._image_id, status="in_progress")
        return [
            self._event("response.output_item.added", output_index=0, item=item.model_dump()),
            self._of_image("response.image_generation_call.in_progress"),
            self._of_image("response.image_generation_call.generating"),
        ]

    def preview(self, index: int, data: str, *, size: str, format: str) -> list[StreamEvent]:
        """A partial image, as a file in base64."""
        events = self.painting()
        events.append(
            self._of_image(
                "response.image_generation_call.partial_image",
                partial_image_index=index,
                partial_image_b64=data,
                size=size,
                output_format=format,
                quality=self.quality,
                background="opaque",
            )
        )
        return events

    def passed_over(self, num_previews: int) -> None:
        """Skip the sequence numbers of partial images that were sent and not stored."""
        self._number += num_previews

    def answered(
        self, round_: StoredRound, picture: ImageItem | None, tokens: tuple[int, int]
    ) -> list[StreamEvent]:
        """The last events of a round that went well. `tokens` were read and written."""
        events: list[StreamEvent] = []
        if picture is not None:
            events += self.painting()
            events.append(self._of_image("response.image_generation_call.completed"))
            events.append(self._event("response.output_item.done", output_index=0, item=picture.model_dump()))
        items = output_items(round_, picture)
        events += self._words(round_)
        self.response = completed(self.response, round_, items, tokens)
        events.append(self._of_response("response.completed"))
        return events

    def failed(self, message: str, *, code: str = "server_error") -> list[StreamEvent]:
        """The last event of a round that failed."""
        failure = ResponseFailure(code=code, message=message)
        self.response = self.response.model_copy(update={"status": "failed", "error": failure})
        return [self._of_response("response.failed")]

    def cancelled(self) -> list[StreamEvent]:
        """The last event of a round that was cancelled."""
        self.response = self.response.model_copy(update={"status": "cancelled"})
        return [self._of_response("response.cancelled")]

    def _words(self, round_: StoredRound) -> list[StreamEvent]:
        text = round_.text_out
        events = self._message_added()
        pieces = self._held if "".join(self._held) == text else [text.removeprefix(self._said)]
        if text.startswith(self._said):
            for piece in pieces:
                events += self._delta(piece)
        part = OutputText(text=text).model_dump()
        place = {"item_id": self._message_id, "content_index": 0}
        place["output_index"] = self._message_index
        events += [
            self._event("response.output_text.done", **place, text=text, logprobs=[]),
            self._event("response.content_part.done", **place, part=part),
            self._event(
                "response.output_item.done",
                output_index=self._message_index,
                item=message_item(round_).model_dump(),
            ),
        ]
        return events

    def _message_added(self) -> list[StreamEvent]:
        if self._has_message:
            return []
        self._has_message = True
        item = OutputMessage(id=self._message_id, status="in_progress", content=[])
        index = self._message_index
        return [
            self._event("response.output_item.added", output_index=index, item=item.model_dump()),
            self._event(
                "response.content_part.added",
                item_id=self._message_id,
                output_index=index,
                content_index=0,
                part=OutputText(text="").model_dump(),
            ),
        ]

    def _delta(self, text: str) -> list[StreamEvent]:
        if not text:
            return []
        self._said += text
        return [
            self._event(
                "response.output_text.delta",
                item_id=self._message_id,
                output_index=self._message_index,
                content_index=0,
                delta=text,
                logprobs=[],
            )
        ]

    @property
    def _message_index(self) -> int:
        return int(self._has_image)

    def _of_response(self, kind: str) -> StreamEvent:
        return self._event(kind, response=self.response.model_dump(mode="json"))

    def _of_image(self, kind: str, **fields: Any) -> StreamEvent:
        return self._event(kind, item_id=self._image_id, output_index=0, **fields)

    def _event(self, kind: str, **fields: Any) -> StreamEvent:
        number, self._number = self._number, self._number + 1
        return {"type": kind, "sequence_number": number, **fields}
