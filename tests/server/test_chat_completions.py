"""Chat Completions with pictures, as the official client and Open WebUI send them, over a real socket."""

from __future__ import annotations

import base64
import contextlib
import io
import re
import uuid

import pytest
from picture_bombs import data_url, png_bytes
from PIL import Image
from tiny_server import error_of, events_of, serving
from wire_requests import ask

from limner.server.api.chat_turns import marker
from limner.server.opening import service_of
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService
from limner.store.store import Store

openai = pytest.importorskip("openai", reason="needs the official client")

GARDEN = "The image shows Mia in a garden. Mia has long red hair."
CLOSE_UP = "A close-up of Mia."
BEN = "ben-has-another-key-here"
OPEN_WEBUI = "Python/3.12 aiohttp/3.14.5"  # what it calls itself


def complete(client, messages, **more):
    return client.chat.completions.create(model="tiny", messages=messages, **more)


def facts(completion, index=0):
    return completion.model_extra["limner"][index]


def image_of(message):
    (image,) = message.model_extra["images"]
    assert image["type"] == "image_url"
    data = base64.b64decode(image["image_url"]["url"].removeprefix("data:image/png;base64,"))
    return Image.open(io.BytesIO(data))


def user(text, *pictures):
    parts = [{"type": "image_url", "image_url": {"url": data_url(data)}} for data in pictures]
    return {"role": "user", "content": [{"type": "text", "text": text}, *parts] if parts else text}


def assistant(completion):
    """The answer as a plain client sends it back: its words alone."""
    return {"role": "assistant", "content": completion.choices[0].message.content}


def test_a_picture_comes_with_the_words_and_the_chat_goes_on(client):
    first = complete(client, [user(GARDEN)], modalities=["image", "text"], seed=5)
    assert (first.object, first.choices[0].finish_reason, first.model) == ("chat.completion", "stop", "tiny")
    image = image_of(first.choices[0].message)
    assert image.size == (32, 32)
    assert image.text["limner:seed"] == "5"
    assert image.text["limner:node"] == facts(first)["node_id"]
    assert first.usage.total_tokens == first.usage.prompt_tokens + first.usage.completion_tokens > 0
    second = complete(client, [user(GARDEN), assistant(first), user(CLOSE_UP)])
    assert facts(second)["previous_response_id"] == facts(first)["response_id"]
    assert facts(second)["conversation"] == facts(first)["conversation"]
    # The same round is there in the Responses API.
    again = client.responses.retrieve(facts(second)["response_id"])
    assert again.previous_response_id == facts(first)["response_id"]


def test_it_is_streamed_words_first_then_the_picture(client):
    with client.chat.completions.create(
        model="tiny", messages=[user(GARDEN)], stream=True, stream_options={"include_usage": True}, seed=5
    ) as stream:
        chunks = list(stream)
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    pictures = [delta for delta in deltas if (delta.model_extra or {}).get("images")]
    assert len(pictures) == 1
    whole = complete(client, [user(GARDEN)], seed=5)
    assert image_of(pictures[0]).tobytes() == image_of(whole.choices[0].message).tobytes()
    said = "".join(delta.content or "" for delta in deltas)
    first_words = whole.choices[0].message.content.partition("[limner]")[0]
    assert said.partition("[limner]")[0] == first_words
    finished = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    assert finished == ["stop"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens


def test_the_stream_ends_as_clients_expect(server, client):
    body = {"model": "tiny", "messages": [user(GARDEN)], "stream": True}
    told = ask(server, "/v1/chat/completions", body, key=client.api_key)
    assert told.headers["Content-Type"].startswith("text/event-stream")
    assert told.content.endswith(b"data: [DONE]\n\n")
    assert b"event:" not in told.content


def test_the_marker_tells_regenerated_answers_apart(client):
    """Two answers to the same words, and often in the same words: only the marker knows which is meant."""
    marked = {"extra_body": {"limner": {"marker": True}}}
    one, other = (complete(client, [user(GARDEN)], seed=seed, **marked) for seed in (1, 2))
    assert facts(one)["node_id"] != facts(other)["node_id"]
    for start in (one, other):
        after = complete(client, [user(GARDEN), assistant(start), user(CLOSE_UP)])
        assert facts(after)["previous_response_id"] == facts(start)["response_id"]


def test_the_picture_tells_regenerated_answers_apart_without_a_marker(client):
    """A program adds the message to its list as it came, its picture with it."""
    one, other = (complete(client, [user(GARDEN)], seed=seed) for seed in (1, 2))
    for start in (one, other):
        message = start.choices[0].message
        assert "limner" not in message.content
        after = complete(client, [user(GARDEN), message, user(CLOSE_UP)])
        assert facts(after)["previous_response_id"] == facts(start)["response_id"]


def test_a_picture_leads_nobody_to_another_owners_round(client, server):
    start = complete(client, [user(GARDEN)], seed=1)
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=BEN) as ben:
        after = complete(ben, [user(GARDEN), start.choices[0].message, user(CLOSE_UP)])
    before = facts(after)["previous_response_id"]
    assert before is not None
    assert before != facts(start)["response_id"]


