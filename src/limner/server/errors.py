"""What goes wrong, in the shape that OpenAI's clients parse: a status and one sentence of ours.

Knows statuses, codes and sentences. Text of exceptions that are not ours never reaches a client. Knows
nothing about rounds; what the service's exceptions mean stands in `rounds.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from limner.server.wrong_fields import path_of, reason_of, type_at

if TYPE_CHECKING:  # FastAPI takes a second to import, which the door need not wait for
    from fastapi.exceptions import RequestValidationError

KINDS: Final = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}
SENTENCES: Final = {
    400: "The request cannot be read.",
    404: "There is nothing at this address.",
    405: "This address does not take requests of this kind.",
    413: "The request is larger than this server takes.",
    415: "Send JSON, with Content-Type: application/json.",
    422: "The request cannot be read.",
    500: "Something went wrong in the server. Try again; should it persist, tell the server's operator the "
    "request id.",
}


class ApiError(HTTPException):
    """An answer that is an error. Being an HTTPException it passes through body and form parsing unchanged.

    Args:
        status: HTTP status.
        message: one sentence of ours for whoever wrote the request; never an exception's text.
        code: short, stable, for programs ("model_not_found").
        param: the field or parameter that is wrong.
        retry_after_s: when to try again; clients obey it.
        should_retry: False where asking the same again is of no use, or does harm, though the status is one
            that OpenAI's clients ask again after (408, 409, 429 and 5xx); they obey it.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str | None = None,
        retry_after_s: float | None = None,
        should_retry: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        named = dict(headers or {})
        if retry_after_s is not None:
            named["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
        if not should_retry:
            named["x-should-retry"] = "false"
        super().__init__(status_code=status, detail=message, headers=named or None)
        self.message = message
        self.code = code
        self.param = param
        self.kind = kind or KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")

    def to_json(self) -> dict[str, Any]:
        """The body."""
        return error_json(self.message, kind=self.kind, code=self.code, param=self.param)


def error_json(
    message: str, *, kind: str = "server_error", code: str | None = None, param: str | None = None
) -> dict[str, Any]:
    """{"error": {...}} as OpenAI writes it."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def error_response(error: ApiError) -> JSONResponse:
    """The error as an answer."""
    return JSONResponse(error.to_json(), status_code=error.status_code, headers=error.headers)


def wrong(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    """400: the request itself is wrong."""
    return ApiError(400, message, param=param, code=code)


def not_found(what: str, *, param: str | None = None, code: str = "not_found") -> ApiError:
    """404. `what` is a noun with its id: "response resp_1"; another owner's looks like one not there."""
    return ApiError(404, f"There is no {what}.", param=param, code=code)


def from_http_exception(error: HTTPException) -> ApiError:
    """The framework's own errors, in our words."""
    if isinstance(error, ApiError):
        return error
    status = error.status_code
    sentence = SENTENCES.get(status)
    if sentence is None:
        phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "not possible"
        sentence = f"The request failed: {phrase}."
    return ApiError(status, sentence, headers=error.headers)


def from_validation_error(error: RequestValidationError) -> ApiError:
    """400 with the first wrong field. What was sent is not repeated."""
    problem = error.errors()[0] if error.errors() else {}
    where = list(problem.get("loc", ()))
    if problem.get("type") == "json_invalid":
        return wrong("The body is not valid JSON.", code="invalid_json")
    if where == ["body"] and problem.get("type") in ("model_attributes_type", "dict_type", "missing"):
        return ApiError(400, "The body must be one JSON object, sent with Content-Type: application/json.")
    param = path_of(where[1:]) or None
    typed = type_at(where[1:])
    of = ""
    if typed is not None and typed[0] != param:
        of = f" ({typed[0]} is of type {typed[1]})"
    name = f"'{param}'{of}" if param else "The request"
    return wrong(f"{name} is not valid: {reason_of(problem)}.", param=param, code=_code(problem))


def _code(problem: Mapping[str, Any]) -> str:
    kind = str(problem.get("type", ""))
    if kind == "missing":
        return "missing_required_parameter"
    return "invalid_type" if kind.endswith(("_type", "_parsing")) else "invalid_value"
