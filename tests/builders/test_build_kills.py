"""kill -9 in the middle of every builder: gone on with, its set is that of an undisturbed run."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jobs_to_kill
import pytest
from jobs_to_kill import JOBS, NUM_SOURCES, PER_SHARD, raw_material

from limner.builders.runner.build import build, ledger_path
from limner.builders.runner.ledger import Ledger

pytestmark = pytest.mark.kills


def _digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.parquet")}


@pytest.mark.parametrize("name", JOBS)
def test_every_builder_survives_being_killed(name: str, tmp_path: Path) -> None:
    raw = raw_material(name, tmp_path / "in")
    build(JOBS[name](raw), tmp_path / "calm", per_shard=PER_SHARD)
    folder, gate, told = tmp_path / "killed", tmp_path / "gate", tmp_path / "told"
    # One shard is whole by then, the next one begun.
    gate.write_text(str(PER_SHARD + 2))
    process = subprocess.Popen(
        [sys.executable, jobs_to_kill.__file__, name, *map(str, (raw, folder, gate, told))]
    )
    while not told.exists() or len(told.read_bytes()) <= PER_SHARD + 1:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with Ledger(ledger_path(folder)) as ledger:
        total, done, _ = ledger.counts()
    assert total == NUM_SOURCES
    assert PER_SHARD < done < NUM_SOURCES
    build(JOBS[name](raw), folder, per_shard=PER_SHARD)
    assert _digest(tmp_path / "calm") == _digest(folder)
    assert len(_digest(folder)) >= 2
