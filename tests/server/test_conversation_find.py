"""Conversations found by words, and the round that a downloaded picture tells of, over the wire."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from test_conversation_live import plain, say  # noqa: F401
from test_responses import GARDEN
from tiny_server import ADA, BEN, error_of
from wire_requests import ask


def titles(server, query, **more):
    found = ask(server, f"/v1/limner/conversations?q={query}", **more)
    assert found.status == 200, found.told
    return [one["metadata"]["title"] for one in found.told["data"]]


def test_conversations_are_found_by_words_of_title_and_rounds(plain):  # noqa: F811
    first = say(plain, GARDEN)
    say(plain, "Put a hat on her, Ödön.", previous_response_id=first["id"])
    say(plain, "A man at the beach. 100% sand.")
    named = ask(plain, "/v1/conversations", {"metadata": {"title": "Plans for May"}}).told
    assert titles(plain, "may") == [named["metadata"]["title"]]
    assert len(titles(plain, "HAT%20%C3%B6d%C3%B6n%20" + GARDEN.split()[-1].strip("."))) == 1
    assert titles(plain, "hat%20beach") == []  # every word, in one conversation
    assert len(titles(plain, "100%25")) == 1  # no wildcard
    assert titles(plain, "%25%25") == []
    assert len(titles(plain, "")) == 3
    page = ask(plain, "/v1/limner/conversations?q=&limit=2").told
    assert (len(page["data"]), page["has_more"]) == (2, True)


def test_a_picture_tells_where_it_was_painted(plain):  # noqa: F811
    made = say(plain, GARDEN)
    (round_,) = ask(plain, f"/v1/conversations/{made['conversation']['id']}/tree").told["data"]
    file = ask(plain, f"{round_['picture']}?download=1").content
    node = Image.open(io.BytesIO(file)).info["limner:node"]
    found = ask(plain, f"/v1/limner/nodes/{node}").told
    conversation = made["conversation"]["id"]
    assert found == {"response": made["id"], "conversation": conversation, "text_in": GARDEN}
    assert error_of(ask(plain, f"/v1/limner/nodes/{'0' * 64}"))["code"] == "not_found"
    assert ask(plain, "/v1/limner/nodes/none").status == 404


def test_nobody_finds_what_is_anothers(server):
    body = {"input": "A secret garden of Ada's.", "limner": {"steps": 1}}
    made = ask(server, "/v1/responses", body, key=ADA).told
    assert len(titles(server, "secret%20ada", key=ADA)) == 1
    assert titles(server, "secret%20ada", key=BEN) == []
    node = made["limner"]["node_id"]
    assert ask(server, f"/v1/limner/nodes/{node}", key=ADA).told["response"] == made["id"]
    assert ask(server, f"/v1/limner/nodes/{node}", key=BEN).status == 404
    with pytest.raises(KeyError):
        ask(server, "/v1/limner/conversations?q=ada").told["data"]  # without a key
