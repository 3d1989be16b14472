"""The OpenAPI document: what the routes say of themselves, and how one request leads to the next.

Knows names of operations and which answer holds which other's id. Links let clients and testing tools follow
a conversation from the document alone.
"""

from __future__ import annotations

import re
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute

from limner.server.schemas.image_shapes import edit_schemas

Document = dict[str, Any]

ID: Final = "$response.body#/id"
CONVERSATION: Final = "$response.body#/conversation/id"
# (method and path that answers, then: name, method and path that goes on, parameters, fields of its body)
LINKS: Final[tuple[tuple[str, str, str, dict[str, str], dict[str, str]], ...]] = (
    ("post /v1/responses", "read", "get /v1/responses/{id}", {"id": ID}, {}),
    ("post /v1/responses", "goOn", "post /v1/responses", {}, {"previous_response_id": ID}),
    ("post /v1/responses", "cancel", "post /v1/responses/{id}/cancel", {"id": ID}, {}),
    ("post /v1/responses", "input", "get /v1/responses/{id}/input_items", {"id": ID}, {}),
    ("post /v1/responses", "forget", "delete /v1/responses/{id}", {"id": ID}, {}),
    ("post /v1/responses", "tree", "get /v1/conversations/{id}/tree", {"id": CONVERSATION}, {}),
    ("post /v1/responses", "people", "get /v1/conversations/{id}/people", {"id": CONVERSATION}, {}),
    ("post /v1/responses", "items", "get /v1/conversations/{id}/items", {"id": CONVERSATION}, {}),
    ("post /v1/responses", "export", "get /v1/conversations/{id}/export", {"id": CONVERSATION}, {}),
    ("post /v1/conversations", "retrieve", "get /v1/conversations/{id}", {"id": ID}, {}),
    ("post /v1/conversations", "update", "post /v1/conversations/{id}", {"id": ID}, {}),
    ("post /v1/conversations", "say", "post /v1/responses", {}, {"conversation": ID}),
    ("post /v1/conversations", "items", "get /v1/conversations/{id}/items", {"id": ID}, {}),
    ("post /v1/conversations", "addItems", "post /v1/conversations/{id}/items", {"id": ID}, {}),
    ("post /v1/conversations", "tree", "get /v1/conversations/{id}/tree", {"id": ID}, {}),
    ("post /v1/conversations", "forget", "delete /v1/conversations/{id}", {"id": ID}, {}),
    ("post /v1/files", "retrieve", "get /v1/files/{id}", {"id": ID}, {}),
    ("post /v1/files", "content", "get /v1/files/{id}/content", {"id": ID}, {}),
    ("post /v1/files", "forget", "delete /v1/files/{id}", {"id": ID}, {}),
    ("post /v1/people", "retrieve", "get /v1/people/{id}", {"id": ID}, {}),
    ("post /v1/people", "face", "get /v1/people/{id}/face", {"id": ID}, {}),
    ("post /v1/people", "forget", "delete /v1/people/{id}", {"id": ID}, {}),
)


def describe(app: FastAPI, *, with_keys: bool) -> None:
    """Give `app` an OpenAPI document with links, and without a security scheme where no keys are used."""
    plain = app.openapi

    def openapi() -> Document:
        is_new = app.openapi_schema is None
        document = plain()
        if is_new:
            _tidy(document)
            _link(document)
            if not with_keys:
                _open(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def operation_id(route: APIRoute) -> str:
    """What generated clients call an operation: the part of the API, and what it does: "responses_create"."""
    tag = str(route.tags[0]) if route.tags else "limner"
    return f"{tag}_{route.name.strip('_')}"


def methods_at(app: FastAPI, path: str) -> list[str]:
    """The methods that a path takes, by the document; the framework names those of one route only."""
    for template, methods in app.openapi()["paths"].items():
        pattern = "".join(
            "[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"({\w+})", template)
        )
        if re.fullmatch(pattern, path):
            return sorted(method.upper() for method in methods)
    return []


def _tidy(document: Document) -> None:
    """One name for each thing: a list in a form is `image` or `image[]`, of which the former is told. And no
    answer 422, which is never given.
    """
    schemas = document["components"]["schemas"]
    schemas |= edit_schemas()
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for schema in schemas.values():
        properties = schema.get("properties", {})
        for name in [name for name in properties if name.endswith("[]")]:
            properties.setdefault(name.removesuffix("[]"), properties[name])
            del properties[name]
    for methods in document["paths"].values():
        for operation in methods.values():
            operation["responses"].pop("422", None)


def _link(document: Document) -> None:
    for source, name, target, parameters, body in LINKS:
        link: dict[str, Any] = {"operationId": _operation(document, target)["operationId"]}
        if parameters:
            link["parameters"] = parameters
        if body:
            link["requestBody"] = body
        _operation(document, source)["responses"]["200"].setdefault("links", {})[name] = link


def _open(document: Document) -> None:
    document.get("components", {}).pop("securitySchemes", None)
    for methods in document["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
            operation["responses"].pop("401", None)


def _operation(document: Document, name: str) -> dict[str, Any]:
    method, path = name.split(" ")
    found: dict[str, Any] = document["paths"][path][method]
    return found
