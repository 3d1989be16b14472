"""Nothing acknowledged is lost: a server under writers is killed again and again, and its store is looked at.

    python benchmarks/kills.py --kills 500
    python benchmarks/kills.py --minutes 60
    python benchmarks/kills.py --kills 20       # what CI runs

One process loads a tiny model of random weights and forks a server for each life, so that a life costs
moments. Writers ask over HTTP for rounds, uploads and deletions until a SIGKILL at a random moment. What was
answered with 200 must be there in the next life, what was deleted must not, and the store must be whole. Exit
code 1, with what was lost, when not.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tiny_model import TEXTS, tiny_model
from wire import FORM, form, request

WRITERS = 6
ANSWERS = 12  # of a life at most, before the kill at a random moment
LIFE_S = 60.0  # at most
MOMENT_S = 0.1
CHECK_EVERY = 10
OPEN_S = 900.0  # the first life waits for the model, on a machine that may be busy


@dataclass
class Told:
    """What the server has acknowledged."""

    rounds: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    # Asked to be deleted, but killed before the answer: either is right.
    open: set[str] = field(default_factory=set)
    num: int = 0  # answers of all kinds
    lock: threading.Lock = field(default_factory=threading.Lock)


class Nursery:
    """The process that has the model and forks servers."""

    def __init__(self, store: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port = found.getsockname()[1]
        ask_read, ask_write = os.pipe()
        tell_read, tell_write = os.pipe()
        if os.fork() == 0:
            os.close(ask_write)
            os.close(tell_read)
            _breed(store, self.port, ask_read, tell_write)
        os.close(ask_read)
        os.close(tell_write)
        self._ask, self._tell = os.fdopen(ask_write, "w"), os.fdopen(tell_read)

    def born(self) -> int:
        """A server's process id, once it answers."""
        print("serve", file=self._ask, flush=True)
        pid = int(self._tell.readline())
        until = time.monotonic() + OPEN_S
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                if request(self.port, "GET", "/health/ready")[0] == 200:
                    return pid
            time.sleep(0.02)
        raise SystemExit("The server does not answer.")

    def died(self) -> None:
        """Wait until the last one is gone."""
        self._tell.readline()

    def close(self) -> None:
        self._ask.close()
        os.wait()


