"""`limner study make` and `analyse` as a newcomer meets them."""

from __future__ import annotations

import json

import pytest
from study_runs import write_runs
from user_mistakes import one_sentence

from limner.study.pairs import read_key, read_study
from limner.study.votes import Vote, VoteLog


@pytest.fixture
def runs(tmp_path):
    return write_runs(tmp_path, num=8)


@pytest.mark.parametrize("command", ["make", "serve", "analyse"])
def test_every_command_explains_itself(limner, command):
    told = limner("study", command, "--help")
    assert told.code == 0
    assert f"limner study {command}" in told.out


def test_a_study_is_made_voted_on_and_analysed(limner, tmp_path, runs):
    told = limner("study", "make", *runs, "--out", "study", "--num", 6, "--seed", 1)
    assert told.code == 0, told.err
    assert told.out.strip() == "study: 6 pairs, 2 attention checks, 1 repeats"
    assert "limner study serve study" in told.err
    key, log = read_key(tmp_path / "study"), VoteLog(tmp_path / "study/votes.jsonl")
    for pair, row in key.rows.items():
        side = "tie" if row.kind == "same" else row.intact or ("left" if row.left == "a" else "right")
        answers = {"quality": side, "alignment": side, "face": side}
        log.append(Vote(rater="a" * 32, name="[bold]Ada", pair=pair, answers=answers, seconds=4, time="now"))
    log.append(
        Vote(
            rater="b" * 32,
            name="Ben",
            pair=pair,
            answers=dict.fromkeys(answers, "tie"),
            seconds=4,
            time="now",
        )
    )

    told = limner("study", "analyse", "study")
    assert told.code == 0
    assert "ours against " in told.out
    assert all(len(line) <= 100 for line in told.out.splitlines() if "ours" not in line)
    assert "6 100.0%" in told.out
    assert "1.000 to 1.000" in told.out
    assert "face: 1 of 1 repeats answered alike" in told.out
    assert "raters: 2, of whom 1 passed" in told.out
    assert "not passed: Ben (bbbbbbbb): " in told.out

    told = limner("study", "analyse", "study", "--json")
    found = json.loads(told.out)
    assert found["questions"]["face"]["win"] == 6
    assert found["questions"]["face"]["score"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 6}
    assert [rater["excluded"] is None for rater in found["raters"]] == [True, False]


def test_a_study_without_votes_has_a_table_too(limner, runs):
    assert limner("study", "make", *runs, "--out", "study").code == 0
    told = limner("study", "analyse", "study")
    assert (told.code, "no votes" in told.out, "of whom 0 passed" in told.out) == (0, True, True)


def test_one_seed_is_one_study_and_no_seed_another_each_time(limner, tmp_path, runs):
    for name, options in {"a": ("--seed", 3), "b": ("--seed", 3), "c": (), "d": ()}.items():
        assert limner("study", "make", *runs, "--out", name, *options).code == 0
    a, b, c, d = (read_study(tmp_path / name) for name in "abcd")
    assert a == b
    assert len({a.id, c.id, d.id}) == 3


def test_questions_can_be_chosen(limner, tmp_path, runs):
    words = ("--question", "content", "--question", "alignment")
    assert limner("study", "make", *runs, "--out", "study", *words).code == 0
    assert [question.name for question in read_study(tmp_path / "study").questions] == [
        "content",
        "alignment",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("make nowhere {b} --out study", "no evaluation at nowhere"),
        ("make {a} {b} --out study --suite rollback", "no finished task of suite 'rollback'; it has named"),
        ("make {a} {b} --out study --question beauty", "no question 'beauty'"),
        ("make {a} {b} --out study --repeats 9", "leave room for 3 repeats, not 9"),
        ("make {a} {b} --out ours", "ours is not empty"),
        ("make {a} {b} --out study --num 0", "--num"),
        ("make {a} {b}", "--out"),
        ("analyse nowhere", "limner study make"),
        ("serve nowhere", "limner study make"),
        ("analyse {a}", "limner study make"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing_behind(limner, tmp_path, runs, words, said):
    a, b = runs
    assert said in one_sentence(limner("study", *words.format(a=a.name, b=b.name).split()))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ours", "theirs"]
