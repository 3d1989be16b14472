"""A study drawn from two runs: fair sides, checks and repeats as told, and nothing that gives a side away."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pytest
from study_talks import picture, talk, two_runs

from limner.study.draw import broken, draw_study
from limner.study.files import write_study
from limner.study.pairs import read_key, read_study, study_to_json
from limner.study.questions import TABLE_1, chosen_questions

NAMES = ("secret-ours", "secret-baseline")


def drawn_study(runs=None, **options):
    chosen = {"num": 12, "num_checks": 2, "num_repeats": 3, "seed": 5, **options}
    return draw_study(*(runs or two_runs(20)), names=NAMES, questions=chosen_questions(TABLE_1), **chosen)


def pictures_of(drawn, pair_id, side):
    pair = next(pair for pair in drawn.study.pairs if pair.id == pair_id)
    return [drawn.pictures[getattr(round_, side).picture] for round_ in pair.rounds]


def test_every_pair_is_one_task_of_both_runs_with_all_its_rounds():
    runs, drawn = two_runs(20), drawn_study()
    for pair in drawn.study.pairs:
        row = drawn.key.rows[pair.id]
        if row.kind != "pair":
            continue
        sides = {"left": row.left, "right": "b" if row.left == "a" else "a"}
        for side, run in sides.items():
            held = runs["ab".index(run)][row.conversation]
            assert pictures_of(drawn, pair.id, side) == [round_.response.picture for round_ in held]
            assert [round_.said for round_ in pair.rounds] == [r.instruction.text for r in held]
        assert len(pair.rounds[0].given) == 1


def test_each_run_is_on_the_left_half_of_the_time_and_not_always_in_the_same_order():
    lefts = []
    for seed in range(20):
        rows = drawn_study(seed=seed).key.rows.values()
        lefts.append(tuple(row.left for row in rows if row.kind == "pair"))
        assert lefts[-1].count("a") == 6
    assert len(set(lefts)) > 15
    # Over many studies, no place in the study favours a side.
    shares = np.mean([[left == "a" for left in study] for study in lefts], axis=0)
    assert 0.1 < shares.min() < shares.max() < 0.9


def test_a_repeat_swaps_the_sides_of_an_early_pair_and_comes_late():
    drawn = drawn_study()
    parts = {pair.id: pair.part for pair in drawn.study.pairs}
    repeats = [(pair, row) for pair, row in drawn.key.rows.items() if row.kind == "repeat"]
    assert len(repeats) == 3
    for pair, row in repeats:
        assert pictures_of(drawn, pair, "left") == pictures_of(drawn, row.repeats, "right")
        assert pictures_of(drawn, pair, "right") == pictures_of(drawn, row.repeats, "left")
        assert drawn.key.rows[row.repeats].left != row.left
        assert (parts[row.repeats], parts[pair]) == (0, 2)


def test_checks_are_the_same_twice_or_have_one_ruined_side():
    drawn = drawn_study()
    runs = dict(zip("ab", two_runs(20), strict=True))
    kinds = [row.kind for row in drawn.key.rows.values()]
    assert (kinds.count("same"), kinds.count("broken"), kinds.count("pair")) == (2, 2, 12)
    used = {row.conversation for row in drawn.key.rows.values() if row.kind == "pair"}
    for pair, row in drawn.key.rows.items():
        whole = [round_.response.picture for round_ in runs[row.left][row.conversation]]
        if row.kind == "same":
            assert pictures_of(drawn, pair, "left") == pictures_of(drawn, pair, "right") == whole
        if row.kind == "broken":
            ruined = "right" if row.intact == "left" else "left"
            assert pictures_of(drawn, pair, row.intact) == whole
            assert not set(pictures_of(drawn, pair, ruined)) & set(whole)
        if row.kind in ("same", "broken"):
            assert row.conversation not in used  # tasks to spare are used first
    assert {row.intact for row in drawn.key.rows.values() if row.kind == "broken"} == {"left", "right"}


def test_a_broken_picture_is_far_from_the_picture_and_keeps_its_size():
    smooth = np.linspace(0, 255, 64 * 48 * 3).reshape(64, 48, 3).astype(np.uint8)
    whole = replace(picture(0), pixels=smooth)
    ruined = broken(whole, random.Random(0))
    assert ruined.pixels.shape == smooth.shape
    assert np.abs(ruined.pixels.astype(int) - smooth).mean() > 50


def test_what_raters_see_names_no_run_no_task_and_no_kind():
    told = json.dumps(study_to_json(drawn_study().study))
    for secret in ("secret", "named-0", "kind", "repeat", "broken", '"left": "a"', "intact", "seed"):
        assert secret not in told
    names = [name for pair in drawn_study().study.pairs for name in pair.pictures]
    assert len(set(names)) == len(names)  # not even an identical picture has the same name twice
    assert all(len(name) == 28 and name.endswith(".png") for name in names)


def test_one_seed_is_one_study_and_another_seed_shares_no_name():
    one, again, other = drawn_study(), drawn_study(), drawn_study(seed=6)
    assert one.study == again.study
    assert one.key == again.key
    assert set(one.pictures) == set(again.pictures)
    assert not set(one.pictures) & set(other.pictures)
    assert not {pair.id for pair in one.study.pairs} & {pair.id for pair in other.study.pairs}
    assert one.study.id != other.study.id


def test_tasks_that_cannot_be_compared_are_left_out_with_the_reason():
    a, b = two_runs(6)
    b["named-0-00000"] = talk(99, 1)  # told other things
    del b["named-0-00001"]
    b["named-0-00002"] = tuple(
        replace(round_, response=replace(round_.response, picture=None)) for round_ in talk(2, 1)
    )
    b["named-0-00003"] = talk(3, 1)[:2]
    drawn = drawn_study((a, b), num=10, num_checks=1, num_repeats=0)
    assert {row.conversation for row in drawn.key.rows.values()} == {"named-0-00004", "named-0-00005"}
    assert drawn.left_out == {
        "the two runs were told different things": 2,
        "a run holds no conversation for the task": 1,
        "a side answered without any picture": 1,
    }


def test_what_cannot_be_drawn_is_one_sentence():
    a, _ = two_runs(3)
    with pytest.raises(ValueError, match=r"share no conversation to show \(a run holds no conversation"):
        drawn_study((a, {}))
    with pytest.raises(ValueError, match="12 pairs leave room for 4 repeats, not 5"):
        drawn_study(num_repeats=5)
    with pytest.raises(ValueError, match="no question 'beauty'; choose from quality"):
        chosen_questions(["quality", "beauty"])
    with pytest.raises(ValueError, match="each only once"):
        chosen_questions(["face", "face"])


def test_a_written_study_reads_back_and_is_never_written_over(tmp_path):
    drawn = drawn_study()
    folder = write_study(drawn, tmp_path / "study")
    assert read_study(folder) == drawn.study
    assert read_key(folder) == drawn.key
    assert sorted(path.name for path in folder.iterdir()) == ["key.json", "pictures", "study.json"]
    assert {path.name for path in (folder / "pictures").iterdir()} == set(drawn.pictures)
    assert (folder / "key.json").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["study"]
    with pytest.raises(ValueError, match="not empty"):
        write_study(drawn, folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[]", "not a limner-study file"),
        ('{"format": "limner-study", "version": 9}', "version 9"),
        ('{"format": "limner-study", "version": 1, "questions": ["quality"]}', "damaged"),
    ],
)
def test_a_damaged_study_is_told_by_name(tmp_path, text, said):
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(ValueError, match=said):
        read_study(tmp_path)


def test_a_folder_without_a_study_says_how_to_make_one(tmp_path):
    with pytest.raises(ValueError, match="limner study make"):
        read_study(tmp_path)
