"""The chat page's files, read once and served from memory; nothing else of the disk is reachable.

Knows names and kinds of files. What they do is their own business.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

KINDS: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, kw_only=True)
class PageFile:
    """A file of the page: what it is, and the tag by which a browser knows whether it still has it."""

    body: bytes
    kind: str
    tag: str


@cache
def page_files() -> dict[str, PageFile]:
    """Path -> file. The page itself is at "/", its parts beside it under their names."""
    folder = resources.files("limner").joinpath("web", "chat")
    found: dict[str, PageFile] = {}
    for entry in folder.iterdir():
        kind = KINDS.get(entry.name.rpartition(".")[2])
        if kind is None or not entry.is_file():
            continue
        body = entry.read_bytes()
        file = PageFile(body=body, kind=kind, tag=f'"{hashlib.sha256(body).hexdigest()[:32]}"')
        found["/" if entry.name == "index.html" else f"/{entry.name}"] = file
    return found


def paths() -> frozenset[str]:
    """Paths that need no key: the page asks for it."""
    return frozenset(page_files())


def answer(file: PageFile, request: Request) -> Response:
    """The file, or 304 when the browser has it."""
    headers = {"Cache-Control": "no-cache", "ETag": file.tag}
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.kind, headers=headers)


def routes() -> list[Route]:
    """GET and HEAD of every file of the page; it needs no model."""
    found = []
    for path, file in page_files().items():

        async def get(request: Request, file: PageFile = file) -> Response:
            return answer(file, request)

        found.append(Route(path, get, methods=["GET"]))
    return found
