"""What a page follows of a conversation: rounds in progress, changes, branches that nobody meant to make, and
what the model still reads.
"""

from __future__ import annotations

import asyncio
import http.client
import json

import pytest
from test_responses import GARDEN
from test_rounds_in_progress import begin, served  # noqa: F401
from tiny_server import error_of, serving
from wire_requests import WAIT_S, ask

from limner.server.api import conversation_live
from limner.server.errors import ApiError, not_found
from limner.server.opening import service_of
from limner.server.settings import ServerSettings


class Events:
    """A conversation's events, read one at a time."""

    def __init__(self, server, conversation):
        self.line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_S)
        self.line.request("GET", f"/v1/conversations/{conversation}/events")
        self.answer = self.line.getresponse()
        assert self.answer.status == 200

    def next(self):
        while line := self.answer.readline():
            if line.startswith(b"data: "):
                return json.loads(line.removeprefix(b"data: "))
        self.line.close()
        self.answer.close()
        return None


@pytest.fixture
def plain(painter, tmp_path):
    """A server without keys."""
    service = service_of(painter, tmp_path / "store", ServerSettings())
    with serving(service, ServerSettings()) as server:
        yield server
    service.close(0.0)


def say(server, text, **more):
    answer = ask(server, "/v1/responses", {"input": text, "limner": {"steps": 1}, **more})
    assert answer.status == 200, answer.told
    return answer.told


def test_a_round_in_progress_is_told_of_and_found_by_its_conversation(served):  # noqa: F811
    conversation = ask(served, "/v1/conversations", {}).told["id"]
    place = f"/v1/conversations/{conversation}/in_progress"
    assert ask(served, place).told["data"] == []
    id = begin(served, conversation=conversation, seed=7)
    (told,) = ask(served, place).told["data"]
    assert (told["id"], told["parent"], told["text_in"], told["seed"]) == (id, None, GARDEN, 7)
    ask(served, f"/v1/responses/{id}/cancel", method="POST")
    assert ask(served, place).told["data"] == []


def test_events_tell_of_every_change_and_of_the_end(plain):
    first = say(plain, GARDEN)
    conversation = first["conversation"]["id"]
    events = Events(plain, conversation)
    now = events.next()
    assert (now["type"], now["num_rounds"], now["newest"]) == ("conversation.changed", 1, first["id"])
    second = say(plain, "Add a hat.", previous_response_id=first["id"])
    while now["newest"] != second["id"]:
        now = events.next()
    assert now["num_rounds"] == 2
    ask(plain, f"/v1/conversations/{conversation}", {"metadata": {"title": "Hats"}})
    assert events.next()["title"] == "Hats"
    ask(plain, f"/v1/conversations/{conversation}", method="DELETE")
    assert events.next()["type"] == "conversation.deleted"
    assert events.next() is None  # the stream has ended
    assert ask(plain, f"/v1/conversations/{conversation}/events").status == 404


def test_a_conversation_that_many_follow_is_looked_up_once_for_all(monkeypatch):
    looked = []

    class Held:
        def find(self, owner, id):
            looked.append((owner, id))
            if id == "gone":
                raise not_found("conversation")
            return id

    async def follow():
        monkeypatch.setattr(conversation_live, "LOOK_EVERY_S", 0.1)
        standings = conversation_live.Standings(Held())
        assert await asyncio.gather(*(standings.of("ada", "one") for _ in range(50))) == ["one"] * 50
        assert looked == [("ada", "one")]
        assert await standings.of("ben", "one") == "one"
        assert len(looked) == 2  # nothing is told to another owner
        for _ in range(2):
            with pytest.raises(ApiError):
                await standings.of("ada", "gone")
        await asyncio.sleep(0.3)
        await standings.of("ada", "one")
        assert looked[-1] == ("ada", "one")
        assert len(looked) == 4

    asyncio.run(follow())


def test_what_continues_makes_no_second_branch(plain):
    first = say(plain, GARDEN)
    going_on = {"previous_response_id": first["id"], "limner": {"steps": 1, "continues": True}}
    second = ask(plain, "/v1/responses", {"input": "Add a hat.", **going_on})
    assert second.status == 200, second.told
    refused = ask(plain, "/v1/responses", {"input": "Add glasses.", **going_on})
    assert (refused.status, error_of(refused)["code"]) == (409, "already_continued")
    # Who says nothing of it may branch as ever; the newest round can be continued again.
    say(plain, "Add glasses.", previous_response_id=first["id"])
    going_on["previous_response_id"] = second.told["id"]
    assert ask(plain, "/v1/responses", {"input": "Make it night.", **going_on}).status == 200


def test_what_continues_waits_for_nobody_who_is_before_it(served):  # noqa: F811
    first = ask(served, "/v1/responses", {"input": GARDEN, "limner": {"steps": 1}}).told
    going_on = {"previous_response_id": first["id"]}
    limner = {"steps": 200_000, "picture": True, "continues": True}
    id = begin(served, **going_on, limner=limner)
    refused = ask(served, "/v1/responses", {"input": "Add a hat.", "limner": limner, **going_on})
    assert (refused.status, error_of(refused)["code"]) == (409, "already_continued")
    ask(served, f"/v1/responses/{id}/cancel", method="POST")
    limner["steps"] = 1
    again = ask(served, "/v1/responses", {"input": "Add a hat.", "limner": limner, **going_on})
    assert again.status == 200  # what was stopped stands in nobody's way


def test_the_tree_tells_the_steps_of_every_picture(plain):
    first = say(plain, GARDEN)
    ask(plain, "/v1/responses", {"input": "Who is she?", "limner": {"picture": False}})
    usual = ask(plain, "/v1/limner").told["default_steps"]
    again = ask(plain, "/v1/responses", {"input": "Add a hat.", "previous_response_id": first["id"]}).told
    tree = ask(plain, f"/v1/conversations/{again['conversation']['id']}/tree").told["data"]
    assert [one["steps"] for one in tree] == [1, usual]


def test_rounds_that_no_longer_fit_are_told(plain):
    """The tiny model's context holds few rounds: the first and the newest stay, those between leave."""
    last = say(plain, GARDEN)
    ids = [last["id"]]
    for _ in range(60):
        last = say(plain, "Make it night, please.", previous_response_id=last["id"])
        ids.append(last["id"])
        read = ask(plain, f"/v1/conversations/{last['conversation']['id']}/read?at={last['id']}").told
        assert read["num_rounds"] == len(ids)
        if len(read["data"]) < len(ids):
            break
    else:
        pytest.fail("everything fits")
    assert read["data"] == [id for id in ids if id in read["data"]]  # in order
    assert {ids[0], ids[-1]} <= set(read["data"])
    assert ids[1] not in read["data"]
    place = f"/v1/conversations/{last['conversation']['id']}/read?at={last['id']}"
    pointed = ask(plain, f"{place}&text=Show%20the%20second%20picture%20again.").told
    assert ids[1] in pointed["data"]  # what is pointed at stays
