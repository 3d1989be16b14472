"""A benchmark run: interrupted it goes on to the same results, and what was answered can be scored again."""

from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest
import torch
from bench_systems import ConstantSystem
from tiny_bench import judge

from limner.benchmark.holding import Stopped, hold
from limner.benchmark.publishing import write_scripts
from limner.benchmark.run import run_bench
from limner.benchmark.scoring import Scorer
from limner.benchmark.scripts import conversations
from limner.benchmark.systems.markov import MarkovSystem
from limner.benchmark.systems.oracle import OracleSystem
from limner.benchmark.systems.replay import replay_system
from limner.dialogue.parts import Picture

NUM = 9
SIZE_PX = 64
OPTIONS = {"system": "oracle", "num": NUM}


@pytest.fixture(scope="module")
def scorer():
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    return Scorer(judge=judge())


@pytest.fixture(scope="module")
def found():
    return list(conversations(NUM, seed=2, size_px=SIZE_PX))


@pytest.fixture(scope="module")
def whole(scorer, found, tmp_path_factory):
    """The folder of a run that nobody interrupted."""
    out = tmp_path_factory.mktemp("whole") / "run"
    run_bench(OracleSystem(), scorer, found, out=out, options=OPTIONS)
    return out


def _results(out):
    return [(out / name).read_bytes() for name in ("results.json", "rows.jsonl")]


def _stop_after(num):
    def tell(progress):
        if progress.done == num:
            raise KeyboardInterrupt

    return tell


def test_results_have_the_form_that_others_report_in(whole):
    told = json.loads((whole / "results.json").read_text())
    assert next(iter(told["suites"])) == "overall"
    for family in told["suites"].values():
        for found in family.values():
            assert set(found) == {"value", "low", "high", "n"}
    assert told["suites"]["person_by_name"]["chance.accuracy"]["value"] == 0.5


def test_an_interrupted_run_goes_on_to_the_same_results(whole, scorer, found, tmp_path):
    out = tmp_path / "run"
    for stop in (2, 3, 7):
        with pytest.raises(KeyboardInterrupt):
            run_bench(OracleSystem(), scorer, found, out=out, options=OPTIONS, tell=_stop_after(stop))
        assert not (out / "results.json").exists()
    with (out / "tasks.jsonl").open("ab") as file:
        file.write(b'{"suite": "conversations", "ind')  # the power failed
    begun = []
    run_bench(OracleSystem(), scorer, found, out=out, options=OPTIONS, tell=begun.append)
    assert (begun[0].resumed, begun[0].done) == (7, 7)
    assert _results(out) == _results(whole)


def test_several_conversations_at_a_time_give_the_same_results(whole, scorer, found, tmp_path):
    out = tmp_path / "run"
    run_bench(OracleSystem(), scorer, found, out=out, options=OPTIONS, concurrency=4)
    assert _results(out) == _results(whole)


def test_an_interruption_among_several_at_a_time_keeps_what_is_done(whole, scorer, found, tmp_path):
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        run_bench(OracleSystem(), scorer, found, out=out, options=OPTIONS, concurrency=3, tell=_stop_after(4))
    assert len((out / "tasks.jsonl").read_text().splitlines()) == 4
    run_bench(OracleSystem(), scorer, found, out=out, options=OPTIONS)
    assert _results(out) == _results(whole)


def test_a_stopped_conversation_ends_with_the_round_at_hand(found):
    said = []

    class Slow(ConstantSystem):
        def begin(self, conversation):
            return _Line(said, ())

    with pytest.raises(Stopped):
        hold(Slow(None), found[3], lambda: len(said) == 2)
    assert len(said) == 2


def test_a_folder_of_another_system_is_refused(whole, scorer, found):
    before = _results(whole)
    with pytest.raises(ValueError, match="system oracle, not markov"):
        run_bench(MarkovSystem(), scorer, found, out=whole, options={**OPTIONS, "system": "markov"})
    assert _results(whole) == before


def test_nothing_to_run_is_refused(scorer, tmp_path):
    with pytest.raises(ValueError, match="at least one conversation"):
        run_bench(OracleSystem(), scorer, [], out=tmp_path / "run", options={})


