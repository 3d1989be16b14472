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
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from limner.models.presets import PRESETS
from limner.models.unet_sizes import UNetDetokenizerSizes
from limner.training.finished import FINISHED, begun, stages_folder
from limner.training.mix import MULTI_TURN
from limner.training.pipeline import INTERRUPTED, run_pipeline
from limner.training.recipe_files import load_recipe, read_recipe, recipe_path
from limner.training.run_lock import locked
from limner.training.stopped import Stopped

if TYPE_CHECKING:  # torch is imported late, so that the processes that render start quickly
    from limner.models.presets import Preset
    from limner.training.processes import Processes
    from limner.training.recipe import Recipe


def run_recipe(
    path_or_name: str,
    *,
    scale: str = "sketch",
    steps: int | None = None,
    minutes: float | None = None,
    out: Path | str = "runs/default",
    device: str | None = None,
    workers: int | None = None,
    jobs: int = 1,
    threads: int | None = None,
    variant: str | None = None,
    data: Sequence[str] = (),
    micro_batch: int | None = None,
    base: Path | str | None = None,
    mix: str | None = None,
) -> dict[str, float]:
    """Run the recipe (or a whole pipeline of them) in folder `out`, resuming whatever stands there.

    Args:
        path_or_name: the path of a .py file, or the name of a recipe in the package.
        scale: a preset's name.
        steps: optimizer steps instead of the recipe's.
        minutes: wall-clock minutes instead of steps; the first 20 steps decide how many fit.
        device: "cpu", "cuda", or the best there is.
        workers: processes that render samples.
        jobs: how many stages of a pipeline run side by side, each with `threads` threads.
        variant: "whole", "paper" (adapters of its rank) or "lora64", where the recipe has variants.
        data: words NAME=FOLDER, data sets to train on instead of the world; the names are the recipe's, those
            that are not given leave the mix, and NAME=world keeps the world's own.
        micro_batch: samples at once, to fit the memory; the effective batch stays.
        base: a checkpoint folder whose components the run starts from where it has none of its own.
        mix: shares of the kinds of dialogue instead of the recipe's, "named=6,crop=3" (`mix.py`).

    Returns:
        The stage's last held-out numbers; those of a pipeline's stages as "stage/number".

    Raises:
        Stopped: after Ctrl-C or a terminate signal; the same call goes on from there.
        ValueError: no such recipe or scale, an earlier stage is missing, or another command trains in `out`.
    """
    one = bool(data) or any(given is not None for given in (micro_batch, base, mix))
    check_recipe(path_or_name, scale, variant, one=one)
    if steps is not None and minutes is not None:
        raise ValueError("Give either steps or minutes, not both.")
    beside = recipe_path(path_or_name).parent
    module = load_recipe(path_or_name)
    _check_scale(module, path_or_name, scale, beside)
    if hasattr(module, "pipeline"):
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise ValueError(
                "Several processes train one recipe at a time; start the pipeline's recipes one by one."
            )
        options = {
            "--scale": scale,
            "--out": out,
            "--steps": steps,
            "--device": device,
            "--workers": workers,
            "--threads": threads,
        }
        minutes_of = None if steps is not None else minutes
        with locked(Path(out)) as lock:
            return run_pipeline(
                module.pipeline(scale),
                Path(out),
                options,
                jobs=jobs,
                minutes=minutes_of,
                beside=beside,
                lock=lock,
            )
    return run_stage(
        _recipe(module, path_or_name, scale, variant),
        Path(out),
        data=data,
        micro_batch=micro_batch,
        base=None if base is None else Path(base),
        mix=mix,
        steps=steps,
        minutes=minutes,
        device=device,
        workers=workers,
        threads=threads,
    )


