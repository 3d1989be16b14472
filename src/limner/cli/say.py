"""`limner say`: one round of a conversation kept in a file. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli.loading import Model, Offload, Quantize, Sign, With


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(say)


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
    from limner.cli.run_say import say_once

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
