"""The store's rows: one small function for each statement of SQL, every value a parameter.

Knows the tables and their records. Knows nothing about blobs, transactions or other databases.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from limner.store.migrations import body_digest
from limner.store.records import (
    Damaged,
    NotThere,
    Record,
    Stored,
    StoredConversation,
    StoredFile,
    StoredPerson,
    StoredRound,
    from_row,
    to_row,
)

MAX_TITLE_CHARACTERS = 80
# Records that stand for themselves: their table and the kind of their ids. Names come from here only, never
# from a request.
OWN_TABLES: Mapping[type, tuple[str, str]] = {
    StoredFile: ("files", "file"),
    StoredPerson: ("people", "person"),
}
_TABLES: Mapping[type, str] = {
    StoredConversation: "conversations",
    StoredRound: "rounds",
    **{kind: table for kind, (table, _) in OWN_TABLES.items()},
}
Own = TypeVar("Own", StoredFile, StoredPerson)

_PATH = """
WITH RECURSIVE path(id, parent, number, body, digest, step) AS (
    SELECT id, parent, number, body, digest, 0 FROM rounds WHERE id = ? AND owner = ?
    UNION ALL
    SELECT rounds.id, rounds.parent, rounds.number, rounds.body, rounds.digest, step + 1
    FROM rounds JOIN path ON rounds.id = path.parent WHERE rounds.owner = ?)
SELECT id, parent, number, body, digest FROM path ORDER BY step DESC
"""
_DEPTH = """
WITH RECURSIVE path(parent) AS (
    SELECT parent FROM rounds WHERE id = ? AND owner = ?
    UNION ALL
    SELECT rounds.parent FROM rounds JOIN path ON rounds.id = path.parent)
SELECT count(*) - 1 FROM path
"""
_ROUND = "SELECT id, parent, number, body, digest FROM rounds"


def read_path(db: sqlite3.Connection, owner: str, id: str) -> list[StoredRound]:
    """The rounds from the first to this one; NotThere."""
    rows = db.execute(_PATH, (id, owner, owner)).fetchall()
    if not rows:
        raise NotThere("round", id)
    if rows[0][1] is not None:
        raise Damaged(f"The round {rows[0][1]}, which {rows[0][0]} follows, is missing from the store.")
    return [_round(row, depth) for depth, row in enumerate(rows)]


def read_round(db: sqlite3.Connection, owner: str, id: str) -> StoredRound:
    """A round with its depth and siblings; NotThere."""
    row = db.execute(f"{_ROUND} WHERE id = ? AND owner = ?", (id, owner)).fetchone()
    if row is None:
        raise NotThere("round", id)
    round_ = _round(row, db.execute(_DEPTH, (id, owner)).fetchone()[0])
    siblings = db.execute(
        "SELECT id FROM rounds WHERE owner = ? AND conversation = ? AND parent IS ? ORDER BY number, id",
        (owner, round_.conversation, round_.parent),
    ).fetchall()
    return replace(round_, siblings=tuple(sibling for (sibling,) in siblings))


def read_children(
    db: sqlite3.Connection, owner: str, conversation: str, parent: str | None
) -> list[StoredRound]:
    """The rounds that directly follow a round, None for the first rounds; oldest first, depths not filled."""
    rows = db.execute(
        f"{_ROUND} WHERE owner = ? AND conversation = ? AND parent IS ? ORDER BY number, id",
        (owner, conversation, parent),
    ).fetchall()
    return [_round(row, 0) for row in rows]


def read_tree(db: sqlite3.Connection, owner: str, conversation: str) -> list[StoredRound]:
    """Every round, parents before children, with depths and siblings."""
    rows = db.execute(
        f"{_ROUND} WHERE owner = ? AND conversation = ? ORDER BY number, id", (owner, conversation)
    ).fetchall()
    rounds = [_round(row, 0) for row in rows]
    children: dict[str | None, list[str]] = {}
    depths: dict[str | None, int] = {None: -1}
    for round_ in rounds:
        if round_.parent not in depths:
            raise Damaged(f"The round {round_.parent}, which {round_.id} follows, is missing from the store.")
        children.setdefault(round_.parent, []).append(round_.id)
        depths[round_.id] = depths[round_.parent] + 1
    return [
        replace(round_, depth=depths[round_.id], siblings=tuple(children[round_.parent])) for round_ in rounds
    ]


def conversation_of_round(db: sqlite3.Connection, owner: str, id: str) -> str | None:
    """The conversation that a round is in, None when there is no such round."""
    row = db.execute("SELECT conversation FROM rounds WHERE id = ? AND owner = ?", (id, owner)).fetchone()
    return None if row is None else str(row[0])


def insert_round(db: sqlite3.Connection, round_: StoredRound) -> None:
    """Insert after its parent, or the nearest round before that which still exists; NotThere."""
    parent = living(db, round_.parent)
    if parent is not None and conversation_of_round(db, round_.owner, parent) != round_.conversation:
        raise NotThere("round", parent)
    body = json.dumps(to_row(round_))
    db.execute(
        "INSERT INTO rounds(id, owner, conversation, parent, node_id, created, body, digest, number) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            round_.id,
            round_.owner,
            round_.conversation,
            parent,
            round_.node_id,
            round_.created,
            body,
            body_digest(body),
            round_.number or next_number(db, round_),
        ),
    )
    insert_refs(db, round_.owner, round_.id, round_.digests)


def delete_round(db: sqlite3.Connection, owner: str, conversation: str, id: str, parent: str | None) -> None:
    """Delete a round; its children follow its parent (`parent`, where this database never had the round)."""
    row = db.execute("SELECT parent FROM rounds WHERE id = ? AND owner = ?", (id, owner)).fetchone()
    parent = row[0] if row is not None else living(db, parent)
    db.execute("UPDATE rounds SET parent = ? WHERE parent = ? AND owner = ?", (parent, id, owner))
    db.execute("DELETE FROM rounds WHERE id = ? AND owner = ?", (id, owner))
    insert_tombstone(db, id, owner, conversation, parent)


def own_conversation(db: sqlite3.Connection, owner: str, id: str) -> StoredConversation:
    """The conversation's own row, nothing derived; NotThere."""
    row = db.execute(
        "SELECT id, number, body, digest FROM conversations WHERE id = ? AND owner = ?", (id, owner)
    ).fetchone()
    if row is None:
        raise NotThere("conversation", id)
    return _record(StoredConversation, *row)


