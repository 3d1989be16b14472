"""The commands that the documentation shows: every one is understood as written, and the cheap ones run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from limner.cli.main import app, main

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "src/limner/miniature/README.md",
    ROOT / "src/limner_world/README.md",
    *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name != "LOG.md"),
]
CHEAP = ("limner info --plan seed-x", "limner --version")
# Raw material to linked data.
SLOW = (
    "limner world film --num 24 --seed 1",
    "limner build video films --out sets/films",
    "limner build check",
)
GIVEN_FILES = ("llava_instruct_150k.json",)  # what a command wants to see before it is understood


def in_blocks(text: str) -> Iterator[str]:
    """The command lines of a page's code blocks, continued lines joined."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    blocks += re.findall(r"(?:^(?: {4}|\t).*\n)+", text, re.MULTILINE)
    for block in blocks:
        for line in block.replace("\\\n", " ").splitlines():
            yield from re.split(r"\s*(?:;|&&)\s*", line.strip().removeprefix("$ "))


def in_prose(text: str) -> Iterator[str]:
    """Commands in sentences and tables; `limner dataset make / check` names two of them."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for found in re.findall(r"`(limner [^`\n]+)`", prose):
        first, *others = found.split(" / ")
        yield first
        yield from (f"{first.rsplit(' ', 1)[0]} {other}" for other in others)


def commands(page: Path) -> list[tuple[list[str], bool]]:
    """The words of each `limner` command, and whether it stands in a code block, to be typed as it is.

    Options in brackets are taken; lines with three dots of their own are left out.
    """
    text = page.read_text(encoding="utf-8")
    found = []
    for lines, is_whole in ((in_blocks(text), True), (in_prose(text), False)):
        for line in lines:
            if re.match(r"limner (-|[a-z])", line):
                words = shlex.split(re.sub(r"\[(-[^\]]*)\]", r"\1", line), comments=True)
                if not {"...", "…"} & set(words):
                    found.append((words, is_whole))
    return found


@cache
def command_line() -> Any:
    """All commands. Typer makes them anew each time, which takes a twentieth of a second."""
    return typer.main.get_command(app)


def understood(words: list[str]) -> None:
    """Parse the words as the command line does; nothing runs. Raises what a user would see."""
    command = command_line()
    context = command.make_context("limner", list(words))
    while getattr(command, "commands", None):
        rest = [*context._protected_args, *context.args]
        if not rest:
            return
        _, command, left = command.resolve_command(context, rest)
        context = command.make_context(rest[0], left, parent=context)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_understood_as_written(page: Path, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    # `--install-completion` acts as soon as it is read.
    monkeypatch.setattr("typer.completion.install", lambda **_: ("bash", tmp_path / "completion.sh"))
    for file in GIVEN_FILES:
        (tmp_path / file).touch()
    wrong = []
    for words, is_whole in commands(page):
        try:
            understood(words[1:])
        except (typer.Exit, SystemExit):
            continue
        except Exception as error:
            told = error.format_message() if hasattr(error, "format_message") else str(error)
            is_name = not is_whole and (not told or "Missing" in told)  # such as `limner study make`
            if not is_name:
                wrong.append(f"{shlex.join(words)}: {told}")
    assert not wrong, "\n".join(wrong)


def shown(beginnings: tuple[str, ...]) -> list[list[str]]:
    every = [words for page in PAGES for words, _ in commands(page)]
    found = [[words for words in every if shlex.join(words).startswith(each)] for each in beginnings]
    assert all(found), "the documentation does not show one of these any more"
    return [words[0] for words in found]


def run(words: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words[1:])
    assert not left.value.code, shlex.join(words)


def test_the_cheap_ones_run_as_written(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    for words in shown(CHEAP):
        run(words)
    assert capsys.readouterr().out


@pytest.mark.long
def test_films_become_a_set_as_written(tmp_path, monkeypatch) -> None:
    pytest.importorskip("av")
    monkeypatch.chdir(tmp_path)
    for words in shown(SLOW):
        run(words)
