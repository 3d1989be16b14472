"""The reading path and the trees of the documentation: what they name is there, and nothing is left out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "limner"
MAX_LINES = 1700  # to be read, of all eight


def reading_path() -> list[tuple[Path, bool, list[str]]]:
    """The rows of the table in docs/architecture.md: a file, whether it is read whole, and the definitions to
    start with, or to be read alone.
    """
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    row = r"^\| \d \| \[`([\w/.]+)`\]\(\S+\) \| (whole|these alone) \| ([^|]+) \|"
    rows = re.findall(row, text, re.MULTILINE)
    return [(SRC / file, how == "whole", re.findall(r"`([\w.]+)`", names)) for file, how, names in rows]


def rooms() -> set[str]:
    """Folders that hold more than what Python compiled there, as those of an older checkout do."""
    kept = (path for path in SRC.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(SRC).parts[0] for path in kept if path.parent != SRC}


def definitions(file: Path) -> dict[str, int]:
    """Every class, function and method by its name ("Class.method"), with its number of lines."""
    found = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found[node.name] = (node.end_lineno or 0) - node.lineno + 1
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    lines = (method.end_lineno or 0) - method.lineno + 1
                    found[f"{node.name}.{method.name}"] = lines
    return found


def test_the_reading_path_is_eight_files_whose_definitions_are_there() -> None:
    path = reading_path()
    assert len(path) == 8
    lines = 0
    for file, is_whole, names in path:
        known, holder, named = definitions(file), "", 0
        for name in names:
            holder = f"{name.partition('.')[0]}." if "." in name else holder
            (full,) = {name, holder + name} & set(known)
            named += known[full]
        lines += len(file.read_text(encoding="utf-8").splitlines()) if is_whole else named
    assert lines <= MAX_LINES


def test_the_readmes_tree_names_every_room_and_no_other() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^  (\w+)/ ", text.split("\nsrc/limner/\n")[1].split("```")[0], re.MULTILINE)
    there = rooms()
    assert len(told) == len(set(told))
    assert set(told) == there


def test_the_architectures_rooms_are_those_that_stand() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    tree = text.split("```")[1]
    told = set()
    for line in tree.strip().splitlines():
        told |= {name.strip() for name in line[:34].split("|")}
    there = rooms()
    assert told == there - {"web", "miniature"} | {"demo", "limner_world"}
