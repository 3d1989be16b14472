"""The pictures of all conversations, and favourites among them."""

from __future__ import annotations

import pytest
from tiny_server import ADA, BEN, error_of, serving
from wire_requests import ask

from limner.server.security.keys import ApiKeys
from limner.server.settings import ServerSettings


@pytest.fixture
def own(service):
    """A server whose store is empty."""
    settings = ServerSettings(keys=ApiKeys([(ADA, None), (BEN, "ben")]), model="tiny")
    with serving(service, settings) as found:
        yield found


def paint(server, words, key=ADA, choice="required", **more):
    body = {"input": words, "tool_choice": choice, **more}
    return ask(server, "/v1/responses", body, key=key).told["id"]


def listed(server, query="", key=ADA):
    told = ask(server, f"/v1/limner/pictures?{query}", key=key).told
    return [one["response"] for one in told["data"]], told["has_more"]


def like(server, id, favourite=True, key=ADA):
    return ask(server, f"/v1/limner/pictures/{id}", {"favourite": favourite}, key=key)


def test_pictures_of_all_conversations_are_listed_and_liked(own):
    first = paint(own, "A garden.")
    second = paint(own, "A man at the beach.")
    words = paint(own, "What is to be seen?", choice="none", previous_response_id=second)
    third = paint(own, "A close-up.", previous_response_id=first)
    bens = paint(own, "A tower.", key=BEN)
    assert listed(own) == ([third, second, first], False)
    assert listed(own, "limit=2") == ([third, second], True)
    assert listed(own, f"limit=2&after={second}") == ([first], False)
    assert listed(own, "favourites=true") == ([], False)

    answer = like(own, first)
    assert (answer.status, answer.told["favourite"], answer.told["title"]) == (200, True, "A garden.")
    like(own, first)
    like(own, second)
    assert listed(own, "favourites=true") == ([second, first], False)
    conversation = answer.told["conversation"]
    tree = ask(own, f"/v1/conversations/{conversation}/tree", key=ADA).told["data"]
    assert [(one["id"], one["favourite"]) for one in tree] == [(first, True), (third, False)]
    # Another title leaves the favourites alone.
    ask(own, f"/v1/conversations/{conversation}", {"metadata": {"title": "Mine"}}, key=ADA)
    assert like(own, third).told["title"] == "Mine"
    assert like(own, first, favourite=False).told["favourite"] is False
    assert listed(own, "favourites=true") == ([third, second], False)
    ask(own, f"/v1/responses/{second}", method="DELETE", key=ADA)
    assert listed(own, "favourites=true") == ([third], False)
    assert listed(own) == ([third, first], False)

    assert listed(own, key=BEN) == ([bens], False)
    for id in (bens, second, "resp_" + "0" * 32, "nothing"):
        assert like(own, id).status == 404
        assert ask(own, f"/v1/limner/pictures?after={id}", key=ADA).status == 404
    error = error_of(like(own, words))
    assert "painted no picture" in error["message"]
    assert ask(own, "/v1/limner/pictures").status == 401
