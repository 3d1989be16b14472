"""A response that is read again, polled or followed after its end tells what the first answer told."""

from __future__ import annotations

import base64
import io
import time
from types import SimpleNamespace

import pytest
from PIL import Image
from test_responses import GARDEN, image_of
from tiny_server import ADA, events_of
from waiting import until
from wire_requests import ask

from limner.service import conversation_service

openai = pytest.importorskip("openai", reason="needs the official client")

WEBP = {
    "type": "image_generation",
    "size": "512x512",
    "output_format": "webp",
    "output_compression": 60,
    "quality": "low",
}
FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}
ASKED = {
    "model": "tiny",
    "input": GARDEN,
    "tools": [WEBP, FUNCTION],
    "tool_choice": "required",
    "instructions": "You are a painter.",
    "metadata": {"page": "7"},
    "temperature": 0.5,
    "top_p": 0.9,
    "max_output_tokens": 1000,
    "truncation": "disabled",
    "user": "mia",
}


def test_a_round_in_the_background_is_polled_with_all_that_was_asked(client, monkeypatch):
    later = SimpleNamespace(time=lambda: time.time() + 60.0)  # a picture that is painted for a minute
    monkeypatch.setattr(conversation_service, "time", later)
    begun = client.responses.create(background=True, **ASKED)
    assert (begun.background, begun.instructions) == (True, "You are a painter.")
    until(lambda: client.responses.retrieve(begun.id).status != "in_progress")
    found = client.responses.retrieve(begun.id)
    assert found.status == "completed"
    said_back = ("background", "tools", "tool_choice", "instructions", "metadata", "temperature", "top_p")
    for name in (*said_back, "max_output_tokens", "truncation", "user", "created_at", "model", "store"):
        left, right = (response.to_dict().get(name) for response in (begun, found))
        assert left == right, name
    assert begun.completed_at is None
    assert 59 <= found.completed_at - found.created_at <= 120
    assert found.tools[1].to_dict() == FUNCTION
    assert (image_of(found).format, image_of(found).size) == ("WEBP", (512, 512))
    call = found.output[0]
    told = (call.size, call.output_format, call.model_extra["quality"] if call.model_extra else call.quality)
    assert told == ("512x512", "webp", "low")


@pytest.mark.parametrize("more", [ASKED, {**ASKED, "tools": []}, {"model": "tiny", "input": GARDEN}])
def test_what_is_read_again_is_what_was_answered(server, more):
    made = ask(server, "/v1/responses", more, key=ADA).told
    assert made["status"] == "completed"
    again = ask(server, f"/v1/responses/{made['id']}", key=ADA).told
    assert again == made
    items = ask(server, f"/v1/conversations/{made['conversation']['id']}/items?order=asc", key=ADA).told
    spoken = [item for item in made["output"] if item["type"] != "message" or item["content"][0]["text"]]
    assert items["data"][1:] == spoken


def test_usage_counts_this_round_as_chat_completions_do(client):
    made = client.responses.create(model="tiny", input=GARDEN, extra_body={"seed": 3}, tool_choice="required")
    assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens
    assert made.usage.input_tokens > 0
    chat = client.chat.completions.create(
        model="tiny", seed=3, modalities=["image"], messages=[{"role": "user", "content": GARDEN}]
    )
    assert chat.usage.prompt_tokens == made.usage.input_tokens
    assert chat.usage.completion_tokens == made.usage.output_tokens
    assert client.responses.retrieve(made.id).usage == made.usage


def test_a_stream_that_is_asked_for_after_the_end_tells_picture_and_words(client):
    made = client.responses.create(**ASKED)
    with client.responses.retrieve(made.id, stream=True) as stream:
        events = list(stream)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type.removeprefix("response.") for event in events]
    assert kinds[:3] == ["created", "in_progress", "output_item.added"]
    assert kinds[-1] == "completed"
    assert events[0].response.instructions == "You are a painter."
    assert events[-1].response.to_dict() == client.responses.retrieve(made.id).to_dict()
    done = [event.item for event in events if event.type == "response.output_item.done"]
    picture = Image.open(io.BytesIO(base64.b64decode(done[0].result)))
    assert (picture.format, picture.size) == ("WEBP", (512, 512))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == made.output_text


@pytest.mark.parametrize("choice", ["required", "none"])
def test_a_stream_that_broke_off_anywhere_goes_on_after_the_end(server, choice):
    tool = {"type": "image_generation", "partial_images": 2}
    body = {"model": "tiny", "input": GARDEN, "stream": True, "tools": [tool], "tool_choice": choice}
    live = events_of(ask(server, "/v1/responses", body, key=ADA).content)
    id = live[0]["response"]["id"]
    kept = [event for event in live if not event["type"].endswith("partial_image")]
    for after in (None, 0, 3, 5, len(live) - 2, len(live) - 1):
        query = "" if after is None else f"&starting_after={after}"
        answer = ask(server, f"/v1/responses/{id}?stream=true{query}", key=ADA)
        assert answer.headers.get_content_type() == "text/event-stream"
        told = events_of(answer.content)
        wanted = [event for event in kept if after is None or event["sequence_number"] > after]
        numbered = [(event["sequence_number"], event["type"]) for event in told]
        assert numbered == [(event["sequence_number"], event["type"]) for event in wanted]
        if wanted:
            assert told[-1] == live[-1]


def test_a_stream_of_what_is_not_there_is_an_error(client):
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve("resp_" + "0" * 32, stream=True)
