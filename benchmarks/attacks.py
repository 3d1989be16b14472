"""Does one client keep others from being answered? /health/live is asked again and again during each attack.

    python benchmarks/attacks.py                                  # all of them, on the embedded model
    python benchmarks/attacks.py --only names import --seconds 30
    python benchmarks/attacks.py --model tiny                     # a model of random weights

Starts `limner serve` processes (one with few descriptors and, for root, one on a small disk), attacks each
from this process and asks from another. Prints a Markdown table: what was answered, the slowest answer to
the attacker, health's median, 99th percentile and slowest, and how much the server's resident memory grew.
Exit code 1 when a 99th percentile is above half a second, or health did not answer.
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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from attack_kinds import ATTACKS, FEW_FILES, SMALL_DISK, Going, Target
from serving import Client, limner_serve
from tiny_model import save_tiny

BAR_S: Final = 0.5
PROBE_EVERY_S: Final = 0.05
COLUMNS: Final = ("attack", "answers", "slowest s", "health p50 ms", "p99 ms", "slowest ms", "memory MB")


def probe(port: int) -> None:
    """Seconds of every answer of /health/live, infinite where there was none, until stdin ends. In a process
    of its own, which is there before the attack begins.
    """
    times: list[float] = []
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    print("ready", flush=True)
    while not over.wait(PROBE_EVERY_S):
        start = time.perf_counter()
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            line.request("GET", "/health/live")
            is_live = line.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            is_live = False
        line.close()
        times.append(time.perf_counter() - start if is_live else float("inf"))
    print(json.dumps(times))


@contextlib.contextmanager
def probing(port: int, times: list[float]) -> Iterator[None]:
    """Meanwhile health is asked; the times are put into `times`, sorted."""
    command = [sys.executable, __file__, "--probe", str(port)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as prober:
        assert prober.stdin is not None
        assert prober.stdout is not None
        prober.stdout.readline()
        yield
        prober.stdin.close()
        times += sorted(json.loads(prober.stdout.read()))


def attacked(
    name: str, attack: Callable[[Target], Going], target: Target, client: Client, seconds: float
) -> bool:
    """Print a row; whether health was answered in time."""
    going = attack(target)
    try:
        next(going)
    except (KeyError, TypeError, OSError) as error:
        print(f"| {name} | could not be prepared ({error!r}) |{' |' * 5}", flush=True)
        return False
    target.answers.clear()
    target.worst_s = 0.0
    before = client.metric("process_resident_memory_bytes")
    ended, times = threading.Event(), list[float]()
    target.is_over = ended.is_set
    attacking = threading.Thread(target=lambda: next(going, None))
    with probing(target.port, times):
        attacking.start()
        time.sleep(seconds)
    ended.set()
    attacking.join()
    grown = (client.metric("process_resident_memory_bytes") - before) / 1e6
    p50, p99 = (times[int(share * (len(times) - 1))] for share in (0.5, 0.99))
    answers = ", ".join(f"{num} x {status or 'none'}" for status, num in sorted(target.answers.items()))
    slowest = f"{target.worst_s:.1f}" if target.answers else "-"
    row = (
        name,
        answers or "-",
        slowest,
        *(f"{1000 * one:.0f}" for one in (p50, p99, times[-1])),
        f"{grown:+.0f}",
    )
    print(f"| {' | '.join(row)} |", flush=True)
    return p99 <= BAR_S


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

    def wanted(kinds: dict[str, Callable[[Target], Going]]) -> dict[str, Callable[[Target], Going]]:
        only = options.only or [""]
        return {name: kind for name, kind in kinds.items() if any(word in name for word in only)}

    with tempfile.TemporaryDirectory(prefix="limner-attacks-") as folder, small_disk() as disk:
        for number, (kinds, home, open_files) in enumerate(
            ((ATTACKS, Path(folder), None), (FEW_FILES, Path(folder), 256), (SMALL_DISK, disk, None))
        ):
            if not wanted(kinds) or home is None:
                continue
            store, told = home / f"store-{number}", list[str]()
            with limner_serve(model, 8, 64, store=store, open_files=open_files, told=told) as url:
                client = Client(url, None)
                target = Target(urlsplit(url).port or 80, store)
                target.paint("The image shows Mia in a garden.")  # what is made once is made now
                print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
                for name, attack in wanted(kinds).items():
                    is_fine &= attacked(name, attack, target, client, options.seconds)
            if options.log:
                print(*(line.rstrip() for line in told), sep="\n", file=sys.stderr)
    return is_fine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="miniature", help='a folder, or "tiny"')
    parser.add_argument("--only", nargs="+", help="those whose name has one of these words")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each attack")
    parser.add_argument("--log", action="store_true", help="what the servers logged, on stderr")
    parser.add_argument("--probe", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.probe:
        probe(options.probe)
        return
    with tempfile.TemporaryDirectory(prefix="limner-tiny-") as folder:
        model = str(save_tiny(Path(folder) / "model")) if options.model == "tiny" else options.model
        sys.exit(0 if run(options, model) else 1)


if __name__ == "__main__":
    main()
