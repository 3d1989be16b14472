"""Pages of other sites, as browsers and OpenAI's JavaScript client ask for them."""

from __future__ import annotations

import pytest
from tiny_server import ADA, error_of, serving
from wire_requests import ask

from limner.server.opening import service_of
from limner.server.security.keys import ApiKeys
from limner.server.security.limits import Limits
from limner.server.settings import ServerSettings

FRIEND = "https://friend.example"
# What the client's version 6 sends; a browser asks for them in lower case.
ASKED = (
    "authorization,content-type,user-agent,x-stainless-arch,x-stainless-helper-method,x-stainless-lang,"
    "x-stainless-os,x-stainless-package-version,x-stainless-retry-count,x-stainless-runtime,"
    "x-stainless-runtime-version,x-stainless-timeout,openai-organization,idempotency-key"
)


@pytest.fixture
def served(painter, tmp_path):
    """A server with a key that lets one other site in."""
    settings = ServerSettings(
        keys=ApiKeys([(ADA, None)]), allowed_origins=(FRIEND,), limits=Limits(max_body_bytes=2**20)
    )
    service = service_of(painter, tmp_path / "store", settings)
    with serving(service, settings) as server:
        yield server
    service.close(0.0)


def preflight(server, path, *, origin=FRIEND, method="POST", headers=ASKED):
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers is not None:
        asked["Access-Control-Request-Headers"] = headers
    return ask(server, path, method="OPTIONS", headers=asked)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/v1/responses", "POST"),
        ("/v1/responses/resp_1", "DELETE"),
        ("/v1/models", "GET"),
        ("/v1/images/edits", "POST"),
    ],
)
def test_a_friends_page_may_send_every_header_of_the_client(served, path, method):
    answer = preflight(served, path, method=method)  # without a key, as browsers ask
    assert (answer.status, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
    assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
    allowed = {name.strip() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert set(ASKED.split(",")) <= allowed
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


def readable(answer):
    """What a page of the friend's may read of an answer, None when its browser keeps all of it back."""
    if answer.headers["Access-Control-Allow-Origin"] != FRIEND:
        return None
    return {name.strip().lower() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}


def test_a_friends_page_reads_answers_errors_and_what_they_are_called(served):
    friend = {"Origin": FRIEND}
    big = b"{" + b" " * 2**20 + b"}"
    answers = {
        200: ask(served, "/v1/models", key=ADA, headers=friend),
        401: ask(served, "/v1/models", headers=friend),
        404: ask(served, "/v1/responses/resp_1", key=ADA, headers=friend),
        400: ask(served, "/v1/responses", {"input": 5}, key=ADA, headers=friend),
        413: ask(served, "/v1/responses", body=big, key=ADA, headers=friend),
    }
    served.app.state.desk.drain()
    answers[503] = ask(served, "/v1/responses", {"input": "A garden."}, key=ADA, headers=friend)
    for status, answer in answers.items():
        assert answer.status == status, answer.content
        assert readable(answer) >= {"x-request-id", "retry-after", "x-should-retry"}, status
        assert answer.headers["x-request-id"]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answers[503].headers["Retry-After"]


@pytest.mark.parametrize("origin", ["https://foe.example", "null", "https://friend.example.foe.example"])
def test_a_foes_page_is_told_nothing_in_the_usual_shape(served, origin):
    for answer in (
        preflight(served, "/v1/responses", origin=origin),
        ask(served, "/v1/responses", {"input": "x"}, key=ADA, headers={"Origin": origin}),
    ):
        assert (answer.status, error_of(answer)["code"]) == (403, "foreign_origin")
        assert "Access-Control-Allow-Origin" not in answer.headers
    # What it may ask for all the same, its browser keeps from it.
    answer = ask(served, "/v1/models", key=ADA, headers={"Origin": origin})
    assert readable(answer) is None
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_page_of_the_servers_own_sees_no_difference(served):
    own = ask(served, "/v1/models", key=ADA)
    assert (own.status, "Access-Control-Allow-Origin" in own.headers) == (200, False)
    plain = ask(served, "/v1/models", key=ADA, method="OPTIONS")
    assert plain.status == 405
