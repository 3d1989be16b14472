"""Pictures in the sizes that clients offer: the whole square, and its backdrop continued."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from test_responses import GARDEN, image_of

from limner.provenance.fitting import fitted
from limner.server.errors import ApiError
from limner.server.pictures.sizes import size_of

OFFERED = ("1024x1024", "1024x1536", "1536x1024", "1792x1024", "1024x1792", "256x256", "512x300")


@pytest.mark.parametrize("size", OFFERED)
def test_every_size_on_offer_is_painted(client, size):
    made = client.images.generate(model="tiny", prompt=GARDEN, size=size, extra_body={"seed": 3, "steps": 1})
    picture = Image.open(io.BytesIO(base64.b64decode(made.data[0].b64_json)))
    assert (f"{picture.width}x{picture.height}", made.size) == (size, size)


def test_a_size_is_kept_to_in_a_conversation(client):
    tool = {"type": "image_generation", "size": "1024x1536"}
    made = client.responses.create(model="tiny", input=GARDEN, tools=[tool], tool_choice="required")
    assert (image_of(made).size, made.output[0].size) == ((1024, 1536), "1024x1536")
    assert image_of(client.responses.retrieve(made.id)).size == (1024, 1536)


@pytest.mark.parametrize("size", [(96, 144), (144, 96), (175, 100), (64, 64)])
def test_nobody_is_cut_and_a_plain_backdrop_goes_on(size):
    picture = Image.new("RGB", (64, 64), (40, 120, 200))
    picture.paste((250, 20, 20), (16, 16, 48, 48))
    whole = np.asarray(fitted(picture, size)).astype(int)
    assert whole.shape == (size[1], size[0], 3)
    assert abs(whole[[0, 0, -1, -1], [0, -1, 0, -1]] - (40, 120, 200)).max() <= 1  # the corners
    side, red = min(size), whole[..., 0] > 150
    assert red.sum() == pytest.approx((side / 2) ** 2, rel=0.06)
    rows, columns = np.nonzero(red)
    assert (rows.min() + rows.max(), columns.min() + columns.max()) == pytest.approx(
        (size[1] - 1, size[0] - 1), abs=1
    )


def test_the_square_itself_is_left_as_it_is():
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    assert np.array_equal(np.asarray(fitted(noise, (64, 100)))[18:82], np.asarray(noise))


@pytest.mark.parametrize("size", ["15x512", "512x15", "2049x512", "99999x1", "1x2x3", "512", "0x512", "big"])
def test_what_is_no_size_is_refused_with_the_remedy(size):
    with pytest.raises(ApiError) as error:
        size_of(size)
    assert (error.value.status_code, error.value.param) == (400, "size")
    assert ("16 to 2048" in error.value.message) or ("1024x1024" in error.value.message)
