"""The on-disk format: a folder of Parquet shards, one dialogue a row, pictures as PNG bytes with their
digests.

Knows the columns, the version and how one dialogue becomes one row and back. Knows nothing about files being
written or read. The columns and their meaning are documented in docs/dataset.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from limner.dialogue.history import node_id
from limner.dialogue.parts import Dialogue, Instruction, NamedPerson, Picture, Response, Round

FORMAT_VERSION: Final = 1
# Older version -> the command that brings a folder to the next version; "{folder}" is filled in.
MIGRATIONS: Final[Mapping[int, str]] = {}

_VERSION_KEY: Final = b"limner_format_version"

ROUND: Final = pa.struct(
    [
        ("instruction", pa.string()),
        ("instruction_pictures", pa.list_(pa.int32())),
        ("response", pa.string()),
        ("response_picture", pa.int32()),
        ("depends_on", pa.list_(pa.int32())),
    ]
)
PERSON: Final = pa.struct(
    [("name", pa.string()), ("round_index", pa.int32()), ("box", pa.list_(pa.float64()))]
)
PICTURE: Final = pa.struct([("bytes", pa.binary()), ("path", pa.string())])

_COLUMNS: Final = [
    ("id", pa.string()),
    ("kind", pa.string()),
    ("rounds", pa.list_(ROUND)),
    ("persons", pa.list_(PERSON)),
    ("pictures", pa.list_(PICTURE)),
    ("picture_digests", pa.list_(pa.string())),
    ("truth", pa.string()),
]


def _hub_features() -> dict[str, Any]:
    """The columns in the words of the `datasets` library, so that it and the hub's viewer show pictures."""
    string, index, number = ({"dtype": name, "_type": "Value"} for name in ("string", "int32", "float64"))
    return {
        "id": string,
        "kind": string,
        "rounds": [
            {
                "instruction": string,
                "instruction_pictures": [index],
                "response": string,
                "response_picture": index,
                "depends_on": [index],
            }
        ],
        "persons": [{"name": string, "round_index": index, "box": [number]}],
        "pictures": [{"_type": "Image"}],
        "picture_digests": [string],
        "truth": string,
    }


SCHEMA: Final = pa.schema(
    _COLUMNS,
    metadata={
        _VERSION_KEY: str(FORMAT_VERSION).encode(),
        b"huggingface": json.dumps({"info": {"features": _hub_features()}}).encode(),
    },
)


class FormatVersionError(ValueError):
    """A shard of another format version; the message says which command or release reads it."""


def check_version(schema: pa.Schema, path: Path) -> None:
    """Raise FormatVersionError unless the shard's version is ours, ValueError when it is no shard of ours."""
    found = (schema.metadata or {}).get(_VERSION_KEY)
    if found is None:
        raise ValueError(f"{path} is no limner data set: its Parquet metadata names no format version")
    try:
        version = int(found)
    except ValueError:
        raise ValueError(f"{path} names the format version {found!r}, which is no number") from None
    if version == FORMAT_VERSION:
        return
    seen = f"{path} has format version {version}, this limner reads version {FORMAT_VERSION}"
    if version > FORMAT_VERSION:
        raise FormatVersionError(f"{seen}; update with: pip install --upgrade limner")
    if version in MIGRATIONS:
        raise FormatVersionError(f"{seen}; migrate with: {MIGRATIONS[version].format(folder=path.parent)}")
    raise FormatVersionError(f"{seen}, and nothing migrates it; build the data set anew")


def shard_paths(folder: str | Path) -> list[Path]:
    """The shards of a data set in their order; empty when the folder holds none or does not exist."""
    return sorted(Path(folder).glob("shard-*.parquet"))


