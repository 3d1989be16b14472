"""SEED-Data-Edit, part 3 (Ge et al. 2024): up to five edits in a row by human hand.

Reads `annotations/*.jsonl` with `source_image` and, for k from 1, `instruction_k` and `edit_image_k`. Knows
no other data set. Pictures are CC-BY-NC-4.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count
from os.path import isfile
from pathlib import Path
from typing import Any, Final

from limner.builders.edits.sessions import Dropped, Session, Step

LICENCE: Final = "CC-BY-NC-4.0"
_INNER: Final = ("", "images", "multi_turn_editing", "multi_turn_editing/images", "images/multi_turn_editing")
_MAX_STRIPPED: Final = 4


def read_seed_edit(folder: Path) -> Iterator[Session | Dropped]:
    """Every record in `folder`, in the order of its files. ValueError when it holds no annotations."""
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}.")
    files = sorted({*folder.glob("*.jsonl"), *folder.glob("**/annotations/*.jsonl")})
    if not files:
        raise ValueError(f"{folder} holds no SEED-Data-Edit: there are no annotations/*.jsonl in it.")
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _record(line, f"seed-edit-{file.stem}-{number:05d}", folder)


def _record(line: str, name: str, folder: Path) -> Session | Dropped:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return Dropped(name=name, part="line", reason="it is no JSON")
    if not isinstance(record, dict) or not isinstance(record.get("source_image"), str):
        return Dropped(name=name, part="line", reason="it has no source_image")
    if "edit_image_1" not in record:
        return Dropped(name=name, part="line", reason="it has no edit_image_1: not a record of part 3")
    keys = [record["source_image"]]
    steps = []
    for k in _numbers(record):
        steps.append(
            Step(
                source=keys[-1],
                instruction=str(record.get(f"instruction_{k}") or ""),
                target=str(record[f"edit_image_{k}"]),
            )
        )
        keys.append(steps[-1].target)
    found = {key: place for key in keys if (place := _place(folder, key)) is not None}
    return Session(name=name, steps=tuple(steps), pictures=found)


def _numbers(record: Mapping[str, Any]) -> Iterator[int]:
    for k in count(1):
        if not record.get(f"edit_image_{k}"):
            return
        yield k


def _place(folder: Path, key: str) -> Path | None:
    """Where the picture lies: its root differs between copies of the set, so that leading folders of its path
    may be missing. Never outside `folder`.
    """
    parts = [part for part in Path(key).parts if part not in ("/", "..", ".")]
    for stripped in range(min(len(parts), _MAX_STRIPPED + 1)):
        for inner in _INNER:
            place = folder.joinpath(inner, *parts[stripped:])
            if isfile(place) and place.resolve().is_relative_to(folder.resolve()):
                return place
    return None
