"""A stored round as the items and the response that OpenAI's clients read.

Knows both shapes. Knows nothing about HTTP or how rounds come to be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from limner.provenance.fitting import Size
from limner.server.pictures.painting import Format
from limner.server.schemas.response_input import item_ids
from limner.server.schemas.wire import (
    AnyItem,
    ConversationId,
    ImageItem,
    InputImage,
    InputMessage,
    InputText,
    ItemList,
    OutputItem,
    OutputMessage,
    OutputText,
    ResponseBody,
    ResponseUsage,
    RoundFacts,
)
from limner.store.records import StoredRound


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How the picture is to be handed out; `quality` is the one that it is painted in."""

    format: Format = "png"
    compression: int | None = None
    size: Size | None = None
    quality: str = "auto"

    @property
    def is_as_kept(self) -> bool:
        """Whether it is the very file that is kept."""
        return self.format == "png" and self.size is None


@dataclass(frozen=True, kw_only=True)
class BegunResponse:
    """What a round of the Responses API was begun with: the response so far, how its picture is handed out,
    and whether its words are streamed as they come, as there will be no picture.
    """

    template: ResponseBody
    wanted: Wanted
    words_at_once: bool


def completed(
    template: ResponseBody, round_: StoredRound, output: Sequence[OutputItem], tokens: tuple[int, int]
) -> ResponseBody:
    """The response with its answer. `tokens` were read and written."""
    read, written = tokens
    return template.model_copy(
        update={
            "status": "completed",
            "completed_at": int(round_.created),
            "output": list(output),
            "usage": ResponseUsage(input_tokens=read, output_tokens=written, total_tokens=read + written),
            "previous_response_id": round_.parent,
            "conversation": None if round_.conversation is None else ConversationId(id=round_.conversation),
            "limner": RoundFacts.model_validate(round_, from_attributes=True),
        }
    )


def output_items(round_: StoredRound, picture: ImageItem | None) -> list[OutputItem]:
    """The answer as items: its picture, then its words, be they none: to agents, an answer without a message
    is a tool's, and they ask again and again for what follows.
    """
    words = message_item(round_)
    return [words] if picture is None else [picture, words]


def message_item(round_: StoredRound) -> OutputMessage:
    """The answer's words."""
    return OutputMessage(id=item_ids(round_.id)[2], content=[OutputText(text=round_.text_out)])


def image_item(
    round_: StoredRound,
    result: str | None,
    *,
    size: str | None,
    format: Format = "png",
    quality: str = "auto",
) -> ImageItem:
    """The answer's picture; `result` is its file in base64."""
    return ImageItem(
        id=item_ids(round_.id)[1],
        result=result,
        action="edit" if round_.pictures_in or round_.state.parent_node is not None else "generate",
        revised_prompt=round_.text_in,
        size=size,
        output_format=format,
        quality=quality,
    )


def input_item(round_: StoredRound, picture_urls: Sequence[str | None]) -> InputMessage:
    """The instruction; of each picture its URL, if the client wants them."""
    content: list[InputText | InputImage] = [InputText(text=round_.text_in)]
    content += [InputImage(image_url=url) for url in picture_urls]
    return InputMessage(id=item_ids(round_.id)[0], content=content)


@dataclass(frozen=True, kw_only=True)
class Part:
    """An item before it is read: which part of a round it is, its instruction, its picture or its words."""

    round: StoredRound
    number: int  # of `item_ids`

    @property
    def id(self) -> str:
        return item_ids(self.round.id)[self.number]


INSTRUCTION, PICTURE, WORDS = range(3)


def parts_of(round_: StoredRound) -> list[Part]:
    """The items of a round, in order, without reading a picture; a message that nobody answered is one."""
    numbers = [INSTRUCTION]
    if round_.picture is not None:
        numbers.append(PICTURE)
    if round_.text_out:
        numbers.append(WORDS)
    return [Part(round=round_, number=number) for number in numbers]


def page_of(
    parts: Sequence[Part], read: Callable[[Part], AnyItem], *, limit: int, after: str | None, order: str
) -> ItemList:
    """A page of items in the order asked for, after the item `after`. An unknown one gives the first page.
    Only the page's items are read.
    """
    ordered = list(parts) if order == "asc" else list(reversed(parts))
    start = next((index + 1 for index, part in enumerate(ordered) if part.id == after), 0)
    data = [read(part) for part in ordered[start : start + limit]]
    return ItemList.of(data, has_more=start + limit < len(ordered))
