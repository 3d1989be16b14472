"""What the processes of test_training_processes.py run; started by torchrun, results left as JSON.

torchrun --nproc-per-node 2 two_processes.py FOLDER RECIPE[:VARIANT] ...
"""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import torch

from limner.models.checkpoint import save_component, save_manifest
from limner.models.model import build_component
from limner.models.presets import TINY
from limner.training.components import write_adapter_component
from limner.training.loop import Trainer
from limner.training.processes import Processes, join, whole_tensor
from limner.training.recipe import Recipe, Task
from limner.training.recipe_files import load_recipe
from limner.training.run_context import RunContext
from limner.training.stages.language import LanguageTask
from limner.training.stages.vocabulary import make_vocabulary
from limner.training.state import trainable

STEPS = 3
# Batches of one kind each: no picture at all, one that is seen, one that is painted, some of each.
VARIED = {"binding_text": 1, "question": 1, "text_to_image": 1, "named": 1}


def random_run_folder(folder: Path) -> Path:
    """A run folder whose frozen components hold random weights."""
    torch.manual_seed(0)
    make_vocabulary(RunContext(out=folder, preset=TINY, device=torch.device("cpu")))
    save_manifest(folder / "model", TINY, ("regression", "flow"))
    for name in ("vision", "language", "token_head", "autoencoder"):
        save_component(folder / "model", name, build_component(name, TINY))
    return folder


def tiny(word: str) -> Recipe:
    """A recipe at the tiny scale: three steps of three micro-batches, which two processes can't share
    evenly. "varied:VARIANT" is multi_round on batches with and without pictures.
    """
    name, _, variant = word.partition(":")
    varied = name == "varied"
    module = load_recipe("multi_round" if varied else name)
    recipe: Recipe = module.recipe("tiny", variant) if variant else module.recipe("tiny")
    plan = replace(recipe.plan, steps=STEPS, batch=2, accumulation=3, warmup_steps=2, validations=0)
    if not varied:
        return replace(recipe, plan=plan)
    stage = replace(recipe.build, mix=VARIED, dialogues=dict.fromkeys(VARIED, 8), measured=("question",))
    return replace(recipe, name="varied", plan=plan, build=stage)


def trainer_of(recipe: Recipe, out: Path, folder: Path, team: Processes) -> tuple[Trainer, Task]:
    """Built as `run_stage` does."""
    torch.manual_seed(0)
    context = RunContext(out=out, preset=recipe.preset, device=team.device, workers=1, processes=team)
    task = recipe.build(context)
    made = Trainer(
        task, recipe.plan, folder, name=recipe.name, device=team.device, tensorboard=False, processes=team
    )
    return made, task


def main(out: Path, words: list[str]) -> None:
    """Every recipe whole, stopped after two steps, and resumed; an adapter is written, then taken out of the
    way.
    """
    team = join("cpu")
    for word in words:
        recipe, place = tiny(word), out / "several" / word.replace(":", "-")
        whole, task = trainer_of(recipe, out, place / "whole", team)
        held_out = whole.run()
        stopped, _ = trainer_of(recipe, out, place / "stopped", team)
        stopped.run(until=2)
        if team.is_first:
            shutil.copytree(place / "stopped", place / "parts")
        team.wait()
        resumed, again = trainer_of(recipe, out, place / "parts", team)
        told = {"held_out": held_out, "resumed": resumed.run()}
        pairs = [(p, trainable(again.network)[name]) for name, p in trainable(task.network).items()]
        told["same"] = all(torch.equal(whole_tensor(one), whole_tensor(other)) for one, other in pairs)
        told["split"] = sum(hasattr(p, "full_tensor") for p, _ in pairs)
        told["written"] = sorted(path.name for path in (place / "stopped" / "state").iterdir())
        if recipe.makes[0] == "adapter":
            assert isinstance(task, LanguageTask)
            write_adapter_component(task.context, task.language)
            if team.is_first:
                shutil.move(out / "model" / "adapter", place / "adapter")
        if team.is_first:
            (place / "told.json").write_text(json.dumps(told))
        team.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
