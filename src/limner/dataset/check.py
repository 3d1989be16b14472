"""The integrity check: reads every byte of a data set as if it came from a stranger and says what is wrong
with it.

Knows what a sound set is; repairs nothing and stops at nothing. Each finding is one sentence with its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from limner.dataset.spec import SCHEMA, build_dialogue, check_version, dialogue_id, shard_paths
from limner.dialogue.parts import Picture


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something wrong: the file, the row in it (None: the whole file) and a sentence."""

    path: Path
    row: int | None
    sentence: str

    def __str__(self) -> str:
        place = str(self.path) if self.row is None else f"{self.path}, row {self.row}"
        return f"{place}: {self.sentence}"


def check_dataset(folder: str | Path) -> Iterator[Finding]:
    """All findings about the data set in `folder`, shard by shard; none means that it is sound."""
    folder = Path(folder)
    paths = shard_paths(folder)
    if not paths:
        yield Finding(
            path=folder, row=None, sentence="There is no data set: no file is named shard-*.parquet."
        )
    for leftover in sorted(folder.glob(".shard-*.tmp")):
        sentence = "A writer left this behind or is still at work; delete it if none is."
        yield Finding(path=leftover, row=None, sentence=sentence)
    first_seen: dict[str, str] = {}
    for path in paths:
        yield from _check_shard(path, first_seen)


def _check_shard(path: Path, first_seen: dict[str, str]) -> Iterator[Finding]:
    try:
        shard = pq.ParquetFile(path)
        check_version(shard.schema_arrow, path)
    except Exception as error:  # damaged Parquet raises many kinds
        yield Finding(path=path, row=None, sentence=f"The shard cannot be read: {error}.")
        return
    with shard:
        differences = list(_schema_differences(shard))
        yield from (Finding(path=path, row=None, sentence=sentence) for sentence in differences)
        if differences:
            return
        number = 0
        for group in range(shard.num_row_groups):
            try:
                rows = shard.read_row_group(group).to_pylist()
            except Exception as error:
                yield Finding(
                    path=path, row=number, sentence=f"The rows from here on cannot be read: {error}."
                )
                return
            for row in rows:
                for sentence in _check_row(row, f"{path.name}, row {number}", first_seen):
                    yield Finding(path=path, row=number, sentence=sentence)
                number += 1


def _schema_differences(shard: pq.ParquetFile) -> Iterator[str]:
    found = {field.name: field.type for field in shard.schema_arrow}
    for field in SCHEMA:
        if field.name not in found:
            yield f"The column {field.name!r} is missing."
        elif not _same_type(found[field.name], field.type):
            yield f"The column {field.name!r} has the type {found[field.name]}, not {field.type}."


def _same_type(found: Any, expected: Any) -> bool:
    # Parquet readers may name a list's element differently; that changes nothing.
    names = ("element: ", "item: ")
    return str(found).replace(*names) == str(expected).replace(*names)


def _check_row(row: Mapping[str, Any], place: str, first_seen: dict[str, str]) -> Iterator[str]:
    empty = [name for name in SCHEMA.names if row[name] is None]
    if empty:
        yield f"The column {empty[0]!r} is empty here."
        return
    pictures: list[Picture] = []
    for sentence, picture in _check_pictures(row):
        if sentence:
            yield sentence
        if picture is not None:
            pictures.append(picture)
    structural = [*_check_rounds(row), *_check_persons(row), *_check_truth(row)]
    yield from structural
    if structural or len(pictures) != len(row["pictures"]):
        return  # the dialogue cannot be built, so its id cannot be checked
    try:
        true_id = dialogue_id(build_dialogue(row, pictures))
    except (ValueError, TypeError, KeyError) as error:
        yield f"The dialogue cannot be built: {error}."
        return
    if true_id != row["id"]:
        yield f"The id is {row['id'][:12]}, but the content hashes to {true_id[:12]}; it was altered."
    if true_id in first_seen:
        yield f"The dialogue is the same as in {first_seen[true_id]}."
    first_seen.setdefault(true_id, place)


def _check_pictures(row: Mapping[str, Any]) -> Iterator[tuple[str, Picture | None]]:
    digests = row["picture_digests"]
    if len(digests) != len(row["pictures"]):
        yield f"There are {len(row['pictures'])} pictures but {len(digests)} digests.", None
    if len(set(digests)) != len(digests):
        yield "A picture is stored twice.", None
    for index, stored in enumerate(row["pictures"]):
        try:
            picture = Picture.from_png((stored or {}).get("bytes") or b"")
        except ValueError as error:
            yield f"Picture {index} is unusable: {error}.", None
            continue
        yield "", picture
        if index < len(digests) and digests[index] != picture.digest:
            yield f"Picture {index} is not the one that its digest {str(digests[index])[:12]} names.", None


def _check_rounds(row: Mapping[str, Any]) -> Iterator[str]:
    if not row["rounds"]:
        yield "The dialogue has no rounds."
    shown: set[int] = set()
    for index, round_ in enumerate(row["rounds"]):
        missing = [name for name, value in (round_ or {"round": None}).items() if value is None]
        if [name for name in missing if name != "response_picture"]:
            yield f"Round {index} lacks {missing[0]!r}."
            continue
        for needed in round_["depends_on"]:
            if needed is None or not 0 <= needed < index:
                yield f"Round {index} depends on round {needed}, which is not an earlier one."
        if list(round_["depends_on"]) != sorted(set(round_["depends_on"]), key=lambda n: (n is None, n)):
            yield f"Round {index} lists what it depends on out of order or twice."
        indices = [*round_["instruction_pictures"], round_["response_picture"]]
        shown.update(i for i in indices if i is not None)
        for picture in round_["instruction_pictures"] + [i for i in indices[-1:] if i is not None]:
            if picture is None or not 0 <= picture < len(row["pictures"]):
                yield f"Round {index} shows picture {picture}, but {len(row['pictures'])} are stored."
        if not round_["instruction"].strip() and not round_["instruction_pictures"]:
            yield f"Round {index} has an empty instruction."
        if not round_["response"].strip() and round_["response_picture"] is None:
            yield f"Round {index} has an empty response."
    for index in range(len(row["pictures"])):
        if index not in shown:
            yield f"Picture {index} is shown in no round."


def _check_persons(row: Mapping[str, Any]) -> Iterator[str]:
    num_rounds = len(row["rounds"])
    for person in row["persons"]:
        name, index = (person or {}).get("name"), (person or {}).get("round_index")
        if not name or not name.strip():
            yield "A person has no name."
            continue
        if index is None or not 0 <= index < num_rounds:
            yield f"{name} is seen in round {index}, but there are {num_rounds} rounds."
            continue
        words = " ".join(
            f"{round_['instruction']} {round_['response']}" for round_ in row["rounds"] if round_ is not None
        )
        if name.casefold() not in words.casefold():
            yield f"{name} is named as a person but in no round's words."
        box = person["box"]
        if box is None:
            continue
        if len(box) != 4 or None in box or not (0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1):
            yield f"{name}'s box {box} is not x0 < x1, y0 < y1 within [0, 1]."
        seen_in = row["rounds"][index] or {}
        if seen_in.get("response_picture") is None and not seen_in.get("instruction_pictures"):
            yield f"{name} has a box in round {index}, which shows no picture."


def _check_truth(row: Mapping[str, Any]) -> Iterator[str]:
    try:
        truth = json.loads(row["truth"])
    except ValueError as error:
        yield f"The truth is not JSON: {error}."
        return
    if not isinstance(truth, dict):
        yield "The truth is not a JSON object."
