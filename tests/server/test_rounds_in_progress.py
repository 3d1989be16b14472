"""Rounds in progress over the wire: stopped, left, queued, refused, drained. What lasts is waited for."""

from __future__ import annotations

import contextlib
import http.client
import json

import pytest
from test_responses import GARDEN
from tiny_server import error_of, events_of, serving
from waiting import until
from wire_requests import WAIT_S, ask

from limner.server.opening import service_of
from limner.server.security.limits import Limits
from limner.server.settings import ServerSettings

# So many steps last longer than any test waits: such a round ends only when it is stopped.
ENDLESS = 200_000
LONG = {"input": GARDEN, "limner": {"steps": ENDLESS, "picture": True}}


@contextlib.contextmanager
def taking_endless_rounds(painter, folder, **limits):
    """A server with these limits that takes endless rounds, and stops them at the end."""
    settings = ServerSettings(limits=Limits(max_steps=ENDLESS, **limits))
    service = service_of(painter, folder / "store", settings)
    with serving(service, settings) as server:
        yield server
        server.app.state.desk.cancel_all()
    service.close(0.0)


@pytest.fixture
def served(painter, tmp_path):
    """One round at a time, with one more waiting."""
    with taking_endless_rounds(painter, tmp_path, max_batch=1, max_waiting=1, max_rounds_at_once=3) as server:
        yield server


def queue(server):
    return ask(server, "/v1/limner").told["queue"]


def begin(server, **more):
    """An endless round in the background, running."""
    made = ask(server, "/v1/responses", {**LONG, "background": True, **more})
    assert made.status == 200, made.told
    assert made.told["status"] == "in_progress"
    return made.told["id"]


def test_a_round_in_progress_is_stopped_within_a_step(served):
    id = begin(served)
    until(lambda: queue(served)["running"] == 1)
    until(lambda: served.service.engine.stats.num_steps > 0)
    assert ask(served, f"/v1/responses/{id}").told["status"] == "in_progress"
    stopped = ask(served, f"/v1/responses/{id}/cancel", method="POST")
    assert (stopped.status, stopped.told["status"], stopped.told["output"]) == (200, "cancelled", [])
    assert ask(served, f"/v1/responses/{id}").told["status"] == "cancelled"
    assert ask(served, f"/v1/responses/{id}/cancel", method="POST").told["status"] == "cancelled"
    assert queue(served)["running"] == 0
    assert ask(served, "/v1/conversations").told["data"] == []
    assert ask(served, f"/v1/responses/{id}", method="DELETE").told["deleted"] is True
    assert ask(served, f"/v1/responses/{id}").status == 404


def test_the_stream_of_a_stopped_round_ends(served):
    id = begin(served)
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=WAIT_S)
    connection.request("GET", f"/v1/responses/{id}?stream=true")
    response = connection.getresponse()
    assert response.readline() == b"event: response.created\n"
    ask(served, f"/v1/responses/{id}/cancel", method="POST")
    rest = events_of(response.read())
    connection.close()
    assert rest[-1]["type"] == "response.cancelled"
    again = events_of(ask(served, f"/v1/responses/{id}?stream=true&starting_after=0").content)
    assert [event["sequence_number"] for event in again] == list(range(1, len(again) + 1))


@pytest.mark.parametrize("stream", [False, True])
def test_a_round_whose_client_left_is_stopped(served, stream):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=WAIT_S)
    body = json.dumps({**LONG, "stream": stream})
    connection.request("POST", "/v1/responses", body, {"Content-Type": "application/json"})
    until(lambda: queue(served)["running"] == 1)
    if stream:
        assert connection.getresponse().readline() == b"event: response.created\n"
    connection.sock.close() if connection.sock is not None else connection.close()
    connection.close()
    until(lambda: served.service.engine.stats.num_running == 0)
    until(lambda: served.app.state.desk.num_running == 0)
    assert served.service.engine.stats.num_rounds == 0


def test_a_full_queue_and_a_greedy_owner_are_refused_before_any_work(served):
    begin(served)
    until(lambda: queue(served)["running"] == 1)
    begin(served)
    full = ask(served, "/v1/responses", {"input": GARDEN})
    assert (full.status, error_of(full)["code"]) == (503, "queue_full")
    assert int(full.headers["Retry-After"]) >= 1
    served.app.state.desk.limits = Limits(max_rounds_at_once=2)
    greedy = ask(served, "/v1/responses", {"input": GARDEN})
    assert (greedy.status, error_of(greedy)["type"]) == (429, "rate_limit_error")
    assert int(greedy.headers["Retry-After"]) >= 1
    numbers = ask(served, "/metrics").content.decode()
    assert 'limner_rounds_refused_total{reason="queue_full"} 1.0' in numbers
    assert 'limner_rounds_refused_total{reason="too_many_rounds"} 1.0' in numbers
    assert "limner_rounds_waiting 1.0" in numbers


def test_a_deleted_round_in_progress_is_stopped_and_not_kept(served):
    id = begin(served)
    until(lambda: queue(served)["running"] == 1)
    assert ask(served, f"/v1/responses/{id}", method="DELETE").status == 200
    until(lambda: served.app.state.desk.num_running == 0)
    assert ask(served, f"/v1/responses/{id}").status == 404


def test_a_conversation_has_an_end(painter, tmp_path):
    settings = ServerSettings(limits=Limits(max_rounds=2))
    service = service_of(painter, tmp_path / "store", settings)
    with serving(service, settings) as server:
        first = ask(server, "/v1/responses", {"input": GARDEN}).told
        second = ask(
            server, "/v1/responses", {"input": "A close-up.", "previous_response_id": first["id"]}
        ).told
        for place in (
            {"previous_response_id": second["id"]},
            {"conversation": first["conversation"]["id"]},
        ):
            answer = ask(server, "/v1/responses", {"input": "More.", **place})
            assert (answer.status, error_of(answer)["code"]) == (400, "conversation_too_long")
        fork = {"input": "More.", "previous_response_id": first["id"]}
        assert ask(server, "/v1/responses", fork).status == 200
    service.close(0.0)


def test_a_draining_server_takes_nothing_new_and_still_tells(served):
    id = begin(served)
    served.app.state.desk.drain()
    ready = ask(served, "/health/ready")
    assert (ready.status, error_of(ready)["code"]) == (503, "shutting_down")
    refused = ask(served, "/v1/responses", {"input": GARDEN})
    assert (refused.status, error_of(refused)["code"]) == (503, "shutting_down")
    assert refused.headers["Retry-After"]
    assert ask(served, "/health/live").status == 200
    assert ask(served, f"/v1/responses/{id}").told["status"] == "in_progress"
    assert "limner_ready 0.0" in ask(served, "/metrics").content.decode()


def test_numbers_are_told_by_route_and_without_names(served):
    made = ask(served, "/v1/responses", {"input": GARDEN}).told
    assert ask(served, f"/v1/responses/{made['id']}").status == 200
    ask(served, "/v1/nothing/like/this")
    numbers = ask(served, "/metrics")
    assert numbers.headers.get_content_type() == "text/plain"
    text = numbers.content.decode()
    assert 'limner_http_requests_total{method="POST",route="/v1/responses",status="200"} 1.0' in text
    assert 'route="/v1/responses/{id}",status="200"} 1.0' in text
    assert 'route="unknown",status="404"} 1.0' in text
    assert 'limner_rounds_total{outcome="answered"} 1.0' in text
    assert "limner_engine_rounds_total 1.0" in text
    assert "process_resident_memory_bytes" in text
    assert made["id"] not in text
    assert "nothing" not in text
