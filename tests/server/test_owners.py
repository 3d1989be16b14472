"""What owners learn of each other (nothing), and what one may do at once."""

from __future__ import annotations

import logging
import threading

import pytest
from picture_bombs import png_bytes
from test_attacks import form
from test_responses import GARDEN
from test_rounds_in_progress import ENDLESS, LONG
from tiny_server import ADA, BEN, error_of, serving
from waiting import until
from wire_requests import ask

from limner.server.opening import service_of
from limner.server.pictures.painting import reader_of
from limner.server.replicas.switchboard import LOST_AFTER_S, Switchboard
from limner.server.security.keys import ApiKeys
from limner.server.security.limits import Limits
from limner.server.settings import ServerSettings

OPERATOR = "the-key-of-whoever-runs-it"


@pytest.fixture
def served(painter, tmp_path):
    """A server with two keys and an operator's, that takes endless rounds."""
    settings = ServerSettings(
        keys=ApiKeys([(ADA, None), (BEN, "ben")]),
        operator_keys=ApiKeys([(OPERATOR, None)]),
        limits=Limits(max_steps=ENDLESS, max_images_waiting=1),
    )
    service = service_of(painter, tmp_path / "store", settings)
    with serving(service, settings) as server:
        server.settings = settings
        yield server
        server.app.state.desk.cancel_all()
    service.close(0.0)


def begin(server, key=ADA, **more):
    made = ask(server, "/v1/responses", {**LONG, "background": True, **more}, key=key)
    assert made.status == 200, made.told
    return made.told["id"]


def test_another_owners_round_in_progress_is_not_there(served):
    id = begin(served)
    for method, path in (("DELETE", id), ("GET", id), ("POST", f"{id}/cancel"), ("GET", f"{id}/input_items")):
        answer = ask(served, f"/v1/responses/{path}", method=method, key=BEN)
        assert (answer.status, error_of(answer)["code"]) == (404, "not_found"), (method, path)
    assert ask(served, f"/v1/responses/{id}", key=ADA).told["status"] == "in_progress"
    assert ask(served, f"/v1/responses/{id}", method="DELETE", key=ADA).status == 200
    assert ask(served, f"/v1/responses/{id}", key=ADA).status == 404


def queue(server, key):
    told = ask(server, "/v1/limner", key=key).told["queue"]
    return told["running"], told["waiting"]


def numbers(server, key):
    return ask(server, "/metrics", key=key).content.decode()


def test_an_owner_is_told_of_their_own_rounds_and_the_operator_of_all(served):
    begin(served)
    until(lambda: queue(served, ADA) == (1, 0))
    assert queue(served, OPERATOR) == (1, 0)
    assert queue(served, BEN) == (0, 0)
    words = {"input": GARDEN, "tool_choice": "none"}
    assert ask(served, "/v1/responses", words, key=BEN).status == 200
    assert ask(served, "/v1/responses", {"input": ""}, key=ADA).status == 400
    answered = 'limner_rounds_total{outcome="answered"} 1.0'
    posted = 'route="/v1/responses",status="200"}'
    assert answered in numbers(served, BEN)
    assert answered not in numbers(served, ADA)
    assert answered in numbers(served, OPERATOR)
    assert f"{posted} 1.0" in numbers(served, ADA)
    assert f"{posted} 2.0" in numbers(served, OPERATOR)
    for of_all in ("limner_rounds_running", "limner_prefix_cache_bytes", "process_", "limner_ready"):
        assert of_all in numbers(served, OPERATOR)
        assert of_all not in numbers(served, ADA)
    assert ask(served, "/metrics").status == 401


def test_without_keys_everybody_is_the_operator(service):
    with serving(service) as server:
        assert b"limner_rounds_running" in ask(server, "/metrics").content


def test_an_operators_key_is_nobody_elses():
    ada = ApiKeys([(ADA, None)])
    with pytest.raises(ValueError, match="both the operator's"):
        ServerSettings(keys=ada, operator_keys=ApiKeys([(ADA, None)]))
    with pytest.raises(ValueError, match="api-key-file"):
        ServerSettings(operator_keys=ada)


