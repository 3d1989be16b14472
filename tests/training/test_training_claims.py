"""A training that fails at once leaves its folder to the corrected command; one that was stopped is known."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from limner.models.checkpoint import save_manifest
from limner.models.presets import TINY
from limner.training.finished import unfinished_stages
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.recipe_files import read_recipe, recipe_names, recipe_path
from limner.training.run import check_kinds, check_recipe, run_stage
from limner.training.run_options import RunOptions


class Stage:
    """One weight that learns to be small; it may fail at a step."""

    fails_at = -1

    def __init__(self, context) -> None:
        self.network, self.steps = nn.Linear(1, 1), 0

    def loss(self, chance, batch):
        if chance.step == self.fails_at:
            raise ValueError("the paint has dried")
        return self.network(torch.ones(batch, 1)).square().mean(), {}

    def validate(self):
        return {"weight": float(self.network.weight)}

    def write(self) -> None:
        pass


class FailsAtOnce(Stage):
    fails_at = 0


def _recipe(stage: type[Stage] = Stage) -> Recipe:
    plan = Plan(steps=2, batch=1, warmup_steps=0, validations=0)
    return Recipe(name="toy", preset=TINY, plan=plan, build=stage)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    (folder / "language").mkdir(parents=True)
    save_manifest(folder, TINY, ("regression",))
    (folder / "language" / "model.safetensors").write_bytes(b"weights")
    return folder


def test_a_training_that_fails_at_once_leaves_nothing(base: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs" / "one"
    with pytest.raises(ValueError, match="dried"):
        run_stage(_recipe(FailsAtOnce), RunOptions(out=out, base=base, device="cpu", tensorboard=False))
    assert not (out / "model").exists()
    assert not (out / "stages").exists()
    (out / "model" / "vision").mkdir(parents=True)  # of another stage
    with pytest.raises(ValueError, match="dried"):
        run_stage(_recipe(FailsAtOnce), RunOptions(out=out, base=base, device="cpu", tensorboard=False))
    assert [path.name for path in (out / "model").iterdir()] == ["vision"]
    assert (base / "language" / "model.safetensors").read_bytes() == b"weights"


class FailsBesideAnother(Stage):
    """While it begins, a stage beside it ends."""

    fails_at = 0

    def __init__(self, context) -> None:
        super().__init__(context)
        (context.model_folder / "autoencoder").mkdir(parents=True)


def test_a_stage_that_fails_leaves_alone_what_another_has_written_meanwhile(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="dried"):
        run_stage(_recipe(FailsBesideAnother), RunOptions(out=tmp_path, device="cpu", tensorboard=False))
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["autoencoder"]
    assert not (tmp_path / "stages").exists()


def test_a_stage_is_unfinished_until_it_has_ended(base: Path, tmp_path: Path, monkeypatch) -> None:
    seen = []
    monkeypatch.setattr(Stage, "write", lambda self: seen.append(unfinished_stages(tmp_path / "model")))
    run_stage(_recipe(), RunOptions(out=tmp_path, base=base, device="cpu", tensorboard=False))
    assert seen == [["toy"]]
    assert unfinished_stages(tmp_path / "model") == []


def test_recipes_are_read_before_they_are_loaded(tmp_path: Path) -> None:
    assert {"miniature", "stage1", "senses_teacher"} <= set(recipe_names())
    assert read_recipe("miniature").is_pipeline
    assert read_recipe("stage1").has_variants
    assert not read_recipe("vision").has_variants
    assert read_recipe("stage1").scales is None
    assert set(read_recipe("stage2").kinds or ()) == {"face_to_image", "named"}
    assert read_recipe("vision").kinds is None
    assert set(read_recipe("vision").scales or ()) <= {"tiny", "sketch", "miniature", "seed-x"}
    own = tmp_path / "vision.py"
    own.write_text("def recipe(scale): ...\n")
    assert recipe_path("vision", tmp_path) == own
    assert recipe_path("senses", tmp_path).parent.name == "recipes"
    own.write_text("def recipe(scale:\n")
    for path, said in (
        (own, "no recipe"),
        ("nonsense", "there are: align_tokens, autoencoder"),
        ("__init__", "There is no"),
    ):
        with pytest.raises(ValueError, match=said):
            read_recipe(str(path))
    with pytest.raises(ValueError, match="has no variants"):
        check_recipe("vision", RunOptions(scale="tiny", variant="paper"))
    with pytest.raises(ValueError, match="not to a pipeline"):
        check_recipe("miniature", RunOptions(scale="tiny", mix="named=1"))
    check_kinds("stage2", ["named"], [])
    check_kinds("stage2", ["mine"], ["mine", "multi_turn"])
    check_kinds("vision", ["anything"], [])  # whose text does not tell
    for data, mix in ((["mine"], []), ([], ["mine"]), (["named"], ["mine"])):
        with pytest.raises(ValueError, match="no dialogues named mine; it has"):
            check_kinds("stage2", data, mix)
    with pytest.raises(ValueError, match="no scale 'huge'"):
        check_recipe("vision", RunOptions(scale="huge"))
