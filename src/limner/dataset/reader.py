"""Reads a data set: any dialogue by its index, or all in order, decoding pictures only when they are wanted.

Knows where a row lies; the meaning of a row is `spec.py`'s business. Digests are trusted here; `check.py`
does not.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_right
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from limner.dataset.spec import check_version, from_row, shard_paths
from limner.dialogue.parts import Dialogue

_NUM_OPEN_SHARDS: Final = 8
_NUM_KEPT_GROUPS: Final = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Record:
    """One stored dialogue, its pictures still PNG bytes until `dialogue` is asked for."""

    index: int
    row: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def kind(self) -> str:
        return str(self.row["kind"])

    @property
    def num_rounds(self) -> int:
        return len(self.row["rounds"])

    @property
    def pngs(self) -> tuple[bytes, ...]:
        return tuple(picture["bytes"] for picture in self.row["pictures"])

    @cached_property
    def truth(self) -> Mapping[str, Any]:
        truth = json.loads(self.row["truth"])
        assert isinstance(truth, dict)
        return truth

    @cached_property
    def dialogue(self) -> Dialogue:
        return from_row(self.row)


class DatasetReader(Sequence[Dialogue]):
    """The dialogues of a folder. Opening reads only the shards' footers; it sees the shards that exist then.

    It may be used from several threads and sent to other processes. ValueError when the folder holds no data
    set, FormatVersionError when it is of another version.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.paths = shard_paths(self.folder)
        if not self.paths:
            raise ValueError(f"{self.folder} holds no data set; expected files named shard-*.parquet in it")
        # For each row group of the set: the index after its last row, its shard, its number in the shard.
        self._ends: list[int] = []
        self._places: list[tuple[int, int]] = []
        for shard, path in enumerate(self.paths):
            metadata = _metadata(path)
            check_version(metadata.schema.to_arrow_schema(), path)
            for group in range(metadata.num_row_groups):
                self._ends.append((self._ends[-1] if self._ends else 0) + metadata.row_group(group).num_rows)
                self._places.append((shard, group))
        self._start_empty()

    def _start_empty(self) -> None:
        self._lock = threading.Lock()
        self._files: OrderedDict[int, pq.ParquetFile] = OrderedDict()
        self._groups: OrderedDict[int, list[dict[str, Any]]] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: value for name, value in vars(self).items() if name not in ("_lock", "_files", "_groups")
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._start_empty()

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> Dialogue:  # type: ignore[override]
        """The dialogue at `index`; negative counts from the end. Reads one row group, of which a few are
        kept.
        """
        return self.record(index).dialogue

    def __iter__(self) -> Iterator[Dialogue]:
        return (record.dialogue for record in self.records())

    def record(self, index: int) -> Record:
        """The stored dialogue at `index`, undecoded."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"{self.folder} has {len(self)} dialogues, no number {index}")
        index %= len(self)
        number = bisect_right(self._ends, index)
        start = self._ends[number - 1] if number else 0
        return Record(index=index, row=self._group(number)[index - start])

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        """The stored dialogues from `start` to before `stop`, undecoded, a few in memory at a time."""
        for index in range(*slice(start, stop).indices(len(self))):
            yield self.record(index)

    def spread(self, num: int) -> Iterator[int]:
        """Indices of `num` dialogues at most, spread evenly over the set."""
        num = min(num, len(self))
        return (place * len(self) // num for place in range(num))

    def kinds(self) -> Counter[str]:
        """How many dialogues there are of each kind; reads that column alone."""
        counts: Counter[str] = Counter()
        for path in self.paths:
            counts.update(pq.read_table(path, columns=["kind"], partitioning=None)["kind"].to_pylist())
        return counts

    def _group(self, number: int) -> list[dict[str, Any]]:
        with self._lock:
            if number in self._groups:
                self._groups.move_to_end(number)
                return self._groups[number]
            shard, group = self._places[number]
            rows: list[dict[str, Any]] = self._file(shard).read_row_group(group).to_pylist()
            self._groups[number] = rows
            if len(self._groups) > _NUM_KEPT_GROUPS:
                self._groups.popitem(last=False)
            return rows

    def _file(self, shard: int) -> pq.ParquetFile:
        if shard in self._files:
            self._files.move_to_end(shard)
        else:
            self._files[shard] = pq.ParquetFile(self.paths[shard], memory_map=True)
            if len(self._files) > _NUM_OPEN_SHARDS:
                self._files.popitem(last=False)[1].close()
        return self._files[shard]


def _metadata(path: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(path)
    except Exception as error:
        raise ValueError(f"{path} is not a readable Parquet file ({error}); restore or remove it") from error
