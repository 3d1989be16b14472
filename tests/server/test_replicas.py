"""`limner serve --replicas 2`: one address, two processes, one store; and one of them is killed.

Starting is what takes long, so one server is shared by all tests, and the last one ends it.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_responses import GARDEN
from test_rounds_in_progress import ENDLESS, LONG
from tiny_server import error_of, events_of
from waiting import until
from wire_requests import ask

# Not imported here: every test process reads this file.
pytestmark = [
    pytest.mark.serves,
    pytest.mark.skipif(find_spec("ray") is None, reason="replicas need the extra `ray`"),
]


KEY = "a-key-for-all-replicas"
OPERATOR = "a-key-of-the-operator"
START_S = 600  # several processes that load Ray and torch, on a machine that may be busy


def serve(folder, *words):
    """The command in a process of its own; what it tells is in `told()`."""
    log = folder / "told.txt"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "limner.cli.main", "serve", "--port", "0", *map(str, words)],
            stderr=out,
            stdout=out,
            cwd=folder,
            env={**os.environ, "LIMNER_API_KEYS": KEY, "LIMNER_OPERATOR_KEYS": OPERATOR},
        )
    return SimpleNamespace(process=process, told=log.read_text)


@pytest.fixture(scope="module")
def server(checkpoint, tmp_path_factory):
    """Two replicas, ready."""
    words = ("--model", checkpoint, "--store", "store", "--replicas", 2, "--max-steps", ENDLESS)
    limits = ("--max-rounds-at-once", 2, "--max-body-mb", 1, "--drain-seconds", 0.5)
    # Signed anew each time it is handed out, a picture is never the same to the byte.
    made = serve(tmp_path_factory.mktemp("replicas"), *words, *limits, "--no-sign")
    try:
        until(lambda: "ready: 2 replicas" in made.told() or made.process.poll() is not None)
        assert made.process.poll() is None, made.told()
        made.port = int(made.told().split("http://127.0.0.1:")[1].split("/")[0])
        yield made
    finally:
        made.process.kill()  # what it has started ends with it
        made.process.wait()


def numbers(server, name):
    """A metric of each replica."""
    lines = ask(server, "/metrics", key=OPERATOR).content.decode().splitlines()
    found = [line for line in lines if line.startswith(f'{name}{{replica="')]
    return {line.split('"')[1]: float(line.rpartition(" ")[2]) for line in found}


def replicas(server):
    """The processes of the replicas, by the moment that they were started, as /metrics tells it."""
    found = {}
    ticks = os.sysconf("SC_CLK_TCK")
    booted = next(
        int(line.split()[1]) for line in Path("/proc/stat").read_text().splitlines() if "btime" in line
    )
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text().rpartition(")")
            title = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        fields = rest.split()
        parents[int(folder.name)] = int(fields[1])
        if b"ServeReplica" in title and name:
            found[int(folder.name)] = booted + int(fields[19]) / ticks
    return {pid: at for pid, at in found.items() if _is_below(pid, server.process.pid, parents)}


def _is_below(pid, ancestor, parents):
    while pid in parents:
        pid = parents[pid]
        if pid == ancestor:
            return True
    return False


def test_keys_limits_and_headers_hold_behind_the_proxy(server):
    assert ask(server, "/health/live").status == 200
    assert ask(server, "/").content.startswith(b"<!doctype html>")
    denied = ask(server, "/v1/limner")
    assert (denied.status, error_of(denied)["code"]) == (401, "invalid_api_key")
    ids = [value for name, value in denied.headers.items() if name.lower() == "x-request-id"]
    assert len(ids) == 1
    assert denied.headers["X-Content-Type-Options"] == "nosniff"
    assert ask(server, "/v1/responses", {"input": "x" * 2**21}, key=KEY).status == 413
    assert ask(server, "/v1/nothing", key=KEY).status == 404


def test_events_come_as_they_happen(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=START_S)
    body = json.dumps({**LONG, "stream": True})
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
    connection.request("POST", "/v1/responses", body, headers)
    response = connection.getresponse()
    assert response.readline() == b"event: response.created\n"  # of a round that would never end
    response.close()
    connection.close()
    until(lambda: set(numbers(server, "limner_rounds_running").values()) == {0.0})  # its client has left
    asked = {"input": GARDEN, "stream": True, "tools": [{"type": "image_generation", "partial_images": 2}]}
    events = events_of(ask(server, "/v1/responses", asked, key=KEY).content)
    kinds = [event["type"] for event in events]
    assert kinds[-1] == "response.completed"
    assert kinds.count("response.image_generation_call.partial_image") == 2


def test_a_round_in_progress_is_known_at_every_replica(server):
    long = {**LONG, "background": True}
    ids = [ask(server, "/v1/responses", long, key=KEY).told["id"] for _ in range(2)]
    greedy = [ask(server, "/v1/responses", {"input": GARDEN}, key=KEY) for _ in range(8)]
    assert {answer.status for answer in greedy} == {429}
    for id in ids:
        seen = [ask(server, f"/v1/responses/{id}", key=KEY).told["status"] for _ in range(8)]
        assert set(seen) == {"in_progress"}
        stopped = ask(server, f"/v1/responses/{id}/cancel", method="POST", key=KEY)
        assert (stopped.status, stopped.told["status"]) == (200, "cancelled")
        seen = [ask(server, f"/v1/responses/{id}", key=KEY).told["status"] for _ in range(8)]
        assert set(seen) == {"cancelled"}


@pytest.mark.kills
def test_a_conversation_goes_on_at_the_other_replica_when_one_is_killed(server):
    before = numbers(server, "limner_engine_rounds_total")
    first = ask(server, "/v1/responses", {"input": GARDEN}, key=KEY).told

    def who():
        after = numbers(server, "limner_engine_rounds_total")
        return next((name for name in after if after[name] > before.get(name, 0.0)), None)

    computed = until(who)
    started = numbers(server, "process_start_time_seconds")[computed]
    processes = replicas(server)
    assert len(processes) == 2
    pid = min(processes, key=lambda pid: abs(processes[pid] - started))
    os.kill(pid, signal.SIGKILL)

    def go_on():
        try:
            answer = ask(
                server,
                "/v1/responses",
                {"input": "A close-up.", "previous_response_id": first["id"]},
                key=KEY,
            )
        except (OSError, http.client.HTTPException):
            return None
        return answer.told if answer.status == 200 else None

    second = until(go_on)  # what was on its way to the dead one may fail
    assert second["conversation"] == first["conversation"]
    assert second["limner"]["depth"] == 1
    assert ask(server, f"/v1/responses/{first['id']}", key=KEY).told["output"] == first["output"]
    until(lambda: len(replicas(server)) == 2 and pid not in replicas(server))  # another is started


def test_sigterm_drains_and_ends_every_process(server):
    begun = ask(server, "/v1/responses", {**LONG, "background": True}, key=KEY).told
    assert begun["status"] == "in_progress"
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(START_S) == 0
    told = server.told()
    assert "1 rounds in progress" in told
    assert "cancelling 1 rounds" in told
    assert "POST /v1/responses 200" in told
    assert "Traceback" not in told
    assert "garden" not in told
    assert not replicas(server)


def test_a_model_that_is_not_there_is_one_sentence(tmp_path):
    made = serve(tmp_path, "--model", tmp_path / "nothing", "--store", "store", "--replicas", 2)
    assert made.process.wait(START_S) == 2
    lines = made.told().splitlines()
    assert lines[-1].startswith("limner: There is no model at "), made.told()
    assert "Traceback" not in made.told()
