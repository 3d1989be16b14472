"""A run of suites: stopped at any moment it goes on to identical results, and a foreign folder is refused."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tiny_run
import torch
from tiny_run import SUITES, TinySuite, make_checkpoint

from limner.evaluation.given import Measured
from limner.evaluation.run import chosen_suites, run_suites
from limner.evaluation.run_folder import open_run, read_rows, read_run
from limner.evaluation.score import Row
from limner.evaluation.setup import prepare
from limner.evaluation.suite import Outcome
from limner.evaluation.workers import receive, work

NUM = 6


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return make_checkpoint(tmp_path_factory.mktemp("checkpoint") / "model")


@pytest.fixture(scope="module")
def whole(checkpoint, tmp_path_factory):
    """A run that nobody interrupted."""
    out = tmp_path_factory.mktemp("whole") / "run"
    _run(checkpoint, out)
    return out


def _run(checkpoint, out, names=("tiny",), num=NUM, suites=SUITES, **options):
    options = {"seed": 3, "workers": 1, **options}
    return run_suites(names, Measured(model=str(checkpoint)), num=num, out=out, suites=suites, **options)


def _told(out: Path) -> list[bytes]:
    return [(out / name).read_bytes() for name in ("results.json", "rows.jsonl")]


def test_results_hold_every_metric_with_its_interval_and_who_measured(whole, checkpoint):
    results = json.loads((whole / "results.json").read_text())
    tiny = results["suites"]["tiny"]
    told = {"value": 4 / 6, "low": pytest.approx(1 / 3), "high": 1.0, "n": 6, "tasks": 6}
    assert tiny["second.right_side"] == told
    assert tiny["chance.second.right_side"]["value"] == 0.5
    assert (results["num"], results["seed"], results["model_name"]) == (NUM, 3, str(checkpoint))
    assert len(results["judge"]) == len(results["model"]) == 64
    assert [row.metric for row in read_rows(whole)["tiny"][:2]] == ["second.brightness", "second.right_side"]


def test_the_conversation_that_was_held_comes_back_as_it_was(whole):
    run = read_run(whole)
    task = run.of_suite("tiny")[2]
    first, second = run.conversation(task)
    assert (first.instruction.text, second.instruction.text) == ("A woman 2.", "A close-up.")
    assert second.response.picture.pixels.mean() / 255 == pytest.approx(task.rows[0].value)
    assert task.shown[1].text == "<b>2</b>"


@pytest.mark.kills
def test_a_run_of_two_workers_killed_on_its_way_goes_on_alone_to_identical_results(
    checkpoint, whole, tmp_path
):
    out = tmp_path / "run"
    program = tiny_run.__file__
    with subprocess.Popen(
        [sys.executable, program, checkpoint, out, str(NUM)], stderr=subprocess.PIPE
    ) as process:
        _wait_for_lines(out / "tasks.jsonl", 2, process)
        process.send_signal(signal.SIGKILL)
        # Workers hold the same stderr: it ends when the last of them has noticed.
        assert process.stderr.read() == b""
    assert not (out / "results.json").exists()
    before = (out / "tasks.jsonl").read_bytes().count(b"\n")
    _run(checkpoint, out)
    assert before < NUM
    assert _told(out) == _told(whole)
    assert (out / "tasks.jsonl").read_bytes().count(b"\n") == NUM, "nothing was computed twice"


def _wait_for_lines(path: Path, num: int, process: subprocess.Popen) -> None:
    while not path.exists() or path.read_bytes().count(b"\n") < num:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.002)


def test_a_torn_last_line_and_lost_pictures_are_computed_again(checkpoint, whole, tmp_path):
    out = tmp_path / "run"
    _run(checkpoint, out)
    lines = (out / "tasks.jsonl").read_bytes().splitlines(keepends=True)
    for kept in (0, 1, len(lines[-1]) - 1):
        (out / "tasks.jsonl").write_bytes(b"".join(lines[:-1]) + lines[-1][:kept])
        assert len(read_run(out).tasks) == NUM - 1
    next((out / "pictures").iterdir()).unlink()
    (out / "pictures" / "half.png.tmp").write_bytes(b"half")
    _run(checkpoint, out)
    assert _told(out) == _told(whole)
    assert not list(out.rglob("*.tmp"))


def test_results_do_not_depend_on_threads_or_on_the_tasks_before(checkpoint, whole, tmp_path):
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        _run(checkpoint, tmp_path / "run", names=["all"])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    both = (tmp_path / "run" / "rows.jsonl").read_text().splitlines()
    assert [line for line in both if '"suite": "tiny"' in line] == (
        whole / "rows.jsonl"
    ).read_text().splitlines()


def test_a_finished_run_is_told_again_without_computing(checkpoint, whole, tmp_path):
    told = []
    before = (whole / "tasks.jsonl").stat().st_mtime_ns
    results = _run(checkpoint, whole, tell=told.append)
    assert results == json.loads((whole / "results.json").read_text())
    assert (whole / "tasks.jsonl").stat().st_mtime_ns == before
    assert [(progress.done, progress.total, progress.resumed) for progress in told] == [(NUM, NUM, NUM)]


def test_other_options_in_the_same_folder_are_refused_by_name(checkpoint, whole, tmp_path):
    with pytest.raises(ValueError, match=r"num 6, not 7; use the same options"):
        _run(checkpoint, whole, num=7)
    with pytest.raises(ValueError, match=r"suites tiny, not tiny other; seed 3, not 4"):
        _run(checkpoint, whole, names=["tiny", "other"], seed=4)
    with pytest.raises(ValueError, match="model"):
        _run(make_checkpoint(tmp_path / "model", seed=1), whole)


def test_a_folder_of_something_else_stays_as_it_is(checkpoint, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ValueError, match="holds something else"):
        _run(checkpoint, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_two_runs_never_write_to_one_folder(checkpoint, whole):
    options = read_run(whole).options
    with open_run(whole, options), pytest.raises(ValueError, match="Another evaluation is writing"):
        _run(checkpoint, whole)


def test_a_task_that_fails_is_named_and_the_others_are_kept(checkpoint, tmp_path):
    suites = {"tiny": TinySuite(fails_at=2)}
    with pytest.raises(ValueError, match="Task 2 of suite tiny failed: the paint has dried"):
        _run(checkpoint, tmp_path / "run", suites=suites)
    assert sorted(read_run(tmp_path / "run").tasks) == [("tiny", 0), ("tiny", 1)]


def test_a_worker_tells_what_failed_and_a_lost_worker_is_noticed(checkpoint):
    setup, _ = prepare(Measured(model=str(checkpoint)), seed=3)
    handler = signal.getsignal(signal.SIGINT)
    ours, theirs = multiprocessing.Pipe()
    ours.send(("tiny", 0))
    try:
        work(theirs, setup, {"tiny": TinySuite(fails_at=0)})
    finally:
        signal.signal(signal.SIGINT, handler)
    with pytest.raises(ValueError, match="Task 0 of suite tiny failed"):
        receive(ours)
    theirs.close()
    with pytest.raises(ValueError, match="ended from outside"):
        receive(ours)


def test_a_value_that_is_no_number_is_not_averaged_silently(whole):
    bad = Outcome(rows=(Row(dialogue="d", metric="second.psnr_db", value=np.inf),))
    with pytest.raises(ValueError, match=r"measured inf as second\.psnr_db"):
        read_run(whole).add("tiny", 0, bad, 0.0)


def test_suites_are_chosen_by_name_in_their_usual_order():
    assert list(chosen_suites(["other", "tiny"], SUITES)) == ["tiny", "other"]
    assert list(chosen_suites([], SUITES)) == list(chosen_suites(["all"], SUITES)) == ["tiny", "other"]
    with pytest.raises(ValueError, match=r"no suite 'named'; choose from tiny, other"):
        chosen_suites(["tiny", "named"], SUITES)


def test_a_run_that_fails_before_its_first_task_leaves_no_folder(checkpoint, tmp_path):
    out = tmp_path / "runs" / "one"
    with pytest.raises(ValueError, match="the paint has dried"):
        _run(checkpoint, out, suites={"tiny": TinySuite(fails_at=0)})
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="the paint has dried"):
        _run(checkpoint, out, suites={"tiny": TinySuite(fails_at=1)})
    assert len(read_run(out).tasks) == 1
    with pytest.raises(ValueError, match="seed 3, not 4"):
        _run(checkpoint, out, seed=4)
    (out / "tasks.jsonl").write_bytes(b"")
    assert _run(checkpoint, out, seed=4, num=1)["seed"] == 4


def test_a_run_of_an_unfinished_training_says_so(checkpoint, tmp_path):
    shutil.copytree(checkpoint, tmp_path / "run" / "model")
    (tmp_path / "run" / "stages" / "stage1").mkdir(parents=True)
    results = _run(tmp_path / "run" / "model", tmp_path / "out", num=1)
    (warning,) = results["warnings"]
    assert "has not finished (stage1)" in warning
