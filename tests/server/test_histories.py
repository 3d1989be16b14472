"""Histories as agents and other libraries send them: calls of tools, thoughts, and unknown items."""

from __future__ import annotations

import pytest
from test_responses import GARDEN
from tiny_server import ADA, error_of
from wire_requests import ask

openai = pytest.importorskip("openai", reason="needs the official client")

USER = {"role": "user", "content": GARDEN}
CALL = {
    "type": "function_call",
    "id": "fc_68a1",
    "call_id": "call_1",
    "name": "transfer_to_painter",
    "arguments": "{}",
    "status": "completed",
}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": '{"assistant": "Painter"}'}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
NOT_OURS = (
    CALL,
    OUTPUT,
    REASONING,
    {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}},
    {"type": "mcp_call", "id": "mcp_1", "name": "f", "arguments": "{}", "server_label": "s", "output": "x"},
    {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "s", "tools": []},
    {"type": "function_call_output", "call_id": "call_1", "output": [{"type": "input_text", "text": "x"}]},
    {"type": "something_of_next_year", "content": [[1], {"a": None}]},
    {"type": "item_reference", "id": "rs_68a1"},
    {"id": "fc_68a1"},
    {"role": "tool", "content": "42"},
)


def answered(server, items, **more):
    answer = ask(server, "/v1/responses", {"input": items, "limner": {"picture": False}, **more}, key=ADA)
    assert answer.status == 200, answer.told
    return answer.told


def asked_of(server, id):
    """The words that a response was asked with, from the first round to this one."""
    said = []
    while id is not None:
        (item,) = ask(server, f"/v1/responses/{id}/input_items", key=ADA).told["data"]
        said.insert(0, item["content"][0]["text"])
        id = ask(server, f"/v1/responses/{id}", key=ADA).told["previous_response_id"]
    return said


@pytest.mark.parametrize("item", NOT_OURS, ids=lambda item: item.get("type", "untyped"))
def test_items_that_are_not_ours_are_passed_over(server, item):
    assert asked_of(server, answered(server, [USER, item])["id"]) == [GARDEN]
    made = answered(server, [item, USER, item, {"role": "user", "content": "She wears a hat."}])
    assert asked_of(server, made["id"]) == [f"{GARDEN}\nShe wears a hat."]


def test_a_handoff_is_answered_whatever_was_said_before_the_call(server):
    # The agent before says something, calls the handoff, and the painter is asked to go on.
    handed = [USER, {"role": "assistant", "content": "I hand you over."}, CALL, OUTPUT]
    assert asked_of(server, answered(server, handed)["id"]) == [GARDEN]
    said = [*handed, {"role": "assistant", "content": "Done."}, {"role": "user", "content": "A close-up."}]
    assert asked_of(server, answered(server, said)["id"]) == [GARDEN, "A close-up."]
    over = ask(server, "/v1/responses", {"input": handed[:2]}, key=ADA)
    assert (over.status, error_of(over)["param"]) == (400, "input")


def test_the_official_client_sends_a_history_with_tools(client):
    answer = {
        "type": "message",
        "id": "msg_68a1",
        "role": "assistant",
        "status": "completed",
        "content": [
            {"type": "output_text", "text": "A garden with Mia.", "annotations": [], "logprobs": []},
            {"type": "reasoning_text", "text": "Somebody else thought this."},
        ],
    }
    made = client.responses.create(
        model="tiny",
        input=[USER, REASONING, CALL, OUTPUT, answer, {"role": "user", "content": "A close-up of Mia."}],
        tool_choice="none",
    )
    before = client.responses.retrieve(made.previous_response_id)
    assert before.output_text == "A garden with Mia."


