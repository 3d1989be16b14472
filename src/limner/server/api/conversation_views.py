"""What a page shows of a conversation beyond its items: the whole tree, the people, its pictures, its file.

Extensions of Limner's, with the same keys and errors as everything else.
"""

from __future__ import annotations

import asyncio
import base64
import io
import re
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Final, Literal

from fastapi import APIRouter, File, Header, Path, Query, UploadFile
from PIL import Image
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from limner.dialogue.boxes import Box
from limner.dialogue.parts import Picture
from limner.provenance.fitting import Size
from limner.server.api.conversations import Conversations, Id, conversation_body, picture_url
from limner.server.api.routes import PNG, answer_in, check_id, keyed_routes
from limner.server.errors import not_found, wrong
from limner.server.pictures.painting import PictureFiles, default_steps, reader_of
from limner.server.pictures.sizes import size_of
from limner.server.rounds.rounds import told
from limner.server.schemas.wire import ConversationBody, Listing
from limner.server.security.auth import Owner
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService, PersonSeen
from limner.store.records import StoredRound, is_digest, is_id

FACE_PX = 160
# Few, as each looks for faces in many pictures, which takes all of a processor's core.
_lookers: Final = ThreadPoolExecutor(2, "limner-people")


class RoundBody(BaseModel):
    """A round of the tree."""

    id: str
    parent: str | None
    conversation: str | None
    text_in: str
    pictures_in: list[str]
    region: Box | None  # the part of the picture before that the words are about
    text_out: str
    picture: str | None
    seed: int
    steps: int | None  # denoising steps of its picture, where they are known
    seconds: float
    created_at: float
    depth: int
    favourite: bool


class Tree(Listing[RoundBody]):
    """Every round of every branch, parents before children."""


class NamedPersonBody(BaseModel):
    """A named person: what the user said about them and, where a face was found, its crop as a data: URL."""

    name: str
    said: str
    response: str
    box: tuple[float, float, float, float] | None
    face: str | None
    source: str


class People(Listing[NamedPersonBody]):
    """Everybody named, in the order of naming."""


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/conversations/{id}/tree, /people, /export, /v1/conversations/import and /v1/pictures."""
    routes = keyed_routes("limner")
    held = Conversations(service, settings)
    _add_looking(routes, service, held)
    _add_exchange(routes, service, held, reader_of(settings).from_bytes)
    _add_pictures(routes, service, PictureFiles(service, settings))
    return routes


def _add_looking(routes: APIRouter, service: ConversationService, held: Conversations) -> None:
    """/tree and /people."""

    @routes.get("/v1/conversations/{id}/tree", summary="Every round of every branch", response_model=Tree)
    async def tree(id: Id, owner: Owner) -> Response:
        of = await run_in_threadpool(held.find, owner, id)
        return await run_in_threadpool(_tree, service, owner, id, of.favourites)

    @routes.get(
        "/v1/conversations/{id}/people", summary="Who was named, and their faces", response_model=People
    )
    async def people(
        id: Id,
        owner: Owner,
        at: Annotated[str | None, Query(description="A response; by default the newest.")] = None,
    ) -> Response:
        await run_in_threadpool(held.find, owner, id)
        check_id(at, "response", param="at")
        if at is not None:
            with told("at"):
                if (await run_in_threadpool(service.get, owner, at)).conversation != id:
                    raise not_found(f"response {at!r} in this conversation", param="at")
        with told():
            looking = asyncio.get_running_loop().run_in_executor(_lookers, _people, service, owner, at or id)
            return await looking


def _add_exchange(
    routes: APIRouter,
    service: ConversationService,
    held: Conversations,
    decode: Callable[[bytes], Picture],
) -> None:
    """/export and /import."""

    @routes.get(
        "/v1/conversations/{id}/export",
        summary="A conversation with all branches as one file",
        response_class=Response,
        responses=answer_in("application/octet-stream", format="binary"),
    )
    async def export(id: Id, owner: Owner) -> Response:
        found = await run_in_threadpool(held.find, owner, id)
        with told():
            body = await run_in_threadpool(service.export, owner, id)
        return Response(
            body,
            media_type="application/octet-stream",
            headers=attachment(f"{found.title or 'conversation'}.limner"),
        )

    @routes.post("/v1/conversations/import", summary="A conversation from such a file, under new ids")
    async def import_(
        owner: Owner, file: Annotated[UploadFile, File(description="As `export` gave it.")]
    ) -> ConversationBody:
        data = await file.read()
        with told("file"):
            made = await run_in_threadpool(service.import_, owner, data, decode=decode)
        return conversation_body(made)


def _add_pictures(routes: APIRouter, service: ConversationService, files: PictureFiles) -> None:
    """/v1/pictures."""

    @routes.get(
        "/v1/pictures/{name}",
        summary="A picture of yours",
        response_class=Response,
        responses={**PNG, 304: {"description": "You have it."}},
    )
    async def picture(
        name: Annotated[str, Path(description="SHA-256 of the picture's file, and .png.")],
        owner: Owner,
        download: Annotated[
            Literal["0", "1"], Query(description="1: as a file that tells its model, seed and node.")
        ] = "0",
        response: Annotated[
            str | None, Query(description="Which round's picture it is, where several have the same.")
        ] = None,
        size: Annotated[
            str | None, Query(description="With download=1: fitted to that width and height, as 512x512.")
        ] = None,
        if_none_match: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> Response:
        wanted = size_of(size)
        digest = name.removesuffix(".png")
        if not name.endswith(".png") or not is_digest(digest):
            raise not_found(f"picture {name[:80]!r}")
        png = await run_in_threadpool(service.png, owner, digest)
        if not png.startswith(b"\x89PNG"):  # an uploaded file's digest, or tokens
            raise not_found(f"picture {name!r}")
        if download == "1":
            round_ = await run_in_threadpool(_painted_in, service, owner, digest, response)
            body = png if round_ is None else await run_in_threadpool(_file_of, files, png, round_, wanted)
            return Response(body, media_type="image/png", headers=attachment(f"limner-{digest[:12]}.png"))
        # Weak, as the same picture may be signed anew.
        headers = {"Cache-Control": "private, max-age=31536000, immutable", "ETag": f'W/"{digest}"'}
        if if_none_match is not None and digest in if_none_match:
            return Response(status_code=304, headers=headers)
        # Who saves it from the page shall have a marked file, too.
        round_ = await run_in_threadpool(_painted_in, service, owner, digest, None)
        body = png if round_ is None else await run_in_threadpool(files.png, png, round_, shown=True)
        return Response(body, media_type="image/png", headers=headers)


# Long answers are written where they are looked up, not on the event loop, which would answer nobody else.


def _tree(service: ConversationService, owner: str, id: str, favourites: Collection[str]) -> Response:
    rounds = service.tree(owner, id)
    bodies = [round_body(one, steps_of(service, one), liked=one.id in favourites) for one in rounds]
    return _json(Tree(data=bodies))


def _people(service: ConversationService, owner: str, id: str) -> Response:
    return _json(People(data=[person_body(person) for person in service.people(owner, id)]))


def _json(body: BaseModel) -> Response:
    return Response(body.model_dump_json(), media_type="application/json")


def steps_of(service: ConversationService, round_: StoredRound) -> int | None:
    """How many denoising steps a round's picture took; None when that was up to other weights."""
    if round_.picture is None:
        return None
    asked = round_.sampling.get("pixel_steps")
    if asked is not None:
        return int(asked)
    is_ours = round_.state.painter == service.painter.fingerprint
    return default_steps(service.painter) if is_ours else None


