"""The study's page over HTTP: a pair at a time to each rater, votes back.

Knows HTTP, limits and headers. What comes next and what a vote must hold is `study/ballot.py`'s
business. Serves the page's files, the study's pictures and nothing else of its folder; the key is not read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from limner.server import guard
from limner.server.errors import ApiError
from limner.server.run import connection_limits, listen
from limner.server.security.connections import served
from limner.server.security.hosts import HostAndOrigin, own_names
from limner.server.security.limits import Limits
from limner.study.ballot import Ballot, Step
from limner.study.pairs import PICTURES, Pair

MAX_BODY_BYTES: Final = 4096
CONTENT_POLICY: Final = (
    "default-src 'none'; img-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {**guard.HEADERS, "Content-Security-Policy": CONTENT_POLICY}
PAGE_FILES: Final = {
    "/": ("study/index.html", "text/html"),
    "/study.css": ("study/study.css", "text/css"),
    "/study.js": ("study/study.js", "text/javascript"),
    "/pair.js": ("study/pair.js", "text/javascript"),
    "/loading.js": ("chat/loading.js", "text/javascript"),
    "/icon.svg": ("study/icon.svg", "image/svg+xml"),
}
SENTENCES: Final = {
    404: "There is nothing at this address.",
    405: "This address does not take requests of this kind.",
    500: "Something went wrong in the server; try again.",
}


def study_app(folder: Path, *, names: Collection[str] | None = None) -> Starlette:
    """The web application for the study in `folder`, whose votes it opens for writing.

    `names` are those that a Host header may carry beside numbers, by default this machine's. ValueError
    when there is no study, or another server has its votes open.
    """
    ballot = Ballot(folder)
    routes = [_page_route(path, name, kind) for path, (name, kind) in PAGE_FILES.items()]
    routes += [
        Route("/api/step", _step(ballot)),
        Route("/api/votes", _posted(ballot.cast), methods=["POST"]),
        Route("/api/undo", _posted(ballot.take_back), methods=["POST"]),
        Route("/pictures/{name}", _picture(ballot, folder / PICTURES)),
    ]
    app = Starlette(
        routes=routes,
        middleware=[
            Middleware(_SafeHeaders),
            Middleware(HostAndOrigin, names=own_names("") if names is None else names, answer=_refused),
        ],
        exception_handlers={HTTPException: _told, Exception: _told},
    )
    app.state.ballot = ballot
    return app


def serve_study(
    folder: Path, host: str, port: int, ready: Callable[[str], None], *, allowed_hosts: Collection[str] = ()
) -> None:
    """Serve until interrupted. `ready` gets the address once the port is taken (port 0: any free one).
    `allowed_hosts` are names by which it is reached beside this machine's.

    ValueError when the study cannot be opened or the address cannot be had.
    """
    app = study_app(folder, names=own_names(host, allowed_hosts))
    try:
        listener = listen(host, port)
        with listener:
            place = f"[{host}]" if ":" in host else host
            ready(f"http://{place}:{listener.getsockname()[1]}/")
            limits = connection_limits(Limits(), lambda words: None)
            config = served(app, limits, log_level="warning", timeout_graceful_shutdown=3)
            uvicorn.Server(config).run(sockets=[listener])
    finally:
        app.state.ballot.close()


def _page_route(path: str, name: str, kind: str) -> Route:
    body = resources.files("limner").joinpath("web", name).read_bytes()

    async def page(request: Request) -> Response:
        return Response(body, media_type=kind, headers={"Cache-Control": "no-cache"})

    return Route(path, page)


def _step(ballot: Ballot) -> Callable[[Request], Any]:
    async def step(request: Request) -> Response:
        return await _answered(ballot, lambda: ballot.step(request.query_params.get("rater", "")))

    return step


def _posted(enter: Callable[[Mapping[str, Any]], Step]) -> Callable[[Request], Any]:
    """An endpoint that gives a JSON object to `enter` (a method of the ballot) and answers the next step."""
    ballot: Ballot = enter.__self__  # type: ignore[attr-defined]

    async def post(request: Request) -> Response:
        data = await _json_object(request)
        return await _answered(ballot, lambda: enter(data))

    return post


async def _answered(ballot: Ballot, ask: Callable[[], Step]) -> Response:
    try:
        step = await run_in_threadpool(ask)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    except OSError as error:  # a full disk; the vote is not counted
        raise HTTPException(503, "The vote could not be saved on the server; try again.") from error
    return JSONResponse(_step_json(ballot, step), headers={"Cache-Control": "no-store"})


def _picture(ballot: Ballot, folder: Path) -> Callable[[Request], Any]:
    known = frozenset(name for pair in ballot.study.pairs for name in pair.pictures)

    async def picture(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in known:
            raise HTTPException(404)
        try:
            body = await run_in_threadpool((folder / name).read_bytes)
        except FileNotFoundError:
            raise HTTPException(404, "This picture is missing on the server.") from None
        cache = {"Cache-Control": "private, max-age=86400, immutable"}
        return Response(body, media_type="image/png", headers=cache)

    return picture


async def _json_object(request: Request) -> dict[str, Any]:
    """The body as a JSON object; 413, 415 or 400 says what is wrong with it."""
    # Another site's page may send text or forms without being asked, but not this type.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Send JSON, with Content-Type: application/json.")
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise HTTPException(413, f"A vote is at most {MAX_BODY_BYTES} bytes long.")
    except ClientDisconnect:
        raise HTTPException(400, "The request ended early.") from None
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400, "The body is no valid JSON.") from None
    if not isinstance(data, dict):
        raise HTTPException(400, "The body must be one JSON object.")
    return data


def _step_json(ballot: Ballot, step: Step) -> dict[str, Any]:
    """What the page needs; of a pair neither the part nor anything of the key."""
    return {
        "questions": [asdict(question) for question in ballot.study.questions],
        "done": step.done,
        "total": step.total,
        "pair": None if step.pair is None else _pair_json(step.pair),
        "coming": [] if step.coming is None else list(dict.fromkeys(step.coming.pictures)),
        "last": None if step.last is None else {"pair": step.last.pair, "answers": dict(step.last.answers)},
    }


def _pair_json(pair: Pair) -> dict[str, Any]:
    return {"id": pair.id, "rounds": [asdict(round_) for round_ in pair.rounds]}


async def _told(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else ""
    sentence = detail if detail.endswith(".") else SENTENCES.get(status, "The request cannot be answered.")
    return JSONResponse({"error": sentence}, status_code=status)


def _refused(error: ApiError) -> Response:
    return JSONResponse({"error": error.message}, status_code=error.status_code)


class _SafeHeaders:
    """Puts the security headers on every answer, errors too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self.app(scope, receive, with_headers)
