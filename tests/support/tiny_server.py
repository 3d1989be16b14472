"""A real server over a real socket in a thread of this process, and ways to talk to it."""

from __future__ import annotations

import contextlib
import json
import threading
from types import SimpleNamespace

import uvicorn
from wire_requests import WAIT_S

from limner.server.app import server_app
from limner.server.run import connection_limits, listen
from limner.server.security.connections import served
from limner.server.settings import ServerSettings

ADA, BEN = "ada-has-a-key-of-her-own", "ben-has-another-key-here"


def few_steps(painter):
    """Image tokens in two steps instead of twelve, which are a quarter of a tiny round's work."""
    return painter.with_sampling(token_steps=2)


@contextlib.contextmanager
def serving(service, settings=None, app=None, port=0):
    """The server of `service`: `url`, `port`, `app`, `service`."""
    app = app or server_app(service, settings or ServerSettings())
    with listen("127.0.0.1", port) as listener:
        limits = connection_limits((settings or ServerSettings()).limits, print)
        config = served(app, limits, log_config=None, timeout_graceful_shutdown=5)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        try:
            yield SimpleNamespace(
                url=f"http://127.0.0.1:{port}", port=port, app=app, service=service, thread=thread
            )
        finally:
            server.should_exit = True
            thread.join(WAIT_S)


def events_of(content):
    """The data of every server-sent event, in order."""
    blocks = content.decode().split("\n\n")
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines if line != "data: [DONE]"]


def error_of(answer):
    """What is told of an error: OpenAI's shape and nothing beside it."""
    assert set(answer.told) == {"error"}, answer.told
    assert set(answer.told["error"]) == {"message", "type", "param", "code"}
    assert "Traceback" not in answer.told["error"]["message"]
    return answer.told["error"]
