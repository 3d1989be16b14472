"""Runs a build at the terminal: progress with rate and time left, the funnel at the end, and the page.

Knows any recipe's job; knows nothing about what it builds.
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from limner.builders.runner.build import Progress as Far
from limner.builders.runner.build import build, ledger_path, with_room
from limner.builders.runner.document import Job
from limner.builders.runner.engines import engine_by_name
from limner.builders.runner.funnel import Funnel
from limner.builders.runner.ledger import Ledger
from limner.builders.runner.page import write_build_page
from limner.cli.build_options import Report, Work
from limner.cli.files import folder_to_write
from limner.cli.terminal import err, out, plain

_MOST_REASONS = 6


def run_build(job: Job, folder: Path, work: Work, report: Report) -> Funnel:
    """Build `job` into `folder` and show how it went; ValueError as `build`, exit code 1 when nothing was
    kept. Its HTML page goes beside the folder by default: a data set holds nothing but data.
    """
    folder_to_write(folder)
    page = report.page_of(folder)
    with _progress() as bar:
        task = bar.add_task("building", total=None, kept=0, dropped=0, rate="")
        begun: list[int] = []

        def tell(far: Far) -> None:
            begun.append(far.done) if not begun else None
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = (far.done - begun[0]) / elapsed if elapsed > 0 else 0.0
            bar.update(
                task,
                total=far.total,
                completed=far.done,
                kept=far.rows,
                dropped=far.drops,
                rate=f"{rate:.2f}/s" if rate < 10 else f"{rate:.0f}/s",
            )

        build(job, folder, workers=work.workers, engine=engine_by_name(work.engine), tell=tell)
    with with_room(folder):
        funnel = write_build_page(folder, page)
    if report.as_json:
        out.print_json(json.dumps(funnel.to_json()))
    else:
        out.print(funnel_table(funnel))
        for what, num in funnel.counts.items():
            told = f"dollars: {num / 1e6:,.4f}" if what == "microdollars" else f"{what}: {num:,.0f}"
            out.print(plain(told))
        out.print(plain(f"{folder}: {funnel.num_kept:,} dialogues of {funnel.num_sources:,} sources; {page}"))
    if not funnel.num_kept:
        _tell_nothing_kept(folder, funnel)
        raise typer.Exit(1)
    return funnel


def _tell_nothing_kept(folder: Path, funnel: Funnel) -> None:
    """Why, by an example of each reason."""
    err.print(plain(f"limner: Nothing was kept of {funnel.num_sources:,} sources."))
    with Ledger(ledger_path(folder)) as ledger:
        for drop in islice(ledger.samples(1), _MOST_REASONS):
            err.print(plain(f"  {drop.step}: {drop.reason}; for example {drop.document}: {drop.detail}"))


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("kept {task.fields[kept]}, dropped {task.fields[dropped]}"),
        console=err,
        transient=True,
        speed_estimate_period=600,
    )


def funnel_table(funnel: Funnel) -> Table:
    """The funnel, a line a step, its reasons below it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, justify in (
        ("step", "left"),
        ("in", "right"),
        ("out", "right"),
        ("dropped because", "left"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for line in funnel.lines:
        reasons = "; ".join(f"{reason}: {num:,}" for reason, num in line.reasons)
        table.add_row(plain(line.step), f"{line.num_in:,}", f"{line.num_out:,}", plain(reasons))
    return table
