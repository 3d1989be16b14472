"""Where all tests write, and in which order they run."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 2**30
FIRST = ("long", "kills", "serves", "browser")


def pytest_configure(config: pytest.Config) -> None:
    """Write to memory where there is room: a store syncs after each write, and its tests would wait for
    the disk. Processes that tests start find the place in TMPDIR.
    """
    chosen = "TMPDIR" in os.environ or config.option.basetemp is not None
    if not chosen and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long begin first, so that no process ends long after the others; within a file the
    order stays. What takes a browser is marked.
    """
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    first = {item.path for item in items if any(item.get_closest_marker(name) for name in FIRST)}
    items.sort(key=lambda item: item.path not in first)
