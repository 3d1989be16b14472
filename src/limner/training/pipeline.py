"""The stages of a pipeline, each in a process of its own, side by side where they don't wait for each other.

Knows processes, their order and how they are asked to stop. Knows nothing about what a stage trains.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from limner.training.finished import FINISHED, stages_folder
from limner.training.recipe_files import recipe_path
from limner.training.run_lock import environment_with
from limner.training.stopped import Stopped

if TYPE_CHECKING:  # torch is imported late, so that the processes that render start quickly
    from limner.training.recipe import Pipeline
    from limner.training.run_options import RunOptions

INTERRUPTED = 130
LOOK_EVERY_S = 0.5


def run_pipeline(
    pipeline: Pipeline,
    options: RunOptions,
    *,
    beside: Path,
    lock: int,
) -> dict[str, float]:
    """Each stage in a process of its own (memory is given back; several can run side by side). They hold the
    open file `lock`, the folder's, with this process. `beside` is where the stages' recipes lie.
    """
    shared = {
        name: getattr(options, name) for name in ("scale", "out", "steps", "device", "workers", "threads")
    }
    numbers: dict[str, float] = {}
    waiting = list(pipeline.stages)
    running: dict[str, subprocess.Popen[bytes]] = {}
    with _asked_to_stop() as asked:
        while waiting or running:
            for name in [name for name in waiting if not {*waiting, *running} & {*pipeline.stages[name]}]:
                if len(running) == options.jobs:
                    break
                minutes = options.minutes if options.minutes is not None else pipeline.minutes.get(name)
                given = {**shared, "minutes": None if options.steps is not None else minutes}
                waiting.remove(name)
                running[name] = _start(str(recipe_path(name, beside)), given, lock)
            ended = _first_to_end(running, asked)
            if ended is None:
                _stop(running)
                raise Stopped(f"stopped while {', '.join(running)} ran")
            code = running.pop(ended).returncode
            if code:
                _stop(running)
                if code == INTERRUPTED:
                    raise Stopped(f"stopped while {ended} ran")
                raise ValueError(
                    f"The stage {ended} ended with exit code {code}; the same command resumes from there."
                )
            held_out = json.loads((stages_folder(options.out) / ended / FINISHED).read_text())["held_out"]
            numbers.update({f"{ended}/{key}": value for key, value in held_out.items()})
    return numbers


def _start(path: str, options: Mapping[str, object], lock: int) -> subprocess.Popen[bytes]:
    words = [word for key, value in options.items() if value is not None for word in (f"--{key}", str(value))]
    # A process group of its own: Ctrl-C reaches this process alone, which asks each stage to stop just once.
    command = [sys.executable, "-m", "limner.training.run", path, *words]
    return subprocess.Popen(
        command,
        process_group=0,
        stdout=subprocess.DEVNULL,
        pass_fds=(lock,),
        env=environment_with(lock),
    )


def _stop(running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Every stage that runs saves its state and ends."""
    for process in running.values():
        process.terminate()
    for process in running.values():
        process.wait()


def _first_to_end(running: Mapping[str, subprocess.Popen[bytes]], asked: Callable[[], bool]) -> str | None:
    """The name of a stage that has ended; None when the user asks to stop before one has."""
    while not asked():
        for name, process in running.items():
            if process.poll() is not None:
                return name
        time.sleep(LOOK_EVERY_S)
    return None


@contextmanager
def _asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Inside, Ctrl-C and a terminate signal are remembered instead of ending this process before its
    stages.
    """
    asked: list[int] = []
    kept = {
        number: signal.signal(number, lambda number, _: asked.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
        if threading.current_thread() is threading.main_thread()
    }
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
