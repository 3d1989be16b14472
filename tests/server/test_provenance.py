"""What a picture's file tells of its origin, what it keeps to itself, and what a signature is worth."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image
from tiny_server import serving
from wire_requests import ask

from limner.dialogue.parts import Picture
from limner.provenance.origin import Origin, file_that_tells, png_that_tells
from limner.server.opening import service_of
from limner.server.settings import ServerSettings

ORIGIN = Origin(model="limner", weights="ab12", seed=2**62, node_id="f" * 64)


@pytest.fixture
def picture():
    return Picture(np.random.default_rng(0).integers(0, 255, (48, 48, 3), dtype=np.uint8))


def read(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_a_png_tells_model_seed_and_node_but_not_the_prompt(picture):
    told = png_that_tells(picture.to_png(), ORIGIN)
    assert Picture.from_bytes(told) == picture
    text = read(told).text
    assert text["limner:seed"] == str(2**62)
    assert (text["limner:model"], text["limner:node"]) == ("limner", "f" * 64)
    assert text["Software"].startswith("limner ")
    assert "limner:prompt" not in text


def test_the_prompt_is_told_on_request_in_any_script(picture):
    origin = Origin(model="m", weights="w", seed=1, node_id="n", prompt="Ein Bär\nund 猫 \U0001f431")
    assert read(png_that_tells(picture.to_png(), origin)).text["limner:prompt"] == origin.prompt
    exif = read(file_that_tells(picture, origin, kind="jpeg")).getexif()
    assert json.loads(exif[0x010E])["prompt"] == origin.prompt


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_other_files_tell_it_too(picture, kind):
    image = read(file_that_tells(picture, ORIGIN, kind=kind, quality=95, size=(96, 96)))
    assert image.size == (96, 96)
    assert json.loads(image.getexif()[0x010E])["node"] == "f" * 64


def test_other_bytes_and_kinds_are_refused(picture):
    with pytest.raises(ValueError, match="PNG"):
        png_that_tells(b"GIF89a", ORIGIN)
    with pytest.raises(ValueError, match="png, jpeg, webp"):
        file_that_tells(picture, ORIGIN, kind="tiff")


def test_a_local_signature_holds_and_is_said_to_be_untrusted(picture, tmp_path):
    c2pa = pytest.importorskip("c2pa", reason="signing needs the extra `provenance`")
    from limner.provenance.credentials import LOCAL_NAME, local_credentials

    credentials = local_credentials(tmp_path / "credentials")
    assert "untrusted" in LOCAL_NAME
    assert (tmp_path / "credentials" / "key.pem").stat().st_mode & 0o077 == 0
    assert local_credentials(tmp_path / "credentials").chain_pem == credentials.chain_pem
    for kind in ("png", "jpeg", "webp"):
        signed = file_that_tells(picture, ORIGIN, kind=kind, credentials=credentials)
        with c2pa.Reader(f"image/{kind}", io.BytesIO(signed)) as reader:
            told = json.loads(reader.json())
            assert reader.get_validation_state() == "Valid"  # whole, though signed by nobody that is known
        codes = [status["code"] for status in told.get("validation_status", [])]
        assert codes == ["signingCredential.untrusted"]
        action = told["manifests"][told["active_manifest"]]["assertions"][0]["data"]["actions"][0]
        assert action["digitalSourceType"].endswith("trainedAlgorithmicMedia")
        assert action["parameters"]["org.limner.seed"] == str(2**62)
    assert Picture.from_bytes(file_that_tells(picture, ORIGIN, credentials=credentials)) == picture


def test_a_changed_picture_no_longer_has_a_valid_signature(picture):
    c2pa = pytest.importorskip("c2pa", reason="signing needs the extra `provenance`")
    from limner.provenance.credentials import local_credentials

    signed = bytearray(file_that_tells(picture, ORIGIN, credentials=local_credentials()))
    signed[-40] ^= 1
    with c2pa.Reader("image/png", io.BytesIO(bytes(signed))) as reader:
        assert reader.get_validation_state() == "Invalid"


def test_useless_certificates_are_told_of_at_the_start(tmp_path):
    pytest.importorskip("c2pa", reason="signing needs the extra `provenance`")
    from limner.provenance.credentials import Credentials, local_credentials

    one, other = tmp_path / "one", tmp_path / "other"
    local_credentials(one)
    local_credentials(other)
    chain, key = (one / "certificate.pem").read_bytes(), (one / "key.pem").read_bytes()
    with pytest.raises(ValueError, match="belong together"):
        Credentials(chain, (other / "key.pem").read_bytes())
    with pytest.raises(ValueError, match="PEM"):
        Credentials(b"no certificate", key)


# Over the wire

GARDEN = "The image shows Mia in a garden."


def test_pictures_of_every_endpoint_tell_their_origin_and_not_the_prompt(client, server):
    key = client.api_key
    made = ask(server, "/v1/responses", {"input": GARDEN, "seed": 5}, key=key).told
    (call,) = (item for item in made["output"] if item["type"] == "image_generation_call")
    tree = ask(server, f"/v1/conversations/{made['conversation']['id']}/tree", key=key).told["data"]
    files = [base64.b64decode(call["result"])]
    files.append(ask(server, f"{tree[0]['picture']}?download=1", key=key).content)
    painted = ask(server, "/v1/images/generations", {"prompt": GARDEN, "seed": 5}, key=key).told
    files.append(base64.b64decode(painted["data"][0]["b64_json"]))
    for data in files:
        assert read(data).text["limner:seed"] == "5"
        assert len(read(data).text["limner:node"]) == 64
        assert GARDEN.encode() not in data


def test_a_server_signs_and_tells_the_prompt_when_it_is_told_to(painter, tmp_path):
    c2pa = pytest.importorskip("c2pa", reason="signing needs the extra `provenance`")
    settings = ServerSettings(sign=True, keep_prompts_in_files=True, credentials_folder=tmp_path / "mine")
    service = service_of(painter, tmp_path / "store", settings)
    with serving(service, settings) as server:
        body = {"messages": [{"role": "user", "content": GARDEN}], "modalities": ["image"]}
        made = ask(server, "/v1/chat/completions", body).told
        (image,) = made["choices"][0]["message"]["images"]
        data = base64.b64decode(image["image_url"]["url"].partition(",")[2])
        assert read(data).text["limner:prompt"] == GARDEN
        with c2pa.Reader("image/png", io.BytesIO(data)) as reader:
            assert reader.get_validation_state() == "Valid"
            assert GARDEN in reader.json()
            assert "untrusted" in reader.json()
    service.close(0.0)
    assert (tmp_path / "mine" / "key.pem").is_file()