def test_the_marker_is_for_clients_that_may_need_it(client, server):
    body = {"model": "tiny", "messages": [user(GARDEN)]}
    for agent, is_marked in (
        ("OpenAI/Python 3.54.0", False),
        ("AsyncOpenAI/JS 6.9.0", False),
        (OPEN_WEBUI, True),
        ("node-fetch", True),
    ):
        answer = ask(server, "/v1/chat/completions", body, key=client.api_key, headers={"User-Agent": agent})
        assert ("[limner]" in answer.told["choices"][0]["message"]["content"]) == is_marked, agent


def test_the_marker_is_unseen_and_can_be_left_out(client):
    plain = complete(client, [user(GARDEN)], extra_body={"limner": {"marker": False}})
    assert "limner" not in plain.choices[0].message.content
    asked = complete(client, [user(GARDEN)], extra_body={"limner": {"marker": True}})
    marked = asked.choices[0].message.content
    assert re.search(r"\n\n\[limner\]: # \(resp_[0-9a-f]{32}\)$", marked)  # a definition: Markdown shows none
    alone = complete(client, [user(GARDEN)], modalities=["text"])
    assert "limner" not in alone.choices[0].message.content
    assert "images" not in (alone.choices[0].message.model_extra or {})


def test_without_any_marker_the_words_so_far_find_the_round(client):
    no_marker = {"extra_body": {"limner": {"marker": False}}}
    name = f"Draw {uuid.uuid4().hex}."
    first = complete(client, [user(name)], **no_marker)
    second = complete(client, [user(name), assistant(first), user(CLOSE_UP)], **no_marker)
    assert facts(second)["previous_response_id"] == facts(first)["response_id"]
    # A client that drops answers without words still comes back to the same place.
    third = complete(client, [user(name), user(CLOSE_UP), user("Add a blue scarf.")], **no_marker)
    assert facts(third)["previous_response_id"] == facts(second)["response_id"]
    empty = {"role": "assistant", "content": ""}
    fourth = complete(client, [user(name), empty, user(CLOSE_UP), empty, user("Step back.")], **no_marker)
    assert facts(fourth)["previous_response_id"] == facts(second)["response_id"]


def test_pictures_of_the_user_are_part_of_what_finds_a_round(client):
    no_marker = {"extra_body": {"limner": {"marker": False}}}
    text = f"This is {uuid.uuid4().hex}."
    starts = [complete(client, [user(text, png_bytes(seed=seed))], **no_marker) for seed in (1, 2)]
    for seed, start in zip((1, 2), starts, strict=True):
        messages = [user(text, png_bytes(seed=seed)), user(CLOSE_UP)]
        after = complete(client, messages, **no_marker)
        assert facts(after)["previous_response_id"] == facts(start)["response_id"]


