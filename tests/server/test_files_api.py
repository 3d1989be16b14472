"""Uploaded pictures and enrolled people: kept without metadata, per owner, and gone when they are deleted."""

from __future__ import annotations

import io
import time

import pytest
from picture_bombs import data_url, many_pixels_png, photo_with_a_place, png_bytes, told_png
from PIL import Image
from tiny_server import error_of
from wire_requests import ask

from limner.server.api.files import plain_name

openai = pytest.importorskip("openai", reason="needs the official client")

BEN = "ben-has-another-key-here"
NOTE = "Mia, by mail on 3 May: pictures of our party."


@pytest.fixture(scope="module")
def ben(server):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=BEN, max_retries=0, timeout=120) as made:
        yield made


def upload(client, data, name="photo.jpg"):
    return client.files.create(file=(name, data), purpose="vision")


def test_a_file_is_kept_listed_shown_and_deleted(client):
    made = upload(client, photo_with_a_place(), "../../my photo.jpg")
    assert (made.object, made.filename, made.purpose, made.status) == (
        "file",
        "my photo.jpg",
        "vision",
        "processed",
    )
    assert client.files.retrieve(made.id) == made
    assert made.id in [file.id for file in client.files.list(purpose="vision")]
    content = client.files.content(made.id)
    assert Image.open(io.BytesIO(content.read())).size == (32, 48)
    assert content.response.headers["content-disposition"] == "attachment; filename*=UTF-8''my%20photo.jpg"
    assert client.files.delete(made.id).deleted
    for gone in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError):
            gone(made.id)


def test_files_come_a_page_at_a_time(ben):
    ids = [upload(ben, png_bytes(seed=seed)).id for seed in range(3)]
    page = ben.files.list(limit=2)
    assert [file.id for file in page.data] == [ids[2], ids[1]]
    assert page.has_more
    assert [file.id for file in page] == ids[::-1]  # the client fetches the other pages
    assert [file.id for file in ben.files.list(order="asc")] == ids


def test_metadata_of_a_photo_is_not_kept(client, server):
    for data in (photo_with_a_place(), told_png()):
        made = upload(client, data)
        assert b"SECRET" not in client.files.content(made.id).read()
    store = server.service.store.folder
    assert not [path for path in store.rglob("*") if path.is_file() and b"SECRET" in path.read_bytes()]


def test_a_file_stands_for_its_picture_in_every_endpoint(client):
    id = upload(client, png_bytes(seed=5)).id
    say = "This is Mia."
    made = client.responses.create(
        model="tiny",
        input=[
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": say},
                    {"type": "input_image", "file_id": id, "detail": "auto"},
                ],
            }
        ],
    )
    tree = client.get(f"/conversations/{made.conversation.id}/tree", cast_to=object)["data"]
    assert len(tree[0]["pictures_in"]) == 1
    parts = [{"type": "text", "text": say}, {"type": "file", "file": {"file_id": id}}]
    chat = client.chat.completions.create(model="tiny", messages=[{"role": "user", "content": parts}])
    assert chat.choices[0].message.model_extra["images"]


@pytest.mark.parametrize(
    ("data", "purpose", "param"),
    [
        (b"no picture", "vision", "file"),
        (many_pixels_png(), "vision", "file"),
        (png_bytes(1), "vision", "file"),
        (png_bytes(), "fine-tune", "purpose"),
        (png_bytes(), "", "purpose"),
    ],
)
def test_what_is_no_picture_is_not_kept(client, data, purpose, param):
    before = [file.id for file in client.files.list()]
    with pytest.raises(openai.BadRequestError) as refused:
        client.files.create(file=("x.png", data), purpose=purpose)
    assert refused.value.body["param"] == param
    assert [file.id for file in client.files.list()] == before


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\evil.png", "evil.png"),
        ("a\r\nSet-Cookie: x=1.png", "aSet-Cookie: x=1.png"),
        ("‮gnp.exe", "gnp.exe"),
        ("..", "picture"),
        ("", "picture"),
        ("x" * 400, "x" * 200),
        ("Bär 猫.png", "Bär 猫.png"),
    ],
)
def test_names_are_names_and_never_paths(name, shown):
    assert plain_name(name) == shown


def test_another_owners_file_is_not_there(client, ben, server):
    id = upload(client, png_bytes(seed=6)).id
    for gone in (ben.files.retrieve, ben.files.content, ben.files.delete):
        with pytest.raises(openai.NotFoundError):
            gone(id)
    parts = [{"type": "text", "text": "This is Mia."}, {"type": "input_image", "file_id": id}]
    told = ask(server, "/v1/chat/completions", {"messages": [{"role": "user", "content": parts}]}, key=BEN)
    assert told.status == 404
    assert error_of(told)["message"].count(id) == 1
    assert client.files.retrieve(id).id == id


# People


def enroll(server, key, **changes):
    body = {
        "name": "Mia",
        "image_url": data_url(png_bytes(seed=11)),
        "consent": {"given": True, "note": NOTE},
        **changes,
    }
    return ask(server, "/v1/people", body, key=key)


