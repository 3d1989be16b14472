"""A name that is no model is told with what would make one, before torch is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import limner
from limner.inference.model_folder import checkpoint_folder
from limner.training.finished import unfinished_sentence, unfinished_stages


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("seed-x", "limner convert seed-x AILab-CVPR/SEED-X FOLDER"),
        ("SEED_X", "limner convert seed-x AILab-CVPR/SEED-X FOLDER"),
        ("AILab-CVPR/SEED-X-17B", "limner convert seed-x AILab-CVPR/SEED-X-17B FOLDER"),
        ("PixArt-alpha/PixArt-Sigma-XL-2-512-MS", "convert pixart"),
        ("sketch", "limner train miniature --scale sketch"),
        ("nowhere", "holds no limner.json"),
    ],
)
def test_a_name_that_is_no_model(tmp_path: Path, monkeypatch, name: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="There is no model at") as told:
        limner.load(name)
    assert said in str(told.value)


def test_folders_that_are_nearly_one(tmp_path: Path) -> None:
    (tmp_path / "run" / "model").mkdir(parents=True)
    (tmp_path / "run" / "model" / "limner.json").write_text("{}")
    with pytest.raises(ValueError, match=r"give .*run/model\."):
        checkpoint_folder(tmp_path / "run")
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "model_index.json").write_text("{}")
    with pytest.raises(ValueError, match="limner convert"):
        checkpoint_folder(tmp_path / "public")


def test_a_wrong_name_is_told_without_torch(tmp_path: Path) -> None:
    code = (
        "import sys, time, limner\n"
        "imported_s = time.process_time()\n"
        "try: limner.load('seed-x')\n"
        "except ValueError as error: assert 'limner convert' in str(error)\n"
        "assert not {'torch', 'numpy', 'PIL'} & set(sys.modules)\n"
        "print(imported_s)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path
    )
    assert float(told.stdout) < 0.3  # the interpreter's own start included


def test_a_run_that_has_not_finished_is_known_by_its_folder(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    assert unfinished_sentence(model) is None
    for name, is_done in (("stage1", True), ("stage2", False)):
        (tmp_path / "stages" / name).mkdir(parents=True)
        if is_done:
            (tmp_path / "stages" / name / "finished.json").write_text(json.dumps({}))
    assert unfinished_stages(model) == ["stage2"]
    assert unfinished_stages(tmp_path / "model_unet") == ["stage2"]
    assert unfinished_stages(tmp_path) == []
    assert "has not finished (stage2)" in (unfinished_sentence(model) or "")
