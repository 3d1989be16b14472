"""POST /v1/provenance: what a picture's file says of its origin, and what that means. Nothing is kept."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, File, UploadFile
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from limner.provenance.inspecting import Findings, inspect
from limner.server.api.routes import keyed_routes
from limner.server.pictures.painting import reader_of
from limner.server.rounds.rounds import told
from limner.server.security.auth import Owner
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
    routes = keyed_routes("provenance")
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
            found = await run_in_threadpool(look, data)
            return ProvenanceBody.model_validate(found, from_attributes=True)

    return routes
