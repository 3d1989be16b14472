"""The vault: conversations, rounds, files and enrolled people of many owners, durable and shared.

Knows rows (SQLite in WAL mode), blobs (content-addressed) and how both stay whole: a blob is on disk before
the row that needs it, a row is committed before anybody is told, and a blob goes only when no row needs it.
Every query takes the owner; what another one has is not there. Knows nothing about painters, tokens or HTTP.

Several processes may open one folder. With `blobs_url`, blobs and a copy of each row lie at that URL, and
vaults with other folders bring themselves up to date from there.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from limner.chat.blobs import Blobs
from limner.chat.places import FolderPlace, place_at
from limner.chat.records import (
    NotThere,
    StoredConversation,
    StoredFile,
    StoredPerson,
    StoredRound,
    StoreFailed,
    from_row,
    is_digest,
    is_id,
    to_row,
)
from limner.chat.shared_rows import SharedRows
from limner.chat.vault_schema import Database

MAX_LISTED = 100
MAX_TITLE_CHARACTERS = 80
# The tables of records that stand for themselves; names come from here only, never from a request.
_OWN_TABLES: Mapping[type, tuple[str, str]] = {
    StoredFile: ("files", "file"),
    StoredPerson: ("people", "person"),
}
_Own = TypeVar("_Own", StoredFile, StoredPerson)


class Vault:
    """A folder that keeps what is said and painted. Safe for several threads and several processes.

    Args:
        folder: made when it is not there; holds the database, and the blobs unless they lie elsewhere.
        blobs_url: a folder or fsspec URL for blobs and shared rows; remembered, so it is given only once.

    Every method may raise `NotThere`, ValueError, and `StoreFailed` (disk full and the like).
    """

    def __init__(self, folder: str | Path, *, blobs_url: str | None = None) -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"{self.folder} is a file; a store needs a folder.")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreFailed(f"The store {self.folder} cannot be made: {error.strerror}.") from error
        self._database = Database(self.folder / "limner.sqlite")
        try:
            self.blobs_url = self._settled_url(blobs_url)
            place = place_at(self.blobs_url) if self.blobs_url else FolderPlace(self.folder)
        except BaseException:
            self._database.close()
            raise
        self.blobs = Blobs(place, "blobs")
        self._shared = SharedRows(place) if self.blobs_url else None

    # Conversations

    def add_conversation(self, conversation: StoredConversation) -> StoredConversation:
        """Keep a new, empty conversation."""
        self._share_conversation(conversation)
        with self._database.writing() as db:
            _insert_conversation(db, conversation)
        return self.conversation(conversation.owner, conversation.id)

    def conversation(self, owner: str, id: str) -> StoredConversation:
        """A conversation of this owner."""
        self._catch_up(owner, id)
        with self._database.reading() as db:
            return _read_conversation(db, owner, id)

    def conversations(
        self, owner: str, *, limit: int = 20, after: str | None = None
    ) -> list[StoredConversation]:
        """At most `limit` conversations, newest first, from the one after `after` on."""
        self._catch_up_all(owner)
        with self._database.reading() as db:
            since = (float("inf"), "~")
            if after is not None:
                found = _read_conversation(db, owner, after)
                since = (found.created, found.id)
            rows = db.execute(
                "SELECT id FROM conversations WHERE owner = ? AND (created, id) < (?, ?) "
                "ORDER BY created DESC, id DESC LIMIT ?",
                (owner, *since, max(1, min(limit, 10 * MAX_LISTED))),
            ).fetchall()
            return [_read_conversation(db, owner, id) for (id,) in rows]

    def change_conversation(
        self, owner: str, id: str, *, title: str | None = None, metadata: Mapping[str, str] | None = None
    ) -> StoredConversation:
        """Give a conversation another title or other metadata; what is None stays."""
        self._catch_up(owner, id)
        with self._database.writing() as db:
            row = _own_row(db, owner, id)
            changed = replace(
                row,
                title=row.title if title is None else title,
                metadata=row.metadata if metadata is None else dict(metadata),
            )
            body = json.dumps(to_row(changed))
            db.execute("UPDATE conversations SET body = ? WHERE id = ? AND owner = ?", (body, id, owner))
        self._share_conversation(changed)
        return self.conversation(owner, id)

    def delete_conversation(self, owner: str, id: str) -> list[str]:
        """Remove a conversation and all its rounds, with the blobs that nothing else needs; the rounds' ids."""
        self._catch_up(owner, id)
        with self._database.reading() as db:
            _own_row(db, owner, id)
        if self._shared is not None:
            self._shared.bury(owner, "conversations", id)
        return self._drop_conversation(owner, id)

    # Rounds

    def add_round(
        self,
        round_: StoredRound,
        blobs: Iterable[bytes],
        *,
        new_conversation: StoredConversation | None = None,
    ) -> StoredRound:
        """Keep a round with the blobs that it needs, and its conversation if that is new: all or nothing.

        When this returns, the round survives a kill. When its parent was deleted meanwhile it follows the
        nearest earlier round; NotThere when its conversation was.
        """
        return self.add_rounds([round_], blobs, new_conversation=new_conversation)[0]

    def add_rounds(
        self,
        rounds: Sequence[StoredRound],
        blobs: Iterable[bytes],
        *,
        new_conversation: StoredConversation | None = None,
    ) -> list[StoredRound]:
        """`add_round` for several rounds of one conversation, parents first; all of them or none."""
        owner, conversation = rounds[0].owner, rounds[0].conversation
        assert conversation is not None
        if new_conversation is None:
            self._catch_up(owner, conversation)
            with self._database.reading() as db:
                _own_row(db, owner, conversation)
        data = self._put([(round_.id, round_.digests) for round_ in rounds], blobs)
        if new_conversation is not None:
            self._share_conversation(new_conversation)
        for round_ in rounds:
            self._share_round(round_)
        with self._database.writing() as db:
            if new_conversation is not None:
                _insert_conversation(db, new_conversation)
            _own_row(db, owner, conversation)
            self._ensure(data)
            for round_ in rounds:
                self._insert_round(db, round_)
        with self._database.reading() as db:
            return [_read_round(db, owner, round_.id) for round_ in rounds]

    def round(self, owner: str, id: str) -> StoredRound:
        """A round of this owner."""
        self._find_round(owner, id)
        with self._database.reading() as db:
            return _read_round(db, owner, id)

    def path(self, owner: str, id: str | None) -> list[StoredRound]:
        """The rounds from the first to this one; none for None. Siblings are not filled in."""
        if id is None:
            return []
        self._find_round(owner, id)
        with self._database.reading() as db:
            rows = db.execute(_PATH, (id, owner, owner)).fetchall()
        if not rows:
            raise NotThere("round", id)
        return [_round(body, parent, depth) for depth, (parent, body) in enumerate(rows)]

    def tree(self, owner: str, conversation: str) -> list[StoredRound]:
        """Every round of every branch, parents before children, oldest first."""
        self._catch_up(owner, conversation)
        with self._database.reading() as db:
            _own_row(db, owner, conversation)
            rows = db.execute(
                "SELECT parent, body FROM rounds WHERE owner = ? AND conversation = ? ORDER BY created, id",
                (owner, conversation),
            ).fetchall()
        rounds = [_round(body, parent, 0) for parent, body in rows]
        children: dict[str | None, list[str]] = {}
        depths: dict[str | None, int] = {None: -1}
        for round_ in rounds:
            children.setdefault(round_.parent, []).append(round_.id)
            depths[round_.id] = depths[round_.parent] + 1
        return [
            replace(round_, depth=depths[round_.id], siblings=tuple(children[round_.parent]))
            for round_ in rounds
        ]

    def children(self, owner: str, conversation: str, parent: str | None) -> list[StoredRound]:
        """The rounds that directly follow `parent` (None: the first rounds), oldest first."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT parent, body FROM rounds WHERE owner = ? AND conversation = ? AND parent IS ? "
                "ORDER BY created, id",
                (owner, conversation, parent),
            ).fetchall()
        return [_round(body, parent, 0) for parent, body in rows]

    def delete_round(self, owner: str, id: str) -> None:
        """Remove a round's content and what only it needed; its children stay, after its own parent."""
        row = self.round(owner, id)
        assert row.conversation is not None
        if self._shared is not None:
            self._shared.bury(owner, row.conversation, id, row.parent)
            self._shared.forget_round(owner, id)
        self._drop_round(owner, row.conversation, id, row.parent)

    # Files and people

    def add_own(self, record: _Own, blobs: Iterable[bytes]) -> _Own:
        """Keep a file or an enrolled person."""
        table, _ = _OWN_TABLES[type(record)]
        data = self._put([(record.id, record.digests)], blobs)
        if self._shared is not None:
            self._shared.write(record.owner, table, record.id, to_row(record))
        with self._database.writing() as db:
            self._ensure(data)
            _insert_own(db, record)
        return record

    def own(self, kind: type[_Own], owner: str, id: str) -> _Own:
        """A file or an enrolled person of this owner."""
        table, prefix = _OWN_TABLES[kind]
        if not is_id(id, prefix):
            raise NotThere(prefix, id)
        self._catch_up_own(kind, owner)
        with self._database.reading() as db:
            row = db.execute(
                f"SELECT body FROM {table} WHERE id = ? AND owner = ?",  # noqa: S608  (our own names)
                (id, owner),
            ).fetchone()
        if row is None:
            raise NotThere(prefix, id)
        return from_row(kind, json.loads(row[0]))

    def all_own(self, kind: type[_Own], owner: str) -> list[_Own]:
        """Every file or enrolled person of this owner, oldest first."""
        table, _ = _OWN_TABLES[kind]
        self._catch_up_own(kind, owner)
        with self._database.reading() as db:
            rows = db.execute(
                f"SELECT body FROM {table} WHERE owner = ? ORDER BY created, id",  # noqa: S608
                (owner,),
            ).fetchall()
        return [from_row(kind, json.loads(body)) for (body,) in rows]

    def delete_own(self, kind: type[_Own], owner: str, id: str) -> None:
        """Remove a file or an enrolled person, with the blobs that nothing else needs."""
        self.own(kind, owner, id)
        table, _ = _OWN_TABLES[kind]
        if self._shared is not None:
            self._shared.bury(owner, table, id)
        self._drop_own(kind, owner, id)

    # Blobs and what is gone

    def blob(self, owner: str, digest: str) -> bytes:
        """A blob that some row of this owner needs."""
        if not is_digest(digest):
            raise NotThere("picture", digest)
        with self._database.reading() as db:
            found = db.execute(
                "SELECT 1 FROM refs WHERE digest = ? AND owner = ? LIMIT 1", (digest, owner)
            ).fetchone()
        if found is None:
            raise NotThere("picture", digest)
        return self.blobs.get(digest)

    def holders(self, owner: str, digest: str) -> list[str]:
        """The ids of this owner's rows that need a blob."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT holder FROM refs WHERE digest = ? AND owner = ? ORDER BY holder", (digest, owner)
            ).fetchall()
        return [holder for (holder,) in rows]

    def gone_since(self, number: int) -> tuple[list[tuple[str, str]], int]:
        """(id, owner) of what was deleted after the mark `number`, by any process, and the newest mark."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT number, id, owner FROM tombstones WHERE number > ? ORDER BY number", (number,)
            ).fetchall()
        return [(id, owner) for _, id, owner in rows], rows[-1][0] if rows else number

    def owners_of(self, id: str) -> list[str]:
        """Who has this conversation or round: for the command line, which reads the disk anyway."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT owner FROM conversations WHERE id = ? UNION SELECT owner FROM rounds WHERE id = ?",
                (id, id),
            ).fetchall()
        return [owner for (owner,) in rows]

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database itself, for the integrity check (`vault_check.py`)."""
        with self._database.reading() as db:
            yield db

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """The database while no process writes, for removing what a kill has left (`vault_check.py`)."""
        with self._database.writing() as db:
            yield db

    def close(self) -> None:
        """Close the database; everything acknowledged is already on disk."""
        self._database.close()

    # What stands behind

    def _settled_url(self, blobs_url: str | None) -> str | None:
        with self._database.writing() as db:
            row = db.execute("SELECT value FROM settings WHERE name = 'blobs_url'").fetchone()
            if row is None:
                used = db.execute("SELECT 1 FROM refs LIMIT 1").fetchone() is not None
                if used and blobs_url:
                    raise ValueError(
                        f"The store {self.folder} keeps its blobs in itself; leave the URL {blobs_url} out."
                    )
                if blobs_url:
                    db.execute("INSERT INTO settings VALUES ('blobs_url', ?)", (blobs_url,))
                return blobs_url
        if blobs_url is not None and blobs_url != row[0]:
            raise ValueError(
                f"The store {self.folder} keeps its blobs at {row[0]}, not at {blobs_url}; leave the URL out."
            )
        return str(row[0])

    def _put(
        self, holders: Sequence[tuple[str, tuple[str, ...]]], blobs: Iterable[bytes]
    ) -> dict[str, bytes]:
        """Blobs on disk before any row; noted first where several databases share them."""
        if self._shared is not None:
            for holder, digests in holders:
                self._shared.hold(digests, holder)
        data = {self.blobs.put(blob): blob for blob in blobs}
        for _, digests in holders:
            for digest in digests:
                if digest not in data and not self.blobs.has(digest):
                    raise ValueError(f"The store lacks the blob {digest[:12]}; give it with the round.")
        return data

    def _ensure(self, data: Mapping[str, bytes]) -> None:
        """Within a write transaction: another process may have removed a blob since it was put."""
        for digest, blob in data.items():
            if not self.blobs.has(digest):
                self.blobs.put(blob)

    def _insert_round(self, db: sqlite3.Connection, round_: StoredRound) -> None:
        parent = _living(db, round_.parent)
        if parent is not None:
            found = db.execute(
                "SELECT 1 FROM rounds WHERE id = ? AND owner = ? AND conversation = ?",
                (parent, round_.owner, round_.conversation),
            ).fetchone()
            if found is None:
                raise NotThere("round", round_.parent)
        body = json.dumps(to_row(round_))
        db.execute(
            "INSERT INTO rounds VALUES (?, ?, ?, ?, ?, ?, ?)",
            (round_.id, round_.owner, round_.conversation, parent, round_.node_id, round_.created, body),
        )
        _insert_refs(db, round_.owner, round_.id, round_.digests)

    def _drop_round(self, owner: str, conversation: str, id: str, parent: str | None) -> None:
        with self._database.writing() as db:
            # Its place in the tree may have changed since it was read.
            row = db.execute("SELECT parent FROM rounds WHERE id = ? AND owner = ?", (id, owner)).fetchone()
            parent = row[0] if row is not None else _living(db, parent)
            db.execute("UPDATE rounds SET parent = ? WHERE parent = ? AND owner = ?", (parent, id, owner))
            db.execute("DELETE FROM rounds WHERE id = ? AND owner = ?", (id, owner))
            digests = _delete_refs(db, id)
            _insert_tombstone(db, id, owner, conversation, parent)
        self._collect(digests, id)
        self._database.wipe()

    def _drop_conversation(self, owner: str, id: str) -> list[str]:
        digests: dict[str, list[str]] = {}
        with self._database.writing() as db:
            rows = db.execute("SELECT id FROM rounds WHERE conversation = ? AND owner = ?", (id, owner))
            for (round_id,) in rows.fetchall():
                digests[round_id] = _delete_refs(db, round_id)
                _insert_tombstone(db, round_id, owner, id, None)
            db.execute("UPDATE rounds SET parent = NULL WHERE conversation = ? AND owner = ?", (id, owner))
            db.execute("DELETE FROM conversations WHERE id = ? AND owner = ?", (id, owner))
            _insert_tombstone(db, id, owner, id, None)
        if self._shared is not None:
            self._shared.clear(owner, id)
            for round_id in digests:
                self._shared.forget_round(owner, round_id)
        for round_id, of_round in digests.items():
            self._collect(of_round, round_id)
        self._database.wipe()
        return list(digests)

    def _drop_own(self, kind: type[_Own], owner: str, id: str) -> None:
        table, _ = _OWN_TABLES[kind]
        with self._database.writing() as db:
            db.execute(f"DELETE FROM {table} WHERE id = ? AND owner = ?", (id, owner))  # noqa: S608
            digests = _delete_refs(db, id)
            _insert_tombstone(db, id, owner, None, None)
        self._collect(digests, id)
        self._database.wipe()

    def _collect(self, digests: Iterable[str], holder: str) -> None:
        """Remove those blobs that no row needs any more.

        Under the write lock, so that no other process of this folder commits a row that needs one of them; a
        replica with another database notes its need before it looks for the blob, and is looked for after.
        """
        digests = list(digests)
        if self._shared is not None:
            self._shared.release(digests, holder)
        with self._database.writing() as db:
            for digest in digests:
                if db.execute("SELECT 1 FROM refs WHERE digest = ? LIMIT 1", (digest,)).fetchone():
                    continue
                if self._shared is None:
                    self.blobs.remove(digest)
                elif not self._shared.is_held(digest) and self.blobs.has(digest):
                    data = self.blobs.get(digest)
                    self.blobs.remove(digest)
                    if self._shared.is_held(digest):
                        self.blobs.put(data)

    # Other databases at the same URL

    def _share_conversation(self, conversation: StoredConversation) -> None:
        if self._shared is not None:
            row = to_row(conversation)
            self._shared.write(conversation.owner, "conversations", conversation.id, row)

    def _share_round(self, round_: StoredRound) -> None:
        if self._shared is not None:
            assert round_.conversation is not None
            self._shared.write(round_.owner, round_.conversation, round_.id, to_row(round_))
            self._shared.place_round(round_.owner, round_.id, round_.conversation)

    def _find_round(self, owner: str, id: str) -> None:
        """Bring the conversation of a round up to date; NotThere when the id cannot be one."""
        if not is_id(id, "resp"):
            raise NotThere("round", id)
        if self._shared is None:
            return
        with self._database.reading() as db:
            row = db.execute(
                "SELECT conversation FROM rounds WHERE id = ? AND owner = ?", (id, owner)
            ).fetchone()
        conversation = row[0] if row is not None else self._shared.conversation_of(owner, id)
        if conversation is not None:
            self._catch_up(owner, conversation)

    def _catch_up(self, owner: str, conversation: str) -> None:
        """Take over what other databases have added to or deleted from a conversation."""
        if not is_id(conversation, "conv"):
            raise NotThere("conversation", conversation)
        if self._shared is None:
            return
        if self._shared.grave(owner, "conversations", conversation) is not None:
            if self._has(conversation):
                self._drop_conversation(owner, conversation)
            return
        row = self._shared.read(owner, "conversations", conversation)
        if row is None:
            return
        here, gone = self._shared.ids(owner, conversation)
        with self._database.reading() as db:
            rounds = db.execute("SELECT id FROM rounds WHERE conversation = ?", (conversation,)).fetchall()
            graves = db.execute(
                "SELECT id FROM tombstones WHERE conversation = ?", (conversation,)
            ).fetchall()
        ours, buried = {id for (id,) in rounds}, {id for (id,) in graves}
        for id in gone - buried:
            grave = self._shared.grave(owner, conversation, id)
            self._drop_round(owner, conversation, id, grave["parent"] if grave else None)
        found = [self._shared.read(owner, conversation, id) for id in here - ours - gone]
        new = [from_row(StoredRound, found_row) for found_row in found if found_row is not None]
        with self._database.writing() as db:
            _insert_conversation(db, from_row(StoredConversation, row))
            for round_ in sorted(new, key=lambda round_: (round_.created, round_.id)):
                if round_.owner == owner:
                    self._insert_round(db, round_)

    def _catch_up_all(self, owner: str) -> None:
        if self._shared is None:
            return
        here, gone = self._shared.ids(owner, "conversations")
        with self._database.reading() as db:
            rows = db.execute("SELECT id FROM conversations WHERE owner = ?", (owner,)).fetchall()
        ours = {id for (id,) in rows}
        for id in sorted((here - ours) | (gone & ours)):
            self._catch_up(owner, id)

    def _catch_up_own(self, kind: type[_Own], owner: str) -> None:
        if self._shared is None:
            return
        table, _ = _OWN_TABLES[kind]
        here, gone = self._shared.ids(owner, table)
        with self._database.reading() as db:
            rows = db.execute(f"SELECT id FROM {table} WHERE owner = ?", (owner,)).fetchall()  # noqa: S608
        ours = {id for (id,) in rows}
        for id in gone & ours:
            self._drop_own(kind, owner, id)
        found = [self._shared.read(owner, table, id) for id in sorted(here - ours)]
        with self._database.writing() as db:
            for row in found:
                if row is not None:
                    _insert_own(db, from_row(kind, row))

    def _has(self, conversation: str) -> bool:
        with self._database.reading() as db:
            found = db.execute("SELECT 1 FROM conversations WHERE id = ?", (conversation,)).fetchone()
        return found is not None


