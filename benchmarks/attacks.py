"""Does one client keep others from being answered? /health/live is asked again and again during each attack.

    python benchmarks/attacks.py                                  # all of them, on the embedded model
    python benchmarks/attacks.py --only names import --seconds 30
    python benchmarks/attacks.py --model tiny                     # a model of random weights

Starts `limner serve` processes (one with few descriptors and, for root, one on a small disk), attacks each
from this process and asks from another. Prints a Markdown table: what was answered, the slowest answer to
the attacker, how long health took (median, 99th percentile, slowest), and how much the server's resident
memory grew. "own" is the 99th percentile of what health would take at most on a machine of its own: of each
answer the time that the server's process computed meanwhile, where that is less than the time that went by.
Exit code 1 when that is above half a second, or health did not answer.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from attack_kinds import ATTACKS, FEW_FILES, SMALL_DISK, Attack, Target
from serving import Client, limner_serve
from tiny_model import save_tiny

BAR_S: Final = 0.5
PROBE_EVERY_S: Final = 0.05
COLUMNS: Final = (
    "attack", "answers", "slowest s", "health p50 ms", "p99 ms", "slowest ms", "own p99 ms", "memory MB",
)  # fmt: skip


def probe(port: int, pid: int) -> None:
    """Of every answer of /health/live the seconds that went by (infinite where there was none) and those that
    the server computed, until stdin ends. In a process of its own, which is there before the attack begins.
    """
    times: list[tuple[float, float]] = []
    clock = ~pid << 3 | 2  # Linux: the computing time of all threads of that process
    over = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    print("ready", flush=True)
    while not over.wait(PROBE_EVERY_S):
        start, computed = time.perf_counter(), time.clock_gettime(clock)
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            line.request("GET", "/health/live")
            is_live = line.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            is_live = False
        line.close()
        took = time.perf_counter() - start if is_live else float("inf")
        times.append((took, time.clock_gettime(clock) - computed if is_live else took))
    print(json.dumps(times))


@contextlib.contextmanager
def probing(port: int, pid: int, times: list[tuple[float, float]]) -> Iterator[None]:
    """Meanwhile health is asked; the times are put into `times`."""
    command = [sys.executable, __file__, "--probe", str(port), str(pid)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as prober:
        assert prober.stdin is not None
        assert prober.stdout is not None
        prober.stdout.readline()
        yield
        prober.stdin.close()
        times += json.loads(prober.stdout.read())


def attacked(name: str, attack: Attack, target: Target, client: Client, pid: int, seconds: float) -> bool:
    """Print a row; whether health was answered in time."""
    going = attack(target)
    try:
        next(going)
    except (KeyError, TypeError, OSError) as error:
        print(f"| {name} | could not be prepared ({error!r}) |{' |' * (len(COLUMNS) - 2)}", flush=True)
        return False
    target.answers.clear()
    target.worst_s = 0.0
    before = client.metric("process_resident_memory_bytes")
    ended, times = threading.Event(), list[tuple[float, float]]()
    target.is_over = ended.is_set
    attacking = threading.Thread(target=lambda: next(going, None))
    with probing(target.port, pid, times):
        attacking.start()
        time.sleep(seconds)
    ended.set()
    attacking.join()
    grown = (client.metric("process_resident_memory_bytes") - before) / 1e6
    walls, own = sorted(wall for wall, _ in times), sorted(map(min, times))
    numbers = [walls[len(walls) // 2], walls[_p99(walls)], walls[-1], own[_p99(own)]]
    answers = ", ".join(f"{num} x {status or 'none'}" for status, num in sorted(target.answers.items()))
    slowest = f"{target.worst_s:.1f}" if target.answers else "-"
    row = [name, answers or "-", slowest, *(f"{1000 * one:.0f}" for one in numbers), f"{grown:+.0f}"]
    print(f"| {' | '.join(row)} |", flush=True)
    return own[_p99(own)] <= BAR_S


def _p99(times: Sequence[float]) -> int:
    return int(0.99 * (len(times) - 1))


@contextlib.contextmanager
def small_disk() -> Iterator[Path | None]:
    """A disk of 24 MB; None where only root may have one."""
    with tempfile.TemporaryDirectory(prefix="limner-disk-") as folder:
        words = ["mount", "-t", "tmpfs", "-o", "size=24m", "limner-attacks", folder]
        if getattr(os, "geteuid", lambda: 1)() != 0 or subprocess.run(words, check=False).returncode:
            yield None
            return
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def run(options: argparse.Namespace, model: str) -> bool:
    """All attacks that are asked for; whether health was answered in time in each."""
    is_fine = True

    def wanted(kinds: dict[str, Attack]) -> dict[str, Attack]:
        only = options.only or [""]
        return {name: kind for name, kind in kinds.items() if any(word in name for word in only)}

    with tempfile.TemporaryDirectory(prefix="limner-attacks-") as folder, small_disk() as disk:
        for number, (kinds, home, open_files) in enumerate(
            ((ATTACKS, Path(folder), None), (FEW_FILES, Path(folder), 256), (SMALL_DISK, disk, None))
        ):
            if not wanted(kinds) or home is None:
                continue
            store = home / f"store-{number}"
            with limner_serve(model, 8, 64, store=store, open_files=open_files) as served:
                client = Client(served.url, None)
                target = Target(urlsplit(served.url).port or 80, store)
                target.paint("The image shows Mia in a garden.")  # what is made once is made now
                print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
                for name, attack in wanted(kinds).items():
                    is_fine &= attacked(name, attack, target, client, served.pid, options.seconds)
            if options.log:
                print(*(line.rstrip() for line in served.log), sep="\n", file=sys.stderr)
    return is_fine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="miniature", help='a folder, or "tiny"')
    parser.add_argument("--only", nargs="+", help="those whose name has one of these words")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each attack")
    parser.add_argument("--log", action="store_true", help="what the servers logged, on stderr")
    parser.add_argument("--probe", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.probe:
        probe(*options.probe)
        return
    with tempfile.TemporaryDirectory(prefix="limner-tiny-") as folder:
        model = str(save_tiny(Path(folder) / "model")) if options.model == "tiny" else options.model
        sys.exit(0 if run(options, model) else 1)


if __name__ == "__main__":
    main()
