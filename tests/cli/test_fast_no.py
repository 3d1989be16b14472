"""A wrong path, name or option of any command is told before anything heavy is loaded.

Every command of the command line has its row here, with words that are right; each of its options is then
given what is wrong for it. None of the wrong lines may import torch or anything of its weight, and each costs
less than a second of one core, the start of the interpreter included.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_origin

import pytest
import typer

from limner.cli.main import app, main
from limner.cli.serve import SERVER_NEEDS

MOST_S = 1.0
BELOW_A_FILE = "file/below"
OUTPUTS = {"folder", "out", "file", "page", "store", "target", "out_folder"}
NOWHERE = "no/such/place"
# Command -> words that are right; what is there: a file, an empty folder, tables of rubbish.
RIGHT = {
    "demo": "--out new",
    "chat": "--out new",
    "say": "hello --conversation new.limner",
    "train": "stage1 --out new",
    "info": "",
    "provenance": "no/picture.png",
    "serve": "--store new",
    "world sheet": "--out new.png",
    "world film": "--out new",
    "dataset check": "empty",
    "dataset show": "empty --out new.html",
    "dataset make": "--out new",
    "dataset filter": "empty --out new",
    "evaluate suites": "--out new",
    "evaluate compare": "no/a no/b",
    "evaluate document": "no/results.json --out new.md",
    "bench": "--model oracle --out new",
    "bench script": "--out new",
    "bench wordings": "",
    "bench leaderboard": "no/results.json --out new.md",
    "bench import magicbrush": "empty --out new",
    "bench import seed-edit": "empty --out new",
    "study make": "no/a no/b --out new",
    "study serve": "no/study",
    "study analyse": "no/study",
    "store list": "no/store",
    "store check": "no/store",
    "store export": "no/store conv_1 --out new.limner",
    "store import": "no/store no/file",
    "store delete": "no/store conv_1 --yes",
    "store migrate": "no/store",
    "verify golden": "no/golden",
    "convert seed-x": "empty new",
    "convert pixart": "empty new",
    "convert language": "empty new",
    "convert vision": "empty new",
    "build video": "films --out new",
    "build check": "no/set no/films",
    "build edits": "edits --out new",
    "build faces": "portraits --out new",
    "build full-body": "no/set --out new --personalizer openai",
    "build questions": "asked.json --out new",
}
# Option -> a word that is wrong for it, where its type alone does not tell one. Any word is right for others.
WRONG = {
    "--model": NOWHERE,
    "--judge": NOWHERE,
    "--with": "nonsense",
    "--also": "name",
    "--conversation": "rubbish",
    "--image": NOWHERE,
    "--base": NOWHERE,
    "--data": "name",
    "--mix": "name",
    "--revision": "main",  # of what is a folder here
    "--timestamp-authority": "no address",
    "--vision": NOWHERE,
    "--sdxl": NOWHERE,
    "--vae": NOWHERE,
    "--device": "abacus",
    "--set": NOWHERE,
    "--api": "telepathy",
    "--extra": "{",
    "--api-key-file": NOWHERE,
    "--operator-key-file": NOWHERE,
    "--certificate": NOWHERE,
    "--certificate-key": NOWHERE,
    "--image-origin": "no origin",
    "--safety-hook": "nothing",
    "--sizes": NOWHERE,
    "--faces": "nonsense",
    "--captioner": "nonsense",
    "--writer": "nonsense",
    "--segmenter": "nonsense",
    "--editor": "nonsense",
    "--personalizer": "nonsense",
    "--images": NOWHERE,
    "bench --endpoint": "no address",
    "bench --judge-url": "no address",
    "--field": "nothing",
    "--parts": "nonsense",
    "--prompts": NOWHERE,
    "--kind": "nonsense",
    "--suite": "nonsense",
    "--question": "nonsense",
    "--fork": "abc",
    "--where": "nonsense",
    "--cap": "nonsense",
}
FREE = {
    "--host",
    "--endpoint",
    "--name",
    "--alias",
    "--allow-host",
    "--allow-origin",
    "--blobs",
    "--owner",
    "--endpoint-model",
    "--endpoint-key",
    "--key-env",
    "--judge-key-env",
    "--judge-model",
    "--judge-url",
}
ARGUMENTS = {"recipe": "nonsense", "names": "nonsense"}
FREE_ARGUMENTS = {"text", "id", "target"}


def commands(group: Any, name: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command there is by its words."""
    below = getattr(group, "commands", {})
    if name and (not below or group.invoke_without_command):
        yield " ".join(name), group
    for word, command in below.items():
        yield from commands(command, (*name, word))


