"""Marks over the wire: what pictures say of how they were made, that it can be read, who is told what."""

from __future__ import annotations

import base64
import io
import json

import cv2
import numpy as np
import pytest
from PIL import Image
from tiny_server import error_of, serving
from wire_requests import ask

from limner.dialogue.parts import Picture
from limner.provenance.inspecting import NO_MARK, inspect
from limner.provenance.origin import Origin, file_that_tells
from limner.provenance.watermark import NAME
from limner.server import safety
from limner.server.opening import service_of
from limner.server.settings import ServerSettings

GARDEN = "The image shows Mia in a garden."
ORIGIN = Origin(model="limner", weights="ab12", seed=7, node_id="f" * 64)


def a_picture(side=96):
    rng = np.random.default_rng(3)
    small = rng.integers(60, 200, (8, 8, 3), dtype=np.uint8)
    return Picture(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC))


def url_of(data, kind="png"):
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def sent(server, data, name="file", **more):
    """POST /v1/provenance with the file."""
    head = f'--xyz\r\nContent-Disposition: form-data; name="{name}"; filename="a"\r\n\r\n'.encode()
    headers = {"Content-Type": "multipart/form-data; boundary=xyz"}
    return ask(server, "/v1/provenance", body=head + data + b"\r\n--xyz--\r\n", headers=headers, **more)


@pytest.fixture(scope="module")
def signing(painter, tmp_path_factory):
    """A server that signs, with a local certificate."""
    pytest.importorskip("c2pa", reason="signing needs the extra `provenance`")
    folder = tmp_path_factory.mktemp("signing")
    settings = ServerSettings(model="tiny", sign=True, credentials_folder=folder / "mine")
    service = service_of(painter, folder / "store", settings)
    with serving(service, settings) as found:
        yield found
    service.close(0.0)


@pytest.fixture(scope="module")
def foreign():
    """A picture of somebody else's, signed by their certificate: its file."""
    pytest.importorskip("c2pa", reason="signing needs the extra `provenance`")
    from limner.provenance.credentials import local_credentials

    picture = a_picture()
    return file_that_tells(picture, ORIGIN, kind="jpeg", credentials=local_credentials())


def respond(server, text, *parts, **more):
    """A response: its body and its picture's file."""
    content = [{"type": "input_text", "text": text}, *parts]
    made = ask(server, "/v1/responses", {"input": [{"role": "user", "content": content}], "seed": 5, **more})
    assert made.status == 200, made.told
    (call,) = (item for item in made.told["output"] if item["type"] == "image_generation_call")
    return made.told, base64.b64decode(call["result"])


def test_a_new_picture_is_created_and_a_later_one_edited(signing):
    first, data = respond(signing, GARDEN)
    found = inspect(data)
    assert (found.manifest.state, found.manifest.actions) == ("Valid", ("c2pa.created",))
    assert found.manifest.source_types == ("trainedAlgorithmicMedia",)
    assert found.manifest.ingredients == ()
    assert found.watermark is None  # nobody real is in it
    _, data = respond(signing, "Make it night.", previous_response_id=first["id"])
    found = inspect(data)
    assert (found.manifest.state, found.manifest.actions) == ("Valid", ("c2pa.opened", "c2pa.edited"))
    assert found.manifest.source_types == ("trainedAlgorithmicMedia",)
    assert found.manifest.ingredients == ("The picture painted before",)


def test_what_was_given_is_an_ingredient_with_its_own_manifest_and_the_pixels_are_marked(signing, foreign):
    import c2pa

    part = {"type": "input_image", "image_url": url_of(foreign, "jpeg")}
    tool = {"type": "image_generation", "size": "256x256"}
    first, data = respond(signing, "Paint this person.", part, tools=[tool])
    found = inspect(data)
    assert (found.manifest.state, found.manifest.actions[:2]) == ("Valid", ("c2pa.opened", "c2pa.edited"))
    assert found.manifest.source_types == ("compositeWithTrainedAlgorithmicMedia",)
    assert found.manifest.soft_bindings == (found.watermark,) == (NAME,)
    with c2pa.Reader("image/png", io.BytesIO(data)) as reader:
        told = json.loads(reader.json())
    (ingredient,) = told["manifests"][told["active_manifest"]]["ingredients"]
    assert ingredient["relationship"] == "parentOf"
    assert ingredient["active_manifest"] in told["manifests"]
    assert len(told["manifests"]) == 2
    # A later round of the same conversation is marked and a composite as well.
    _, data = respond(signing, "Make it night.", previous_response_id=first["id"], tools=[tool])
    found = inspect(data)
    assert found.manifest.source_types == ("compositeWithTrainedAlgorithmicMedia",)
    assert found.watermark == NAME


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_an_edit_by_the_images_api_is_signed_in_every_format(signing, foreign, kind):
    body = {
        "prompt": "Add a hat.",
        "image": url_of(foreign, "jpeg"),
        "output_format": kind,
        "size": "256x256",
    }
    made = ask(signing, "/v1/images/edits", body)
    assert made.status == 200, made.told
    found = inspect(base64.b64decode(made.told["data"][0]["b64_json"]))
    assert found.manifest.state == "Valid"
    assert found.manifest.actions == ("c2pa.opened", "c2pa.edited", "c2pa.watermarked.bound")
    assert found.manifest.ingredients == ("Picture 1 that was given",)
    assert found.watermark == NAME


