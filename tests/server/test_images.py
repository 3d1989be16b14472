"""The Images API as the official client calls it, over a real socket, with a real tiny painter."""

from __future__ import annotations

import base64
import io
import json

import pytest
from picture_bombs import photo_with_a_place, png_bytes
from PIL import Image
from tiny_server import error_of
from wire_requests import ask

openai = pytest.importorskip("openai", reason="needs the official client")

GARDEN = "The image shows Mia in a garden. Mia has long red hair."


def picture(data):
    return Image.open(io.BytesIO(base64.b64decode(data.b64_json)))


def test_pictures_are_painted_from_a_prompt(client):
    made = client.images.generate(model="tiny", prompt=GARDEN, n=2, extra_body={"seed": 4})
    assert len(made.data) == 2
    assert [data.model_extra["seed"] for data in made.data] == [4, 5]
    first, second = map(picture, made.data)
    assert first.size == (32, 32)
    assert made.size == "32x32"
    assert first.tobytes() != second.tobytes()
    assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens
    again = client.images.generate(prompt=GARDEN, extra_body={"seed": 5})
    assert picture(again.data[0]).tobytes() == second.tobytes()


@pytest.mark.parametrize(("kind", "told"), [("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")])
def test_size_and_format_are_honored(client, kind, told):
    made = client.images.generate(
        prompt=GARDEN, size="256x256", output_format=kind, output_compression=80, quality="low"
    )
    image = picture(made.data[0])
    assert (image.format, image.size) == (told, (256, 256))
    assert (made.output_format, made.size, made.quality) == (kind, "256x256", "low")


def test_the_legacy_address_is_one_that_needs_no_server(client):
    made = client.images.generate(prompt=GARDEN, response_format="url")
    assert made.data[0].b64_json is None
    assert made.data[0].url.startswith("data:image/png;base64,")


def test_partial_pictures_are_streamed(client):
    with client.images.generate(
        prompt=GARDEN, stream=True, partial_images=2, extra_body={"seed": 4, "steps": 4}
    ) as stream:
        events = list(stream)
    kinds = [event.type for event in events]
    assert kinds == [*["image_generation.partial_image"] * (len(kinds) - 1), "image_generation.completed"]
    assert [event.partial_image_index for event in events[:-1]] == list(range(len(events) - 1))
    whole = client.images.generate(prompt=GARDEN, extra_body={"seed": 4, "steps": 4})
    assert picture(events[-1]).tobytes() == picture(whole.data[0]).tobytes()
    assert events[-1].usage.output_tokens == whole.usage.output_tokens


@pytest.mark.parametrize("num", [1, 2])
def test_pictures_are_painted_from_pictures(client, num):
    given = [("a.png", png_bytes(seed=1)), ("b.jpg", photo_with_a_place())][:num]
    made = client.images.edit(
        image=given if num > 1 else given[0], prompt="A close-up of Mia.", extra_body={"seed": 2}
    )
    assert picture(made.data[0]).size == (32, 32)
    assert made.usage.input_tokens_details.image_tokens > 0
    plain = client.images.generate(prompt="A close-up of Mia.", extra_body={"seed": 2})
    assert picture(plain.data[0]).text["limner:node"] != picture(made.data[0]).text["limner:node"]


def test_an_edit_is_streamed(client):
    with client.images.edit(image=png_bytes(), prompt="A close-up of Mia.", stream=True) as stream:
        events = list(stream)
    assert [event.type for event in events][-1] == "image_edit.completed"
    assert picture(events[-1]).size == (32, 32)


def test_nothing_of_it_is_kept(client, server):
    before = ask(server, "/v1/conversations", key=client.api_key).told["data"]
    client.images.generate(prompt=GARDEN)
    client.images.edit(image=png_bytes(), prompt=GARDEN)
    assert ask(server, "/v1/conversations", key=client.api_key).told["data"] == before


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({}, "prompt"),
        ({"prompt": " "}, "prompt"),
        ({"prompt": "x" * 4001}, "prompt"),
        ({"prompt": "x", "n": 0}, "n"),
        ({"prompt": "x", "n": 11}, "n"),
        ({"prompt": "x", "n": 10**12}, "n"),
        ({"prompt": "x", "n": "many"}, "n"),
        ({"prompt": "x", "size": "1024x4096"}, "size"),
        ({"prompt": "x", "size": "99999x99999"}, "size"),
        ({"prompt": "x", "size": "huge"}, "size"),
        ({"prompt": "x", "steps": 10**6}, "steps"),
        ({"prompt": "x", "background": "transparent"}, "background"),
        ({"prompt": "x", "output_format": "tiff"}, "output_format"),
        ({"prompt": "x", "partial_images": 2}, "partial_images"),
        ({"prompt": "x", "stream": True, "partial_images": 9}, "partial_images"),
        ({"prompt": "x", "model": "dall-e-9"}, "model"),
    ],
)
def test_wrong_requests_are_refused_with_the_field_named(server, client, asked, param):
    told = ask(server, "/v1/images/generations", asked, key=client.api_key)
    assert told.status == (404 if param == "model" else 400), told.told
    assert error_of(told)["param"] == param


