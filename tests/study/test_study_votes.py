"""Votes on disk: nothing acknowledged is lost, whatever a crash leaves; raters do not disturb each other."""

from __future__ import annotations

import json
import resource
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from study_talks import two_runs

from limner.study.ballot import MAX_LINES_PER_PAIR, Ballot, order_of
from limner.study.draw import draw_study
from limner.study.files import write_study
from limner.study.pairs import VOTES_FILE
from limner.study.questions import TABLE_1, chosen_questions
from limner.study.votes import Undo, Vote, VoteLog, read_votes

ADA, BEN = "a" * 32, "b" * 32


@pytest.fixture
def folder(tmp_path):
    drawn = draw_study(
        *two_runs(9),
        names=("ours", "theirs"),
        questions=chosen_questions(TABLE_1),
        num=6,
        num_checks=1,
        num_repeats=1,
        seed=1,
    )
    return write_study(drawn, tmp_path / "study")


def vote(pair="p", rater=ADA, answer="left"):
    return Vote(rater=rater, name="Ada", pair=pair, answers={"quality": answer}, seconds=2.0, time="now")


def told(rater, pair, answer="left", **changes):
    """A vote as the page sends it."""
    answers = dict.fromkeys(TABLE_1, answer)
    return {"rater": rater, "name": "Ada", "pair": pair, "answers": answers, "seconds": 3.5, **changes}


def test_a_later_vote_replaces_and_an_undo_removes(tmp_path):
    log = VoteLog(tmp_path / "votes.jsonl")
    for record in (
        vote("p"),
        vote("q"),
        vote("p", answer="tie"),
        vote("p", rater=BEN),
        Undo(rater=ADA, pair="q", time="now"),
        Undo(rater=BEN, pair="never", time="now"),
    ):
        log.append(record)
    found = read_votes(tmp_path / "votes.jsonl")
    assert found.standing == (vote("p", answer="tie"), vote("p", rater=BEN))
    assert found.num_unreadable == 0
    assert len((tmp_path / "votes.jsonl").read_text().splitlines()) == 6  # appended, never changed


def test_a_torn_line_costs_only_itself(tmp_path):
    path = tmp_path / "votes.jsonl"
    log = VoteLog(path)
    log.append(vote("p"))
    log.close()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    assert read_votes(path).standing == (vote("p"),)
    assert read_votes(path).num_unreadable == 1
    log = VoteLog(path)
    log.append(vote("q"))
    assert read_votes(path).standing == (vote("p"), vote("q"))
    assert read_votes(path).num_unreadable == 1
    assert path.read_bytes().startswith(whole)


@pytest.mark.parametrize(
    "line",
    [b"no json", b"[]", b"7", b'{"kind": "vote"}', b'{"kind": "undo", "rater": "r"}', b"\xff\xfe", b""]
    + [json.dumps({**vars(vote()), "kind": kind}).encode() for kind in ("other", None)]
    + [json.dumps({**vars(vote(answer="best")), "kind": "vote"}).encode()],
)
def test_a_line_that_is_no_vote_is_counted_and_passed_over(tmp_path, line):
    path = tmp_path / "votes.jsonl"
    log = VoteLog(path)
    log.append(vote("p"))
    with path.open("ab") as file:
        file.write(line + b"\n")
    log.append(vote("q"))
    assert read_votes(path).standing == (vote("p"), vote("q"))
    assert read_votes(path).num_unreadable == 1


def test_a_full_disk_refuses_the_vote_and_spoils_no_other(folder):
    ballot = Ballot(folder)
    pair = ballot.step(ADA).pair
    before = ballot.cast(told(ADA, pair.id))
    size = (folder / VOTES_FILE).stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    kept = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, limits[1]))
        with pytest.raises(OSError, match=r"."):
            ballot.cast(told(ADA, before.pair.id))
        assert ballot.step(ADA).done == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, kept)
    assert ballot.cast(told(ADA, before.pair.id)).done == 2
    found = read_votes(folder / VOTES_FILE)
    assert [vote.pair for vote in found.standing] == [pair.id, before.pair.id]
    assert found.num_unreadable == 1


