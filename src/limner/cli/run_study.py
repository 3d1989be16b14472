"""What `limner study` does between the command line and the study's room: reading runs, printing results.

Knows defaults and tables. Knows nothing about how pairs are drawn or votes are weighed.
"""

from __future__ import annotations

import json
import secrets

from rich.box import SIMPLE_HEAD
from rich.table import Table

from limner.cli.study import StudyOptions
from limner.cli.terminal import err, out, plain
from limner.evaluation.compare import notes_of
from limner.study.analysis import Analysis, QuestionResult
from limner.study.draw import Drawn, draw_study
from limner.study.files import check_empty, write_study
from limner.study.questions import TABLE_1, chosen_questions
from limner.study.runs import RunConversations

HEADINGS = ("question", "wins", "loses", "ties", "(W+T/2)/N", "95%", "alpha")


def make_study(options: StudyOptions) -> Drawn:
    """Draw a study from two runs and write it. `checks` and `repeats` default to a tenth of the pairs, at
    least one; `seed` to a random one, kept in the key.
    """
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


def print_json(analysis: Analysis) -> None:
    """One JSON object on stdout."""
    out.print(plain(json.dumps(analysis.to_json(), indent=1, ensure_ascii=False)))


def print_analysis(analysis: Analysis) -> None:
    """The table as in the paper, and what to know about the raters."""
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
