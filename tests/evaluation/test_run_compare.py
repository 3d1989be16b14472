"""Two runs compared, and the paper's numbers beside ours: pairs by task, nothing compared that differs."""

from __future__ import annotations

import json

import pytest

from limner.evaluation.compare import compare_runs
from limner.evaluation.document import document_of
from limner.evaluation.given import SUITE_NAMES
from limner.evaluation.metrics import METRICS
from limner.evaluation.paper import CLAIMS
from limner.evaluation.run_folder import open_run, write_rows
from limner.evaluation.score import Row
from limner.evaluation.suites import SUITES
from limner.evaluation.table import differing, interval, with_interval


def make_run(path, values, *, metric="own.right_person", **options):
    """A finished run whose task i measured values[i]."""
    rows = [Row(dialogue=f"named-0-{i:05d}", metric=metric, value=value) for i, value in enumerate(values)]
    chances = [Row(dialogue=row.dialogue, metric=f"chance.{metric}", value=0.5) for row in rows]
    options = {
        "suites": ["named"],
        "num": len(values),
        "seed": 0,
        "judge": "j" * 64,
        "model": path.name,
    } | options
    with open_run(path, options) as folder:
        write_rows(folder.path, {"named": [*rows, *chances]})
    return path


def test_differences_are_paired_and_second_minus_first(tmp_path):
    hard = [0.1, 0.5, 0.9, 0.3, 0.7, 0.2]
    first = make_run(tmp_path / "a", hard)
    second = make_run(tmp_path / "b", [value + 0.1 for value in hard])
    compared = compare_runs(first, second)
    told = compared["suites"]["named"]["own.right_person"]
    assert told["value"] == pytest.approx(0.1)
    assert (told["low"], told["high"]) == pytest.approx((0.1, 0.1)), "pairing takes out how hard tasks are"
    assert told["second"] - told["first"] == pytest.approx(0.1)
    assert (told["n"], told["verdict"]) == (6, "better")
    assert list(compared["suites"]["named"]) == ["own.right_person"], "chance belongs to no model"
    back = compare_runs(second, first)["suites"]["named"]["own.right_person"]
    assert (back["value"], back["verdict"]) == (pytest.approx(-0.1), "worse")


def test_a_run_against_itself_differs_nowhere(tmp_path):
    run = make_run(tmp_path / "a", [0.0, 1.0, 1.0])
    told = compare_runs(run, run / "results.json")["suites"]["named"]["own.right_person"]
    assert (told["value"], told["low"], told["high"], told["verdict"]) == (0, 0, 0, "")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"seed": 1}, "seed 0 against 1"),
        ({"num": 7}, "num 3 against 7"),
        ({"suites": ["named", "drift"]}, "suites named against named drift"),
        ({"judge": "k" * 64}, "judge jjjjjjjjjjjj against kkkkkkkkkkkk"),
    ],
)
def test_runs_of_other_tasks_or_judges_are_not_compared(tmp_path, options, sentence):
    first = make_run(tmp_path / "a", [0.0, 1.0, 1.0])
    second = make_run(tmp_path / "b", [0.0, 1.0, 1.0], **options)
    with pytest.raises(ValueError, match=f"cannot be compared: {sentence}"):
        compare_runs(first, second)


def test_an_unfinished_run_is_not_compared(tmp_path):
    first = make_run(tmp_path / "a", [0.0, 1.0])
    second = make_run(tmp_path / "b", [0.0, 1.0])
    (second / "rows.jsonl").unlink()
    with pytest.raises(ValueError, match="b is not finished"):
        compare_runs(first, second)


def results(path, suites, **told):
    path.mkdir(parents=True, exist_ok=True)
    told = {
        "model_name": "miniature",
        "model": "m" * 64,
        "preset": "sketch",
        "image_size_px": 128,
        "num": 12,
        "seed": 5,
        "judge": "j" * 64,
        "judge_measured": {"same_person": 0.68},
        "suites": suites,
    } | told
    (path / "results.json").write_text(json.dumps(told))
    return path


def line_of(text, label):
    return [
        cell.strip() for cell in next(line for line in text.splitlines() if f"| {label} |" in line).split("|")
    ]


def test_the_document_holds_our_numbers_beside_the_papers(tmp_path):
    psnr = {"value": 21.456, "low": 20.0, "high": 23.0, "n": 12, "tasks": 9}
    run = results(tmp_path / "run", {"reconstruct": {"dit_64.one_person.psnr_db": psnr}})
    text = document_of([run])
    cells = line_of(text, "DiT, human pictures")[1:-1]
    assert cells[:4] == ["DiT, human pictures", "14.50 dB", "21.46", "20.00 to 23.00"]
    assert cells[4:] == ["", "", "", "", "12", "9"]
    headings = line_of(text, "paper")[1:-1]
    assert headings[3:] == [
        "95% interval",
        "in the tokens",
        "twin (ruler)",
        "true pictures",
        "chance",
        "n",
        "tasks",
    ]
    assert line_of(text, "UNet, tokens alone (SDXL stage 1)")[2:4] == ["10.72 dB", "not measured yet"]
    assert "limner evaluate reconstruct --model miniature --num 12 --seed 5" in text
    assert "same_person 0.680" in text
    assert text == document_of([run / "results.json"])


