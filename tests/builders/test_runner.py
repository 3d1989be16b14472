"""The runner: the same set after kills, with any number of workers, and with every drop's reason."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from inspect import getfile
from pathlib import Path

import pytest
from toy_job import ToyJob, Why

from limner.builders.runner.build import build, ledger_path
from limner.builders.runner.document import Drop, Source, Stage
from limner.builders.runner.ledger import Ledger
from limner.builders.runner.page import write_build_page
from limner.builders.runner.steps import DIED, UNEXPECTED
from limner.dataset.check import check_dataset
from limner.dataset.reader import DatasetReader

_RUN = """
import sys; from pathlib import Path; sys.path.insert(0, {tests!r})
from toy_job import ToyJob
from limner.builders.runner.build import build
if __name__ == "__main__":
    build(ToyJob(num=40, pause_s=0.05), Path({folder!r}), workers={workers}, per_shard=8)
"""


def _num_bytes(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _digest(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.glob("*.*")
        if path.is_file()
    }


def test_every_source_is_built_once_or_dropped_with_its_reason(tmp_path: Path) -> None:
    funnel = build(ToyJob(num=20), tmp_path / "set", per_shard=8)
    told = [dialogue.rounds[0].response.text for dialogue in DatasetReader(tmp_path / "set")]
    expected = []
    for number in range(20):
        parts = 2 if number % 4 == 1 else 1
        if number % 3 and number not in (7, 8):
            expected += [f"n{number}#{part}" for part in range(parts)]
    assert told == expected
    assert list(check_dataset(tmp_path / "set")) == []
    assert funnel.num_kept == len(expected)
    assert [(line.num_in, line.num_out) for line in funnel.lines] == [(20, 23), (23, 15), (15, 15)]
    reasons = {reason: num for line in funnel.lines for reason, num in line.reasons}
    assert reasons == {"multiple of 3": 8, "is seven": 1, UNEXPECTED: 1}
    with Ledger(ledger_path(tmp_path / "set")) as ledger:
        details = {drop.document: drop.detail for drop in ledger.drops()}
    assert details["n8"] == "KeyError: 'eight'"
    assert details["n9#1"] == "9"


def test_workers_change_nothing(tmp_path: Path) -> None:
    build(ToyJob(num=20), tmp_path / "one", per_shard=8)
    build(ToyJob(num=20), tmp_path / "two", per_shard=8, workers=2)
    assert _digest(tmp_path / "one") == _digest(tmp_path / "two")


@pytest.mark.kills
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_any_moment_and_started_again_it_gives_the_same_set(tmp_path: Path, workers: int) -> None:
    build(ToyJob(num=40), tmp_path / "calm", per_shard=8)
    folder = tmp_path / "killed"
    script = tmp_path / "run.py"
    script.write_text(
        _RUN.format(tests=str(Path(getfile(ToyJob)).parent), folder=str(folder), workers=workers)
    )
    # Killed when something new is on the disk, not after a time: machines differ in speed.
    log = ledger_path(folder).with_name(f"{ledger_path(folder).name}-wal")
    for extra_bytes in (1, 20_000, 5_000, 40_000):
        process = subprocess.Popen([sys.executable, str(script)])
        least = _num_bytes(log) + extra_bytes
        while _num_bytes(log) < least and process.poll() is None:
            time.sleep(0.002)
        assert process.poll() is None, "it ended before it could be killed"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    build(ToyJob(num=40), folder, per_shard=8)
    assert _digest(tmp_path / "calm") == _digest(folder)


def test_a_source_that_ends_its_worker_is_tried_again_and_then_dropped(tmp_path: Path) -> None:
    deadly = tmp_path / "deadly"
    deadly.touch()
    funnel = build(ToyJob(num=12, deadly=str(deadly)), tmp_path / "set", workers=2)
    assert funnel.num_done == 12
    assert (DIED, 1) in funnel.lines[0].reasons


def test_a_worker_that_ends_in_the_midst_of_its_answer_changes_nothing(tmp_path: Path) -> None:
    build(ToyJob(num=12), tmp_path / "calm")
    torn = tmp_path / "torn"
    torn.touch()
    build(ToyJob(num=12, torn=str(torn)), tmp_path / "set", workers=2)
    assert not torn.exists()
    assert _digest(tmp_path / "set") == _digest(tmp_path / "calm")


def test_new_sources_are_appended_and_other_options_are_refused(tmp_path: Path) -> None:
    build(ToyJob(num=10), tmp_path, per_shard=8)
    before = _digest(tmp_path)
    funnel = build(ToyJob(num=20), tmp_path, per_shard=8)
    after = _digest(tmp_path)
    assert funnel.num_sources == 20
    assert before.items() <= after.items()
    with pytest.raises(ValueError, match="begun with seed = 0, not 1"):
        build(ToyJob(num=20, seed=1), tmp_path, per_shard=8)


def test_two_builds_into_one_folder_do_not_meet(tmp_path: Path) -> None:
    with Ledger(ledger_path(tmp_path)), pytest.raises(ValueError, match="Another process builds"):
        build(ToyJob(num=3), tmp_path)


def test_data_of_other_origin_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "shard-00000.parquet").write_bytes(b"precious")
    with pytest.raises(ValueError, match="no build remembers"):
        build(ToyJob(num=3), tmp_path)


def test_a_step_that_fails_on_everything_ends_the_run(tmp_path: Path) -> None:
    class Broken(ToyJob):
        def _open(self):  # type: ignore[no-untyped-def]
            return [_Fails()]

    with pytest.raises(ValueError, match='The step "fails" fails on everything: ZeroDivisionError'):
        build(Broken(num=40), tmp_path)


class _Fails:
    name = "fails"

    def __call__(self, document: object) -> list[Drop]:
        raise ZeroDivisionError("no")


class Painted(ToyJob):
    """A toy with a choice that others do not continue, and a step that may not work."""

    size: int
    broken: str

    def __init__(self, *, size: int = 1, broken: str = "", num: int = 20) -> None:
        super().__init__(num=num)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "broken", broken)

    def settings(self):
        return {**super().settings(), "size": self.size}

    def stages(self):
        if self.broken == "no steps":
            raise ValueError("There are no steps.")
        return [Stage(open=_never)] if self.broken else super().stages()


def _never():
    return [Why(name="never", why=_fails)]


def _fails(document):
    raise RuntimeError("not installed")


@pytest.mark.parametrize("broken", ["no steps", "never"])
def test_a_build_that_failed_claims_nothing(tmp_path: Path, broken: str) -> None:
    folder = tmp_path / "sets" / "one"
    with pytest.raises(ValueError, match=r"no steps|not installed"):
        build(Painted(broken=broken, num=40), folder)
    assert list(tmp_path.iterdir()) == []
    build(Painted(size=2), folder)  # the corrected command


def test_a_build_without_a_dialogue_claims_nothing_one_with_some_does(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    build(Painted(num=1), folder)  # zero is a multiple of three
    with Ledger(ledger_path(folder)) as ledger:
        assert ledger.is_begun()
        assert not ledger.has_rows()
    assert build(Painted(size=2, num=2), folder).num_kept == 2
    with pytest.raises(ValueError, match="begun with size = 2, not 3"):
        build(Painted(size=3, num=2), folder)


_FULL = """
import resource, sys; from pathlib import Path; sys.path.insert(0, {tests!r})
from toy_job import ToyJob
from limner.builders.runner.build import build
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, most))
try:
    build(ToyJob(num=40), Path({folder!r}), per_shard=8)
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize("limit", [1, 5_000, 60_000, 120_000])
def test_a_full_disk_is_a_sentence_and_the_same_build_goes_on(tmp_path: Path, limit: int) -> None:
    folder = tmp_path / "set"
    script = _FULL.format(tests=str(Path(getfile(ToyJob)).parent), folder=str(folder), limit=limit)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "cannot be written" in ended.stdout
    assert "make room, and the same command goes on" in ended.stdout
    build(ToyJob(num=40), folder, per_shard=8)
    build(ToyJob(num=40), tmp_path / "calm", per_shard=8)
    assert _digest(folder) == _digest(tmp_path / "calm")


