"""Where a round cannot go on from, and what comes of stopped rounds: with the client's own retries."""

from __future__ import annotations

import threading

import pytest
from test_responses import GARDEN
from test_rounds_in_progress import ENDLESS, begin, taking_endless_rounds
from tiny_server import error_of
from waiting import until
from wire_requests import ask

openai = pytest.importorskip("openai", reason="needs the official client")

LONG = {"steps": ENDLESS, "picture": True}


@pytest.fixture
def served(painter, tmp_path):
    with taking_endless_rounds(painter, tmp_path, max_batch=2, max_waiting=4, max_rounds_at_once=4) as server:
        yield server


@pytest.fixture
def defaults(served):
    """The official client as anybody makes it."""
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="any") as made:
        yield made


def refused(server, **place):
    answer = ask(server, "/v1/responses", {"input": "More.", **place})
    error = error_of(answer)
    assert error["message"].endswith(".")
    return answer, error["code"], error["param"]


def test_each_way_of_not_being_there_has_its_own_code(served):
    where = "previous_response_id"
    for id in ("resp_" + "0" * 32, "resp_1", "msg_" + "0" * 32):
        answer, *told = refused(served, previous_response_id=id)
        assert (answer.status, *told) == (404, "previous_response_not_found", where)
    for id in ("", "  "):
        answer, *told = refused(served, previous_response_id=id)
        assert (answer.status, *told) == (400, "invalid_value", where)
        answer, *told = refused(served, limner={"parent": id})
        assert (answer.status, *told) == (400, "invalid_value", "limner.parent")
    assert served.service.conversations("local", limit=5) == []

    id = begin(served)
    answer, *told = refused(served, previous_response_id=id)
    assert (answer.status, *told) == (409, "previous_response_in_progress", where)
    assert answer.headers["Retry-After"] == "1"
    ask(served, f"/v1/responses/{id}/cancel", method="POST")
    answer, *told = refused(served, previous_response_id=id)
    assert (answer.status, *told) == (400, "previous_response_cancelled", where)

    first = ask(served, "/v1/responses", {"input": GARDEN}).told["id"]
    ask(served, f"/v1/responses/{first}", method="DELETE")
    answer, *told = refused(served, previous_response_id=first)
    assert (answer.status, *told) == (404, "previous_response_deleted", where)
    unkept = ask(served, "/v1/responses", {"input": GARDEN, "store": False}).told["id"]
    answer, *told = refused(served, previous_response_id=unkept)
    assert (answer.status, *told) == (404, "previous_response_not_found", where)


def test_the_client_waits_for_a_response_that_is_about_to_end(served, defaults):
    id = begin(served)
    until(lambda: served.service.engine.stats.num_running == 1)
    threading.Timer(0.5, lambda: ask(served, f"/v1/responses/{id}/cancel", method="POST")).start()
    with pytest.raises(openai.BadRequestError) as error:  # asked again by itself, it is told how it ended
        defaults.responses.create(model="limner", input="More.", previous_response_id=id)
    assert error.value.code == "previous_response_cancelled"


def asks_of(server, path):
    """How many requests for rounds came in."""
    line = f'limner_http_requests_total{{method="POST",route="{path}"'
    lines = ask(server, "/metrics").content.decode().splitlines()
    return sum(float(one.rpartition(" ")[2]) for one in lines if one.startswith(line))


@pytest.mark.parametrize("api", ["responses", "chat", "images"])
def test_what_was_deleted_is_not_painted_anew(served, defaults, api):
    made = ask(served, "/v1/conversations", {}).told["id"]
    asks = {
        "responses": lambda: defaults.responses.create(
            model="limner", input=GARDEN, conversation=made, extra_body={"limner": LONG}
        ),
        "chat": lambda: defaults.chat.completions.create(
            model="limner", messages=[{"role": "user", "content": GARDEN}], extra_body={"limner": LONG}
        ),
        "images": lambda: defaults.images.generate(prompt=GARDEN, extra_body={"steps": ENDLESS}),
    }
    path = {
        "responses": "/v1/responses",
        "chat": "/v1/chat/completions",
        "images": "/v1/images/generations",
    }[api]
    errors = []

    def wait():
        with pytest.raises(openai.APIStatusError) as error:
            asks[api]()
        errors.append(error.value)

    waiting = threading.Thread(target=wait)
    waiting.start()
    until(lambda: served.app.state.desk.num_running == 1)
    (running,) = served.app.state.desk.running.values()
    if api == "images":  # nothing of it is kept: it can only be stopped
        running.cancel()
    else:
        served.service.delete_conversation("local", running.conversation)
    waiting.join()
    (error,) = errors
    assert (error.status_code, error.code) == (409, "cancelled")
    assert error.response.headers["x-should-retry"] == "false"
    assert asks_of(served, path) == 1
    assert [one.num_rounds for one in served.service.conversations("local", limit=5)] in ([], [0])


def test_more_at_once_than_is_ever_admitted_is_refused_at_once(served):
    for path, body in (
        ("/v1/images/generations", {"prompt": GARDEN}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": GARDEN}]}),
    ):
        answer = ask(served, path, {**body, "n": 5})
        assert (answer.status, error_of(answer)["param"]) == (400, "n")
        assert "from 1 to 4" in error_of(answer)["message"]
        answer = ask(
            served, path, {**body, "n": 4}
        )  # as many as are allowed: its own do not stand in its way
        assert answer.status == 200, answer.told
    begin(served)
    answer = ask(served, "/v1/images/generations", {"prompt": GARDEN, "n": 4})
    assert (answer.status, error_of(answer)["code"]) == (429, "rate_limit_exceeded")
    until(lambda: served.app.state.desk.num_running == 1)  # nothing of it was begun
    assert ask(served, "/v1/images/generations", {"prompt": GARDEN, "n": 3}).status == 200
