"""`limner bench wordings` and `limner bench leaderboard`. Thin."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from limner.cli.files import file_to_write, write_text
from limner.cli.loading import With
from limner.cli.terminal import err, out, plain


def add_to(app: typer.Typer) -> None:
    """Add both commands."""
    app.command("wordings")(wordings)
    app.command("leaderboard")(leaderboard)


def wordings(
    words: With = None,
    faults: Annotated[bool, Option("--faults", help="Also tell each plan that is wrong.")] = False,
    as_json: Annotated[bool, Option("--json", help="Rates as JSON, alone on stdout.")] = False,
) -> None:
    """Try a planner on instructions in other wordings than the phrase table's. No painter is asked.

    For example: limner bench wordings --with planner=rules
    """
    from limner.planning.opening import Planning

    planning = Planning.from_words(words or [])
    from limner.benchmark.wordings import measure, rates
    from limner.planning.opening import open_planner

    planner = open_planner(planning)
    measured = measure(planner)
    found = {name: estimate.to_json() for name, estimate in rates(measured).items()}
    if as_json:
        sys.stdout.write(json.dumps({"planner": planner.name, "rates": found}) + "\n")
    else:
        for name, told in found.items():
            interval = f"[{told['low']:.3f}, {told['high']:.3f}]"
            out.print(plain(f"{name}: {told['value']:.3f}  {interval}  n {told['n']}"))
    if faults:
        for wording, wrong in measured:
            if wrong:
                err.print(plain(f"{wording.family}: {wording.say!r}: {'; '.join(wrong)}"))


def leaderboard(
    runs: Annotated[
        list[Path],
        Argument(help="Folders of runs, or results.json files that others sent.", show_default=False),
    ],
    page: Annotated[Path, Option("--out", help="The page to write.")] = Path("docs/leaderboard.md"),
) -> None:
    """Write a page of many runs side by side; runs of other sets or judges stand in tables of their own."""
    from limner.cli.given import file_given

    file_to_write(page, ".md")
    for run in runs:
        file_given(run / "results.json" if run.is_dir() else run, "results.json")
    from limner.benchmark.leaderboard import page_of, read_entry

    write_text(page_of([read_entry(run) for run in runs]), page)
    out.print(plain(f"{page}: {len(runs)} runs"))