@pytest.mark.parametrize("is_old", [False, True])
def test_what_a_build_has_written_it_does_not_keep_twice(tmp_path: Path, is_old: bool) -> None:
    ledger = ledger_path(tmp_path / "set")
    if is_old:  # begun by a limner that gave no room back
        ledger.parent.mkdir(parents=True)
        with sqlite3.connect(ledger) as base:
            base.execute("pragma auto_vacuum = none")
            base.execute("create table other (a)")
        base.close()
    build(ToyJob(num=40), tmp_path / "set", per_shard=8)
    with closing(sqlite3.connect(ledger)) as base:
        assert base.execute("select count(*) from waiting").fetchone() == (0,)
        assert base.execute("pragma freelist_count").fetchone() == (0,)
    assert {path.name for path in ledger.parent.iterdir()} == {ledger.name}


class _OddJob(ToyJob):
    def sources(self) -> list[Source]:
        names = [os.fsdecode(b"\xff\xfe.png"), "half \ud800.png", "whole.png"]
        return [
            Source(id=name, value={"number": number}) for number, name in zip((1, 4, 10), names, strict=True)
        ]


def test_names_that_are_no_text_are_built_and_told(tmp_path: Path) -> None:
    build(_OddJob(num=0), tmp_path / "set")
    with Ledger(ledger_path(tmp_path / "set")) as ledger:
        assert ledger.counts()[:2] == (3, 3)
        assert ledger.is_begun()
    told = [dialogue.rounds[0].response.text for dialogue in DatasetReader(tmp_path / "set")]
    assert {text.split("#")[0] for text in told} == {"\\xff\\xfe.png", "half \\ud800.png", "whole.png"}
    page = tmp_path / "page.html"
    write_build_page(tmp_path / "set", page)
    assert page.stat().st_size > 1000
