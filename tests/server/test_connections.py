"""Connections before any key is checked: how large, how long, how many; and who makes room."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
import time

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from tiny_server import serving
from wire_requests import WAIT_S, ask

from limner.server.entrance import waiting_room
from limner.server.guard import guard
from limner.server.security import at_once, connections
from limner.server.security.limits import Limits
from limner.server.settings import ServerSettings

GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@contextlib.contextmanager
def door(**limits):
    """The server before its model is loaded, which needs none."""
    settings = ServerSettings(limits=Limits(**limits))
    with serving(None, settings, app=waiting_room(settings)) as server:
        yield server


@contextlib.contextmanager
def line(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as made:
        yield made


def rest(made):
    """All that comes until the server closes; a reset is an end, too."""
    told = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := made.recv(65536):
            told += piece
    return told


def send_all(made, data):
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        made.sendall(data)


@pytest.mark.parametrize(
    "data",
    [
        GET + b"X: " + b"a" * 5000,
        GET + b"X: a\r\n" * 1000,
        GET + b"X: " + b"a" * 5000 + b"\r\n\r\n",
        b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 5000,
        POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 5000,
    ],
)
def test_a_header_has_a_size(data, monkeypatch):
    monkeypatch.setattr(connections, "UNREAD_BODY_S", 0.2)
    with door(max_header_bytes=2000) as server:
        with line(server) as made:
            send_all(made, data)
            told = rest(made)
        assert told == b"" or told.split(b" ")[1] in (b"431", b"503"), told
        assert ask(server, "/health/live").status == 200


def test_a_large_header_is_told_what_is_wrong():
    with door(max_header_bytes=2000) as server, line(server) as made:
        made.sendall(GET + b"X: " + b"a" * 1990)
        assert rest(made).startswith(b"HTTP/1.1 431 ")


def test_a_header_has_a_deadline_from_the_first_byte_and_from_connecting():
    with door(header_timeout_s=0.3) as server:
        for data, status in ((b"GET / HT", b"HTTP/1.1 408 "), (b"", b"")):
            start = time.monotonic()
            with line(server) as made:
                made.sendall(data)
                assert rest(made).startswith(status)
            assert time.monotonic() - start < 10


def test_a_header_that_trickles_in_is_not_waited_for():
    with door(header_timeout_s=0.3) as server, line(server) as made:
        start = time.monotonic()
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while time.monotonic() - start < 10:
                made.sendall(b"G" if time.monotonic() == start else b"a")
                time.sleep(0.05)
        assert time.monotonic() - start < 5


def test_a_second_request_has_a_deadline_too_and_an_idle_connection_is_closed():
    with door(header_timeout_s=0.3, idle_timeout_s=0.3) as server:
        for after in (b"", b"GET /he"):
            with line(server) as made:
                made.sendall(GET + b"\r\n")
                assert made.recv(65536).startswith(b"HTTP/1.1 200 ")
                made.sendall(after)
                start = time.monotonic()
                rest(made)
                assert time.monotonic() - start < 10


def test_a_connection_is_used_again_as_long_as_it_is_used():
    with door(header_timeout_s=0.5, idle_timeout_s=0.5) as server, line(server) as made:
        for _ in range(8):
            made.sendall(GET + b"\r\n")
            assert made.recv(65536).startswith(b"HTTP/1.1 200 ")
            time.sleep(0.15)


def test_the_rest_of_a_body_that_nobody_wants_is_passed_over():
    with door() as server, line(server) as made:
        made.sendall(POST + b"Content-Length: 200000\r\n\r\n" + b"a" * 1000)
        assert made.recv(65536).startswith(b"HTTP/1.1 503 ")
        made.sendall(b"a" * 199_000 + GET + b"\r\n")
        assert b"HTTP/1.1 200 " in made.recv(65536)


@pytest.mark.parametrize("data", [b"", b"GET / HT", POST + b"Content-Length: 9\r\n\r\n{"])
def test_whoever_waits_longest_makes_room_and_the_log_tells(caplog, data):
    """Nobody shuts others out by holding connections."""
    with caplog.at_level(logging.WARNING, "limner.server"), door(max_connections=8) as server:
        held = [socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) for _ in range(30)]
        for one in held:
            send_all(one, data)
        for _ in range(5):
            assert ask(server, "/health/live").status == 200
        for one in held:
            one.close()
    assert caplog.text.count("all 8 connections are taken") == 1  # not a line for each


def test_a_flood_of_bodies_shuts_nobody_out_who_has_only_just_come():
    body = POST + b"Content-Length: 9\r\n\r\n{"
    with door(max_connections=8) as server, contextlib.ExitStack() as held:
        for _ in range(7):
            held.enter_context(line(server)).sendall(body)
        time.sleep(0.2)
        new = held.enter_context(line(server))
        for _ in range(5):
            held.enter_context(line(server)).sendall(body)
            time.sleep(0.05)
        new.sendall(GET + b"\r\n")
        assert new.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_where_everybody_is_being_answered_a_new_one_is_refused(caplog):
    async def slow(scope, receive, send):
        await receive()
        while (await receive())["type"] != "http.disconnect":
            pass

    settings = ServerSettings(limits=Limits(max_connections=8))
    with caplog.at_level(logging.WARNING, "limner.server"), serving(None, settings, app=slow) as server:
        held = [socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) for _ in range(8)]
        for one in held:
            one.sendall(GET + b"\r\n")
        time.sleep(0.2)
        answer = ask(server, "/health/live")
        assert (answer.status, answer.told["error"]["code"]) == (503, "too_many_connections")
        assert answer.headers["Retry-After"]
        for one in held:
            one.close()
    assert "one is refused" in caplog.text


@pytest.fixture
def endless():
    """A server whose answers at one address never end."""

    held, gone = [], threading.Event()

    async def hold(request):
        await request.body()
        held.append(request)
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()
        return Response()

    async def live(request):
        return Response("ok")

    settings = ServerSettings(limits=Limits(max_connections=16))
    routes = [Route("/v1/hold", hold, methods=["GET", "POST"]), Route("/health/live", live)]
    app = Starlette(routes=routes)
    guard(app, settings)
    with serving(None, settings, app=app) as server:
        server.held, server.gone = held, gone
        yield server


def test_one_client_holds_half_of_what_is_answered_at_most(endless):
    """Who follows a conversation from a thousand windows shuts nobody out."""
    wish = b"GET /v1/hold HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with contextlib.ExitStack() as held:
        lines = [held.enter_context(line(endless)) for _ in range(8)]
        for made in lines:
            made.sendall(wish)
        deadline = time.monotonic() + WAIT_S
        while len(endless.held) < 8:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        told = ask(endless, "/v1/hold")
        assert (told.status, told.told["error"]["code"]) == (429, "too_many_requests")
        assert told.headers["Retry-After"]
        assert ask(endless, "/v1/nothing", body=b"{}").status == 429
        for _ in range(10):
            assert ask(endless, "/health/live").status == 200
        lines[0].close()
        while ask(endless, "/v1/nothing").status == 429:
            assert time.monotonic() < deadline
    while ask(endless, "/v1/nothing", body=b"{}").status == 429:
        assert time.monotonic() < deadline


def test_whoever_asks_from_many_connections_waits_for_itself(monkeypatch):
    monkeypatch.setattr(at_once, "MOST_BEGUN", 3)
    monkeypatch.setattr(at_once, "LONG_S", 0.3)
    most, now, ended = [], set(), []

    async def app(scope, receive, send):
        now.add(id(scope))
        most.append(len(now))
        await asyncio.sleep(scope["seconds"])
        now.discard(id(scope))
        ended.append(scope["name"])

    async def asked(door, name, owner="ada", seconds=0.01):
        state = {"owner": owner}
        scope = {"type": "http", "path": "/v1/x", "headers": [], "state": state, "name": name}
        await door({**scope, "seconds": seconds}, None, None)

    async def all_at_once():
        door = at_once.AtOnce(app, most=50)
        await asyncio.gather(*(asked(door, "ada") for _ in range(40)), asked(door, "ben", owner="ben"))
        assert ended.index("ben") < 6
        assert max(most) == 4  # three of one client and one of another
        start = time.monotonic()
        long = [asyncio.ensure_future(asked(door, "long", seconds=60)) for _ in range(3)]
        await asyncio.sleep(0)
        await asked(door, "short")  # those wait for something, and keep nobody for a minute
        assert time.monotonic() - start < 30
        for one in long:
            one.cancel()
        await asyncio.gather(*long, return_exceptions=True)
        assert not door._clients

    asyncio.run(all_at_once())


def test_who_sends_a_body_slowly_is_closed_for_others_and_counts_nothing(endless):
    head = b"POST /v1/hold HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{"
    with contextlib.ExitStack() as held:
        for _ in range(15):
            held.enter_context(line(endless)).sendall(head)
        time.sleep(0.2)
        assert ask(endless, "/v1/nothing").status == 404


def test_requests_sent_before_an_answer_have_a_number():
    with door() as server, line(server) as made:
        send_all(made, (GET + b"\r\n") * 5000)
        assert rest(made).count(b"HTTP/1.1 200 ") <= connections.MAX_PIPELINED + 1


@pytest.mark.parametrize("num", [1, 4])
def test_the_first_of_several_requests_learns_that_its_client_has_gone(endless, num, caplog):
    with line(endless) as made:
        made.sendall(b"GET /v1/hold HTTP/1.1\r\nHost: localhost\r\n\r\n" * num)
        deadline = time.monotonic() + WAIT_S
        while not endless.held:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert endless.gone.wait(WAIT_S)
    assert ask(endless, "/health/live").status == 200
    assert len(endless.held) == 1  # nobody is there for the others
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_client_that_does_not_read_is_let_go(monkeypatch):
    monkeypatch.setattr(connections, "WRITE_CHECK_S", 0.2)
    let_go = threading.Event()

    async def large(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(2**25), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        let_go.set()

    with serving(None, ServerSettings(), app=large) as server, line(server) as made:
        made.sendall(GET + b"\r\n")
        assert let_go.wait(WAIT_S)


def test_where_few_files_may_be_open_there_are_fewer_connections(monkeypatch):
    from limner.server import run

    told = []
    monkeypatch.setattr(run, "_open_files", lambda: 256)
    assert run.connection_limits(Limits(), told.append).max_connections == 96
    assert "ulimit" in told[0]
    monkeypatch.setattr(run, "_open_files", lambda: 100_000)
    assert run.connection_limits(Limits(), told.append).max_connections == 512
    assert len(told) == 1
