"""Stages of a pipeline wait for what they need, run side by side otherwise, and are saved when stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import WAIT_S, until

from limner.training.recipe import Pipeline
from limner.training.run import main

_PIPELINE = """
from limner.training.recipe import Pipeline
def pipeline(scale):
    return Pipeline(stages={"left": (), "right": (), "top": ("left", "right")})
"""
# Every step of a stage takes until the file "go" is there.
_STAGE = """
import time
from pathlib import Path
import torch
from torch import nn
from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
OUT = Path("log")
class Slow:
    def __init__(self, context):
        self.network = nn.Linear(1, 1)
    def loss(self, chance, batch):
        with OUT.open("a") as log:
            log.write("NAME\\n")
        while not Path("go").exists() and not Path("stop").exists():
            time.sleep(0.01)
        error = self.network(torch.ones(batch, 1)).square().mean()
        return error, {}
    def validate(self):
        return {"weight": float(self.network.weight)}
    def write(self):
        pass
def recipe(scale):
    plan = Plan(steps=3, batch=1, warmup_steps=0, validations=0)
    return Recipe(name="NAME", preset=PRESETS[scale], plan=plan, build=Slow)
"""


@pytest.mark.kills
def test_a_pipeline_told_to_stop_saves_all_that_runs_and_goes_on_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    (recipes / "all.py").write_text(_PIPELINE)
    for name in ("left", "right", "top"):
        (recipes / f"{name}.py").write_text(_STAGE.replace("NAME", name))
    command = [
        sys.executable,
        "-m",
        "limner.training.run",
        "recipes/all.py",
        "--scale",
        "tiny",
        "--out",
        "run",
    ]
    command += ["--jobs", "2", "--device", "cpu"]
    log = tmp_path / "log"

    said = tmp_path / "said"
    with said.open("w") as stderr:
        stopped = subprocess.Popen(command, cwd=tmp_path, stderr=stderr)
    until(lambda: log.is_file() and {"left", "right"} <= set(log.read_text().split()))
    for recipe in ("all", "top", "left"):  # others want the folder
        words = [str(recipes / f"{recipe}.py"), "--scale", "tiny", "--out", str(tmp_path / "run")]
        assert main([*words, "--device", "cpu"]) == 2
        assert "Another training is writing to" in capsys.readouterr().err
    stopped.send_signal(signal.SIGTERM)
    until(lambda: said.read_text().count("stopping after this step") == 2)
    (tmp_path / "stop").touch()
    assert stopped.wait(WAIT_S) == 130
    assert sorted(log.read_text().split()) == ["left", "right"]
    assert {path.parent.name for path in tmp_path.glob("run/stages/*/state")} == {"left", "right"}

    (tmp_path / "go").touch()
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=WAIT_S)
    assert set(json.loads(told.stdout)) == {"left/weight", "right/weight", "top/weight"}
    steps = log.read_text().split()
    assert sorted(steps) == 3 * ["left"] + 3 * ["right"] + 3 * ["top"]
    assert steps[-3:] == 3 * ["top"]


def test_a_stage_waits_only_for_one_before_it() -> None:
    with pytest.raises(ValueError, match="top waits for left"):
        Pipeline(stages={"top": ("left",), "left": ()})
