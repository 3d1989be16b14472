"""The Responses API as the official client calls it, over a real socket, with a real tiny painter."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image
from tiny_server import BEN, error_of, events_of
from wire_requests import ask

openai = pytest.importorskip("openai", reason="needs the official client")

GARDEN = "The image shows Mia in a garden. Mia has long red hair."
PAINTING = {"type": "image_generation", "partial_images": 2}


def image_of(response):
    """The picture of a response, decoded."""
    (call,) = [item for item in response.output if item.type == "image_generation_call"]
    return Image.open(io.BytesIO(base64.b64decode(call.result)))


def data_url(size=(40, 32), color=(200, 30, 30)):
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def test_a_round_is_answered_with_a_picture_and_read_again(client):
    made = client.responses.create(model="tiny", input=GARDEN, extra_body={"seed": 3}, metadata={"page": "7"})
    assert (made.object, made.status, made.error, made.model) == ("response", "completed", None, "tiny")
    assert image_of(made).size == (32, 32)
    call = made.output[0]
    assert (call.type, call.status, call.size, call.action) == (
        "image_generation_call",
        "completed",
        "32x32",
        "generate",
    )
    assert made.metadata == {"page": "7"}
    again = client.responses.retrieve(made.id)
    assert again.output == made.output
    assert again.metadata == made.metadata
    assert again.output_text == made.output_text
    assert again.model_extra["limner"]["seed"] == 3
    assert made.conversation.id == again.conversation.id


def test_an_earlier_response_is_a_place_to_go_back_to(client):
    first = client.responses.create(model="tiny", input=GARDEN)
    second = client.responses.create(model="tiny", input="A close-up of Mia.", previous_response_id=first.id)
    fork = client.responses.create(model="tiny", input="Add a blue scarf.", previous_response_id=first.id)
    assert second.previous_response_id == fork.previous_response_id == first.id
    tree = client.get(f"/conversations/{first.conversation.id}/tree", cast_to=object)["data"]
    assert [(row["id"], row["parent"], row["depth"]) for row in tree] == [
        (first.id, None, 0),
        (second.id, first.id, 1),
        (fork.id, first.id, 1),
    ]
    # Rolled back and said again with the same seed, it is the same round.
    seed = second.model_extra["limner"]["seed"]
    same = client.responses.create(
        model="tiny",
        input="A close-up of Mia.",
        previous_response_id=first.id,
        extra_body={"seed": seed},
    )
    assert image_of(same).tobytes() == image_of(second).tobytes()
    other = client.responses.create(
        model="tiny",
        input="A close-up of Mia.",
        previous_response_id=first.id,
        extra_body={"seed": seed + 1},
    )
    assert image_of(other).tobytes() != image_of(second).tobytes()


def test_events_come_in_order_and_numbered(client):
    with client.responses.create(
        model="tiny", input=GARDEN, stream=True, tools=[PAINTING], tool_choice="required"
    ) as stream:
        events = list(stream)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type.removeprefix("response.") for event in events]
    assert kinds[:2] == ["created", "in_progress"]
    painted = [
        "output_item.added",
        "image_generation_call.in_progress",
        "image_generation_call.generating",
        "image_generation_call.partial_image",
        "image_generation_call.partial_image",
        "image_generation_call.completed",
        "output_item.done",
    ]
    assert kinds[2 : 2 + len(painted)] == painted
    rest = kinds[2 + len(painted) :]
    assert rest[-1] == "completed"
    last = events[-1].response
    if last.output_text:
        assert rest[:2] == ["output_item.added", "content_part.added"]
        assert rest[-4:-1] == ["output_text.done", "content_part.done", "output_item.done"]
        assert set(rest[2:-4]) == {"output_text.delta"}
        deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
        assert "".join(deltas) == last.output_text
    partial = [event for event in events if event.type.endswith("partial_image")]
    assert [event.partial_image_index for event in partial] == [0, 1]
    for event in partial:
        assert Image.open(io.BytesIO(base64.b64decode(event.partial_image_b64))).size == (32, 32)
    done = [event for event in events if event.type == "response.output_item.done"]
    assert [event.item for event in done] == last.output
    assert client.responses.retrieve(last.id).output == last.output


def test_words_alone_are_streamed_when_a_picture_is_forbidden(client):
    with client.responses.create(
        model="tiny", input="What color is her hair?", stream=True, tool_choice="none"
    ) as stream:
        kinds = [event.type.removeprefix("response.") for event in stream]
    assert not [kind for kind in kinds if "image" in kind]
    assert kinds[2:4] == ["output_item.added", "content_part.added"]
    assert kinds[-4:] == ["output_text.done", "content_part.done", "output_item.done", "completed"]


def test_what_is_not_stored_cannot_be_read_again(client):
    made = client.responses.create(model="tiny", input=GARDEN, store=False)
    assert image_of(made).size == (32, 32)
    assert (made.conversation, made.model_extra["store"]) == (None, False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model="tiny", input="Again.", previous_response_id=made.id)


def test_a_deleted_response_is_gone_and_what_follows_it_stays(client):
    first = client.responses.create(model="tiny", input=GARDEN)
    second = client.responses.create(model="tiny", input="A close-up of Mia.", previous_response_id=first.id)
    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)
    with pytest.raises(openai.NotFoundError) as error:
        client.responses.create(model="tiny", input="Add a scarf.", previous_response_id=first.id)
    assert error.value.body["param"] == "previous_response_id"
    assert client.responses.retrieve(second.id).output == second.output
    third = client.responses.create(model="tiny", input="Add a scarf.", previous_response_id=second.id)
    assert third.previous_response_id == second.id


def test_nobody_reaches_another_owners_rounds(client, server):
    made = client.responses.create(model="tiny", input=GARDEN)
    png = client.get(f"/conversations/{made.conversation.id}/tree", cast_to=object)["data"][0]["picture"]
    assert png is not None
    for method, path in (
        ("GET", f"/v1/responses/{made.id}"),
        ("DELETE", f"/v1/responses/{made.id}"),
        ("POST", f"/v1/responses/{made.id}/cancel"),
        ("GET", f"/v1/responses/{made.id}/input_items"),
        ("GET", f"/v1/conversations/{made.conversation.id}"),
        ("GET", f"/v1/conversations/{made.conversation.id}/tree"),
        ("GET", f"/v1/conversations/{made.conversation.id}/people"),
        ("GET", f"/v1/conversations/{made.conversation.id}/items"),
        ("GET", f"/v1/conversations/{made.conversation.id}/export"),
        ("DELETE", f"/v1/conversations/{made.conversation.id}"),
        ("GET", png),
        ("GET", f"{png}?download=1"),
    ):
        answer = ask(server, path, method=method, key=BEN)
        assert (answer.status, error_of(answer)["type"]) == (404, "invalid_request_error"), path
    asked = {"model": "tiny", "input": "Again.", "previous_response_id": made.id}
    assert ask(server, "/v1/responses", asked, key=BEN).status == 404
    asked = {"model": "tiny", "input": "Again.", "conversation": made.conversation.id}
    assert ask(server, "/v1/responses", asked, key=BEN).status == 404
    assert client.responses.retrieve(made.id).id == made.id


def test_pictures_are_given_as_data_and_listed_as_items(client):
    content = [
        {"type": "input_text", "text": "Paint this person in a garden."},
        {"type": "input_image", "image_url": data_url(), "detail": "auto"},
    ]
    made = client.responses.create(model="tiny", input=[{"role": "user", "content": content}])
    assert made.output[0].action == "edit"
    (item,) = client.responses.input_items.list(made.id).data
    assert [part.type for part in item.content] == ["input_text", "input_image"]
    assert item.content[1].image_url is None
    (item,) = client.responses.input_items.list(made.id, include=["message.input_image.image_url"]).data
    given = base64.b64decode(item.content[1].image_url.partition(",")[2])
    assert Image.open(io.BytesIO(given)).getpixel((0, 0)) == (200, 30, 30)


def test_an_image_named_by_id_is_gone_on_from(client):
    first = client.responses.create(model="tiny", input=GARDEN)
    client.responses.create(model="tiny", input="Add a scarf.", previous_response_id=first.id)
    call = next(item for item in first.output if item.type == "image_generation_call")
    edited = client.responses.create(
        model="tiny",
        input=[
            {"role": "user", "content": [{"type": "input_text", "text": "Now make it night."}]},
            {"type": "image_generation_call", "id": call.id},
        ],
    )
    assert edited.previous_response_id == first.id


def test_a_transcript_is_gone_on_from_where_it_is_known_and_told_where_not(client):
    first = client.responses.create(model="tiny", input=GARDEN)
    items = [{"role": "user", "content": GARDEN}, *[item.model_dump() for item in first.output]]
    known = client.responses.create(
        model="tiny", input=[*items, {"role": "user", "content": "A close-up of Mia."}]
    )
    assert known.previous_response_id == first.id
    told = client.responses.create(
        model="tiny",
        input=[
            {"role": "system", "content": "You paint."},
            {"role": "user", "content": GARDEN},
            {"role": "assistant", "content": "The image shows Mia."},
            {"role": "user", "content": "A close-up of Mia."},
        ],
    )
    assert told.model_extra["limner"]["depth"] == 1
    before = client.responses.retrieve(told.previous_response_id)
    assert before.output_text == "The image shows Mia."


def test_a_transcript_that_is_not_stored_leaves_nothing_behind(client, server):
    before = len(server.service.conversations(owner_of(client), limit=100))
    made = client.responses.create(
        model="tiny",
        store=False,
        input=[
            {"role": "user", "content": GARDEN},
            {"role": "assistant", "content": "The image shows Mia."},
            {"role": "user", "content": "A close-up of Mia."},
        ],
    )
    assert made.status == "completed"
    for _ in range(2000):
        if len(server.service.conversations(owner_of(client), limit=100)) == before:
            break
    assert len(server.service.conversations(owner_of(client), limit=100)) == before


def owner_of(client):
    from limner.server.security.keys import ApiKeys

    return ApiKeys([(client.api_key, None)]).owner_of(client.api_key)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": 5}, "input"),
        ({}, "input"),
        ({"input": ""}, "input"),
        ({"input": "   "}, "input"),
        ({"input": "x" * 4001}, "input"),
        ({"input": "A garden.", "stream": "yes"}, "stream"),
        ({"input": "A garden.", "store": 1}, "store"),
        ({"input": "A garden.", "seed": -1}, "seed"),
        ({"input": "A garden.", "seed": 1.5}, "seed"),
        ({"input": "A garden.", "seed": 2**63}, "seed"),
        ({"input": "A garden.", "metadata": {"a": 1}}, "metadata.a"),
        ({"input": "A garden.", "limner": {"steps": 0}}, "limner.steps"),
        ({"input": "A garden.", "limner": {"steps": 101}}, "steps"),
        ({"input": "A garden.", "tools": [{"type": "image_generation", "partial_images": 4}]}, None),
        ({"input": "A garden.", "tools": [{"type": "image_generation", "size": "1x2x3"}]}, None),
        ({"input": "A garden.", "tools": [{"type": "image_generation", "size": "512x8"}]}, "tools"),
        ({"input": [{"role": "user", "content": [{"type": "input_audio"}]}]}, None),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}] * 5}]}, None),
        ({"input": [{"role": "assistant", "content": "Only I speak."}]}, "input"),
        ({"input": "A garden.", "previous_response_id": "resp_1", "conversation": "conv_1"}, None),
        ({"input": "A garden.", "background": True, "store": False}, "background"),
        ({"input": "\ud800"}, None),
        ({"input": "A garden.", "metadata": {"a": "\ud800"}}, None),
        ({"input": "A garden.", "user": "\udfff"}, None),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(client, server, body, param):
    answer = ask(server, "/v1/responses", {"model": "tiny", **body}, key=client.api_key)
    assert answer.status == 400, answer.told
    error = error_of(answer)
    assert error["type"] == "invalid_request_error"
    assert len(error["message"]) < 250
    if param is not None:
        assert error["param"] == param


def test_fields_that_are_not_known_are_tolerated(client):
    made = client.responses.create(
        model="limner",
        input=GARDEN,
        temperature=0.7,
        top_p=1,
        max_output_tokens=5000,
        instructions="You are a painter.",
        parallel_tool_calls=True,
        truncation="auto",
        reasoning={"effort": "low"},
        tools=[PAINTING, {"type": "function", "name": "f", "parameters": {}, "strict": False}],
        extra_body={"something": {"new": [1, 2]}},
    )
    assert made.status == "completed"
    with pytest.raises(openai.NotFoundError) as error:
        client.responses.create(model="gpt-6", input=GARDEN)
    assert error.value.code == "model_not_found"


def test_formats_and_sizes_are_given_as_asked(client):
    tool = {"type": "image_generation", "output_format": "jpeg", "size": "64x64", "quality": "low"}
    made = client.responses.create(model="tiny", input=GARDEN, tools=[tool])
    assert (image_of(made).format, image_of(made).size) == ("JPEG", (64, 64))
    assert (made.output[0].size, made.output[0].output_format) == ("64x64", "jpeg")


def test_events_follow_a_stream_that_was_read_in_part(client, server):
    body = {"model": "tiny", "input": GARDEN, "stream": True, "background": True, "tools": [PAINTING]}
    first = events_of(ask(server, "/v1/responses", body, key=client.api_key).content)
    assert first[-1]["type"] == "response.completed"
    assert client.responses.retrieve(first[0]["response"]["id"]).status == "completed"
