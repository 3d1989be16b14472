"""Explicit addresses on the chat page, in front of a stub painter: numbers, replies, and what "@" offers."""

from __future__ import annotations

import pytest
from recording import blank
from stub_endpoint import base64_png
from stub_endpoint import serving as stub_serving
from tiny_server import serving

from limner.server.opening import open_service
from limner.server.settings import ServerSettings


@pytest.fixture(scope="module")
def stub():
    def answer(asked):
        return {"data": [{"b64_json": base64_png(blank(40 * len(made.asked), 64))}]}

    with stub_serving(answer) as made:
        yield made


@pytest.fixture(scope="module")
def server(stub, tmp_path_factory):
    settings = ServerSettings(planning=("model=painter-1",))
    service = open_service(f"endpoint:{stub.url}", tmp_path_factory.mktemp("page") / "store", settings)
    with serving(service, settings) as found:
        yield found
    service.close(0.0)


def test_pictures_are_numbered_and_replied_to(visit, stub):
    page = visit()
    page.say("Ann is on the left and Bob is on the right, in a park.", 1)
    page.say("Make it night.", 2)
    assert page.locator(".picture-number").all_inner_texts() == ["1", "2"]
    first = blank(40, 64).to_png()
    page.act("reply", 0)
    assert page.inner_text(".reply-chip") == "About picture 1"
    page.say("Add a dog.", 3)
    assert stub.asked[-1].body["image"] == first
    assert page.locator(".reply-chip").is_hidden()
    page.say("Undo that.", 4)  # the picture before, asked of nobody
    assert len(stub.asked) == 3
    page.say("In picture 1, give Bob a hat.", 5)
    assert stub.asked[-1].body["image"] == first
    assert stub.asked[-1].body["prompt"] == "Give the person on the right a hat."


def test_an_at_sign_offers_people_and_pictures(visit, stub):
    page = visit()
    page.say("A castle on a hill.", 1)
    page.say("Make it night.", 2)
    page.fill("#say", "")
    page.locator("#say").press_sequentially("Take @pict")
    assert page.locator("#handles li").all_inner_texts() == ["@picture1", "@picture2"]
    page.press("#say", "ArrowDown")
    page.press("#say", "Enter")
    assert page.input_value("#say") == "Take @picture2 "
    assert page.locator("#handles").is_hidden()
    page.locator("#say").press_sequentially("and ")
    page.press("#say", "Escape")
    page.say("@picture1 add a bird", 3)
    assert stub.asked[-1].body["prompt"] == "Add a bird."
