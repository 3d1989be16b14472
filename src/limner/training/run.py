"""From a recipe's name to a finished stage: finds the file, builds the stage, trains, writes the component.

Knows paths and order. Knows nothing about losses. `limner train` is a thin wrapper around `run_recipe`;
`python -m limner.training.run NAME --out runs/x` does the same, and is what several processes are started
with:

    torchrun --nproc-per-node 8 -m limner.training.run stage1 --scale seed-x --out runs/seed-x
    accelerate launch --num_processes 8 -m limner.training.run stage1 --scale seed-x --out runs/seed-x
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import sys
from argparse import SUPPRESS
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from limner.models.presets import PRESETS
from limner.models.unet_sizes import UNetDetokenizerSizes
from limner.training.finished import FINISHED, stages_folder
from limner.training.mix import MULTI_TURN
from limner.training.pipeline import INTERRUPTED, run_pipeline
from limner.training.recipe_files import load_recipe, read_recipe, recipe_path
from limner.training.run_lock import locked
from limner.training.run_options import RunOptions
from limner.training.stopped import Stopped

if TYPE_CHECKING:  # torch is imported late, so that the processes that render start quickly
    from limner.models.presets import Preset
    from limner.training.processes import Processes
    from limner.training.recipe import Recipe


def run_recipe(path_or_name: str, options: RunOptions) -> dict[str, float]:
    """Run the recipe (or a whole pipeline of them) in folder `options.out`, resuming whatever stands there.

    Args:
        path_or_name: the path of a .py file, or the name of a recipe in the package.
        options: where and how.

    Returns:
        The stage's last held-out numbers; those of a pipeline's stages as "stage/number".

    Raises:
        Stopped: after Ctrl-C or a terminate signal; the same call goes on from there.
        ValueError: no such recipe or scale, an earlier stage is missing, or another command trains in that
            folder.
    """
    check_recipe(path_or_name, options)
    beside = recipe_path(path_or_name).parent
    module = load_recipe(path_or_name)
    _check_scale(module, path_or_name, options.scale, beside)
    if not hasattr(module, "pipeline"):
        return run_stage(_recipe(module, path_or_name, options), options)
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise ValueError(
            "Several processes train one recipe at a time; start the pipeline's recipes one by one."
        )
    with locked(options.out) as lock:
        return run_pipeline(module.pipeline(options.scale), options, beside=beside, lock=lock)


def run_stage(recipe: Recipe, options: RunOptions) -> dict[str, float]:
    """Train one stage to its end and write its component; a finished stage only returns its numbers again.
    The folder is locked meanwhile: ValueError when another command trains in it.

    A stage that fails before its first training state is saved leaves no claim on the folder.
    """
    from limner.training.begun import begun
    from limner.training.data_words import read_assignments
    from limner.training.mix import with_mix
    from limner.training.processes import join

    out = options.out
    finished = stages_folder(out) / recipe.name / FINISHED
    if finished.is_file():
        numbers: dict[str, float] = json.loads(finished.read_text())["held_out"]
        _say(f"{recipe.name}: finished before; delete {finished.parent} to train it anew")
        return numbers
    folders = read_assignments(options.data)
    if options.mix is not None:
        recipe = with_mix(recipe, options.mix, folders)
    team = join(options.device)
    with ExitStack() as inside:
        if team.is_first:
            inside.enter_context(locked(out))
            inside.enter_context(begun(out, recipe.name, options.base))
        team.wait()
        return _train(recipe, options, team, folders, finished)


def _train(
    recipe: Recipe,
    options: RunOptions,
    team: Processes,
    folders: Mapping[str, Path | None],
    finished: Path,
) -> dict[str, float]:
    import torch

    from limner.training.components import is_made
    from limner.training.loop import Trainer
    from limner.training.render_pool import default_workers
    from limner.training.run_context import RunContext

    out = options.out
    missing = [name for name in recipe.needs if not is_made(out / "model", name)]
    if missing:
        raise ValueError(
            f"{recipe.name} needs {', '.join(missing)} in {out / 'model'}; train those stages first, "
            "or start from a checkpoint (--base FOLDER)."
        )
    if options.threads:
        torch.set_num_threads(options.threads)
    # Numbers below 1e-38 make some processors tens of times slower, and teach nothing.
    torch.set_flush_denormal(True)
    torch.manual_seed(recipe.plan.seed)  # the first weights
    context = RunContext(
        out=out,
        preset=_preset(recipe, out),
        device=team.device,
        workers=default_workers() if options.workers is None else options.workers,
        seed=recipe.plan.seed,
        data=folders,
        processes=team,
    )
    task = recipe.build(context)
    plan = recipe.plan if options.steps is None else replace(recipe.plan, steps=options.steps)
    if options.micro_batch is not None:
        plan = plan.in_micro_batches_of(options.micro_batch)
    trainer = Trainer(
        task,
        plan,
        context.stage_folder(recipe.name),
        name=recipe.name,
        device=context.device,
        minutes=options.minutes,
        tensorboard=options.tensorboard,
        processes=team,
    )
    numbers = trainer.run()
    task.network.eval()
    with torch.no_grad(), trainer.averaged():
        task.write()
    if team.is_first:
        told = {"name": recipe.name, "scale": recipe.preset.name, "steps": trainer.step, "held_out": numbers}
        fresh = finished.with_name("finished.fresh")
        fresh.write_text(json.dumps({**told, "expected": dict(recipe.expected)}, indent=1))
        os.replace(fresh, finished)
    return numbers


def _preset(recipe: Recipe, out: Path) -> Preset:
    """The recipe's sizes; at full scale, and where the language model is a public one, those of the
    checkpoint, which was converted from whatever there was. A recipe of a UNet keeps to a UNet, the
    checkpoint's where that is one.
    """
    from limner.models.checkpoint import MANIFEST, load_manifest

    if not (out / "model" / MANIFEST).is_file():
        return recipe.preset
    found, _ = load_manifest(out / "model")
    if recipe.preset.name != "seed-x" and not found.language.public_config:
        return recipe.preset
    if not found.name.startswith(recipe.preset.name):
        raise ValueError(
            f"{out / 'model'} holds a {found.name} model, this is a recipe for {recipe.preset.name}."
        )
    wanted, own = recipe.preset.detokenizer, found.detokenizer
    if isinstance(wanted, UNetDetokenizerSizes):
        if isinstance(own, UNetDetokenizerSizes):
            wanted = replace(own, reads_condition=wanted.reads_condition)
        return replace(found, detokenizer=wanted)
    return found


def _recipe(module: ModuleType, name: str, options: RunOptions) -> Recipe:
    made: Recipe
    if "variant" in inspect.signature(module.recipe).parameters:
        made = module.recipe(options.scale, options.variant)
    elif options.variant is not None:
        raise ValueError(f"{name} has no variants; leave {options.variant!r} out.")
    else:
        made = module.recipe(options.scale)
    return made


def check_recipe(path_or_name: str, options: RunOptions) -> None:
    """Raises ValueError for what a recipe's text alone shows to be wrong; loads nothing."""
    scale, variant = options.scale, options.variant
    if scale not in PRESETS:
        raise ValueError(f"There is no scale {scale!r}; choose one of {', '.join(PRESETS)}.")
    told = read_recipe(path_or_name)
    if told.is_pipeline and (options.are_of_one_recipe or variant is not None):
        raise ValueError(
            "A variant, data, a mix, a micro-batch or a base belong to one recipe, not to a pipeline."
        )
    if not told.is_pipeline and variant is not None and not told.has_variants:
        raise ValueError(f"{path_or_name} has no variants; leave {variant!r} out.")
    _check_plan(path_or_name, scale, told.scales)