def form(fields, files):
    """A form as browsers send it: the body and its type."""
    parts = [(f'name="{name}"', str(value).encode()) for name, value in fields.items()]
    parts += [(f'name="{name}"; filename="{name}.png"', data) for name, data in files]
    body = b"".join(
        b"--xyz\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + data + b"\r\n"
        for head, data in parts
    )
    return body + b"--xyz--\r\n", {"Content-Type": "multipart/form-data; boundary=xyz"}


@pytest.mark.parametrize(
    ("fields", "files", "param"),
    [
        ({"prompt": "x"}, [], "image"),
        ({}, [("image", png_bytes())], "prompt"),
        ({"prompt": "x"}, [("image", b"no picture")], "image"),
        ({"prompt": "x"}, [("image[]", png_bytes())] * 5, "image"),
        ({"prompt": "x"}, [("image", png_bytes()), ("mask", png_bytes())], "mask"),
        ({"prompt": "x", "n": 99}, [("image", png_bytes())], "n"),
        ({"prompt": "x", "image": "no file"}, [], "image[0]"),
        ({"prompt": "x", "image[]": "no file"}, [], "image[0]"),
        ({"prompt": "x", "mask": "no file"}, [("image", png_bytes())], "mask"),
        ({"prompt": "x", "stream": "perhaps"}, [("image", png_bytes())], "stream"),
        ({"prompt": "x", "output_format": "tiff"}, [("image", png_bytes())], "output_format"),
    ],
)
def test_wrong_forms_are_refused_with_the_field_named(server, client, fields, files, param):
    body, headers = form(fields, files)
    told = ask(server, "/v1/images/edits", body=body, headers=headers, key=client.api_key)
    assert told.status == 400, told.told
    assert error_of(told)["param"] == param
    for word in ("PIL", "UploadFile", "Value error", "should", "Input", "list", "class"):
        assert word not in json.dumps(told.told)


def data_url(seed=1):
    return f"data:image/png;base64,{base64.b64encode(png_bytes(seed=seed)).decode()}"


def test_an_edit_as_json_is_the_edit_of_a_form(client, server):
    asked = {"model": "tiny", "prompt": "A close-up of Mia.", "seed": 2}
    uploaded = client.files.create(file=("a.png", png_bytes(seed=1)), purpose="vision")
    form = client.images.edit(image=png_bytes(seed=1), prompt=asked["prompt"], extra_body={"seed": 2})
    pixels = picture(form.data[0]).tobytes()
    for given in (
        {"images": [{"image_url": data_url()}]},
        {"images": [{"file_id": uploaded.id}]},
        {"image": data_url()},
        {"image": [data_url()]},
        {"image": {"image_url": {"url": data_url()}}},
    ):
        answer = ask(server, "/v1/images/edits", {**asked, **given}, key=client.api_key)
        assert answer.status == 200, answer.told
        made = Image.open(io.BytesIO(base64.b64decode(answer.told["data"][0]["b64_json"])))
        assert made.tobytes() == pixels
        assert answer.told["usage"] == form.usage.to_dict()
    streamed = ask(
        server, "/v1/images/edits", {**asked, "image": data_url(), "stream": True}, key=client.api_key
    )
    assert b"event: image_edit.completed" in streamed.content


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"prompt": "x"}, "image"),
        ({"prompt": "x", "images": []}, "image"),
        ({"image": data_url()}, "prompt"),
        ({"prompt": "x", "images": [{}]}, "images"),
        ({"prompt": "x", "images": [5]}, "images[0]"),
        ({"prompt": "x", "images": 5}, "images"),
        ({"prompt": "x", "images": [{"image_url": 5}]}, "images[0].image_url"),
        ({"prompt": "x", "image": "https://elsewhere.example/a.png"}, "image"),
        ({"prompt": "x", "image": "data:image/png;base64,bm8="}, "image"),
        ({"prompt": "x", "image": [data_url()] * 5}, "image"),
        ({"prompt": "x", "image": data_url(), "mask": {"image_url": data_url()}}, "mask"),
        ({"prompt": "x", "image": data_url(), "n": "two"}, "n"),
        ({"prompt": "x", "image": {"file_id": "file_" + "0" * 32}}, "image"),
        (["prompt"], None),
    ],
)
def test_wrong_edits_as_json_are_refused_with_the_field_named(server, client, asked, param):
    told = ask(server, "/v1/images/edits", asked, key=client.api_key)
    assert told.status == (404 if "file_id" in str(asked) else 400), told.told
    assert error_of(told)["param"] == param
    for word in ("UploadFile", "Value error", "should", "Input", "class"):
        assert word not in json.dumps(told.told)