def test_an_uploaded_file_keeps_its_manifest_until_something_is_deleted(signing, foreign):
    head = (
        b'--xyz\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nvision\r\n'
        b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    )
    headers = {"Content-Type": "multipart/form-data; boundary=xyz"}
    file = ask(signing, "/v1/files", body=head + foreign + b"\r\n--xyz--\r\n", headers=headers).told
    part = {"type": "input_image", "file_id": file["id"]}
    kept = respond(signing, "Paint this person.", part)[1]
    assert foreign_label(foreign) in kept.decode("latin-1")
    other = respond(signing, GARDEN)[0]
    assert ask(signing, f"/v1/responses/{other['id']}", method="DELETE").status == 200
    gone = respond(signing, "Paint this person.", part)[1]
    assert foreign_label(foreign) not in gone.decode("latin-1")
    assert inspect(gone).manifest.ingredients == ("Picture 1 that was given",)


def test_a_manifest_that_cannot_be_read_costs_nobody_the_picture(signing, foreign):
    for word, other in ((b"c2cl", b"c2cX"), (b"jumdc2ma", b"jumdc2mX"), (b"cbor", b"cbox")):
        data = foreign.replace(word, other)
        assert inspect(data).manifest.state == "Invalid"
        part = {"type": "input_image", "image_url": url_of(data, "jpeg")}
        found = inspect(respond(signing, "Paint this person.", part)[1])
        assert found.manifest.ingredients == ("Picture 1 that was given",)


def foreign_label(data):
    """The name of a file's own manifest."""
    import c2pa

    with c2pa.Reader("image/jpeg", io.BytesIO(data)) as reader:
        return json.loads(reader.json())["active_manifest"]


def test_the_page_shows_marked_files_too(signing):
    made, _ = respond(signing, GARDEN)
    tree = ask(signing, f"/v1/conversations/{made['conversation']['id']}/tree").told["data"]
    for path in (tree[0]["picture"], f"{tree[0]['picture']}?download=1"):
        answer = ask(signing, path)
        assert inspect(answer.content).manifest.state == "Valid"


def test_whoever_asks_again_is_given_the_same_bytes_until_something_is_deleted(signing):
    made, data = respond(signing, GARDEN)
    assert kept_picture(signing, made["id"]) == data
    (row,) = ask(signing, f"/v1/conversations/{made['conversation']['id']}/tree").told["data"]
    assert ask(signing, row["picture"]).content == ask(signing, row["picture"]).content
    assert ask(signing, f"{row['picture']}?download=1&response={made['id']}").content == data
    other, _ = respond(signing, GARDEN)
    assert ask(signing, f"/v1/responses/{other['id']}", method="DELETE").status == 200
    anew = kept_picture(signing, made["id"])
    assert anew != data
    assert inspect(anew).manifest.state == "Valid"


def kept_picture(server, id):
    """The picture's file of a response that was made before."""
    told = ask(server, f"/v1/responses/{id}").told
    (call,) = (item for item in told["output"] if item["type"] == "image_generation_call")
    return base64.b64decode(call["result"])


# Reading


def test_marks_are_read_over_the_wire(signing, foreign):
    told = sent(signing, foreign).told
    assert told["is_marked"]
    assert told["manifest"]["state"] == "Valid"
    assert "nobody this reader trusts vouches" in told["meaning"][0]
    assert told["text"]["seed"] == "7"


def test_a_picture_without_marks_is_not_called_made_by_hand(server, client):
    told = sent(server, a_picture().to_png(), key=client.api_key).told
    assert (told["is_marked"], told["meaning"]) == (False, [NO_MARK])
    assert told["manifest"] is None
    assert told["text"] == {}


def test_a_broken_seal_is_told_of(foreign, signing):
    broken = bytearray(foreign)
    broken[-60] ^= 1
    told = sent(signing, bytes(broken)).told
    assert told["manifest"]["state"] == "Invalid"
    assert "believe nothing" in told["meaning"][0]


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\nc2pa jumb", b"\xff\xd8\xffc2pajumb"])
def test_what_is_no_picture_is_refused(server, client, data):
    told = sent(server, data, key=client.api_key)
    assert told.status == 400
    assert error_of(told)["param"] == "file"


def test_reading_wants_a_key_and_a_file(server, client):
    assert sent(server, b"x").status == 401
    assert sent(server, b"x", name="other", key=client.api_key).status == 400


def test_text_of_others_and_broken_text_say_nothing():
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0131], exif[0x010E] = "limner 1", "{not json"
    a_picture().to_pil().save(buffer, format="JPEG", exif=exif)
    found = inspect(buffer.getvalue())
    assert (found.text, found.is_marked) == ({}, False)