COMMANDS = dict(commands(typer.main.get_command(app)))


def wrong_lines(name: str, command: Any) -> Iterator[list[str]]:
    """The command with each of its words wrong in turn."""
    words = [word for word in name.split() if word != "suites"]
    right = RIGHT[name].split()
    yield [*words, *right, "--nonsense"]
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    for place, parameter in enumerate(arguments):
        if parameter.name in FREE_ARGUMENTS:
            continue
        given = list(right) if parameter.name != "names" else ["", *right]
        given[place] = ARGUMENTS.get(parameter.name, NOWHERE)
        yield [*words, *given]
    has_typed = False  # the parser's own no is the same for every number and choice
    for parameter in command.params:
        if parameter.param_type_name == "argument" or getattr(parameter, "is_flag", False):
            continue
        option = max(parameter.opts, key=len)
        kind = parameter.type_descriptor.annotation
        if kind in (int, float) or get_origin(kind) is Literal:
            if has_typed:
                continue
            value, has_typed = "nonsense", True
        elif f"{name} {option}" in WRONG:
            value = WRONG[f"{name} {option}"]
        elif option in FREE:
            continue
        elif parameter.name in OUTPUTS and option not in WRONG:
            value = BELOW_A_FILE
        else:
            value = WRONG[option]
        kept = [word for at, word in enumerate(right) if option not in (word, right[at - 1] if at else "")]
        yield [*words, *kept, option, value]


def test_every_command_has_a_row() -> None:
    assert set(COMMANDS) == set(RIGHT)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[list[str], dict[str, Any]]]:
    place = tmp_path_factory.mktemp("fast")
    for folder in ("empty", "films", "edits", "portraits"):
        (place / folder).mkdir()
    for file in ("file", "rubbish", "asked.json"):
        (place / file).write_text("no such thing\n")
    lines = [line for name, command in COMMANDS.items() for line in wrong_lines(name, command)]
    without_weights = ["build", "faces", "portraits", "--out", "new", "--faces", "light=empty"]
    lines.append(without_weights)
    script = Path(__file__).parents[1] / "support" / "fast_no.py"
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    subprocess.run(
        [sys.executable, script, "answers.jsonl"],
        input=json.dumps(lines),
        text=True,
        check=True,
        cwd=place,
        env=environment,
    )
    told = [json.loads(line) for line in (place / "answers.jsonl").read_text().splitlines()]
    return list(zip(lines, told, strict=True))


def test_a_wrong_word_is_told_before_anything_heavy_is_loaded(answers) -> None:
    assert len(answers) > 120
    slow = [f"{' '.join(words)}: {told['loaded']}" for words, told in answers if told["loaded"]]
    assert not slow, "\n".join(slow)


def test_a_wrong_word_is_one_sentence(answers) -> None:
    odd = [
        f"{' '.join(words)}: {told['code']} {told['said']}"
        for words, told in answers
        if told["code"] != 2 or "Traceback" in told["said"] or told["said"].count("limner: ") != 1
    ]
    assert not odd, "\n".join(odd)


def test_a_wrong_word_costs_less_than_a_second(answers) -> None:
    dear = [f"{' '.join(words)}: {told['cpu_s']:.2f} s" for words, told in answers if told["cpu_s"] > MOST_S]
    assert not dear, "\n".join(dear)


@pytest.mark.parametrize("missing", SERVER_NEEDS)
def test_a_library_of_the_server_that_is_missing_is_named(missing, monkeypatch, tmp_path, capsys) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *at: None if name == missing else found(name, *at)
    )
    with pytest.raises(SystemExit) as left:
        main(["serve", "--store", str(tmp_path / "store")])
    assert left.value.code == 2
    assert f"The server needs {missing}" in capsys.readouterr().err
