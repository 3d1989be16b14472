"""MagicBrush (Zhang et al. 2023): edits of photographs, one to three in a row, several of one picture.

Reads either layout: the unpacked archives (`edit_sessions.json` or `edit_turns.json` beside `images/`, as for
its dev and test sets) and the Parquet files of its hub page. Knows no other data set. Pictures are CC-BY-4.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from os.path import isfile
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from limner.builders.edits.roots import ImageRoots
from limner.builders.edits.sessions import Dropped, Session, Step, in_order
from limner.builders.photos import read_photo
from limner.dialogue.parts import pixels_digest

LICENCE: Final = "CC-BY-4.0"
_LISTS: Final = ("edit_sessions.json", "edit_turns.json")
_PICTURES: Final = ("source_img", "target_img")
_WORDS: Final = ("img_id", "turn_index", "instruction")
_BATCH_ROWS: Final = 8  # a row holds three pictures
_PARQUET: Final = "parquet"
_SMALL_PX: Final = 64
_NEAR_LEVELS: Final = 2.5  # mean distance, of 255, of two small copies of one picture; an edit's is larger


def list_magicbrush(folder: Path) -> Iterator[Session | Dropped]:
    """Every session in `folder`, in the order of its files, without its pictures.

    ValueError when nothing there is MagicBrush.
    """
    lists = [found for place in _places(folder) for name in _LISTS if (found := place / name).is_file()]
    by_folder = {found.parent: found for found in reversed(lists)}
    shards = [shard for place in _places(folder) for shard in sorted(place.glob("*.parquet"))]
    if not by_folder and not shards:
        raise ValueError(
            f"{folder} holds no MagicBrush: neither {' nor '.join(_LISTS)} nor Parquet files are in it."
        )
    for found in sorted(by_folder.values()):
        yield from _from_listing(found, str(found.parent.relative_to(folder) / "images"))
    if not by_folder:
        yield from _from_shards(folder, shards)


def locate_magicbrush(session: Session, folder: Path, images: Sequence[Path] = ()) -> Session:
    """The session with its pictures: looked for in `images` first, then beside the listing; or read from the
    Parquet files.
    """
    if session.place == _PARQUET:
        return _from_rows(session, folder, images)
    name = session.name.removeprefix("magicbrush-")
    roots = [*images, folder / session.place]
    keys = dict.fromkeys(key for step in session.steps for key in (step.source, step.target))
    return replace(session, pictures={key: _found(roots, name, key) for key in keys})


def _places(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}.")
    return [folder, *sorted(place for place in folder.iterdir() if place.is_dir())]


def _from_listing(listing: Path, place: str) -> Iterator[Session | Dropped]:
    try:
        listed = json.loads(listing.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{listing} is no JSON ({error}); unpack it again.") from error
    for name, turns in _grouped(listed).items():
        steps: list[Step] = []
        bad = 0
        for turn in turns:
            names = [turn.get(key) for key in ("input", "output")]
            if not all(isinstance(value, str) for value in (*names, turn.get("instruction"))):
                bad += 1
                continue
            source, target = (Path(str(value)).name for value in names)  # never a path out of the folder
            steps.append(Step(source=source, instruction=str(turn["instruction"]), target=target))
        if bad:
            yield Dropped(name=name, part=f"{bad} turns", reason="no input, output or instruction")
        yield Session(name=f"magicbrush-{name}", steps=in_order(steps), place=place)


def _grouped(listed: object) -> dict[str, list[Mapping[str, Any]]]:
    """Turns by picture: the sessions as they are, or a flat list grouped by the names of its files."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    if isinstance(listed, dict):
        for name, turns in listed.items():
            grouped[str(name)] = [turn for turn in turns if isinstance(turn, dict)] if turns else []
    elif isinstance(listed, list):
        for turn in listed:
            if isinstance(turn, dict):
                grouped.setdefault(str(turn.get("input", "")).split("-")[0], []).append(turn)
    return grouped


def _found(roots: Sequence[Path], name: str, key: str) -> Path:
    places = [place for root in roots for place in (root / Path(name).name / key, root / key)]
    return next((place for place in places if isfile(place)), places[-1])


def _from_shards(folder: Path, shards: Sequence[Path]) -> Iterator[Session | Dropped]:
    """Sessions of the rows about one picture, wherever they stand. Only words are read."""
    by_name: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for shard in shards:
        for number, row in enumerate(_rows(shard)):
            if isinstance(row, Dropped):
                yield row
            else:
                at = f"{number}:{shard.relative_to(folder)}"
                by_name.setdefault(str(row["img_id"]), []).append((at, row))
    for name, rows in by_name.items():
        yield from _sessions(name, rows)


def _rows(shard: Path) -> Iterator[dict[str, Any] | Dropped]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(shard) as file:
            lacking = {*_WORDS, *_PICTURES} - set(file.schema_arrow.names)
            if lacking:
                yield Dropped(
                    name=shard.name, part="file", reason=f"it has no columns {', '.join(sorted(lacking))}"
                )
                return
            for batch in file.iter_batches(columns=list(_WORDS)):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        yield Dropped(name=shard.name, part="file", reason=f"it cannot be read ({str(error)[:200]})")