def run_stage(
    recipe: Recipe,
    out: Path,
    *,
    device: str | None = None,
    base: Path | None = None,
    data: Sequence[str] = (),
    mix: str | None = None,
    **options: Any,
) -> dict[str, float]:
    """Train one stage to its end and write its component; a finished stage only tells its numbers again.
    Meanwhile no other command trains in `out`; ValueError when one does already.

    A stage that fails before its first training state is saved leaves no claim on `out`. `options`: `steps`,
    `minutes`, `workers`, `threads`, `micro_batch` as in `run_recipe`, and `tensorboard`.
    """
    from limner.training.data_words import read_assignments
    from limner.training.mix import with_mix
    from limner.training.processes import join

    finished = stages_folder(out) / recipe.name / FINISHED
    if finished.is_file():
        numbers: dict[str, float] = json.loads(finished.read_text())["held_out"]
        _say(f"{recipe.name}: finished before; delete {finished.parent} to train it anew")
        return numbers
    folders = read_assignments(data)
    if mix is not None:
        recipe = with_mix(recipe, mix, folders)
    team = join(device)
    with ExitStack() as inside:
        if team.is_first:
            inside.enter_context(locked(out))
            inside.enter_context(begun(out, recipe.name, base))
        team.wait()
        return _train(recipe, out, team, folders, finished, **options)


def _train(
    recipe: Recipe,
    out: Path,
    team: Processes,
    folders: Mapping[str, Path | None],
    finished: Path,
    *,
    steps: int | None = None,
    minutes: float | None = None,
    workers: int | None = None,
    threads: int | None = None,
    tensorboard: bool = True,
    micro_batch: int | None = None,
) -> dict[str, float]:
    import torch

    from limner.training.components import is_made
    from limner.training.loop import Trainer
    from limner.training.render_pool import default_workers
    from limner.training.run_context import RunContext

    missing = [name for name in recipe.needs if not is_made(out / "model", name)]
    if missing:
        raise ValueError(
            f"{recipe.name} needs {', '.join(missing)} in {out / 'model'}; train those stages first, "
            "or start from a checkpoint (--base FOLDER)."
        )
    if threads:
        torch.set_num_threads(threads)
    # Numbers below 1e-38 make some processors tens of times slower, and teach nothing.
    torch.set_flush_denormal(True)
    torch.manual_seed(recipe.plan.seed)  # the first weights
    context = RunContext(
        out=out,
        preset=_preset(recipe, out),
        device=team.device,
        workers=default_workers() if workers is None else workers,
        seed=recipe.plan.seed,
        data=folders,
        processes=team,
    )
    task = recipe.build(context)
    plan = recipe.plan if steps is None else replace(recipe.plan, steps=steps)
    if micro_batch is not None:
        plan = plan.in_micro_batches_of(micro_batch)
    trainer = Trainer(
        task,
        plan,
        context.stage_folder(recipe.name),
        name=recipe.name,
        device=context.device,
        minutes=minutes,
        tensorboard=tensorboard,
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


def _recipe(module: ModuleType, name: str, scale: str, variant: str | None) -> Recipe:
    made: Recipe
    if "variant" in inspect.signature(module.recipe).parameters:
        made = module.recipe(scale, variant)
    elif variant is not None:
        raise ValueError(f"{name} has no variants; leave {variant!r} out.")
    else:
        made = module.recipe(scale)
    return made


def check_recipe(path_or_name: str, scale: str, variant: str | None = None, *, one: bool = False) -> None:
    """Raises ValueError for what a recipe's text alone shows to be wrong; loads nothing.

    `one`: options were given that belong to one recipe, not to a pipeline.
    """
    if scale not in PRESETS:
        raise ValueError(f"There is no scale {scale!r}; choose one of {', '.join(PRESETS)}.")
    told = read_recipe(path_or_name)
    if told.is_pipeline and (one or variant is not None):
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
    parser = argparse.ArgumentParser(prog="python -m limner.training.run", description=run_recipe.__doc__)
    parser.add_argument("recipe")
    parser.add_argument("--scale", default="sketch")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--out", default="runs/default")
    parser.add_argument("--device")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--variant")
    parser.add_argument("--data", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--micro-batch", type=int)
    parser.add_argument("--base")
    parser.add_argument("--mix", metavar="NAME=SHARE,...")
    given = vars(parser.parse_args(arguments))
    try:
        numbers = run_recipe(given.pop("recipe"), **given)
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
