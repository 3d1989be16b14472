"""Tasks computed one after the other in this process, or side by side in others that each load the model.

Knows processes and pipes. Knows nothing about files: what a task gives goes back to the caller, who writes
it.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import cv2
import torch

from limner.evaluation.setup import Setup, alone
from limner.evaluation.suite import Bench, Outcome, Suite, paint_seed

Task = tuple[str, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Done:
    """A computed task. Facts about the model come with the first of each process."""

    task: Task
    outcome: Outcome
    seconds: float
    facts: Mapping[str, Any]


def compute(
    setup: Setup, suites: Mapping[str, Suite], tasks: Sequence[Task], *, workers: int
) -> Generator[Done, None, None]:
    """Every task, in the order in which they finish. Results do not depend on `workers`.

    ValueError with one sentence when a task or the loading of a model fails; tasks done before are kept.
    """
    if workers == 1:
        yield from _compute_here(setup, suites, tasks)
    else:
        yield from _compute_beside(setup, suites, tasks, workers)


def _compute_here(
    setup: Setup, suites: Mapping[str, Suite], tasks: Sequence[Task]
) -> Generator[Done, None, None]:
    threads, cv2_threads = torch.get_num_threads(), cv2.getNumThreads()
    try:
        bench, facts = setup.open()
        for task in tasks:
            outcome, seconds = _measure(bench, suites, task)
            yield Done(task=task, outcome=outcome, seconds=seconds, facts=facts)
    finally:
        torch.set_num_threads(threads)
        cv2.setNumThreads(cv2_threads)


def _compute_beside(
    setup: Setup, suites: Mapping[str, Suite], tasks: Sequence[Task], workers: int
) -> Generator[Done, None, None]:
    waiting = list(reversed(tasks))
    with ExitStack() as stack:
        pipes: list[Connection] = [
            stack.enter_context(_worker(setup, suites)) for _ in range(min(workers, len(tasks)))
        ]
        for pipe in pipes:
            _hand(pipe, waiting.pop())
        while pipes:
            for ready in wait(pipes):
                assert isinstance(ready, Connection)
                told = receive(ready)
                if waiting:
                    _hand(ready, waiting.pop())
                else:
                    pipes.remove(ready)
                yield told


def _hand(pipe: Connection, task: Task) -> None:
    with suppress(ConnectionError):  # a worker that is gone is noticed when its answer is due
        pipe.send(task)


def receive(pipe: Connection) -> Done:
    """What a worker sends back; its error is raised, and ValueError when it is gone."""
    try:
        told = pipe.recv()
    except (EOFError, ConnectionError):
        raise ValueError(
            "A worker process was ended from outside, perhaps for want of memory; run the same command to go "
            "on, with --workers 1 if it happens again."
        ) from None
    if isinstance(told, BaseException):
        raise told
    assert isinstance(told, Done)
    return told


@contextmanager
def _worker(setup: Setup, suites: Mapping[str, Suite]) -> Iterator[Connection]:
    # Spawned, not forked: a fork of a process that runs torch threads may hang.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process: BaseProcess = context.Process(
        target=work, args=(theirs, setup, dict(suites)), name="limner evaluate", daemon=True
    )
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.terminate()
        process.join()


def work(pipe: Connection, setup: Setup, suites: Mapping[str, Suite]) -> None:
    """A worker's whole life. It ends when the other end of the pipe is closed, however that happened."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    try:
        bench, facts = setup.open()
        while True:
            task = pipe.recv()
            outcome, seconds = _measure(bench, suites, task)
            pipe.send(Done(task=task, outcome=outcome, seconds=seconds, facts=facts))
    except (EOFError, ConnectionError):
        return
    except Exception as error:
        pipe.send(error)


def _measure(bench: Bench, suites: Mapping[str, Suite], task: Task) -> tuple[Outcome, float]:
    name, index = task
    torch.manual_seed(paint_seed(name, bench.seed, index))
    start = time.perf_counter()
    try:
        outcome = suites[name].measure(alone(bench), index)
    except (ValueError, OSError) as error:
        raise ValueError(f"Task {index} of suite {name} failed: {error}") from error
    return outcome, time.perf_counter() - start
