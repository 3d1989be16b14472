"""Bodies that are large, deep or many: weighed before they are parsed, and health answers meanwhile."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import time
from types import SimpleNamespace

import pytest
from growth import growth
from picture_bombs import data_url, png_bytes
from PIL import Image
from tiny_server import error_of, serving
from wire_requests import ask

from limner.server.api.chat_turns import all_labels, labels_of, marker, read_messages, without_markers
from limner.server.api.housekeeping import housekeeping_answer
from limner.server.errors import ApiError
from limner.server.pictures.pictures_in import BASE64_PIECE, data_of_url
from limner.server.security.bodies import (
    HEAVY_VALUES,
    MOST_HEAVY,
    HeavyBodies,
    Pictures,
    check_values,
    read_json,
)
from limner.server.security.limits import Limits
from limner.server.settings import ServerSettings
from limner.service.conversation_service import PersonSeen

JSON = {"Content-Type": "application/json"}
LIMITS = Limits(max_text_body_bytes=10_000, max_body_values=500)
BIG = base64.b64encode(bytes(range(256)) * 400).decode()


def refused(body, limits=LIMITS):
    with pytest.raises(ApiError) as found:
        read_json(body if isinstance(body, bytes) else json.dumps(body).encode(), limits)
    return found.value.status_code, found.value.code


def test_what_is_no_picture_is_small():
    assert refused({"input": "x " * 5000}) == (413, "request_too_large")
    assert refused({"input": "x ", "unread": "a b" * 5000}) == (413, "request_too_large")
    assert refused({"input": f"data:{BIG[:-5]} {BIG}"}) == (413, "request_too_large")
    assert refused({BIG: "a name is no picture"}) == (413, "request_too_large")
    assert read_json(json.dumps({"input": "x " * 4000}).encode(), LIMITS) == {"input": "x " * 4000}


def test_pictures_are_no_text_wherever_they_stand():
    url = f"data:image/png;base64,{BIG}"
    for body in ({"a": url}, [url, url], {"a": [{"b": url, "c": "d"}], "e": BIG}, {"result": BIG}):
        assert read_json(json.dumps(body).encode(), LIMITS) == body
    quoted = {"a": f'say "{BIG}" twice'}  # within a text it is words
    assert refused(quoted) == (413, "request_too_large")
    assert read_json(json.dumps(quoted).encode(), Limits()) == quoted
    small = Limits(max_text_body_bytes=10_000, max_image_bytes=50_000)
    assert refused({"a": url}, small) == (413, "request_too_large")


def test_nobody_can_write_the_mark_of_a_picture():
    marks = {Pictures()._mark for _ in range(4)}
    assert len(marks) == 4
    assert read_json(b'["picture 0", "picture 00000000000000000000000000000000 0"]', LIMITS)


@pytest.mark.parametrize(
    "body",
    [b"[" + b"[]," * 700 + b"[]]", b"[" + b"1," * 700 + b"1]", json.dumps([{"a": 1}] * 300).encode()],
)
def test_items_times_parts_have_a_total(body):
    assert refused(body) == (400, "too_many_values")


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 400, b'{"a": ' + b"9" * 5000 + b"}", b'"\xff"', b"\x00"])
def test_what_is_no_json_is_told(body):
    assert refused(body) == (400, "invalid_json")


def test_half_a_surrogate_pair_is_refused_wherever_it_stands():
    for value in ("\ud800", ["a", {"b": "x\udfff"}], {"\ud800": 1}):
        with pytest.raises(ApiError):
            check_values(value, most=100)
    check_values(["é", {"漢": "\U0001f600"}], most=100)


def test_a_markers_text_is_read_as_before():
    id, other = "resp_" + "0" * 32, "resp_" + "1" * 32
    assert without_markers(f"A garden.{marker(id)}") == ("A garden.", id)
    assert without_markers(f"A.{marker(id)} b{marker(other)}") == ("A. b", other)
    assert without_markers("  plain  ") == ("  plain  ", None)
    assert without_markers("[limner]: # (resp_1)") == ("[limner]: # (resp_1)", None)


def turns_of(num, answer="y"):
    messages = []
    for index in range(num):
        messages += [message("user", f"Say {index}."), message("assistant", answer)]
    return [*messages, message("user", "And now?")]


def message(role, content):
    return SimpleNamespace(role=role, content=content, images=None)


def test_a_transcripts_labels_are_those_of_its_beginnings():
    turns = read_messages(turns_of(4))
    assert all_labels(turns) == [labels_of(turns[: index + 1]) for index in range(len(turns))]


def one_long_answer(num):
    answers = [message("assistant", "y" * 50)] * (num // 50)
    return read_messages([message("user", "a"), *answers, message("user", "b")])[0].answer


@pytest.mark.parametrize(
    "work",
    [
        lambda num: all_labels(read_messages(turns_of(num // 200))),
        one_long_answer,
        lambda num: without_markers(" " * num + "x"),
        lambda num: without_markers("[limner]: # (" * (num // 13)),
        lambda num: housekeeping_answer("### Task: title " + "<chat_history>" * (num // 14), None),
        lambda num: housekeeping_answer("### Task: title " + "\n" * num, None),
        lambda num: Pictures().lift(b'"' + b'\\"' * (num // 2), Limits()),
        lambda num: Pictures().lift(b'"a' * (num // 2), Limits()),
    ],
)
def test_reading_takes_time_in_proportion(work):
    assert growth(work, 100_000, 400_000, most_s=2.0) < 9


def test_base64_in_pieces_is_as_strict_as_in_one():
    data = bytes(BASE64_PIECE)
    url = "data:image/png;base64," + base64.b64encode(data).decode()
    assert data_of_url(url) == data
    early = url[:2000] + "=" + url[2000:]
    for wrong in (url[:-1], url + "A", early, url[: len(url) // 2] + "====" + url, url + "é"):
        with pytest.raises(ValueError, match="base64"):
            data_of_url(wrong)


PARTS = [{"type": "input_text", "text": ""}] * 256
ATTACKS = {
    "items times parts": json.dumps({"input": [{"role": "user", "content": PARTS}] * 512}).encode(),
    "lists that nobody reads": b'{"input": "A garden.", "x": [' + b"[]," * 7_000_000 + b"[]]}",
    "as many as just fit": b'{"input": "A garden.", "x": [' + b"[]," * 40_000 + b"1]}",
    "wrong values": json.dumps({"input": "A garden.", "include": [1] * 40_000}).encode(),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_body_keeps_the_event_loop_busy(service, attack):
    """Counted in the loop's own computing time, which a busy machine does not change."""
    with serving(service, ServerSettings()) as server:
        assert ask(server, "/health/live").status == 200
        clock = time.pthread_getcpuclockid(server.thread.ident)
        before = time.clock_gettime(clock)
        for _ in range(2):
            answer = ask(server, "/v1/responses", body=ATTACKS[attack], headers=JSON)
            assert answer.status in (200, 400, 413)
        assert time.clock_gettime(clock) - before < 0.5