@pytest.mark.parametrize(
    "changes",
    [
        {"consent": {"given": False, "note": NOTE}},
        {"consent": {"given": True, "note": "  "}},
        {"consent": None},
        {"consent": {"note": NOTE}},
        {"consent": {"given": "yes", "note": NOTE}},
        {"name": " "},
        {"image_url": None},
        {"image_url": data_url(b"no picture")},
        {"image_url": "https://example.com/mia.png"},
        {"image_url": None, "file_id": "file_" + "0" * 32},
    ],
)
def test_nobody_is_enrolled_without_consent_a_name_and_a_picture(server, client, changes):
    files = [file.id for file in client.files.list()]
    told = enroll(server, client.api_key, **changes)
    assert told.status in (400, 404), told.told
    error_of(told)
    assert ask(server, "/v1/people", key=client.api_key).told["data"] == []
    assert [file.id for file in client.files.list()] == files


def test_an_enrolled_face_is_used_by_id_and_deletion_reaches_all_that_came_of_it(server, client):
    key = client.api_key
    person = enroll(server, key).told
    assert (person["name"], person["consent"]["note"]) == ("Mia", NOTE)
    face = ask(server, person["face"], key=key)
    assert Image.open(io.BytesIO(face.content)).size == (32, 32)
    assert ask(server, "/v1/people", key=key).told["data"] == [person]

    def say(text, previous=None, pictures=()):
        parts = [{"type": "input_text", "text": text}]
        parts += [{"type": "input_image", "file_id": id} for id in pictures]
        body = {"input": [{"role": "user", "content": parts}], "previous_response_id": previous}
        return ask(server, "/v1/responses", body, key=key).told

    before = say("Draw a garden.")
    given = say("This is Mia.", before["id"], [person["id"]])
    after = say("A close-up of Mia.", given["id"])
    elsewhere = say("Draw a cat.")
    deleted = ask(server, f"/v1/people/{person['id']}", method="DELETE", key=key).told
    assert (deleted["deleted"], set(deleted["responses"])) == (True, {given["id"], after["id"]})
    for id, status in ((before["id"], 200), (given["id"], 404), (after["id"], 404), (elsewhere["id"], 200)):
        assert ask(server, f"/v1/responses/{id}", key=key).status == status
    for path in (f"/v1/people/{person['id']}", person["face"]):
        assert ask(server, path, key=key).status == 404
    held = [path.read_bytes() for path in server.service.store.folder.rglob("*") if path.is_file()]
    assert face.content not in held
    exported = ask(server, f"/v1/conversations/{before['conversation']['id']}/export", key=key).content
    assert NOTE.encode() not in exported
    assert face.content not in exported


def test_a_face_is_its_owners_alone(server, client):
    person = enroll(server, client.api_key, name="Zoe").told
    assert ask(server, "/v1/people", key=BEN).told["data"] == []
    whole = f"/v1/people/{person['id']}"
    for path, method in ((whole, "GET"), (person["face"], "GET"), (whole, "DELETE")):
        assert ask(server, path, method=method, key=BEN).status == 404
    parts = [{"type": "text", "text": "Paint."}, {"type": "input_image", "file_id": person["id"]}]
    told = ask(server, "/v1/chat/completions", {"messages": [{"role": "user", "content": parts}]}, key=BEN)
    assert told.status == 404
    ask(server, f"/v1/people/{person['id']}", method="DELETE", key=client.api_key)


def test_an_upload_that_expires_is_gone_when_its_time_has_come(client, server, monkeypatch):
    keep, brief = (
        client.files.create(
            file=("a.png", png_bytes(seed=seed)),
            purpose="vision",
            expires_after={"anchor": "created_at", "seconds": seconds},
        )
        for seed, seconds in ((1, 7200), (2, 3600))
    )
    assert (brief.expires_at - brief.created_at, keep.expires_at - keep.created_at) == (3600, 7200)
    assert client.files.retrieve(brief.id) == brief
    assert upload(client, png_bytes(seed=3)).expires_at is None
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3601)
    left = [file.id for file in client.files.list()]
    assert keep.id in left
    assert brief.id not in left
    for read in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError):
            read(brief.id)
    monkeypatch.setattr(time, "time", real)
    with pytest.raises(openai.NotFoundError):  # it was deleted, and not only hidden
        client.files.retrieve(brief.id)
    monkeypatch.setattr(time, "time", lambda: real() + 7201)
    with pytest.raises(openai.NotFoundError):  # without a list in between
        client.files.content(keep.id)


@pytest.mark.parametrize(
    ("expires_after", "param"),
    [
        ({"anchor": "created_at", "seconds": 3599}, "expires_after[seconds]"),
        ({"anchor": "created_at", "seconds": 2_592_001}, "expires_after[seconds]"),
        ({"anchor": "last_used", "seconds": 3600}, "expires_after[anchor]"),
        ({"anchor": "created_at"}, "expires_after[seconds]"),
    ],
)
def test_a_time_that_cannot_be_kept_to_is_refused(client, expires_after, param):
    with pytest.raises(openai.BadRequestError) as error:
        client.files.create(file=("a.png", png_bytes()), purpose="vision", expires_after=expires_after)
    assert error.value.body["param"] == param
