"""A build from beginning to end: continues what a killed run left, writes shards, and tells the funnel.

The set is the same however often it was killed and however many workers there were: sources are numbered,
every shard holds a fixed range of numbers, and its rows stand in their order. Knows nothing about what is
built.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from limner.builders.runner.document import Job
from limner.builders.runner.funnel import Funnel, funnel_of
from limner.builders.runner.ledger import Ledger
from limner.builders.runner.local import Numbered, run_local
from limner.builders.runner.steps import UNEXPECTED, Outcome
from limner.dataset.spec import shard_paths
from limner.dataset.writer import DatasetWriter

SOURCES_PER_SHARD: Final = 256
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_HOPELESS: Final = 12  # so many sources that fail unexpectedly, and none that does not, end a run
Engine = Callable[[Job, Iterator[Numbered], int], Generator[Outcome, None, None]]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a build is: sources in all and done, dialogues made of them, documents dropped in this run."""

    total: int
    done: int
    rows: int
    drops: int


def ledger_path(folder: Path) -> Path:
    """Where a build remembers: hidden, because `datasets` takes every other file for data."""
    return folder / ".build" / "ledger.sqlite"


def build(
    job: Job,
    folder: Path,
    *,
    workers: int = 1,
    engine: Engine = run_local,
    per_shard: int = SOURCES_PER_SHARD,
    tell: Callable[[Progress], object] = lambda progress: None,
) -> Funnel:
    """Build `job` into `folder`, from where an earlier run was ended; new sources are appended.

    ValueError when the folder holds another build or data of other origin, when a step stops the run, or when
    the disk is full: then the same command goes on once there is room.
    """
    if workers < 1:
        raise ValueError(f"A build needs at least one worker, not {workers}.")
    if not ledger_path(folder).exists() and shard_paths(folder):
        raise ValueError(f"{folder} holds data that no build remembers; give another folder.")
    with with_room(folder), _claimed(folder) as ledger:
        ledger.settle({**job.settings(), "seed": job.seed, "sources_per_shard": per_shard})
        ledger.add_sources(job.sources(), per_shard)
        for shard in ledger.ripe_shards():
            write_shard(ledger, folder, shard)
        _run(job, folder, ledger, workers, engine, tell)
        return funnel_of(ledger)


@contextmanager
def with_room(folder: Path) -> Iterator[None]:
    """A full disk, however it shows, as a sentence."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        is_full = isinstance(error, OSError) and error.errno in _NO_ROOM
        if not is_full and not isinstance(error, sqlite3.Error):
            raise
        told = "there is no room left on the disk" if is_full or "full" in str(error) else f"{error}"
        raise ValueError(
            f"The build in {folder} cannot be written ({told}); make room, and the same command goes on."
        ) from error


@contextmanager
def _claimed(folder: Path) -> Iterator[Ledger]:
    """The folder's ledger. A build that fails before anything became of any source leaves nothing behind."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    is_begun = True
    try:
        with Ledger(ledger_path(folder)) as ledger:
            try:
                yield ledger
            finally:
                is_begun = ledger.is_begun()
    except BaseException:
        if not is_begun:
            shutil.rmtree(ledger_path(folder).parent, ignore_errors=True)
            for path in made:
                with suppress(OSError):  # somebody else's files are in it
                    path.rmdir()
        raise


def _run(
    job: Job,
    folder: Path,
    ledger: Ledger,
    workers: int,
    engine: Engine,
    tell: Callable[[Progress], object],
) -> None:
    total, done, rows = ledger.counts()
    drops = failed = 0
    is_hopeless = True
    tell(Progress(total=total, done=done, rows=rows, drops=drops))
    for outcome in engine(job, ledger.waiting_sources(), workers):
        is_failed = bool(outcome.drops) and all(drop.reason == UNEXPECTED for drop in outcome.drops)
        failed, is_hopeless = failed + is_failed, is_hopeless and is_failed
        if is_hopeless and failed >= _HOPELESS:
            drop = outcome.drops[0]
            if not ledger.has_rows():  # so that the same command tries them again
                ledger.forget()
            raise ValueError(f'The step "{drop.step}" fails on everything: {drop.detail}')
        shard = ledger.record(outcome)
        done, rows, drops = done + 1, rows + len(outcome.rows), drops + len(outcome.drops)
        tell(Progress(total=total, done=done, rows=rows, drops=drops))
        if ledger.is_ripe(shard):
            write_shard(ledger, folder, shard)


def write_shard(ledger: Ledger, folder: Path, shard: int) -> None:
    """Write a shard whose sources are all done; one that a killed run left is written again, the same."""
    fresh = ledger_path(folder).parent / "shard"
    shutil.rmtree(fresh, ignore_errors=True)
    num = 0
    with DatasetWriter(fresh, rows_per_shard=2**31, bytes_per_shard=2**62) as writer:
        for data in ledger.rows_of(shard):
            with pa.ipc.open_stream(data) as stream:
                for row in stream.read_all().to_pylist():
                    writer.write_row(row)
                    num += 1
    for path in shard_paths(fresh):
        os.replace(fresh / "README.md", folder / "README.md")
        os.replace(path, folder / f"shard-{shard:05d}.parquet")
    ledger.close_shard(shard, num)
    ledger.shrink()
    shutil.rmtree(fresh, ignore_errors=True)
