"""SEED-Data-Edit, part 3 (Ge et al. 2024): up to five edits in a row by human hand.

Reads `annotations/*.jsonl` with `source_image` and, for k from 1, `instruction_k`, `edit_image_k` and
perhaps `inverse_instruction_k`. Knows no other data set. Pictures are CC-BY-NC-4.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

from limner.builders.edits.roots import ImageRoots, images_beside
from limner.builders.edits.sessions import Dropped, Session, Step, located

LICENCE: Final = "CC-BY-NC-4.0"
_PART_2: Final = "single edits, as part 2 has them: build them with --from seed-x"
_INNER: Final = ("images", "data", "images/data", "images/multi_turn_editing")


def list_seed_edit(folder: Path) -> Iterator[Session | Dropped]:
    """Every record in `folder`, in the order of its files, without its pictures. ValueError when it holds no
    annotations.
    """
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}.")
    files = sorted({*folder.glob("*.jsonl"), *folder.glob("**/annotations*/*.jsonl")})
    if not files:
        raise ValueError(f"{folder} holds no SEED-Data-Edit: there are no annotations/*.jsonl in it.")
    for file in files:
        place = images_beside(file, folder)
        with file.open(encoding="utf-8-sig", errors="replace") as lines:
            is_first = True
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                found = _record(line, f"seed-edit-{file.stem}-{number:05d}", place)
                if is_first and isinstance(found, Dropped) and found.reason == _PART_2:
                    yield Dropped(name=f"seed-edit-{file.stem}", part=f"file {file.name}", reason=_PART_2)
                    break
                is_first = False
                yield found


def locate_seed_edit(session: Session, folder: Path, images: Sequence[Path] = ()) -> Session:
    """The session with its pictures that are there: looked for in `images` first, then beside its
    annotations, then in `folder`.
    """
    beside = folder / session.place
    return located(session, ImageRoots.of(tuple(dict.fromkeys((*images, beside, folder))), *_INNER))


def _record(line: str, name: str, place: str) -> Session | Dropped:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return Dropped(name=name, part="line", reason="it is no JSON")
    if not isinstance(record, dict) or not isinstance(record.get("source_image"), str):
        return Dropped(name=name, part="line", reason="it has no source_image")
    if "edit_image_1" not in record and isinstance(record.get("target_image"), str):
        return Dropped(name=name, part="line", reason=_PART_2)
    if "edit_image_1" not in record:
        return Dropped(name=name, part="line", reason="it has no edit_image_1: not a record of part 3")
    keys = [record["source_image"]]
    steps, returns = [], []
    for k in _numbers(record):
        target = str(record[f"edit_image_{k}"])
        steps.append(
            Step(source=keys[-1], instruction=str(record.get(f"instruction_{k}") or ""), target=target)
        )
        inverse = record.get(f"inverse_instruction_{k}")
        if isinstance(inverse, str) and inverse.strip():
            returns.append(Step(source=target, instruction=inverse, target=keys[-1]))
        keys.append(target)
    return Session(name=name, steps=tuple(steps), returns=tuple(returns), place=place)


def _numbers(record: Mapping[str, Any]) -> Iterator[int]:
    for k in count(1):
        if not record.get(f"edit_image_{k}"):
            return
        yield k
