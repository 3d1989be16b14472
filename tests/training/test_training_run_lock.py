"""One command trains in a folder at a time; a lock ends with the processes that hold it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from torch import nn

from limner.models.presets import TINY
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.run import run_stage
from limner.training.run_lock import HELD, LOCK, environment_with, locked
from limner.training.run_options import RunOptions

REFUSED = "Another training is writing to"
# Takes the lock, says so, and waits to be told to end.
HOLDS = """
import sys
from pathlib import Path
from limner.training.run_lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def _hold(out: Path, **options) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(out)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


class Still:
    """A stage with nothing to learn."""

    def __init__(self, context) -> None:
        self.network = nn.Linear(1, 1)

    def loss(self, chance, batch):
        return self.network.weight.square().sum(), {}

    def validate(self):
        return {}

    def write(self) -> None:
        pass


def _recipe(name: str) -> Recipe:
    plan = Plan(steps=1, batch=1, warmup_steps=0, validations=0)
    return Recipe(name=name, preset=TINY, plan=plan, build=Still)


def _files(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*"))


def test_a_second_training_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "run"
    run_stage(_recipe("first"), RunOptions(out=out, device="cpu", tensorboard=False))
    before = _files(out)
    with locked(out):
        for recipe in (_recipe("second"), _recipe("first")):
            if recipe.name == "first":  # which has ended, and only tells its numbers
                assert run_stage(recipe, RunOptions(out=out, device="cpu", tensorboard=False)) == {}
                continue
            with pytest.raises(ValueError, match=f"{REFUSED} {out}; wait for it, stop it, or give another"):
                run_stage(recipe, RunOptions(out=out, device="cpu", tensorboard=False))
        assert _files(out) == before
    run_stage(_recipe("second"), RunOptions(out=out, device="cpu", tensorboard=False))


@pytest.mark.kills
def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    holder = _hold(tmp_path / "run")
    with pytest.raises(ValueError, match=REFUSED), locked(tmp_path / "run"):
        pass
    holder.kill()
    holder.communicate()
    with locked(tmp_path / "run"):
        pass


@pytest.mark.kills
def test_what_a_killed_pipeline_has_started_holds_its_lock_to_the_end(tmp_path: Path) -> None:
    out = tmp_path / "run"
    (out / "stages").mkdir(parents=True)
    with locked(out) as lock:
        # A pipeline's stage: it takes no lock of its own, and is not refused.
        stage = _hold(out, pass_fds=(lock,), env=environment_with(lock))
    # The pipeline is gone; its stage is not.
    with pytest.raises(ValueError, match=REFUSED), locked(out):
        pass
    stage.communicate("end\n")
    with locked(out):
        pass


def test_the_lock_of_another_folder_is_no_lock_of_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with locked(tmp_path / "one") as lock, locked(tmp_path / "other"):
        monkeypatch.setenv(HELD, str(lock))
        with pytest.raises(ValueError, match=REFUSED), locked(tmp_path / "other"):
            pass


def test_a_folder_that_stays_empty_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    for out, left in ((tmp_path / "new" / "run", False), (tmp_path / "kept", True)):
        with locked(out):
            assert (out / LOCK).is_file()
        assert out.exists() is left
        assert not (out / LOCK).exists()
    assert not (tmp_path / "new").exists()


def test_a_lock_that_is_taken_away_while_another_opens_it_is_not_held_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_open, taken = os.open, []

    def open_and_lose(path, *rest):
        file = plain_open(path, *rest)
        if not taken:  # its holder ends at this very moment
            taken.append(path)
            Path(path).unlink()
        return file

    monkeypatch.setattr(os, "open", open_and_lose)
    with locked(tmp_path / "run"):
        monkeypatch.undo()
        with pytest.raises(ValueError, match=REFUSED), locked(tmp_path / "run"):
            pass
    assert taken
