"""A server under load, as its clients feel it: many conversations at once, each a stream of previews.

    python benchmarks/serving.py --out serving.json            # 1, 4 and 16 conversations of 6 rounds
    python benchmarks/serving.py --sequential                  # the same with --max-batch 1, and the quotient
    python benchmarks/serving.py --soak 300                    # memory over 300 rounds
    python benchmarks/serving.py --url http://127.0.0.1:8484   # a server that runs already

Starts `limner serve` on a loopback port with a store of its own, talks to it over sockets, and reads memory
and batch sizes from /metrics. Every round insists on a picture, so that all cost alike.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import urlsplit

PEOPLE: Final = (("Clara", "Hugo"), ("Nora", "Felix"), ("Mia", "Tom"), ("Emma", "Lucas"))
ROUNDS: Final = (
    "The image shows {a} and {b} in a living room. {a} has long red hair and wears a yellow sweater. {b} has "
    "short black hair and a beard.",
    "A close-up of {a}.",
    "Now a close-up of {b}.",
    "Add a red beanie.",
    "Step back 1 time, then make it night.",
    "A close-up of {a} on the beach.",
)
LOADED_S: Final = 600
ROUND_S: Final = 900


@dataclass(frozen=True, kw_only=True)
class RoundTime:
    """One round: seconds from asking to the first preview and to the end, and the server's own seconds."""

    conversation: int
    index: int
    preview_s: float | None
    total_s: float
    server_s: float


@dataclass(kw_only=True)
class Load:
    """What came of so many conversations at once."""

    conversations: int
    max_batch: int | None
    rounds: int
    seconds: float
    mean_batch: float
    memory_mb: float
    times: list[RoundTime] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """The numbers of a table's row."""
        totals = sorted(one.total_s for one in self.times)
        previews = [one.preview_s for one in self.times if one.preview_s is not None]
        return {
            "conversations": self.conversations,
            "max_batch": self.max_batch,
            "rounds_a_minute": round(60 * self.rounds / self.seconds, 1),
            "p50_s": round(median(totals), 3),
            "p95_s": round(totals[min(len(totals) - 1, int(0.95 * len(totals)))], 3),
            "first_preview_p50_s": round(median(previews), 3) if previews else None,
            "mean_batch": round(self.mean_batch, 2),
            "memory_mb": round(self.memory_mb),
        }


class Client:
    """Talks to one server; a connection for each request, as a browser behind a proxy would."""

    def __init__(self, url: str, key: str | None) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.headers = {"Content-Type": "application/json"}
        if key:
            self.headers["Authorization"] = f"Bearer {key}"

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=self.headers)
            response = connection.getresponse()
            return response.status, response.read()

    def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        found = re.search(rf"^{name} (\S+)$", self.get("/metrics")[1].decode(), re.MULTILINE)
        return float(found.group(1)) if found else 0.0

    def ask(
        self, text: str, previous: str | None, steps: int | None
    ) -> tuple[str, float | None, float, float]:
        """One streamed round: id, seconds to the first preview, to the end, and the server's own."""
        body: dict[str, Any] = {
            "input": text,
            "stream": True,
            "tool_choice": "required",
            "tools": [{"type": "image_generation", "partial_images": 1}],
        }
        if previous is not None:
            body["previous_response_id"] = previous
        if steps is not None:
            body["limner"] = {"steps": steps}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=ROUND_S)
        start, preview_s = time.perf_counter(), None
        with contextlib.closing(connection):
            connection.request("POST", "/v1/responses", json.dumps(body), self.headers)
            response = connection.getresponse()
            if response.status != 200:
                raise SystemExit(f"{response.status}: {response.read(500)!r}")
            for line in response:
                if line.startswith(b"event: response.image_generation_call.partial_image"):
                    preview_s = preview_s or time.perf_counter() - start
                elif line.startswith(b'data: {"type":"response.completed"'):
                    done = json.loads(line[6:])["response"]
                    return done["id"], preview_s, time.perf_counter() - start, done["limner"]["seconds"]
        raise SystemExit("A round ended without an answer; look at the server's log.")


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server that runs: where, which process, and the lines that it has logged so far."""

    url: str
    pid: int
    log: list[str]


@contextlib.contextmanager
def limner_serve(
    model: str,
    max_batch: int,
    cache_mb: int,
    *,
    store: Path | None = None,
    open_files: int | None = None,
) -> Iterator[Served]:
    """A server on a free port, loaded. The store is one of its own unless named; `open_files` is its
    `ulimit -n`.
    """
    with tempfile.TemporaryDirectory(prefix="limner-bench-") as folder:
        words = ["serve", "--port", "0", "--model", model, "--store", str(store or f"{folder}/store")]
        words += ["--max-batch", str(max_batch), "--max-rounds-at-once", "64", "--max-steps", "1000"]
        words += ["--cache-mb", str(cache_mb), "--quiet"]
        command = [sys.executable, "-u", "-m", "limner.cli.main", *words]
        if open_files is not None:
            command = ["sh", "-c", 'ulimit -n "$0" && exec "$@"', str(open_files), *command]
        start = time.perf_counter()
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
            try:
                assert process.stderr is not None
                lines = [process.stderr.readline()]
                first_s = time.perf_counter() - start
                while (found := re.search(r"http://\S+?:\d+", lines[-1])) is None and lines[-1]:
                    lines.append(process.stderr.readline())
                if found is None:
                    raise SystemExit("".join(lines))
                threading.Thread(target=lines.extend, args=(process.stderr,), daemon=True).start()
                client = Client(found.group(), None)
                while client.get("/health/ready")[0] != 200:
                    if process.poll() is not None or time.perf_counter() - start > LOADED_S:
                        raise SystemExit("The server did not load.")
                    time.sleep(0.1)
                print(f"first output after {first_s:.1f} s, loaded after {time.perf_counter() - start:.1f} s")
                yield Served(url=found.group(), pid=process.pid, log=lines)
            finally:
                process.terminate()
                process.wait(60)


def converse(client: Client, number: int, rounds: int, steps: int | None, times: list[RoundTime]) -> None:
    """One conversation; its rounds' times are appended."""
    first, second = PEOPLE[number % len(PEOPLE)]
    previous = None
    for index in range(rounds):
        text = ROUNDS[index % len(ROUNDS)].format(a=first, b=second)
        previous, preview_s, total_s, server_s = client.ask(text, previous, steps)
        times.append(
            RoundTime(
                conversation=number, index=index, preview_s=preview_s, total_s=total_s, server_s=server_s
            )
        )