def test_no_long_answer_keeps_the_event_loop_busy(service, monkeypatch):
    face = Image.effect_noise((160, 160), 60).convert("RGB")
    seen = [
        PersonSeen(name=f"N{number}", said="", round="resp", box=None, face=face, source="painted")
        for number in range(256)
    ]
    with serving(service, ServerSettings()) as server:
        made = ask(server, "/v1/responses", {"input": "A garden.", "tool_choice": "none"}).told
        path = f"/v1/conversations/{made['conversation']['id']}"
        rounds = service.tree("local", made["conversation"]["id"]) * 20_000
        monkeypatch.setattr(service, "people", lambda owner, id: seen)
        monkeypatch.setattr(service, "tree", lambda owner, id: rounds)
        clock = time.pthread_getcpuclockid(server.thread.ident)
        for what, num in (("tree", 20_000), ("people", 256)):
            before = time.clock_gettime(clock)
            answer = ask(server, f"{path}/{what}")
            assert len(answer.told["data"]) == num
            assert time.clock_gettime(clock) - before < 0.25, what


def test_large_bodies_have_a_budget_and_small_ones_pass(service):
    limits = Limits(max_text_body_bytes=50_000, max_large_bodies_bytes=100_000)
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{BIG}"}}
    body = {"messages": [{"role": "user", "content": [{"type": "text", "text": "A garden."}, picture]}]}
    with serving(service, ServerSettings(limits=limits)) as server:
        answer = ask(server, "/v1/chat/completions", body)
        assert (answer.status, error_of(answer)["code"]) == (503, "too_busy")
        assert int(answer.headers["Retry-After"]) >= 1
        assert ask(server, "/v1/responses", {"input": "A garden.", "tool_choice": "none"}).status == 200
        small = {**picture, "image_url": {"url": data_url(png_bytes())}}
        content = [{"type": "text", "text": "Hi."}, small]
        body = {"messages": [{"role": "user", "content": content}], "modalities": ["text"]}
        assert ask(server, "/v1/chat/completions", body).status == 200


def test_bodies_of_many_values_take_turns_and_small_ones_pass():
    """Each is tens of thousands of objects; a collection of garbage stops the process for all of them."""
    heavy, small = json.dumps([[]] * (HEAVY_VALUES + 1)).encode(), b'{"input": "A garden."}'

    async def held():
        bodies, turns = HeavyBodies(), [contextlib.AsyncExitStack() for _ in range(MOST_HEAVY + 1)]
        waits = [asyncio.ensure_future(bodies.wait(heavy, turn)) for turn in turns]
        await asyncio.wait_for(bodies.wait(small, contextlib.AsyncExitStack()), 5)
        await asyncio.wait(waits, timeout=0.05)
        assert [wait.done() for wait in waits] == [True] * MOST_HEAVY + [False]
        await turns[0].aclose()
        await asyncio.wait_for(waits[-1], 5)

    asyncio.run(held())
