"""The wheel, built and installed outside the tree: it has weights, recipes and types, and it trains.

A wheel of 40 MB is packed, and torch is loaded anew.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from limner.training.recipe_files import recipe_names

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("setuptools", minversion="78.1.1")
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"  # packing writes beside what it packs
    source.mkdir()
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--no-index", "--wheel-dir", place, source], check=True)
    (made,) = place.glob("limner-*.whl")
    return made


def test_the_wheel_holds_what_limner_needs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"limner/py.typed", "limner/miniature/limner.json", "limner/web/chat/app.js"} <= names
    assert {"limner_world/py.typed", "limner_world/README.md", "limner_world/render.py"} <= names
    assert {"limner/cli/templates/demo.html", "limner/benchmark/wordings.json"} <= names
    weights = "limner/perception/weights"
    needed = {"selfie_segmentation.tflite", "face_detection_short_range.tflite", "NOTICE.md"}
    assert {name for name in names if name.startswith(weights)} == {f"{weights}/{name}" for name in needed}
    assert {f"limner/training/recipes/{name}.py" for name in recipe_names()} <= names


def test_the_installed_wheel_trains_two_steps(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    # Python compiles the part that is imported; pip would compile all.
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", "--no-index"]
    subprocess.run([*command, "--target", target, wheel], check=True)
    environment = {**os.environ, "PYTHONPATH": str(target), "OMP_NUM_THREADS": "1"}

    def run(*words: str) -> str:
        told = subprocess.run(
            [sys.executable, *words],
            env=environment,
            cwd=tmp_path,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return told.stdout

    assert str(target) in run("-c", "import limner; print(limner.__file__)")
    assert run("-m", "limner", "--version").startswith("limner ")
    recipe = ("train", "language_text", "--scale", "tiny", "--steps", "2", "--device", "cpu")
    run("-m", "limner", *recipe, "--out", "run")
    finished = json.loads((tmp_path / "run/stages/language_text/finished.json").read_text())
    assert finished["steps"] == 2
