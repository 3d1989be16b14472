"""Connections before anybody has said who they are: how many, how long they may wait, how large a header.

Knows sockets and the moments of a request: its header arrives, then its body, then it is answered. When there
is no room, whoever has kept the server waiting longest makes room; only where all are being answered, a new
one is refused. So nobody shuts others out by holding connections. Knows nothing about what is asked.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import logging
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from limner.server.errors import error_json

log = logging.getLogger("limner.server")

MAX_PIPELINED: Final = 8  # requests sent before the first is answered
UNREAD_BODY_S: Final = 30.0  # for the rest of a body whose request has been answered
LINGER_S: Final = 5.0  # for a client to read its answer, when it is not to say more
WRITE_CHECK_S: Final = 30.0
MIN_WRITTEN_BYTES: Final = 16 * 1024  # in that time, by a client that is still reading
TOO_MANY: Final = "The server has too many connections; try again."
LOG_EVERY_S: Final = 10.0
GRACE_S: Final = 2.0  # for a new connection to say something


@dataclass(frozen=True, kw_only=True)
class ConnectionLimits:
    """What connections may take.

    max_connections: at once. max_header_bytes: of a request's first line and headers (431 beyond).
    header_timeout_s: from the first byte, or from opening the connection, to the end of the headers (408).
    idle_timeout_s: between an answer and the next request.
    """

    max_connections: int = 512
    max_header_bytes: int = 32 * 1024
    header_timeout_s: float = 15.0
    idle_timeout_s: float = 15.0


class Connections:
    """The connections of one server. Lives on the event loop's thread."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self.num_made_room = 0
        self.num_refused = 0
        self._open: set[_Connection] = set()
        # Since when; the longest first.
        self._listening: dict[_Connection, float] = {}  # header incomplete, or idle
        self._receiving: dict[_Connection, float] = {}  # body incomplete
        self._logged = -LOG_EVERY_S

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, connection: _Connection) -> bool:
        """Take a new one in, if need be in the place of another; False when there is no room."""
        if len(self._open) >= self.limits.max_connections:
            longest = self._longest()
            self._log(longest is not None)
            if longest is None:
                self.num_refused += 1
                return False
            self.num_made_room += 1
            longest.make_room()
        self._open.add(connection)
        return True

    def leave(self, connection: _Connection) -> None:
        """It is closed, or about to be."""
        self._open.discard(connection)
        self._listening.pop(connection, None)
        self._receiving.pop(connection, None)

    def note(self, connection: _Connection, *, listening: bool = False, receiving: bool = False) -> None:
        """What the server waits for from now on: a header, a body, or (neither) for itself."""
        self._listening.pop(connection, None)
        self._receiving.pop(connection, None)
        if connection in self._open and listening:
            self._listening[connection] = time.monotonic()
        elif connection in self._open and receiving:
            self._receiving[connection] = time.monotonic()

    def _longest(self) -> _Connection | None:
        """Who has kept the server waiting longest: an idle one rather than one that is sending, but none that
        has only just come, or a flood of bodies would shut out whoever comes.
        """
        now = time.monotonic()
        firsts = [
            (since, connection)
            for waiting in (self._listening, self._receiving)
            for connection, since in itertools.islice(waiting.items(), 1)
        ]
        late = (first for first in firsts if now - first[0] >= GRACE_S)
        found = next(late, None) or min(firsts, key=lambda first: first[0], default=None)
        return None if found is None else found[1]

    def _log(self, makes_room: bool) -> None:
        now = time.monotonic()
        if now - self._logged < LOG_EVERY_S:
            return
        self._logged = now
        log.warning(
            "all %d connections are taken; %s (so far: %d closed to make room, %d refused)",
            self.limits.max_connections,
            "the one that has kept the server waiting longest is closed" if makes_room else "one is refused",
            self.num_made_room,
            self.num_refused,
        )