def dialogue_id(dialogue: Dialogue) -> str:
    """SHA-256 (hex) of the whole content: the last round's node id with kind, persons and truth."""
    last: str | None = None
    for round_ in dialogue.rounds:
        last = node_id(last, round_)
    persons = [[person.name, person.round_index, person.box] for person in dialogue.persons]
    canonical = json.dumps([last, dialogue.kind, persons, truth_to_json(dialogue.truth)], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def truth_to_json(truth: Mapping[str, Any]) -> str:
    """Canonical JSON of a truth; ValueError when it holds what JSON cannot."""
    try:
        return json.dumps(dict(truth), sort_keys=True, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"the dialogue's truth is not JSON ({error}); store plain numbers and text"
        ) from error


def to_row(dialogue: Dialogue, png_of: Mapping[str, bytes] | None = None) -> dict[str, Any]:
    """The dialogue as a row of `SCHEMA`; equal pictures are stored once.

    `png_of` may give PNG bytes by digest, to store pictures that were read as they were.
    """
    pictures: dict[str, Picture] = {p.digest: p for round_ in dialogue.rounds for p in round_.pictures}
    place = {digest: index for index, digest in enumerate(pictures)}
    png_of = png_of or {}
    return {
        "id": dialogue_id(dialogue),
        "kind": dialogue.kind,
        "rounds": [_round_row(round_, place) for round_ in dialogue.rounds],
        "persons": [
            {"name": p.name, "round_index": p.round_index, "box": None if p.box is None else list(p.box)}
            for p in dialogue.persons
        ],
        "pictures": [
            {"bytes": png_of.get(digest) or picture.to_png(), "path": f"{digest[:16]}.png"}
            for digest, picture in pictures.items()
        ],
        "picture_digests": list(pictures),
        "truth": truth_to_json(dialogue.truth),
    }


def _round_row(round_: Round, place: Mapping[str, int]) -> dict[str, Any]:
    answer = round_.response.picture
    if round_.instruction.region is not None:
        raise ValueError(
            f"a round points at a region, which format version {FORMAT_VERSION} cannot hold; leave it out"
        )
    return {
        "instruction": round_.instruction.text,
        "instruction_pictures": [place[picture.digest] for picture in round_.instruction.pictures],
        "response": round_.response.text,
        "response_picture": None if answer is None else place[answer.digest],
        "depends_on": list(round_.depends_on),
    }


def from_row(row: Mapping[str, Any]) -> Dialogue:
    """The inverse of `to_row`; decodes every picture. ValueError says what of the row is malformed.

    Digests are not compared here (that doubles the cost of reading); `check.py` does.
    """
    pictures = [Picture.from_png(picture["bytes"]) for picture in row["pictures"]]
    return build_dialogue(row, pictures)


def build_dialogue(row: Mapping[str, Any], pictures: list[Picture]) -> Dialogue:
    """The dialogue of a row whose pictures are decoded already."""
    return Dialogue(
        rounds=tuple(_round(round_, pictures) for round_ in row["rounds"]),
        persons=tuple(
            NamedPerson(
                name=person["name"],
                round_index=person["round_index"],
                box=None if person["box"] is None else tuple(person["box"]),
            )
            for person in row["persons"]
        ),
        kind=row["kind"],
        truth=json.loads(row["truth"]),
    )


def _round(row: Mapping[str, Any], pictures: list[Picture]) -> Round:
    answer = row["response_picture"]
    return Round(
        instruction=Instruction(
            text=row["instruction"], pictures=tuple(_pick(pictures, row["instruction_pictures"]))
        ),
        response=Response(
            text=row["response"], picture=None if answer is None else _pick(pictures, [answer])[0]
        ),
        depends_on=tuple(row["depends_on"]),
    )


def _pick(pictures: list[Picture], indices: Iterable[int]) -> list[Picture]:
    chosen = list(indices)
    for index in chosen:
        if not 0 <= index < len(pictures):
            raise ValueError(f"a round shows picture {index}, but the dialogue stores {len(pictures)}")
    return [pictures[index] for index in chosen]
