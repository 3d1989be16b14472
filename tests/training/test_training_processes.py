"""Two processes train as one does: the same losses, an exact resume, and a resume by another number of
processes.

The two are started once for the whole file (gloo, on the CPU), on a run folder with random frozen components.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import two_processes
from two_processes import STEPS, random_run_folder, tiny, trainer_of

from limner.models.adapters import with_adapter
from limner.models.model import build_component
from limner.models.precision import compute_dtype
from limner.models.presets import TINY
from limner.training.metric_logger import read_log
from limner.training.plan import learning_rate
from limner.training.processes import Processes
from limner.training.state import trainable

pytestmark = pytest.mark.long

RECIPES = (
    "stage1",
    "stage2:lora64",
    "stage3",
    "multi_round:lora64",
    "varied:lora64",
    "detokenizer_natural",
    "detokenizer_human",
)
# Sums over two processes add up in another order.
# Split weights are gathered in the hardware's own format, and a sum of bfloat16 follows its order.
EXACT = compute_dtype("cpu") is torch.float32
LOSS_TOLERANCE = 1e-5 if EXACT else 5e-3
ALONE = Processes(device=torch.device("cpu"))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder in which two processes have trained every recipe."""
    folder = random_run_folder(tmp_path_factory.mktemp("run"))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    script = two_processes.__file__
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    done = subprocess.run(
        [*command, script, str(folder), *RECIPES],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    return folder


def _told(out: Path, word: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((out / "several" / word.replace(":", "-") / "told.json").read_text())
    return told


@pytest.mark.parametrize("word", RECIPES)
def test_two_processes_lose_as_much_as_one(word: str, out: Path, tmp_path: Path) -> None:
    recipe = tiny(word)
    trainer, _ = trainer_of(recipe, out, tmp_path, ALONE)
    trainer.run()
    together = read_log(out / "several" / word.replace(":", "-") / "whole")
    alone = read_log(tmp_path)
    assert [line["step"] for line in together] == list(range(1, STEPS + 1))
    for ours, theirs in zip(alone, together, strict=True):
        assert theirs["loss"] == pytest.approx(ours["loss"], rel=LOSS_TOLERANCE)
        assert theirs["learning_rate"] == learning_rate(recipe.plan, int(ours["step"]) - 1)


@pytest.mark.parametrize("word", RECIPES)
def test_two_processes_resume_to_the_bit(word: str, out: Path) -> None:
    told = _told(out, word)
    assert told["split"] > 0
    assert told["same"]
    assert told["resumed"] == told["held_out"]
    assert {"network", "optimizer", "state.json"} <= set(told["written"])


def test_one_process_goes_on_where_two_stopped(out: Path, tmp_path: Path) -> None:
    for word in ("stage3", "stage2:lora64", "detokenizer_human"):
        place = out / "several" / word.replace(":", "-")
        shutil.copytree(place / "stopped", tmp_path / word)
        trainer, task = trainer_of(tiny(word), out, tmp_path / word, ALONE)
        held_out = trainer.run()
        last, theirs = read_log(tmp_path / word)[-1], read_log(place / "whole")[-1]
        assert trainer.step == last["step"] == STEPS
        assert last["loss"] == pytest.approx(theirs["loss"], rel=1e-4 if EXACT else 2e-2)
        assert held_out == pytest.approx(
            _told(out, word)["held_out"], rel=1e-3 if EXACT else 5e-2, abs=1e-6 if EXACT else 5e-2
        )
        assert all(torch.isfinite(p).all() for p in trainable(task.network).values())


def test_an_adapter_gathered_from_two_loads_strictly(out: Path) -> None:
    folder = out / "several" / "multi_round-lora64" / "adapter"
    language = build_component("language", TINY)
    before = {name: value.clone() for name, value in language.state_dict().items()}
    after = with_adapter(language, folder).state_dict()
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert {"slots", "llm.lm_head.weight", "llm.model.layers.1.mlp.up_proj.weight"} <= changed