def test_of_several_rounds_of_one_conversation_at_once_one_goes_on(served):
    id = ask(served, "/v1/conversations", {}, key=ADA).told["id"]
    running = begin(served, conversation=id)
    words = {"input": GARDEN, "conversation": id, "tool_choice": "none"}
    item = {"type": "message", "role": "user", "content": "Hello."}
    for path, body in (("/v1/responses", words), (f"/v1/conversations/{id}/items", {"items": [item]})):
        answer = ask(served, path, body, key=ADA)
        error = error_of(answer)
        assert (answer.status, error["code"], error["type"]) == (
            409,
            "conversation_locked",
            "invalid_request_error",
        )
        assert answer.headers["Retry-After"]
    assert ask(served, f"/v1/responses/{running}/cancel", method="POST", key=ADA).status == 200
    first = ask(served, "/v1/responses", words, key=ADA)
    assert first.status == 200
    begin(served, previous_response_id=first.told["id"])  # says itself where it goes on
    assert ask(served, "/v1/responses", words, key=ADA).status == 200
    assert ask(served, "/v1/responses", {**words, "input": ""}, key=ADA).status == 400
    assert ask(served, "/v1/responses", words, key=ADA).status == 200  # what was refused holds no lock


def test_nothing_that_was_answered_is_missing_from_a_conversation(served):
    id = ask(served, "/v1/conversations", {}, key=ADA).told["id"]
    answered = []

    def say(number):
        body = {"input": f"Say {number}.", "conversation": id, "tool_choice": "none"}
        while (answer := ask(served, "/v1/responses", body, key=ADA)).status == 409:
            pass
        answered.append(answer.told["id"])

    threads = [threading.Thread(target=say, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    items = ask(served, f"/v1/conversations/{id}/items?limit=100&order=asc", key=ADA).told["data"]
    said = [item["content"][0]["text"] for item in items if item["role"] == "user"]
    assert sorted(said) == ["Say 0.", "Say 1.", "Say 2."]


def test_a_conversation_is_locked_on_all_replicas():
    now = [0.0]
    board = Switchboard(lambda: now[0])
    assert board.lock("ada", "conv_1", "first")
    assert not board.lock("ada", "conv_1", "second")
    assert board.lock("ben", "conv_1", "second")
    board.unlock("ada", "conv_1", "second")
    assert not board.lock("ada", "conv_1", "second")
    board.unlock("ada", "conv_1", "first")
    assert board.lock("ada", "conv_1", "second")
    now[0] = LOST_AFTER_S * 1.1  # the second is gone, and its lock with it
    assert board.lock("ada", "conv_1", "first")


def test_pictures_wait_in_a_queue_with_an_end(served):
    reader = reader_of(served.settings)
    upload = form("file", png_bytes(), purpose="vision")
    limits = reader.decoder.limits
    with reader.decoder._place(), reader.decoder._place(), reader.decoder._place():
        assert limits.num_workers + limits.max_waiting == 3
        answer = ask(served, "/v1/files", **upload, key=ADA)
        assert (answer.status, error_of(answer)["code"]) == (429, "too_many_pictures")
        assert int(answer.headers["Retry-After"]) >= 1
    assert ask(served, "/v1/files", **upload, key=ADA).status == 200


def test_damage_is_the_servers_fault_and_the_log_names_it(served, caplog):
    made = ask(served, "/v1/responses", {"input": GARDEN, "tool_choice": "required"}, key=ADA).told
    tree = ask(served, f"/v1/conversations/{made['conversation']['id']}/tree", key=ADA).told["data"]
    digest = tree[0]["picture"].rpartition("/")[2].removesuffix(".png")
    blobs = served.service.store.folder / "blobs" / digest[:2] / digest
    whole = blobs.read_bytes()
    blobs.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with caplog.at_level(logging.ERROR, "limner.server"):
        for path in (tree[0]["picture"], f"/v1/responses/{made['id']}"):
            answer = ask(served, path, key=ADA)
            assert (answer.status, error_of(answer)["type"]) == (500, "server_error"), path
            assert error_of(answer)["code"] == "store_damaged"
            assert digest not in str(answer.told)
    assert caplog.text.count(digest) == 2
    assert "limner_store_damaged_total 2.0" in numbers(served, OPERATOR)