def test_a_transcript_that_is_nowhere_is_read_anew(client, server):
    name = f"Draw {uuid.uuid4().hex}."
    told = {"role": "assistant", "content": "Here it is.", "images": [
        {"type": "image_url", "image_url": {"url": data_url(png_bytes(seed=9))}}
    ]}  # fmt: skip
    made = complete(client, [{"role": "system", "content": "Be brief."}, user(name), told, user(CLOSE_UP)])
    tree = client.get(f"/conversations/{facts(made)['conversation']}/tree", cast_to=object)["data"]
    assert (tree[0]["text_in"], tree[0]["text_out"], tree[0]["depth"]) == (name, "Here it is.", 0)
    assert tree[0]["picture"] is not None
    assert tree[1]["id"] == facts(made)["response_id"]
    assert tree[1]["parent"] == tree[0]["id"]


def test_several_choices_have_seeds_of_their_own(client):
    made = complete(client, [user(GARDEN)], n=3, seed=7)
    assert [choice.index for choice in made.choices] == [0, 1, 2]
    assert [facts(made, index)["seed"] for index in range(3)] == [7, 8, 9]
    pictures = {image_of(choice.message).tobytes() for choice in made.choices}
    assert len(pictures) == 3
    with client.chat.completions.create(
        model="tiny", messages=[user(GARDEN)], n=2, seed=7, stream=True
    ) as stream:
        chunks = list(stream)
    indices = [choice.index for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    assert sorted(indices) == [0, 1]


def test_what_is_not_to_be_stored_is_not(client):
    made = complete(client, [user(GARDEN)], store=False)
    assert facts(made)["response_id"] is None
    assert "limner" not in made.choices[0].message.content
    assert image_of(made.choices[0].message).size == (32, 32)


# Open WebUI: images of the user only, assistant turns with empty content dropped, headers from templates.


class OpenWebUi:
    """A chat as Open WebUI keeps it: a tree of messages, sent as the branch that is shown."""

    def __init__(self, client, *, parent_header=True, headers=True):
        self.client = client
        self.chat = str(uuid.uuid4())
        self.parent_header, self.headers = parent_header, headers
        self.messages = {}

    def say(self, text, *pictures, after=None, stream=True):
        """Adds the user's message after an answer, and asks; the answer's message id."""
        id = str(uuid.uuid4())
        self.messages[id] = ("user", after, text, pictures)
        return self.answer(id, stream=stream)

    def answer(self, user_id, *, stream=True):
        """Asks for an answer to a user's message: a second time, that is "Regenerate"."""
        id = str(uuid.uuid4())
        sent, at = [], user_id
        while at is not None:
            role, parent, text, pictures = self.messages[at]
            if role == "user":
                sent.insert(0, user(text, *pictures))
            elif text:
                sent.insert(0, {"role": "assistant", "content": text})
            at = parent
        headers = {"User-Agent": OPEN_WEBUI}
        if self.headers:
            headers |= {"X-OpenWebUI-Chat-Id": self.chat, "X-OpenWebUI-Message-Id": id}
            if self.parent_header:
                headers["X-OpenWebUI-User-Message-Parent-Id"] = self.messages[user_id][1] or ""
        said, self.facts = "", None
        if stream:
            with complete(
                self.client,
                sent,
                stream=True,
                stream_options={"include_usage": True},
                extra_headers=headers,
            ) as chunks:
                for chunk in chunks:
                    said += "".join(choice.delta.content or "" for choice in chunk.choices)
                    self.facts = ((chunk.model_extra or {}).get("limner") or [self.facts])[0]
        else:
            made = complete(self.client, sent, extra_headers=headers)
            said, self.facts = made.choices[0].message.content, facts(made)
        self.messages[id] = ("assistant", user_id, said, ())
        return id, self.facts


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "known_by",
    [{"headers": True}, {"parent_header": False}, {"headers": False}],
    ids=["parent", "chat", "marker"],
)
def test_open_webui_keeps_its_conversation(client, known_by, stream):
    """By the parent's header, by the chat's alone, and with no header at all."""
    chat = OpenWebUi(client, **known_by)
    _, start = chat.say(GARDEN, png_bytes(seed=3), stream=stream)
    question = next(iter(chat.messages))
    one_id, one = list(chat.messages)[-1], start
    other_id, other = chat.answer(question, stream=stream)  # regenerate: a sibling
    assert other["previous_response_id"] == one["previous_response_id"] is None
    assert other["response_id"] != one["response_id"]
    assert other["seed"] != one["seed"]
    if known_by != {"parent_header": False}:
        for id, of in ((one_id, one), (other_id, other)):
            _, after = chat.say(CLOSE_UP, after=id, stream=stream)
            assert after["previous_response_id"] == of["response_id"]
            assert after["conversation"] == of["conversation"]
    last_id, last = chat.say("Add a scarf.", after=other_id, stream=stream)
    assert last["previous_response_id"] == other["response_id"]
    _, again = chat.answer(chat.messages[last_id][1], stream=stream)
    assert again["previous_response_id"] == last["previous_response_id"]
    tree = client.get(f"/conversations/{last['conversation']}/tree", cast_to=object)["data"]
    siblings = [row["id"] for row in tree if row["parent"] == other["response_id"]]
    assert {last["response_id"], again["response_id"]} <= set(siblings)


