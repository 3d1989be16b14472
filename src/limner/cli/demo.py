"""`limner demo`: four scripted conversations, and a page that shows them. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from limner.cli.loading import Model, Offload, Quantize, Seed


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(demo)


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
    from limner.cli.run_demo import run_demo

    run_demo(folder, seed=seed, model=model, quantize=quantize, offload=offload)
