"""The store's database: connections that are safe to share and to be killed on, and its version.

Readers have connections of their own and never wait for whoever writes, here or in another process. Knows
SQLite. Knows nothing about what the rows mean; the tables stand in `migrations.py`.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from limner.store.errors import clear_errors
from limner.store.migrations import VERSION, migrate, version_of
from limner.store.records import StoreBusy, StoreReadOnly
from limner.store.snapshot import Snapshot

# How long a write waits for another process's; beyond it is `StoreBusy`.
WRITE_WAIT_S = 10.0
WRITE_WAIT_AGAIN_S = 0.5
GAVE_UP_LATELY_S = 2.0
READ_WAIT_S = 2.0  # for the rare moments when SQLite restores its index
WIPE_WAIT_S = 0.1
WIPE_AGAIN_S = 1.0


class Database:
    """A database in WAL mode, shared by the threads of a process; other processes may have theirs. What
    `writing` has committed survives a kill and a power cut.

    Args:
        read_only: write nothing, not even beside the database.
        upgrade: bring an older version up to date, where else it is a ValueError that says how to.
    """

    def __init__(self, path: Path, *, read_only: bool = False, upgrade: bool = False) -> None:
        self.read_only = read_only
        self._path = path
        self._lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._idle_lock = threading.Lock()
        self._is_closed = False
        self._wiping: threading.Timer | None = None
        self._gave_up_s = -math.inf
        with clear_errors(path):
            self._snapshot = Snapshot(path) if read_only else None
            self._writer = self._connect()
            try:
                self._open(upgrade)
            except BaseException:
                self.close()
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection at one moment's state of all tables, for queries."""
        with clear_errors(self._path):
            connection = self._reader()
            try:
                connection.execute("BEGIN")
                try:
                    yield connection
                finally:
                    connection.execute("ROLLBACK")
            except sqlite3.Error:
                connection.close()
                raise
            finally:
                self._put_back(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection inside the one write transaction of all processes: everything or nothing.

        StoreBusy when it cannot begin within `WRITE_WAIT_S`.
        """
        if self.read_only:
            raise StoreReadOnly(f"The store {self._path.parent} was opened to be read; nothing is written.")
        # Those who queue behind somebody who waited in vain do not all wait as long again.
        recently = time.monotonic() < self._gave_up_s + GAVE_UP_LATELY_S
        wait_s = WRITE_WAIT_AGAIN_S if recently else WRITE_WAIT_S
        until = time.monotonic() + wait_s
        if not self._lock.acquire(timeout=wait_s):
            raise StoreBusy(f"Others have been writing to the store {self._path} for long; try again.")
        try:
            with clear_errors(self._path):
                self._wait_at_most(until - time.monotonic())
                self._begin()
                try:
                    yield self._writer
                    self._writer.execute("COMMIT")
                except BaseException:
                    if self._writer.in_transaction:  # a full disk has ended it already
                        self._writer.execute("ROLLBACK")
                    raise
        finally:
            self._lock.release()

    def _begin(self) -> None:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            self._gave_up_s = time.monotonic()
            raise
        self._gave_up_s = -math.inf

    def wipe(self) -> None:
        """Let nothing of deleted rows stay in the log: at once, or as soon as other processes' readers allow,
        which is tried again every second and when the database is closed or opened.
        """
        if not self._is_wiped():
            with self._lock:
                if not self._is_closed and self._wiping is None:
                    self._wiping = threading.Timer(WIPE_AGAIN_S, self._wipe_again)
                    self._wiping.daemon = True
                    self._wiping.start()

    def close(self) -> None:
        with self._lock:
            if self._wiping is not None:
                self._wiping.cancel()
                self._is_wiped()
            self._is_closed = True
            self._writer.close()
        with self._idle_lock:
            while self._idle:
                self._idle.pop().close()
        if self._snapshot is not None:
            self._snapshot.close()

    def _is_wiped(self) -> bool:
        # Whatever hinders it (a reader, a full disk) hinders nobody else: the rows themselves are gone.
        with self._lock:
            if self._is_closed:
                return True
            try:
                self._wait_at_most(WIPE_WAIT_S)
                busy = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.Error:
                return False
            return not busy

    def _wipe_again(self) -> None:
        with self._lock:
            self._wiping = None
        self.wipe()

    def _open(self, upgrade: bool) -> None:
        if self._snapshot is None:
            self._use_wal()
        version = version_of(self._writer)
        if version > VERSION:
            raise ValueError(
                f"The store {self._path} has version {version}, this limner reads {VERSION}; "
                "use a newer limner."
            )
        if 0 < version < VERSION and not upgrade:
            raise ValueError(
                f"The store {self._path.parent} has version {version}, this limner reads {VERSION}; "
                f"bring it up to date with: limner store migrate {self._path.parent}"
            )
        if version < VERSION:
            with self.writing() as db:
                migrate(db)
        if not self.read_only:
            self.wipe()

    def _use_wal(self) -> None:
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
            self._writer.execute(f"PRAGMA {pragma}").fetchall()
        # The one statement that does not wait for other processes by itself.
        until = time.monotonic() + WRITE_WAIT_S
        while True:
            try:
                self._writer.execute("PRAGMA journal_mode = WAL").fetchall()
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def _connect(self) -> sqlite3.Connection:
        uri = self._path.absolute().as_uri() if self._snapshot is None else self._snapshot.uri
        return sqlite3.connect(
            uri, uri=True, timeout=READ_WAIT_S, check_same_thread=False, isolation_level=None
        )

    def _wait_at_most(self, seconds: float) -> None:
        self._writer.execute(f"PRAGMA busy_timeout = {max(1, round(1000 * seconds)):d}")

    def _reader(self) -> sqlite3.Connection:
        with self._idle_lock:
            if self._idle:
                return self._idle.pop()
        if self._is_closed:
            raise sqlite3.ProgrammingError("the store is closed")
        connection = self._connect()
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _put_back(self, connection: sqlite3.Connection) -> None:
        with self._idle_lock:
            if not self._is_closed:
                self._idle.append(connection)
                return
        connection.close()


def settled_blobs_url(folder: Path, database: Database, blobs_url: str | None) -> str | None:
    """Where the store in `folder` keeps its blobs, decided once: None for in the folder itself. ValueError
    when it was decided otherwise.
    """
    found = "SELECT value FROM settings WHERE name = 'blobs_url'"
    with database.reading() as db:
        row = db.execute(found).fetchone()
    if row is None and blobs_url:
        with database.writing() as db:
            if db.execute("SELECT 1 FROM refs LIMIT 1").fetchone() is not None:
                raise ValueError(f"The store {folder} keeps its blobs in itself; leave {blobs_url} out.")
            db.execute("INSERT OR IGNORE INTO settings VALUES ('blobs_url', ?)", (blobs_url,))
            row = db.execute(found).fetchone()
    if row is None:
        return None
    if blobs_url is not None and blobs_url != row[0]:
        raise ValueError(f"The store {folder} keeps its blobs at {row[0]}; leave {blobs_url} out.")
    return str(row[0])