def test_open_webui_with_headers_needs_no_marker_and_no_words(client):
    chat = OpenWebUi(client)
    id, start = chat.say(GARDEN)
    assert "limner" not in chat.messages[id][2]
    # The answer had no words: Open WebUI drops the whole turn, and the header still tells.
    chat.messages[id] = ("assistant", chat.messages[id][1], "", ())
    _, after = chat.say(CLOSE_UP, after=id)
    assert after["previous_response_id"] == start["response_id"]


def test_two_chats_that_begin_alike_stay_apart_by_their_headers(client):
    chats = [OpenWebUi(client, parent_header=False) for _ in range(2)]
    starts = [chat.say(GARDEN) for chat in chats]
    for chat in chats:  # no marker: the words are alike
        for id, (role, parent, text, pictures) in list(chat.messages.items()):
            chat.messages[id] = (role, parent, text.partition("\n\n[limner]")[0], pictures)
    for chat, (id, start) in zip(chats, starts, strict=True):
        _, after = chat.say(CLOSE_UP, after=id)
        assert after["previous_response_id"] == start["response_id"]


def test_a_chat_goes_on_at_another_replica(painter, tmp_path):
    """Two servers with databases of their own and shared blobs; a proxy sends each request to the other."""
    services = [
        ConversationService(painter, Store(tmp_path / name, blobs_url=str(tmp_path / "shared")))
        for name in ("one", "other")
    ]
    with contextlib.ExitStack() as stack:
        settings = ServerSettings(aliases=("tiny",))
        servers = [stack.enter_context(serving(service, settings)) for service in services]
        clients = [
            stack.enter_context(openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0))
            for server in servers
        ]
        chat, id, last = OpenWebUi(clients[0]), None, None
        for turn, words in enumerate([GARDEN, CLOSE_UP, "Add a scarf.", "Step back."]):
            chat.client = clients[turn % 2]
            id, now = chat.say(words, after=id)
            assert now["previous_response_id"] == (None if last is None else last["response_id"])
            last = now
    for service in services:
        service.close(0.0)


def test_a_deleted_round_is_not_gone_back_to(client):
    first = complete(client, [user(GARDEN)])
    second = complete(client, [user(GARDEN), assistant(first), user(CLOSE_UP)])
    client.responses.delete(facts(second)["response_id"])
    third = complete(
        client, [user(GARDEN), assistant(first), user(CLOSE_UP), assistant(second), user("Add a scarf.")]
    )
    assert facts(third)["previous_response_id"] not in (None, facts(second)["response_id"])


