"""The Files API, for pictures: uploaded once, then named by id in any request.

What is kept is the picture alone, as PNG: metadata of a photo (place, time, camera) is not. Knows the
endpoints; the store is the service's.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Path, Query, UploadFile
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from limner.server.api.images import read_upload
from limner.server.api.routes import PNG, check_id, keyed_routes
from limner.server.errors import wrong
from limner.server.pictures.painting import reader_of
from limner.server.pictures.pictures_in import GivenPicture
from limner.server.pictures.sources import given_of
from limner.server.rounds.rounds import told
from limner.server.schemas.wire import Deleted, Page
from limner.server.security.auth import Owner
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService
from limner.store.records import StoredFile

# Few, as a large photo as PNG takes seconds of a processor's core.
_writers: Final = ThreadPoolExecutor(2, "limner-writer")
PURPOSES: Final = ("vision", "user_data", "assistants")
MIN_EXPIRES_AFTER_S: Final = 3600
MAX_EXPIRES_AFTER_S: Final = 30 * 24 * 3600
MAX_FILES: Final = 10_000  # of one owner
Id = Annotated[str, Path(description="As `POST /v1/files` returned it.")]


class FileBody(BaseModel):
    """A file, as OpenAI's clients read it."""

    id: str
    object: Literal["file"] = "file"
    bytes: int
    created_at: int
    expires_at: int | None = None
    filename: str
    purpose: str
    status: Literal["processed"] = "processed"


class FileList(Page[FileBody]):
    """A page of files."""


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/files and what is below it."""
    routes = keyed_routes("files", "/v1/files")
    _add_upload(routes, service, settings)
    _add_reading(routes, service)
    return routes


def _add_upload(routes: APIRouter, service: ConversationService, settings: ServerSettings) -> None:
    """POST /v1/files."""
    reader = reader_of(settings)

    @routes.post("", summary="Upload a picture")
    async def create(
        owner: Owner,
        file: Annotated[UploadFile, File(description="PNG, JPEG, WebP, GIF or BMP.")],
        purpose: Annotated[str, Form(description="vision, or user_data.")],
        anchor: Annotated[Literal["created_at"] | None, Form(alias="expires_after[anchor]")] = None,
        expires_after_s: Annotated[
            int | None,
            Form(alias="expires_after[seconds]", ge=MIN_EXPIRES_AFTER_S, le=MAX_EXPIRES_AFTER_S),
        ] = None,
    ) -> FileBody:
        if purpose not in PURPOSES:
            raise wrong(
                f"purpose must be vision or user_data, not {purpose[:40]!r}: pictures are all that is kept.",
                param="purpose",
            )
        if anchor is not None and expires_after_s is None:
            raise wrong(
                "expires_after needs seconds, the time from the upload on; give both or neither.",
                param="expires_after[seconds]",
            )
        picture = await read_upload(file, reader.from_bytes, settings, "file")
        with told("file"):
            if len(await run_in_threadpool(service.list_files, owner)) >= MAX_FILES:
                raise wrong(f"You have {MAX_FILES:,} files, as many as fit; delete some.", param="file")
            png = await asyncio.get_running_loop().run_in_executor(_writers, picture.to_png)
            kept = await run_in_threadpool(
                service.add_file,
                owner,
                name=plain_name(file.filename or ""),
                data=png,
                purpose=purpose,
                expires_after_s=expires_after_s,
            )
        held = given_of(service)
        if held is not None and isinstance(picture, GivenPicture):
            held.keep(kept.id, [picture])
        return _body(kept)


def _add_reading(routes: APIRouter, service: ConversationService) -> None:
    """GET and DELETE."""

    @routes.get("", summary="List files")
    async def every(
        owner: Owner,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
        after: str | None = None,
        order: Literal["asc", "desc"] = "desc",
        purpose: str | None = None,
    ) -> FileList:
        found = await run_in_threadpool(service.list_files, owner)
        if order == "desc":
            found = found[::-1]
        start = next((index + 1 for index, file in enumerate(found) if file.id == after), 0)
        chosen = [file for file in found[start:] if purpose is None or file.purpose == purpose]
        return FileList.of([*map(_body, chosen[:limit])], has_more=len(chosen) > limit)

    @routes.get("/{id}", summary="Retrieve what is known of a file")
    async def one(id: Id, owner: Owner) -> FileBody:
        check_id(id, "file")
        return _body(await run_in_threadpool(service.get_file, owner, id))

    @routes.get("/{id}/content", summary="Retrieve a file's picture", response_class=Response, responses=PNG)
    async def content(id: Id, owner: Owner) -> Response:
        check_id(id, "file")
        file = await run_in_threadpool(service.get_file, owner, id)
        data = await run_in_threadpool(service.file_bytes, owner, id)
        named = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
        headers = {"Content-Disposition": named, "Cache-Control": "private, no-store"}
        return Response(data, media_type="image/png", headers=headers)

    @routes.delete("/{id}", summary="Delete a file")
    async def delete(id: Id, owner: Owner) -> Deleted:
        check_id(id, "file")
        await run_in_threadpool(service.delete_file, owner, id)
        return Deleted(id=id, object="file")


def plain_name(name: str) -> str:
    """The last component of a client's file name, in printable characters; never used as a path."""
    last = re.split(r"[\\/]", name)[-1]
    shown = "".join(letter for letter in last if unicodedata.category(letter)[0] not in "CZ" or letter == " ")
    return shown.strip(". ")[:200] or "picture"


def _body(file: StoredFile) -> FileBody:
    return FileBody(
        id=file.id,
        bytes=file.num_bytes,
        created_at=int(file.created),
        expires_at=None if file.expires is None else int(file.expires),
        filename=file.name,
        purpose=file.purpose,
    )