def measure(client: Client, num: int, rounds: int, steps: int | None, max_batch: int | None) -> Load:
    """So many conversations at once."""
    before_steps, before_rows = (client.metric(f"limner_engine_{what}_total") for what in ("steps", "rows"))
    times: list[RoundTime] = []
    threads = [
        threading.Thread(target=converse, args=(client, number, rounds, steps, times))
        for number in range(num)
    ]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    if len(times) != num * rounds:
        raise SystemExit("Not every round was answered.")
    done_steps = client.metric("limner_engine_steps_total") - before_steps
    done_rows = client.metric("limner_engine_rows_total") - before_rows
    return Load(
        conversations=num,
        max_batch=max_batch,
        rounds=len(times),
        seconds=seconds,
        mean_batch=done_rows / max(1.0, done_steps),
        memory_mb=client.metric("process_resident_memory_bytes") / 1e6,
        times=times,
    )


def depth_cost(loads: Sequence[Load], rounds: int) -> dict[str, float]:
    """The median round of each depth, alone on the server, and the last against the second."""
    alone = [one for load in loads if load.conversations == 1 for one in load.times]
    medians = {
        f"round_{index + 1}_s": round(median(one.total_s for one in alone if one.index == index), 3)
        for index in range(rounds)
    }
    return {**medians, "last_to_second": round(medians[f"round_{rounds}_s"] / medians["round_2_s"], 3)}


def soak(client: Client, num: int, at_once: int, rounds: int, steps: int | None) -> list[dict[str, float]]:
    """Memory while `num` rounds go by, in conversations of `rounds`, `at_once` at a time."""
    rows, done = [], 0
    while done < num:
        load = measure(client, at_once, rounds, steps, None)
        done += load.rounds
        row = {
            "rounds": done,
            "memory_mb": round(load.memory_mb, 1),
            "prefix_mb": round(client.metric("limner_prefix_cache_bytes") / 1e6, 1),
        }
        print(row, flush=True)
        rows.append(row)
    return rows


def show(rows: Sequence[dict[str, Any]]) -> None:
    """A table on stdout."""
    names = list(rows[0])
    print("  ".join(f"{name:>{max(8, len(name))}}" for name in names))
    for row in rows:
        print("  ".join(f"{row[name]!s:>{max(8, len(name))}}" for name in names), flush=True)


def run(options: argparse.Namespace, max_batch: int) -> dict[str, Any]:
    """Everything asked for, against one server."""
    found: dict[str, Any] = {"max_batch": max_batch, "cores": os.cpu_count(), "model": options.model}
    with contextlib.ExitStack() as stack:
        url = options.url
        if url is None:
            url = stack.enter_context(limner_serve(options.model, max_batch, options.cache_mb)).url
        client = Client(url, os.environ.get("LIMNER_API_KEY"))
        converse(client, 0, 2, options.steps, [])  # what is made once is made now
        if options.soak:
            found["soak"] = soak(client, options.soak, options.at_once, options.rounds, options.steps)
            return found
        loads = []
        for num in options.conversations:
            for _ in range(options.repeats if num == 1 else 1):
                loads.append(measure(client, num, options.rounds, options.steps, max_batch))
        show([load.row() for load in loads])
        if 1 in options.conversations and options.rounds > 1:
            found["depth"] = depth_cost(loads, options.rounds)
            print(found["depth"])
        found["loads"] = [{**load.row(), "times": [asdict(one) for one in load.times]} for load in loads]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="miniature")
    parser.add_argument("--url", help="a server that runs already (LIMNER_API_KEY is its key)")
    parser.add_argument("--conversations", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--steps", type=int, help="denoising steps; by default the model's own")
    parser.add_argument("--max-batch", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3, help="of the single conversation")
    parser.add_argument("--sequential", action="store_true", help="also with --max-batch 1")
    parser.add_argument("--soak", type=int, default=0, help="rounds of a memory soak, and nothing else")
    parser.add_argument("--cache-mb", type=int, default=64, help="the server's prefix cache")
    parser.add_argument("--at-once", type=int, default=4, help="conversations at once in the soak")
    parser.add_argument("--out", type=Path, help="JSON with every round's time")
    options = parser.parse_args()
    results = [run(options, options.max_batch)]
    if options.sequential and not options.soak:
        results.append(run(options, 1))
        many = max(options.conversations)
        rates = [
            next(load["rounds_a_minute"] for load in found["loads"] if load["conversations"] == many)
            for found in results
        ]
        print(f"{many} conversations, batched against sequential: {rates[0] / rates[1]:.2f} x")
    if options.out is not None:
        options.out.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
