"""The operator's safety hook: asked by itself, and standing before and behind every round."""

from __future__ import annotations

import contextlib
import io

import pytest
from picture_bombs import data_url
from PIL import Image
from tiny_server import error_of, events_of, serving
from wire_requests import ask

from limner.server.api.moderation import load_safety
from limner.server.opening import service_of
from limner.server.settings import ServerSettings

openai = pytest.importorskip("openai", reason="needs the official client")

RED = (250, 10, 10)
TEXT = {"type": "text", "text": "Paint."}


@contextlib.contextmanager
def guarded_server(painter, folder, hook):
    settings = ServerSettings(safety_hook=hook)
    service = service_of(painter, folder, settings)
    with serving(service, settings) as server:
        yield server
    service.close(0.0)


@pytest.fixture(scope="module")
def no_cats(painter, tmp_path_factory):
    with guarded_server(painter, tmp_path_factory.mktemp("cats") / "store", "safety_hooks:no_cats") as server:
        yield server


@pytest.fixture(scope="module")
def nothing_out(painter, tmp_path_factory):
    folder = tmp_path_factory.mktemp("nothing") / "store"
    with guarded_server(painter, folder, "safety_hooks:nothing_out") as server:
        yield server


def red_picture():
    return data_url(png_of(RED))


def png_of(color):
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), color).save(buffer, format="PNG")
    return buffer.getvalue()


def test_the_hook_answers_in_openais_shape(no_cats):
    with openai.OpenAI(base_url=f"{no_cats.url}/v1", api_key="none", max_retries=0) as client:
        one = client.moderations.create(input="A cat.")
        assert one.id.startswith("modr-")
        assert not one.results[0].flagged  # "cat." is not the word
        several = client.moderations.create(input=["a cat", "a dog"])
        assert [result.flagged for result in several.results] == [True, False]
        assert several.results[0].categories.violence
        assert several.results[0].category_scores.violence == 0.9
        assert not several.results[0].categories.self_harm_intent
        parts = [TEXT, {"type": "image_url", "image_url": {"url": red_picture()}}]
        mixed = client.moderations.create(input=parts).results
        assert len(mixed) == 1
        assert mixed[0].categories.model_extra["red"]
        assert mixed[0].category_applied_input_types.violence == ["text", "image"]


@pytest.mark.parametrize("given", ["", [], 7, [{"type": "text"}], ["x"] * 33, "x" * 32_001, None])
def test_moderation_of_nothing_or_too_much_is_refused(no_cats, given):
    told = ask(no_cats, "/v1/moderations", {"input": given})
    assert told.status == (200 if given == "" else 400), told.told


def test_without_a_hook_it_is_said_that_there_is_none(server, client):
    told = ask(server, "/v1/moderations", {"input": "x"}, key=client.api_key)
    assert (told.status, error_of(told)["code"]) == (404, "no_safety_hook")


ASKED = [
    ("/v1/responses", lambda text: {"input": text}),
    ("/v1/chat/completions", lambda text: {"messages": [{"role": "user", "content": text}]}),
    ("/v1/images/generations", lambda text: {"prompt": text}),
    (
        "/v1/chat/completions",  # in a transcript that nobody knows
        lambda text: {
            "messages": [
                {"role": "user", "content": text},
                {"role": "assistant", "content": "Here."},
                {"role": "user", "content": "Go on."},
            ]
        },
    ),
]


@pytest.mark.parametrize(("path", "body"), ASKED)
@pytest.mark.parametrize("stream", [False, True])
def test_what_may_not_be_asked_is_refused_before_any_work(no_cats, path, body, stream):
    told = ask(no_cats, path, {**body("paint a cat"), "stream": stream})
    assert (told.status, error_of(told)["code"]) == (400, "moderation_blocked")
    assert "violence" in error_of(told)["message"]
    assert ask(no_cats, path, body("Paint a dog.")).status == 200


def test_a_picture_may_not_be_asked_with_either(no_cats):
    parts = [TEXT, {"type": "image_url", "image_url": {"url": red_picture()}}]
    told = ask(no_cats, "/v1/chat/completions", {"messages": [{"role": "user", "content": parts}]})
    assert error_of(told)["code"] == "moderation_blocked"


@pytest.mark.parametrize(("path", "body"), ASKED[:3])
@pytest.mark.parametrize("stream", [False, True])
def test_what_may_not_be_shown_is_not_and_is_not_kept(nothing_out, path, body, stream):
    told = ask(nothing_out, path, {**body("Paint a dog."), "stream": stream})
    assert b"iVBOR" not in told.content  # no picture in base64, finished or not
    if stream and told.status == 200:
        assert "safety system" in str(events_of(told.content)[-1])
    else:
        assert (told.status, error_of(told)["code"]) == (400, "moderation_blocked")
    kept = ask(nothing_out, "/v1/conversations").told["data"]
    assert all(row["limner"]["num_rounds"] == 0 for row in kept)


def test_previews_pass_the_hook_too(nothing_out):
    body = {"prompt": "Paint a dog.", "stream": True, "partial_images": 3, "steps": 8}
    told = ask(nothing_out, "/v1/images/generations", body)
    assert [event["type"] for event in events_of(told.content)] == ["error"]


def test_a_hook_that_fails_lets_nothing_through_and_tells_nothing(painter, tmp_path):
    with guarded_server(painter, tmp_path / "store", "safety_hooks:broken") as server:
        told = ask(server, "/v1/responses", {"input": "Paint."})
        assert (told.status, error_of(told)["code"]) == (503, "safety_check_failed")
        assert told.headers["Retry-After"]
        assert "secret" not in error_of(told)["message"]


@pytest.mark.parametrize(
    "name",
    [
        "safety_hooks",
        "safety_hooks:",
        ":x",
        "no_such_module:x",
        "safety_hooks:missing",
        "safety_hooks:not_a_hook",
    ],
)
def test_a_hook_that_is_not_there_is_told_of_at_the_start(name):
    with pytest.raises(ValueError, match="safety hook"):
        load_safety(name)


def test_no_hook_is_no_hindrance():
    assert load_safety(None) is None
    assert load_safety("safety_hooks:no_cats").judge("a cat").is_flagged
