"""Every recipe takes two steps at the tiny scale, and one step plus a resumed one is the same to the bit."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from limner.training.components import is_made
from limner.training.loop import Trainer
from limner.training.recipe import Recipe, Task
from limner.training.recipe_files import load_recipe, recipe_names
from limner.training.run import main, run_stage
from limner.training.run_context import RunContext
from limner.training.run_options import RunOptions

pytestmark = pytest.mark.long

# In an order in which each finds what it needs.
PIPELINES = ("miniature", "detokenizer_unet")
# Not of the tiny scale; see test_public_language.py, test_face_reader_stage.py and
# test_layers_of_scenes.py.
ELSEWHERE = (
    "align_tokens",
    "face_reader",
    "place_reader",
    "scene_layers",
    "scene_details",
    "style_layer",
)
STAGES_OF_ALL = (
    *itertools.chain.from_iterable(load_recipe(name).pipeline("tiny").stages for name in PIPELINES),
    "detokenizer_all_tokens",
    "senses_teacher",
)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run folder for the whole pipeline: later stages read what earlier ones wrote."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Sums split over threads differ in their last bit from run to run."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _recipe(name: str) -> Recipe:
    recipe = load_recipe(name).recipe("tiny")
    assert isinstance(recipe, Recipe)
    return replace(recipe, plan=replace(recipe.plan, steps=2, validations=0))


def _trainer(recipe: Recipe, out: Path, folder: Path) -> tuple[Trainer, Task]:
    torch.manual_seed(0)
    context = RunContext(out=out, preset=recipe.preset, device=torch.device("cpu"))
    task = recipe.build(context)
    trainer = Trainer(task, recipe.plan, folder, name=recipe.name, device=context.device, tensorboard=False)
    return trainer, task


def test_the_pipeline_names_every_recipe_once() -> None:
    files = set(recipe_names()) - set(PIPELINES) - set(ELSEWHERE)
    assert sorted(STAGES_OF_ALL) == sorted(files)


@pytest.mark.parametrize("name", STAGES_OF_ALL)
def test_two_steps_equal_one_and_one_resumed(name: str, out: Path, tmp_path: Path) -> None:
    recipe = _recipe(name)
    missing = [part for part in recipe.needs if not is_made(out / "model", part)]
    assert not missing, f"run the whole file: {name} reads {missing} of earlier stages"

    resumed, _ = _trainer(recipe, out, tmp_path / "parts")
    resumed.run(until=1)
    resumed, resumed_stage = _trainer(recipe, out, tmp_path / "parts")
    parts = resumed.run()
    whole, task = _trainer(recipe, out, tmp_path / "whole")
    assert whole.run() == parts
    for key, value in task.network.state_dict().items():
        assert torch.equal(value, resumed_stage.network.state_dict()[key]), key

    with torch.no_grad(), whole.averaged():
        task.write()
    assert all(is_made(out / "model", part) for part in recipe.makes)


def test_a_stage_without_its_components_says_which(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="detokenizer_human needs vision, autoencoder"):
        run_stage(_recipe("detokenizer_human"), RunOptions(out=tmp_path))


def test_an_unknown_recipe_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["portraiture", "--scale", "tiny"]) == 2
    assert "There is no recipe portraiture" in capsys.readouterr().err


def test_a_finished_stage_is_not_trained_again(out: Path) -> None:
    recipe = _recipe("autoencoder")
    options = RunOptions(out=out, device="cpu", workers=1, tensorboard=False)
    numbers = run_stage(recipe, options)
    written = (out / "model" / "autoencoder" / "model.safetensors").stat().st_mtime_ns
    assert run_stage(recipe, options) == numbers
    assert (out / "model" / "autoencoder" / "model.safetensors").stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("variant", "kind"),
    [("unet_stage1", "UNetDetokenizer"), ("unet_stage2", "UNetDetokenizer"), ("dit_256", "DiTDetokenizer")],
)
def test_a_variant_is_a_checkpoint_with_another_detokenizer(out: Path, variant: str, kind: str) -> None:
    from limner.models.checkpoint import load_model

    model, base = load_model(out / f"model_{variant}"), load_model(out / "model")
    assert type(model.detokenizer).__name__ == kind
    assert model.detokenizer.reads_condition == (variant == "unet_stage2")
    for name, weights in base.language.state_dict().items():
        assert torch.equal(weights, model.language.state_dict()[name])
    if kind == "UNetDetokenizer":  # as it is computed anew, but for the rounding of stored matrices
        blank = model.image_tokenizer.pixel_mean.expand(1, 3, 32, 32)
        expected = model.image_tokenizer.float().encode(blank)[0]  # bfloat16 where that is native
        stored = model.detokenizer.negative_tokens.float()
        torch.testing.assert_close(stored, expected, atol=0.02, rtol=0.02)


def test_the_teacher_is_no_judge_and_lies_beside_the_checkpoint(out: Path) -> None:
    from limner.perception.senses import load_senses
    from limner.training.stages.senses import TAUGHT

    teacher, judge = load_senses(out / "teacher"), load_senses(out / "model" / "senses")
    assert not (out / "model" / "teacher").exists()
    for name, network in teacher.networks.items():
        same = all(
            torch.equal(weights, judge.networks[name].state_dict()[key])
            for key, weights in network.state_dict().items()
        )
        assert same == (name not in TAUGHT), name
    assert _recipe("senses_teacher").plan.seed != _recipe("senses").plan.seed


def test_the_pipeline_ends_in_a_checkpoint_that_loads(out: Path) -> None:
    from limner.models.checkpoint import load_model
    from limner.perception.senses import load_senses

    model = load_model(out / "model")
    assert model.preset.name == "tiny"
    assert load_senses(out / "model" / "senses").measured.keys() >= {"same_person", "traits"}


@pytest.mark.parametrize("scale", ["sketch", "miniature"])
def test_small_scales_train_without_an_autoencoder_and_wait_for_no_encoder(scale: str) -> None:
    pipeline = load_recipe("miniature").pipeline(scale)
    assert "autoencoder" not in pipeline.stages
    assert set(pipeline.minutes) == set(pipeline.stages)
    for name in ("detokenizer_natural", "detokenizer_human", "language", "flow_head"):
        recipe = load_recipe(name).recipe(scale)
        assert not {"vision", "autoencoder"} & {*recipe.needs, *pipeline.stages[name]}
