"""The order of all tests: files that take long begin first, so that no process ends long after the others."""

from __future__ import annotations

import pytest

FIRST = ("long", "kills", "serves", "browser")


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes a browser; within a file the order stays."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    first = {item.path for item in items if any(item.get_closest_marker(name) for name in FIRST)}
    items.sort(key=lambda item: item.path not in first)
