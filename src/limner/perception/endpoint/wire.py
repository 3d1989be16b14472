"""JSON over HTTP to a server that may be slow, busy, broken or hostile: one request, retried, within limits.

Knows addresses, keys, time limits and sizes. Which answers are worth another try, and how each trouble is
told, is `troubles.py`'s business. Knows nothing about conversations or pictures.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from limner.perception.endpoint.address import api_url
from limner.perception.endpoint.troubles import (
    TRANSIENT,
    EndpointError,
    TooLargeError,
    Trouble,
    busy,
    plain,
    refusal,
    short,
)

MAX_ANSWER_BYTES: Final = 64_000_000  # a 25 MB picture in base64, with room for previews and words
CONNECT_S: Final = 15.0
LONGEST_PAUSE_S: Final = 60.0

Files = Mapping[str, bytes] | Sequence[tuple[str, bytes]]
See = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Timeouts and retries of requests to a server.

    Args:
        timeout_s: seconds of one try, from sending to the last byte of the answer.
        tries: how often one request is sent at most; busy (429), broken (5xx) and silent servers are asked
            again.
        first_pause_s: the pause after the first failed try; it doubles, unless the server says `Retry-After`.
        longest_pause_s: no pause is longer; a server that asks for more ends the request.
        per_minute: at most so many requests a minute over this connection; None for no limit.
    """

    timeout_s: float = 300.0
    tries: int = 5
    first_pause_s: float = 1.0
    longest_pause_s: float = LONGEST_PAUSE_S
    per_minute: float | None = None

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
        self._next_s = 0.0
        limit_s = self.limits.timeout_s
        self._client = httpx2.Client(
            headers=_headers(key),
            timeout=httpx2.Timeout(limit_s, connect=min(CONNECT_S, limit_s)),
        )
        # Sessions come and go in threads and none of them owns the wire, so that none can close it.
        weakref.finalize(self, self._client.close)

    def post(self, route: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send `body` by POST; returns the JSON object of the answer.

        EndpointError says in one sentence why there is none: not reachable, key refused, no such route
        (`NoRouteError`), request rejected (`RejectedError`), answer too large (`TooLargeError`), not JSON, or
        still busy after all tries.
        """
        return self._send(route, _encoded(body))

    def stream(self, route: str, body: Mapping[str, Any], see: See) -> dict[str, Any]:
        """The same for an answer in server-sent events: each goes to `see`, and the last one that completes
        the answer is returned. A server that answers in one piece is read as by `post`.
        """
        return self._send(route, _encoded(body), see)

    def post_form(self, route: str, fields: Mapping[str, str], files: Files) -> dict[str, Any]:
        """The same for a form: text fields, and PNG files by field. Errors as of `post`."""
        return self._send(route, _form(fields, files))

    def stream_form(self, route: str, fields: Mapping[str, str], files: Files, see: See) -> dict[str, Any]:
        """`stream` for a form."""
        return self._send(route, _form(fields, files), see)

    def _send(self, route: str, sent: Mapping[str, Any], see: See | None = None) -> dict[str, Any]:
        self._keep_pace()
        for attempt in range(self.limits.tries):
            trouble = self._once("POST", f"{self.url}{route}", sent, see=see)
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
        found = self._once("GET", str(there), {}, raw=True)
        if isinstance(found, bytes):
            return found
        raise EndpointError(f"{there} {getattr(found, 'told', 'gave nothing')}.")

    def _once(
        self,
        method: str,
        url: str,
        sent: Mapping[str, Any],
        *,
        raw: bool = False,
        see: See | None = None,
    ) -> Any:
        """One try: the answer, or a `Trouble` that another try may overcome."""
        try:
            with self._client.stream(method, url, **sent) as response:
                self._reached = True
                told = response.headers.get("Content-Type", "")
                if see is not None and response.is_success and told.startswith("text/event-stream"):
                    return self._read_events(response, see)
                data = self._read(response)
        except httpx2.ConnectError as error:
            if not self._reached:  # more likely a wrong address than a server that restarts
                raise EndpointError(
                    f"{self.url} cannot be reached ({short(error)}); check the address and that it runs."
                ) from error
            return Trouble(told=f"cannot be reached ({short(error)})", remedy="start it again")
        except httpx2.TimeoutException:
            return self._late()
        except httpx2.TransportError as error:
            return Trouble(told=f"broke the connection ({short(error)})", remedy="look at the server's log")
        except (httpx2.InvalidURL, httpx2.DecodingError) as error:
            raise EndpointError(f"{url} cannot be read ({short(error)}); check the address.") from error
        if isinstance(data, Trouble):
            return data
        if not response.is_success and self._key:
            data = data.replace(self._key.encode(), b"***")  # servers repeat a wrong key in their message
        if response.status_code in TRANSIENT:
            return busy(response, data)
        if not response.is_success:
            raise refusal(url, response, data)
        return data if raw else _object(data)

    def _read(self, response: httpx2.Response) -> bytes | Trouble:
        """The body, within the size and the time of one try: a server may also send a byte a second."""
        end = time.monotonic() + self.limits.timeout_s
        chunks, size = [], 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            _check_size(response, size)
            chunks.append(chunk)
            if time.monotonic() > end:
                return self._late()
        return b"".join(chunks)

    def _read_events(self, response: httpx2.Response, see: See) -> dict[str, Any] | Trouble:
        """The event that completes the answer; a `Trouble` when the stream ends without one."""
        end, size, last = time.monotonic() + self.limits.timeout_s, 0, None
        for line in response.iter_lines():
            size += len(line)
            _check_size(response, size)
            if time.monotonic() > end:
                return self._late()
            event = _event(line)
            if event is None:
                continue
            see(event)
            kind = str(event.get("type", ""))
            if kind == "error" or kind.endswith((".failed", ".error")):
                told = plain(json.dumps(event.get("error") or event.get("response") or event))[:200]
                raise EndpointError(f"{response.url} failed while it painted ({told}); look at its log.")
            if kind.endswith(".completed") and kind.startswith(("response.completed", "image_")):
                held = event.get("response")
                last = held if isinstance(held, dict) else event
        if last is None:
            return Trouble(told="ended its stream without an answer", remedy="look at the server's log")
        return last

    def _late(self) -> Trouble:
        return Trouble(
            told=f"gave no complete answer within {self.limits.timeout_s:g} s", remedy="allow it more time"
        )

    def _keep_pace(self) -> None:
        if self.limits.per_minute is None:
            return
        with self._lock:
            now = time.monotonic()
            pause_s = self._next_s - now
            self._next_s = max(now, self._next_s) + 60.0 / self.limits.per_minute
        if pause_s > 0:
            self._pause(pause_s)

    def _wait(self, trouble: Trouble, attempt: int) -> None:
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


def _encoded(body: Mapping[str, Any]) -> dict[str, Any]:
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return {"content": content, "headers": {"Content-Type": "application/json"}}


def _form(fields: Mapping[str, str], files: Files) -> dict[str, Any]:
    """A form of text fields and PNG files, as the client takes it."""
    listed = files.items() if isinstance(files, Mapping) else files
    named = [
        (name, (f"{name.removesuffix('[]')}{number or ''}.png", data, "image/png"))
        for number, (name, data) in enumerate(listed)
    ]
    return {"data": dict(fields), "files": named}


def _check_size(response: httpx2.Response, size: int) -> None:
    if size > MAX_ANSWER_BYTES:
        raise TooLargeError(
            f"{response.url} answers with more than {MAX_ANSWER_BYTES // 1_000_000} MB; "
            "let it make smaller pictures."
        )


def _event(line: str) -> dict[str, Any] | None:
    """A line of server-sent events as an object; None for any other."""
    if not line.startswith("data:"):
        return None
    try:
        event = json.loads(line.removeprefix("data:"))
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def key_from(variable: str) -> str | None:
    """The key in an environment variable; None when it is not set or empty."""
    key = os.environ.get(variable, "").strip()
    if not key.isascii() or not key.isprintable():
        raise ValueError(f"The key in {variable} holds characters that no key has; set it anew.")
    return key or None


def _headers(key: str | None) -> dict[str, str]:
    headers = {"Accept": "application/json"}
    return headers if key is None else {**headers, "Authorization": f"Bearer {key}"}


def _origin(url: httpx2.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode()}"


def _object(data: bytes) -> dict[str, Any] | Trouble:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    start = plain(data[:40].decode("utf-8", "replace"))
    return Trouble(told=f"answered what is no JSON object ({start!r})", remedy="check the address")
