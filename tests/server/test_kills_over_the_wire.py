"""A server killed 20 times among its clients; `benchmarks/kills.py` does it for as long as one likes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.kills

KILLS = Path(__file__).parents[2] / "benchmarks" / "kills.py"


def test_twenty_kills_lose_nothing_that_was_answered():
    done = subprocess.run(
        [sys.executable, KILLS, "--kills", "20"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith(": 0 lost or broken")