def check_kinds(path_or_name: str, data: Collection[str], mix: Collection[str]) -> None:
    """Raises ValueError when a recipe's text alone shows that it has no dialogues of a name: of a share, or,
    where no shares are given, of a data set. Loads nothing.
    """
    kinds = read_recipe(path_or_name).kinds
    known = {*(kinds or ()), *((*data, MULTI_TURN) if mix else ())}
    unknown = [name for name in mix or data if name not in known]
    if kinds is not None and unknown:
        raise ValueError(
            f"The recipe {path_or_name} has no dialogues named {', '.join(unknown)}; "
            f"it has {', '.join(kinds)}."
        )


def _check_scale(module: ModuleType, name: str, scale: str, beside: Path) -> None:
    """Raises ValueError when a recipe (or any stage of a pipeline) has no numbers for the scale."""
    if hasattr(module, "pipeline"):
        for stage in module.pipeline(scale).stages:
            _check_scale(load_recipe(stage, beside), stage, scale, beside)
        return
    _check_plan(name, scale, getattr(module, "PLANS", None))


def _check_plan(name: str, scale: str, scales: Collection[str] | None) -> None:
    if scales is not None and scale not in scales:
        raise ValueError(
            f"The recipe {name} has no plan for the scale {scale!r}; it has {', '.join(scales)}."
        )


def main(arguments: list[str] | None = None) -> int:
    """The command line; results as JSON on standard output, everything else on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m limner.training.run", description=f"{run_recipe.__doc__}\n{RunOptions.__doc__}"
    )
    parser.add_argument("recipe")
    kinds: dict[str, Callable[[str], object]] = {"steps": int, "minutes": float, "out": Path, "base": Path}
    kinds |= dict.fromkeys(("workers", "jobs", "threads", "micro_batch"), int)
    for name in ("scale", "device", "variant", "mix", *kinds):
        parser.add_argument(f"--{name.replace('_', '-')}", type=kinds.get(name, str), default=SUPPRESS)
    parser.add_argument("--data", action="append", default=[], metavar="NAME=FOLDER")
    given = vars(parser.parse_args(arguments))
    try:
        options = {**given, "data": tuple(given["data"])}
        numbers = run_recipe(options.pop("recipe"), RunOptions(**options))
    except ValueError as error:
        _say(f"error: {error}")
        return 2
    except Stopped as stopped:
        _say(f"{stopped}; run the same command to go on")
        return INTERRUPTED
    if os.environ.get("RANK", "0") == "0":
        print(json.dumps(numbers, indent=1))
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