def test_an_answer_ends_with_a_message_even_where_a_picture_is_all(client):
    # Agents take a response without a message for a tool's, and go round and round.
    made = client.responses.create(model="tiny", input=GARDEN, tool_choice="required")
    assert [item.type for item in made.output] == ["image_generation_call", "message"]
    assert client.responses.retrieve(made.id).output == made.output
    with client.responses.create(model="tiny", input=GARDEN, tool_choice="required", stream=True) as stream:
        events = list(stream)
    assert [item.type for item in events[-1].response.output] == ["image_generation_call", "message"]
    sent_back = [USER, *(item.to_dict() for item in made.output), {"role": "user", "content": "A close-up."}]
    assert client.responses.create(model="tiny", input=sent_back).previous_response_id == made.id


def test_a_transcript_of_chat_completions_with_tools_is_read(client):
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    made = client.chat.completions.create(
        model="tiny",
        modalities=["text"],
        messages=[
            {"role": "user", "content": "An orchard that no other test asks for."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "42"},
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "A garden."}],
            },
            {"role": "user", "content": "A close-up of Mia."},
        ],
    )
    before = client.responses.retrieve(made.model_extra["limner"][0]["previous_response_id"])
    assert before.output_text == "A garden."


@pytest.mark.parametrize(
    ("items", "param", "told"),
    [
        (5, "input", "a text or a list, not a number"),
        ({"role": "user"}, "input", "a text or a list, not an object"),
        ([USER, "words"], "input[1]", "an object, not a text"),
        ([USER, {}], "input[1]", "it has no type"),
        ([USER, {"type": 7}], "input[1].type", "a text"),
        ([USER, {"role": "wizard", "content": "x"}], "input[1].role", "user, assistant, system"),
        ([USER, {"role": "user"}], "input[1].content", "it is required"),
        ([USER, {"role": "user", "content": 5}], "input[1].content", "a text or a list, not a number"),
        ([{"role": "user", "content": [{"type": "input_text"}]}], "input[0].content[0].text", "input_text"),
        ([{"role": "user", "content": [USER]}], "input[0].content[0].type", "it is required"),
        ([USER, {"type": "image_generation_call", "id": 5}], "input[1].id", "image_generation_call"),
        ([USER, {"type": "image_generation_call", "id": "ig_1"}], "input[1]", "ig_1"),
        ([USER, {"type": "item_reference", "id": "msg_1"}], "input[1]", "msg_1"),
        (
            [{"role": "user", "content": [{"type": "input_text", "text": "x"}, {"type": "input_audio"}]}],
            "input[0]",
            "input[0].content[1]: A part of type 'input_audio'",
        ),
        ([REASONING, CALL], "input", "function_call, reasoning are passed over"),
    ],
)
def test_what_is_refused_is_named_by_place_and_type(server, items, param, told):
    answer = ask(server, "/v1/responses", {"input": items}, key=ADA)
    assert answer.status == 400, answer.told
    error = error_of(answer)
    assert (error["param"], told in error["message"]) == (param, True), error


@pytest.mark.parametrize(
    ("path", "body", "param", "told"),
    [
        ("/v1/responses", {"conversation": 5}, "conversation", "a text or an object, not a number"),
        ("/v1/responses", {"conversation": {}}, "conversation.id", "it is required"),
        ("/v1/responses", {"tool_choice": "maybe"}, "tool_choice", "none, auto or required"),
        ("/v1/responses", {"tool_choice": []}, "tool_choice", "a text or an object, not a list"),
        ("/v1/responses", {"tools": ["draw"]}, "tools[0]", "an object, not a text"),
        ("/v1/responses", {"tools": [{"type": "image_generation", "quality": 1}]}, "tools[0].quality", "low"),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": 5}]}, None, "a text or a list"),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": [5]}]}, None, "an object or a te"),
        (
            "/v1/chat/completions",
            {"messages": [USER, {"role": "user", "content": [{"type": "input_audio"}]}]},
            "messages",
            "messages[1].content[0]: A part of type 'input_audio'",
        ),
    ],
)
def test_of_several_shapes_the_one_that_was_meant_is_spoken_of(server, path, body, param, told):
    body = {"input": GARDEN, **body} if path == "/v1/responses" else body
    answer = ask(server, path, body, key=ADA)
    assert answer.status == 400, answer.told
    error = error_of(answer)
    assert told in error["message"], error
    assert param is None or error["param"] == param