_PATH = """
WITH RECURSIVE path(parent, body, step) AS (
    SELECT parent, body, 0 FROM rounds WHERE id = ? AND owner = ?
    UNION ALL
    SELECT rounds.parent, rounds.body, step + 1 FROM rounds JOIN path ON rounds.id = path.parent
    WHERE rounds.owner = ?)
SELECT parent, body FROM path ORDER BY step DESC
"""


def _round(body: str, parent: str | None, depth: int) -> StoredRound:
    return replace(from_row(StoredRound, json.loads(body)), parent=parent, depth=depth)


def _read_round(db: sqlite3.Connection, owner: str, id: str) -> StoredRound:
    rows = db.execute(_PATH, (id, owner, owner)).fetchall()
    if not rows:
        raise NotThere("round", id)
    parent, body = rows[-1]
    round_ = _round(body, parent, len(rows) - 1)
    siblings = db.execute(
        "SELECT id FROM rounds WHERE owner = ? AND conversation = ? AND parent IS ? ORDER BY created, id",
        (owner, round_.conversation, parent),
    ).fetchall()
    return replace(round_, siblings=tuple(sibling for (sibling,) in siblings))


def _own_row(db: sqlite3.Connection, owner: str, id: str) -> StoredConversation:
    row = db.execute("SELECT body FROM conversations WHERE id = ? AND owner = ?", (id, owner)).fetchone()
    if row is None:
        raise NotThere("conversation", id)
    return from_row(StoredConversation, json.loads(row[0]))


