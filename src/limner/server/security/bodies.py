"""Bodies of requests: weighed, parsed and validated in threads of their own, so that the event loop goes on.

Knows JSON, forms and how much of either is taken. What is no picture must be small: a picture is one long
text, which costs nothing to parse, but a million empty lists cost seconds. Knows no endpoint.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from limner.server.errors import from_validation_error, wrong
from limner.server.security.limits import Limits, too_large_picture, too_many_values, too_much_text

MAX_FORM_FILES: Final = 8
MAX_FORM_FIELDS: Final = 64
MAX_FORM_FIELD_BYTES: Final = 64 * 1024
NUM_READERS: Final = 2
HEAVY_VALUES: Final = 2_000
MOST_HEAVY: Final = 4
MIN_PICTURE_BYTES: Final = 1024  # a shorter text weighs too little to be told from words
HEAD_BYTES: Final = 100  # of a data: URL, before its base64
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

Result = TypeVar("Result")

# Few, so that many large bodies at once leave the processor to others.
_readers: Final = ThreadPoolExecutor(NUM_READERS, "limner-reader")


class BodyRoute(APIRoute):
    """A route whose body reaches its endpoint validated, without having held up the event loop."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            async with contextlib.AsyncExitStack() as held:
                return await answer(_BodyRequest(request.scope, request.receive, route=self, held=held))

        return handle


class HeavyBodies:
    """Bodies of many values take turns, from before they are parsed until they are answered: each is tens of
    thousands of objects, and a collection of garbage stops the process for as long as all of them take.
    """

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(MOST_HEAVY)

    async def wait(self, body: bytes, held: contextlib.AsyncExitStack) -> None:
        """Return when this body may be parsed; its turn ends with `held`."""
        if _num_values_at_least(body) > HEAVY_VALUES:
            await held.enter_async_context(self._turns)


class _BodyRequest(Request):
    def __init__(self, scope: Any, receive: Any, *, route: APIRoute, held: contextlib.AsyncExitStack) -> None:
        super().__init__(scope, receive)
        self._route, self._held = route, held

    async def json(self) -> Any:
        """The body as the endpoint wants it: an instance, which the framework validates no further."""
        body = await self.body()
        limits: Limits = self.app.state.desk.limits
        await self.app.state.heavy_bodies.wait(body, self._held)
        return await run_reader(_validated, body, limits, self._route)

    def form(self, **_: Any) -> Any:
        """The form, with few parts."""
        return super().form(
            max_files=MAX_FORM_FILES, max_fields=MAX_FORM_FIELDS, max_part_size=MAX_FORM_FIELD_BYTES
        )


async def run_reader(work: Callable[..., Result], *given: Any) -> Result:
    """Something that reads what a client sent, for as long as that is, in one of the few threads for it."""
    return await asyncio.get_running_loop().run_in_executor(_readers, work, *given)


def read_json(body: bytes, limits: Limits) -> Any:
    """The JSON value of a body; ApiError 413 or 400 when it is too much, or none."""
    text, pictures = body, Pictures()
    if len(body) > limits.max_text_body_bytes:
        text = pictures.lift(body, limits)
    if len(text) > limits.max_text_body_bytes:
        raise too_much_text(limits.max_text_body_bytes)
    if _num_values_at_least(text) > limits.max_body_values:
        raise too_many_values(limits.max_body_values)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise wrong("The body is not valid JSON.", code="invalid_json") from None
    check_values(value, most=limits.max_body_values)
    pictures.put_back(value)
    return value


class Pictures:
    """The base64 pictures of one request body, taken out before the JSON is parsed: the parser reads every
    character, and the event loop stands still meanwhile.
    """

    def __init__(self) -> None:
        self._mark = f"picture {secrets.token_hex(16)} "  # nobody can write it
        self._lifted: list[bytes] = []

    def lift(self, body: bytes, limits: Limits) -> bytes:
        """The body with a short text in the place of each picture. ApiError 413 for one that is too large."""
        if body.count(b'"') > limits.max_text_body_bytes:
            return body
        most = limits.max_image_bytes * 4 // 3 + HEAD_BYTES
        pieces, copied = [], 0
        start = body.find(b'"')
        while start >= 0 and (end := body.find(b'"', start + 1)) >= 0:
            is_inside = body[start - 1 : start] == b"\\"  # the sign stands within a text
            is_value = not is_inside and body[end + 1 : end + 20].lstrip()[:1] != b":"
            if end - start > MIN_PICTURE_BYTES and is_value and _is_picture(body[start + 1 : end]):
                if end - start > most:
                    raise too_large_picture(limits.max_image_bytes)
                pieces += [body[copied : start + 1], f"{self._mark}{len(self._lifted)}".encode()]
                self._lifted.append(body[start + 1 : end])
                copied = end
            start = end
        return b"".join([*pieces, body[copied:]])

    def put_back(self, value: Any) -> None:
        """The pictures, where they were."""
        left = [value] if self._lifted else []
        while left:
            held = left.pop()
            if not isinstance(held, (dict, list)):
                continue
            for place, inner in list(held.items() if isinstance(held, dict) else enumerate(held)):
                if isinstance(inner, str) and inner.startswith(self._mark):
                    held[place] = self._lifted[int(inner.removeprefix(self._mark))].decode("ascii")
                else:
                    left.append(inner)


def check_values(value: Any, *, most: int) -> None:
    """ApiError 400 when a JSON value contains more than `most` values, or a text that is not valid Unicode,
    which could neither be stored nor sent back.
    """
    num, left = 0, [value]
    while left:
        held = left.pop()
        if isinstance(held, str):
            _check_text(held)
            continue
        if isinstance(held, Mapping):
            num += len(held)
            left.extend(held)
            left.extend(held.values())
        elif isinstance(held, list):
            num += len(held)
            left.extend(held)
        if num > most:
            raise too_many_values(most)


def _num_values_at_least(body: bytes) -> int:
    """A bound before anything is parsed: objects and lists, and what commas part, of which texts have some
    of their own.
    """
    return max(body.count(b"[") + body.count(b"{"), body.count(b",") // 4)


def _validated(body: bytes, limits: Limits, route: APIRoute) -> Any:
    value = read_json(body, limits)
    if route.body_field is None:
        return value
    found, problems = route.body_field.validate(value, {}, loc=("body",))
    if problems:
        problems = problems if isinstance(problems, list) else [problems]
        raise from_validation_error(RequestValidationError(problems[:1]))
    return found


def _is_picture(text: bytes) -> bool:
    if text.startswith(b"data:"):
        head, comma, text = text.partition(b",")
        if not comma or len(head) > HEAD_BYTES:
            return False
    # Piece by piece, as long calls hold up every other thread.
    return not any(text[at : at + 2**20].translate(None, _BASE64) for at in range(0, len(text), 2**20))


def _check_text(text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise wrong(
            "The request is not valid: a text in it holds half of a surrogate pair.",
            code="invalid_value",
        ) from None
