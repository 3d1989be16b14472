"""What comes in over the wire, typed: requests of Responses and Conversations as OpenAI's clients write them.

Knows fields and their types. Fields that are not named here are tolerated, as clients send many; a wrong type
is an error, and the first one ends the reading of a list. Where a field takes one of several shapes, the
value itself says which is meant, so that an error is about that one. Knows no meanings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

from limner.server.wrong_fields import json_kind, kind_tag

MAX_ITEMS = 2048
MAX_PARTS = 256

RESPONSE_ID = r"^resp_[0-9a-f]{32}$"
SEED = Field(default=None, ge=0, le=2**63 - 1, description="Same seed, same picture.")

# x0, y0, x1, y1
Region = Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=4, max_length=4)]

Metadata = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=64)],
        Annotated[str, StringConstraints(max_length=512)],
    ],
    Field(max_length=16),
]


class Shape(BaseModel):
    """Strict about the types of what it names, tolerant of everything else."""

    model_config = ConfigDict(strict=True, extra="ignore")


class TextPart(Shape):
    """Words, of either side."""

    type: Literal["input_text", "output_text", "text"]
    text: str


class RefusalPart(Shape):
    """Words of an answer that declined."""

    type: Literal["refusal"]
    refusal: str


class ImagePart(Shape):
    """A picture: a data: URL, or the id of an uploaded file."""

    type: Literal["input_image"]
    image_url: str | None = None
    file_id: str | None = None
    detail: str | None = None


class FilePart(Shape):
    """A picture given as a file."""

    type: Literal["input_file"]
    file_id: str | None = None
    file_data: str | None = None
    filename: str | None = None


class OtherPart(Shape):
    """Content of other models besides text and pictures: ignored in earlier answers, refused in the user's
    input.
    """

    type: str


# A text, or something else: the branch is chosen by what the value is.
OneOf = Discriminator(kind_tag)
A_TEXT, A_LIST, AN_OBJECT = (Tag(f"({kind})") for kind in ("a text", "a list", "an object"))


def _kind(value: Any) -> Any:
    return value.get("type") if isinstance(value, Mapping) else getattr(value, "type", None)


def _part_kind(value: Any) -> str:
    if json_kind(value) != "an object":
        return kind_tag(value)
    kind = _kind(value)
    if kind in ("input_text", "output_text", "text"):
        return "(input_text)"
    return f"({kind})" if kind in ("refusal", "input_image", "input_file") else "(other)"


Part = Annotated[
    Annotated[TextPart, Tag("(input_text)")]
    | Annotated[RefusalPart, Tag("(refusal)")]
    | Annotated[ImagePart, Tag("(input_image)")]
    | Annotated[FilePart, Tag("(input_file)")]
    | Annotated[OtherPart, Tag("(other)")],
    Discriminator(_part_kind),
]
Parts = Annotated[list[Part], Field(max_length=MAX_PARTS, fail_fast=True)]


class Message(Shape):
    """One side's turn. Messages of the system, of developers and of tools are taken, and not read."""

    type: Literal["message"] = "message"
    role: Literal["user", "assistant", "system", "developer", "tool"]
    content: Annotated[Annotated[str, A_TEXT] | Annotated[Parts, A_LIST], OneOf]
    id: str | None = None


class ImageCall(Shape):
    """A picture painted earlier: by id alone, or with its base64 data."""

    type: Literal["image_generation_call"]
    id: str
    result: str | None = None


class ItemReference(Shape):
    """An item of an earlier answer, by id."""

    type: Literal["item_reference"] = "item_reference"
    id: str


class OtherItem(Shape):
    """What other models and tools left in a history (calls, their outputs, reasoning); passed over."""

    type: str


OURS = ("message", "image_generation_call", "item_reference")


def _item_kind(value: Any) -> str:
    if json_kind(value) != "an object":
        return kind_tag(value)
    kind = _kind(value)
    if kind is not None:
        return f"({kind})" if kind in OURS else "(other)"
    held = value if isinstance(value, Mapping) else vars(value)
    return "(message)" if "role" in held else "(item_reference)" if "id" in held else "()"


Item = Annotated[
    Annotated[Message, Tag("(message)")]
    | Annotated[ImageCall, Tag("(image_generation_call)")]
    | Annotated[ItemReference, Tag("(item_reference)")]
    | Annotated[OtherItem, Tag("(other)")],
    Discriminator(_item_kind),
]
Items = Annotated[list[Item], Field(max_length=MAX_ITEMS, fail_fast=True)]


class MaskImage(Shape):
    """A picture whose transparent part is what is to change, as a data: URL; uploads have none."""

    image_url: str | None = None
    file_id: str | None = None


