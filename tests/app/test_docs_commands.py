"""The commands that the documentation shows: every one is understood as written, and the cheap ones run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from limner.app.cli import app, main

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "src/limner/miniature/README.md",
    *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name != "LOG.md"),
]
CHEAP = ("limner info --plan seed-x", "limner --version")
# Raw material to linked data: `make test-slow`.
SLOW = (
    "limner world film --num 20 --seed 5",
    "limner build video films --out sets/films",
    "limner build check",
)
GIVEN_FILES = ("llava_instruct_150k.json",)  # what a command wants to see before it is understood


def lines(page: Path) -> Iterator[str]:
    """The command lines of a page's code blocks and inline code, continued lines joined."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    blocks += re.findall(r"(?:^(?: {4}|\t).*\n)+", text, re.MULTILINE)
    for block in blocks:
        for line in block.replace("\\\n", " ").splitlines():
            yield from re.split(r"\s*(?:;|&&)\s*", line.strip().removeprefix("$ "))
    yield from re.findall(
        r"`(limner [^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    )


def commands(page: Path) -> list[list[str]]:
    """The words of each `limner` command; options in brackets are taken, three dots are left out."""
    found = []
    for line in lines(page):
        if re.match(r"limner (-|[a-z])", line):
            words = shlex.split(re.sub(r"\[(-[^\]]*)\]", r"\1", line), comments=True)
            if not {"...", "…"} & set(words):
                found.append(words)
    return found


def understood(words: list[str]) -> None:
    """Parse the words as the command line does; nothing runs. Raises what a user would see."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("limner", list(words))
    while getattr(command, "commands", None) and context.protected_args + context.args:
        rest = [*context.protected_args, *context.args]
        _, command, left = command.resolve_command(context, rest)
        context = command.make_context(rest[0], left, parent=context)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_understood_as_written(page: Path, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for file in GIVEN_FILES:
        (tmp_path / file).touch()
    wrong = []
    for words in commands(page):
        try:
            understood(words[1:])
        except typer.Exit:
            continue
        except Exception as error:
            told = error.format_message() if hasattr(error, "format_message") else str(error)
            names_only = "Missing" in told and not any(word.startswith("-") for word in words)
            if not names_only:  # `limner study make` in a sentence is the command's name
                wrong.append(f"{shlex.join(words)}: {told}")
    assert not wrong, "\n".join(wrong)


def shown(beginnings: tuple[str, ...]) -> list[list[str]]:
    every = [words for page in PAGES for words in commands(page)]
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


@pytest.mark.slow
def test_films_become_a_set_as_written(tmp_path, monkeypatch) -> None:
    pytest.importorskip("av")
    monkeypatch.chdir(tmp_path)
    for words in shown(SLOW):
        run(words)
