"""The database's versions: one numbered step from each to the next, from nothing to the newest.

A store's version is SQLite's `user_version`. All steps that are due run in the caller's one transaction: a
kill leaves the old version or the new one. To change a table, append a step; never
alter one that was released.
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Final

_1_TABLES: Final = """
CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE conversations(
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, created REAL NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX conversations_of_owner ON conversations(owner, created DESC, id DESC);
CREATE TABLE rounds(
    id TEXT PRIMARY KEY, owner TEXT NOT NULL,
    conversation TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
    parent TEXT REFERENCES rounds(id), node_id TEXT NOT NULL, created REAL NOT NULL,
    body TEXT NOT NULL) STRICT;
CREATE INDEX rounds_of_conversation ON rounds(conversation, created, id);
CREATE INDEX rounds_of_parent ON rounds(parent);
CREATE TABLE files(
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, created REAL NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE people(
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, created REAL NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE refs(
    digest TEXT NOT NULL, owner TEXT NOT NULL, holder TEXT NOT NULL, PRIMARY KEY(digest, holder)
    ) STRICT;
CREATE INDEX refs_of_holder ON refs(holder);
CREATE TABLE tombstones(
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,
    conversation TEXT, parent TEXT, deleted REAL NOT NULL) STRICT;
"""

# Clocks go backwards, so rows are ordered by a number that counts them; a row says what it should read like.
# Until now rows were only ever appended, so SQLite's own row numbers tell their order.
_2_ORDER_AND_DIGESTS: Final = (
    "".join(
        f"""
ALTER TABLE {table} ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE {table} ADD COLUMN digest TEXT NOT NULL DEFAULT '';
UPDATE {table} SET number = rowid, digest = sha256(body);
"""
        for table in ("conversations", "rounds", "files", "people")
    )
    + """
DROP INDEX conversations_of_owner;
CREATE INDEX conversations_of_owner ON conversations(owner, number DESC, id DESC);
DROP INDEX rounds_of_conversation;
CREATE INDEX rounds_of_conversation ON rounds(conversation, number, id);
CREATE INDEX rounds_of_owner ON rounds(owner, number);
CREATE INDEX files_of_owner ON files(owner, number, id);
CREATE INDEX people_of_owner ON people(owner, number, id);
"""
)

# Rounds may say what they were asked with (`StoredRound.asked_with` and what follows it), files when they
# expire. Rows stay as they are; the number alone tells an earlier limner, which does not know those fields.
_3_ASKED_WITH: Final = ""

# Rounds may point at a part of a picture, conversations tell whose pictures are liked. Rows stay as they are.
_4_REGIONS_AND_FAVOURITES: Final = ""

STEPS: Final = (_1_TABLES, _2_ORDER_AND_DIGESTS, _3_ASKED_WITH, _4_REGIONS_AND_FAVOURITES)
VERSION: Final = len(STEPS)


def version_of(db: sqlite3.Connection) -> int:
    """The version of a database; 0 for an empty file."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: sqlite3.Connection) -> None:
    """Take every step that is due; to be called within a write transaction."""
    db.create_function("sha256", 1, body_digest, deterministic=True)
    for number in range(version_of(db), VERSION):
        for statement in STEPS[number].split(";"):
            if statement.strip():
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {number + 1:d}")


def body_digest(body: str) -> str:
    """SHA-256 (hex) of a row's body, which is kept beside it."""
    return hashlib.sha256(body.encode()).hexdigest()
