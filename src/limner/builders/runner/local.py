"""The local engine: sources one after the other in this process, or side by side in worker processes.

At most one source per worker is under way, so memory stays bounded. A worker that dies is replaced and its
source tried once more. Knows nothing about the ledger: outcomes go back to the caller.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from limner.builders.runner.document import Job, Source, open_steps
from limner.builders.runner.steps import Outcome, gave_up, run_steps

Numbered = tuple[int, Source]
_TRIES = 2


def run_local(job: Job, sources: Iterator[Numbered], workers: int) -> Generator[Outcome, None, None]:
    """Outcomes in the order in which they are done; they do not depend on `workers`.

    ValueError with one sentence when the steps cannot be opened or one of them stops the run.
    """
    if workers == 1:
        settle_threads()
        steps = open_steps(job.stages())
        for number, source in sources:
            yield run_steps(steps, source, number, job.seed)
    else:
        yield from _run_beside(job, sources, workers)


class _Worker:
    """One process, the pipe to it, and what it is at."""

    def __init__(self, job: Job) -> None:
        # Spawned, not forked: a fork of a process that runs torch threads may hang.
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=work, args=(theirs, job), name="limner build", daemon=True
        )
        self.process.start()
        theirs.close()
        self.at: Numbered | None = None
        self.tries = 0

    def hand(self, at: Numbered, tries: int = 1) -> None:
        self.at, self.tries = at, tries
        with suppress(ConnectionError):  # a worker that is gone is noticed when its answer is due
            self.pipe.send(at)

    def end(self) -> None:
        self.pipe.close()
        self.process.terminate()
        self.process.join()


def _run_beside(job: Job, sources: Iterator[Numbered], workers: int) -> Generator[Outcome, None, None]:
    running: list[_Worker] = []
    try:
        for at in _first(sources, workers):
            running.append(_Worker(job))
            running[-1].hand(at)
        while running:
            ready = set(wait([worker.pipe for worker in running]))
            for worker in [worker for worker in running if worker.pipe in ready]:
                outcome = _receive(worker)
                if outcome is None:
                    running.remove(worker)
                    replacement = _replace(job, worker)
                    running.append(replacement)
                    outcome = _given_up(worker) if worker.tries >= _TRIES else None
                    if outcome is None and worker.at is not None:
                        replacement.hand(worker.at, worker.tries + 1)
                        continue
                    worker = replacement
                following = next(sources, None)
                if following is None:
                    running.remove(worker)
                    worker.end()
                else:
                    worker.hand(following)
                if outcome is not None:
                    yield outcome
    finally:
        for worker in running:
            worker.end()


def _first(sources: Iterator[Numbered], num: int) -> Iterator[Numbered]:
    for _ in range(num):
        following = next(sources, None)
        if following is None:
            return
        yield following


def _receive(worker: _Worker) -> Outcome | None:
    """What a worker sends back; its error is raised, and None means that it is gone."""
    try:
        told = worker.pipe.recv()
    except (EOFError, OSError):  # OSError: it ended in the midst of its answer
        return None
    if isinstance(told, BaseException):
        raise told
    assert isinstance(told, Outcome)
    return told


def _replace(job: Job, gone: _Worker) -> _Worker:
    gone.end()
    return _Worker(job)


def _given_up(worker: _Worker) -> Outcome:
    assert worker.at is not None
    number, source = worker.at
    return gave_up(source, number, f"{_TRIES} times, last with code {worker.process.exitcode}")


def work(pipe: Connection, job: Job) -> None:
    """A worker's whole life. It ends when the other end of the pipe is closed, however that happened."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    settle_threads()
    try:
        steps = open_steps(job.stages())
        while True:
            number, source = pipe.recv()
            pipe.send(run_steps(steps, source, number, job.seed))
    except (EOFError, ConnectionError):
        return
    except Exception as error:
        with suppress(Exception):
            pipe.send(told_plainly(error))


def told_plainly(error: Exception) -> Exception:
    """A worker's error as the user shall read it; some kinds do not survive the way between processes."""
    if isinstance(error, ValueError | ImportError | OSError):
        return error
    return ValueError(f"A worker failed ({type(error).__name__}: {error}).")


def settle_threads() -> None:
    """One thread a worker: sums then come out the same however many workers there are."""
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(1)
