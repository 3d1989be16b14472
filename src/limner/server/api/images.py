"""The Images API: pictures from one prompt, or from a prompt and pictures; nothing of them is kept.

Knows the endpoints, their fields and their stream. Conversations live in Responses and Chat Completions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, Literal, TypeVar

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from limner.server.api.image_desk import ImageDesk
from limner.server.api.routes import OR_EVENTS, keyed_routes
from limner.server.pictures.painting import Format
from limner.server.rounds.rounds import desk_of, told
from limner.server.schemas.image_shapes import (
    MASK,
    EditRequest,
    ImageRequest,
    ImagesBody,
    Quality,
)
from limner.server.security.auth import Owner
from limner.server.security.bodies import BodyRoute
from limner.server.security.limits import too_large
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService

Read = TypeVar("Read")
JSON_EDIT: Final = {"$ref": "#/components/schemas/EditRequest"}  # which `document.py` puts there
# Clients of OpenAI's API elsewhere send it. Where an operation takes bodies of two kinds and nothing that can
# be left out, openapi-python-client forgets an import (its issue 1451), and the file it makes cannot be used.
API_VERSION: Final = {
    "name": "api-version",
    "in": "query",
    "required": False,
    "description": "Taken and not used.",
    "schema": {"type": "string"},
}


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/images/generations and /v1/images/edits."""
    routes = keyed_routes("images", "/v1/images")
    desk = ImageDesk(service, settings)

    @routes.post(
        "/generations", summary="Paint from a prompt", response_model=ImagesBody, responses=OR_EVENTS
    )
    async def generate(request: Request, asked: ImageRequest, owner: Owner) -> ImagesBody | Response:
        return await desk.answer(request, asked, owner, pictures=[], event="image_generation")

    _add_edits_in_json(routes, desk)
    _add_edits(routes, desk, settings)
    return routes


def _add_edits_in_json(routes: APIRouter, desk: ImageDesk) -> None:
    """POST /v1/images/edits with JSON; comes first, as it lets forms pass."""

    async def edit_json(request: Request, asked: EditRequest, owner: Owner) -> ImagesBody | Response:
        return await desk.edit(request, asked, owner)

    routes.add_api_route(
        "/edits",
        edit_json,
        methods=["POST"],
        response_model=ImagesBody,
        route_class_override=JsonRoute,
        include_in_schema=False,  # the form's entry tells of both
    )


def _add_edits(routes: APIRouter, desk: ImageDesk, settings: ServerSettings) -> None:
    """POST /v1/images/edits with a form."""

    @routes.post(
        "/edits",
        summary="Paint from a prompt and pictures",
        response_model=ImagesBody,
        responses=OR_EVENTS,
        openapi_extra={
            "requestBody": {"content": {"application/json": {"schema": JSON_EDIT}}},
            "parameters": [API_VERSION],
        },
    )
    async def edit(
        request: Request,
        owner: Owner,
        prompt: Annotated[str, Form()],
        image: Annotated[list[UploadFile] | None, File(description="At most four.")] = None,
        images: Annotated[list[UploadFile] | None, File(alias="image[]", description="The same.")] = None,
        mask: Annotated[UploadFile | None, File(description=MASK)] = None,
        model: Annotated[str | None, Form()] = None,
        n: Annotated[int | None, Form(ge=1)] = None,
        size: Annotated[str | None, Form()] = None,
        quality: Annotated[Quality | None, Form()] = None,
        output_format: Annotated[Format | None, Form()] = None,
        output_compression: Annotated[int | None, Form(ge=0, le=100)] = None,
        response_format: Annotated[Literal["b64_json", "url"] | None, Form()] = None,
        background: Annotated[Literal["auto", "opaque", "transparent"] | None, Form()] = None,
        stream: Annotated[bool | None, Form()] = None,
        partial_images: Annotated[int | None, Form(ge=0, le=3)] = None,
        seed: Annotated[int | None, Form(ge=0, le=2**63 - 1)] = None,
        steps: Annotated[int | None, Form(ge=1)] = None,
    ) -> ImagesBody | Response:
        asked = ImageRequest(
            prompt=prompt,
            model=model,
            n=n,
            size=size,
            quality=quality,
            output_format=output_format,
            output_compression=output_compression,
            response_format=response_format,
            background=background,
            stream=stream,
            partial_images=partial_images,
            seed=seed,
            steps=steps,
        )
        given = [*(image or []), *(images or [])]
        desk.check_edit(asked, given)
        desk_of(request).expect_room(owner, asked.n or 1)
        pictures = [await read_upload(one, desk.reader.from_bytes, settings, "image") for one in given]
        region = None if mask is None else await read_upload(mask, desk.reader.region_in, settings, "mask")
        return await desk.answer(request, asked, owner, pictures=pictures, event="image_edit", region=region)


async def read_upload(
    file: UploadFile, read: Callable[[bytes], Read], settings: ServerSettings, param: str
) -> Read:
    """What `read` makes of an uploaded picture; 413 or 400 when it is none within the limits."""
    most = settings.limits.max_image_bytes
    if file.size is not None and file.size > most:
        raise too_large(most)
    data = await file.read(most + 1)
    with told(param):
        return await run_in_threadpool(read, data)


class JsonRoute(BodyRoute):
    """A route for bodies of JSON alone, beside one for forms at the same address."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        kinds = [value for name, value in scope.get("headers", ()) if name == b"content-type"]
        is_json = any(kind.partition(b";")[0].strip().lower() == b"application/json" for kind in kinds)
        return (match, child) if is_json else (Match.NONE, {})
