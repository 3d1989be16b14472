"""What one client may do to a server: each attack prepares itself, yields, and goes on until it is stopped.

Knows requests and files that cost more to read than to send. Knows nothing of what is measured meanwhile.
"""

from __future__ import annotations

import contextlib
import io
import json
import socket
import sqlite3
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from wire import FORM, form, request

NAMES: Final = "Anna, Ben, Clara, Diego, Emma, Felix, Grace, Hugo, Ivan, Julia, Karl and Lena"
IMPORT: Final = "/v1/conversations/import"
Going = Iterator[None]


@dataclass
class Target:
    """A server under attack, and what it has answered so far: statuses (0: none), and the slowest answer."""

    port: int
    store: Path
    is_over: Callable[[], bool] = lambda: False
    answers: Counter[int] = field(default_factory=Counter)
    worst_s: float = 0.0

    def ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        """The JSON of an answer, which is counted."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        start, status, found = time.perf_counter(), 0, None
        with contextlib.suppress(OSError):
            status, found = request(self.port, method, path, body, kind)
        self.answers[status] += 1
        self.worst_s = max(self.worst_s, time.perf_counter() - start)
        return found

    def paint(self, text: str, **more: Any) -> Any:
        """One round, in one denoising step."""
        body = {"input": text, "tool_choice": "required", "limner": {"steps": 1}, **more}
        return self.ask("POST", "/v1/responses", body)

    def again(self, work: Callable[[], object], num: int = 8) -> None:
        """From so many connections at once, until it is over."""

        def run() -> None:
            while not self.is_over():
                work()

        threads = [threading.Thread(target=run) for _ in range(num)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def wait(self) -> None:
        while not self.is_over():
            time.sleep(0.05)

    def hold(self, num: int, first: bytes, trickle: bytes = b"") -> None:
        """So many connections that send the beginning of something and, twice a second, a little more; each
        that is closed is opened again.
        """
        held: list[socket.socket | None] = [None] * num
        while not self.is_over():
            for place, line in enumerate(held):
                if line is None or not _still_open(line, trickle):
                    held[place] = self._opened(first)
            time.sleep(0.5)
        for line in filter(None, held):
            line.close()

    def _opened(self, first: bytes) -> socket.socket | None:
        try:
            line = socket.create_connection(("127.0.0.1", self.port), timeout=5)
            line.sendall(first)
            line.setblocking(False)
        except OSError:
            self.answers[0] += 1
            return None
        return line


def _still_open(line: socket.socket, trickle: bytes) -> bool:
    try:
        if line.recv(65536) == b"":
            line.close()
            return False
    except BlockingIOError:
        pass
    except OSError:
        line.close()
        return False
    with contextlib.suppress(OSError):
        line.send(trickle)
    return True


def nobody(target: Target) -> Going:
    yield
    target.wait()


def rounds(target: Target) -> Going:
    """No attack: four conversations."""
    yield
    target.again(lambda: target.paint("The image shows Mia in a garden."), 4)


def flood_of_rounds(target: Target) -> Going:
    yield
    target.again(lambda: target.paint("The image shows Mia in a garden."), 120)


def twelve_names(target: Target) -> Going:
    conversation = target.paint(f"The image shows {NAMES} in a living room.")["conversation"]["id"]
    yield
    target.again(lambda: target.ask("GET", f"/v1/conversations/{conversation}/people"))


def many_names(target: Target) -> Going:
    """As many names as the model reads in one round."""
    names = [first + second + third for first in "ABCDEFGH" for second in "aeiou" for third in "lmnrst"]
    made: Any = {}
    while "conversation" not in made:
        made = target.paint(f"The image shows {', '.join(names)} and Zoe in a living room.")
        names = names[: len(names) // 2]
    conversation = made["conversation"]["id"]
    yield
    target.again(lambda: target.ask("GET", f"/v1/conversations/{conversation}/people"))


def items_times_parts(target: Target) -> Going:
    parts = [{"type": "input_text", "text": ""}] * 256
    body = json.dumps({"input": [{"role": "user", "content": parts}] * 512}).encode()
    yield
    target.again(lambda: target.ask("POST", "/v1/responses", body))


def empty_lists(target: Target) -> Going:
    body = b'{"input": "A garden.", "unread": [' + b"[]," * 7_000_000 + b"[]]}"
    yield
    target.again(lambda: target.ask("POST", "/v1/responses", body))


def just_fits(target: Target) -> Going:
    """As many values, and as much text, as are taken."""
    lists = b'{"input": "A garden.", "unread": [' + b"[]," * 45_000 + b"1]}"
    wrong = json.dumps({"input": "A garden.", "include": [1] * 45_000}).encode()
    yield

    def both() -> None:
        target.ask("POST", "/v1/responses", lists)
        target.ask("POST", "/v1/responses", wrong)

    target.again(both)


def transcripts(target: Target) -> Going:
    """Histories that nobody knows, as long as bodies may be."""
    said = [{"role": role, "content": "[limner]: # (" * 20} for role in ("user", "assistant")] * 1500
    body = json.dumps({"messages": [*said, said[0]]}).encode()
    yield
    target.again(lambda: target.ask("POST", "/v1/chat/completions", body))


def deep(target: Target) -> Going:
    body = b'{"messages":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    yield
    target.again(lambda: target.ask("POST", "/v1/chat/completions", body))


def unfinished_headers(target: Target) -> Going:
    yield
    target.hold(600, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n", b"X-More: " + b"a" * 400 + b"\r\n")


def idle(target: Target) -> Going:
    yield
    target.hold(600, b"")


def idle_300(target: Target) -> Going:
    yield
    target.hold(300, b"")


def slow_bodies(target: Target) -> Going:
    head = b"POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    yield
    target.hold(600, head + b"Content-Length: 900000\r\n\r\n{", b" " * 100)


def unread_answers(target: Target) -> Going:
    """Pictures asked for eight times in a row on each connection, and not read."""
    made = target.paint("The image shows Mia in a garden.")
    tree = target.ask("GET", f"/v1/conversations/{made['conversation']['id']}/tree")
    wish = f"GET {tree['data'][0]['picture']} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    yield
    held: list[socket.socket] = []
    while not target.is_over():
        for _ in range(20):
            with contextlib.suppress(OSError):
                held.append(socket.create_connection(("127.0.0.1", target.port), timeout=5))
                held[-1].sendall(wish * 8)
        for line in held[:-300]:
            line.close()
        held = held[-300:]
        time.sleep(0.1)
    for line in held:
        line.close()


def event_streams(target: Target) -> Going:
    """A conversation followed from 600 windows."""
    made = target.paint("The image shows Mia in a garden.")
    path = f"/v1/conversations/{made['conversation']['id']}/events"
    yield
    target.hold(600, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def searches(target: Target) -> Going:
    for _ in range(5):
        target.paint("The image shows Mia in a garden.")
    words = "%25".join("abcdefghij" * 4)
    yield
    target.again(lambda: target.ask("GET", f"/v1/limner/conversations?q={words}"), 16)


def pictures_at_once(target: Target) -> Going:
    """44 photos of 19 megapixels at once, again and again."""
    body = form(_photo(), "a.jpg", "image/jpeg", purpose="vision")
    yield
    target.again(lambda: target.ask("POST", "/v1/files", body, FORM), 44)


def picture_bombs(target: Target) -> Going:
    bodies = [
        form(data, "a", "image/png", purpose="vision")
        for data in (_many_pixels(), _long_text(), _many_scans())
    ]
    yield

    def all_three() -> None:
        for body in bodies:
            target.ask("POST", "/v1/files", body, FORM)

    target.again(all_three)


def import_bomb(target: Target) -> Going:
    """A small file with 25 pictures of 16 megapixels that no round names."""
    body = form(_conversation(target, named=False), "a.limner", "application/octet-stream")
    yield
    target.again(lambda: target.ask("POST", IMPORT, body, FORM), 4)


def import_named(target: Target) -> Going:
    """A small file whose six rounds name a picture of 16 megapixels each, as much as is taken."""
    body = form(_conversation(target, named=True), "a.limner", "application/octet-stream")
    yield
    target.again(lambda: target.ask("POST", IMPORT, body, FORM), 4)


def damaged_files(target: Target) -> Going:
    """A conversation's file with one bit of it changed, each time another; none may be taken."""
    made = target.paint("The image shows Mia in a garden.")
    whole = target.ask("GET", f"/v1/conversations/{made['conversation']['id']}/export")
    yield
    place = 0
    while not target.is_over():
        place = (place + 7919) % (8 * len(whole))
        data = bytearray(whole)
        data[place // 8] ^= 1 << place % 8
        target.ask("POST", IMPORT, form(bytes(data), "a.limner", "application/octet-stream"), FORM)


def damaged_store(target: Target) -> Going:
    """Reading rounds whose pictures are damaged on disk."""
    made = target.paint("The image shows Mia in a garden.")
    for blob in (target.store / "blobs").glob("*/*"):
        data = bytearray(blob.read_bytes())
        data[len(data) // 2] ^= 1
        blob.write_bytes(data)
    path = f"/v1/conversations/{made['conversation']['id']}"
    tree = target.ask("GET", f"{path}/tree")
    target.answers.clear()
    yield

    def read() -> None:
        target.ask("GET", tree["data"][0]["picture"])
        target.ask("GET", f"{path}/export")

    target.again(read)


def held_lock(target: Target) -> Going:
    """Another process holds the store's lock for writing; reads, a round and a deletion are asked for."""
    made = target.paint("The image shows Mia in a garden.")
    lock = sqlite3.connect(target.store / "limner.sqlite", isolation_level=None, check_same_thread=False)
    lock.execute("BEGIN IMMEDIATE")
    yield
    worst = Target(target.port, target.store)
    rounds = [
        threading.Thread(target=worst.paint, args=("Make it night.",)),
        threading.Thread(target=worst.ask, args=("DELETE", f"/v1/responses/{made['id']}")),
    ]
    for one in rounds:
        one.start()

    def read() -> None:
        target.ask("GET", "/v1/conversations")
        target.ask("GET", f"/v1/responses/{made['id']}")

    target.again(read, 4)
    for one in rounds:
        one.join()
    lock.execute("ROLLBACK")
    lock.close()
    target.answers += worst.answers


def full_disk(target: Target) -> Going:
    """A store without room: uploads, rounds, readings."""
    made = target.paint("The image shows Mia in a garden.")
    ballast = target.store.parent / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 65536)
    png = io.BytesIO()
    _image((64, 64)).save(png, "PNG")
    body = form(png.getvalue(), "a.png", "image/png", purpose="vision")
    yield

    def three() -> None:
        target.ask("POST", "/v1/files", body, FORM)
        target.paint("Make it night.")
        target.ask("GET", f"/v1/responses/{made['id']}")

    target.again(three)
    ballast.unlink()


Attack = Callable[[Target], Going]

ATTACKS: Final[dict[str, Attack]] = {
    "nobody": nobody,
    "no attack: four conversations": rounds,
    "120 rounds at once": flood_of_rounds,
    "people of twelve names": twelve_names,
    "people of as many names as are read": many_names,
    "512 messages of 256 empty parts": items_times_parts,
    "21 MB of [] in an ignored field": empty_lists,
    "as many values as are taken": just_fits,
    "3,001 messages that nobody knows": transcripts,
    "200,000 brackets deep": deep,
    "600 headers that never end": unfinished_headers,
    "600 idle connections": idle,
    "600 bodies that trickle": slow_bodies,
    "300 clients that read no answer": unread_answers,
    "600 windows on one conversation": event_streams,
    "searches": searches,
    "44 photos of 19 megapixels at once": pictures_at_once,
    "picture bombs (pixels, text, scans)": picture_bombs,
    "import: 25 pictures nobody names": import_bomb,
    "import: six of 16 megapixels": import_named,
    "import: files of one changed bit": damaged_files,
    "another process holds the lock": held_lock,
    "damaged pictures are read": damaged_store,
}
FEW_FILES: Final[dict[str, Attack]] = {"300 idle, `ulimit -n 256`": idle_300}
SMALL_DISK: Final[dict[str, Attack]] = {"a full disk": full_disk}


def _image(size: tuple[int, int], value: int = 90) -> Any:
    from PIL import Image

    return Image.new("RGB", size, (value, 120, 150))


def _photo() -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.effect_noise((1100, 1100), 40).convert("RGB").resize((4400, 4400)).save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _many_pixels(side_px: int = 30_000) -> bytes:
    head = struct.pack(">IIBBBBB", side_px, side_px, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes((1 + side_px // 8) * side_px), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _long_text() -> bytes:
    png = io.BytesIO()
    _image((32, 32)).save(png, "PNG")
    text = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(90_000_000), 9))
    return png.getvalue()[:33] + text + png.getvalue()[33:]


def _many_scans(num: int = 4000) -> bytes:
    buffer = io.BytesIO()
    _image((2048, 2048)).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * num + data[-2:]


def _conversation(target: Target, *, named: bool) -> bytes:
    """A file that this server's own model could have written, seal and digests right, with large pictures."""
    import numpy as np
    import torch
    from safetensors.torch import load

    from limner.dialogue.history import HistoryTree
    from limner.dialogue.parts import Instruction, Picture, Response, Round
    from limner.inference.conversation_state import RoundState
    from limner.inference.saved_conversation import conversation_bytes
    from limner.inference.sealed import metadata_of, sealed

    made = target.paint("The image shows Mia in a garden.")
    own = target.ask("GET", f"/v1/conversations/{made['conversation']['id']}/export")
    fingerprint = json.loads(metadata_of(own)["limner"])["painter"]
    large = [Picture(np.full((4000, 4000, 3), value, np.uint8)) for value in range(6 if named else 1)]
    tree, states, head = HistoryTree(), {}, None
    for picture in large:
        given = (picture,) if named else ()
        words = Instruction(text="This is Mia.", pictures=given)
        head = tree.append(head, Round(instruction=words, response=Response(text="Yes.")))
        states[head] = RoundState(response_ids=(), image_tokens_KD=None, num_tokens=1, seed=1, seconds=0.1)
    data = conversation_bytes(tree, states, fingerprint=fingerprint, seed=1, head=head)
    if named:
        return data
    png = torch.frombuffer(bytearray(large[0].to_png()), dtype=torch.uint8)
    extra = {f"picture/{number:064x}": png.clone() for number in range(25)}
    return sealed({**load(data), **extra}, {"limner": metadata_of(data)["limner"]})
