"""`limner verify ...`: whether limner computes what SEED-X computes. Thin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument

from limner.cli.terminal import out, plain

app = typer.Typer(no_args_is_help=True, help="Hold limner's modules against stored results of SEED-X.")

DIFFERS = 1


@app.callback()
def group() -> None:
    """Hold limner's modules against stored results of SEED-X."""


@app.command()
def golden(
    file: Annotated[Path, Argument(help="Weights, inputs and outputs of a SEED-X run.", show_default=False)],
) -> None:
    """Build every module from the file, compare each stored output; exit code 1 when one differs."""
    from limner.cli.given import file_given

    file_given(file, "golden file")
    from limner.models.conversion.golden import LIMIT, verify

    differences = verify(file)
    width = max(len(difference.item) for difference in differences)
    out.print(plain(f"{'output':{width}}  worst absolute difference"))
    for difference in differences:
        verdict = "equal" if difference.holds else "DIFFERS"
        out.print(plain(f"{difference.item:{width}}  {difference.worst:.2e}  {verdict}"))
    wrong = sum(not difference.holds for difference in differences)
    if wrong:
        out.print(plain(f"{wrong} of {len(differences)} outputs differ by more than {LIMIT:g}."))
        raise typer.Exit(DIFFERS)
    out.print(plain(f"All {len(differences)} outputs are equal within {LIMIT:g} in float32."))
