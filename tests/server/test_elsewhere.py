"""Two servers over one store that share a switchboard, without Ray: a round of one is known at the other."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading

import pytest
from test_responses import GARDEN
from test_rounds_in_progress import ENDLESS, LONG, begin, queue
from tiny_server import error_of, events_of, few_steps, serving
from waiting import until
from wire_requests import ask

import limner
from limner.server.app import server_app
from limner.server.opening import service_of
from limner.server.replicas.elsewhere import Elsewhere
from limner.server.replicas.switchboard import LOST, LOST_AFTER_S, Listed, Switchboard
from limner.server.security.limits import Limits
from limner.server.settings import ServerSettings


class Line:
    """The way to a switchboard from the event loops of two threads."""

    def __init__(self):
        self.board = Switchboard()
        self.lock = threading.Lock()

    async def call(self, name, *args, **named):
        with self.lock:
            return getattr(self.board, name)(*args, **named)


class InTouch:
    """An application that keeps in touch from its first request on, as a replica does from its start."""

    def __init__(self, app):
        self.app = app
        self.task = None

    async def __call__(self, scope, receive, send):
        desk = self.app.state.desk
        self.task = self.task or asyncio.ensure_future(desk.others.keep_in_touch(desk))
        await self.app(scope, receive, send)


@pytest.fixture
def line():
    return Line()


@pytest.fixture(scope="module")
def painters(painter, checkpoint):
    """One for each server."""
    return painter, few_steps(limner.load(checkpoint, device="cpu"))


@pytest.fixture
def two(painters, tmp_path, line):
    """Two servers that take endless rounds."""
    settings = ServerSettings(limits=Limits(max_steps=ENDLESS, max_rounds_at_once=2), model="tiny")
    with contextlib.ExitStack() as stack:
        found = []
        for name, painter in zip(("here", "there"), painters, strict=True):
            service = service_of(painter, tmp_path / "store", settings)
            stack.callback(service.close, 0.0)
            app = server_app(service, settings)
            app.state.desk.others = Elsewhere(name, line.call)
            found.append(stack.enter_context(serving(service, settings, InTouch(app))))
            assert ask(found[-1], "/health/live").status == 200
        yield found


def test_a_round_is_followed_and_stopped_from_the_other_server(two):
    here, there = two
    id = begin(here)
    assert ask(there, f"/v1/responses/{id}").told["status"] == "in_progress"
    stopped = ask(there, f"/v1/responses/{id}/cancel", method="POST")
    assert (stopped.status, stopped.told["status"], stopped.told["output"]) == (200, "cancelled", [])
    until(lambda: queue(here)["running"] == 0)
    for server in two:
        assert ask(server, f"/v1/responses/{id}").told["status"] == "cancelled"
    assert ask(there, f"/v1/responses/{id}", method="DELETE").told["deleted"] is True
    for server in two:
        assert ask(server, f"/v1/responses/{id}").status == 404


def test_a_deleted_round_of_the_other_server_is_stopped(two):
    here, there = two
    id = begin(here)
    assert ask(there, f"/v1/responses/{id}", method="DELETE").told["deleted"] is True
    assert queue(here)["running"] == 0
    for server in two:
        assert ask(server, f"/v1/responses/{id}").status == 404


def test_a_stream_from_afar_has_the_beginning_and_the_end(two):
    here, there = two
    steps = {"input": GARDEN, "limner": {"steps": 100, "picture": True}, "background": True}
    made = ask(here, "/v1/responses", steps).told
    whole = events_of(ask(there, f"/v1/responses/{made['id']}?stream=true").content or b"{}")
    until(lambda: ask(there, f"/v1/responses/{made['id']}").told["status"] == "completed")
    told = ask(there, f"/v1/responses/{made['id']}").told
    if whole:  # it was still in progress when the stream began
        assert [event["sequence_number"] for event in whole] == list(range(len(whole)))
        assert whole[0]["type"] == "response.created"
        assert whole[-1]["type"] == "response.completed"
        assert whole[-1]["response"]["output"] == told["output"]
    id = begin(here)
    rest = []
    follow = threading.Thread(
        target=lambda: rest.extend(
            events_of(ask(there, f"/v1/responses/{id}?stream=true&starting_after=7").content)
        )
    )
    follow.start()
    assert ask(there, f"/v1/responses/{id}/cancel", method="POST").told["status"] == "cancelled"
    follow.join()
    # The stream may have been asked for when all was over: then it is told as it ended.
    assert [(event["type"], event["sequence_number"]) for event in rest] in ([("response.cancelled", 8)], [])


def test_an_owner_has_one_limit_at_all_servers(two):
    here, there = two
    ids = [begin(here), begin(there)]
    for server in two:
        greedy = ask(server, "/v1/responses", {"input": GARDEN})
        assert (greedy.status, error_of(greedy)["code"]) == (429, "rate_limit_exceeded")
    ask(here, f"/v1/responses/{ids[1]}/cancel", method="POST")
    assert ask(here, "/v1/responses", {"input": GARDEN}).status == 200
    ask(there, f"/v1/responses/{ids[0]}/cancel", method="POST")


def test_all_are_told_to_drain_and_to_stop(two, line):
    here, there = two
    begin(here)
    begin(there)
    line.board.drain()
    for server in two:
        until(lambda server=server: ask(server, "/health/ready").status == 503)
        refused = ask(server, "/v1/responses", LONG)
        assert (refused.status, error_of(refused)["code"]) == (503, "shutting_down")
    assert line.board.num_running() == 2
    line.board.stop_all()
    until(lambda: line.board.num_running() == 0)


def test_numbers_of_all_servers_stand_side_by_side(two):
    here, there = two
    assert ask(here, "/v1/responses", {"input": GARDEN}).status == 200

    def answered():
        lines = ask(there, "/metrics").content.decode().splitlines()
        assert lines.count("# TYPE limner_ready gauge") == 1
        return [
            line for line in lines if line.startswith("limner_engine_rounds_total{") and line.endswith(" 1.0")
        ]

    until(lambda: answered() == ['limner_engine_rounds_total{replica="here"} 1.0'])


def test_replicas_without_ray_are_one_sentence(limner, monkeypatch, checkpoint):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    answer = limner("serve", "--port", "0", "--model", checkpoint, "--replicas", "2")
    assert answer.code == 2
    assert answer.err.splitlines()[-1].endswith("pip install 'limner[ray]' brings it.")


def test_what_a_lost_replica_computed_has_failed():
    now = [0.0]
    board = Switchboard(lambda: now[0])
    board.beat("lost", (), {None: b"numbers 1\n"})
    board.begin(Listed(id="resp_1", owner="ada", replica="lost", response={}))
    board.begin(Listed(id="resp_2", owner="ada", replica="alive", response={}))
    now[0] = LOST_AFTER_S * 0.9
    assert board.beat("alive", ("resp_2", "resp_3")).unknown == ("resp_3",)
    assert board.num_running("ada") == 2
    board.beat("lost", ())  # it lives, but has forgotten its round
    now[0] = LOST_AFTER_S * 1.1
    gone = board.find("ada", "resp_1")
    assert (gone.status, gone.failure) == ("failed", LOST)
    assert board.find("ben", "resp_1") is None
    assert board.find("ada", "resp_2").status == "in_progress"
    assert (board.num_running("ada"), set(board.numbers())) == (1, {"lost"})
    board.begin(Listed(id="resp_1", owner="ada", replica="lost", response={}))
    board.end("resp_1")
    assert board.find("ada", "resp_1") is None  # it was answered after all: the store has it
    now[0] = LOST_AFTER_S * 3
    assert board.numbers() == {}
