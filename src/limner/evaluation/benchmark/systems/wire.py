"""JSON over HTTP to a server that may be slow, busy, broken or hostile: one request, retried, within limits.

Knows addresses, keys, time limits, sizes and status codes. Knows nothing about conversations or pictures.
"""

from __future__ import annotations

import json
import os
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx2

MAX_ANSWER_BYTES: Final = 64_000_000  # a 25 MB picture in base64, with room for previews and words
CONNECT_S: Final = 15.0
LONGEST_PAUSE_S: Final = 60.0
TRANSIENT: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
POLICY_CODES: Final = frozenset({"content_policy_violation", "moderation_blocked", "content_filter"})
_SHOWN_CHARACTERS: Final = 200


class EndpointError(ValueError):
    """The endpoint cannot be worked with; one sentence says why and what to do."""


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
class Limits:
    """How long and how often a server is asked.

    Args:
        timeout_s: seconds of one try, from sending to the last byte of the answer.
        tries: how often one request is sent at most; busy (429), broken (5xx) and silent servers are asked
            again.
        first_pause_s: the pause after the first failed try; it doubles, unless the server says `Retry-After`.
        longest_pause_s: no pause is longer; a server that asks for more ends the request.
    """

    timeout_s: float = 300.0
    tries: int = 5
    first_pause_s: float = 1.0
    longest_pause_s: float = LONGEST_PAUSE_S

    def __post_init__(self) -> None:
        if self.timeout_s <= 0:
            raise ValueError(f"The time limit of a request is {self.timeout_s} s; give more than 0.")
        if self.tries < 1:
            raise ValueError(f"A request is tried {self.tries} times; give at least 1.")


class Wire:
    """A connection pool to one server. Threads may share it.

    Args:
        url: where the API begins, such as `https://api.openai.com/v1`; `/v1` is added to a bare host.
        key: sent as a bearer token when given. Redirects are not followed, so it reaches this host only.
        limits: time and tries.
        pause: how to wait; tests give their own.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        limits: Limits | None = None,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self.url = api_url(url)
        self.limits = limits or Limits()
        self._key = key
        self._reached = False
        self._pause = pause
        self._lock = threading.Lock()
        self._chance = random.Random()
        limit_s = self.limits.timeout_s
        self._client = httpx2.Client(
            headers=_headers(key),
            timeout=httpx2.Timeout(limit_s, connect=min(CONNECT_S, limit_s)),
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def post(self, route: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON object that the server answers to `body`.

        EndpointError says in one sentence why there is none: not reachable, key refused, no such route
        (`NoRouteError`), request rejected (`RejectedError`), answer too large (`TooLargeError`), not JSON, or still busy
        after all tries.
        """
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        for attempt in range(self.limits.tries):
            trouble = self._once("POST", f"{self.url}{route}", content)
            if isinstance(trouble, dict):
                return trouble
            if attempt + 1 < self.limits.tries:
                self._wait(trouble, attempt)
        tries = "one try" if self.limits.tries == 1 else f"{self.limits.tries} tries"
        raise EndpointError(f"{self.url}{route} {trouble.told} after {tries}; {trouble.remedy}.")

    def get_bytes(self, url: str) -> bytes:
        """A file of the same server, at an absolute address or a path; EndpointError when it is elsewhere."""
        there = httpx2.URL(f"{self.url}/").join(url)
        if _origin(there) != _origin(httpx2.URL(self.url)):
            raise EndpointError(
                f"A picture lies at {_origin(there)}, and only the endpoint's own files are fetched."
            )
        found = self._once("GET", str(there), b"", raw=True)
        if isinstance(found, bytes):
            return found
        raise EndpointError(f"{there} {getattr(found, 'told', 'gave nothing')}.")

    def _once(self, method: str, url: str, content: bytes, *, raw: bool = False) -> Any:
        """One try: the answer, or a `_Trouble` that another try may overcome."""
        try:
            with self._client.stream(method, url, content=content) as response:
                self._reached = True
                data = self._read(response)
        except httpx2.ConnectError as error:
            if not self._reached:  # more likely a wrong address than a server that restarts
                raise EndpointError(
                    f"{self.url} cannot be reached ({_short(error)}); check the address and that it runs."
                ) from error
            return _Trouble(told=f"cannot be reached ({_short(error)})", remedy="start it again")
        except httpx2.TimeoutException:
            return self._late()
        except httpx2.TransportError as error:
            return _Trouble(told=f"broke the connection ({_short(error)})", remedy="look at the server's log")
        except (httpx2.InvalidURL, httpx2.DecodingError) as error:
            raise EndpointError(f"{url} cannot be read ({_short(error)}); check the address.") from error
        if isinstance(data, _Trouble):
            return data
        if not response.is_success and self._key:
            data = data.replace(self._key.encode(), b"***")  # servers repeat a wrong key in their message
        if response.status_code in TRANSIENT:
            return _busy(response, data)
        if not response.is_success:
            raise _refusal(url, response, data)
        return data if raw else _object(data)

    def _read(self, response: httpx2.Response) -> bytes | _Trouble:
        """The body, within the size and the time of one try: a server may also send a byte a second."""
        end = time.monotonic() + self.limits.timeout_s
        chunks, size = [], 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise TooLargeError(
                    f"{response.url} answers with more than {MAX_ANSWER_BYTES // 1_000_000} MB; "
                    "let it make smaller pictures."
                )
            chunks.append(chunk)
            if time.monotonic() > end:
                return self._late()
        return b"".join(chunks)

    def _late(self) -> _Trouble:
        return _Trouble(
            told=f"gave no complete answer within {self.limits.timeout_s:g} s", remedy="allow it more time"
        )

    def _wait(self, trouble: _Trouble, attempt: int) -> None:
        if trouble.after_s is not None:
            if trouble.after_s > self.limits.longest_pause_s:
                raise EndpointError(
                    f"{self.url} {trouble.told} and asks to wait {trouble.after_s:.0f} s; come back later."
                )
            self._pause(trouble.after_s)
            return
        pause_s = min(self.limits.first_pause_s * 2**attempt, self.limits.longest_pause_s)
        with self._lock:
            pause_s *= 0.75 + 0.25 * self._chance.random()  # so that threads do not come back all at once
        self._pause(pause_s)


