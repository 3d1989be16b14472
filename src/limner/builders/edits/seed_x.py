"""The edit format that SEED-X trains on: one edit a line, `source_image`, `target_image`, `instruction`, and
perhaps `instruction_new` (the same said better, which is used) and `response`.

Edits that follow one another in a file and lead on from each other's pictures are one session. Knows no other
format, and no licence: whoever wrote the files knows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from limner.builders.edits.roots import ImageRoots
from limner.builders.edits.sessions import Dropped, Session, Step, located

LICENCE: Final = "as the source says"
_NEEDED: Final = ("source_image", "target_image", "instruction")
_MAX_STEPS: Final = 32  # a whole file about one picture is no conversation


def list_seed_x(folder: Path) -> Iterator[Session | Dropped]:
    """Every session of a folder (or one .jsonl file), in the order of its files, without its pictures.

    ValueError when there are no .jsonl files.
    """
    if not folder.exists():
        raise ValueError(f"There is no folder {folder}.")
    files = sorted(folder.glob("**/*.jsonl")) if folder.is_dir() else [folder]
    if not files:
        raise ValueError(f"{folder} holds no edits of SEED-X's format: there are no .jsonl files in it.")
    for file in files:
        steps: list[Step] = []
        first = 0
        for number, step in _steps(file):
            if isinstance(step, Dropped):
                yield step
                continue
            if steps and (len(steps) == _MAX_STEPS or not _leads_on(steps, step)):
                yield _session(file, first, steps)
                steps = []
            first = number if not steps else first
            steps.append(step)
        if steps:
            yield _session(file, first, steps)


def _steps(file: Path) -> Iterator[tuple[int, Step | Dropped]]:
    with file.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield number, _step(line, f"seed-x-{file.stem}-{number:06d}")


def _step(line: str, name: str) -> Step | Dropped:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return Dropped(name=name, part="line", reason="it is no JSON")
    if not isinstance(record, dict):
        return Dropped(name=name, part="line", reason="it is no JSON object")
    lacking = [key for key in _NEEDED if not isinstance(record.get(key), str) or not record[key].strip()]
    if lacking:
        return Dropped(name=name, part="line", reason=f"it has no {lacking[0]}")
    other, response = record.get("instruction_new"), record.get("response")
    return Step(
        source=record["source_image"],
        instruction=other if isinstance(other, str) and other.strip() else record["instruction"],
        target=record["target_image"],
        response=response if isinstance(response, str) else "",
    )


def _leads_on(steps: Sequence[Step], step: Step) -> bool:
    known = {steps[0].source, *(one.target for one in steps)}
    return step.source in known and step.target not in known


def _session(file: Path, first: int, steps: Sequence[Step]) -> Session:
    return Session(name=f"seed-x-{file.stem}-{first:06d}", steps=tuple(steps))


def locate_seed_x(session: Session, folder: Path, images: Sequence[Path] = ()) -> Session:
    """The session with its pictures that are there: looked for in `images` first, then beside the lines."""
    beside = folder if folder.is_dir() else folder.parent
    return located(session, ImageRoots.of((*images, beside), "images"))
