"""What can go wrong between a client and a server, in sentences: what another try may overcome, and what not.

Knows status codes and OpenAI-style error bodies. Knows nothing about sending and reading (`wire.py`).
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2

TRANSIENT: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
POLICY_CODES: Final = frozenset({"content_policy_violation", "moderation_blocked", "content_filter"})
_SHOWN_CHARACTERS: Final = 200


class EndpointError(ValueError):
    """The endpoint cannot be used; the message says in one sentence why and what to do."""


class NoRouteError(EndpointError):
    """The server is reached, but it has no such route (404, 405 or 501)."""


class RejectedError(EndpointError):
    """The server understood the request and will not do it (another 4xx); `code` is its own word for why."""

    def __init__(self, sentence: str, *, status: int, code: str, told: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.told = told


class TooLargeError(EndpointError):
    """The answer holds more bytes than are read."""


def excuse(error: EndpointError) -> str | None:
    """Why a round has no answer although the endpoint works: refused by its rules, or too large to read. None
    for errors that end a run.
    """
    if isinstance(error, TooLargeError):
        return str(error)
    if isinstance(error, RejectedError) and error.code in POLICY_CODES:
        return error.told or str(error)
    return None


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why a try failed, in words that follow the address; `after_s` is the pause that the server asks for."""

    told: str
    remedy: str
    after_s: float | None = None


def busy(response: httpx2.Response, data: bytes) -> Trouble:
    """A status that another try may overcome."""
    remedy = "wait, or ask it less often" if response.status_code == 429 else "look at the server's log"
    told = f"still answers {response.status_code}{_reason(data)}"
    return Trouble(told=told, remedy=remedy, after_s=_retry_after_s(response.headers))


def _retry_after_s(headers: httpx2.Headers) -> float | None:
    """Seconds to wait by `retry-after-ms` or `Retry-After` (RFC 9110, 10.2.3: seconds or a date)."""
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        said = headers.get(name, "").strip()
        try:
            return max(0.0, min(float(said), 1e9)) * scale
        except ValueError:
            pass
    try:
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def refusal(url: str, response: httpx2.Response, data: bytes) -> EndpointError:
    """A status that no other try will change."""
    status, reason = response.status_code, _reason(data)
    if status in (401, 403):
        return EndpointError(f"{url} refused the key ({status}{reason}); set the right one.")
    if status in (404, 405, 501):
        return NoRouteError(f"{url} is not there ({status}{reason}); check the address and the model's name.")
    if 300 <= status < 400:
        return EndpointError(f"{url} redirects ({status}), which is not followed; give the final address.")
    told, code = _told(data)
    sentence = f"{url} rejected the request ({status}{reason}); check the model's name and options."
    return RejectedError(sentence, status=status, code=code, told=told)


def _reason(data: bytes) -> str:
    told, _ = _told(data)
    return f": {plain(told)[:_SHOWN_CHARACTERS].rstrip('.')}" if told else ""


def _told(data: bytes) -> tuple[str, str]:
    """The message and the code of an OpenAI-style error body; empty when there is none."""
    try:
        error = json.loads(data)
    except (ValueError, RecursionError):
        return "", ""
    if isinstance(error, dict):
        error = error.get("error", error.get("detail", error))
    if isinstance(error, dict):
        return str(error.get("message") or ""), str(error.get("code") or error.get("type") or "")
    return (error, "") if isinstance(error, str) else ("", "")


def plain(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())


def short(error: Exception) -> str:
    """The message of an exception without error numbers, as part of a sentence."""
    told = re.sub(r"\[Errno -?\d+\] ?", "", plain(str(error)))
    return told[:_SHOWN_CHARACTERS].rstrip(".") or type(error).__name__
