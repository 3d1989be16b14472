"""A headless Chromium for the tests of pages: playwright's own, else the system's; without one they skip."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import pytest

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path(own):
    """A Chromium to run, None when there is none."""
    if Path(own).exists():
        return own
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextlib.contextmanager
def headless_chromium():
    """A running browser. One at a time: playwright's plain API takes no two in one thread."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra `browser`")
    with playwright.sync_playwright() as started:
        path = chromium_path(started.chromium.executable_path)
        if path is None:
            pytest.skip("no Chromium here; `playwright install chromium` brings one")
        no_sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        found = started.chromium.launch(executable_path=path, args=[*FLAGS, *no_sandbox])
        yield found
        found.close()
