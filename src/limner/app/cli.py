"""The command line, thin: it reads arguments, calls the rooms, prints. Heavy imports happen inside the commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from limner.app import cli_dataset, cli_world
from limner.app.terminal import err, fail, out

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="You talk, it paints, and every later round remembers all earlier ones.\n\n"
    "Start with [bold]limner demo[/] to watch it, then [bold]limner chat[/] to talk to it yourself. "
    "Everything runs offline on a CPU with the embedded model.",
)
app.add_typer(cli_world.app, name="world")
app.add_typer(cli_dataset.app, name="dataset")

Model = Annotated[str, typer.Option("--model", help='"miniature" (embedded) or a checkpoint folder.')]
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
) -> None:
    """Hold four scripted conversations and show them side by side on one page."""
    from limner.app.run_demo import run_demo

    run_demo(folder, seed=seed, model=model)


@app.command()
def chat(
    model: Model = "miniature",
    seed: Seed = 0,
    conversation: Annotated[
        Path | None,
        typer.Option("--conversation", help="Continue a saved conversation (and save to it on leaving)."),
    ] = None,
    folder: Annotated[Path, typer.Option("--out", help="Folder for the pictures.")] = Path("pictures"),
) -> None:
    """Talk with a painter. Type what you want to see; /help lists the commands."""
    from limner.app.interactive import talk

    talk(model=model, seed=seed, saved=conversation, folder=folder)


@app.command()
def say(
    text: Annotated[str, typer.Argument(help="What you say.", show_default=False)],
    conversation: Annotated[
        Path, typer.Option("--conversation", help="The conversation's file; made when it does not exist.")
    ],
    image: Annotated[
        list[Path] | None, typer.Option("--image", help="A picture to give with it; may be repeated.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write the answer's picture (default: beside the file)."),
    ] = None,
    model: Model = "miniature",
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, max=2**31 - 1, help="Seed of this round.")
    ] = None,
    fork: Annotated[
        str | None, typer.Option("--fork", help="Continue from this round's id instead of the last one.")
    ] = None,
) -> None:
    """Say one thing in a conversation kept in a file, and print the answer."""
    import limner

    painter = limner.load(model)
    talk = (
        limner.open_conversation(conversation, painter) if conversation.exists() else painter.conversation()
    )
    if fork is not None:
        talk = talk.fork(fork)
    reply = talk.say(text, images=image or [], seed=seed)
    out.print(reply.text, markup=False)
    if reply.image is not None:
        path = picture or conversation.with_name(f"{conversation.stem}-{len(talk.replies)}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        reply.image.save(path)
        err.print(f"{path}", markup=False)
    talk.save(conversation)
    err.print(f"round {len(talk.replies)}, id {reply.id[:12]}, {reply.seconds:.2f} s", markup=False)


@app.command()
def train(
    recipe: Annotated[
        str, typer.Argument(help="A recipe's name (see recipes/) or its path.", show_default=False)
    ],
    scale: Annotated[
        str, typer.Option("--scale", help="tiny, sketch (two cores) or miniature (one GPU).")
    ] = "sketch",
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Optimizer steps; default: the recipe's.")
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
) -> None:
    """Train one rung, or with the recipe "miniature" the whole ladder. Ctrl-C saves; the same command resumes."""
    from limner.training.run import run_recipe

    run_recipe(recipe, scale=scale, steps=steps, minutes=minutes, out=folder, device=device)


@app.command()
def info(model: Model = "miniature") -> None:
    """What a checkpoint holds: components, parameters, files, and what this machine computes in."""
    from limner.app.describe import describe

    describe(model)


def main() -> None:
    """The `limner` command: a user's mistake is one sentence on stderr and exit code 2."""
    try:
        app(standalone_mode=False)
    except (ValueError, OSError) as error:
        fail(error)
    except KeyboardInterrupt:
        err.print("stopped")
        sys.exit(130)
    except Exception as error:
        from click.exceptions import Abort, ClickException
        from click.exceptions import Exit as ClickExit

        if isinstance(error, ClickExit):
            sys.exit(error.exit_code)
        if isinstance(error, Abort):
            sys.exit(130)
        if isinstance(error, ClickException):
            error.show()
            sys.exit(2)
        raise


if __name__ == "__main__":
    main()
