"""Stricter sets by stored scores: exactly those dialogues, byte for byte, and what was left out."""

from __future__ import annotations

import errno
import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from limner.cli.main import main
from limner.dataset.check import check_dataset
from limner.dataset.conditions import cap_of, condition_of
from limner.dataset.filter import filter_dataset, scores_of
from limner.dataset.reader import DatasetReader, Record
from limner.dataset.writer import DatasetWriter
from limner.dialogue.parts import Dialogue, Instruction, Picture, Response, Round


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    with DatasetWriter(tmp_path / "set", rows_per_shard=8) as writer:
        for number in range(20):
            scores: dict[str, object] = {"margin": number / 20, "alike": 0.99 if number % 2 else 0.5}
            if number == 19:
                scores = {"margin": "lost"}
            picture = Picture(np.full((16, 16, 3), number, np.uint8))
            round_ = Round(
                instruction=Instruction(text="x"), response=Response(text=f"{number}", picture=picture)
            )
            truth = {"scores": scores, "part": "a" if number < 10 else "b"}
            writer.write(Dialogue(rounds=(round_,), kind="test", truth=truth))
    return tmp_path / "set"


def _numbers(folder: Path) -> list[int]:
    return [int(dialogue.rounds[0].response.text) for dialogue in DatasetReader(folder)]


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        (["scores.margin>=0.5"], range(10, 19)),
        (["scores.margin > 0.5", "scores.margin<0.8"], range(11, 16)),
        (["scores.margin<=0.1"], range(3)),
        (["part=b", "scores.margin!=0.5"], range(11, 19)),
        (["part!=b"], range(10)),
        ([], range(20)),
    ],
)
def test_exactly_what_holds_is_kept(stored: Path, tmp_path: Path, where: list[str], kept: range) -> None:
    made = filter_dataset(stored, tmp_path / "strict", [condition_of(one) for one in where])
    assert _numbers(tmp_path / "strict") == list(kept)
    assert (made.num_in, made.num_kept) == (20, len(kept))
    assert sum(made.left_out.values()) == 20 - len(kept)
    assert list(check_dataset(tmp_path / "strict")) == []
    rows = {record.id: record.row for record in DatasetReader(stored).records()}
    assert all(record.row == rows[record.id] for record in DatasetReader(tmp_path / "strict").records())


def test_what_is_too_alike_is_capped(stored: Path, tmp_path: Path) -> None:
    made = filter_dataset(stored, tmp_path / "a", [], [cap_of("scores.alike>0.9=0.2")])
    kept = _numbers(tmp_path / "a")
    copies = [number for number in kept if number % 2 and number != 19]
    assert len(copies) == 2  # beside the 11 others; 3 would be more than a fifth
    assert made.left_out == {"scores.alike>0.9 for more than 20%": 7}
    filter_dataset(stored, tmp_path / "b", [], [cap_of("scores.alike>0.9=0.2")])
    assert _numbers(tmp_path / "b") == kept


def test_several_caps_hold_together_and_round_to_no_ones_loss(stored: Path, tmp_path: Path) -> None:
    caps = [cap_of("scores.alike>0.9=0.45"), cap_of("part=b=0.2")]
    filter_dataset(stored, tmp_path / "a", [], caps)
    kept = _numbers(tmp_path / "a")
    assert sum(number >= 10 for number in kept) <= 0.2 * len(kept)
    assert sum(number % 2 and number != 19 for number in kept) <= 0.45 * len(kept)
    assert len(kept) > 8
    with DatasetWriter(tmp_path / "more") as writer:
        for number in range(60):
            round_ = Round(instruction=Instruction(text="x"), response=Response(text=f"{number}"))
            writer.write(Dialogue(rounds=(round_,), kind="test", truth={"part": "a" if number < 47 else "b"}))
    made = filter_dataset(tmp_path / "more", tmp_path / "b", [], [cap_of("part=b=0.06")])
    assert made.num_kept == 50  # three of them are exactly 6 %


def test_a_disk_that_fills_up_leaves_nothing_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 64, 64, 3), np.uint8)
    with DatasetWriter(tmp_path / "set") as writer:
        for pixels in noise:
            answer = Response(text="x", picture=Picture(pixels))
            writer.write(
                Dialogue(rounds=(Round(instruction=Instruction(text="x"), response=answer),), kind="test")
            )
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        with pytest.raises(ValueError, match=r"strict cannot be written \(File too large\); make room"):
            filter_dataset(tmp_path / "set", tmp_path / "strict", [])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not (tmp_path / "strict").exists()
    # Also where whole shards stand already.
    monkeypatch.setattr("limner.dataset.filter.DatasetWriter", partial(DatasetWriter, rows_per_shard=8))
    monkeypatch.setattr(DatasetReader, "record", _failing_at(20, DatasetReader.record))
    with pytest.raises(ValueError, match=r"strict cannot be written \(No space left on device\)"):
        filter_dataset(tmp_path / "set", tmp_path / "strict", [])
    assert not (tmp_path / "strict").exists()


def _failing_at(
    place: int, record: Callable[[DatasetReader, int], Record]
) -> Callable[[DatasetReader, int], Record]:
    def fails(reader: DatasetReader, index: int) -> Record:
        if index == place:
            raise OSError(errno.ENOSPC, "No space left on device")
        return record(reader, index)

    return fails


def test_what_is_asked_for_in_vain_is_told(
    stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["dataset", "filter", str(stored), "--where", "scores.margin>0.5"])
    assert left.value.code == 2
    assert "--where and --cap write a stricter set; give its folder with --out." in capsys.readouterr().err
    filter_dataset(stored, tmp_path / "plain", [condition_of("scores.margin=lost")])
    with pytest.raises(SystemExit) as left:
        main(["dataset", "filter", str(tmp_path / "plain")])
    assert not left.value.code
    assert "no scores are stored" in capsys.readouterr().out


def test_scores_are_listed_and_mistakes_are_told(stored: Path, tmp_path: Path) -> None:
    assert scores_of(stored)["scores.margin"] == (0.0, 0.45, 0.9)
    with pytest.raises(ValueError, match="is no condition"):
        condition_of("scores.margin")
    with pytest.raises(ValueError, match="is no cap"):
        cap_of("scores.alike>0.9")
    with pytest.raises(ValueError, match="from 0 to below 1"):
        cap_of("scores.alike>0.9=2")
    with pytest.raises(ValueError, match=r"no scores\.other: 20"):
        filter_dataset(stored, tmp_path / "none", [condition_of("scores.other>1")])
    assert not (tmp_path / "none").exists()
    with pytest.raises(ValueError, match="holds a data set already"):
        filter_dataset(stored, stored, [])


def test_at_the_command_line(stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: object) -> str:
        with pytest.raises(SystemExit) as caught:
            main(["dataset", "filter", *map(str, words)])
        assert not caught.value.code
        return capsys.readouterr().out

    assert "scores.margin: 0 to 0.9, half below 0.45" in run(stored)
    told = run(stored, "--out", tmp_path / "strict", "--where", "scores.margin>=0.5")
    assert "not scores.margin>=0.5: 10" in told
    assert "no scores.margin: 1" in told
    assert "9 of 20 dialogues" in told
