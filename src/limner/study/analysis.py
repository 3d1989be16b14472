"""What the votes amount to: Table 1 of the paper with intervals, agreement, checks and repeats.

Knows a study's key and its votes; unblinds here and nowhere else. Knows nothing about pages or printing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from limner.evaluation.score import INTERVAL, Estimate
from limner.study.pairs import VOTES_FILE, Key, KeyRow, read_key, read_study
from limner.study.questions import Question
from limner.study.votes import Vote, read_votes

MOST_FAILED: Final = 1 / 3
OUTCOMES: Final = ("win", "lose", "tie")
POINTS: Final = {"win": 1.0, "tie": 0.5, "lose": 0.0}


@dataclass(frozen=True, kw_only=True)
class RaterReport:
    """One rater: votes on pairs that count, checks seen and failed, and why the votes do not count (or None).

    `median_seconds` is the median time for one pair.
    """

    rater: str
    name: str
    num_votes: int
    num_checks: int
    num_failed: int
    median_seconds: float
    excluded: str | None


@dataclass(frozen=True, kw_only=True)
class QuestionResult:
    """One question, from run A's side.

    Args:
        win, lose, tie: votes.
        score: (W + T/2) / N with its interval; None without votes.
        alpha: Krippendorff's alpha over pairs; None where it is not defined.
        repeats, repeats_same: repeated pairs, and those answered the same way both times.
        left, right: votes for the left and the right side, whosever it was.
    """

    win: int
    lose: int
    tie: int
    score: Estimate | None
    alpha: float | None
    repeats: int
    repeats_same: int
    left: int
    right: int


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """All that a study says so far. `unreadable_lines` counts lines of the log that are no votes."""

    runs: Mapping[str, str]
    num_pairs: int
    num_pairs_voted: int
    questions: Mapping[str, QuestionResult]
    raters: tuple[RaterReport, ...]
    shared_names: tuple[str, ...]
    unreadable_lines: int

    def to_json(self) -> dict[str, Any]:
        """Plain values; the same names."""
        return asdict(self)


def analyse(folder: Path, *, keep_all: bool = False) -> Analysis:
    """Analyse the study in `folder`, also while it is being served.

    A rater's votes do not count when more than a third of the attention checks that he or she judged were
    failed, or when none was judged though the study has some. `keep_all` counts everybody.

    Raises:
        ValueError: when the folder holds no study or the key is another study's.
    """
    study, key = read_study(folder), read_key(folder)
    if key.study != study.id or set(key.rows) != {pair.id for pair in study.pairs}:
        raise ValueError(f"The key in {folder} is not this study's; restore the one that was made with it.")
    votes = read_votes(folder / VOTES_FILE)
    names_asked = {question.name for question in study.questions}
    known = [vote for vote in votes.standing if vote.pair in key.rows and set(vote.answers) == names_asked]
    raters = _rater_reports(known, key)
    counted = {report.rater for report in raters if keep_all or report.excluded is None}
    kept = [vote for vote in known if vote.rater in counted]
    names = Counter(report.name.casefold() for report in raters if report.name)
    return Analysis(
        runs=key.runs,
        num_pairs=sum(row.kind == "pair" for row in key.rows.values()),
        num_pairs_voted=len({vote.pair for vote in kept if key.rows[vote.pair].kind == "pair"}),
        questions={question.name: _question_result(question, kept, key) for question in study.questions},
        raters=raters,
        shared_names=tuple(sorted(name for name, count in names.items() if count > 1)),
        unreadable_lines=votes.num_unreadable + len(votes.standing) - len(known),
    )


def passes(vote: Vote, row: KeyRow) -> bool:
    """Whether a vote on an attention check is as expected.

    Two times the same conversation: a tie in every question. A broken side: the whole side has the better
    quality (other answers are free: ruined pictures may still be said to follow the words).
    """
    if row.kind == "same":
        return set(vote.answers.values()) == {"tie"}
    asked = "quality" if "quality" in vote.answers else next(iter(vote.answers))
    return vote.answers[asked] == row.intact


def outcome(answer: str, row: KeyRow) -> str:
    """An answer unblinded, from run A's side: "win", "lose" or "tie"."""
    if answer == "tie":
        return "tie"
    return "win" if (answer == "left") == (row.left == "a") else "lose"


