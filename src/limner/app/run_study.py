"""What `limner study` does between the command line and the study's room: reading runs, printing results.

Knows defaults and tables. Knows nothing about how pairs are drawn or votes are weighed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from limner.app.terminal import err, out, plain
from limner.evaluation.study.analysis import Analysis, QuestionResult
from limner.evaluation.study.draw import Drawn, draw_study
from limner.evaluation.study.files import check_empty, write_study
from limner.evaluation.study.questions import TABLE_1, chosen_questions
from limner.evaluation.study.runs import RunConversations


def make_study(
    run_a: Path,
    run_b: Path,
    folder: Path,
    *,
    suites: Sequence[str],
    questions: Sequence[str],
    num: int,
    checks: int | None,
    repeats: int | None,
    seed: int | None,
) -> Drawn:
    """Draw a study from two runs and write it. `checks` and `repeats` default to a tenth of the pairs, at
    least one; `seed` to a random one, kept in the key.
    """
    check_empty(folder)
    asked = chosen_questions(questions or TABLE_1)
    a, b = RunConversations(run_a, suites), RunConversations(run_b, suites)
    tenth = max(1, round(min(num, len(a), len(b)) / 10))
    drawn = draw_study(
        a,
        b,
        names=(str(run_a), str(run_b)),
        questions=asked,
        num=num,
        num_checks=tenth if checks is None else checks,
        num_repeats=tenth if repeats is None else repeats,
        seed=secrets.randbits(62) if seed is None else seed,
    )
    write_study(drawn, folder)
    return drawn


def print_json(analysis: Analysis) -> None:
    """One JSON object on stdout."""
    out.print(plain(json.dumps(analysis.to_json(), indent=1, ensure_ascii=False)))


def print_analysis(analysis: Analysis) -> None:
    """The table as in the paper, and what to know about the raters."""
    table = Table(title=f"{analysis.runs['a']} against {analysis.runs['b']}", title_justify="left")
    for heading in ("question", "wins", "loses", "ties", "(W + T/2) / N", "alpha", "repeats alike"):
        table.add_column(heading, justify="left" if heading == "question" else "right")
    for name, result in analysis.questions.items():
        table.add_row(name, *_cells(result))
    out.print(table)
    counted = [rater for rater in analysis.raters if rater.excluded is None]
    out.print(
        plain(
            f"{len(analysis.raters)} raters, {len(counted)} of them passed the attention checks; "
            f"{analysis.num_pairs_voted} of {analysis.num_pairs} pairs have votes that count"
        )
    )
    for rater in analysis.raters:
        if rater.excluded is not None:
            out.print(plain(f"not passed: {rater.name or 'unnamed'} ({rater.rater[:8]}): {rater.excluded}"))
    for name in analysis.shared_names:
        err.print(plain(f"more than one browser voted as {name!r}; if that was one person, raters are fewer"))
    if analysis.unreadable_lines:
        err.print(plain(f"{analysis.unreadable_lines} lines of the log are no votes and were passed over"))


def _cells(result: QuestionResult) -> list[str]:
    if result.score is None:
        return ["", "", "", "no votes yet", "", ""]
    shares = [f"{count} ({count / result.score.n:.1%})" for count in (result.win, result.lose, result.tie)]
    score = f"{result.score.value:.3f} [{result.score.low:.3f}, {result.score.high:.3f}]"
    alpha = "-" if result.alpha is None else f"{result.alpha:.2f}"
    return [*shares, score, alpha, f"{result.repeats_same} of {result.repeats}" if result.repeats else "-"]
