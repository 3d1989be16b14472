"""Writes dialogues to a folder of shards, or appends to one. Nothing half-written ever carries a shard's
name.

A shard grows under a hidden temporary name and gets its own by one atomic step once it is complete and
synced. Knows the files of a set; the columns are `spec.py`'s business.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from limner.dataset.spec import SCHEMA, check_version, shard_paths, to_row
from limner.dialogue.parts import Dialogue

ROWS_PER_GROUP: Final = 16  # what one random access reads: small, because pictures are large
_CARD: Final = """---
configs:
- config_name: default
  data_files: "*.parquet"
---
# Dialogues with pictures

One row is one dialogue: its rounds, the persons named in them, and its pictures as PNG with their digests.
Read it with `datasets.load_dataset("parquet", data_dir="...")` or with limner, which wrote it.
"""


class DatasetWriter:
    """Adds dialogues to the data set in `folder`, which is made if it does not exist; use it in a `with`
    block.

    A shard is closed after `rows_per_shard` dialogues or `bytes_per_shard` bytes of pictures, whichever comes
    first. When the block ends with an error the shard in progress is thrown away; complete shards stay.
    """

    def __init__(
        self, folder: str | Path, *, rows_per_shard: int = 4096, bytes_per_shard: int = 256_000_000
    ) -> None:
        if rows_per_shard < 1 or bytes_per_shard < 1:
            raise ValueError("rows_per_shard and bytes_per_shard must be at least 1")
        self.folder = Path(folder)
        self.rows_per_shard = rows_per_shard
        self.bytes_per_shard = bytes_per_shard
        self.num_written = 0
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in shard_paths(self.folder):
            check_version(pq.read_schema(path), path)
        self._buffer: list[dict[str, Any]] = []
        self._shard: pq.ParquetWriter | None = None
        self._temporary: Path | None = None
        self._num_rows = 0
        self._num_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.discard()

    def write(self, dialogue: Dialogue) -> None:
        """Append one dialogue."""
        self.write_row(to_row(dialogue))

    def write_row(self, row: dict[str, Any]) -> None:
        """Append one row as `spec.to_row` makes it."""
        self._buffer.append(row)
        self._num_rows += 1
        self._num_bytes += sum(len(picture["bytes"]) for picture in row["pictures"])
        if len(self._buffer) >= ROWS_PER_GROUP:
            self._write_group()
        if self._num_rows >= self.rows_per_shard or self._num_bytes >= self.bytes_per_shard:
            self.close()

    def extend(self, dialogues: Iterable[Dialogue]) -> None:
        """Append many dialogues."""
        for dialogue in dialogues:
            self.write(dialogue)

    def close(self) -> None:
        """Complete the shard in progress and give it its name; further dialogues begin another shard."""
        if self._buffer:
            self._write_group()
        if self._shard is None or self._temporary is None:
            return
        self._shard.close()
        with self._temporary.open("rb") as file:
            os.fsync(file.fileno())
        _publish(self._temporary, self.folder)
        card = self.folder / "README.md"
        if not card.exists():
            card.write_text(_CARD, encoding="utf-8")
        self.num_written += self._num_rows
        self._forget()

    def discard(self) -> None:
        """Throw away the shard in progress; complete shards stay."""
        try:
            if self._shard is not None:
                self._shard.close()
        finally:
            if self._temporary is not None:
                self._temporary.unlink(missing_ok=True)
            self._forget()

    def _forget(self) -> None:
        self._shard, self._temporary, self._buffer = None, None, []
        self._num_rows = self._num_bytes = 0

    def _write_group(self) -> None:
        if self._shard is None:
            number = _next_number(self.folder)
            self._temporary = self.folder / f".shard-{number:05d}.{os.getpid()}-{id(self):x}.tmp"
            self._shard = pq.ParquetWriter(
                self._temporary,
                SCHEMA,
                compression={**dict.fromkeys(_leaves(SCHEMA), "zstd"), "pictures.list.element.bytes": "none"},
                use_dictionary=["kind"],  # pictures and digests do not repeat
                write_statistics=["kind", "id"],
            )
        self._shard.write_table(pa.Table.from_pylist(self._buffer, schema=SCHEMA))
        self._buffer = []


def _leaves(schema: pa.Schema) -> list[str]:
    """The dotted paths of all leaf columns, as Parquet names them."""

    def walk(name: str, kind: pa.DataType) -> list[str]:
        if pa.types.is_struct(kind):
            return [leaf for field in kind for leaf in walk(f"{name}.{field.name}", field.type)]
        if pa.types.is_list(kind):
            return walk(f"{name}.list.element", kind.value_type)
        return [name]

    return [leaf for field in schema for leaf in walk(field.name, field.type)]


def _next_number(folder: Path) -> int:
    shards = shard_paths(folder)
    return int(shards[-1].stem.removeprefix("shard-")) + 1 if shards else 0


def _publish(temporary: Path, folder: Path) -> Path:
    """Give a complete shard the next free name; a link, unlike a rename, never replaces another writer's
    shard.
    """
    while True:
        final = folder / f"shard-{_next_number(folder):05d}.parquet"
        try:
            os.link(temporary, final)
        except FileExistsError:
            continue
        except OSError:  # a file system without links; there, only one writer at a time is safe
            temporary.rename(final)
            return final
        temporary.unlink()
        return final