def test_without_results_every_claim_has_its_command_and_says_so(tmp_path):
    text = document_of([])
    assert text.count("Not measured yet.") == len(CLAIMS)
    for claim in CLAIMS:
        assert claim.place in text
    assert "limner study analyse" in text
    assert "--also stage1=FOLDER" in text


def test_a_chance_stands_beside_its_metric_and_later_files_win(tmp_path):
    one = {"value": 0.4, "low": 0.3, "high": 0.6, "n": 9}
    first = results(tmp_path / "a", {"named": {"own_first.right_person": one}})
    second = results(
        tmp_path / "b",
        {
            "named": {
                "own_first.right_person": {**one, "value": 0.8},
                "chance.own_first.right_person": one,
                "twin.own_first.right_person": {**one, "value": 0.95},
            }
        },
    )
    text = document_of([first, second])
    cells = line_of(text, "right person, after its own first picture")
    assert cells[3:9] == ["0.800", "0.300 to 0.600", "", "0.950 (0.300 to 0.600)", "", "0.400"]
    asked = line_of(text, "right person by face, own first picture")
    assert asked[2:5] == [">= 0.950", "no", "0.800 (0.300 to 0.600)"]
    assert asked[6] == "0.950 (0.300 to 0.600)"


def test_a_checkpoint_before_multi_round_training_answers_figure_16_alone(tmp_path):
    one = {"value": 0.45, "low": 0.3, "high": 0.6, "n": 9}
    run = results(tmp_path / "run", {"named": {"own_first.right_person": one}}, model_name="runs/stage3")
    text = document_of([run])
    before, after = text.split("## Figure 16")
    assert "0.450" in after
    assert "0.450" not in before


def test_a_human_study_fills_table_1(tmp_path):
    votes = {"win": 30, "lose": 5, "tie": 15}
    study = tmp_path / "analysis.json"
    study.write_text(json.dumps({"questions": {"quality": votes, "face": {"win": 0, "lose": 0, "tie": 0}}}))
    text = document_of([study])
    assert line_of(text, "quality: wins")[2:11] == ["73.75%", "60.00%", *[""] * 5, "50", ""]
    assert line_of(text, "quality: ties")[3] == "30.00%"
    assert line_of(text, "face: wins")[3] == "not measured yet"


def test_a_file_that_holds_no_results_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"no results at .*nowhere"):
        document_of([tmp_path / "nowhere"])
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(ValueError, match=r"x\.json holds no results"):
        document_of([tmp_path / "x.json"])
    (tmp_path / "y.json").write_text("{")
    with pytest.raises(ValueError, match=r"y\.json is no JSON"):
        document_of([tmp_path / "y.json"])


def test_claims_name_suites_and_metrics_that_exist():
    named = {claim.suite for claim in CLAIMS} - {"study"}
    assert named <= set(SUITES)
    tails = {
        line.metric.rpartition(".")[2] for claim in CLAIMS for line in claim.numbers if claim.suite != "study"
    }
    assert {"psnr_db", "right_person", "right_state", "face_similarity"} <= tails & set(METRICS)


def test_what_makes_a_comparison_void_is_told(tmp_path):
    first = make_run(tmp_path / "a", [0.1, 0.5], model="w" * 64)
    second = make_run(tmp_path / "b", [0.1, 0.5], model="w" * 64)
    assert any(
        "measured the same weights (wwwwwwwwwwww)" in note for note in compare_runs(first, second)["notes"]
    )
    third = make_run(tmp_path / "c", [0.1, 0.5], model="v" * 64)
    run = json.loads((third / "run.json").read_text())
    (third / "run.json").write_text(
        json.dumps({**run, "facts": {"warnings": ["it has not finished (stage1)"]}})
    )
    notes = compare_runs(first, third)["notes"]
    assert not any("same weights" in note for note in notes)
    assert any("c: it has not finished (stage1)" in note for note in notes)


def test_one_task_has_no_interval():
    many = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 3, "tasks": 2}
    assert interval(many) == "0.400 to 0.600"
    assert interval({**many, "tasks": 1}) == ""
    assert with_interval({**many, "tasks": 1}) == "0.500"
    assert interval({"value": 0.5, "low": 0.5, "high": 0.5, "n": 1}) == ""
    assert not differing({**many, "tasks": 1})


def test_suites_are_named_once(tmp_path):
    assert tuple(SUITES) == SUITE_NAMES
