"""The edit format that SEED-X trains on: one edit a line, `source_image`, `target_image`, `instruction`, and
perhaps `instruction_new` (the same said better, which is used) and `response`.

Edits that follow one another in a file and lead on from each other's pictures are one session. Knows no other
format, and no licence: whoever wrote the files knows it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from limner.builders.edits.roots import ImageRoots, images_beside
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
    root = folder if folder.is_dir() else folder.parent
    told: set[bytes] = set()
    for file in sorted(files, key=lambda file: (not _is_said_better(file), file)):
        place = images_beside(file, root)
        steps: list[Step] = []
        first = again = 0
        here: list[bytes] = []
        for number, step in _steps(file):
            if isinstance(step, Dropped):
                yield step
                continue
            key = _key(step)
            if key in told:
                again += 1
                continue
            here += [key] if len(files) > 1 else []
            if steps and (len(steps) == _MAX_STEPS or not _leads_on(steps, step)):
                yield _session(file, first, steps, place)
                steps = []
            first = number if not steps else first
            steps.append(step)
        if steps:
            yield _session(file, first, steps, place)
        if again:
            yield Dropped(
                name=f"seed-x-{file.stem}",
                part=f"{again} edits of {file.relative_to(root)}",
                reason="they stand in other files too, as where a set has its annotations twice",
            )
        told.update(here)


def _steps(file: Path) -> Iterator[tuple[int, Step | Dropped]]:
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
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


def _session(file: Path, first: int, steps: Sequence[Step], place: str) -> Session:
    return Session(name=f"seed-x-{file.stem}-{first:06d}", steps=tuple(steps), place=place)


def _key(step: Step) -> bytes:
    """Eight bytes that stand for the edit of one picture into another: sets have millions."""
    return hashlib.blake2b(f"{step.source}\0{step.target}".encode("utf-8", "replace"), digest_size=8).digest()


def _is_said_better(file: Path) -> bool:
    """Whether a file's first record says its edit anew (`instruction_new`): it is taken before others."""
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
        line = next((line for line in lines if line.strip()), "")
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(record, dict) and bool(record.get("instruction_new"))


def locate_seed_x(session: Session, folder: Path, images: Sequence[Path] = ()) -> Session:
    """The session with its pictures that are there: looked for in `images` first, then beside its lines."""
    root = folder if folder.is_dir() else folder.parent
    roots = tuple(dict.fromkeys((*images, root / session.place, root)))
    return located(session, ImageRoots.of(roots, "images", "data", "images/data"))
