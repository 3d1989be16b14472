"""Faces of real people: entered by an explicit act with a note on consent, per owner, and wholly deletable.

Knows the endpoints. An enrolled person's id may stand wherever a file's id may. What deletion reaches is the
service's business: the face, the file it came from, and every round that was given it, with all after it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from limner.server.api.routes import PNG, check_id, keyed_routes
from limner.server.errors import wrong
from limner.server.pictures.painting import reader_of
from limner.server.pictures.pictures_in import GivenPicture, PictureReader, PictureSource, ReadFile
from limner.server.pictures.sources import given_of
from limner.server.rounds.rounds import told
from limner.server.schemas.shapes import Shape
from limner.server.schemas.wire import Listing
from limner.server.security.auth import Owner
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService
from limner.store.records import StoredPerson, is_id

Id = Annotated[str, Path(description="As `POST /v1/people` returned it.")]


class Consent(Shape):
    """That the person agreed, and to what: who asked whom, when, for which use."""

    given: bool
    note: str = Field(max_length=2000)


class PersonCreate(Shape):
    """POST /v1/people: a name, a picture (a data: URL or an uploaded file), and the consent."""

    name: str = Field(max_length=200)
    consent: Consent
    image_url: str | None = None
    file_id: str | None = None


class PersonBody(BaseModel):
    """An enrolled person."""

    id: str
    object: Literal["person"] = "person"
    created_at: int
    name: str
    consent: Consent
    face: str


class PeopleList(Listing[PersonBody]):
    """Everybody enrolled."""


class PersonDeleted(BaseModel):
    """What was deleted: the person, every response that had been given the face, and all later ones."""

    id: str
    object: Literal["person"] = "person"
    deleted: Literal[True] = True
    responses: list[str]


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/people and what is below it."""
    routes = keyed_routes("people", "/v1/people")
    reader = reader_of(settings)

    @routes.post("", summary="Enroll a person")
    async def create(asked: PersonCreate, owner: Owner) -> PersonBody:
        _check(asked)
        with told("image_url" if asked.file_id is None else "file_id"):
            return _body(await run_in_threadpool(_enroll, service, reader, owner, asked))

    @routes.get("", summary="List enrolled people")
    async def every(owner: Owner) -> PeopleList:
        return PeopleList(data=[*map(_body, await run_in_threadpool(service.people_enrolled, owner))])

    @routes.get("/{id}", summary="Retrieve an enrolled person")
    async def one(id: Id, owner: Owner) -> PersonBody:
        check_id(id, "person")
        return _body(await run_in_threadpool(service.person, owner, id))

    @routes.get("/{id}/face", summary="Retrieve a face", response_class=Response, responses=PNG)
    async def face(id: Id, owner: Owner) -> Response:
        check_id(id, "person")
        data = await run_in_threadpool(file_reader(service, owner), id)
        return Response(data, media_type="image/png", headers={"Cache-Control": "private, no-store"})

    @routes.delete("/{id}", summary="Forget a person, and all that was painted from the face")
    async def delete(id: Id, owner: Owner) -> PersonDeleted:
        check_id(id, "person")
        rounds = await run_in_threadpool(service.unenroll, owner, id)
        return PersonDeleted(id=id, responses=rounds)

    return routes


def file_reader(service: ConversationService, owner: str) -> ReadFile:
    """Reads what an owner's ids stand for: uploaded files, and faces of enrolled people."""

    def read(id: str) -> bytes:
        if is_id(id, "person"):
            return service.png(owner, service.person(owner, id).picture)
        kept = service.file_bytes(owner, id)
        held = given_of(service)
        as_sent = () if held is None else held.of(id)
        return as_sent[0].file if as_sent and isinstance(as_sent[0], GivenPicture) else kept

    return read


def _check(asked: PersonCreate) -> None:
    """ApiError 400 without consent, or without one picture."""
    if asked.consent.given is not True:
        raise wrong(
            "A real face enters only with the person's consent: ask first, then send consent.given true.",
            param="consent",
            code="consent_required",
        )
    if not asked.consent.note.strip():
        raise wrong("Say in consent.note who agreed to what.", param="consent", code="consent_required")
    if (asked.image_url is None) == (asked.file_id is None):
        raise wrong("Give the picture as image_url or as file_id, one of the two.", param="image_url")


def _enroll(
    service: ConversationService, reader: PictureReader, owner: str, asked: PersonCreate
) -> StoredPerson:
    """The person, whose picture is kept as a file if it was none; nothing is kept of one refused."""
    source = PictureSource(url=asked.image_url, file_id=asked.file_id)
    picture = reader.read([source], file_reader(service, owner), most=1)[0]
    file_id = asked.file_id
    if file_id is None:
        name = f"{asked.name.strip()[:100]}.png"
        file_id = service.add_file(owner, name=name, data=picture.to_png()).id
    try:
        return service.enroll(
            owner, name=asked.name, file_id=file_id, consent=asked.consent.given, note=asked.consent.note
        )
    except ValueError:
        if asked.file_id is None:
            service.delete_file(owner, file_id)
        raise


def _body(person: StoredPerson) -> PersonBody:
    return PersonBody(
        id=person.id,
        created_at=int(person.created),
        name=person.name,
        consent=Consent(given=True, note=person.note),
        face=f"/v1/people/{person.id}/face",
    )
