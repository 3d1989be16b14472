"""`limner chat`: a conversation in the terminal. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli.loading import Model, Offload, Quantize, Seed, Sign, With


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(chat)


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
    from limner.cli.run_chat import talk

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
