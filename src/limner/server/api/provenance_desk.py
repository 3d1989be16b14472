"""POST /v1/provenance: what a picture's file says of its origin, and what that means. Nothing is kept."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, File, UploadFile
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from limner.provenance.inspecting import Findings, inspect
from limner.server.pictures.painting import reader_of
from limner.server.rounds.rounds import told
from limner.server.schemas.wire import ERRORS
from limner.server.security.auth import Owner, needs_key
from limner.server.security.bodies import BodyRoute
from limner.server.security.limits import too_large
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService


class ManifestBody(BaseModel):
    """A C2PA manifest: whether it holds, who signed it, and what it says."""

    state: str
    problems: list[str]
    signer: str | None
    signed_at: str | None
    generator: str | None
    actions: list[str]
    source_types: list[str]
    ingredients: list[str]
    soft_bindings: list[str]


class ProvenanceBody(BaseModel):
    """What was found. `is_marked` false means that no mark was found, never that no AI was used."""

    object: Literal["provenance"] = "provenance"
    is_marked: bool
    manifest: ManifestBody | None
    text: dict[str, str]
    watermark: str | None
    watermark_height: float
    meaning: list[str]


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/provenance."""
    routes = APIRouter(route_class=BodyRoute, tags=["provenance"], dependencies=[needs_key], responses=ERRORS)
    reader = reader_of(settings)

    def look(data: bytes) -> Findings:
        return inspect(data, reader.from_bytes(data))

    @routes.post("/v1/provenance", summary="Read the marks of a picture")
    async def read(
        owner: Owner, file: Annotated[UploadFile, File(description="PNG, JPEG, WebP, GIF or BMP.")]
    ) -> ProvenanceBody:
        most = settings.limits.max_image_bytes
        data = await file.read(most + 1)
        if len(data) > most:
            raise too_large(most)
        with told("file"):
            return body_of(await run_in_threadpool(look, data))

    return routes


def body_of(found: Findings) -> ProvenanceBody:
    """The findings as they are answered."""
    one = found.manifest
    manifest = None
    if one is not None:
        manifest = ManifestBody(
            state=one.state,
            problems=list(one.problems),
            signer=one.signer,
            signed_at=one.signed_at,
            generator=one.generator,
            actions=list(one.actions),
            source_types=list(one.source_types),
            ingredients=list(one.ingredients),
            soft_bindings=list(one.soft_bindings),
        )
    return ProvenanceBody(
        is_marked=found.is_marked,
        manifest=manifest,
        text=found.text,
        watermark=found.watermark,
        watermark_height=found.watermark_height,
        meaning=list(found.meaning),
    )
