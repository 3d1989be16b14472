"""The command line, thin: it reads arguments and calls the rooms. Heavy imports happen in the commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import limner
from limner.app import (
    cli_bench,
    cli_build,
    cli_build_images,
    cli_convert,
    cli_dataset,
    cli_evaluate,
    cli_provenance,
    cli_serve,
    cli_store,
    cli_study,
    cli_verify,
    cli_world,
)
from limner.app.loading import MODEL_HELP, Offload, Quantize, With
from limner.app.terminal import STOPPED, err, fail, out

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="You talk, it paints, and every later round remembers all earlier ones.\n\n"
    "Start with [bold]limner demo[/] to watch it, then [bold]limner chat[/] to talk to it yourself. "
    "Everything runs offline on a CPU with the embedded model.",
)
app.add_typer(cli_world.app, name="world")
app.add_typer(cli_dataset.app, name="dataset")
app.add_typer(cli_evaluate.app, name="evaluate")
app.add_typer(cli_bench.app, name="bench")
app.add_typer(cli_study.app, name="study")
app.add_typer(cli_store.app, name="store")
app.add_typer(cli_verify.app, name="verify")
app.add_typer(cli_convert.app, name="convert")
app.add_typer(cli_build.app, name="build")
cli_build_images.add_to(cli_build.app)
cli_serve.add_to(app)
cli_provenance.add_to(app)


def _tell_version(asked: bool) -> None:
    if asked:
        out.print(f"limner {limner.__version__}")
        raise typer.Exit


@app.callback()
def limner_(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_tell_version, help="Print the version and leave."),
    ] = False,
) -> None:
    """Options that stand before a command."""


def _recipes(beginning: str) -> list[str]:
    from limner.training.recipe_files import recipe_names

    return [name for name in recipe_names() if name.startswith(beginning)]


class Variant(StrEnum):
    """How much of the language model learns, where a recipe has variants."""

    whole = "whole"
    paper = "paper"
    lora64 = "lora64"
    frozen = "frozen"


class Scale(StrEnum):
    """The scales that the recipes know."""

    tiny = "tiny"
    sketch = "sketch"
    miniature = "miniature"
    seed_x = "seed-x"


Model = Annotated[str, typer.Option("--model", help=MODEL_HELP)]
Sign = Annotated[
    bool,
    typer.Option("--sign", help="Sign pictures (C2PA) by a local, untrusted certificate."),
]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**31 - 1, help="Same seed, same words, same pictures.")
]


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--out", help="Folder for the pictures and the page.")] = Path(
        "demo"
    ),
    seed: Seed = 0,
    model: Model = "miniature",
    quantize: Quantize = None,
    offload: Offload = False,
) -> None:
    """Hold four scripted conversations and show them side by side on one page."""
    from limner.app.run_demo import run_demo

    run_demo(folder, seed=seed, model=model, quantize=quantize, offload=offload)


@app.command()
def chat(
    model: Model = "miniature",
    seed: Seed = 0,
    conversation: Annotated[
        Path | None,
        typer.Option("--conversation", help="Continue a saved conversation, and save to it on leaving."),
    ] = None,
    folder: Annotated[Path, typer.Option("--out", help="Folder for the pictures.")] = Path("pictures"),
    sign: Sign = False,
    quantize: Quantize = None,
    offload: Offload = False,
    words: With = None,
) -> None:
    """Talk with a painter. Type what you want to see; /help lists the commands."""
    from limner.app.interactive import talk

    talk(
        model=model,
        seed=seed,
        saved=conversation,
        folder=folder,
        sign=sign,
        quantize=quantize,
        offload=offload,
        words=words or [],
    )


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="What you say.", show_default=False)],
    conversation: Annotated[
        Path, typer.Option("--conversation", help="The conversation's file; made when it does not exist.")
    ],
    image: Annotated[
        list[Path] | None, typer.Option("--image", help="A picture to give with it; up to four times.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--out", help="PNG file for the answer's picture (default: beside the conversation)."),
    ] = None,
    picture: Annotated[
        bool | None,
        typer.Option(
            "--picture/--no-picture", help="Insist on a picture, or forbid one.", show_default=False
        ),
    ] = None,
    model: Model = "miniature",
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", min=0, max=2**31 - 1, help="Draws this round differently (default: from the history)."
        ),
    ] = None,
    fork: Annotated[
        str | None, typer.Option("--fork", help="Continue from this round's id instead of the last one.")
    ] = None,
    reply_to: Annotated[
        int | None,
        typer.Option("--reply-to", min=1, help="The number of the picture that is meant, from 1."),
    ] = None,
    sign: Sign = False,
    steps: Annotated[
        int | None,
        typer.Option("--steps", min=1, max=1000, help="Drawing steps (default: the checkpoint's own)."),
    ] = None,
    quantize: Quantize = None,
    offload: Offload = False,
    words: With = None,
) -> None:
    """Say one thing in a conversation kept in a file, and print the answer.

    For example: limner say "A close-up of Mia." --conversation mia.limner
    """
    from limner.app.say import say_once

    say_once(
        text,
        conversation,
        images=image or [],
        picture=file,
        wants_picture=picture,
        model=model,
        seed=seed,
        fork=fork,
        sign=sign,
        target=reply_to,
        steps=steps,
        quantize=quantize,
        offload=offload,
        words=words or [],
    )


@app.command()
def train(
    recipe: Annotated[
        str,
        typer.Argument(
            help="A recipe's name, as listed above, or its path.",
            show_default=False,
            autocompletion=_recipes,
        ),
    ],
    scale: Annotated[
        Scale, typer.Option("--scale", help="Sizes: tests, two CPU cores, one GPU, or SEED-X's own.")
    ] = Scale.sketch,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Optimizer steps (default: the recipe's).")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option("--minutes", min=0.05, help="Fit the steps into about so many minutes.")
    ] = None,
    folder: Annotated[Path, typer.Option("--out", help="Run folder; a run that is there is resumed.")] = Path(
        "runs/run"
    ),
    device: Annotated[
        str | None, typer.Option("--device", help="torch device (default: cuda if there is one).")
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, help="Stages of the pipeline that run side by side.")
    ] = 1,
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="CPU threads of each stage (default: all).")
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            metavar="NAME=FOLDER",
            help="A data set to train on instead of the world; NAME is a kind of the recipe's. Repeatable.",
        ),
    ] = None,
    variant: Annotated[
        Variant | None,
        typer.Option("--variant", help="For language recipes: whole, paper (LoRA 1280), lora64 or frozen."),
    ] = None,
    base: Annotated[
        Path | None, typer.Option("--base", help="A checkpoint folder to start a new run from.")
    ] = None,
    micro_batch: Annotated[
        int | None,
        typer.Option("--micro-batch", min=1, help="Samples at once; the effective batch stays as it is."),
    ] = None,
    mix: Annotated[
        str | None,
        typer.Option(
            "--mix",
            metavar="NAME=SHARE,...",
            help="Shares of kinds of dialogue; the paper: multi_turn=6,text_to_image=2,crop=3,question=1.",
        ),
    ] = None,
) -> None:
    """Train one stage, or the whole pipeline. Ctrl-C saves; the same command resumes.

    The pipeline: [bold]miniature[/]. Its stages, in order: [bold]face_reader, vision, scene_layers, senses,
    language_text, detokenizer_natural, detokenizer_human, language, stage1, stage2, stage3, multi_round,
    flow_head[/] (and autoencoder, where the detokenizer draws latents).
    Beside it: detokenizer_unet (the paper's baselines: detokenizer_unet_stage1, detokenizer_unet_stage2) and
    detokenizer_all_tokens; senses_teacher (a second judge); align_tokens (a
    public language model learns what image tokens are).
    Each is a file in limner/training/recipes/ that tells its hardware, time and expected numbers.
    Full scale and many GPUs: docs/training.md.
    """
    from limner.app.run_training import run_training
    from limner.training.run_options import RunOptions

    options = RunOptions(
        scale=scale.value,
        steps=steps,
        minutes=minutes,
        out=folder,
        device=device,
        jobs=jobs,
        threads=threads,
        data=tuple(data or ()),
        variant=None if variant is None else variant.value,
        base=base,
        micro_batch=micro_batch,
        mix=mix,
    )
    run_training(recipe, options)


@app.command()
def info(
    model: Model = "miniature",
    plan: Annotated[
        Scale | None,
        typer.Option("--plan", help="A scale, such as seed-x: what it would weigh, with nothing loaded."),
    ] = None,
) -> None:
    """What a checkpoint holds: components, parameters, files, and what this machine computes in."""
    from limner.app.describe import describe
    from limner.app.plan import show_plan

    if plan is not None:
        show_plan(plan.value)
    else:
        describe(model)


def main(arguments: Sequence[str] | None = None) -> None:
    """The `limner` command: a user's mistake is one sentence on stderr and exit code 2."""
    try:
        # Outside standalone mode an early end is returned as its exit code, which must not get lost.
        words = None if arguments is None else list(arguments)
        sys.exit(app(args=words, prog_name="limner", standalone_mode=False))
    except (KeyboardInterrupt, typer.Abort):
        err.print("stopped")
        sys.exit(STOPPED)
    except (ValueError, OSError) as error:
        fail(error)
    except Exception as error:
        _fail_for_usage(error)
        raise


def _fail_for_usage(error: Exception) -> None:
    """For typer's usage errors (whose base class it keeps to itself): the sentence, and where to read on."""
    format_message = getattr(error, "format_message", None)
    if format_message is None:
        return
    message = str(format_message()).strip()
    if not message:  # a group without a command has shown its help
        sys.exit(2)
    path = getattr(getattr(error, "ctx", None), "command_path", "limner")
    fail(f"{message.rstrip('.')}; see {path} --help.")


if __name__ == "__main__":
    main()
