"""Who trains in a run's folder: one command, with the stages that it starts.

Knows a file and its lock, which is the kernel's (flock): it ends with the last process that holds it, however
that process ends. Knows nothing about what is trained.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

LOCK: Final = ".lock"
# In the environment of a pipeline's stages: the number of the open file by which they hold the pipeline's
# lock.
HELD: Final = "LIMNER_TRAINING_LOCK"


@contextmanager
def locked(out: Path) -> Iterator[int]:
    """Inside, no other command trains in the folder `out`, which is made where it is absent. Yields the open
    file that holds the lock; in a stage of a pipeline that is the pipeline's.

    A folder that stays empty is taken away again. ValueError when another command trains there.
    """
    held = _inherited(out)
    if held is not None:
        yield held
        return
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    lock = _open_locked(out)
    try:
        yield lock
    finally:
        if out.is_dir() and [path.name for path in out.iterdir()] == [LOCK]:
            (out / LOCK).unlink()
            with suppress(OSError):  # somebody else has written there meanwhile
                for folder in made:
                    folder.rmdir()
        os.close(lock)


def environment_with(lock: int) -> Mapping[str, str]:
    """What a process that is handed the open file `lock` needs to know, so that it trains under that lock."""
    return {**os.environ, HELD: str(lock)}


def _open_locked(out: Path) -> int:
    while True:
        out.mkdir(parents=True, exist_ok=True)
        lock = os.open(out / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise ValueError(
                f"Another training is writing to {out}; wait for it, stop it, or give another --out."
            ) from None
        except OSError:
            os.close(lock)
            raise
        if _is_open_at(lock, out / LOCK):
            return lock
        os.close(lock)  # whoever had it has taken the file away


def _inherited(out: Path) -> int | None:
    """The open file by which the process that started this one holds the lock of `out`; None without one."""
    told = os.environ.get(HELD, "")
    if not told.isdecimal() or not _is_open_at(int(told), out / LOCK):
        return None
    os.set_inheritable(int(told), False)  # what a stage starts holds nothing
    return int(told)


def _is_open_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False
