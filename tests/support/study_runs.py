"""Two small evaluation runs on disk, and a study of them being served for real."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np

from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.evaluation.run_folder import open_run
from limner.evaluation.score import Row
from limner.evaluation.suite import Outcome


def picture(*parts, size_px=24):
    """A picture of its own for these numbers: soft stripes, so that a browser shows something."""
    colours = np.random.default_rng(parts).integers(0, 255, (2, 1, 1, 3))
    across = (np.sin(np.arange(size_px) / 3) / 2 + 0.5)[None, :, None]
    stripes = colours[0] * across + colours[1] * (1 - across)
    return Picture(np.broadcast_to(stripes, (size_px, size_px, 3)).astype(np.uint8))


def conversation(task, run, rounds=3, size_px=24):
    """What a run answered to a task; the first round comes with a given picture."""
    return tuple(
        Round(
            instruction=Instruction(
                text=f"Task {task}, round {index}: paint <b>Mia</b> in a garden.",
                pictures=(picture(task, 9, size_px=size_px),) if index == 0 else (),
            ),
            response=Response(text="Here she is.", picture=picture(task, run, index, size_px=size_px)),
        )
        for index in range(rounds)
    )


def write_runs(folder, num=8, size_px=24):
    """`folder/ours` and `folder/theirs`, finished runs of one suite; their paths."""
    paths = []
    for run, name in enumerate(("ours", "theirs")):
        with open_run(folder / name, {"suites": ["named"], "num": num, "seed": 4}) as opened:
            for task in range(num):
                row = Row(dialogue=f"named-4-{task:05d}", metric="seen", value=1.0)
                held = conversation(task, run, size_px=size_px)
                opened.add("named", task, Outcome(rows=(row,), conversation=held), 0.1)
        paths.append(folder / name)
    return paths


@contextmanager
def serving(folder, *more):
    """`limner study serve` in a process of its own: its `port` and `process`."""
    words = [
        sys.executable,
        "-u",
        "-m",
        "limner.cli.main",
        "study",
        "serve",
        str(folder),
        "--port",
        "0",
        *more,
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            yield SimpleNamespace(port=int(re.search(r":(\d+)/", line).group(1)), process=process)
        finally:
            process.kill()
