"""How a part of the API begins, and what all parts refuse alike: ids that cannot be any, models not served.

Knows keys, bodies, the one shape of errors, and the kinds of ids. Knows no endpoint.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter

from limner.server.errors import not_found
from limner.server.schemas.wire import ERRORS
from limner.server.security.auth import needs_key
from limner.server.security.bodies import BodyRoute
from limner.server.settings import ServerSettings
from limner.store.records import is_id

Answers = dict[int | str, dict[str, Any]]  # by status, as the OpenAPI document tells of them

_PREFIXES: Final = {"conversation": "conv", "response": "resp", "file": "file", "person": "person"}


def keyed_routes(tag: str, prefix: str = "") -> APIRouter:
    """Routes below `prefix` for whoever has a key, without having held up the event loop by their bodies."""
    return APIRouter(
        route_class=BodyRoute, prefix=prefix, tags=[tag], dependencies=[needs_key], responses=ERRORS
    )


def answer_in(media_type: str, **schema: str) -> Answers:
    """That an answer may be, or is, of another kind than JSON."""
    return {200: {"content": {media_type: {"schema": {"type": "string", **schema}}}}}


OR_EVENTS: Final = answer_in("text/event-stream")
PNG: Final = answer_in("image/png", format="binary")


def check_id(id: str | None, kind: str, *, param: str | None = None) -> None:
    """ApiError 404 for what cannot be the id of a conversation, response, file or person; None is none."""
    if id is not None and not is_id(id, _PREFIXES[kind]):
        raise not_found(f"{kind} {id[:60]!r}", param=param)


def check_model(model: str | None, settings: ServerSettings) -> None:
    """ApiError 404 for a model that is not served; None is ours."""
    if model is not None and not settings.answers_to(model):
        raise not_found(f"model {model[:80]!r}", param="model", code="model_not_found")
