"""Pictures by address against servers that mean ill: redirects, inner addresses, names that point inward."""

from __future__ import annotations

import contextlib
import http.server
import socket
import threading
import time

import pytest
from picture_bombs import png_bytes
from tiny_server import error_of, serving
from wire_requests import ask

from limner.server.opening import service_of
from limner.server.security import remote_pictures
from limner.server.security.remote_pictures import FAILED, OFF, REFUSED, RemoteRules, fetch, is_public
from limner.server.settings import ServerSettings


class Pictures(http.server.BaseHTTPRequestHandler):
    """/picture.png is one; others mean ill."""

    asked: list

    def do_GET(self):
        self.asked.append((self.path, dict(self.headers)))
        kind, body, status = "image/png", png_bytes(), 200
        match self.path:
            case "/redirect":
                self.send_response(302)
                self.send_header("Location", "/picture.png")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            case "/page":
                kind, body = "text/html", b"<html>"
            case "/large":
                body = bytes(200_000)
            case "/endless":
                self.send_response(200)
                self.send_header("Content-Type", "image/png")
                self.end_headers()
                with contextlib.suppress(OSError):
                    while True:
                        self.wfile.write(b"x")
                        self.wfile.flush()
                return
            case "/drip":
                self.request.sendall(b"HTTP/1.0 200 OK\r\nX-Endless: ")
                with contextlib.suppress(OSError):
                    while True:  # each byte in good time
                        self.request.sendall(b"x")
                        time.sleep(0.01)
            case "/missing":
                status = 404
            case "/words":
                body = b"no picture"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def elsewhere():
    asked = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Pictures,), {"asked": asked}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    server.origin, server.asked = f"http://127.0.0.1:{server.server_port}", asked
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def rules(origin, **changes):
    return RemoteRules(origins=(origin,), **{"max_bytes": 100_000, "timeout_s": 20.0, **changes})


def test_nothing_is_fetched_by_default(elsewhere):
    before = len(elsewhere.asked)
    with pytest.raises(ValueError, match="not fetched") as refused:
        fetch(f"{elsewhere.origin}/picture.png", RemoteRules())
    assert str(refused.value) == OFF
    assert len(elsewhere.asked) == before


def test_a_named_origin_is_fetched_from_without_telling_it_anything(elsewhere):
    assert fetch(f"{elsewhere.origin}/picture.png?size=3", rules(elsewhere.origin)) == png_bytes()
    path, headers = elsewhere.asked[-1]
    assert path == "/picture.png?size=3"
    assert not {"Authorization", "Cookie", "Referer"} & set(headers)


@pytest.mark.parametrize("path", ["/redirect", "/page", "/large", "/missing", "/nowhere\r\nX: y"])
def test_redirects_pages_and_what_is_too_large_all_fail_alike(elsewhere, path):
    before = len(elsewhere.asked)
    with pytest.raises(ValueError, match=r"\.$") as refused:
        fetch(elsewhere.origin + path, rules(elsewhere.origin))
    assert str(refused.value) in (FAILED, REFUSED)
    assert "/picture.png" not in [path for path, _ in elsewhere.asked[before:]]


def test_an_answer_that_never_ends_ends_by_its_size_or_its_time(elsewhere):
    with pytest.raises(ValueError, match="gave no picture"):
        fetch(f"{elsewhere.origin}/endless", rules(elsewhere.origin, max_bytes=1000))
    with pytest.raises(ValueError, match="gave no picture"):
        fetch(f"{elsewhere.origin}/endless", rules(elsewhere.origin, max_bytes=2**40, timeout_s=0.3))
    with pytest.raises(ValueError, match="gave no picture"):
        fetch(f"{elsewhere.origin}/drip", rules(elsewhere.origin, timeout_s=0.3))


