"""What votes amount to, against published examples, counts done by hand, and raters whose mind is known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from study_talks import two_runs

from limner.study.analysis import analyse, nominal_alpha, two_way_estimate
from limner.study.draw import draw_study
from limner.study.files import write_study
from limner.study.pairs import VOTES_FILE, read_key, read_study
from limner.study.questions import TABLE_1, chosen_questions
from limner.study.votes import Vote, VoteLog

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability": sections A, B and C; "." is missing.
BINARY = ["0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0"]
NOMINAL = ["a a b b d c c c e d d a", "b a b b b c c c e d d d"]
MISSING = [
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
]


@pytest.mark.parametrize(("observers", "alpha"), [(BINARY, 0.095), (NOMINAL, 0.692), (MISSING, 0.743)])
def test_alpha_is_that_of_the_published_examples(observers, alpha):
    columns = zip(*(row.split() for row in observers), strict=True)
    units = [[value for value in column if value != "."] for column in columns]
    assert nominal_alpha(units) == pytest.approx(alpha, abs=5e-4)


def test_alpha_at_its_ends():
    assert nominal_alpha([["a", "a"], ["b", "b"]]) == 1
    assert nominal_alpha([["a", "b"], ["b", "a"]]) < 0
    assert nominal_alpha([["a", "a"], ["a", "a"]]) is None  # nothing varies
    assert nominal_alpha([["a"], ["b"], []]) is None  # nobody to compare with
    chance = np.random.default_rng(0)
    assert nominal_alpha(chance.integers(0, 3, (3000, 4)).tolist()) == pytest.approx(0, abs=0.02)


def test_the_interval_covers_the_truth_when_conversations_and_raters_both_differ():
    chance = np.random.default_rng(1)
    num_conversations, num_raters, trials = 25, 12, 80
    conversations = np.repeat(np.arange(num_conversations), num_raters).astype(str)
    raters = np.tile(np.arange(num_raters), num_conversations).astype(str)
    covered, covered_by_votes = 0, 0
    for _ in range(trials):
        values = (
            chance.normal(0, 0.3, (num_conversations, 1))
            + chance.normal(0, 0.3, (1, num_raters))
            + chance.normal(0, 0.6, (num_conversations, num_raters))
        ).ravel()
        found = two_way_estimate(values, conversations, raters)
        covered += found.low <= 0 <= found.high
        naive = 1.96 * values.std() / len(values) ** 0.5  # as if votes were independent
        covered_by_votes += abs(values.mean()) <= naive
    assert covered / trials >= 0.88
    assert covered_by_votes / trials < 0.7


def test_the_interval_depends_on_neither_order_nor_names_and_narrows_with_more():
    values, conversations, raters = [1.0, 0.5, 0.0, 1.0, 1.0, 0.0], list("ppqqrr"), list("xyxyxy")
    found = two_way_estimate(values, conversations, raters)
    order = [3, 5, 0, 1, 4, 2]
    again = two_way_estimate(*([part[i] for i in order] for part in (values, conversations, raters)))
    assert found == again
    assert (found.value, found.n) == (pytest.approx(3.5 / 6), 6)
    assert found.low < found.value < found.high
    many = two_way_estimate(
        np.tile(values, 16),
        [f"{c}{i}" for i in range(16) for c in conversations],
        [f"{r}{i % 8}" for i in range(16) for r in raters],
    )
    assert many.high - many.low < 0.6 * (found.high - found.low)


def test_sparse_votes_and_single_raters_still_have_an_interval():
    alone = two_way_estimate([1.0, 0.0, 1.0], list("pqr"), list("xxx"))
    assert alone.low < alone.value < alone.high
    sparse = two_way_estimate([1.0, 0.0, 1.0], list("pqr"), list("xyz"))
    assert 0 <= sparse.low <= sparse.value <= sparse.high <= 1
    assert two_way_estimate([0.5], ["p"], ["x"]).low == 0.5
    with pytest.raises(ValueError, match="at least one vote"):
        two_way_estimate([], [], [])


@pytest.fixture
def folder(tmp_path):
    drawn = draw_study(
        *two_runs(16),
        names=("ours", "theirs"),
        questions=chosen_questions(TABLE_1),
        num=9,
        num_checks=2,
        num_repeats=3,
        seed=3,
    )
    return write_study(drawn, tmp_path / "study")


def answer_for(row, wanted):
    """What to say so that run A wins, loses or ties."""
    if wanted == "tie":
        return "tie"
    return "left" if (row.left == "a") == (wanted == "win") else "right"


def attentive(row):
    return "tie" if row.kind == "same" else row.intact


def cast(folder, rater, mind, *, name="", checks=attentive, kinds=("pair", "repeat", "same", "broken")):
    """Votes of one rater: `mind(question, row, place)` gives what A should get; `checks` answers checks."""
    key, log = read_key(folder), VoteLog(folder / VOTES_FILE)
    for place, pair in enumerate(read_study(folder).pairs):
        row = key.rows[pair.id]
        if row.kind not in kinds:
            continue
        if row.kind in ("same", "broken"):
            answers = dict.fromkeys(TABLE_1, checks(row))
        else:
            answers = {question: answer_for(row, mind(question, row, place)) for question in TABLE_1}
        log.append(Vote(rater=rater, name=name, pair=pair.id, answers=answers, seconds=5, time="now"))
    log.close()


def test_wins_are_run_as_whichever_side_it_was_on(folder):
    cast(
        folder,
        "r1",
        lambda question, row, place: {"quality": "win", "alignment": "tie"}.get(question, "lose"),
    )
    cast(
        folder,
        "r2",
        lambda question, row, place: {"quality": "win", "alignment": "win"}.get(question, "lose"),
    )
    found = analyse(folder)
    quality, alignment, face = (found.questions[name] for name in TABLE_1)
    assert (quality.win, quality.lose, quality.tie) == (18, 0, 0)
    assert (quality.score.value, quality.score.low, quality.score.high, quality.score.n) == (1, 1, 1, 18)
    assert (face.win, face.lose, face.tie, face.score.value) == (0, 18, 0, 0)
    assert (alignment.win, alignment.lose, alignment.tie) == (9, 0, 9)
    assert alignment.score.value == 0.75  # (9 + 9/2) / 18
    assert alignment.score.low < 0.75 < alignment.score.high
    assert quality.alpha is None  # every vote alike
    assert alignment.alpha < 0  # they never agree
    assert {quality.left, quality.right} == {8, 10}  # sides are balanced: 4 or 5 of 9, twice
    assert (quality.repeats, quality.repeats_same) == (6, 6)
    assert (found.num_pairs, found.num_pairs_voted, found.unreadable_lines) == (9, 9, 0)
    assert json.loads(json.dumps(found.to_json()))["questions"]["quality"]["win"] == 18


def test_repeats_count_for_consistency_only(folder):
    cast(folder, "r1", lambda question, row, place: "lose" if row.kind == "repeat" else "win")
    quality = analyse(folder).questions["quality"]
    assert (quality.win, quality.lose, quality.repeats, quality.repeats_same) == (9, 0, 3, 0)


def test_a_rater_who_always_says_left_fails_and_does_not_count(folder):
    cast(folder, "good", lambda question, row, place: "win", name="Ada")
    cast(
        folder,
        "left",
        lambda question, row, place: "win" if row.left == "a" else "lose",
        checks=lambda row: "left",
    )
    found = analyse(folder)
    reports = {report.rater: report for report in found.raters}
    assert reports["good"].excluded is None
    assert (reports["good"].num_checks, reports["good"].num_failed, reports["good"].name) == (4, 0, "Ada")
    assert reports["left"].excluded == "failed 3 of 4 attention checks"  # one intact side is the left one
    assert found.questions["quality"].score.n == 9
    everybody = analyse(folder, keep_all=True)
    assert everybody.questions["quality"].score.n == 18
    assert everybody.questions["quality"].left > everybody.questions["quality"].right
    assert [report.excluded for report in everybody.raters] == [report.excluded for report in found.raters]


def test_one_slip_in_four_checks_is_forgiven_two_are_not(folder):
    def slips(most):
        left = iter([True] * most + [False] * 4)
        return lambda row: "right" if row.kind == "same" and next(left) else attentive(row)

    cast(folder, "one", lambda question, row, place: "win", checks=slips(1))
    cast(folder, "two", lambda question, row, place: "win", checks=slips(2))
    assert {report.rater: report.excluded for report in analyse(folder).raters} == {
        "one": None,
        "two": "failed 2 of 4 attention checks",
    }


def test_who_met_no_check_does_not_count_unless_the_study_has_none(folder, tmp_path):
    cast(folder, "early", lambda question, row, place: "win", kinds=("pair",))
    assert analyse(folder).raters[0].excluded == "judged no attention check"
    assert analyse(folder).questions["quality"].score is None
    drawn = draw_study(
        *two_runs(4),
        names=("ours", "theirs"),
        questions=chosen_questions(TABLE_1),
        num=4,
        num_checks=0,
        num_repeats=0,
        seed=0,
    )
    plain = write_study(drawn, tmp_path / "plain")
    cast(plain, "early", lambda question, row, place: "win")
    assert analyse(plain).raters[0].excluded is None


def test_one_name_in_two_browsers_is_told_and_strange_lines_are_counted(folder):
    for rater, name in (("r1", "Ada"), ("r2", "ada"), ("r3", "Ben"), ("r4", ""), ("r5", "")):
        cast(folder, rater, lambda question, row, place: "win", name=name)
    log = VoteLog(folder / VOTES_FILE)
    log.append(Vote(rater="r1", name="", pair="unknown", answers={}, seconds=1, time="now"))
    pair = read_study(folder).pairs[0].id
    log.append(Vote(rater="r9", name="", pair=pair, answers={"quality": "tie"}, seconds=1, time="now"))
    found = analyse(folder)
    assert found.shared_names == ("ada",)
    assert found.unreadable_lines == 2
    assert len(found.raters) == 5


def test_alpha_tells_agreeing_raters_from_guessing_ones(folder):
    chance = np.random.default_rng(0)
    outcomes = ("win", "lose", "tie")
    for rater in range(12):
        cast(
            folder,
            f"r{rater}",
            lambda question, row, place: (
                outcomes[place % 3] if question == "quality" else outcomes[chance.integers(3)]
            ),
        )
    found = analyse(folder).questions
    assert found["quality"].alpha == 1
    assert abs(found["face"].alpha) < 0.1


def test_a_key_of_another_study_is_refused(folder, tmp_path):
    drawn = draw_study(
        *two_runs(16),
        names=("ours", "theirs"),
        questions=chosen_questions(TABLE_1),
        num=9,
        num_checks=2,
        num_repeats=3,
        seed=4,
    )
    other = write_study(drawn, tmp_path / "other")
    (folder / "key.json").write_bytes((other / "key.json").read_bytes())
    with pytest.raises(ValueError, match="not this study's"):
        analyse(folder)


def test_a_study_nobody_voted_on_has_no_scores(folder):
    found = analyse(folder)
    assert found.raters == ()
    assert all(result.score is None and result.alpha is None for result in found.questions.values())
