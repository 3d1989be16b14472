"""MagicBrush (Zhang et al. 2023): edits of photographs, one to three in a row, several of one picture.

Reads either layout: the unpacked archives (`edit_sessions.json` or `edit_turns.json` beside `images/`, as for
its dev and test sets) and the Parquet files of its hub page. Knows no other data set. Pictures are CC-BY-4.0.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from os.path import isfile
from pathlib import Path
from typing import Any, Final

from limner.builders.edits.sessions import Dropped, Session, Step

LICENCE: Final = "CC-BY-4.0"
_LISTS: Final = ("edit_sessions.json", "edit_turns.json")
_COLUMNS: Final = ("img_id", "turn_index", "source_img", "instruction", "target_img")
_BATCH_ROWS: Final = 8  # a row holds three pictures


def read_magicbrush(folder: Path) -> Iterator[Session | Dropped]:
    """Every session in `folder`, in the order of its files. ValueError when nothing there is MagicBrush."""
    lists = [found for place in _places(folder) for name in _LISTS if (found := place / name).is_file()]
    by_folder = {found.parent: found for found in reversed(lists)}
    shards = [shard for place in _places(folder) for shard in sorted(place.glob("*.parquet"))]
    if not by_folder and not shards:
        raise ValueError(
            f"{folder} holds no MagicBrush: neither {' nor '.join(_LISTS)} nor Parquet files are in it."
        )
    for found in sorted(by_folder.values()):
        yield from _from_folder(found)
    if not by_folder:
        yield from _from_shards(shards)


def _places(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}.")
    return [folder, *sorted(place for place in folder.iterdir() if place.is_dir())]


def _from_folder(listing: Path) -> Iterator[Session | Dropped]:
    try:
        listed = json.loads(listing.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{listing} is no JSON ({error}); unpack it again.") from error
    images = listing.parent / "images"
    for name, turns in _grouped(listed).items():
        steps: list[Step] = []
        pictures: dict[str, Path | bytes] = {}
        bad = 0
        for turn in turns:
            names = [turn.get(key) for key in ("input", "output")]
            if not all(isinstance(value, str) for value in (*names, turn.get("instruction"))):
                bad += 1
                continue
            source, target = (Path(str(value)).name for value in names)  # never a path out of the folder
            steps.append(Step(source=source, instruction=str(turn["instruction"]), target=target))
            for key in (source, target):
                pictures[key] = _found(images, name, key)
        if bad:
            yield Dropped(name=name, part=f"{bad} turns", reason="no input, output or instruction")
        yield Session(name=f"magicbrush-{name}", steps=tuple(steps), pictures=pictures)


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


def _found(images: Path, name: str, key: str) -> Path:
    nested = images / Path(name).name / key
    return nested if isfile(nested) else images / key


def _from_shards(shards: list[Path]) -> Iterator[Session | Dropped]:
    """Sessions, each of rows that follow one another, also from one file to the next."""
    name = ""
    rows: list[dict[str, Any]] = []
    for shard in shards:
        for row in _rows(shard):
            if isinstance(row, Dropped):
                yield row
                continue
            if str(row["img_id"]) != name and rows:
                yield _session(name, rows)
                rows = []
            name = str(row["img_id"])
            rows.append(row)
    if rows:
        yield _session(name, rows)


def _rows(shard: Path) -> Iterator[dict[str, Any] | Dropped]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(shard) as file:
            lacking = set(_COLUMNS) - set(file.schema_arrow.names)
            if lacking:
                yield Dropped(
                    name=shard.name, part="file", reason=f"it has no columns {', '.join(sorted(lacking))}"
                )
                return
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=list(_COLUMNS)):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        yield Dropped(name=shard.name, part="file", reason=f"it cannot be read ({str(error)[:200]})")


def _session(name: str, rows: list[dict[str, Any]]) -> Session:
    steps: list[Step] = []
    pictures: dict[str, Path | bytes] = {}
    for row in sorted(rows, key=lambda row: row["turn_index"] or 0):
        source, target = _bytes(row["source_img"]), _bytes(row["target_img"])
        keys = [hashlib.sha256(data).hexdigest()[:16] for data in (source, target)]
        pictures.update(zip(keys, (source, target), strict=True))
        steps.append(Step(source=keys[0], instruction=row["instruction"] or "", target=keys[1]))
    return Session(name=f"magicbrush-{name}", steps=tuple(steps), pictures=pictures)


def _bytes(picture: object) -> bytes:
    data = picture.get("bytes") if isinstance(picture, dict) else picture
    return data if isinstance(data, bytes) else b""
