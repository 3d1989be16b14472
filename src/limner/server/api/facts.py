"""GET /v1/limner: what the page, or any client, wants to know before it asks.

Knows the model's facts, this server's limits and prompts to begin with.
"""

from __future__ import annotations

from typing import Final, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from limner.demo import SCRIPTS
from limner.server.api.models import AI_NOTICE
from limner.server.api.routes import keyed_routes
from limner.server.pictures.painting import default_steps
from limner.server.pictures.sizes import MAX_SIZE_PX
from limner.server.rounds.rounds import desk_of
from limner.server.safety import OF_THE_WORLD, warnings_of
from limner.server.security.auth import IsOperator, Owner
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService, Painter


class Example(BaseModel):
    """Prompts to send in this order."""

    title: str
    prompts: list[str]


class Queue(BaseModel):
    """How busy the server is: with everybody's rounds for the operator, with your own for an owner."""

    running: int
    waiting: int
    max_waiting: int


class Marks(BaseModel):
    """How pictures are marked as made by AI, and whether a safety hook judges them."""

    signed: bool
    time_stamped: bool
    watermark: Literal["faces", "always", "never"]
    badge: Literal["none", "corner"]
    safety_hook: bool


class Facts(BaseModel):
    """What is served, and how much one round may hold."""

    model: str
    summary: str
    image_size_px: int
    max_size_px: int = MAX_SIZE_PX
    default_steps: int
    max_steps: int
    max_images: int
    max_image_bytes: int
    max_text: int
    regions: str  # what becomes of a part of a picture that is pointed at
    subjects: str  # what it can paint, where that is little; else empty
    uploads: str  # what becomes of a picture that is given, where that may surprise; else empty
    notice: str = AI_NOTICE
    marks: Marks
    warnings: list[str]  # for whoever runs it; empty for everybody else
    examples: list[Example]
    queue: Queue


GENERAL: Final = (
    Example(
        title="Two people, by name",
        prompts=[
            "Generate an image of Clara and Hugo in a living room. Clara has long red hair and wears a "
            "yellow sweater. Hugo has short black hair and a beard.",
            "A close-up of Clara.",
            "Now a close-up of Hugo.",
        ],
    ),
    Example(
        title="Change it, and go back",
        prompts=[
            "Generate an image of a woman in a garden.",
            "Make it night.",
            "Step back once, then add a straw hat.",
        ],
    ),
)


def examples(scale: str) -> tuple[Example, ...]:
    """Prompts that suit a model of that scale; the small ones know only the world they were trained on."""
    if scale not in OF_THE_WORLD:
        return GENERAL
    return tuple(
        Example(title=script.title, prompts=[_asked(line.text) for line in script.lines])
        for script in SCRIPTS
        if not any(line.with_face for line in script.lines)
    )


def _asked(text: str) -> str:
    """Words that describe a picture, as somebody asks for one."""
    return text.replace("The image shows ", "Generate an image of ", 1)


def subjects(scale: str) -> str:
    """What a model of that scale can paint at all."""
    if scale not in OF_THE_WORLD:
        return ""
    return (
        "This small model paints one or two illustrated people, their clothes and the place around them; "
        "other subjects it does not know."
    )


def uploads(scale: str) -> str:
    """What a model of that scale makes of a photograph: the small ones see nothing but their own world."""
    if scale not in OF_THE_WORLD:
        return ""
    return (
        "This model knows only its own illustrated world: somebody on a photograph becomes, at best, an "
        "illustrated inhabitant of it."
    )


def regions(painter: Painter) -> str:
    """What a painter makes of a region that an instruction points at."""
    kept = "Outside of the marked part the picture stays as it is; inside, it is the new picture's."
    if painter.reads_regions:
        return kept
    return f"{kept} This painter does not see the mark: say in words, too, who or what is meant."


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/limner."""
    routes = keyed_routes("limner")

    @routes.get("/v1/limner", summary="What is served here")
    async def facts(request: Request, owner: Owner, is_operator: IsOperator) -> Facts:
        limits, painter, stats = settings.limits, service.painter, service.engine.stats
        running, waiting = stats.num_running, stats.num_waiting
        if not is_operator:
            running, waiting = desk_of(request).queue_of(owner)
        return Facts(
            model=settings.model,
            summary=painter.summary,
            image_size_px=painter.image_size_px,
            default_steps=default_steps(painter),
            max_steps=limits.max_steps,
            max_images=limits.max_images,
            max_image_bytes=limits.max_image_bytes,
            max_text=limits.max_text,
            regions=regions(painter),
            subjects=subjects(painter.kind),
            uploads=uploads(painter.kind),
            marks=Marks(
                signed=settings.sign,
                time_stamped=settings.timestamp_authority is not None,
                watermark=settings.watermark,
                badge=settings.badge,
                safety_hook=settings.safety_hook not in (None, "none"),
            ),
            warnings=await run_in_threadpool(warnings_of, service, settings) if is_operator else [],
            examples=list(examples(painter.kind)),
            queue=Queue(running=running, waiting=waiting, max_waiting=limits.max_waiting),
        )

    return routes