@dataclass(frozen=True, kw_only=True)
class _Trouble:
    """Why a try failed, in words that follow the address."""

    told: str
    remedy: str
    after_s: float | None = None


def api_url(url: str) -> str:
    """Where the API begins: without a route or a slash at the end, with `/v1` when only a host was given."""
    try:
        parsed = httpx2.URL(url.strip())
    except httpx2.InvalidURL as error:
        raise ValueError(
            f"{url!r} is no address ({error}); give one such as http://localhost:8000."
        ) from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"{url!r} is no http address; give one such as http://localhost:8000.")
    path = parsed.path.rstrip("/")
    for route in ("/responses", "/chat/completions"):
        path = path.removesuffix(route)
    return str(parsed.copy_with(path=path or "/v1", query=None, fragment=None)).rstrip("/")


def key_from(variable: str) -> str | None:
    """The key in an environment variable; None when it is not set or empty."""
    key = os.environ.get(variable, "").strip()
    if not key.isascii() or not key.isprintable():
        raise ValueError(f"The key in {variable} holds characters that no key has; set it anew.")
    return key or None


def _headers(key: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    return headers if key is None else {**headers, "Authorization": f"Bearer {key}"}


def _origin(url: httpx2.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode()}"


def _object(data: bytes) -> dict[str, Any] | _Trouble:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    start = _plain(data[:40].decode("utf-8", "replace"))
    return _Trouble(told=f"answered what is no JSON object ({start!r})", remedy="check the address")


def _busy(response: httpx2.Response, data: bytes) -> _Trouble:
    remedy = "wait, or ask it less often" if response.status_code == 429 else "look at the server's log"
    told = f"still answers {response.status_code}{_reason(data)}"
    return _Trouble(told=told, remedy=remedy, after_s=_retry_after_s(response.headers))


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


def _refusal(url: str, response: httpx2.Response, data: bytes) -> EndpointError:
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
    return f": {_plain(told)[:_SHOWN_CHARACTERS]}" if told else ""


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


def _plain(text: str) -> str:
    return " ".join(text.split())


def _short(error: Exception) -> str:
    told = re.sub(r"\[Errno -?\d+\] ?", "", _plain(str(error)))
    return told[:_SHOWN_CHARACTERS].rstrip(".") or type(error).__name__