def test_one_server_at_a_time_holds_the_votes(folder):
    ballot = Ballot(folder)
    with pytest.raises(ValueError, match="open in another server"):
        Ballot(folder)
    ballot.close()
    Ballot(folder).close()


def test_a_rater_goes_through_all_pairs_and_a_new_server_goes_on_where_it_was(folder):
    ballot = Ballot(folder)
    seen = []
    while (step := ballot.step(ADA)).pair is not None:
        assert (step.done, step.total) == (len(seen), 9)
        assert step.last is None if not seen else step.last.pair == seen[-1]
        seen.append(step.pair.id)
        ballot.cast(told(ADA, step.pair.id))
        ballot.close()
        ballot = Ballot(folder)
    assert seen == [pair.id for pair in order_of(ballot.study, ADA)]
    assert len(set(seen)) == 9
    assert ballot.step(BEN).done == 0


def test_each_rater_has_another_order_but_repeats_come_after_their_pair(folder):
    study = Ballot(folder).study
    orders = [[pair.id for pair in order_of(study, f"{rater:032x}")] for rater in range(40)]
    assert len({tuple(order) for order in orders}) > 30
    key = json.loads((folder / "key.json").read_text())["rows"]
    ((repeat, row),) = [(pair, row) for pair, row in key.items() if row["kind"] == "repeat"]
    assert all(order.index(repeat) - order.index(row["repeats"]) > 2 for order in orders)


def test_undo_brings_the_pair_back_and_sent_twice_it_counts_once(folder):
    ballot = Ballot(folder)
    first = ballot.step(ADA).pair.id
    second = ballot.cast(told(ADA, first)).pair.id
    assert ballot.cast(told(ADA, first)).pair.id == second  # a vote sent again after a lost answer
    ballot.cast(told(ADA, second))
    for _ in range(2):
        step = ballot.take_back({"rater": ADA, "pair": second})
        assert (step.pair.id, step.done, step.last.pair) == (second, 1, first)


def test_two_raters_at_once_lose_nothing(folder):
    ballot = Ballot(folder)

    def vote_all(rater):
        while (step := ballot.step(rater)).pair is not None:
            ballot.cast(told(rater, step.pair.id, "tie"))

    raters = [f"{rater:032x}" for rater in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(vote_all, raters))
    found = read_votes(folder / VOTES_FILE)
    assert found.num_unreadable == 0
    assert len(found.standing) == 8 * 9
    assert {vote.rater for vote in found.standing} == set(raters)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rater": "me"}, "32 hexadecimal digits"),
        ({"rater": None}, "32 hexadecimal digits"),
        ({"rater": "a" * 32 + "\n"}, "32 hexadecimal digits"),
        ({"pair": "../key"}, "no such pair"),
        ({"pair": ["p"]}, "no such pair"),
        ({"name": "x" * 61}, "60 printable"),
        ({"name": "a\nb"}, "60 printable"),
        ({"name": "\ud800"}, "60 printable"),
        ({"answers": {"quality": "left"}}, "answers each of quality, alignment, face"),
        ({"answers": dict.fromkeys((*TABLE_1, "beauty"), "left")}, "answers each of"),
        ({"answers": dict.fromkeys(TABLE_1, "middle")}, "left, right, tie"),
        ({"answers": {name: ["left"] for name in TABLE_1}}, "left, right, tie"),
        ({"answers": []}, "answers each of"),
        ({"seconds": float("nan")}, "0 or more"),
        ({"seconds": -1}, "0 or more"),
        ({"seconds": True}, "0 or more"),
        ({"seconds": None}, "0 or more"),
    ],
)
def test_a_vote_that_says_nonsense_is_refused_and_not_kept(folder, changes, said):
    ballot = Ballot(folder)
    with pytest.raises(ValueError, match=said):
        ballot.cast({**told(ADA, ballot.step(ADA).pair.id), **changes})
    assert (folder / VOTES_FILE).read_bytes() == b""


def test_nobody_fills_the_disk(folder):
    ballot = Ballot(folder)
    pair = ballot.step(ADA).pair.id
    for _ in range(MAX_LINES_PER_PAIR * 9):
        ballot.cast(told(ADA, pair))
    with pytest.raises(ValueError, match="far more votes"):
        ballot.cast(told(ADA, pair))
    assert ballot.cast(told(BEN, pair)).done == 1
