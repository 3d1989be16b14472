"""Any OpenAI-compatible endpoint as a system under test, chosen by its address.

Knows which of the two interfaces a server offers. What each sends and reads is `responses_api.py`'s and
`chat_completions.py`'s business; retries and limits are `wire.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from limner.benchmark.names import APIS, Api
from limner.benchmark.systems.chat_completions import ChatCompletionsSystem
from limner.benchmark.systems.responses_api import ResponsesSystem
from limner.perception.endpoint.troubles import NoRouteError, RejectedError
from limner.perception.endpoint.wire import Limits, Wire, key_from

KEY_VARIABLE: Final = "OPENAI_API_KEY"


def endpoint_system(
    url: str,
    *,
    model: str,
    api: Api = "auto",
    key_variable: str = KEY_VARIABLE,
    extra: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
) -> ResponsesSystem | ChatCompletionsSystem:
    """The system behind `url`.

    Args:
        url: where its API begins, such as `https://api.openai.com/v1`; `/v1` is added to a bare host. An
            address that ends in `/responses` or `/chat/completions` chooses that interface.
        model: the model's name, as the server knows it.
        api: "auto" takes Responses when the server has it, and Chat Completions otherwise.
        key_variable: the environment variable that holds the key; none is sent when it is not set.
        extra: further fields of every request; a null takes one away that would be sent.
        limits: time and tries of every request.

    EndpointError when the server is not reached or refuses the key.
    """
    if not model:
        raise ValueError("An endpoint needs the name of a model; give --model NAME.")
    if api not in APIS:
        raise ValueError(f"There is no interface {api!r}; choose one of {', '.join(APIS)}.")
    wire = Wire(url, key=key_from(key_variable), limits=limits)
    if api == "auto":
        api = _named_by(url) or _offered_by(wire)
    if api == "responses":
        return ResponsesSystem(wire=wire, model=model, extra=extra)
    return ChatCompletionsSystem(wire=wire, model=model, extra=extra)


def _named_by(url: str) -> Api | None:
    path = url.strip().rstrip("/")
    if path.endswith("/chat/completions"):
        return "chat"
    return "responses" if path.endswith("/responses") else None


def _offered_by(wire: Wire) -> Api:
    """Which interface there is, asked with an empty request: no server does any work for it."""
    try:
        wire.post("/responses", {})
    except NoRouteError:
        return "chat"
    except RejectedError:
        return "responses"
    return "responses"