def test_the_command_line_reads_them(limner, tmp_path, foreign):
    (tmp_path / "a.jpg").write_bytes(foreign)
    told = limner("provenance", str(tmp_path / "a.jpg"))
    assert told.code == 0
    assert "Valid (signingCredential.untrusted)" in told.out
    assert json.loads(limner("provenance", str(tmp_path / "a.jpg"), "--json").out)["is_marked"]
    (tmp_path / "b.png").write_bytes(a_picture().to_png())
    assert "No mark was found" in limner("provenance", str(tmp_path / "b.png")).out
    missing = limner("provenance", str(tmp_path / "none.png"))
    assert (missing.code, "There is no picture" in missing.err) == (2, True)


# Being told


def test_people_are_told_that_it_is_an_ai(server, client):
    (model,) = ask(server, "/v1/models", key=client.api_key).told["data"]
    facts = ask(server, "/v1/limner", key=client.api_key).told
    assert model["is_ai"] is True
    assert "AI" in model["notice"] == facts["notice"]
    assert facts["marks"]["watermark"] == "faces"
    assert not facts["marks"]["signed"]
    page = ask(server, "/").content.decode()
    assert "You are talking to an AI" in page


def test_enrolled_faces_without_a_hook_are_warned_of(service, monkeypatch):
    settings = ServerSettings()
    assert safety.warnings_of(service, settings) == []
    file = service.add_file("ada", name="mia.png", data=a_picture().to_png())
    service.enroll("ada", name="Mia", file_id=file.id, consent=True, note="Mia, by mail.")
    (line,) = safety.warnings_of(service, settings)
    assert "1 real face is enrolled" in line
    assert "--safety-hook" in line
    assert safety.warnings_of(service, ServerSettings(safety_hook="safety_hooks:no_cats")) == []


def test_the_ready_hook_is_on_where_real_faces_enter_and_it_is_there(service, monkeypatch):
    monkeypatch.setattr(safety.importlib.util, "find_spec", lambda name: object())
    assert safety.hook_of(service, ServerSettings()) is None  # an illustrated world
    monkeypatch.setattr(safety, "OF_THE_WORLD", ())
    assert safety.hook_of(service, ServerSettings()) == safety.NUDITY
    assert safety.hook_of(service, ServerSettings(safety_hook="none")) is None
    monkeypatch.setattr(safety.importlib.util, "find_spec", lambda name: None)
    assert safety.hook_of(service, ServerSettings()) is None
    assert len(safety.warnings_of(service, ServerSettings())) == 1
    with pytest.raises(ValueError, match="extra `safety`"):
        safety.hook_of(service, ServerSettings(safety_hook="nudity"))


def test_the_ready_hook_judges_pictures():
    pytest.importorskip("nudenet", reason="the ready hook needs the extra `safety`")
    from limner.server.nudity import judge

    assert judge("anything", []) == {"sexual": 0.0}
    assert judge("", [a_picture()])["sexual"] < 0.5


def test_the_surest_sign_of_nakedness_in_any_picture_is_the_score(monkeypatch):
    """No such picture lies here: what the detector says of three pictures is told to the hook instead."""
    from limner.server import nudity

    seen = (
        [{"class": "FACE_FEMALE", "score": 0.9}, {"class": "BELLY_EXPOSED", "score": 0.8}],
        [{"class": "BUTTOCKS_EXPOSED", "score": 0.4}, {"class": "FEMALE_BREAST_EXPOSED", "score": 0.7}],
        [],
    )

    class Detector:
        def detect(self, bgr):
            assert bgr.flags.c_contiguous
            return seen[int(bgr[0, 0, 0])]  # blue comes first

    monkeypatch.setattr(nudity, "_detector", Detector)
    clothed, naked, empty = (
        Picture(np.full((16, 16, 3), (9, 9, number), dtype=np.uint8)) for number in range(3)
    )
    assert nudity.judge("", [clothed, empty]) == {"sexual": 0.0}
    assert nudity.judge("", [clothed, naked, empty]) == {"sexual": 0.7}


def test_a_picture_said_in_the_terminal_tells_and_is_signed(painter, tmp_path, monkeypatch):
    pytest.importorskip("c2pa", reason="signing needs the extra `provenance`")
    from limner.cli import told_picture

    monkeypatch.setattr(told_picture, "FOLDER", tmp_path / "mine")
    talk = painter.conversation()
    reply = talk.say(GARDEN, picture=True)
    plain = inspect(told_picture.write_reply(talk, reply, tmp_path / "a.png").read_bytes())
    assert plain.text["node"] == reply.id
    assert plain.manifest is None
    reply = talk.say("Paint this person.", images=[a_picture()], picture=True)
    signed = inspect(told_picture.write_reply(talk, reply, tmp_path / "b.png", sign=True).read_bytes())
    assert (signed.manifest.state, len(signed.manifest.ingredients)) == ("Valid", 2)
    assert signed.manifest.soft_bindings == (NAME,)
