"""What of a request is kept with its round, so that whoever reads the response again is told what was asked.

Knows how a picture is to be handed out, and which fields of a response say the request back. Knows nothing
about HTTP or how rounds come to be.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from limner.server.pictures.painting import quality_used
from limner.server.pictures.sizes import size_of
from limner.server.schemas.answers import Wanted
from limner.server.schemas.shapes import ImageTool, ResponseRequest, ToolChoice
from limner.server.schemas.wire import ConversationId, ResponseBody
from limner.service.lookup import LABELS
from limner.store.records import StoredRound

SAID_BACK: Final = frozenset(
    {
        "background",
        "created_at",
        "instructions",
        "max_output_tokens",
        "parallel_tool_calls",
        "temperature",
        "tool_choice",
        "tools",
        "top_p",
        "truncation",
        "user",
    }
)


def image_tool(asked: ResponseRequest) -> ImageTool:
    """The request's tool that paints, or the one that it leaves unsaid."""
    tools = [tool for tool in asked.tools or () if isinstance(tool, ImageTool)]
    return tools[0] if tools else ImageTool(type="image_generation")


def wanted_by(asked: ResponseRequest) -> Wanted:
    """How the picture of a request is handed out. ApiError 400 for a size that cannot be had."""
    tool = image_tool(asked)
    steps = asked.limner.steps if asked.limner is not None else None
    return Wanted(
        format=tool.output_format or "png",
        compression=tool.output_compression,
        size=size_of(tool.size, param="tools"),
        quality=quality_used(tool.quality, steps),
    )


def wanted_of(round_: StoredRound) -> Wanted:
    """How the picture of a kept round is handed out."""
    held = dict(round_.asked_with.get("picture", {}))
    if held.get("size") is not None:
        held["size"] = tuple(held["size"])
    return Wanted(**held)


def template_of(asked: ResponseRequest, *, model: str) -> ResponseBody:
    """The response before there is a round: what was asked, said back."""
    choice = asked.tool_choice
    return ResponseBody(
        id="",
        created_at=int(time.time()),
        status="in_progress",
        background=bool(asked.background),
        instructions=asked.instructions,
        max_output_tokens=asked.max_output_tokens,
        model=model,
        previous_response_id=asked.previous_response_id,
        parallel_tool_calls=bool(asked.parallel_tool_calls),
        store=asked.store is not False,
        temperature=asked.temperature,
        top_p=asked.top_p,
        tool_choice=choice.model_dump() if isinstance(choice, ToolChoice) else choice or "auto",
        tools=[tool.model_dump(exclude_none=True) for tool in asked.tools or ()],
        truncation=asked.truncation or "auto",
        user=asked.user,
        metadata=dict(asked.metadata or {}),
    )


def kept_request(template: ResponseBody, wanted: Wanted) -> dict[str, Any]:
    """What is kept with a round, as JSON: only what differs from what goes without saying."""
    usual = asdict(Wanted())
    kept: Mapping[str, Any] = {
        "response": template.model_dump(mode="json", include=set(SAID_BACK), exclude_defaults=True),
        "picture": {name: value for name, value in asdict(wanted).items() if value != usual[name]},
    }
    return {name: held for name, held in kept.items() if held}


def begun(template: ResponseBody, id: str, conversation: str | None) -> ResponseBody:
    """The response of a round in progress."""
    told = None if conversation is None else ConversationId(id=conversation)
    return template.model_copy(update={"id": id, "conversation": told})


def begun_again(round_: StoredRound, *, model: str) -> ResponseBody:
    """The response of a kept round as it was begun."""
    template = ResponseBody(
        id=round_.id,
        created_at=int(round_.created),
        status="in_progress",
        model=model,
        metadata={name: value for name, value in round_.metadata.items() if name not in LABELS},
        previous_response_id=round_.parent,
        conversation=None if round_.conversation is None else ConversationId(id=round_.conversation),
    )
    return template.model_copy(update=round_.asked_with.get("response", {}))
