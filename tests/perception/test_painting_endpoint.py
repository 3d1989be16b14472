"""A painter behind a server: which route it takes, what it sends, what becomes of troubles and streams."""

from __future__ import annotations

import json

import pytest
from recording import blank
from stub_endpoint import Told, base64_png, response, serving

from limner.perception.endpoint.painting import endpoint_painter
from limner.perception.endpoint.troubles import EndpointError
from limner.perception.endpoint.wire import Limits
from limner.perception.painters import PaintError, Reference

QUICK = Limits(timeout_s=10, tries=3, first_pause_s=0.01)
FACE = Reference(picture=blank(9), role="Mia: her face of picture 1", source=blank(8))


def painter(stub, **options):
    return endpoint_painter(stub.url, model="painter-1", limits=QUICK, **options)


def images(asked):
    return {"data": [{"b64_json": base64_png(blank(50))}], "usage": {"input_tokens": 3, "output_tokens": 5}}


def events(*told):
    body = "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in told)
    return Told(body.encode(), headers={"Content-Type": "text/event-stream"})


def test_a_new_picture_is_generated_and_a_given_one_is_edited_with_all_references():
    with serving(images) as stub:
        one = painter(stub, price=0.04)
        assert one.paint("A castle.", [], None, size_px=512, seed=1) == blank(50)
        one.paint("Add a dog.", [FACE], blank(1), size_px=None, seed=1)
    first, second = stub.asked
    assert first.path == "/v1/images/generations"
    assert first.body == {"prompt": "A castle.", "n": 1, "model": "painter-1", "size": "512x512"}
    assert second.path == "/v1/images/edits"
    assert second.body["image[]"] == FACE.picture.to_png()  # the last of two
    assert second.body["prompt"].endswith("Add a dog.")
    assert "Image 2 is reference 1: her face of picture 1." in second.body["prompt"]
    assert "Mia" not in second.body["prompt"]
    assert str(one.spending) == "2 pictures, 6 tokens in and 10 out, $0.08"


def test_responses_are_asked_with_the_tool_that_paints():
    with serving(lambda asked: response("resp_1", picture=blank(60))) as stub:
        one = endpoint_painter(f"{stub.url}/v1/responses", model="m", limits=QUICK)
        assert one.paint("Add a dog.", [], blank(1), size_px=None, seed=1) == blank(60)
    body = stub.bodies("/responses")[0]
    assert body["tools"] == [{"type": "image_generation"}]
    kinds = [part["type"] for part in body["input"][0]["content"]]
    assert kinds == ["input_text", "input_image"]


@pytest.mark.parametrize("route", ["images", "responses"])
def test_a_stream_is_read_to_its_end_and_shows_what_is_unfinished(route):
    def answer(asked):
        if route == "responses":
            return events(
                {
                    "type": "response.image_generation_call.partial_image",
                    "partial_image_b64": base64_png(blank(3)),
                },
                {"type": "response.completed", "response": response("r", picture=blank(4))},
            )
        return events(
            {"type": "image_edit.partial_image", "b64_json": base64_png(blank(3))},
            {"type": "image_edit.completed", "b64_json": base64_png(blank(4)), "usage": {"output_tokens": 2}},
        )

    seen = []
    with serving(answer) as stub:
        one = painter(stub, route=route, stream=True)
        one.previewed = seen.append
        assert one.paint("Add a dog.", [], blank(1), size_px=None, seed=1) == blank(4)
    assert seen == [blank(3)]


def test_a_busy_server_is_asked_again_and_a_cut_stream_too():
    answers = [Told({}, status=429), events({"type": "image_generation.partial_image"}), None]

    def answer(asked):
        told = answers.pop(0)
        return images(asked) if told is None else told

    with serving(answer) as stub:
        painter(stub, stream=True).paint("A castle.", [], None, size_px=None, seed=1)
    assert len(stub.asked) == 3


def test_what_a_server_refuses_is_told_and_what_it_cannot_do_ends_the_round():
    refused = Told({"error": {"code": "moderation_blocked", "message": "Not this."}}, status=400)
    with serving(lambda asked: refused) as stub, pytest.raises(PaintError, match="Not this"):
        painter(stub).paint("A castle.", [], None, size_px=None, seed=1)
    with serving(lambda asked: {"data": []}) as stub, pytest.raises(PaintError, match="empty"):
        painter(stub).paint("A castle.", [], None, size_px=None, seed=1)
    with serving(lambda asked: Told({}, status=404)) as stub, pytest.raises(EndpointError, match="not there"):
        painter(stub).paint("A castle.", [], None, size_px=None, seed=1)
    failed = {"type": "response.failed", "response": {"error": {"message": "out of paint"}}}
    with serving(lambda asked: events(failed)) as stub, pytest.raises(EndpointError, match="out of paint"):
        painter(stub, route="responses", stream=True).paint("A castle.", [], None, size_px=None, seed=1)


def test_the_seed_and_further_fields_reach_the_server():
    with serving(images) as stub:
        painter(stub, extra={"seed": "{seed}", "n": None}).paint("A castle.", [], None, size_px=None, seed=77)
    assert stub.asked[0].body == {"prompt": "A castle.", "model": "painter-1", "seed": "77"}