def _read_conversation(db: sqlite3.Connection, owner: str, id: str) -> StoredConversation:
    row = _own_row(db, owner, id)
    of_it = (owner, id)
    where = "FROM rounds WHERE owner = ? AND conversation = ?"
    num_rounds = db.execute(f"SELECT count(*) {where}", of_it).fetchone()[0]  # noqa: S608
    head = db.execute(f"SELECT id {where} ORDER BY created DESC, id DESC LIMIT 1", of_it).fetchone()  # noqa: S608
    first = db.execute(
        f"SELECT json_extract(body, '$.text_in') {where} ORDER BY created, id LIMIT 1",  # noqa: S608
        of_it,
    ).fetchone()
    picture = db.execute(
        f"SELECT json_extract(body, '$.picture') AS picture {where} AND picture IS NOT NULL "  # noqa: S608
        "ORDER BY created DESC, id DESC LIMIT 1",
        of_it,
    ).fetchone()
    return replace(
        row,
        title=row.title or (_short(first[0]) if first else ""),
        num_rounds=num_rounds,
        head=head[0] if head else None,
        last_picture=picture[0] if picture else None,
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_TITLE_CHARACTERS else f"{line[: MAX_TITLE_CHARACTERS - 1].rstrip()}…"


def _insert_conversation(db: sqlite3.Connection, conversation: StoredConversation) -> None:
    """Insert, or take over a newer version; what was deleted stays deleted."""
    if db.execute("SELECT 1 FROM tombstones WHERE id = ?", (conversation.id,)).fetchone():
        raise NotThere("conversation", conversation.id)
    body = json.dumps(to_row(conversation))
    db.execute(
        "INSERT INTO conversations VALUES (?, ?, ?, ?) "
        "ON CONFLICT(id) DO UPDATE SET body = excluded.body WHERE owner = excluded.owner",
        (conversation.id, conversation.owner, conversation.created, body),
    )


def _insert_own(db: sqlite3.Connection, record: StoredFile | StoredPerson) -> None:
    table, _ = _OWN_TABLES[type(record)]
    db.execute(
        f"INSERT OR IGNORE INTO {table} VALUES (?, ?, ?, ?)",  # noqa: S608
        (record.id, record.owner, record.created, json.dumps(to_row(record))),
    )
    _insert_refs(db, record.owner, record.id, record.digests)


def _insert_refs(db: sqlite3.Connection, owner: str, holder: str, digests: Iterable[str]) -> None:
    db.executemany(
        "INSERT OR IGNORE INTO refs VALUES (?, ?, ?)", [(digest, owner, holder) for digest in digests]
    )


def _delete_refs(db: sqlite3.Connection, holder: str) -> list[str]:
    rows = db.execute("SELECT digest FROM refs WHERE holder = ?", (holder,)).fetchall()
    db.execute("DELETE FROM refs WHERE holder = ?", (holder,))
    return [digest for (digest,) in rows]


def _insert_tombstone(
    db: sqlite3.Connection, id: str, owner: str, conversation: str | None, parent: str | None
) -> None:
    db.execute(
        "INSERT OR IGNORE INTO tombstones(id, owner, conversation, parent, deleted) VALUES (?, ?, ?, ?, ?)",
        (id, owner, conversation, parent, time.time()),
    )


def _living(db: sqlite3.Connection, parent: str | None) -> str | None:
    """The nearest round, from `parent` on towards the first, that was not deleted."""
    while parent is not None:
        grave = db.execute("SELECT parent FROM tombstones WHERE id = ?", (parent,)).fetchone()
        if grave is None:
            return parent
        parent = grave[0]
    return None
