"""`limner info`: what a checkpoint holds, and what a scale would weigh. Thin."""

from __future__ import annotations

from typing import Annotated

import typer

from limner.cli.loading import Model
from limner.cli.train import Scale


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(info)


def info(
    model: Model = "miniature",
    plan: Annotated[
        Scale | None,
        typer.Option("--plan", help="A scale, such as seed-x: what it would weigh, with nothing loaded."),
    ] = None,
) -> None:
    """What a checkpoint holds: components, parameters, files, and what this machine computes in."""
    from limner.cli.plan import show_plan
    from limner.cli.run_info import describe

    if plan is not None:
        show_plan(plan.value)
    else:
        describe(model)
