"""What errors of the disk and of SQLite mean for a store: full, busy, read-only, or failed.

Knows error numbers and sentences. Knows nothing about what was being done.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from limner.store.records import StoreBusy, StoreFailed, StoreFull, StoreReadOnly

_FULL = (errno.ENOSPC, errno.EDQUOT)
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
_PRIMARY = 0xFF  # of SQLite's extended error codes


@contextmanager
def clear_errors(where: Path) -> Iterator[None]:
    """Errors of the system as `StoreFailed` or what is below it; `where` is a path on the store's disk."""
    try:
        yield
    except StoreFailed:
        raise
    except sqlite3.Error as error:
        raise _of_sqlite(error, where) from error
    except OSError as error:
        raise _of_system(error, where) from error


def full(where: Path, reason: object = "less than the reserve is left") -> StoreFull:
    """The error of a disk without room."""
    return StoreFull(f"The disk of the store {where} is full ({reason}); delete something, or give it room.")


def _of_system(error: OSError, where: Path) -> StoreFailed:
    if error.errno in _FULL:
        return full(where, error.strerror)
    if error.errno in _READ_ONLY:
        return StoreReadOnly(f"The store {where} cannot be written to ({error.strerror}).")
    return StoreFailed(f"The store {where} cannot be used ({error.strerror or error}).")


def _of_sqlite(error: sqlite3.Error, where: Path) -> StoreFailed:
    match getattr(error, "sqlite_errorcode", 0) & _PRIMARY:
        case sqlite3.SQLITE_FULL:
            return full(where, error)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreBusy(f"Another process has been writing to the store {where} for long; try again.")
        case sqlite3.SQLITE_READONLY:
            return StoreReadOnly(f"The store {where} cannot be written to ({error}).")
        case sqlite3.SQLITE_CANTOPEN if not os.access(where.parent, os.W_OK):
            return StoreReadOnly(f"The store {where.parent} cannot be written to; it can only be read.")
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_CANTOPEN if not bytes_left(where):
            return full(where, error)
    return StoreFailed(f"The store {where} cannot be used ({error}).")


def bytes_left(where: Path) -> int:
    """Free bytes on the disk of a file or folder as the system reports them; a quota may leave less."""
    try:
        found = os.statvfs(where if where.is_dir() else where.parent)
    except (OSError, AttributeError):  # Windows has none
        return 2**62
    return found.f_bavail * found.f_frsize
