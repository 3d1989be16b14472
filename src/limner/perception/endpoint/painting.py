"""A painter of conversations behind any OpenAI-compatible server: `POST /images/edits` and
`/images/generations`, or `/responses` with the tool that paints.

Knows the three routes' requests and answers, streamed or whole; sending, tries and pauses are `wire.py`'s.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from limner.dialogue.parts import Picture
from limner.perception.endpoint.answers import Found, data_url, from_images, from_response, read_picture
from limner.perception.endpoint.spent import Spent, with_extra
from limner.perception.endpoint.troubles import EndpointError, NoRouteError, RejectedError
from limner.perception.endpoint.wire import Limits, Wire, key_from
from limner.perception.painters import PaintError, Reference, Spending

Route = Literal["images", "responses"]
ROUTES: Final[tuple[Route, ...]] = ("images", "responses")
KEY_VARIABLE: Final = "OPENAI_API_KEY"
_TOOL: Final = {"type": "image_generation"}


@dataclass(eq=False, kw_only=True)
class PaintingEndpoint:
    """An `AnyPainter`. Threads may share it.

    Args:
        wire: the connection.
        model: the model's name, as the server knows it; "" where it needs none.
        route: "images" (edits where there is a picture, generations where there is none) or "responses".
        price: US dollars a picture, to count what was spent.
        stream: ask for the answer in events, so that a slow server is not taken for a silent one.
        extra: further fields of every request; None takes one away.
        previewed: called with every unfinished picture that a streaming server sends.
    """

    wire: Wire
    model: str = ""
    route: Route = "images"
    price: float = 0.0
    stream: bool = False
    extra: Mapping[str, Any] | None = None
    spent: Spent = field(default_factory=Spent)
    previewed: Callable[[Picture], None] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @property
    def name(self) -> str:
        """The model, or the server's address."""
        return self.model or self.wire.url

    @property
    def spending(self) -> Spending:
        """What it has cost so far."""
        spent = self.spent
        return Spending(
            pictures=spent.pictures,
            input_tokens=spent.input_tokens,
            output_tokens=spent.output_tokens,
            dollars=spent.pictures * self.price,
        )

    def paint(
        self,
        instruction: str,
        references: Sequence[Reference],
        base: Picture | None,
        *,
        size_px: int | None,
        seed: int,
    ) -> Picture:
        """See `AnyPainter`. PaintError when the server's rules forbid this one; EndpointError (a ValueError)
        when the server cannot be worked with.
        """
        words = told_with_roles(instruction, references, base)
        shown = [*([] if base is None else [base]), *(one.picture for one in references)]
        try:
            found = self._asked(words, shown, size_px, seed)
        except EndpointError as error:
            raise PaintError(self.spent.refused(error)) from error
        self.spent.add(found)
        if found.picture is None:
            raise PaintError(found.complaint or found.text or "The server answered without a picture.")
        return found.picture

    def _asked(self, words: str, shown: Sequence[Picture], size_px: int | None, seed: int) -> Found:
        if self.route == "responses":
            body = with_extra(self._response_body(words, shown), self.extra)
            events = self._events("/responses", body) if self.stream else None
            return from_response(self.wire.post("/responses", body) if events is None else events)
        fields: dict[str, Any] = {"prompt": words, "n": 1}
        fields |= {"model": self.model} if self.model else {}
        fields |= {"size": f"{size_px}x{size_px}"} if size_px is not None else {}
        fields |= {"stream": True, "partial_images": 1} if self.stream else {}
        fields = {name: _with_seed(value, seed) for name, value in with_extra(fields, self.extra).items()}
        return from_images(self._painted(fields, shown), self.wire.get_bytes)

    def _painted(self, fields: Mapping[str, Any], shown: Sequence[Picture]) -> Mapping[str, Any]:
        if not shown:
            route = "/images/generations"
            return self._events(route, fields) if self.stream else self.wire.post(route, fields)
        files = [("image" if len(shown) == 1 else "image[]", picture.to_png()) for picture in shown]
        form = {name: _plain(value) for name, value in fields.items()}
        if self.stream:
            return self.wire.stream_form("/images/edits", form, files, self._see)
        return self.wire.post_form("/images/edits", form, files)

    def _response_body(self, words: str, shown: Sequence[Picture]) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "input_text", "text": words}]
        content += [{"type": "input_image", "image_url": data_url(picture)} for picture in shown]
        return {
            "model": self.model,
            "input": [{"type": "message", "role": "user", "content": content}],
            "tools": [_TOOL],
            "tool_choice": _TOOL,
            "store": False,
            **({"stream": True} if self.stream else {}),
        }

    def _events(self, route: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self.wire.stream(route, body, self._see)

    def _see(self, event: Mapping[str, Any]) -> None:
        """An unfinished picture on the way is shown; one that cannot be read is passed over."""
        data = event.get("partial_image_b64") or (
            event.get("b64_json") if str(event.get("type", "")).endswith("partial_image") else None
        )
        if data is None or self.previewed is None:
            return
        try:
            self.previewed(read_picture(data))
        except ValueError:
            return


def endpoint_painter(
    url: str,
    *,
    model: str = "",
    route: str = "",
    key_variable: str = KEY_VARIABLE,
    price: float = 0.0,
    stream: bool = False,
    extra: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
) -> PaintingEndpoint:
    """The painter behind `url`, where its API begins; one that ends in `/responses` chooses that route.

    ValueError for no address or an unknown route. Nothing is sent.
    """
    route = route or ("responses" if url.rstrip("/").endswith("/responses") else "images")
    if route not in ROUTES:
        raise ValueError(f"There is no route {route!r} to paint by; choose one of {', '.join(ROUTES)}.")
    wire = Wire(url, key=key_from(key_variable), limits=limits)
    return PaintingEndpoint(
        wire=wire,
        model=model,
        route=route,
        price=price,
        stream=stream,
        extra=extra,
    )


def told_with_roles(instruction: str, references: Sequence[Reference], base: Picture | None) -> str:
    """The instruction, and what each picture that goes with it is for, by its number."""
    if not references:
        return instruction
    lines = ["Image 1 is the picture to change." if base is not None else ""]
    first = 1 if base is None else 2
    for number, one in enumerate(references, start=1):
        lines.append(
            f"Image {first + number - 1} is reference {number}: {one.role.partition(': ')[2] or one.role}."
        )
    return "\n".join(line for line in (*lines, instruction) if line)


def _with_seed(value: Any, seed: int) -> Any:
    """ "{seed}" in a user's own field becomes the seed, for servers that take one."""
    return value.replace("{seed}", str(seed)) if isinstance(value, str) and "{seed}" in value else value


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


__all__ = [
    "ROUTES",
    "NoRouteError",
    "PaintingEndpoint",
    "RejectedError",
    "endpoint_painter",
    "told_with_roles",
]
