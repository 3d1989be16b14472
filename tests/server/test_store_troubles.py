"""A full disk and another process's lock, as clients see them; and a file that is a bomb."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import time
import uuid

import pytest
from test_responses import GARDEN
from tiny_server import error_of, serving
from waiting import until
from wire_requests import ask

from limner.server.opening import service_of
from limner.server.settings import ServerSettings

INSISTS = {"tool_choice": "required"}


def served(painter, folder):
    return serving(service_of(painter, folder, ServerSettings()))


def upload(server, path, name, data):
    mark = uuid.uuid4().hex
    body = (
        f'--{mark}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nvision\r\n'
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    ).encode() + data
    kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
    return ask(server, path, body=body + f"\r\n--{mark}--\r\n".encode(), headers=kind)


@pytest.fixture
def small_disk(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=24m", "limner-test", small]
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or subprocess.run(words, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    yield small
    subprocess.run(["umount", "-l", small], check=True)


def test_a_full_disk_is_one_answer_and_deleting_works(painter, small_disk, caplog):
    with served(painter, small_disk / "store") as server:
        first = ask(server, "/v1/responses", {"input": GARDEN, **INSISTS}).told
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 65536)
        until(lambda: not server.service.engine.stats.num_running)  # a round is counted after it is told
        num_painted = server.service.engine.stats.num_rounds
        png = server.service.png("local", server.service.get("local", first["id"]).picture)
        for answer in (
            ask(server, "/v1/responses", {"input": "Make it night.", "previous_response_id": first["id"]}),
            ask(server, "/v1/chat/completions", {"messages": [{"role": "user", "content": GARDEN}]}),
            ask(server, "/v1/conversations", {}),
            upload(server, "/v1/files", "a.png", png),
            upload(server, "/v1/conversations/import", "a.limner", exported(server, first)),
        ):
            assert (answer.status, error_of(answer)["code"]) == (507, "store_full")
            assert int(answer.headers["Retry-After"]) > 0
        assert server.service.engine.stats.num_rounds == num_painted
        # What keeps nothing, and says so, goes on; nothing of it can be asked for afterwards.
        before = ask(server, "/v1/conversations").told
        unkept = ask(server, "/v1/responses", {"input": GARDEN, "store": False, **INSISTS}).told
        assert (unkept["status"], unkept["store"]) == ("completed", False)
        assert ask(server, f"/v1/responses/{unkept['id']}").status == 404
        painted = ask(server, "/v1/images/generations", {"prompt": GARDEN}).told
        assert painted["data"][0]["b64_json"]
        assert painted["data"][0]["url"] is None
        assert ask(server, "/v1/conversations").told == before
        ready = ask(server, "/health/ready")
        assert (ready.status, error_of(ready)["code"]) == (503, "store_full")
        assert "limner_ready 0.0" in ask(server, "/metrics").content.decode()
        assert ask(server, "/health/live").status == 200
        assert ask(server, f"/v1/responses/{first['id']}").told["output"] == first["output"]
        assert any("full" in record.message for record in caplog.records if record.levelname == "ERROR")
        assert ask(server, f"/v1/responses/{first['id']}", method="DELETE").status == 200
        assert ask(server, f"/v1/responses/{first['id']}").status == 404
        ballast.unlink()
        time.sleep(1.1)
        assert "limner_ready 1.0" in ask(server, "/metrics").content.decode()
        assert ask(server, "/health/ready").status == 200
        assert ask(server, "/v1/responses", {"input": GARDEN, **INSISTS}).status == 200
        server.service.close()


def exported(server, response):
    conversation = server.service.get("local", response["id"]).conversation
    return ask(server, f"/v1/conversations/{conversation}/export").content


def test_another_process_with_the_lock_stops_no_reading_and_costs_no_picture(painter, tmp_path, monkeypatch):
    monkeypatch.setattr("limner.store.schema.WRITE_WAIT_S", 1.0)
    with served(painter, tmp_path / "store") as server:
        first = ask(server, "/v1/responses", {"input": GARDEN, **INSISTS}).told
        lock = sqlite3.connect(tmp_path / "store" / "limner.sqlite", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        wish = {"input": "Make it night.", "previous_response_id": first["id"], **INSISTS}
        refused = ask(server, "/v1/responses", wish)
        assert (refused.status, error_of(refused)["code"]) == (503, "store_busy")
        assert int(refused.headers["Retry-After"]) > 0
        assert ask(server, f"/v1/responses/{first['id']}").status == 200
        assert ask(server, "/v1/conversations").status == 200
        assert ask(server, f"/v1/responses/{first['id']}", method="DELETE").status == 503
        lock.execute("ROLLBACK")
        lock.close()
        until(lambda: not server.service.engine.stats.num_running)  # a round is counted after it is told
        num_painted = server.service.engine.stats.num_rounds
        assert ask(server, "/v1/responses", wish).status == 200
        assert server.service.engine.stats.num_rounds == num_painted, "it had been painted"
        server.service.close()
