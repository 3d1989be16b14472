"""Is a store whole? Every parent there, every blob what its name says, every round what its node id says.

Knows the store's tables and blobs. Mends nothing, save that `sweep` removes what a kill has left behind.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial

from limner.dialogue.history import node_id
from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.store.blobs import Blobs
from limner.store.migrations import body_digest
from limner.store.places import FolderPlace
from limner.store.queries import OWN_TABLES, is_needed
from limner.store.records import StoredConversation, StoredFile, StoredPerson, StoredRound, from_row
from limner.store.store import Store

_Need = tuple[str, str, str]  # digest, owner, holder


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was looked at, what is wrong (a sentence each), and the blobs that no row needs (harmless)."""

    num_conversations: int
    num_rounds: int
    num_blobs: int
    problems: tuple[str, ...]
    unneeded: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Tables:
    """Everything in the database at one moment; bodies as JSON text."""

    conversations: list[tuple[str, str, str]]
    rounds: list[tuple[str, str, str, str | None, str]]
    own: dict[type, list[tuple[str, str, str]]]
    refs: set[_Need]
    altered: list[str]  # ids of rows that are not what was written
    problems: list[str]


def check_store(store: Store) -> Findings:
    """Verify everything once; reads every blob. Rounds may be added meanwhile."""
    there = set(store.keep.blobs)
    tables = _read_tables(store)
    problems = list(tables.problems)
    rounds, needed = _check_rows(tables, problems)
    problems += [
        f"It is not noted that {holder} needs the blob {digest[:12]}."
        for digest, _, holder in sorted(needed - tables.refs)
    ]
    problems += [
        f"The blob {digest[:12]} is noted for {holder}, which does not need it."
        for digest, _, holder in sorted(tables.refs - needed)
    ]
    digests = {digest for digest, _, _ in needed}
    whole = set()
    for digest in sorted(digests):
        try:
            store.keep.blobs.get(digest)
            whole.add(digest)
        except ValueError as error:
            problems.append(str(error))
    for round_ in rounds:
        if whole.issuperset(round_.digests):
            problems += _check_content(store.keep.blobs, round_)
    problems += [
        f"The row of {id} is not what was written to the store."
        for id in tables.altered
        if not any(id in problem for problem in problems)
    ]
    unneeded = there - digests
    if _are_most(unneeded, there):
        problems.append(f"{_suspicion(len(unneeded), len(there))}.")
    return Findings(
        num_conversations=len(tables.conversations),
        num_rounds=len(tables.rounds),
        num_blobs=len(there),
        problems=tuple(problems),
        unneeded=tuple(sorted(unneeded)),
    )


def sweep(store: Store, *, even_most: bool = False) -> int:
    """Remove blobs that no row refers to and unfinished files, such as a kill leaves; returns how many.

    Safe beside running servers of this folder. ValueError, and nothing is removed, where several databases
    share the blobs (what this one does not need, another may), and where most blobs would go (rather the
    database was lost), unless `even_most`.
    """
    if store.blobs_url is not None:
        raise ValueError(
            f"The blobs at {store.blobs_url} are shared; what is not needed here may be elsewhere."
        )
    there = set(store.keep.blobs)
    with store.reading() as db:
        unneeded = {digest for digest in there if not is_needed(db, digest)}
    if _are_most(unneeded, there) and not even_most:
        raise ValueError(
            f"{_suspicion(len(unneeded), len(there))}. Nothing was removed; restore the database from a "
            "backup, or remove them all the same with --sweep-most."
        )
    num = FolderPlace(store.folder).sweep()
    for digest in sorted(unneeded):
        with store.alone() as db:  # nobody commits a row that needs it meanwhile
            if not is_needed(db, digest):
                store.keep.blobs.remove(digest)
                num += 1
    return num


def _are_most(unneeded: Collection[str], there: Collection[str]) -> bool:
    """A kill leaves a few blobs without rows; a database that was emptied or replaced leaves most."""
    return 2 * len(unneeded) > len(there)