def _sessions(name: str, rows: Sequence[tuple[str, dict[str, Any]]]) -> Iterator[Session | Dropped]:
    """The turns of a picture in their order. Where turns are missing, what follows is a session of its
    own.
    """
    ordered = sorted(rows, key=lambda place_and_row: _turn(place_and_row[1]))
    runs: list[list[tuple[str, dict[str, Any]]]] = []
    last = 0
    for at, row in ordered:
        turn = _turn(row)
        if not runs or turn > last + 1:
            if turn > last + 1:
                missing = f"turn {last + 1}" if turn == last + 2 else f"turns {last + 1} to {turn - 1}"
                yield Dropped(name=f"magicbrush-{name}", part=missing, reason="not in the files")
            runs.append([])
        runs[-1].append((at, row))
        last = turn
    for run in runs:
        first = _turn(run[0][1])
        told = f"magicbrush-{name}" if first <= 1 else f"magicbrush-{name}-from-turn-{first}"
        steps = tuple(Step(source=at, instruction=row["instruction"] or "", target=at) for at, row in run)
        yield Session(name=told, steps=steps, place=_PARQUET)


def _turn(row: Mapping[str, Any]) -> int:
    """Counted from 1; 1 where it is not told."""
    try:
        return max(1, int(row["turn_index"]))
    except (TypeError, ValueError):
        return 1


def _from_rows(session: Session, folder: Path, images: Sequence[Path]) -> Session:
    """The session with pictures named by what they show, so that a result is known as the next source however
    each copy of it was packed.
    """
    wanted: dict[str, list[int]] = {}
    for step in session.steps:
        number, file = step.source.split(":", 1)
        wanted.setdefault(file, []).append(int(number))
    read = {
        f"{number}:{file}": row
        for file, numbers in wanted.items()
        for number, row in _read_rows(folder / file, numbers)
    }
    steps: list[Step] = []
    pictures: dict[str, Path | bytes] = {}
    lacking: dict[str, str] = {}
    seen: dict[str, np.ndarray] = {}
    for step in session.steps:
        number, file = step.source.split(":", 1)
        row = read.get(step.source)
        keys: list[str] = []
        for column in _PICTURES:
            found: Path | bytes | str = "its row cannot be read"
            if row is not None:
                roots = [*images, folder, (folder / file).parent]
                found = _picture(row.get(column), roots)
            key = f"{column} of row {number} of {file}"
            if isinstance(found, str):
                lacking[key] = found
            else:
                key = _named(found, key, seen, may_be_known=column == _PICTURES[0])
                pictures.setdefault(key, found)
            keys.append(key)
        steps.append(replace(step, source=keys[0], target=keys[1]))
    return replace(session, steps=tuple(steps), pictures=pictures, lacking=lacking)


def _named(found: Path | bytes, key: str, seen: dict[str, np.ndarray], *, may_be_known: bool) -> str:
    """The name of a picture: that of one `seen` before, if it shows the same; else of its pixels.

    A source may have lost a little where a copy was packed anew: it is the nearest of those seen, if that is
    near.
    """
    try:
        pixels = read_photo(found)
    except (ValueError, OSError):
        return key  # its reason is told where it is needed
    digest = pixels_digest(pixels)[:16]
    small = cv2.resize(pixels, (_SMALL_PX, _SMALL_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    if digest not in seen and may_be_known and seen:
        near = min(seen, key=lambda name: float(np.abs(seen[name] - small).mean()))
        if float(np.abs(seen[near] - small).mean()) < _NEAR_LEVELS:
            return near
    seen.setdefault(digest, small)
    return digest


def _picture(told: object, roots: Sequence[Path]) -> Path | bytes | str:
    """A cell's picture: its bytes, else the file that it names; a sentence when it has neither."""
    data = told.get("bytes") if isinstance(told, dict) else told
    if isinstance(data, bytes) and data:
        return data
    path = told.get("path") if isinstance(told, dict) else None
    if not isinstance(path, str) or not path:
        return "its row holds no bytes and names no file"
    found = ImageRoots(tuple(root for root in dict.fromkeys(roots) if root.is_dir()), ("", "images"))
    return found.find(path) or f"its row holds no bytes; looked for {found.looked_for(path)}"


def _read_rows(shard: Path, numbers: Sequence[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The pictures of some rows; rows that cannot be read are left out. Reads no further than needed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    left = set(numbers)
    try:
        with pq.ParquetFile(shard) as file:
            first = 0
            for group in range(file.num_row_groups):
                num = file.metadata.row_group(group).num_rows
                at = first
                first += num
                if not any(at <= number < at + num for number in left):
                    continue
                for batch in file.iter_batches(
                    batch_size=_BATCH_ROWS, row_groups=[group], columns=list(_PICTURES)
                ):
                    for place in sorted(left & set(range(at, at + batch.num_rows))):
                        yield place, batch.slice(place - at, 1).to_pylist()[0]
                        left.discard(place)
                    at += batch.num_rows
                    if not any(at <= number < first for number in left):
                        break
    except (pa.ArrowException, OSError):
        return
