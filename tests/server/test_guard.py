"""Those who mean it ill, at the door: keys, Host, Origin, bodies, paths, and what errors give away."""

from __future__ import annotations

import json
import logging
import socket

import pytest
from tiny_server import ADA, BEN, error_of, serving
from wire_requests import WAIT_S, ask

from limner.inference import saying
from limner.server.security.keys import LOCAL, ApiKeys
from limner.server.security.limits import Limits
from limner.server.settings import ServerSettings
from limner.store.records import LOCAL_OWNER

GARDEN = {"input": "A garden."}


def raw(server, text):
    """Bytes as they are, to the end of the answer: the status and all that came."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as line:
        line.sendall(text.encode("latin-1"))
        told = b""
        while piece := line.recv(65536):
            told += piece
    return int(told.split(b" ", 2)[1]), told


@pytest.mark.parametrize("key", [None, "", "wrong-key-of-enough-length", f"{ADA} ", f"{ADA}x", "é" * 20])
def test_without_a_known_key_nothing_is_told(server, key):
    headers = {} if key is None else {"Authorization": f"Bearer {key}".encode()}
    if key == f"{ADA} ":
        headers = {"Authorization": f"Basic {ADA}"}
    for method, path in (
        ("GET", "/v1/models"),
        ("GET", "/v1/limner"),
        ("GET", "/metrics"),
        ("POST", "/v1/responses"),
        ("GET", "/v1/nothing/here"),
        ("GET", "/docs"),
        ("OPTIONS", "/v1/models"),
        ("POST", "/"),
        ("DELETE", "/health/live"),
    ):
        answer = ask(server, path, method=method, headers=headers)
        assert (answer.status, error_of(answer)["code"]) == (401, "invalid_api_key"), path
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_opens_and_health_needs_none(server):
    assert ask(server, "/v1/models", key=ADA).told["data"][0]["id"] == "tiny"
    assert ask(server, "/v1/models", key=BEN).status == 200
    assert ask(server, "/v1/models", headers={"authorization": f"bearer {ADA}"}).status == 200
    for path in ("/health/live", "/health/ready", "/openapi.json", "/", "/app.js"):
        assert ask(server, path).status == 200, path


def test_two_authorization_headers_are_none(server):
    head = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head += f"Authorization: Bearer {ADA}\r\n"
    assert raw(server, f"{head}\r\n")[0] == 200
    assert raw(server, f"{head}Authorization: Bearer x\r\n\r\n")[0] == 401


@pytest.mark.parametrize(
    "host",
    ["", "evil.example/health/live?", "a b", "x@y", "localhost:99999999", "[::1", "a\\b", "localhost#", "é"],
)
def test_a_host_header_cannot_lead_past_the_door(server, host):
    status, told = raw(server, f"GET /v1/models HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    assert status in (400, 401), told
    head = f"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nHost: {host}\r\nConnection: close\r\n"
    assert raw(server, f"{head}Authorization: Bearer {ADA}\r\n\r\n")[0] == 400


@pytest.mark.parametrize(
    "path", ["//v1/models", "/health/live/../../v1/models", "/v1/models/..%2f..", "/%2e%2e/"]
)
def test_a_path_cannot_lead_past_the_door(server, path):
    assert ask(server, path).status == 401
    assert ask(server, path, key=ADA).status == 404


def test_without_keys_only_names_of_this_machine_are_answered(service):
    settings = ServerSettings(allowed_hosts=("paint.example",))
    with serving(service, settings) as server:
        for host in ("LOCALHOST.", "127.0.0.1:8484", "[::1]:1", "192.168.3.4", "paint.example:80"):
            assert ask(server, "/v1/models", headers={"Host": host}).status == 200, host
        for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example"):
            answer = ask(server, "/v1/models", headers={"Host": host})
            assert (answer.status, error_of(answer)["code"]) == (403, "unknown_host"), host


def test_pages_of_other_sites_may_not_send(service):
    settings = ServerSettings(allowed_origins=("https://friend.example",))
    with serving(service, settings) as server:
        own = f"http://127.0.0.1:{server.port}"
        for origin, status in (
            (own, 200),
            ("https://friend.example", 200),
            ("https://evil.example", 403),
            ("null", 403),
            (f"http://localhost:{server.port}", 403),
            (f"{own}.evil.example", 403),
        ):
            answer = ask(server, "/v1/conversations", {}, headers={"Origin": origin})
            assert answer.status == status, origin
            allowed = answer.headers.get("Access-Control-Allow-Origin")
            assert allowed == (origin if origin == "https://friend.example" else None)
        # What a form of another page can send without asking is not taken either.
        body = json.dumps(GARDEN)
        for kind in ("text/plain", "application/x-www-form-urlencoded", None):
            headers = {} if kind is None else {"Content-Type": kind}
            assert ask(server, "/v1/responses", body=body, headers=headers).status in (400, 415)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(service):
    settings = ServerSettings(limits=Limits(max_body_bytes=1000))
    with serving(service, settings) as server:
        answer = ask(server, "/v1/responses", {"input": "x" * 1000})
        assert (answer.status, error_of(answer)["code"]) == (413, "request_too_large")
        head = "POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        head += "Content-Type: application/json\r\n"
        status, _ = raw(server, f"{head}Content-Length: 999999999999\r\n\r\n")
        assert status == 413
        chunk = "x" * 600
        chunks = "".join(f"{len(chunk):x}\r\n{chunk}\r\n" for _ in range(3)) + "0\r\n\r\n"
        assert raw(server, f"{head}Transfer-Encoding: chunked\r\n\r\n{chunks}")[0] == 413
        assert raw(server, f"{head}Content-Length: -5\r\n\r\n")[0] in (400, 413)


def test_a_body_that_never_ends_is_given_up(service):
    settings = ServerSettings(limits=Limits(body_timeout_s=0.2))
    with (
        serving(service, settings) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=WAIT_S) as line,
    ):
        line.sendall(
            b"POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b'Content-Length: 50\r\n\r\n{"input"'
        )
        assert line.recv(65536).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b'{"input": NaN}',
        b'{"input": "a", "temperature": NaN}',
        b'{"input": "a", "seed": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"input": "\xff"}',
        b'{"input": "a", "tools": [{"type": "x", "y": ' + b"[" * 900 + b"]" * 900 + b'}], "seed": ""}',
    ],
)
def test_a_body_that_is_no_json_object_is_an_error_and_no_crash(server, body):
    answer = ask(server, "/v1/responses", body=body, headers={"Content-Type": "application/json"}, key=ADA)
    assert answer.status == 400
    assert error_of(answer)["type"] == "invalid_request_error"


def test_every_answer_has_its_headers(server):
    for path, key in (("/", None), ("/v1/models", ADA), ("/v1/models", None), ("/nothing", ADA)):
        headers = ask(server, path, key=key).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["x-request-id"].startswith("req_")
    assert error_of(ask(server, "/nothing", key=ADA))["message"].endswith(".")
    assert error_of(ask(server, "/v1/models", method="PUT", key=ADA))["type"] == "invalid_request_error"


def test_what_breaks_inside_is_not_told_and_prompts_are_not_logged(service, monkeypatch, caplog):
    told = "".join(["sec", "ret", " text of a library, and A gar", "den."])

    def broken(*args, **more):
        raise RuntimeError(told)

    monkeypatch.setattr(service, "ask", broken)
    with caplog.at_level(logging.INFO, "limner.server"), serving(service) as server:
        answer = ask(server, "/v1/responses", GARDEN)
        assert answer.status == 500
        assert "secret" not in answer.content.decode()
        assert answer.headers["x-request-id"] in caplog.text
        ask(server, "/v1/conversations?after=A+garden.")
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text
    assert "garden" not in caplog.text
    assert "POST /v1/responses 500" in caplog.text


def test_an_open_address_wants_keys():
    for host in ("0.0.0.0", "::", "192.168.1.5", "paint.example"):
        with pytest.raises(ValueError, match="API keys"):
            ServerSettings(host=host)
        assert ServerSettings(host=host, without_keys=True).keys is None
    for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
        assert ServerSettings(host=host).keys is None


def test_keys_are_read_and_stand_for_owners(tmp_path):
    file = tmp_path / "keys"
    file.write_text("# ours\n\nada first-key-of-ada-long\nplain-key-without-a-name\n")
    keys = ApiKeys.from_file(file)
    assert len(keys) == 2
    ada = keys.owner_of("first-key-of-ada-long")
    assert "first-key" not in str(vars(keys)) + str(ada)
    file.write_text("ada second-key-of-ada-long\n")
    assert ApiKeys.from_file(file).owner_of("second-key-of-ada-long") == ada
    text = ApiKeys.from_text("plain-key-without-a-name, another-key-of-some-length")
    assert text.owner_of("plain-key-without-a-name") == keys.owner_of("plain-key-without-a-name")
    assert keys.owner_of("plain-key-without-a-nam") is None
    for wrong in ("", "short", "one two three\n", "same-key-as-the-other\nsame-key-as-the-other"):
        file.write_text(wrong)
        with pytest.raises(ValueError, match="key"):
            ApiKeys.from_file(file)


def test_the_limits_are_the_chat_rooms():
    limits = Limits()
    assert limits.max_text == saying.MAX_TEXT_CHARACTERS
    assert limits.max_images == saying.MAX_IMAGES
    assert LOCAL == LOCAL_OWNER
