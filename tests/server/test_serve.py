"""`limner serve` as a process: open at once, ready when loaded, drained by SIGTERM."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from test_responses import GARDEN
from test_rounds_in_progress import ENDLESS
from tiny_server import error_of, events_of, serving
from waiting import until
from wire_requests import WAIT_S, ask

import limner
from limner.provenance.certificates import make_pair
from limner.server.opening import service_of
from limner.server.settings import ServerSettings

OPEN = " is open; loading "


@contextlib.contextmanager
def limner_serve(*words):
    """The command in a process of its own, with the port that it told."""
    command = [sys.executable, "-u", "-m", "limner.cli.main", "serve", "--port", "0", *map(str, words)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        lines = []

        def read():  # all the time: a full pipe would stop the server
            for line in process.stderr:
                lines.append(line.rstrip("\n"))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            until(lambda: any(OPEN in line for line in lines) or not reader.is_alive())
            port = re.search(r":(\d+)/ is open", "\n".join(lines))
            yield SimpleNamespace(
                process=process, lines=lines, reader=reader, port=port and int(port.group(1))
            )
        finally:
            process.kill()
            reader.join(WAIT_S)


def ended(server):
    """The process's exit code, and all that it told."""
    code = server.process.wait(WAIT_S)
    server.reader.join(WAIT_S)
    return code, server.lines


@pytest.mark.serves
@pytest.mark.kills
def test_a_server_is_open_before_its_model_is_loaded_and_drains(checkpoint, tmp_path):
    words = ("--model", checkpoint, "--store", tmp_path / "store", "--max-steps", ENDLESS, "--no-sign")
    with limner_serve(*words, "--drain-seconds", 0.5) as server:
        assert server.lines[0].startswith("starting")
        waiting = ask(server, "/health/ready")
        assert ask(server, "/health/live").status == 200
        # Torch alone takes longer to import than this request.
        assert (waiting.status, error_of(waiting)["code"]) == (503, "model_loading")
        assert ask(server, "/").content.startswith(b"<!doctype html>")
        early = ask(server, "/v1/responses", {"input": GARDEN})
        assert early.status == 503 or early.told["status"] == "completed"
        until(lambda: ask(server, "/health/ready").status == 200)
        made = ask(server, "/v1/responses", {"input": GARDEN}).told
        assert made["status"] == "completed"
        long = {"input": GARDEN, "limner": {"steps": ENDLESS}, "tool_choice": "required", "background": True}
        begun = ask(server, "/v1/responses", long).told
        until(lambda: ask(server, "/v1/limner").told["queue"]["running"] == 1)
        server.process.send_signal(signal.SIGTERM)
        events = events_of(ask(server, f"/v1/responses/{begun['id']}?stream=true").content)
        assert events[-1]["type"] == "response.cancelled"
        code, lines = ended(server)
        told = "\n".join(lines)
        assert code in (0, -signal.SIGTERM), told
        assert "1 round" in told
        assert "Traceback" not in told
        assert "garden" not in told
        assert "POST /v1/responses 200" in told
    service = service_of(limner.load(checkpoint, device="cpu"), tmp_path / "store", ServerSettings())
    with serving(service, ServerSettings(model=made["model"])) as server:
        assert ask(server, f"/v1/responses/{made['id']}").told["output"] == made["output"]
        assert ask(server, f"/v1/responses/{begun['id']}").status == 404
    service.close(0.0)


@pytest.mark.serves
def test_where_all_connections_are_being_answered_a_new_one_is_told_so(checkpoint, tmp_path):
    """Rounds asked for from four addresses, of which each may have half of the eight connections."""
    words = ("--model", checkpoint, "--store", tmp_path / "store", "--max-steps", ENDLESS, "--no-sign")
    wish = json.dumps({"input": GARDEN, "limner": {"steps": ENDLESS}, "tool_choice": "required"}).encode()
    head = b"POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    request = head + b"Content-Length: %d\r\n\r\n" % len(wish) + wish
    with contextlib.ExitStack() as held:
        server = held.enter_context(limner_serve(*words, "--max-connections", 8, "--drain-seconds", 0.5))
        until(lambda: ask(server, "/health/ready").status == 200, 4 * WAIT_S)
        lines = [
            held.enter_context(
                socket.create_connection(
                    ("127.0.0.1", server.port), WAIT_S, source_address=(f"127.0.0.{2 + index % 4}", 0)
                )
            )
            for index in range(8)
        ]
        for line in lines:
            line.sendall(request)
        until(
            lambda: (refused := ask(server, "/health/live")).status == 503 and refused.headers["Retry-After"]
        )
        refused = ask(server, "/v1/models")
        assert (refused.status, error_of(refused)["code"]) == (503, "too_many_connections")
        until(lambda: any("all 8 connections are taken; one is refused" in line for line in server.lines))
        for line in lines:
            line.close()
        until(lambda: ask(server, "/health/live").status == 200)


def test_a_model_that_is_not_there_is_one_sentence(limner, tmp_path):
    answer = limner("serve", "--port", "0", "--model", tmp_path / "nothing", "--store", tmp_path / "store")
    assert answer.code == 2
    (line,) = answer.err.splitlines()
    assert line.startswith("limner: There is no model at ")
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--host", "0.0.0.0"], "could use this server"),
        (["--host", "no.such.host.invalid", "--no-auth"], "Cannot listen"),
        (["--api-key-file", "no-file"], "There is no file at no-file"),
        (["--certificate", "a.pem"], "There is no file at a.pem"),
        (["--image-origin", "ftp://x"], "origin"),
        (["--safety-hook", "nothing"], "MODULE:CALLABLE"),
        (["--store", "a-file"], "a folder is needed"),
    ],
)
def test_a_wrong_setting_is_told_before_anything_is_loaded(limner, tmp_path, words, told):
    (tmp_path / "a-file").write_text("")
    answer = limner("serve", "--port", "0", *words)
    assert answer.code == 2
    assert told in answer.err
    assert OPEN not in answer.err


def test_a_certificate_that_cannot_sign_is_told_of_before_anything_is_loaded(limner, tmp_path):
    pytest.importorskip("cryptography", reason="signing needs the extra `provenance`")
    chain, key = make_pair()
    files = {"chain.pem": chain, "key.pem": key, "other.pem": make_pair()[1]}
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    for words, told in (
        (("chain.pem", "other.pem"), "do not belong together"),
        (("key.pem", "key.pem"), "not readable PEM"),
    ):
        certificate, its_key = (str(tmp_path / name) for name in words)
        answer = limner("serve", "--port", "0", "--certificate", certificate, "--key", its_key)
        assert answer.code == 2
        assert told in answer.err
        assert OPEN not in answer.err
