"""The Conversations API and what the page reads of a conversation, as the official client calls them."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from test_responses import GARDEN, data_url
from tiny_server import ADA, error_of
from wire_requests import ask

openai = pytest.importorskip("openai", reason="needs the official client")


def test_a_conversation_is_begun_changed_listed_and_forgotten(client):
    made = client.conversations.create(metadata={"title": "Mia", "page": "7"})
    assert (made.object, made.metadata) == ("conversation", {"title": "Mia", "page": "7"})
    assert client.conversations.retrieve(made.id) == made
    changed = client.conversations.update(made.id, metadata={"title": "Mia and Tom"})
    assert changed.metadata == {"title": "Mia and Tom"}
    listed = client.get("/conversations?limit=1", cast_to=object)
    assert [row["id"] for row in listed["data"]] == [made.id]
    assert listed["data"][0]["limner"] == {"num_rounds": 0, "last_picture": None}
    gone = client.conversations.delete(made.id)
    assert (gone.deleted, gone.object) == (True, "conversation.deleted")
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(made.id)


def test_rounds_of_a_conversation_are_its_items(client):
    made = client.conversations.create()
    first = client.responses.create(model="tiny", input=GARDEN, conversation=made.id)
    second = client.responses.create(model="tiny", input="A close-up of Mia.", conversation={"id": made.id})
    assert second.previous_response_id == first.id
    assert second.conversation.id == made.id
    items = client.conversations.items.list(made.id, order="asc").data
    assert [item.type for item in items][:2] == ["message", "image_generation_call"]
    assert items[0].content[0].text == GARDEN
    assert [item.id for item in client.conversations.items.list(made.id)] == [
        item.id for item in reversed(items)
    ]
    paged = [item.id for item in client.conversations.items.list(made.id, order="asc", limit=1)]
    assert paged == [item.id for item in items]
    assert client.conversations.items.retrieve(items[1].id, conversation_id=made.id) == items[1]
    client.conversations.items.delete(items[0].id, conversation_id=made.id)
    left = client.conversations.items.list(made.id, order="asc").data
    assert left[0].content[0].text == "A close-up of Mia."
    # Without a title it is called by its first words.
    assert client.conversations.retrieve(made.id).metadata["title"].startswith("A close-up")


def test_a_conversation_begins_with_what_was_said_elsewhere(client):
    made = client.conversations.create(
        items=[
            {"type": "message", "role": "user", "content": GARDEN},
            {"type": "message", "role": "assistant", "content": "The image shows Mia."},
            {"type": "message", "role": "user", "content": "Nobody answered this."},
        ]
    )
    items = client.conversations.items.list(made.id, order="asc").data
    assert [(item.role, item.content[0].text) for item in items] == [
        ("user", GARDEN),
        ("assistant", "The image shows Mia."),
        ("user", "Nobody answered this."),
    ]
    added = client.conversations.items.create(
        made.id, items=[{"type": "message", "role": "user", "content": "More."}]
    )
    assert [item.content[0].text for item in added.data] == ["More."]
    went_on = client.responses.create(model="tiny", input="A close-up of Mia.", conversation=made.id)
    assert went_on.model_extra["limner"]["depth"] == 3
    with pytest.raises(openai.BadRequestError):
        client.conversations.items.create(
            made.id, items=[{"type": "message", "role": "assistant", "content": "Hello."}]
        )
    with pytest.raises(openai.BadRequestError):
        client.conversations.create(items=[{"role": "user", "content": f"{n}"} for n in range(21)])


def test_a_conversation_can_be_begun_anew(client):
    made = client.conversations.create()
    asked = {"model": "tiny", "conversation": made.id}
    first = client.responses.create(input=GARDEN, **asked)
    anew = client.responses.create(input="A man.", **asked, extra_body={"limner": {"parent": None}})
    assert (anew.previous_response_id, anew.conversation.id) == (None, made.id)
    rows = client.get(f"/conversations/{made.id}/tree", cast_to=object)["data"]
    assert [(row["id"], row["parent"]) for row in rows] == [(first.id, None), (anew.id, None)]


def test_the_people_named_are_told(client):
    made = client.responses.create(model="tiny", input=GARDEN)
    client.responses.create(
        model="tiny", input="The image shows Tom. Tom wears a hat.", previous_response_id=made.id
    )
    path = f"/conversations/{made.conversation.id}/people"
    people = client.get(path, cast_to=object)["data"]
    assert [person["name"] for person in people] == ["Mia", "Tom"]
    assert people[0]["response"] == made.id
    assert "long red hair" in people[0]["said"]
    earlier = client.get(f"{path}?at={made.id}", cast_to=object)["data"]
    assert [person["name"] for person in earlier] == ["Mia"]
    elsewhere = client.responses.create(model="tiny", input="A beach.")
    with pytest.raises(openai.NotFoundError):
        client.get(f"{path}?at={elsewhere.id}", cast_to=object)


def test_pictures_are_read_by_digest_and_downloaded_with_their_origin(client, server):
    content = [{"type": "input_text", "text": GARDEN}, {"type": "input_image", "image_url": data_url()}]
    made = client.responses.create(model="tiny", input=[{"role": "user", "content": content}])
    (row,) = client.get(f"/conversations/{made.conversation.id}/tree", cast_to=object)["data"]
    found = ask(server, row["picture"], key=ADA)
    assert (found.status, found.headers.get_content_type()) == (200, "image/png")
    assert Image.open(io.BytesIO(found.content)).size == (32, 32)
    assert Image.open(io.BytesIO(found.content)).info["limner:model"] == "tiny"  # saved from a page, too
    again = ask(server, row["picture"], key=ADA, headers={"If-None-Match": found.headers["ETag"]})
    assert (again.status, again.content) == (304, b"")
    saved = ask(server, f"{row['picture']}?download=1", key=ADA)
    info = Image.open(io.BytesIO(saved.content)).info
    assert (info["limner:seed"], info["limner:model"]) == (str(row["seed"]), "tiny")
    assert GARDEN not in str(info)
    assert saved.headers["Content-Disposition"].startswith("attachment; ")
    given = ask(server, row["pictures_in"][0], key=ADA)
    assert Image.open(io.BytesIO(given.content)).getpixel((0, 0)) == (200, 30, 30)
    for name in ("0" * 64 + ".png", "..%2f..%2fetc%2fpasswd", "x.png", row["picture"][-10:]):
        assert ask(server, f"/v1/pictures/{name}", key=ADA).status == 404


def test_a_conversation_leaves_as_a_file_and_comes_back(client, server):
    first = client.responses.create(model="tiny", input=GARDEN)
    client.responses.create(model="tiny", input="A close-up of Mia.", previous_response_id=first.id)
    client.responses.create(model="tiny", input="Add a scarf.", previous_response_id=first.id)
    file = ask(server, f"/v1/conversations/{first.conversation.id}/export", key=ADA)
    assert file.status == 200
    assert 'filename="The image shows Mia in a garden' in file.headers["Content-Disposition"]
    body = import_file(client, file.content)
    assert body["id"] != first.conversation.id
    rows = client.get(f"/conversations/{body['id']}/tree", cast_to=object)["data"]
    assert [row["text_in"] for row in rows] == [GARDEN, "A close-up of Mia.", "Add a scarf."]
    assert rows[1]["parent"] == rows[2]["parent"] == rows[0]["id"]
    with pytest.raises(openai.BadRequestError) as error:
        import_file(client, b"no file of ours")
    assert "conversation" in error.value.body["message"]


def test_wrong_requests_are_told_what_is_wrong(client, server):
    made = client.conversations.create()
    path = f"/v1/conversations/{made.id}"
    for data in ({"metadata": {"a": 5}}, {"metadata": {str(n): "" for n in range(17)}}, {"metadata": []}, {}):
        answer = ask(server, path, data, key=ADA)
        assert (answer.status, error_of(answer)["type"]) == (400, "invalid_request_error"), data
    assert ask(server, path, {"metadata": {"title": "x" * 81}}, key=ADA).status == 400
    assert ask(server, f"{path}/items?limit=0", key=ADA).status == 400
    assert ask(server, f"{path}/items?order=up", key=ADA).status == 400
    assert ask(server, f"{path}/items/msg_1", key=ADA).status == 404
    assert ask(server, "/v1/conversations/conv_1", key=ADA).status == 404
    assert ask(server, "/v1/conversations?after=conv_1", key=ADA).status == 404


def import_file(client, content):
    return client.post(
        "/conversations/import",
        cast_to=object,
        files={"file": ("mia.limner", content)},
        options={"headers": {"Content-Type": "multipart/form-data"}},
    )
