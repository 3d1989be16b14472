"""Room on the store's disk: a reserve file that is given up so that deleting works when the disk is full.

A store takes nothing new unless its reserve is there, so a full disk is noticed before work is done for it,
and what is deleted can always be noted. Knows one file and how to make it. Knows nothing about rows or blobs.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from limner.store.errors import bytes_left, clear_errors, full
from limner.store.records import StoreFailed, StoreFull

# What deleting a conversation of a thousand rounds writes to SQLite's log, twice over.
RESERVE_BYTES = 8 * 2**20
LEAST_BYTES = 2**20  # beside the reserve
LOOK_AGAIN_S = 1.0
NAME = ".reserve"

_LOG = logging.getLogger(__name__)
_Result = TypeVar("_Result")


class Room:
    """The reserve of the store in `folder`. Safe for several threads; processes share the file."""

    def __init__(self, folder: Path, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self._folder = folder
        self._reserve = folder / NAME
        self._num_bytes = reserve_bytes
        self._is_full = False
        self._looked_s = -LOOK_AGAIN_S
        self._lock = threading.Lock()

    @property
    def is_full(self) -> bool:
        """Whether nothing new is taken at present; looks at the disk again, though not at every call."""
        try:
            self.require()
        except StoreFull:
            return True
        return False

    def require(self) -> None:
        """StoreFull unless there is room for something new."""
        with self._lock:
            has_room = self._reserve.exists() and bytes_left(self._folder) >= LEAST_BYTES
            if has_room and not self._is_full:
                return
            if self._is_full and time.monotonic() < self._looked_s + LOOK_AGAIN_S:
                raise full(self._folder)
            self._looked_s = time.monotonic()
            try:
                self._look()
            except StoreFull as error:
                self._close(error)
                raise
            if self._is_full:
                _LOG.warning("The disk of the store %s has room again.", self._folder)
            self._is_full = False

    def taking(self, act: Callable[[], _Result]) -> _Result:
        """Run `act`, which stores something new, and return its result; a full disk is remembered and raised
        as `StoreFull`.
        """
        self.require()
        try:
            return act()
        except StoreFull as error:
            with self._lock:
                self._close(error)
            raise

    def freeing(self, act: Callable[[], _Result]) -> _Result:
        """What `act` returns, which deletes something: on a full disk it is done with the reserve's room."""
        try:
            return act()
        except StoreFull as error:
            with self._lock:
                self._close(error)
                self._reserve.unlink(missing_ok=True)
            return act()

    def _close(self, error: StoreFull) -> None:
        if not self._is_full:
            cause = error.__cause__
            number = getattr(cause, "errno", None) or getattr(cause, "sqlite_errorname", None)
            _LOG.error("%s Nothing new is kept until there is room (%s).", error, number)
        self._is_full = True

    def _look(self) -> None:
        """Make the reserve, or where it is there already, as much again for a moment."""
        probe = self._folder / f"{NAME}-{secrets.token_hex(4)}"
        try:
            with clear_errors(self._folder):
                _fill(probe, self._num_bytes)
                if not self._reserve.exists():
                    probe.replace(self._reserve)
        except StoreFull:
            raise
        except StoreFailed as error:
            _LOG.error("%s", error)
            raise
        finally:
            probe.unlink(missing_ok=True)


def _fill(path: Path, num_bytes: int) -> None:
    with path.open("xb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, num_bytes)
        else:  # macOS; zeros might be stored as a hole
            file.write(secrets.token_bytes(num_bytes))
            file.flush()
            os.fsync(file.fileno())