class ImageTool(Shape):
    """The tool that paints, with what a client may say about the picture."""

    type: Literal["image_generation"]
    action: Literal["generate", "edit", "auto"] = "auto"
    partial_images: int | None = Field(default=None, ge=0, le=3)
    size: str | None = Field(default=None, pattern=r"^(auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4})$")
    quality: Literal["low", "medium", "high", "auto"] | None = None
    output_format: Literal["png", "jpeg", "webp"] | None = None
    output_compression: int | None = Field(default=None, ge=0, le=100)
    background: Literal["opaque", "auto", "transparent"] | None = None
    # Not said back, nor kept: it is as large as a picture.
    input_image_mask: MaskImage | None = Field(default=None, exclude=True)


class OtherTool(Shape):
    """Any other tool; it is repeated in the response and never called."""

    model_config = ConfigDict(strict=True, extra="allow")
    type: str


def _tool_kind(value: Any) -> str:
    if json_kind(value) != "an object":
        return kind_tag(value)
    return "(image_generation)" if _kind(value) == "image_generation" else "(other)"


Tool = Annotated[
    Annotated[ImageTool, Tag("(image_generation)")] | Annotated[OtherTool, Tag("(other)")],
    Discriminator(_tool_kind),
]


class ToolChoice(Shape):
    """A tool that must be used."""

    model_config = ConfigDict(strict=True, extra="allow")
    type: str


class ConversationRef(Shape):
    """A conversation by id."""

    id: str


class FormatAsked(Shape):
    """The requested format of text; "text" is the only one."""

    type: str


class TextAsked(Shape):
    """The request's options for the answer's text."""

    format: FormatAsked | None = None


class StreamOptions(Shape):
    """Padding of events is never sent."""

    include_obfuscation: bool | None = None


class LimnerOptions(Shape):
    """Request options beyond OpenAI's API.

    steps: denoising steps. picture: true insists on a picture, false forbids one.
    parent: a response to go on from; null begins the `conversation` anew, beside its other beginnings.
    continues: true refuses (409) to go on from a response that another round follows already, or is about to,
        so that nobody makes a second branch without knowing.
    region: x0, y0, x1, y1 from 0 to 1, the part of the last picture that the words are about; the rest of it
        stays as it is.
    reply_to: the response whose picture is meant. reply_to_picture: the same by the picture's number on this
        line of the conversation, from 1, given pictures before the one painted for them.
    """

    steps: int | None = Field(default=None, ge=1)
    picture: bool | None = None
    parent: str | None = None
    continues: bool | None = None
    region: Region | None = None
    reply_to: str | None = Field(default=None, pattern=RESPONSE_ID)
    reply_to_picture: int | None = Field(default=None, ge=1)

    @property
    def begins_anew(self) -> bool:
        return "parent" in self.model_fields_set and self.parent is None


class ResponseRequest(Shape):
    """POST /v1/responses."""

    input: Annotated[Annotated[str, A_TEXT] | Annotated[Items, A_LIST], OneOf]
    model: str | None = None
    previous_response_id: str | None = None
    conversation: Annotated[Annotated[str, A_TEXT] | Annotated[ConversationRef, AN_OBJECT], OneOf] | None = (
        None
    )
    instructions: str | None = Field(
        default=None, description="Taken, and not read: the model has no system prompt."
    )
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    store: bool | None = None
    background: bool | None = None
    tools: Annotated[list[Tool], Field(max_length=128, fail_fast=True)] | None = None
    tool_choice: (
        Annotated[
            Annotated[Literal["none", "auto", "required"], A_TEXT] | Annotated[ToolChoice, AN_OBJECT], OneOf
        ]
        | None
    ) = None
    metadata: Metadata | None = None
    include: Annotated[list[str], Field(max_length=32, fail_fast=True)] | None = None
    temperature: float | None = Field(default=None, ge=0, le=2, description="Taken, and not used.")
    top_p: float | None = Field(default=None, ge=0, le=1, description="Taken, and not used.")
    max_output_tokens: int | None = Field(default=None, ge=1, description="Taken, and not used.")
    parallel_tool_calls: bool | None = None
    text: TextAsked | None = None
    truncation: Literal["auto", "disabled"] | None = None
    user: str | None = None
    seed: int | None = SEED
    limner: LimnerOptions | None = None


class ConversationCreate(Shape):
    """POST /v1/conversations."""

    items: Annotated[list[Item], Field(max_length=20, fail_fast=True)] | None = None
    metadata: Metadata | None = None


class ConversationUpdate(Shape):
    """POST /v1/conversations/{id}."""

    metadata: Metadata | None


class ItemsCreate(Shape):
    """POST /v1/conversations/{id}/items."""

    items: Annotated[list[Item], Field(min_length=1, max_length=20, fail_fast=True)]


def _include(
    include: Annotated[list[str] | None, Query()] = None,
    bracketed: Annotated[list[str] | None, Query(alias="include[]", include_in_schema=False)] = None,
) -> tuple[str, ...]:
    return (*(include or ()), *(bracketed or ()))


# What is to be told beyond the usual; OpenAI's client writes the name with brackets.
Include = Annotated[tuple[str, ...], Depends(_include)]
