"""A part of a picture that is pointed at, through each API: by its sides, or by a mask as in OpenAI's."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from test_responses import GARDEN, data_url, image_of
from tiny_server import ADA, error_of, serving
from wire_requests import ask

from limner.server.security.keys import ApiKeys
from limner.server.settings import ServerSettings

openai = pytest.importorskip("openai", reason="needs the official client")

LEFT = [0.0, 0.0, 0.5, 1.0]
SCARF = "Add a blue scarf."


def mask(size=(32, 32), box=(0, 0, 16, 32)):
    """A PNG that is transparent in a box of pixels; opaque without one."""
    alpha = np.full((size[1], size[0]), 255, np.uint8)
    if box is not None:
        alpha[box[1] : box[3], box[0] : box[2]] = 0
    image = Image.new("RGB", size, "black")
    image.putalpha(Image.fromarray(alpha))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def url_of(png):
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def pixels(image):
    return np.asarray(image.convert("RGB"))


def differs_in_the_left_half_alone(before, after):
    same = pixels(before) == pixels(after)
    return bool(same[:, 16:].all()) and not same[:, :16].all()


@pytest.fixture(scope="module")
def garden(client):
    return client.responses.create(model="tiny", input=GARDEN, tool_choice="required")


@pytest.mark.parametrize("way", ["by its sides", "by a mask"])
def test_responses_change_a_part(client, garden, way):
    masked = {"image_url": url_of(mask())}
    tool = {"type": "image_generation"} | ({} if way == "by its sides" else {"input_image_mask": masked})
    made = client.responses.create(
        model="tiny",
        input=SCARF,
        previous_response_id=garden.id,
        tools=[tool],
        tool_choice="required",
        extra_body={"limner": {"region": LEFT}} if way == "by its sides" else {},
    )
    assert differs_in_the_left_half_alone(image_of(garden), image_of(made))
    assert made.model_extra["limner"]["region"] == LEFT
    again = client.responses.retrieve(made.id)
    assert (again.output, again.model_extra["limner"]) == (made.output, made.model_extra["limner"])
    assert all(tool.input_image_mask is None for tool in again.tools)  # as large as a picture: not kept
    rows = client.get(f"/conversations/{garden.conversation.id}/tree", cast_to=object)["data"]
    assert {row["id"]: row["region"] for row in rows}.items() >= {garden.id: None, made.id: LEFT}.items()


def test_chat_completions_change_a_part(client):
    messages = [{"role": "user", "content": GARDEN}]
    asked = {"model": "tiny", "modalities": ["image"]}
    first = client.chat.completions.create(messages=messages, **asked).choices[0].message
    messages += [first, {"role": "user", "content": SCARF}]
    second = client.chat.completions.create(
        messages=messages, extra_body={"limner": {"region": LEFT}}, **asked
    )
    seen = [
        Image.open(io.BytesIO(base64.b64decode(one.images[0]["image_url"]["url"].partition(",")[2])))
        for one in (first, second.choices[0].message)
    ]
    assert differs_in_the_left_half_alone(*seen)


@pytest.fixture
def unmarked(service):
    """A server whose files are as they were painted: a watermark changes a picture everywhere, unseen."""
    settings = ServerSettings(keys=ApiKeys([(ADA, None)]), model="tiny", watermark="never")
    with serving(service, settings) as found:
        yield found


@pytest.mark.parametrize("way", ["a form", "JSON"])
def test_an_edit_with_a_mask_keeps_the_rest(unmarked, way):
    """OpenAI's mask is of the first picture, and transparent where it is to be painted."""
    given = Image.new("RGB", (32, 32), (200, 30, 30))
    other = Image.new("RGB", (32, 32), (30, 30, 200))
    files = []
    for image in (given, other):
        buffer = io.BytesIO()
        image.save(buffer, format="PNG")
        files.append(buffer.getvalue())
    if way == "a form":
        pictures = [(f"{number}.png", file) for number, file in enumerate(files)]
        with openai.OpenAI(base_url=f"{unmarked.url}/v1", api_key=ADA, timeout=120) as client:
            made = client.images.edit(model="tiny", image=pictures, mask=("mask.png", mask()), prompt=SCARF)
        told = made.data[0].b64_json
    else:
        body = {"prompt": SCARF, "images": [url_of(file) for file in files], "mask": url_of(mask())}
        told = ask(unmarked, "/v1/images/edits", body, key=ADA).told["data"][0]["b64_json"]
    assert differs_in_the_left_half_alone(given, Image.open(io.BytesIO(base64.b64decode(told))))


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ([0.5, 0, 0.2, 1], "x0 < x1"),
        ([0, 0, 0.001, 1], "0.02 a side"),
        ([0, 0, 1], "4"),
        ([0, 0, 2, 1], "1"),
        (["0", 0, 1, 1], "number"),
        ("left", "list"),
    ],
)
def test_what_is_no_region_is_refused(server, garden, region, words):
    body = {"input": SCARF, "previous_response_id": garden.id, "limner": {"region": region}}
    answer = ask(server, "/v1/responses", body, key=ADA)
    error = error_of(answer)
    assert answer.status == 400
    assert error["param"].startswith("limner.region")
    assert words in error["message"]


def test_what_is_no_mask_is_refused(server, client, garden):
    uploaded = client.files.create(file=("mask.png", mask()), purpose="vision").id
    masks = {
        "no transparent part": {"image_url": url_of(mask(box=None))},
        "no transparent": {"image_url": data_url()},
        "cannot be read": {"image_url": "data:image/png;base64,AAAA"},
        "URL": {},
        "kept without transparency": {"file_id": uploaded},
    }
    for words, held in masks.items():
        tool = {"type": "image_generation", "input_image_mask": held}
        body = {"input": SCARF, "previous_response_id": garden.id, "tools": [tool]}
        answer = ask(server, "/v1/responses", body, key=ADA)
        assert (answer.status, error_of(answer)["param"]) == (400, "tools")
        assert words in error_of(answer)["message"]
    body = {"prompt": SCARF, "image": data_url(), "mask": url_of(mask(box=None))}
    answer = ask(server, "/v1/images/edits", body, key=ADA)
    assert (answer.status, error_of(answer)["param"]) == (400, "mask")


def test_a_region_without_a_picture_is_refused(server):
    body = {"input": GARDEN, "limner": {"region": LEFT}}
    answer = ask(server, "/v1/responses", body, key=ADA)
    assert answer.status == 400
    assert "no picture yet" in error_of(answer)["message"]
    assert ask(server, "/v1/limner", key=ADA).told["regions"].startswith("Outside of the marked part")