def test_a_run_can_be_replayed_from_its_folder(whole, scorer, found, tmp_path):
    out = tmp_path / "again"
    run_bench(replay_system(whole), scorer, found, out=out, options=OPTIONS)
    assert (out / "rows.jsonl").read_bytes() == (whole / "rows.jsonl").read_bytes()


def test_answers_recorded_elsewhere_are_scored_like_any_others(whole, scorer, found, tmp_path):
    folder, out = tmp_path / "recorded", tmp_path / "run"
    write_scripts(folder, found, {"num": NUM})
    for one in found:
        script = json.loads((folder / one.name / "script.json").read_text())["rounds"]
        assert [(r["say"], r["after"]) for r in script] == [(r.say, r.after) for r in one.rounds]
        lines = []
        for index, answer in enumerate(hold(OracleSystem(), one)):
            shown = None
            if answer.picture is not None:
                shown = f"{index}.png"
                (folder / one.name / shown).write_bytes(answer.picture.to_png())
            lines.append(json.dumps({"round": index, "text": answer.text, "picture": shown}))
        (folder / one.name / "answers.jsonl").write_text("\n".join(lines))
    run_bench(replay_system(folder), scorer, found, out=out, options=OPTIONS)
    assert (out / "rows.jsonl").read_bytes() == (whole / "rows.jsonl").read_bytes()


def test_given_pictures_are_published_and_right_answers_are_not(found, tmp_path):
    write_scripts(tmp_path, found, {"num": NUM})
    for one in found:
        files = {path.name for path in (tmp_path / one.name).iterdir()}
        given = {f"give-{i}-{n}.png" for i, r in enumerate(one.rounds) for n in range(len(r.pictures))}
        assert files == {"script.json", *given}
        assert "target" not in (tmp_path / one.name / "script.json").read_text()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "Line 1"),
        ('{"text": "no round"}', "round"),
        ('{"round": 0, "text": "x", "picture": "../../secret.png"}', "outside"),
        ('{"round": 0, "text": "x", "picture": "none.png"}', "cannot be read"),
        ("[1]", "cannot be read"),
    ],
)
def test_a_bad_record_is_named(found, tmp_path, line, problem):
    place = tmp_path / "recorded" / found[0].name
    place.mkdir(parents=True)
    (place / "answers.jsonl").write_text(line)
    with pytest.raises(ValueError, match=problem):
        replay_system(tmp_path / "recorded").begin(found[0])


def test_conversations_without_a_record_and_folders_without_any_are_named(found, tmp_path):
    with pytest.raises(ValueError, match="neither a model"):
        replay_system(tmp_path)
    place = tmp_path / found[0].name
    place.mkdir()
    (place / "answers.jsonl").write_text('{"round": 0, "text": "x", "picture": null}')
    with pytest.raises(ValueError, match="has no answers"):
        replay_system(tmp_path).begin(found[1])


def test_a_fork_goes_on_from_the_answer_it_names(found):
    fork = next(one for one in found if one.family == "fork_person")
    heard = []

    class Listening(ConstantSystem):
        def begin(self, conversation):
            return _Line(heard, ())

    hold(Listening(Picture(np.zeros((16, 16, 3), np.uint8))), fork)
    lines = [tuple(fork.rounds[i].say for i in fork.line_to(index)) for index in range(len(fork.rounds))]
    assert heard == lines


class _Line:
    """Hears everything that was said on its own line, and nothing else."""

    def __init__(self, heard, before):
        self.heard, self.before = heard, before
        self.ends = {}

    def say(self, text, pictures):
        from limner.benchmark.systems.protocol import SystemAnswer

        self.before = (*self.before, text)
        self.heard.append(self.before)
        self.ends[str(len(self.before))] = self.before
        return SystemAnswer(text="", id=str(len(self.before)))

    def fork(self, id):
        return _Line(self.heard, self.ends[id])


def test_stale_pictures_do_not_keep_a_run_from_going_on(whole, scorer, found, tmp_path):
    """A line whose picture is gone counts as not done."""
    out = tmp_path / "run"
    shutil.copytree(whole, out)
    next((out / "pictures").iterdir()).unlink()
    (out / "results.json").unlink()
    run_bench(OracleSystem(), scorer, found, out=out, options=OPTIONS)
    assert _results(out) == _results(whole)
