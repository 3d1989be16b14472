"""`limner evaluate`: JSON alone on stdout, one sentence for a mistake, Ctrl-C keeps what is done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from user_mistakes import one_sentence

from limner.cli.evaluate import named_folders, unused

WORDS = ("evaluate", "editing", "--num", 2, "--seed", 3, "--workers", 1, "--out", "run")


def test_json_alone_on_stdout_then_the_same_again_and_a_comparison_with_itself(limner, checkpoint, tmp_path):
    first = limner(*WORDS, "--json", "--model", checkpoint)
    assert first.code == 0, first.err
    results = json.loads(first.out)
    told = results["suites"]["editing"]["single_turn.psnr_db"]
    assert set(told) == {"value", "low", "high", "n", "tasks"}
    assert told["low"] <= told["value"] <= told["high"]
    assert sorted(path.name for path in (tmp_path / "run").iterdir() if path.is_file()) == [
        ".lock",
        "report.html",
        "results.json",
        "rows.jsonl",
        "run.json",
        "tasks.jsonl",
        "timing.json",
    ]
    assert limner(*WORDS, "--json", "--model", checkpoint).out == first.out
    read = limner(*WORDS, "--model", checkpoint)
    assert "single_turn.psnr_db" in read.out
    assert "what is asked of the model" in read.out
    assert "run/report.html" in read.err
    compared = limner("evaluate", "compare", "run", "run", "--json")
    differences = json.loads(compared.out)["suites"]["editing"]
    assert {told["value"] for told in differences.values()} == {0.0}
    assert "B - A" in limner("evaluate", "compare", "run", "run").out
    assert "num 2, not 3" in one_sentence(limner(*WORDS, "--num", 3, "--model", checkpoint))
    assert limner("evaluate", "document", "run", "--out", "doc/evaluation.md").code == 0
    assert "limner evaluate editing" in (tmp_path / "doc" / "evaluation.md").read_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["evaluate", "nmaed"], "There is no suite 'nmaed'; choose from reconstruct, personalize, named"),
        (["evaluate", "named", "--model", "nowhere"], "There is no model at nowhere"),
        (["evaluate", "named", "--judge", "nowhere"], "There is no judge at nowhere"),
        (["evaluate", "named", "--also", "stage1"], "NAME=FOLDER"),
        (["evaluate", "named", "--also", "stage1=nowhere"], "There is no model at nowhere"),
        (["evaluate", "named", "--num", "0"], "--num"),
        (["evaluate", "compare", "nowhere", "here"], "There is no evaluation at nowhere"),
        (["evaluate", "compare", "nowhere"], "Missing argument"),
        (["evaluate", "document", "nowhere"], "There are no results at nowhere"),
        (["evaluate", "document", "nowhere", "--out", "numbers.txt"], "should be a .md file"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing_behind(limner, tmp_path, words, sentence):
    assert sentence in one_sentence(limner(*words))
    assert list(tmp_path.iterdir()) == []


def test_true_tokens_are_for_models_that_read_scenes(limner, checkpoint):
    words = ("evaluate", "editing", "--num", 1, "--workers", 1, "--true-tokens", "--model", checkpoint)
    assert "leave out --true-tokens" in one_sentence(limner(*words))


def test_help_tells_suites_options_and_the_other_commands(limner):
    told = limner("evaluate", "--help")
    assert told.code == 0
    for word in ("[SUITE]...", "rollback", "--also", "compare A B", "document"):
        assert word in told.out
    assert "evaluate" in limner("--help").out
    assert "B minus A" in limner("evaluate", "compare", "--help").out


def test_a_model_is_named_once():
    assert named_folders(["a=b/c", "d=e=f"]) == {"a": "b/c", "d": "e=f"}
    with pytest.raises(ValueError, match="twice"):
        named_folders(["a=b", "a=c"])


def test_a_further_model_that_nothing_measured_is_told():
    results = {"suites": {"personalize": {"stage1.paired.traits": {}, "model.paired.traits": {}}}}
    assert unused(["stage1", "stage2", "paire"], results) == ["stage2", "paire"]


@pytest.mark.kills
def test_ctrl_c_ends_with_130_and_the_same_command_goes_on(limner, checkpoint, tmp_path):
    words = [
        "evaluate",
        "editing",
        "--num",
        "40",
        "--out",
        "run",
        "--model",
        str(checkpoint),
        "--workers",
        "1",
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "limner.cli.main", *words],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell in the background hands on that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        tasks = tmp_path / "run" / "tasks.jsonl"
        while not tasks.exists() or tasks.read_bytes().count(b"\n") < 2:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130, err
    assert out == ""
    assert "of 40 tasks; run the same command to go on" in err
    assert "Traceback" not in err
    assert not (tmp_path / "run" / "results.json").exists()
