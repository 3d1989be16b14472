"""The Responses API: a conversation's rounds, asked for, streamed, read again, cancelled and deleted.

`previous_response_id` names the round to go on from: the newest continues, an older one rolls back, the same
one twice makes siblings. Knows HTTP; what is done stands in `response_desk.py`.
"""

from __future__ import annotations

import contextlib
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from limner.server.api.response_desk import ResponseDesk, response_of
from limner.server.api.routes import OR_EVENTS, check_id, keyed_routes
from limner.server.errors import ApiError
from limner.server.rounds.rounds import desk_of
from limner.server.schemas import answers
from limner.server.schemas.shapes import Include, ResponseRequest
from limner.server.schemas.wire import Deleted, ItemList, ResponseBody
from limner.server.security.auth import Owner
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService
from limner.service.service_round import Answered
from limner.store.records import NotThere

Id = Annotated[str, Path(description="As `POST /v1/responses` returned it.")]


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/responses and what is below it."""
    routes = keyed_routes("responses", "/v1/responses")
    desk = ResponseDesk(service, settings)
    _add_reading(routes, desk)
    _add_stopping(routes, service, desk)
    _add_items(routes, service, desk)
    return routes


def _add_reading(routes: APIRouter, desk: ResponseDesk) -> None:
    """POST /v1/responses and GET of one."""

    @routes.post(
        "",
        summary="Ask for a round",
        response_model=ResponseBody,
        responses=OR_EVENTS,
    )
    async def create(request: Request, asked: ResponseRequest, owner: Owner) -> ResponseBody | Response:
        running = await desk.begin(request, asked, owner)
        if asked.stream:
            return desk.stream(running, cancel_when_left=not asked.background)
        if asked.background:
            return response_of(running).template
        return await desk.finished(running, await running.answered(request))

    @routes.get(
        "/{id}",
        summary="Read a round again",
        response_model=ResponseBody,
        responses=OR_EVENTS,
    )
    async def retrieve(
        request: Request,
        id: Id,
        owner: Owner,
        stream: bool = False,
        starting_after: Annotated[int | None, Query(ge=0)] = None,
    ) -> ResponseBody | Response:
        running = desk.running(request, owner, id)
        if running is not None and response_of(running).template.store:
            if stream:
                return desk.stream(running, starting_after=starting_after)
            if running.last is None or not isinstance(running.last, Answered):
                return desk.unfinished(running)
        others, listed = desk_of(request).others, await desk.elsewhere(request, owner, id)
        if others is not None and listed is not None and desk.listed(listed).store:
            if stream:
                return desk.stream_from_afar(others, listed, starting_after=starting_after)
            return desk.listed(listed)
        if stream:
            return await desk.stored_stream(owner, id, starting_after=starting_after)
        return await desk.stored(owner, id)


def _add_stopping(routes: APIRouter, service: ConversationService, desk: ResponseDesk) -> None:
    """DELETE of a response, and /cancel."""

    @routes.delete("/{id}", summary="Forget a round")
    async def delete(request: Request, id: Id, owner: Owner) -> Deleted:
        check_id(id, "response")
        others, here = desk_of(request).others, desk.running(request, owner, id)
        listed = await desk.elsewhere(request, owner, id)
        if others is not None and listed is not None and here is None:
            await others.stopped(listed)
        is_known = here is not None or listed is not None
        with contextlib.suppress(*((NotThere,) if is_known else ())):
            await run_in_threadpool(service.delete, owner, id)
        desk_of(request).forget(id)
        if others is not None:
            await others.forget(owner, id)
        return Deleted(id=id, object="response")

    @routes.post("/{id}/cancel", summary="Stop a round in progress")
    async def cancel(request: Request, id: Id, owner: Owner) -> ResponseBody:
        running = desk.running(request, owner, id)
        if running is None:
            others, listed = desk_of(request).others, await desk.elsewhere(request, owner, id)
            if others is not None and listed is not None:
                listed = await others.stopped(listed)
            if listed is not None:
                return desk.listed(listed)
            return await desk.stored(owner, id)  # it may have ended just now: then it is told as it is
        running.cancel()
        try:
            return await desk.finished(running, await running.answered())
        except ApiError:
            return desk.unfinished(running)


def _add_items(routes: APIRouter, service: ConversationService, desk: ResponseDesk) -> None:
    """/input_items."""

    @routes.get("/{id}/input_items", summary="What a round was asked with")
    async def input_items(
        id: Id,
        owner: Owner,
        include: Include,
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        order: Literal["asc", "desc"] = "desc",
    ) -> ItemList:
        check_id(id, "response")
        round_ = await run_in_threadpool(service.get, owner, id)
        return await run_in_threadpool(
            answers.page_of,
            answers.parts_of(round_)[:1],
            desk.kept.item_reader(include),
            limit=limit,
            after=after,
            order=order,
        )