def test_another_owners_marker_and_headers_lead_nowhere(client, server):
    chat = OpenWebUi(client)
    id, start = chat.say(GARDEN)
    stolen = {"role": "assistant", "content": f"Here.{marker(start['response_id'])}"}
    headers = {"X-OpenWebUI-Chat-Id": chat.chat, "X-OpenWebUI-User-Message-Parent-Id": id}
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=BEN, max_retries=0) as ben:
        made = complete(ben, [user(GARDEN), stolen, user(CLOSE_UP)], extra_headers=headers)
        assert facts(made)["conversation"] != start["conversation"]
        assert facts(made)["previous_response_id"] != start["response_id"]
        tree = ben.get(f"/conversations/{facts(made)['conversation']}/tree", cast_to=object)["data"]
        assert all(row["picture"] is None for row in tree if row["text_out"] == "Here.")


def test_titles_and_tags_are_not_painted(client, server):
    before = ask(server, "/v1/conversations", key=client.api_key).told["data"]
    prompt = (
        "### Task:\nGenerate a concise, 3-5 word title with an emoji summarizing the chat history.\n"
        '### Output:\nJSON format: { "title": "your concise title here" }\n'
        f"### Chat History:\n<chat_history>\nUSER: {GARDEN}\nASSISTANT: Here it is.\n</chat_history>"
    )
    made = complete(client, [user(prompt)])
    assert made.choices[0].message.content == '{"title": "The image shows Mia in a …"}'
    task = {"X-OpenWebUI-Task": "tags_generation"}
    with complete(client, [user("Some tags, please.")], stream=True, extra_headers=task) as stream:
        said = "".join(choice.delta.content or "" for chunk in stream for choice in chunk.choices)
    assert said == '{"tags": []}'
    assert ask(server, "/v1/conversations", key=client.api_key).told["data"] == before


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages"),
        ({"messages": [{"role": "user", "content": None}]}, "messages"),
        ({"messages": [{"role": "user", "content": "x" * 4001}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages"),
        ({"messages": [{"role": "nobody", "content": "x"}]}, "messages[0].role"),
        ({"messages": [user("x"), {"role": "assistant", "content": "y"}]}, "messages"),
        ({"messages": [user("x")], "n": 0}, "n"),
        ({"messages": [user("x")], "n": 11}, "n"),
        ({"messages": [user("x")], "n": 10**9}, "n"),
        ({"messages": [user("x")], "seed": -1}, "seed"),
        ({"messages": [user("x")], "model": "gpt-image-9"}, "model"),
        ({"messages": [user("x", *[png_bytes()] * 5)]}, "messages"),
    ],
)
def test_wrong_requests_are_refused_with_the_field_named(server, client, body, param):
    told = ask(server, "/v1/chat/completions", body, key=client.api_key)
    assert told.status == (404 if param == "model" else 400), told.told
    assert error_of(told)["param"] == param


def test_an_error_after_the_stream_began_is_told_in_it_and_once_in_the_log(painter, tmp_path, caplog):
    service = service_of(painter, tmp_path / "store", ServerSettings())
    with serving(service) as own:
        (tmp_path / "store" / "blobs").write_text("The disk is not what it was.")
        told = ask(own, "/v1/chat/completions", {"messages": [user(GARDEN)], "stream": True})
        assert events_of(told.content)[-1]["error"]["code"] == "store_failed"
        errors = [record.message for record in caplog.records if record.levelname == "ERROR"]
        assert len(errors) == 1, errors
        assert "Not a directory" in errors[0]
        assert b"blobs" not in told.content
        whole = ask(own, "/v1/chat/completions", {"messages": [user(GARDEN)]})
        assert whole.status >= 500
        assert "blobs" not in error_of(whole)["message"]
    service.close(0.0)
