"""A real HTTP server on this machine that answers what a test tells it to: well, slowly, wrongly or not."""

import base64
import json
import socket
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Told:
    """One answer. `body` is sent as JSON unless it is bytes; `drip_s` pauses before each byte."""

    body: object = field(default_factory=dict)
    status: int = 200
    headers: dict = field(default_factory=dict)
    delay_s: float = 0.0
    drip_s: float = 0.0
    hang_up: bool = False


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    body: dict
    key: str | None


class Stub:
    """`answer(asked)` gives what is told: a `Told`, or an object that is sent as it is."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []
        self.lock = threading.Lock()

    def bodies(self, route):
        return [asked.body for asked in self.asked if asked.path.endswith(route)]


@contextmanager
def serving(answer):
    """A stub that runs; `stub.url` is its address."""
    stub = Stub(answer)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"stub": stub}))
    server.daemon_threads = True
    stub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):  # clients that had enough hang up
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: Stub

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer("GET")

    def do_POST(self):
        self._answer("POST")

    def _answer(self, method):
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        is_form = self.headers.get("Content-Type", "").startswith("multipart/form-data")
        body = _form(raw, self.headers["Content-Type"]) if is_form else json.loads(raw) if raw else {}
        asked = Asked(method, self.path, body, self.headers.get("Authorization"))
        with self.stub.lock:
            self.stub.asked.append(asked)
            told = self.stub.answer(asked)
        told = told if isinstance(told, Told) else Told(told)
        time.sleep(told.delay_s)
        if told.hang_up:
            self.close_connection = True
            return
        data = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
        try:
            self.send_response(told.status)
            for name, value in {"Content-Length": len(data), **told.headers}.items():
                self.send_header(name, str(value))
            self.end_headers()
            for start in range(0, len(data), 1 if told.drip_s else max(1, len(data))):
                self.wfile.write(data[start : start + 1] if told.drip_s else data)
                self.wfile.flush()
                time.sleep(told.drip_s)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


def _form(raw, kind):
    """The fields of a form, as the standard library reads them: text, or a file's bytes."""
    message = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + raw)
    fields = {}
    for part in message.get_payload():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        fields[name] = data if part.get_filename() else data.decode()
    return fields


def base64_png(picture):
    """The picture as a server sends it."""
    return base64.b64encode(picture.to_png()).decode()


def response(id, *, picture=None, text="Here it is."):
    """A Responses object with at most one picture; `picture` may be base64 already."""
    result = picture if picture is None or isinstance(picture, str) else base64_png(picture)
    call = [{"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": result}]
    message = {"type": "message", "content": [{"type": "output_text", "text": text}]}
    return {
        "id": id,
        "object": "response",
        "status": "completed",
        "output": [*(call if result else []), message],
        "usage": {"input_tokens": 7, "output_tokens": 11},
    }


def completion(content="Here it is.", *, images=()):
    """A Chat Completions object; `images` are data URLs in OpenRouter's place."""
    message = {"role": "assistant", "content": content}
    if images:
        message["images"] = [{"type": "image_url", "image_url": {"url": url}} for url in images]
    return {
        "id": "chatcmpl-1",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 3},
    }
