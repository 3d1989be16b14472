"""Editors and personalizers: an images/edits endpoint that answers well, late, wrongly or not; a pipeline."""

import time

import numpy as np
import pytest
from stub_endpoint import Told, base64_png, serving

from limner.dialogue.parts import Picture
from limner.perception.endpoint.images import EndpointPainter
from limner.perception.endpoint.troubles import EndpointError
from limner.perception.endpoint.wire import Limits, Wire
from limner.perception.painters import PaintError, Personalizer, PictureEditor
from limner.perception.pipeline_personalizer import PipelinePersonalizer

GIVEN = Picture(np.random.default_rng(0).integers(0, 255, (32, 48, 3), dtype=np.uint8))
MADE = Picture(255 - GIVEN.pixels)


def painter(stub, *, per_minute=None, pause=time.sleep, **options):
    limits = Limits(timeout_s=5, tries=3, first_pause_s=0.01, per_minute=per_minute)
    wire = Wire(stub.url, key="secret", limits=limits, pause=pause)
    return EndpointPainter(wire=wire, model="painter-1", **options)


def good(asked):
    return {"data": [{"b64_json": base64_png(MADE)}], "usage": {"input_tokens": 5, "output_tokens": 9}}


def test_an_edit_is_asked_for_and_answered():
    with serving(good) as stub:
        made = painter(stub, price=0.04, extra={"size": "auto", "seed": "{seed}"})
        pixels = made.edit(GIVEN.pixels, "Add a hat", seed=7)
        made.personalize(GIVEN.pixels, "A person swims.", size_px=64, seed=8)
    assert isinstance(made, PictureEditor)
    assert isinstance(made, Personalizer)
    assert Picture(pixels) == MADE
    first, second = stub.asked
    assert (first.path, first.key) == ("/v1/images/edits", "Bearer secret")
    assert Picture.from_png(first.body.pop("image")) == GIVEN
    assert first.body.pop("prompt").startswith("Add a hat.")
    assert first.body == {"model": "painter-1", "n": "1", "size": "auto", "seed": "7"}
    assert "A person swims." in second.body["prompt"]
    assert (made.spent.pictures, made.spent.input_tokens, made.dollars) == (2, 10, 0.08)


def test_a_busy_server_is_asked_again_and_a_link_of_its_own_is_fetched():
    answers = iter(
        [Told(status=429, headers={"Retry-After": "0"}), Told(status=503), {"data": [{"url": "/x.png"}]}]
    )

    def answer(asked):
        return next(answers) if asked.method == "POST" else Told(body=MADE.to_png())

    with serving(answer) as stub:
        assert Picture(painter(stub).edit(GIVEN.pixels, "Add a hat.", seed=0)) == MADE
        assert [asked.method for asked in stub.asked] == ["POST", "POST", "POST", "GET"]


@pytest.mark.parametrize(
    "told",
    [
        {"data": []},
        {"data": [{"b64_json": "nonsense"}]},
        {"data": [{"url": "http://192.0.2.1/x.png"}]},
        Told(status=400, body={"error": {"code": "moderation_blocked", "message": "no"}}),
    ],
)
def test_one_picture_that_is_refused_or_unreadable_is_told(told):
    with serving(lambda asked: told) as stub, pytest.raises(PaintError):
        painter(stub).edit(GIVEN.pixels, "Add a hat", seed=0)


@pytest.mark.parametrize("told", [Told(status=401), Told(status=404), Told(status=500)])
def test_a_server_that_cannot_be_worked_with_ends_it(told):
    with serving(lambda asked: told) as stub, pytest.raises(EndpointError):
        painter(stub).edit(GIVEN.pixels, "Add a hat", seed=0)


def test_a_limit_of_requests_is_kept():
    pauses = []
    with serving(good) as stub:
        made = painter(stub, per_minute=60, pause=pauses.append)
        for seed in range(3):
            made.edit(GIVEN.pixels, "Add a hat", seed=seed)
    assert len(pauses) == 2
    assert sum(pauses) > 1.5


def test_a_pipeline_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"model_index\.json is missing"):
        PipelinePersonalizer(tmp_path)
    (tmp_path / "model_index.json").write_text("{}")
    with pytest.raises(ValueError, match="holds no adapters"):
        PipelinePersonalizer(tmp_path)
    (tmp_path / "identity_adapter").mkdir()
    (tmp_path / "identity_adapter" / "a.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match="cannot be opened as a personalizer"):
        PipelinePersonalizer(tmp_path)
