"""`limner study ...`: blinded pairs for people, the page to judge them on, and what came of it. Thin."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from limner.cli.files import folder_to_write
from limner.cli.options import from_fields
from limner.cli.terminal import err, out, plain

if TYPE_CHECKING:
    from limner.study.analysis import Analysis, QuestionResult
    from limner.study.draw import Drawn

HEADINGS = ("question", "wins", "loses", "ties", "(W+T/2)/N", "95%", "alpha")

app = typer.Typer(
    no_args_is_help=True,
    help="Let people compare two evaluation runs, blindly, conversation by conversation.",
)
Folder = Annotated[Path, Argument(help="The study's folder.", show_default=False)]


@dataclass(frozen=True, kw_only=True)
class StudyOptions:
    """Which pairs are drawn, from which runs, and what is asked about them."""

    run_a: Annotated[Path, Argument(help="The run whose wins are counted: a folder of `limner evaluate`.")]
    run_b: Annotated[Path, Argument(help="The run it is compared with: same suites, same seed.")]
    folder: Annotated[Path, Option("--out", help="New folder for the study.")]
    suites: Annotated[
        list[str] | None, Option("--suite", help="Tasks of this suite; repeatable. [default: all]")
    ] = None
    num: Annotated[int, Option("--num", min=1, help="Pairs that count, at most.")] = 40
    checks: Annotated[
        int | None,
        Option(
            "--checks", min=0, help="Attention checks of each of two kinds. [default: a tenth of the pairs]"
        ),
    ] = None
    repeats: Annotated[
        int | None,
        Option("--repeats", min=0, help="Pairs shown again, sides swapped. [default: a tenth of the pairs]"),
    ] = None
    questions: Annotated[
        list[str] | None,
        Option(
            "--question", help="quality, alignment, face or content; repeatable. [default: the first three]"
        ),
    ] = None
    seed: Annotated[
        int | None,
        Option(
            "--seed",
            min=0,
            max=2**63 - 1,
            help="Makes the same study again; whoever knows it can unblind the study. [default: random]",
        ),
    ] = None


@app.command()
@from_fields
def make(options: StudyOptions) -> None:
    """Draw blinded pairs from two runs: the same tasks, whole conversations, sides at random.

    The key (which side is whose) lies in key.json, which the server never opens; keep it from the raters.
    """
    folder_to_write(options.folder)
    from limner.evaluation.given import check_run
    from limner.study.questions import TABLE_1, chosen_questions

    chosen_questions(options.questions or TABLE_1)
    for run in (options.run_a, options.run_b):
        check_run(run)
    drawn = make_study(options)
    for reason, count in drawn.left_out.items():
        err.print(plain(f"left out {count} {'task' if count == 1 else 'tasks'}: {reason}"))
    kinds = [row.kind for row in drawn.key.rows.values()]
    out.print(
        plain(
            f"{options.folder}: {kinds.count('pair')} pairs, {kinds.count('same') + kinds.count('broken')} "
            f"attention checks, {kinds.count('repeat')} repeats"
        )
    )
    err.print(plain(f"next: limner study serve {options.folder}"))


@app.command()
def serve(
    folder: Folder,
    host: Annotated[
        str, Option("--host", help="Where to listen; 0.0.0.0 lets phones in the same network in.")
    ] = "127.0.0.1",
    port: Annotated[int, Option("--port", min=0, max=65535, help="0 takes any free one.")] = 8480,
    allow_host: Annotated[
        list[str] | None, Option("--allow-host", help="A name it is reached by; repeatable.")
    ] = None,
) -> None:
    """Serve the page for raters. Votes go to votes.jsonl, one line each; Ctrl-C stops, nothing is lost."""
    try:
        from limner.server.study import serve_study
    except ModuleNotFoundError as error:
        raise ValueError(
            f"The page needs {error.name}, which is not installed; pip install 'limner[serve]' brings it."
        ) from error

    serve_study(
        folder,
        host,
        port,
        lambda address: out.print(plain(f"{folder} is open at {address}")),
        allowed_hosts=tuple(allow_host or ()),
    )


@app.command()
def analyse(
    folder: Folder,
    as_json: Annotated[bool, Option("--json", help="One JSON object on stdout.")] = False,
    keep_all: Annotated[
        bool, Option("--all-raters", help="Count raters who failed the attention checks, too.")
    ] = False,
) -> None:
    """Wins, losses and ties of the first run, with intervals, agreement, checks and repeats."""
    from limner.study.analysis import analyse as analyse_study

    analysis = analyse_study(folder, keep_all=keep_all)
    if as_json:
        out.print(plain(json.dumps(analysis.to_json(), indent=1, ensure_ascii=False)))
    else:
        _print(analysis)


def make_study(options: StudyOptions) -> Drawn:
    """Draw a study from two runs and write it. `checks` and `repeats` default to a tenth of the pairs, at
    least one; `seed` to a random one, kept in the key.
    """
    from limner.evaluation.compare import notes_of
    from limner.study.draw import draw_study
    from limner.study.files import check_empty, write_study
    from limner.study.questions import TABLE_1, chosen_questions
    from limner.study.runs import RunConversations

    check_empty(options.folder)
    asked = chosen_questions(options.questions or TABLE_1)
    a, b = (RunConversations(run, options.suites or ()) for run in (options.run_a, options.run_b))
    for note in notes_of(a.run, b.run):
        err.print(plain(f"note: {note}"))
    tenth = max(1, round(min(options.num, len(a), len(b)) / 10))
    drawn = draw_study(
        a,
        b,
        names=(str(options.run_a), str(options.run_b)),
        questions=asked,
        num=options.num,
        num_checks=tenth if options.checks is None else options.checks,
        num_repeats=tenth if options.repeats is None else options.repeats,
        seed=secrets.randbits(62) if options.seed is None else options.seed,
    )
    write_study(drawn, options.folder)
    return drawn


def _print(analysis: Analysis) -> None:
    """The table as in the paper, and what to know about the raters."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    out.print(plain(f"{analysis.runs['a']} against {analysis.runs['b']}"))
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == HEADINGS[0] else "right", no_wrap=True)
    for name, result in analysis.questions.items():
        table.add_row(name, *_cells(result))
    out.print(table)
    for name, result in analysis.questions.items():
        if result.repeats:
            out.print(plain(f"{name}: {result.repeats_same} of {result.repeats} repeats answered alike"))
    passed = sum(rater.excluded is None for rater in analysis.raters)
    out.print(
        plain(
            f"raters: {len(analysis.raters)}, of whom {passed} passed the attention checks; "
            f"pairs with votes that count: {analysis.num_pairs_voted} of {analysis.num_pairs}"
        )
    )
    for rater in analysis.raters:
        if rater.excluded is not None:
            out.print(plain(f"not passed: {rater.name or 'unnamed'} ({rater.rater[:8]}): {rater.excluded}"))
    for name in analysis.shared_names:
        err.print(plain(f"more than one browser voted as {name!r}; if that was one person, raters are fewer"))
    if analysis.unreadable_lines:
        err.print(plain(f"lines of the log that are no votes, passed over: {analysis.unreadable_lines}"))


def _cells(result: QuestionResult) -> list[str]:
    score = result.score
    if score is None:
        return ["0"] * 3 + ["no votes"] + [""] * 2
    shares = [f"{count} {count / score.n:6.1%}" for count in (result.win, result.lose, result.tie)]
    alpha = "-" if result.alpha is None else f"{result.alpha:.2f}"
    between = f"{score.low:.3f} to {score.high:.3f}" if score.n > 1 else ""
    return [*shares, f"{score.value:.3f}", between, alpha]