def read_conversation(db: sqlite3.Connection, owner: str, id: str) -> StoredConversation:
    """A conversation with what is derived from its rounds; NotThere."""
    conversation = own_conversation(db, owner, id)
    where = "FROM rounds WHERE owner = ? AND conversation = ?"
    num_rounds = db.execute(f"SELECT count(*) {where}", (owner, id)).fetchone()[0]
    first = db.execute(
        f"SELECT json_extract(body, '$.text_in') {where} ORDER BY number, id LIMIT 1", (owner, id)
    ).fetchone()
    head = db.execute(f"SELECT id {where} ORDER BY number DESC, id DESC LIMIT 1", (owner, id)).fetchone()
    picture = db.execute(
        f"SELECT json_extract(body, '$.picture') AS picture {where} AND picture IS NOT NULL "
        "ORDER BY number DESC, id DESC LIMIT 1",
        (owner, id),
    ).fetchone()
    return replace(
        conversation,
        title=conversation.title or _short(first[0] if first else ""),
        num_rounds=num_rounds,
        head=head[0] if head else None,
        last_picture=picture[0] if picture else None,
    )


def list_conversations(
    db: sqlite3.Connection, owner: str, limit: int, after: StoredConversation | None
) -> list[StoredConversation]:
    """Conversations, newest first."""
    since = (2**63 - 1, "") if after is None else (after.number, after.id)
    rows = db.execute(
        "SELECT id FROM conversations WHERE owner = ? AND (number, id) < (?, ?) "
        "ORDER BY number DESC, id DESC LIMIT ?",
        (owner, *since, limit),
    ).fetchall()
    return [read_conversation(db, owner, id) for (id,) in rows]


def put_conversation(db: sqlite3.Connection, conversation: StoredConversation) -> None:
    """Insert, or take over a newer version; NotThere when it was deleted, and it stays so."""
    if is_buried(db, conversation.id):
        raise NotThere("conversation", conversation.id)
    body = json.dumps(to_row(conversation))
    db.execute(
        "INSERT INTO conversations(id, owner, created, body, digest, number) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT(id) DO UPDATE SET body = excluded.body, digest = excluded.digest "
        "WHERE owner = excluded.owner",
        (
            conversation.id,
            conversation.owner,
            conversation.created,
            body,
            body_digest(body),
            conversation.number or next_number(db, conversation),
        ),
    )


def insert_own(db: sqlite3.Connection, record: StoredFile | StoredPerson) -> None:
    """Insert a file or person that is not there yet."""
    table, _ = OWN_TABLES[type(record)]
    body = json.dumps(to_row(record))
    number = record.number or next_number(db, record)
    db.execute(
        f"INSERT OR IGNORE INTO {table}(id, owner, created, body, digest, number) VALUES (?, ?, ?, ?, ?, ?)",
        (record.id, record.owner, record.created, body, body_digest(body), number),
    )
    insert_refs(db, record.owner, record.id, record.digests)


def read_own(db: sqlite3.Connection, kind: type[Own], owner: str) -> list[Own]:
    """Every file or person of an owner, oldest first."""
    table, _ = OWN_TABLES[kind]
    rows = db.execute(
        f"SELECT id, number, body, digest FROM {table} WHERE owner = ? ORDER BY number, id", (owner,)
    ).fetchall()
    return [_record(kind, *row) for row in rows]


