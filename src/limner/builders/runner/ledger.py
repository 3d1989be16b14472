"""The memory of a build: which sources there are, what became of each, and which shards stand. One SQLite
file, one writer.

Every change is one transaction, so a killed process leaves either the state before or the state after. Rows
wait here until all sources of their shard are done. Knows nothing about steps or processes.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from limner.builders.files import printable
from limner.builders.runner.document import Source
from limner.builders.runner.steps import Dropped, Outcome

STRIPS_PER_REASON = 24
_INCREMENTAL = 2  # as SQLite tells it
_TABLES = """
create table if not exists settings (value text not null);
create table if not exists sources (
    number integer primary key, id text not null unique, value text not null, shard integer not null,
    is_done integer not null default 0, num_rows integer not null default 0, passed text, counts text);
create index if not exists sources_of_shard on sources (shard, is_done);
create table if not exists waiting (number integer, place integer, data blob, primary key (number, place));
create table if not exists drops (
    number integer, place integer, document text, step text, reason text, detail text, strip blob,
    primary key (number, place));
create index if not exists drops_of_reason on drops (step, reason);
create table if not exists shards (shard integer primary key, num_rows integer not null);
"""


class Ledger:
    """An open ledger, locked against other processes. Use it in a `with` block."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._base = sqlite3.connect(path, timeout=0.2, isolation_level=None)
        try:
            self._base.execute("pragma locking_mode = exclusive")
            self._base.execute("pragma auto_vacuum = incremental")  # of a new file; it is begun empty
            self._base.execute("pragma journal_mode = wal")
            self._base.execute("pragma synchronous = normal")
            self._base.executescript(f"begin immediate; {_TABLES} commit;")
        except sqlite3.DatabaseError as error:
            self._base.close()
            if "full" in str(error) or "I/O" in str(error):
                raise
            if "locked" in str(error):
                raise ValueError(
                    f"Another process builds into {path.parent.parent}; wait for it, or give another folder."
                ) from error
            raise ValueError(f"{path} cannot be read ({error}); delete the folder and build anew.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    def shrink(self) -> None:
        """Give the room of what was forgotten back to the disk."""
        (mode,) = self._base.execute("pragma auto_vacuum").fetchone()
        if mode == _INCREMENTAL:
            self._base.executescript("pragma incremental_vacuum")  # all steps of it; execute takes one
        else:  # begun by an older limner
            self._base.execute("vacuum")
        self._base.execute("pragma wal_checkpoint(truncate)").fetchall()

    def settle(self, settings: Mapping[str, Any]) -> None:
        """Remember the settings of a new build, or raise ValueError when this build has others.

        A build that has made no dialogue claims nothing: others take its place.
        """
        told = json.loads(json.dumps(dict(settings)))
        row = self._base.execute("select value from settings").fetchone()
        if row is not None and json.loads(row[0]) != told and not self.has_rows():
            self.forget()
            row = None
        if row is None:
            self._base.execute("insert into settings values (?)", (json.dumps(told),))
            return
        before = json.loads(row[0])
        for name in sorted(set(before) | set(told)):
            if before.get(name) != told.get(name):
                raise ValueError(
                    f"This folder was begun with {name} = {before.get(name)!r}, not {told.get(name)!r}; "
                    "continue with the same options, or give another folder."
                )

    def has_rows(self) -> bool:
        """Whether any dialogue was made."""
        row = self._base.execute("select 1 from sources where num_rows > 0 limit 1").fetchone()
        return row is not None

    def is_begun(self) -> bool:
        """Whether anything became of any source."""
        return self._base.execute("select 1 from sources where is_done = 1 limit 1").fetchone() is not None

    def forget(self) -> None:
        """Take everything back: settings, sources, and what became of them."""
        with self._transaction():
            for table in ("settings", "sources", "waiting", "drops", "shards"):
                self._base.execute(f"delete from {table}")

    def add_sources(self, sources: Iterable[Source], per_shard: int) -> None:
        """Number the sources that are new, `per_shard` to a shard; known ones keep their number."""
        with self._transaction():
            last, shard = self._base.execute("select max(number), max(shard) from sources").fetchone()
            number = -1 if last is None else int(last)
            first_shard, first = (0 if shard is None else int(shard) + 1), number + 1
            for source in sources:
                id = printable(source.id)
                known = self._base.execute("select 1 from sources where id = ?", (id,)).fetchone()
                if known is None:
                    number += 1
                    self._base.execute(
                        "insert into sources (number, id, value, shard) values (?, ?, ?, ?)",
                        (
                            number,
                            id,
                            json.dumps(dict(source.value)),
                            first_shard + (number - first) // per_shard,
                        ),
                    )

    def waiting_sources(self) -> Iterator[tuple[int, Source]]:
        """The sources that are not done, by number; others may be recorded while this iterates."""
        last = -1
        while True:
            row = self._base.execute(
                "select number, id, value from sources where is_done = 0 and number > ? "
                "order by number limit 1",
                (last,),
            ).fetchone()
            if row is None:
                return
            last = row[0]
            yield last, Source(id=row[1], value=json.loads(row[2]))

    def record(self, outcome: Outcome) -> int:
        """Store what became of a source; the number of its shard."""
        with self._transaction():
            self._base.execute(
                "update sources set is_done = 1, num_rows = ?, passed = ?, counts = ? where number = ?",
                (
                    len(outcome.rows),
                    json.dumps(outcome.passed),
                    json.dumps(dict(outcome.counts)),
                    outcome.number,
                ),
            )
            self._base.executemany(
                "insert into waiting values (?, ?, ?)",
                [(outcome.number, place, data) for place, data in enumerate(outcome.rows)],
            )
            for place, drop in enumerate(outcome.drops):
                self._record_drop(outcome.number, place, drop)
            row = self._base.execute(
                "select shard from sources where number = ?", (outcome.number,)
            ).fetchone()
        return int(row[0])

    def _record_drop(self, number: int, place: int, drop: Dropped) -> None:
        (shown,) = self._base.execute(
            "select count(*) from "
            "(select 1 from drops where step = ? and reason = ? and strip != x'' limit ?)",
            (drop.step, drop.reason, STRIPS_PER_REASON),
        ).fetchone()
        strip = drop.strip if shown < STRIPS_PER_REASON else b""
        self._base.execute(
            "insert into drops values (?, ?, ?, ?, ?, ?, ?)",
            (number, place, drop.document, drop.step, drop.reason, printable(drop.detail), strip),
        )

    def ripe_shards(self) -> list[int]:
        """Shards whose sources are all done but which are not written."""
        rows = self._base.execute(
            "select shard from sources where shard not in (select shard from shards) "
            "group by shard having min(is_done) = 1 order by shard"
        )
        return [int(shard) for (shard,) in rows]

    def is_ripe(self, shard: int) -> bool:
        """Whether all sources of the shard are done."""
        row = self._base.execute(
            "select 1 from sources where shard = ? and is_done = 0 limit 1", (shard,)
        ).fetchone()
        return row is None

    def rows_of(self, shard: int) -> Iterator[bytes]:
        """The waiting rows of a shard, in the order of their sources."""
        yield from (
            data
            for (data,) in self._base.execute(
                "select data from waiting where number in (select number from sources where shard = ?) "
                "order by number, place",
                (shard,),
            )
        )

    def close_shard(self, shard: int, num_rows: int) -> None:
        """Remember that the shard stands, and forget its rows."""
        with self._transaction():
            self._base.execute("insert into shards values (?, ?)", (shard, num_rows))
            self._base.execute(
                "delete from waiting where number in (select number from sources where shard = ?)", (shard,)
            )

    def counts(self) -> tuple[int, int, int]:
        """How many sources there are, how many are done, how many rows came of them."""
        row = self._base.execute(
            "select count(*), coalesce(sum(is_done), 0), coalesce(sum(num_rows), 0) from sources"
        ).fetchone()
        return int(row[0]), int(row[1]), int(row[2])

    def summed(self) -> dict[str, float]:
        """What the steps counted, summed over all sources."""
        sums: Counter[str] = Counter()
        for (told,) in self._base.execute("select counts from sources where counts != '{}' order by number"):
            sums.update(json.loads(told))
        return dict(sums)

    def passed(self) -> dict[str, int]:
        """Each step's name in order, and how many documents left it."""
        sums: Counter[str] = Counter()
        for (told,) in self._base.execute("select passed from sources where is_done = 1 order by number"):
            sums.update(dict(json.loads(told)))
        return dict(sums)

    def reasons(self) -> list[tuple[str, str, int]]:
        """(step, reason, how many), in no particular order."""
        rows = self._base.execute("select step, reason, count(*) from drops group by step, reason")
        return [(str(step), str(reason), int(num)) for step, reason, num in rows]

    def drops(self) -> Iterator[Dropped]:
        """Every drop in the order of the sources."""
        yield from self._drops(
            "select document, step, reason, detail, strip from drops order by number, place"
        )

    def samples(self, num: int) -> Iterator[Dropped]:
        """Up to `num` drops of each step and reason, those with pictures first."""
        yield from self._drops(
            "select document, step, reason, detail, strip from (select *, row_number() over "
            "(partition by step, reason order by strip = x'', number, place) as rank from drops) "
            f"where rank <= {num:d} order by step, reason, rank"
        )

    def _drops(self, query: str) -> Iterator[Dropped]:
        for document, step, reason, detail, strip in self._base.execute(query):
            yield Dropped(document=document, step=step, reason=reason, detail=detail, strip=strip)

    def _transaction(self) -> _Transaction:
        return _Transaction(self._base)


class _Transaction:
    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base

    def __enter__(self) -> None:
        self._base.execute("begin immediate")

    def __exit__(self, kind: object, *_: object) -> None:
        self._base.execute("commit" if kind is None else "rollback")