def test_an_address_where_nobody_answers_fails_alike():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        origin = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ValueError, match="gave no picture"):
            fetch(f"{origin}/picture.png", rules(origin, timeout_s=0.2))
    with pytest.raises(ValueError, match="gave no picture"):
        fetch(f"{origin}/picture.png", rules(origin))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/picture.png",
        "http://user@{host}/picture.png",
        "http://{host}@evil.example/picture.png",
        "http://{host}.evil.example/picture.png",
        "http://evil.example#{host}/picture.png",
        "http://evil.example\\@{host}/picture.png",
        "https://{host}/picture.png",
        "HTTP://{host}/picture.png ",
        "http://2130706433/picture.png",
        "http://[::1]/picture.png",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "gopher://{host}/",
        "//{host}/picture.png",
        "http:///picture.png",
        "http://{host}:notaport/",
    ],
)
def test_only_the_named_origin_is_asked(elsewhere, url):
    host = elsewhere.origin.removeprefix("http://")
    before = len(elsewhere.asked)
    with pytest.raises(ValueError, match="not one of those") as refused:
        fetch(url.format(host=host), rules(elsewhere.origin))
    assert str(refused.value) == REFUSED
    assert len(elsewhere.asked) == before


def test_a_name_that_points_inward_is_not_followed(elsewhere):
    """As when the owner of an allowed name points it at 127.0.0.1; "localhost" is such a name."""
    origin = f"http://localhost:{elsewhere.server_port}"
    before = len(elsewhere.asked)
    with pytest.raises(ValueError, match="gave no picture"):
        fetch(f"{origin}/picture.png", rules(origin))
    assert len(elsewhere.asked) == before


def test_the_address_that_was_checked_is_the_one_connected_to(elsewhere, monkeypatch):
    """A name that is public when it is checked, and inner when it is asked for again, as in DNS rebinding."""
    origin, port = f"http://rebind.example:{elsewhere.server_port}", elsewhere.server_port
    answers = iter(["203.0.114.7", "127.0.0.1", "127.0.0.1"])
    connected = []

    def resolve(host, *_, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connect(address, **_):
        connected.append(address[0])
        raise OSError

    monkeypatch.setattr(remote_pictures.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(remote_pictures.socket, "create_connection", connect)
    with pytest.raises(ValueError, match="gave no picture"):
        fetch(f"{origin}/picture.png", rules(origin))
    assert connected == ["203.0.114.7"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:db8::1",
    ],
)
def test_inner_addresses_are_known_in_every_spelling(address):
    assert not is_public(address)


def test_public_addresses_are_known_too():
    assert is_public("93.184.216.34")
    assert is_public("2606:2800:220:1:248:1893:25c8:1946")


@pytest.mark.parametrize(
    "origin", ["example.com", "ftp://example.com", "https://example.com/pictures", "https://a@b"]
)
def test_what_is_no_origin_cannot_be_allowed(origin):
    with pytest.raises(ValueError, match="origin"):
        RemoteRules(origins=(origin,))


def test_over_the_wire_addresses_work_only_where_they_are_allowed(
    elsewhere, painter, tmp_path, server, client
):
    def body(url):
        parts = [{"type": "text", "text": "Paint."}, {"type": "image_url", "image_url": {"url": url}}]
        return {"messages": [{"role": "user", "content": parts}]}

    url = f"{elsewhere.origin}/picture.png"
    before = len(elsewhere.asked)
    refused = ask(server, "/v1/chat/completions", body(url), key=client.api_key)
    assert (refused.status, error_of(refused)["message"]) == (400, OFF)
    assert len(elsewhere.asked) == before
    settings = ServerSettings(remote_image_origins=(elsewhere.origin,))
    service = service_of(painter, tmp_path / "store", settings)
    with serving(service, settings) as own:
        assert ask(own, "/v1/chat/completions", body(url)).status == 200
        for path in ("/redirect", "/page", "/words"):
            told = ask(own, "/v1/chat/completions", body(elsewhere.origin + path))
            assert told.status == 400
            assert "127.0.0.1" not in error_of(told)["message"]
    service.close(0.0)
