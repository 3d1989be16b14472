"""`limner info`: what a checkpoint holds, in a table, and what a scale would weigh. Computes nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

import limner
from limner.cli.given import model_given
from limner.cli.loading import Model
from limner.cli.terminal import err, out, plain
from limner.cli.train import Scale

if TYPE_CHECKING:
    from rich.table import Table
    from torch import nn


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(info)


def info(
    model: Model = "miniature",
    plan: Annotated[
        Scale | None,
        Option("--plan", help="A scale, such as seed-x: what it would weigh, with nothing loaded."),
    ] = None,
) -> None:
    """What a checkpoint holds: components, parameters, files, and what this machine computes in."""
    if plan is None:
        describe(model)
    else:
        from limner.cli.plan import show_plan

        show_plan(plan)


def describe(model: str) -> None:
    """Load the model and print what it is made of."""
    from rich.table import Table

    folder = model_given(model)
    err.print(plain(f'Loading "{model}" ...'))
    start = time.perf_counter()
    painter = limner.load(model)
    if folder is None:  # a painter without memory has no components of ours
        out.print(plain(f"limner {limner.__version__}, {painter.summary}"))
        return
    seconds = time.perf_counter() - start
    table = Table("component", "class", "parameters", "on disk")
    parts: dict[str, list[nn.Module]] = {
        "vision": [painter.model.image_tokenizer],
        "language": [painter.model.language],
        "token_head": [painter.model.token_heads],
        "detokenizer": [painter.model.detokenizer],
        "autoencoder": [painter.model.autoencoder],
    }
    for name, modules in parts.items():
        _add_row(table, folder, name, type(modules[0]).__name__, modules)
    if painter.senses is not None:
        networks = list(painter.senses.networks.values())
        _add_row(table, folder, "senses", type(painter.senses).__name__, networks)
    out.print(plain(f"limner {limner.__version__}, {folder}"))
    out.print(table)
    out.print(plain(f"{painter.summary} Loaded in {seconds:.1f} s; weights {painter.fingerprint[:12]}."))


def _add_row(table: Table, folder: Path, name: str, kind: str, modules: list[nn.Module]) -> None:
    num = sum(parameter.numel() for module in modules for parameter in module.parameters())
    size = sum(path.stat().st_size for path in (folder / name).rglob("*") if path.is_file())
    table.add_row(name, kind, f"{num / 1e6:.2f} M", f"{size / 2**20:.1f} MiB")