def read_one_own(db: sqlite3.Connection, kind: type[Own], owner: str, id: str) -> Own:
    """A file or person; NotThere."""
    table, prefix = OWN_TABLES[kind]
    row = db.execute(
        f"SELECT id, number, body, digest FROM {table} WHERE id = ? AND owner = ?", (id, owner)
    ).fetchone()
    if row is None:
        raise NotThere(prefix, id)
    return _record(kind, *row)


def next_number(db: sqlite3.Connection, record: Stored) -> int:
    """The number of a new row: one more than the highest of its owner's rows of that kind."""
    table = _TABLES[type(record)]
    found = db.execute(f"SELECT max(number) FROM {table} WHERE owner = ?", (record.owner,)).fetchone()
    return (found[0] or 0) + 1


def insert_refs(db: sqlite3.Connection, owner: str, holder: str, digests: Iterable[str]) -> None:
    """Note that a row needs these blobs."""
    db.executemany(
        "INSERT OR IGNORE INTO refs VALUES (?, ?, ?)", [(digest, owner, holder) for digest in digests]
    )


def delete_refs(db: sqlite3.Connection, holder: str) -> list[str]:
    """The row needs its blobs no more; their digests."""
    rows = db.execute("SELECT digest FROM refs WHERE holder = ?", (holder,)).fetchall()
    db.execute("DELETE FROM refs WHERE holder = ?", (holder,))
    return [digest for (digest,) in rows]


def is_needed(db: sqlite3.Connection, digest: str, owner: str | None = None) -> bool:
    """Whether any row needs a blob; only this owner's rows when one is given."""
    found = db.execute(
        "SELECT 1 FROM refs WHERE digest = ? AND (? IS NULL OR owner = ?) LIMIT 1", (digest, owner, owner)
    ).fetchone()
    return found is not None


def insert_tombstone(
    db: sqlite3.Connection, id: str, owner: str, conversation: str | None, parent: str | None
) -> None:
    """Note that something was deleted, for good."""
    db.execute(
        "INSERT OR IGNORE INTO tombstones(id, owner, conversation, parent, deleted) VALUES (?, ?, ?, ?, ?)",
        (id, owner, conversation, parent, time.time()),
    )


def is_buried(db: sqlite3.Connection, id: str, owner: str | None = None) -> bool:
    """Whether something of this id, and of this owner if one is named, was deleted."""
    row = db.execute("SELECT owner FROM tombstones WHERE id = ?", (id,)).fetchone()
    return row is not None and owner in (None, row[0])


def living(db: sqlite3.Connection, id: str | None) -> str | None:
    """The nearest round, from this one on towards the first, that was not deleted."""
    while id is not None:
        grave = db.execute("SELECT parent FROM tombstones WHERE id = ?", (id,)).fetchone()
        if grave is None:
            return id
        id = grave[0]
    return None


def _round(row: tuple[str, str | None, int, str, str], depth: int) -> StoredRound:
    id, parent, number, body, digest = row
    return replace(_record(StoredRound, id, number, body, digest), parent=parent, depth=depth)


def _record(kind: type[Record], id: str, number: int, body: str, digest: str) -> Record:
    if body_digest(body) != digest:
        raise Damaged(f"The row of {id} is not what was written to the store; restore it from a backup.")
    return replace(from_row(kind, json.loads(body)), number=number)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_TITLE_CHARACTERS else f"{line[: MAX_TITLE_CHARACTERS - 1].rstrip()}…"


def read_holders(db: sqlite3.Connection, digest: str, owner: str) -> list[str]:
    """The ids of this owner's rows that need a blob."""
    found = db.execute(
        "SELECT holder FROM refs WHERE digest = ? AND owner = ? ORDER BY holder", (digest, owner)
    ).fetchall()
    return [holder for (holder,) in found]


def read_gone(db: sqlite3.Connection, number: int) -> tuple[list[tuple[str, str | None]], int]:
    """What was deleted after the mark `number`: ids and their conversations; the new mark."""
    found = db.execute(
        "SELECT number, id, conversation FROM tombstones WHERE number > ? ORDER BY number", (number,)
    ).fetchall()
    return [(id, conversation) for _, id, conversation in found], found[-1][0] if found else number


def read_owners(db: sqlite3.Connection) -> list[str]:
    """Everybody who has a conversation."""
    found = db.execute("SELECT DISTINCT owner FROM conversations ORDER BY owner").fetchall()
    return [owner for (owner,) in found]


def owner_of(db: sqlite3.Connection, id: str) -> str | None:
    """The owner of a conversation, round, file or person; None if there is none."""
    found = db.execute(
        "SELECT owner FROM conversations WHERE id = :id "
        "UNION SELECT owner FROM rounds WHERE id = :id "
        "UNION SELECT owner FROM files WHERE id = :id UNION SELECT owner FROM people WHERE id = :id",
        {"id": id},
    ).fetchone()
    return None if found is None else str(found[0])
