"""Items added and removed one by one, as session memories of agents do it."""

from __future__ import annotations

import pytest
from test_responses import GARDEN, data_url

openai = pytest.importorskip("openai", reason="needs the official client")

USER = {"type": "message", "role": "user", "content": GARDEN}
GREETING = {"type": "message", "role": "assistant", "content": "Hello, what shall I paint?"}
PAINTED = {
    "type": "image_generation_call",
    "id": "ig_68a1",
    "status": "completed",
    "result": data_url().partition(",")[2],
}


def said(text):
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed", "content": content}


def add(client, id, *items):
    return [item.type for item in client.conversations.items.create(id, items=items).data]


def listed(client, id):
    """Each item in order: a message's role and words, a picture's type."""
    return [
        (item.role, item.content[0].text) if item.type == "message" else item.type
        for item in client.conversations.items.list(id, order="asc").data
    ]


def pop(client, id):
    """What the session's `pop_item` does."""
    (item,) = client.conversations.items.list(id, order="desc", limit=1).data
    client.conversations.items.delete(item.id, conversation_id=id)


def test_a_question_and_its_answer_come_in_calls_of_their_own(client):
    id = client.conversations.create().id
    assert add(client, id, USER) == ["message"]
    assert add(client, id, PAINTED, said("Here is Mia.")) == ["image_generation_call", "message"]
    assert listed(client, id) == [("user", GARDEN), "image_generation_call", ("assistant", "Here is Mia.")]
    assert add(client, id, {**USER, "content": "Make it night."}) == ["message"]
    assert add(client, id, said("It is night.")) == ["message"]
    assert add(client, id, said("And cold.")) == ["message"]
    assert listed(client, id)[3:] == [("user", "Make it night."), ("assistant", "It is night.\nAnd cold.")]
    rows = client.get(f"/conversations/{id}/tree", cast_to=object)["data"]
    assert [row["text_in"] for row in rows] == [GARDEN, "Make it night."]
    assert rows[1]["parent"] == rows[0]["id"]
    went_on = client.responses.create(model="tiny", input="A close-up of Mia.", conversation=id)
    assert went_on.model_extra["limner"]["depth"] == 2


@pytest.mark.parametrize("way", ["alone", "with the first message", "at the beginning"])
def test_a_greeting_may_come_first(client, way):
    made = client.conversations.create(items=[GREETING] if way == "at the beginning" else None)
    if way == "alone":
        assert add(client, made.id, GREETING) == []
    added = add(client, made.id, *((GREETING, USER) if way == "with the first message" else (USER,)))
    assert added == ["message"]
    assert listed(client, made.id) == [("user", GARDEN)]


def test_items_are_taken_back_one_by_one(client):
    id = client.conversations.create().id
    add(client, id, USER, said("A garden."))
    add(client, id, {**USER, "content": "Make it night."}, PAINTED, said("It is night."))
    add(client, id, {**USER, "content": "A close-up."}, said("Here."))
    whole = listed(client, id)
    assert len(whole) == 7
    for left in range(6, -1, -1):
        pop(client, id)
        assert listed(client, id) == whole[:left]
    add(client, id, USER, said("Again."))
    assert listed(client, id) == [("user", GARDEN), ("assistant", "Again.")]


def test_an_answer_that_was_painted_here_is_not_added_twice(client):
    """A session sends its own items as the input, so the round is painted after them, in its conversation."""
    id = client.conversations.create().id
    add(client, id, USER)
    add(client, id, said("A garden."))
    history = [item.to_dict() for item in client.conversations.items.list(id, order="asc")]
    question = {**USER, "content": "Make it night."}
    add(client, id, question)
    made = client.responses.create(model="tiny", input=[*history, question], tool_choice="required")
    assert made.conversation.id == id
    answer = [item.to_dict() for item in made.output]
    assert add(client, id, *answer)[0] == "image_generation_call"
    wanted = [("user", GARDEN), ("assistant", "A garden."), ("user", "Make it night."), answer[0]["type"]]
    assert listed(client, id)[:4] == wanted
    rows = client.get(f"/conversations/{id}/tree", cast_to=object)["data"]
    assert [row["text_in"] for row in rows] == [GARDEN, "Make it night."]
    for left in range(len(listed(client, id)) - 1, -1, -1):
        pop(client, id)
        assert len(listed(client, id)) == left


def test_what_was_painted_is_taken_back_item_by_item_too(client):
    made = client.responses.create(model="tiny", input=GARDEN, tool_choice="required")
    id = made.conversation.id
    second = client.responses.create(
        model="tiny", input="A close-up of Mia.", previous_response_id=made.id, tool_choice="required"
    )
    with pytest.raises(openai.BadRequestError) as error:  # it has its answer
        add(client, id, said("And more."))
    assert error.value.body["param"] == "items"
    num = 2 + bool(second.output_text)
    before = listed(client, id)
    for taken in range(1, num):
        pop(client, id)
        assert listed(client, id) == before[:-taken]
    assert listed(client, id)[-1] == ("user", "A close-up of Mia.")
    pop(client, id)
    assert listed(client, id) == before[:-num]
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(second.id)
    assert client.responses.retrieve(made.id).output == made.output
