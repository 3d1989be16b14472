"""Files of a user's that are replaced whole: nobody ever reads half of one, and two writers take turns.

Knows paths. Knows nothing about what the files hold, nor torch.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout


def write_whole(data: bytes, path: Path) -> None:
    """`replace_whole` with these bytes."""
    replace_whole(path, lambda fresh: fresh.write_bytes(data))


def replace_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file beside `path`, then put it there at once, durably; folders on the way are made.

    A file that was there keeps its permissions and its owner; a symbolic link stays one, and what it points
    to is replaced.
    """
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        if target.exists():
            _make_like(fresh, target)
        write(fresh)
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    sync_folder(target.parent)


@contextlib.contextmanager
def alone_with(path: Path, *, tell: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold an exclusive lock on this file, among processes and threads. May be nested in one thread.

    `tell` is called once when somebody else is, before waiting for them. The lock is a hidden file beside it,
    which goes afterwards.
    """
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    place = target.with_name(f".{target.name}.lock")
    lock = FileLock(place, is_singleton=True)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        tell()
        lock.acquire()
    try:
        yield
    finally:
        if lock.lock_counter == 1:
            # While it is held: whoever waits looks whether the file that they locked is still there.
            with contextlib.suppress(OSError):
                place.unlink()
        lock.release()


def sync_folder(folder: Path) -> None:
    """Make what was renamed in a folder survive a power cut."""
    if os.name == "nt":  # which cannot open folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_like(fresh: Path, target: Path) -> None:
    """An empty file with the permissions of another, and its owner where that is allowed."""
    fresh.touch(mode=0o600, exist_ok=False)
    found = target.stat()
    if hasattr(os, "chown") and (found.st_uid, found.st_gid) != (fresh.stat().st_uid, fresh.stat().st_gid):
        with contextlib.suppress(PermissionError):
            os.chown(fresh, found.st_uid, found.st_gid)
    shutil.copymode(target, fresh)
