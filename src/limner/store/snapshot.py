"""A database opened to be read only, also from a disk that nothing can be written to.

SQLite wants an index beside a database in WAL mode and makes it when it is missing, which a read-only disk
forbids. There the database is read as it stands; where a log lies beside it, whose rows count too, both are
copied to a temporary folder. Knows files and SQLite's URIs.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path


class Snapshot:
    """`uri` opens the database at `path` to be read. To be closed after the connections."""

    def __init__(self, path: Path) -> None:
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        log = path.with_name(f"{path.name}-wal")
        self.uri = f"{path.absolute().as_uri()}?mode=ro"
        if _can_be_read(self.uri):
            return
        if not log.exists() or log.stat().st_size == 0:
            self.uri += "&immutable=1"  # nobody can be writing to it
            return
        self._copy = tempfile.TemporaryDirectory(prefix="limner-store-")
        copied = Path(self._copy.name) / path.name
        shutil.copyfile(path, copied)
        shutil.copyfile(log, copied.with_name(log.name))
        self.uri = copied.as_uri()

    def close(self) -> None:
        if self._copy is not None:
            self._copy.cleanup()


def _can_be_read(uri: str) -> bool:
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.OperationalError as error:
            return error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
    return True