def _suspicion(num: int, of: int) -> str:
    return f"{num} of {of} blobs are needed by no row, as if the database had been emptied, lost or replaced"


def _read_tables(store: Store) -> _Tables:
    with store.reading() as db:  # one moment's view of all tables
        tables = ("conversations", "rounds", *(table for table, _ in OWN_TABLES.values()))
        bodies = [row for table in tables for row in db.execute(f"SELECT id, body, digest FROM {table}")]
        return _Tables(
            conversations=db.execute("SELECT id, owner, body FROM conversations").fetchall(),
            rounds=db.execute("SELECT id, owner, conversation, parent, body FROM rounds").fetchall(),
            own={
                kind: db.execute(f"SELECT id, owner, body FROM {table}").fetchall()
                for kind, (table, _) in OWN_TABLES.items()
            },
            refs=set(db.execute("SELECT digest, owner, holder FROM refs").fetchall()),
            altered=[id for id, body, digest in bodies if body_digest(body) != digest],
            problems=_check_database(db),
        )


def _check_database(db: sqlite3.Connection) -> list[str]:
    lines = db.execute("PRAGMA integrity_check").fetchall()
    foreign = db.execute("PRAGMA foreign_key_check").fetchall()
    problems = [f"The database says: {line}." for (line,) in lines if line != "ok"]
    return problems + [f"A row of {row[0]} needs one of {row[2]} that is not there." for row in foreign]


def _check_rows(tables: _Tables, problems: list[str]) -> tuple[list[StoredRound], set[_Need]]:
    """The rounds that can be read, and which blobs the rows need; what is wrong is added to `problems`."""
    owners = {id: owner for id, owner, _ in tables.conversations}
    places = {id: (owner, conversation) for id, owner, conversation, _, _ in tables.rounds}
    rounds: list[StoredRound] = []
    needed: set[_Need] = set()
    for id, owner, body in tables.conversations:
        _record(StoredConversation, id, owner, body, problems)
    for id, owner, conversation, parent, body in tables.rounds:
        if owners.get(conversation) != owner:
            problems.append(f"The round {id} is in a conversation that its owner does not have.")
        if parent is not None and places.get(parent) != (owner, conversation):
            problems.append(f"The round {id} follows {parent}, which is not in its conversation.")
        round_ = _record(StoredRound, id, owner, body, problems)
        if isinstance(round_, StoredRound):
            rounds.append(round_)
            needed |= {(digest, owner, id) for digest in round_.digests}
    for kind, found in tables.own.items():
        for id, owner, body in found:
            record = _record(kind, id, owner, body, problems)
            if isinstance(record, StoredFile | StoredPerson):
                needed |= {(digest, owner, id) for digest in record.digests}
    return rounds, needed


def _record(kind: type, id: str, owner: str, body: str, problems: list[str]) -> object:
    try:
        record = from_row(kind, json.loads(body))
    except (ValueError, TypeError, KeyError):
        problems.append(f"The row of {id} cannot be read.")
        return None
    if (record.id, record.owner) != (id, owner):
        problems.append(f"The row of {id} says that it is another's.")
    return record


def _check_content(blobs: Blobs, stored: StoredRound) -> Iterable[str]:
    picture = partial(_picture, blobs)
    try:
        painted = None if stored.picture is None else picture(stored.picture)
        round_ = Round(
            instruction=Instruction(
                text=stored.text_in, pictures=tuple(map(picture, stored.pictures_in)), region=stored.region
            ),
            response=Response(text=stored.text_out, picture=painted),
        )
    except ValueError as error:
        return [f"The round {stored.id} cannot be read ({error})."]
    if node_id(stored.state.parent_node, round_) != stored.node_id:
        return [f"The round {stored.id} is not what its node id says; it was altered."]
    return []


def _picture(blobs: Blobs, digest: str) -> Picture:
    return Picture.from_png(blobs.get(digest))
