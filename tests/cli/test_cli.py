"""The command line as a newcomer meets it: help, and one clear sentence for every mistake."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import get_args

import pytest
from user_mistakes import one_sentence

from limner import __version__
from limner.cli.train import Scale
from limner.dialogue.parts import Picture
from limner.models.presets import PRESETS
from limner.training.recipe_files import recipe_names

COMMANDS = ["demo", "chat", "say", "train", "info", "world sheet", "world film"] + [
    f"dataset {name}" for name in ("make", "check", "show")
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(limner, command):
    told = limner(*command.split(), "--help")
    assert told.code == 0
    assert f"limner {command}" in told.out
    assert len(told.out.splitlines()) > 8


def test_the_top_help_lists_every_command_and_where_to_start(limner):
    told = limner("--help")
    assert told.code == 0
    for command in {command.split()[0] for command in COMMANDS}:
        assert re.search(rf"│ {command} ", told.out), command
    assert "Start with limner demo" in told.out


def test_the_help_of_train_lists_the_recipes_there_are(limner):
    words = set(re.findall(r"\w+", limner("train", "--help").out))
    assert set(recipe_names()) <= words


def test_scales_on_the_command_line_are_ones_there_are():
    assert set(get_args(Scale)) == set(PRESETS)


def test_help_is_there_at_once_and_loads_no_torch():
    code = (
        "import sys; from limner.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'torch', 'transformers', 'diffusers', 'cv2', 'numpy', 'PIL'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_version_is_told_by_both_names(limner):
    told = limner("--version")
    assert (told.code, told.out) == (0, f"limner {__version__}\n")
    command = [sys.executable, "-m", "limner", "--version"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == told.out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("limner tr", "train"),
        ("limner train sta", "stage2"),
        ("limner demo --qu", "--quantize"),
        ("limner build f", "full-body"),
    ],
)
def test_the_shell_completes_commands_options_and_recipes(typed, offered):
    words = typed.split()
    environment = {
        **os.environ,
        "_LIMNER_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - 1),
    }
    command = [sys.executable, "-m", "limner"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert offered in told.stdout.split()


@pytest.mark.parametrize("command", ["demo", "chat"])
def test_the_first_line_does_not_wait_for_the_model(checkpoint, tmp_path, command):
    words = [sys.executable, "-u", "-m", "limner.cli.main", command, "--model", str(checkpoint)]
    start = time.process_time(), time.perf_counter()
    with subprocess.Popen(
        words, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Loading")
        loaded = Path(f"/proc/{process.pid}/maps")
        if loaded.exists():  # what takes seconds has not even begun
            assert "libtorch" not in loaded.read_text()
        assert time.perf_counter() - start[1] < 30
        process.kill()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("nonsense", "No such command"),
        ("demo --nonsense", "No such option"),
        ("demo --seed abc", "--seed"),
        ("demo --seed -1", "--seed"),
        ("say", "text"),
        ("say hello", "--conversation"),
        ("world sheet --what nothing --out a.png", "'people', 'scenes'"),
        ("world sheet --out a.jpg", "ends in .png"),
        ("world film --num 1 --size 33 --out films", "use 34"),
        ("dataset check nowhere", "no data set at nowhere"),
        ("dataset show nowhere", "no data set at nowhere"),
        ("dataset make --out d --kind nothing", "rollback"),
        ("dataset make --out d --split all", "'train', 'test'"),
        ("train nonsense", "there are: "),
        ("train stage1 --scale huge", "'sketch'"),
        ("train stage1 --steps 0", "--steps"),
        ("info --model nowhere", "no model at nowhere"),
        ("demo --model nowhere --out d", "no model at nowhere"),
        ("chat --model nowhere --out d", "no model at nowhere"),
        ("say hello --conversation c --model nowhere", "no model at nowhere"),
        ("say hello --conversation c --fork abc", "nothing to fork"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing_behind(limner, tmp_path, words, said):
    assert said in one_sentence(limner(*words.split()))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        "demo --out file",
        "demo --out file/below",
        "chat --out file",
        "say hello --conversation folder",
        "say hello --conversation file/below",
        "say hello --conversation c --out folder",
        "say hello --conversation c --out picture.jpg",
        "world sheet --out folder.png",
        "world film --out file",
        "dataset make --out file",
        "dataset show folder --out folder.png",
        "train stage1 --out file",
    ],
)
def test_an_output_that_cannot_be_written_is_refused_before_anything_is_computed(limner, tmp_path, words):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.png").mkdir()
    told = limner(*words.split())
    assert re.search("file|folder", one_sentence(told))
    assert "Loading" not in told.out + told.err
    assert (tmp_path / "file").read_text() == "kept"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder", "folder.png"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "limner.json").write_text("{"), "limner.json"),
        (lambda folder: (folder / "limner.json").write_text('{"format_version": 99}'), "version 99"),
        (lambda folder: shutil.rmtree(folder / "language"), "language"),
        (lambda folder: shutil.rmtree(folder / "tokenizer"), "tokenizer.json"),
        (lambda folder: (folder / "tokenizer/tokenizer.json").write_text("no"), "tokenizer.json"),
        (lambda folder: (folder / "vision/model.safetensors").write_bytes(b"short"), "vision"),
        (lambda folder: (folder / "senses/senses.json").write_text("[]"), "senses"),
        (lambda folder: (folder / "senses/senses.safetensors").write_bytes(b"short"), "senses"),
    ],
)
def test_a_damaged_checkpoint_is_told_by_name(limner, checkpoint, tmp_path, damage, said):
    folder = shutil.copytree(checkpoint, tmp_path / "model")
    damage(folder)
    assert said in one_sentence(limner("info", "--model", folder))


def test_info_lists_components_with_their_parameters(limner, checkpoint):
    told = limner("info", "--model", checkpoint)
    assert told.code == 0
    for name in ("vision", "language", "token_head", "detokenizer", "autoencoder", "senses"):
        assert re.search(rf"│ {name} +│ \w+ +│ [\d.]+ M +│ [\d.]+ MiB", told.out), name
    assert "32 px" in told.out


def test_a_sheet_is_a_picture(limner, tmp_path):
    assert limner("world", "sheet", "--what", "people", "--seed", 3, "--out", "sub/sheet.png").code == 0
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["sheet.png"]
    assert min(Picture.from_file(tmp_path / "sub/sheet.png").pixels.shape[:2]) > 400


def test_films_stand_beside_their_truth(limner, tmp_path):
    pytest.importorskip("av")
    told = limner("world", "film", "--num", 1, "--size", 32, "--out", "films")
    assert told.code == 0
    assert sorted(path.name for path in (tmp_path / "films").iterdir()) == [
        "film-00000.json",
        "film-00000.mp4",
    ]


def test_a_data_set_is_made_checked_appended_to_and_shown(limner, tmp_path):
    make = ("dataset", "make", "--kind", "edit", "--num", 2, "--size", 32, "--out", "set")
    assert "2 dialogues" in limner(*make).out
    assert "no findings" in limner("dataset", "check", "set").out
    assert limner(*make, "--seed", 9).code == 0
    assert limner("dataset", "show", "set", "--out", "page.html").code == 0
    assert "4 dialogues" in re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", (tmp_path / "page.html").read_text()))

    shard = next((tmp_path / "set").glob("shard-*"))
    shard.write_bytes(shard.read_bytes()[:-9])
    told = limner("dataset", "check", "set")
    assert told.code == 1
    assert shard.name in told.out
    assert told.err.strip().endswith("1 finding")