def _rater_reports(votes: Sequence[Vote], key: Key) -> tuple[RaterReport, ...]:
    has_checks = any(row.kind in ("same", "broken") for row in key.rows.values())
    by_rater: dict[str, list[Vote]] = {}
    for vote in votes:
        by_rater.setdefault(vote.rater, []).append(vote)
    reports = []
    for rater, cast in sorted(by_rater.items()):
        checks = [vote for vote in cast if key.rows[vote.pair].kind in ("same", "broken")]
        failed = sum(not passes(vote, key.rows[vote.pair]) for vote in checks)
        excluded = None
        if has_checks and not checks:
            excluded = "judged no attention check"
        elif failed > MOST_FAILED * len(checks):
            excluded = f"failed {failed} of {len(checks)} attention checks"
        reports.append(
            RaterReport(
                rater=rater,
                name=cast[-1].name,
                num_votes=sum(key.rows[vote.pair].kind == "pair" for vote in cast),
                num_checks=len(checks),
                num_failed=failed,
                median_seconds=sorted(vote.seconds for vote in cast)[len(cast) // 2],
                excluded=excluded,
            )
        )
    return tuple(reports)


def _question_result(question: Question, votes: Sequence[Vote], key: Key) -> QuestionResult:
    first = [vote for vote in votes if key.rows[vote.pair].kind == "pair"]
    answers = [vote.answers[question.name] for vote in first]
    told = [outcome(answer, key.rows[vote.pair]) for answer, vote in zip(answers, first, strict=True)]
    by_pair: dict[str, list[str]] = {}
    for vote, found in zip(first, told, strict=True):
        by_pair.setdefault(vote.pair, []).append(found)
    again = _repeated(question, votes, key)
    counts = Counter(told)
    score = None
    if told:
        score = two_way_estimate(
            [POINTS[found] for found in told],
            [key.rows[vote.pair].conversation for vote in first],
            [vote.rater for vote in first],
        )
    return QuestionResult(
        **{name: counts[name] for name in OUTCOMES},
        score=score,
        alpha=nominal_alpha(by_pair.values()),
        repeats=len(again),
        repeats_same=sum(one == other for one, other in again),
        left=answers.count("left"),
        right=answers.count("right"),
    )


def _repeated(question: Question, votes: Sequence[Vote], key: Key) -> list[tuple[str, str]]:
    """What each rater said of a pair the first and the second time."""
    cast = {(vote.rater, vote.pair): vote for vote in votes}
    found = []
    for (rater, pair), vote in cast.items():
        row = key.rows[pair]
        before = cast.get((rater, row.repeats or ""))
        if row.kind == "repeat" and before is not None:
            first = outcome(before.answers[question.name], key.rows[before.pair])
            found.append((first, outcome(vote.answers[question.name], row)))
    return found


def nominal_alpha(units: Iterable[Sequence[Hashable]]) -> float | None:
    """Krippendorff's alpha for nominal data, any number of raters, values missing or not.

    alpha = 1 - observed / expected disagreement, both from the coincidence matrix, in which each unit enters
    with its pairs of values over (values - 1), and units with one value drop out (Krippendorff 2011,
    "Computing Krippendorff's Alpha-Reliability", section D). 1 is full agreement, 0 is chance.

    Args:
        units: the values that one unit (here: a pair of conversations) received, one for each rater.

    Returns:
        None when it is not defined: no unit has two values, or all values are alike.
    """
    totals = Counter[Hashable]()
    disagreed = 0.0
    for values in units:
        if len(values) < 2:
            continue
        counts = Counter(values)
        totals.update(counts)
        unlike = len(values) ** 2 - sum(count**2 for count in counts.values())
        disagreed += unlike / (len(values) - 1)
    num = sum(totals.values())
    expected = num**2 - sum(count**2 for count in totals.values())
    if expected == 0:
        return None
    return 1.0 - (num - 1) * disagreed / expected


DRAWS = 2000


def two_way_estimate(
    values: Sequence[float], conversations: Sequence[str], raters: Sequence[str]
) -> Estimate:
    """The mean of `values` with a 95% percentile interval by the pigeonhole bootstrap (Owen 2007, Annals of
    Applied Statistics 1(2), 386-411).

    Conversations are drawn with replacement, and raters too, independently; a value counts as often as its
    conversation was drawn times as often as its rater was. So the interval covers other conversations and
    other raters, and is if anything too wide. With one rater it speaks of other conversations only. Draws in
    which nothing is left are passed over. The draws are seeded, and equal values in any order give equal
    intervals. ValueError when there are no values.
    """
    if not len(values):
        raise ValueError("An estimate needs at least one vote.")
    conversation_names, conversation_of = np.unique(conversations, return_inverse=True)
    rater_names, rater_of = np.unique(raters, return_inverse=True)
    shape = len(conversation_names), len(rater_names)
    sums, counts = np.zeros(shape), np.zeros(shape)
    numbers = np.asarray(values, dtype=np.float64)
    order = np.lexsort((numbers, rater_of, conversation_of))  # floating-point sums depend on order
    where = conversation_of[order], rater_of[order]
    np.add.at(sums, where, numbers[order])
    np.add.at(counts, where, 1.0)

    chance = np.random.default_rng(0)
    times_conversation = chance.multinomial(shape[0], np.full(shape[0], 1 / shape[0]), size=DRAWS)
    times_rater = chance.multinomial(shape[1], np.full(shape[1], 1 / shape[1]), size=DRAWS)
    drawn_sums = ((times_conversation @ sums) * times_rater).sum(1)
    drawn_counts = ((times_conversation @ counts) * times_rater).sum(1)
    left = drawn_counts > 0
    low, high = np.percentile(drawn_sums[left] / drawn_counts[left], INTERVAL)
    return Estimate(value=float(sums.sum() / counts.sum()), low=float(low), high=float(high), n=len(numbers))