class _Connection(HttpToolsProtocol):
    """uvicorn's protocol with deadlines."""

    def __init__(self, *args: Any, connections: Connections, **named: Any) -> None:
        super().__init__(*args, **named)
        self.registry = connections
        self.limits = connections.limits
        self.is_in_header = True
        self.is_in_body = False
        self.is_refused = False
        self.num_header_bytes = 0
        self.num_bytes_beside_body = 0  # chunk sizes and trailers, since the body's last byte
        self.deadline: asyncio.TimerHandle | None = None
        self.writing: asyncio.TimerHandle | None = None
        self.refusal: tuple[int, str, str] | None = None
        self.unanswered: list[RequestResponseCycle] = []  # `cycle` is the last of them alone

    # What the transport tells

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not self.registry.enter(self):
            self.refuse(503, TOO_MANY, code="too_many_connections")
            return
        self.registry.note(self, listening=True)
        self._expect_header()

    def connection_lost(self, exc: Exception | None) -> None:
        self.registry.leave(self)
        for timer in (self.deadline, self.writing):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)
        self._give_up()

    def data_received(self, data: bytes) -> None:
        if self.is_refused or self.parser is None:
            return
        if self.is_in_header:
            self.num_header_bytes += len(data)
        else:
            self.num_bytes_beside_body += len(data)
        super().data_received(data)
        if self.is_refused or self.transport.is_closing():
            return
        if max(self.num_header_bytes, self.num_bytes_beside_body) > self.limits.max_header_bytes:
            self.send_400_response("")
        elif self.is_in_header and self.num_header_bytes and self.deadline is None and not self.is_answering:
            self._expect_header()

    @property
    def is_answering(self) -> bool:
        """Whether a request is being answered, or waits for that."""
        return self.cycle is not None and not self.cycle.response_complete

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_writing()

    def resume_writing(self) -> None:
        if self.writing is not None:
            self.writing.cancel()
            self.writing = None
        super().resume_writing()

    # What the parser tells

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.is_in_header, self.is_in_body = True, False

    def on_headers_complete(self) -> None:
        num_bytes = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if num_bytes > self.limits.max_header_bytes:
            self.num_header_bytes = num_bytes
            raise ValueError("the header is too large")  # ends the parsing; `send_400_response` tells
        if len(self.pipeline) >= MAX_PIPELINED:
            self.refusal = (429, "Too many requests were sent before an answer.", "too_many_pipelined")
            raise ValueError("too many pipelined requests")
        self.is_in_header, self.is_in_body, self.num_header_bytes = False, True, 0
        self._expect_nothing()
        self.registry.note(self, receiving=True)
        super().on_headers_complete()
        if self.cycle is not None:
            self.unanswered = [each for each in self.unanswered if not each.response_complete]
            self.unanswered.append(self.cycle)

    def on_body(self, body: bytes) -> None:
        self.num_bytes_beside_body = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.is_in_header, self.is_in_body = True, False  # of the next
        self.num_bytes_beside_body = 0
        self.registry.note(self, listening=not self.is_answering)
        super().on_message_complete()
        if not self.is_answering:  # it was answered before it was whole
            self._expect_header()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._end_soon()
        elif self.is_in_body:  # what still comes is passed over, for a while
            self._unset_keepalive_if_required()
            self.registry.note(self, receiving=True)
            self._expect_nothing()
            self.deadline = self.loop.call_later(UNREAD_BODY_S, self._end_soon)
        elif not self.pipeline:
            self.registry.note(self, listening=True)

    # How it ends

    def send_400_response(self, msg: str) -> None:
        """Whatever the parser does not take."""
        if self.refusal is not None:
            status, message, code = self.refusal
            self.refuse(status, message, code=code)
        elif max(self.num_header_bytes, self.num_bytes_beside_body) > self.limits.max_header_bytes:
            most = self.limits.max_header_bytes
            self.refuse(431, f"The request's header has more than {most:,} bytes.", code="header_too_large")
        else:
            self.refuse(400, "The request is no valid HTTP.", code="invalid_http")

    def refuse(self, status: int, message: str, *, code: str) -> None:
        """Answer with the error, unless an answer has begun, and close."""
        self.registry.leave(self)
        self.is_refused = True
        self._unset_keepalive_if_required()
        is_answering = self.is_answering
        if not self.transport.is_closing() and not (is_answering and self.cycle.response_started):
            self.transport.write(_answer(status, message, code))
        self._give_up()
        self._end_soon()

    def _give_up(self) -> None:
        """Whatever is being answered learns that its client has gone, the first of several requests too."""
        for cycle in self.unanswered:
            cycle.disconnected = True
            cycle.message_event.set()
        self.unanswered.clear()

    def timeout_keep_alive_handler(self) -> None:
        """The next request did not come in time."""
        self.registry.leave(self)
        self._end_soon(WRITE_CHECK_S)

    def make_room(self) -> None:
        """Be closed for another connection."""
        if self.num_header_bytes or self.is_in_body:
            self.refuse(503, TOO_MANY, code="too_many_connections")
        else:
            self.registry.leave(self)
            self._unset_keepalive_if_required()
            self._end_soon()

    def _expect_header(self) -> None:
        self._expect_nothing()
        self.deadline = self.loop.call_later(self.limits.header_timeout_s, self._late)

    def _expect_nothing(self) -> None:
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def _late(self) -> None:
        self.deadline = None
        if self.num_header_bytes:
            self.refuse(408, "The request's header did not arrive in time.", code="request_timeout")
        else:
            self.registry.leave(self)
            self._end_soon()

    def _end_soon(self, linger_s: float = LINGER_S) -> None:
        """Close when what was written is sent, and in any case after a while."""
        self._expect_nothing()
        self.transport.close()
        self.deadline = self.loop.call_later(linger_s, self.transport.abort)

    def _watch_writing(self) -> None:
        before = self.transport.get_write_buffer_size()

        def check() -> None:
            self.writing = None
            if before - self.transport.get_write_buffer_size() >= MIN_WRITTEN_BYTES:
                self._watch_writing()
            elif self.flow.write_paused:
                log.info("a client that does not read its answer is let go")
                self.transport.abort()

        if self.writing is not None:
            self.writing.cancel()
        self.writing = self.loop.call_later(WRITE_CHECK_S, check)


def served(app: ASGIApp, limits: ConnectionLimits, **more: Any) -> uvicorn.Config:
    """uvicorn's settings for an application behind these limits."""
    return uvicorn.Config(
        app,
        http=functools.partial(_Connection, connections=Connections(limits)),  # type: ignore[arg-type]
        ws="none",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_keep_alive=limits.idle_timeout_s,  # type: ignore[arg-type]
        # So many are accepted before the first of them is read.
        backlog=max(8, min(128, limits.max_connections // 4)),
        **more,
    )


def _answer(status: int, message: str, code: str) -> bytes:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    body = json.dumps(error_json(message, kind=kind, code=code)).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n"
        + ("Retry-After: 2\r\n" if status in (429, 503) else "")
        + "\r\n"
    )
    return head.encode() + body
