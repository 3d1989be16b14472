"""`limner train`: one stage of training, or all of them; prints the last held-out numbers. Does not know how
training works.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from typer import Argument, Option

from limner.cli.files import folder_to_write
from limner.cli.given import device_given
from limner.cli.options import from_fields
from limner.cli.terminal import STOPPED, err, out, plain

if TYPE_CHECKING:
    from limner.training.run_options import RunOptions


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(from_fields(train))


def _recipes(beginning: str) -> list[str]:
    from limner.training.recipe_files import recipe_names

    return [name for name in recipe_names() if name.startswith(beginning)]


Scale = Literal["tiny", "sketch", "miniature", "seed-x"]


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """As `RunOptions`, which this becomes once it is loaded."""

    scale: Annotated[
        Scale, Option("--scale", help="Sizes: tests, two CPU cores, one GPU, or SEED-X's own.")
    ] = "sketch"
    steps: Annotated[
        int | None, Option("--steps", min=1, help="Optimizer steps (default: the recipe's).")
    ] = None
    minutes: Annotated[
        float | None, Option("--minutes", min=0.05, help="Fit the steps into about so many minutes.")
    ] = None
    out: Annotated[Path, Option("--out", help="Run folder; a run that is there is resumed.")] = Path(
        "runs/run"
    )
    device: Annotated[
        str | None, Option("--device", help="torch device (default: cuda if there is one).")
    ] = None
    jobs: Annotated[int, Option("--jobs", min=1, help="Stages of the pipeline that run side by side.")] = 1
    threads: Annotated[
        int | None, Option("--threads", min=1, help="CPU threads of each stage (default: all).")
    ] = None
    data: Annotated[
        list[str] | None,
        Option(
            "--data",
            metavar="NAME=FOLDER",
            help="A data set to train on instead of the world; NAME is a kind of the recipe's. Repeatable.",
        ),
    ] = None
    variant: Annotated[
        Literal["whole", "paper", "lora64", "frozen"] | None,
        Option("--variant", help="For language recipes: whole, paper (LoRA 1280), lora64 or frozen."),
    ] = None
    base: Annotated[Path | None, Option("--base", help="A checkpoint folder to start a new run from.")] = None
    micro_batch: Annotated[
        int | None,
        Option("--micro-batch", min=1, help="Samples at once; the effective batch stays as it is."),
    ] = None
    mix: Annotated[
        str | None,
        Option(
            "--mix",
            metavar="NAME=SHARE,...",
            help="Shares of kinds of dialogue; the paper: multi_turn=6,text_to_image=2,crop=3,question=1.",
        ),
    ] = None


def train(
    recipe: Annotated[
        str,
        Argument(
            help="A recipe's name, as listed above, or its path.", show_default=False, autocompletion=_recipes
        ),
    ],
    options: TrainOptions,
) -> None:
    """Train one stage, or the whole pipeline. Ctrl-C saves; the same command resumes.

    The pipeline: [bold]miniature[/]. Its stages, in order: [bold]face_reader, place_reader, vision,
    scene_layers, scene_details, senses, language_text, detokenizer_natural, detokenizer_human,
    style_layer, language, stage1, stage2, stage3, multi_round, flow_head[/] (and autoencoder,
    where the detokenizer draws latents).
    Beside it: detokenizer_unet (the paper's baselines: detokenizer_unet_stage1, detokenizer_unet_stage2) and
    detokenizer_all_tokens; senses_teacher (a second judge); align_tokens (a
    public language model learns what image tokens are).
    Each is a file in limner/training/recipes/ that tells its hardware, time and expected numbers.
    Full scale and many GPUs: docs/training.md.
    """
    from limner.training.run_options import RunOptions

    _run(recipe, RunOptions(**{**vars(options), "data": tuple(options.data or ())}))


def _run(recipe: str, options: RunOptions) -> None:
    """Train in the options' folder; after Ctrl-C the state is saved and the exit code is 130."""
    from limner.inference.model_folder import checkpoint_folder
    from limner.training.data_words import read_assignments
    from limner.training.mix import read_mix
    from limner.training.run import check_kinds, check_recipe, run_recipe
    from limner.training.stopped import Stopped

    folder_to_write(options.out)
    device_given(options.device)
    check_recipe(recipe, options)
    shares = {} if options.mix is None else read_mix(options.mix)
    check_kinds(recipe, read_assignments(options.data), shares)
    if options.base is not None:
        checkpoint_folder(options.base)
    try:
        numbers = run_recipe(recipe, options)
    except Stopped as stopped:
        err.print(plain(f"{stopped}; run the same command to go on"))
        sys.exit(STOPPED)
    for name, number in numbers.items():
        out.print(plain(f"{name:32s} {number:.4g}"))
