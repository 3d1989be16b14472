"""A server in front of another server's painter: names, ways back, branches, and replies to a picture."""

from __future__ import annotations

import base64

import pytest
from recording import blank
from stub_endpoint import Told, base64_png
from stub_endpoint import serving as stub_serving
from tiny_server import serving

from limner.dialogue.parts import Picture
from limner.server.opening import open_service
from limner.server.settings import ServerSettings


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A server whose painter is a stub endpoint, and the stub."""

    def answer(asked):
        if "forbidden" in asked.body["prompt"]:
            return Told({"error": {"code": "moderation_blocked", "message": "Not this."}}, status=400)
        if "dungeon" in asked.body["prompt"]:
            return Told({"error": {"message": "Wrong key sk-secret."}}, status=401)
        return {"data": [{"b64_json": base64_png(blank(len(stub.asked), 64))}]}

    with stub_serving(answer) as stub:
        settings = ServerSettings(planning=("model=painter-1", "extra.quality=low"))
        service = open_service(f"endpoint:{stub.url}", tmp_path_factory.mktemp("planned") / "store", settings)
        with serving(service, settings) as server:
            openai = pytest.importorskip("openai", reason="needs the official client")
            with openai.OpenAI(base_url=f"{server.url}/v1", api_key="any", timeout=60) as client:
                yield client, stub
        service.close(0.0)


def picture_of(response):
    calls = [item for item in response.output if item.type == "image_generation_call"]
    return Picture.from_bytes(base64.b64decode(calls[0].result)) if calls else None


def say(client, text, previous=None, **limner):
    return client.responses.create(
        model="limner",
        input=text,
        previous_response_id=None if previous is None else previous.id,
        tools=[{"type": "image_generation"}],
        extra_body={"limner": limner} if limner else None,
    )


def test_a_conversation_goes_back_branches_and_names_people(planned):
    client, stub = planned
    first = say(client, "Ann is on the left and Bob is on the right, in a park.")
    assert stub.asked[-1].path.endswith("/images/generations")
    assert stub.asked[-1].body["quality"] == "low"
    second = say(client, "Make it night.", first)
    assert stub.asked[-1].body["image"] == picture_of(first).to_png()
    third = say(client, "Give Bob a hat.", second)
    assert stub.asked[-1].body["prompt"] == "Give the person on the right a hat."
    num = len(stub.asked)
    back = say(client, "Step back once.", third)
    assert picture_of(back) == picture_of(second)
    assert len(stub.asked) == num
    say(client, "Add a dog.", first)  # a branch from the first
    assert stub.asked[-1].body["image"] == picture_of(first).to_png()


def test_a_picture_is_replied_to_by_response_or_number(planned):
    client, stub = planned
    first = say(client, "A castle on a hill.")
    second = say(client, "Make it night.", first)
    say(client, "Add a flag.", second, reply_to=first.id)
    assert stub.asked[-1].body["image"] == picture_of(first).to_png()
    say(client, "Add a flag.", second, reply_to_picture=1)
    assert stub.asked[-1].body["image"] == picture_of(first).to_png()
    say(client, "Picture 1: add a bird.", second)
    assert stub.asked[-1].body["image"] == picture_of(first).to_png()
    assert stub.asked[-1].body["prompt"] == "Add a bird."
    openai = pytest.importorskip("openai")
    for wrong in ({"reply_to_picture": 9}, {"reply_to": "resp_" + "0" * 32}, {"reply_to_picture": 0}):
        with pytest.raises(openai.BadRequestError):
            say(client, "Add a flag.", second, **wrong)


def test_what_is_unclear_is_asked_and_what_is_refused_is_told(planned):
    client, stub = planned
    first = say(client, "A castle on a hill.")
    num = len(stub.asked)
    assert "Walter" in say(client, "A close-up of Walter.", first).output_text
    assert len(stub.asked) == num
    assert "Not this" in say(client, "Add a forbidden flag.", first).output_text


def test_a_painter_that_cannot_be_worked_with_is_told_without_its_words(planned):
    client, stub = planned
    openai = pytest.importorskip("openai")
    first = say(client, "A castle on a hill.")
    num = len(stub.asked)
    with pytest.raises(openai.APIStatusError) as failed:
        say(client, "Add a dungeon.", first)
    assert (failed.value.status_code, failed.value.code) == (502, "painter_failed")
    assert "paints or plans" in failed.value.message
    assert "sk-secret" not in failed.value.message
    assert len(stub.asked) == num + 1
    assert picture_of(say(client, "Add a flag.", first)) is not None


def test_the_facts_tell_who_paints(planned):
    client, _ = planned
    told = client.get("/limner", cast_to=dict)
    assert told["summary"].startswith("painter-1, with planner rules")
