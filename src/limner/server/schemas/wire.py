"""What goes out over the wire, typed: responses, conversations and items, as OpenAI's clients read them.

Knows fields. How a stored round becomes an answer is `answers.py`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, ClassVar, Final, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, Field

from limner.dialogue.boxes import Box


class ErrorDetail(BaseModel):
    """What was wrong."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(BaseModel):
    """Every error has this shape."""

    error: ErrorDetail


ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": ErrorBody, "description": words}
    for status, words in {
        400: "The request is wrong.",
        401: "No key, or an unknown one.",
        403: "From a foreign page, or to a foreign name.",
        404: "Not there, deleted, or somebody else's.",
        408: "The body did not arrive in time.",
        409: "The round was cancelled, or another round of this conversation is in progress.",
        413: "Too large.",
        415: "Not JSON.",
        429: "Too many rounds at once.",
        500: "Something broke.",
        502: "The server that paints or plans for this one cannot be worked with.",
        507: "The server's disk is full.",
        503: "The queue is full, or the server is loading or stopping; see Retry-After.",
    }.items()
}


class Deleted(BaseModel):
    """What was deleted."""

    id: str
    object: str
    deleted: Literal[True] = True


Entry = TypeVar("Entry")


class Listing(BaseModel, Generic[Entry]):
    """All of something."""

    object: Literal["list"] = "list"
    data: list[Entry]


class Page(Listing[Entry]):
    """Some of something; the next page begins after `last_id`, the id of the last entry here."""

    first_id: str | None
    last_id: str | None
    has_more: bool

    id_field: ClassVar[str] = "id"

    @classmethod
    def of(cls, data: Sequence[Entry], *, has_more: bool) -> Self:
        """The page of these entries."""
        ids = [*map(attrgetter(cls.id_field), data)] or [None]
        return cls(data=list(data), first_id=ids[0], last_id=ids[-1], has_more=has_more)


class OutputText(BaseModel):
    """Words of an answer."""

    type: Literal["output_text"] = "output_text"
    text: str
    annotations: list[Any] = Field(default_factory=list)
    logprobs: list[Any] = Field(default_factory=list)


class InputText(BaseModel):
    """Words of an instruction."""

    type: Literal["input_text"] = "input_text"
    text: str


class InputImage(BaseModel):
    """A picture of an instruction."""

    type: Literal["input_image"] = "input_image"
    detail: Literal["auto"] = "auto"
    image_url: str | None = None
    file_id: str | None = None


class OutputMessage(BaseModel):
    """The words of an answer as an item."""

    id: str
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    status: Literal["in_progress", "completed", "incomplete"] = "completed"
    content: list[OutputText]


class InputMessage(BaseModel):
    """An instruction as an item."""

    id: str
    type: Literal["message"] = "message"
    role: Literal["user"] = "user"
    status: Literal["completed"] = "completed"
    content: list[InputText | InputImage]


class ImageItem(BaseModel):
    """The picture of an answer as an item."""

    id: str
    type: Literal["image_generation_call"] = "image_generation_call"
    status: Literal["in_progress", "generating", "completed", "failed"] = "completed"
    result: str | None = None
    action: Literal["generate", "edit"] = "generate"
    revised_prompt: str | None = None
    size: str | None = None
    quality: str = "auto"
    background: Literal["opaque"] = "opaque"
    output_format: Literal["png", "jpeg", "webp"] = "png"


OutputItem = ImageItem | OutputMessage
AnyItem = InputMessage | ImageItem | OutputMessage


class ItemList(Page[AnyItem]):
    """Items, a page of them."""


class RoundFacts(BaseModel):
    """What Limner tells of a round beyond OpenAI's fields."""

    seed: int
    seconds: float
    node_id: str
    depth: int
    region: Box | None = None


class ConversationId(BaseModel):
    """The conversation of a response."""

    id: str


class ResponseFailure(BaseModel):
    """Why there is no answer."""

    code: str
    message: str


class TextFormat(BaseModel):
    """Words are plain."""

    type: Literal["text"] = "text"


class TextOptions(BaseModel):
    """How words are formatted."""

    format: TextFormat = Field(default_factory=TextFormat)


class CachedTokens(BaseModel):
    """Earlier rounds are not read again, and not counted."""

    cached_tokens: int = 0


class ReasoningTokens(BaseModel):
    """The model does not think in words."""

    reasoning_tokens: int = 0


class ResponseUsage(BaseModel):
    """Tokens of this round alone, its picture's among them."""

    input_tokens: int
    input_tokens_details: CachedTokens = Field(default_factory=CachedTokens)
    output_tokens: int
    output_tokens_details: ReasoningTokens = Field(default_factory=ReasoningTokens)
    total_tokens: int


class ResponseBody(BaseModel):
    """A response: one round of a conversation."""

    id: str
    object: Literal["response"] = "response"
    created_at: int
    completed_at: int | None = None
    status: Literal["in_progress", "completed", "failed", "cancelled"]
    background: bool = False
    error: ResponseFailure | None = None
    incomplete_details: None = None
    instructions: str | None = None
    max_output_tokens: int | None = None
    model: str
    output: list[OutputItem] = Field(default_factory=list)
    parallel_tool_calls: bool = False
    previous_response_id: str | None = None
    conversation: ConversationId | None = None
    reasoning: None = None
    store: bool = True
    temperature: float | None = None
    text: TextOptions = Field(default_factory=TextOptions)
    tool_choice: str | dict[str, Any] = "auto"
    tools: list[dict[str, Any]] = Field(default_factory=list)
    top_p: float | None = None
    truncation: Literal["auto", "disabled"] = "auto"
    usage: ResponseUsage | None = None
    user: str | None = None
    metadata: dict[str, str] = Field(default_factory=dict)
    limner: RoundFacts | None = None


class ConversationFacts(BaseModel):
    """What Limner tells of a conversation beyond OpenAI's fields."""

    num_rounds: int
    last_picture: str | None


class ConversationBody(BaseModel):
    """A conversation."""

    id: str
    object: Literal["conversation"] = "conversation"
    created_at: int
    metadata: dict[str, str]
    limner: ConversationFacts


class ConversationList(Page[ConversationBody]):
    """Conversations, the newest first, a page of them."""