def round_body(round_: StoredRound, steps: int | None, *, liked: bool) -> RoundBody:
    """The tree's entry of a round."""
    return RoundBody(
        id=round_.id,
        parent=round_.parent,
        conversation=round_.conversation,
        text_in=round_.text_in,
        pictures_in=[picture_url(digest) for digest in round_.pictures_in],
        region=round_.region,
        text_out=round_.text_out,
        picture=None if round_.picture is None else picture_url(round_.picture),
        seed=round_.seed,
        steps=steps,
        seconds=round_.seconds,
        created_at=round_.created,
        depth=round_.depth,
        favourite=liked,
    )


def person_body(person: PersonSeen) -> NamedPersonBody:
    """A person as the panel shows them."""
    return NamedPersonBody(
        name=person.name,
        said=person.said,
        response=person.round,
        box=None if person.box is None else (person.box[0], person.box[1], person.box[2], person.box[3]),
        face=None if person.face is None else _small(person.face),
        source=person.source,
    )


def attachment(name: str) -> dict[str, str]:
    """Headers of a download. The name is cut down to what no header or file system can misread."""
    safe = re.sub(r"[^A-Za-z0-9 ._-]+", "_", name).strip(" .") or "limner"
    return {
        "Content-Disposition": f'attachment; filename="{safe[-80:]}"',
        "Cache-Control": "private, no-store",
    }


def _painted_in(
    service: ConversationService, owner: str, digest: str, response: str | None
) -> StoredRound | None:
    """The round that painted it; None when it was given and not painted."""
    ids = [response] if response is not None else service.store.holders(owner, digest)
    for id in ids:
        if is_id(id, "resp"):
            with told("response"):
                round_ = service.get(owner, id)
            if round_.picture == digest:
                return round_
    if response is not None:
        raise wrong("This response did not paint that picture.", param="response")
    return None


def _file_of(files: PictureFiles, png: bytes, round_: StoredRound, size: Size | None) -> bytes:
    if size is None:
        return files.png(png, round_)
    return files.file(Picture.from_bytes(png), round_, size=size)


def _small(face: Image.Image) -> str:
    face = face.convert("RGB")
    face.thumbnail((FACE_PX, FACE_PX))
    buffer = io.BytesIO()
    face.save(buffer, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
