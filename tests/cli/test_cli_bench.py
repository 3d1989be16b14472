"""`limner bench`: brackets of the scale, JSON alone on stdout, one sentence for a mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_the_oracle_in_json(limner):
    ran = limner("bench", "--model", "oracle", "--num", "9", "--size", "64", "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["suites"]["overall"]["non_markov_score"]["value"] > 0.9
    assert told["set"] == {**told["set"], "name": "limner-bench", "version": "1.0"}
    assert len(told["set"]["hash"]) == 64
    assert told["set"]["hash"] in ran.err
    again = limner("bench", "--model", "oracle", "--num", "9", "--size", "64", "--json")
    assert json.loads(again.out) == told


def test_a_table_for_people(limner):
    ran = limner("bench", "--model", "markov", "--num", "2", "--size", "64")
    assert ran.code == 0, ran.err
    assert "person_by_name" in ran.out
    assert "non_markov_score" in ran.out


def test_scripts_and_recorded_answers(limner, tmp_path):
    ran = limner("bench", "script", "--num", "2", "--size", "64", "--out", "asked")
    assert ran.code == 0, ran.err
    for folder in (path for path in (tmp_path / "asked").iterdir() if path.is_dir()):
        (folder / "answers.jsonl").write_text('{"round": 1, "text": "White.", "picture": null}\n')
    ran = limner("bench", "--model", "asked", "--num", "2", "--size", "64", "--out", "scored", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["system"] == "asked"


def test_the_leaderboard_of_the_published_results_is_the_published_page(limner, tmp_path):
    docs = Path(__file__).parents[2] / "docs"
    files = map(str, sorted((docs / "results").glob("*.json")))
    ran = limner("bench", "leaderboard", *files, "--out", "board/page.md")
    assert ran.code == 0, ran.err
    assert (tmp_path / "board" / "page.md").read_text() == (docs / "leaderboard.md").read_text()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "either --model or --endpoint"),
        (("--model", "oracle", "--endpoint", "http://127.0.0.1:1"), "either --model or --endpoint"),
        (("--model", "nobody"), "no model at nobody"),
        (("--model", "oracle", "--num", "0"), "--num"),
        (("--model", "oracle", "--judge", "nowhere"), "no judge at nowhere"),
        (("--model", "oracle", "--set", "nowhere"), "no finished set"),
        (("--endpoint", "http://127.0.0.1:1", "--endpoint-model", "m", "--api", "soap"), "--api"),
        (("--endpoint", "http://127.0.0.1:1"), "name of a model"),
    ],
)
def test_mistakes_are_one_sentence(limner, words, problem):
    ran = limner("bench", *words)
    assert ran.code == 2
    assert ran.out == ""
    assert problem in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


def test_another_system_does_not_go_on_in_a_folder(limner):
    assert limner("bench", "--model", "oracle", "--num", "1", "--size", "64").code == 0
    ran = limner("bench", "--model", "markov", "--num", "1", "--size", "64")
    assert ran.code == 2
    assert "another --out" in " ".join(ran.err.split())