def _breed(store: Path, port: int, ask: int, tell: int) -> None:
    """A child for each line, until there are no more. Never returns."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import torch

    # Not used here: a child has what its parent imported, and would take longer over it than it lives.
    import uvicorn  # noqa: F401

    import limner.server.app
    import limner.server.opening
    import limner.server.run  # noqa: F401
    from limner.inference.painter import Painter

    torch.set_num_threads(1)
    painter = Painter(tiny_model(), None, fingerprint="tiny").with_sampling(
        token_steps=1, pixel_steps=1, max_text_tokens=1
    )
    for _ in os.fdopen(ask):
        pid = os.fork()
        if pid == 0:
            try:
                _serve(painter, store, port)
            finally:
                os._exit(3)
        os.write(tell, f"{pid}\n".encode())
        os.waitpid(pid, 0)
        os.write(tell, b"gone\n")
    os._exit(0)


def _serve(painter: Any, store: Path, port: int) -> None:
    import uvicorn

    from limner.dialogue.parts import Picture
    from limner.server.app import server_app
    from limner.server.opening import service_of
    from limner.server.run import listen
    from limner.server.security.decoding import Decoder
    from limner.server.settings import ServerSettings

    # The decoder's own process takes longer to start than a life lasts.
    Decoder.decode = lambda _, data: Picture.from_bytes(data)  # type: ignore
    settings = ServerSettings()
    app = server_app(service_of(painter, store, settings), settings)
    with listen("127.0.0.1", port) as listener:
        uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off")).run(sockets=[listener])


def write(port: int, told: Told, seed: int, is_over: Callable[[], bool]) -> None:
    """Ask for rounds, uploads and deletions until the server dies."""
    chance = random.Random(seed)
    own: list[str] = []
    try:
        while not is_over():
            what = chance.random()
            if what < 0.2:
                upload(port, told, chance)
            elif what < 0.35 and own:
                delete(port, told, own.pop(chance.randrange(len(own))))
            else:
                body = {
                    "input": chance.choice(TEXTS),
                    "tool_choice": "required",
                    "seed": chance.randrange(10**6),
                }
                if own and chance.random() < 0.7:
                    body["previous_response_id"] = chance.choice(own)
                status, found = request(port, "POST", "/v1/responses", json.dumps(body).encode())
                if status == 200:
                    own.append(found["id"])
                    with told.lock:
                        told.rounds.add(found["id"])
                        told.num += 1
    except OSError:
        return


def upload(port: int, told: Told, chance: random.Random) -> None:
    from PIL import Image

    png = io.BytesIO()
    Image.new("RGB", (32, 32), (chance.randrange(256), chance.randrange(256), 0)).save(png, "PNG")
    body = form(png.getvalue(), "a.png", "image/png", purpose="vision")
    status, found = request(port, "POST", "/v1/files", body, FORM)
    if status == 200:
        with told.lock:
            told.files.add(found["id"])
            told.num += 1


def delete(port: int, told: Told, id: str) -> None:
    with told.lock:
        told.open.add(id)
        told.rounds.discard(id)
    if request(port, "DELETE", f"/v1/responses/{id}")[0] == 200:
        with told.lock:
            told.open.discard(id)
            told.deleted.add(id)
            told.num += 1


def live_and_die(nursery: Nursery, told: Told, chance: random.Random) -> None:
    """One life of a server among its writers."""
    pid, over = nursery.born(), threading.Event()
    seeds = [chance.randrange(10**9) for _ in range(WRITERS)]
    writers = [threading.Thread(target=write, args=(nursery.port, told, seed, over.is_set)) for seed in seeds]
    for writer in writers:
        writer.start()
    wanted, until = told.num + chance.randrange(1, ANSWERS), time.monotonic() + LIFE_S
    while told.num < wanted and time.monotonic() < until:
        time.sleep(0.005)
    # No condition can name a moment inside of a write; any moment is a valid test.
    time.sleep(chance.random() * MOMENT_S)
    os.kill(pid, signal.SIGKILL)
    over.set()
    for writer in writers:
        writer.join()
    nursery.died()


def lost(folder: Path, told: Told) -> list[str]:
    """What is not as it was acknowledged, a sentence each."""
    from limner.store.fsck import check_store
    from limner.store.records import LOCAL_OWNER, StoredFile
    from limner.store.store import Store

    store = Store(folder, read_only=True)
    try:
        there = {
            round_.id
            for conversation in store.every_conversation(LOCAL_OWNER)
            for round_ in store.tree(LOCAL_OWNER, conversation.id)
        }
        files = {file.id for file in store.all_own(StoredFile, LOCAL_OWNER)}
        return [
            *(f"{id} was acknowledged and is lost." for id in sorted(told.rounds - there)),
            *(f"{id} was acknowledged and is lost." for id in sorted(told.files - files)),
            *(f"{id} was deleted and is there." for id in sorted(told.deleted & there)),
            *check_store(store).problems,
        ]
    finally:
        store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, help="how many, 500 unless minutes are given")
    parser.add_argument("--minutes", type=float, help="kill for so long")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    most = options.kills or (10**9 if options.minutes else 500)
    until = time.monotonic() + 60 * options.minutes if options.minutes else float("inf")
    chance, told, num = random.Random(options.seed), Told(), 0
    with tempfile.TemporaryDirectory(prefix="limner-kills-") as folder:
        store = Path(folder) / "store"
        nursery = Nursery(store)
        problems: list[str] = []
        while num < most and time.monotonic() < until and not problems:
            live_and_die(nursery, told, chance)
            num += 1
            if num % CHECK_EVERY == 0 or num == most:
                problems = lost(store, told)
                print(f"{num} kills: {_sum(told)}, {len(problems)} problems", flush=True)
        nursery.close()
        problems = problems or lost(store, told)
    for kind, acknowledged in (("round", told.rounds), ("upload", told.files), ("deletion", told.deleted)):
        if not acknowledged:
            problems.append(f"No {kind} was acknowledged, so none was tested.")
    for problem in problems:
        print(problem)
    print(f"{num} kills, {_sum(told)}: {len(problems)} lost or broken")
    sys.exit(1 if problems else 0)


def _sum(told: Told) -> str:
    return f"{len(told.rounds)} rounds, {len(told.files)} files, {len(told.deleted)} deletions acknowledged"


if __name__ == "__main__":
    main()
