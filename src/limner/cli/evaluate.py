"""`limner evaluate ...`: suites on a model, comparison of two runs, the document of all numbers. Thin."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from typer import Argument, Option
from typer.core import TyperGroup

from limner.cli.files import file_to_write, folder_to_write, write_text
from limner.cli.loading import Offload, Quantize
from limner.cli.terminal import err, out, plain, resumable

SUITES = "suites"
WIDE = 180  # characters of a table that goes to a file or a pipe


class SuitesFirst(TyperGroup):
    """A group whose first word may be the name of a suite instead of a command's."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the command that is named, or of measuring suites when none is."""
        if args and args[0] in self.commands:
            return super().make_context(info_name, args, parent=parent, **extra)
        return self.commands[SUITES].make_context(info_name, args, parent=parent, **extra)


app = typer.Typer(
    cls=SuitesFirst, help="Measure a model: every number of the paper, with intervals and a report."
)


Suites = Annotated[
    list[str] | None,
    Argument(
        metavar="SUITE",
        help="reconstruct, personalize, named, full-body, editing, rollback, drift, twice, comprehend; "
        "none or all for all of them.",
        show_default=False,
    ),
]
Model = Annotated[str, Option("--model", help='"miniature" (embedded) or a checkpoint folder.')]
NumTasks = Annotated[int, Option("--num", min=1, max=100_000, help="Tasks of each suite.")]
Seed = Annotated[
    int, Option("--seed", min=0, max=2**31 - 1, help="Which tasks: other seeds, other dialogues.")
]
Out = Annotated[
    Path, Option("--out", help="The run's folder; a run that was interrupted there is gone on with.")
]
AsJson = Annotated[bool, Option("--json", help="Results as JSON, alone on stdout.")]
Also = Annotated[
    list[str] | None,
    Option(
        "--also",
        metavar="NAME=FOLDER",
        help="A further checkpoint, for suites that compare stages: stage1=runs/stage1; repeatable.",
    ),
]
Judge = Annotated[
    str | None,
    Option(
        "--judge",
        help="Folder of the perceptual models that measure, or a checkpoint that has some. "
        "\\[default: embedded]",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    Option(
        "--workers",
        min=1,
        max=256,
        help="Processes side by side; results do not depend on it. \\[default: one a core]",
        show_default=False,
    ),
]
TrueTokens = Annotated[
    bool,
    Option(
        "--true-tokens",
        help="Given pictures enter as what they truly show, not by the encoder: language model and "
        "detokenizer alone are measured.",
    ),
]


@app.command(
    SUITES,
    epilog="[bold]limner evaluate compare A B[/]: paired differences of two runs. "
    "[bold]limner evaluate document RESULTS...[/]: the paper's numbers and ours, side by side.",
)
def suites(
    names: Suites = None,
    model: Model = "miniature",
    num: NumTasks = 40,
    seed: Seed = 0,
    folder: Out = Path("evaluation"),
    as_json: AsJson = False,
    also: Also = None,
    judge: Judge = None,
    workers: Workers = None,
    true_tokens: TrueTokens = False,
    quantize: Quantize = None,
    offload: Offload = False,
) -> None:
    """Measure a model on suites. Same seed, same results; after Ctrl-C the same command goes on.

    OUT holds report.html, results.json, timing.json and rows.jsonl.
    """
    folder_to_write(folder)
    others = named_folders(also or [])
    from limner.evaluation.given import Measured, check_suites

    check_suites(names or [])
    measured = Measured(
        model=model, others=others, judge=judge, quantize=quantize, offload=offload, true_tokens=true_tokens
    )
    measured.check()
    from limner.evaluation.report import write_report
    from limner.evaluation.run import run_suites

    with resumable("tasks") as tell:
        results = run_suites(
            names or [], measured, num=num, seed=seed, out=folder, workers=workers, tell=tell
        )
    report = write_report(folder)
    for warning in results.get("warnings", ()):
        err.print(plain(f"note: {warning}"))
    for name in unused(others, results):
        err.print(plain(f"no suite that was measured has a use for --also {name}"))
    if as_json:
        sys.stdout.write(json.dumps(results, ensure_ascii=False) + "\n")
    else:
        _print_results(results)
    err.print(plain(f"report: {report}"))


@app.command()
def compare(
    first: Annotated[Path, Argument(metavar="A", help="A finished run's folder.", show_default=False)],
    second: Annotated[
        Path, Argument(metavar="B", help="Another, same suites, num, seed and judge.", show_default=False)
    ],
    as_json: Annotated[bool, Option("--json", help="Differences as JSON, alone on stdout.")] = False,
) -> None:
    """Differences of two runs, B minus A, paired task by task, with 95% intervals."""
    from limner.evaluation.given import check_run

    check_run(first)
    check_run(second)
    from limner.evaluation.compare import compare_runs

    compared = compare_runs(first, second)
    for note in compared["notes"]:
        err.print(plain(f"note: {note}"))
    if as_json:
        sys.stdout.write(json.dumps(compared, ensure_ascii=False) + "\n")
    else:
        _print_comparison(compared)


@app.command()
def document(
    results: Annotated[
        list[Path],
        Argument(
            metavar="RESULTS...", help="results.json files of runs, or their folders.", show_default=False
        ),
    ],
    file: Annotated[Path, Option("--out", help="The Markdown file to write.")] = Path("evaluation.md"),
) -> None:
    """Write the paper's tables and figures with the command and our number for each."""
    file_to_write(file, ".md")
    from limner.evaluation.given import results_file

    for path in results:
        results_file(path)
    from limner.evaluation.document import document_of

    out.print(plain(str(write_text(document_of(results), file))))


def named_folders(pairs: list[str]) -> dict[str, str]:
    """NAME=FOLDER words as a mapping. ValueError for a word without a name, or a name given twice."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, _, folder = pair.partition("=")
        if not name or not folder:
            raise ValueError(f"--also takes NAME=FOLDER, such as stage1=runs/stage1, not {pair!r}.")
        if name in found:
            raise ValueError(f"--also names {name!r} twice; give each model its own name.")
        found[name] = folder
    return found


def unused(names: Iterable[str], results: dict[str, Any]) -> list[str]:
    """The further models that no metric is named after."""
    parts = {
        part for metrics in results["suites"].values() for metric in metrics for part in metric.split(".")
    }
    return [name for name in names if name not in parts]


def _print_results(results: dict[str, Any]) -> None:
    from rich.table import Table

    from limner.evaluation.table import lines_of, views_of

    for suite, metrics in results["suites"].items():
        lines = lines_of(metrics)
        views = views_of(lines)
        table = Table(title=suite, title_justify="left", title_style="bold")
        table.add_column("metric", overflow="fold")
        for heading in ("as drawn", "95% interval", *views.values(), "n", "tasks"):
            table.add_column(heading, justify="right", overflow="fold")
        for line in lines:
            cells = (line.value, line.interval, *(line.view(view) for view in views))
            table.add_row(line.metric, *cells, str(line.n), str(line.tasks or ""))
        _wide().print(table)
    _print_bars(results)


def _wide() -> Console:
    """The terminal as it is; a file or a pipe has room for every column."""
    return out if out.is_terminal else Console(highlight=False, soft_wrap=True, width=WIDE)


def _print_bars(results: dict[str, Any]) -> None:
    from rich.table import Table

    from limner.evaluation.bar_readings import HEADINGS, cells, readings

    told = readings(results["suites"])
    if not told:
        return
    table = Table(title="what is asked of the model", title_justify="left", title_style="bold")
    for heading in HEADINGS:
        side: Literal["left", "right"] = "left" if heading == HEADINGS[0] else "right"
        table.add_column(heading, justify=side, overflow="fold")
    for reading in told:
        table.add_row(*map(plain, cells(reading)))
    _wide().print(table)


def _print_comparison(compared: dict[str, Any]) -> None:
    from rich.table import Table

    from limner.evaluation.table import differing, is_spread, number, signed

    for suite, metrics in compared["suites"].items():
        table = Table(title=suite, title_justify="left", title_style="bold")
        table.add_column("metric", overflow="fold")
        for heading in ("A", "B", "B - A", "95% interval", "n"):
            table.add_column(heading, justify="right")
        for metric, told in metrics.items():
            interval = f"[{signed(told['low'])}, {signed(told['high'])}]" if is_spread(told) else ""
            row = (number(told["first"]), number(told["second"]), signed(told["value"]), interval)
            table.add_row(metric, *map(plain, row), str(told["n"]), style="bold" if differing(told) else None)
        out.print(table)
