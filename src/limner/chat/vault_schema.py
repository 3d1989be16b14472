"""The vault's database: its tables, and a connection that is safe to share and to be killed on.

Knows SQLite. Knows nothing about what the rows mean.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from limner.chat.records import StoreFailed

VERSION = 1
BUSY_TIMEOUT_MS = 30_000

_TABLES = """
CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE conversations(
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, created REAL NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX conversations_of_owner ON conversations(owner, created DESC, id DESC);
CREATE TABLE rounds(
    id TEXT PRIMARY KEY, owner TEXT NOT NULL,
    conversation TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
    parent TEXT REFERENCES rounds(id), node_id TEXT NOT NULL, created REAL NOT NULL,
    body TEXT NOT NULL) STRICT;
CREATE INDEX rounds_of_conversation ON rounds(conversation, created, id);
CREATE INDEX rounds_of_parent ON rounds(parent);
CREATE TABLE files(
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, created REAL NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE people(
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, created REAL NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE refs(
    digest TEXT NOT NULL, owner TEXT NOT NULL, holder TEXT NOT NULL, PRIMARY KEY(digest, holder)
    ) STRICT;
CREATE INDEX refs_of_holder ON refs(holder);
CREATE TABLE tombstones(
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
    conversation TEXT, parent TEXT, deleted REAL NOT NULL) STRICT;
"""


class Database:
    """One connection in WAL mode, shared by the threads of a process under a lock; other processes may have
    theirs. What `writing` has committed survives a kill and a power cut.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        with self._clear_errors():
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            try:
                self._open()
            except BaseException:
                self._connection.close()
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for queries."""
        with self._lock, self._clear_errors():
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection inside the one write transaction of all processes: everything or nothing."""
        with self._lock, self._clear_errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def wipe(self) -> None:
        """Let nothing of deleted rows stay in the log; as far as other processes' readers allow now."""
        with self._lock, self._clear_errors():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _open(self) -> None:
        self._connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS:d}")
        self._use_wal()
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        with self.writing() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _TABLES.split(";"):
                    if statement.strip():
                        db.execute(statement)
                db.execute(f"PRAGMA user_version = {VERSION:d}")
            elif version != VERSION:
                raise ValueError(
                    f"The store {self._path} has version {version}, this limner reads {VERSION}; "
                    "use the limner that wrote it."
                )

    def _use_wal(self) -> None:
        # The one statement that does not wait for other processes by itself.
        until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL").fetchall()
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.01)

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreFailed(f"The store {self._path} cannot be used ({error}).") from error
