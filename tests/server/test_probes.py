"""What clients ask before they ask for anything: whether it lives, which models there are."""

from __future__ import annotations

import pytest
from test_responses import GARDEN
from tiny_server import ADA, error_of
from wire_requests import ask

openai = pytest.importorskip("openai", reason="needs the official client")


@pytest.mark.parametrize(
    "path", ["/health/live", "/health/ready", "/v1/models", "/v1/models/tiny", "/metrics"]
)
def test_head_is_get_without_the_body(server, path):
    got = ask(server, path, key=ADA)
    head = ask(server, path, method="HEAD", key=ADA)
    assert (head.status, head.content) == (got.status, b"") == (200, b"")
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    again = ask(server, path, key=ADA)  # the connection was left in order
    assert again.status == 200


def test_head_of_what_is_not_there_and_without_a_key(server):
    assert ask(server, "/v1/models/nothing", method="HEAD", key=ADA).status == 404
    assert ask(server, "/v1/models", method="HEAD").status == 401
    assert ask(server, "/v1/responses", method="HEAD", key=ADA).status == 405
    made = ask(server, "/v1/responses", {"input": GARDEN, "tool_choice": "none"}, key=ADA).told
    head = ask(server, f"/v1/responses/{made['id']}?stream=true", method="HEAD", key=ADA)
    assert (head.status, head.headers.get_content_type()) == (200, "application/json")


@pytest.mark.parametrize("name", ["openai/gpt-6", "openai%2Fgpt-6", "a/b/c", "gpt-6"])
def test_an_unknown_model_is_not_found_whatever_its_name(server, client, name):
    answer = ask(server, f"/v1/models/{name}", key=ADA)
    error = error_of(answer)
    assert (answer.status, error["code"], error["param"]) == (404, "model_not_found", "model")
    with pytest.raises(openai.NotFoundError) as told:
        client.models.retrieve(name)
    assert told.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/responses", {"input": GARDEN, "text": {"format": {"type": "json_object"}}}, "text.format"),
        (
            "/v1/responses",
            {"input": GARDEN, "text": {"format": {"type": "json_schema", "name": "x", "schema": {}}}},
            "text.format",
        ),
        (
            "/v1/chat/completions",
            {
                "messages": [{"role": "user", "content": GARDEN}],
                "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}},
            },
            "response_format",
        ),
    ],
)
def test_words_in_a_format_that_cannot_be_kept_to_are_refused(server, path, body, param):
    answer = ask(server, path, body, key=ADA)
    error = error_of(answer)
    assert (answer.status, error["code"], error["param"]) == (400, "unsupported_value", param)


def test_plain_words_may_be_asked_for_by_name(client):
    made = client.responses.create(
        model="tiny", input=GARDEN, tool_choice="none", text={"format": {"type": "text"}, "verbosity": "low"}
    )
    assert made.status == "completed"


@pytest.mark.parametrize(
    ("asked", "told"),
    [({}, "medium"), ({"quality": "hd"}, "high"), ({"quality": "low"}, "low"), ({"steps": 2}, "auto")],
)
def test_quality_is_told_as_it_was_used(server, asked, told):
    made = ask(server, "/v1/images/generations", {"prompt": GARDEN, **asked}, key=ADA).told
    assert made["quality"] == told
