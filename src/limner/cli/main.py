"""The command line, thin: it reads arguments and calls the rooms. Heavy imports happen in the commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer import Option

import limner
from limner.cli import (
    bench,
    build,
    build_images,
    chat,
    convert,
    dataset,
    demo,
    evaluate,
    info,
    provenance,
    say,
    serve,
    store,
    study,
    train,
    verify,
    world,
)
from limner.cli.terminal import STOPPED, err, fail, out

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="You talk, it paints, and every later round remembers all earlier ones.\n\n"
    "Start with [bold]limner demo[/] to watch it, then [bold]limner chat[/] to talk to it yourself. "
    "Everything runs offline on a CPU with the embedded model.",
)
app.add_typer(world.app, name="world")
app.add_typer(dataset.app, name="dataset")
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(bench.app, name="bench")
app.add_typer(study.app, name="study")
app.add_typer(store.app, name="store")
app.add_typer(verify.app, name="verify")
app.add_typer(convert.app, name="convert")
app.add_typer(build.app, name="build")
build_images.add_to(build.app)
serve.add_to(app)
provenance.add_to(app)
demo.add_to(app)
chat.add_to(app)
say.add_to(app)
train.add_to(app)
info.add_to(app)


def _tell_version(asked: bool) -> None:
    if asked:
        out.print(f"limner {limner.__version__}")
        raise typer.Exit


@app.callback()
def limner_(
    version: Annotated[
        bool, Option("--version", is_eager=True, callback=_tell_version, help="Print the version and leave.")
    ] = False,
) -> None:
    """Options that stand before a command."""


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
