"""The store: conversations, rounds, files and enrolled people of many owners, durable and shared.

Knows rows (SQLite in WAL mode), blobs (content-addressed) and owners: what another owner has is not there.
A blob is on disk before the row that needs it, a row is committed before anybody is told of it, and a blob
goes only when no row needs it. Knows nothing about painters, tokens or HTTP.

Several processes may open one folder. With `blobs_url`, blobs and a copy of each row lie at that URL, and
stores with other folders bring themselves up to date from there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from limner.store import queries as rows
from limner.store.blobs import Blobs
from limner.store.migrations import version_of
from limner.store.places import FolderPlace, place_at
from limner.store.records import (
    NotThere,
    StoredConversation,
    StoredFile,
    StoredPerson,
    StoredRound,
    StoreFailed,
    is_digest,
    is_id,
)
from limner.store.replication import CatchUp
from limner.store.reserve import Room
from limner.store.schema import Database, settled_blobs_url
from limner.store.search import Finder
from limner.store.shared_rows import SharedRows
from limner.store.writes import Keep

DATABASE = "limner.sqlite"
MAX_LISTED = 1000


def lost_database(folder: Path) -> str | None:
    """A sentence where blobs lie in a folder without a database, which a store there would begin anew."""
    if (folder / DATABASE).exists():
        return None
    num = sum(1 for _ in folder.glob("blobs/*/*"))
    if not num:
        return None
    blobs = "1 blob lies" if num == 1 else f"{num} blobs lie"
    return f"{blobs} in {folder}, whose database {DATABASE} is gone; restore it from a backup."


class Store:
    """A folder that stores conversations, pictures, files and people. Safe for several threads and processes.

    Args:
        folder: made when it is not there; holds the database, and the blobs unless they lie elsewhere.
        blobs_url: a folder or fsspec URL for blobs and shared rows; remembered, so it is given only once.
        read_only: write nothing; what would raises `StoreReadOnly`. Also works on a read-only disk.
        upgrade: bring a store that an earlier version wrote up to date, where else it is a ValueError.

    Every method may raise `NotThere`, ValueError, `Damaged`, and `StoreFailed` (`StoreFull`, `StoreBusy`,
    `StoreReadOnly`). Reading never waits for another process's writing; writing waits 10 s at most.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        blobs_url: str | None = None,
        read_only: bool = False,
        upgrade: bool = False,
    ) -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"{self.folder} is a file; a store needs a folder.")
        if not read_only:
            try:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise StoreFailed(f"The store {self.folder} cannot be made: {error.strerror}.") from error
        self._room = Room(self.folder)
        database = self._room.freeing(
            lambda: Database(self.folder / DATABASE, read_only=read_only, upgrade=upgrade)
        )
        try:
            self.blobs_url = settled_blobs_url(self.folder, database, blobs_url)
            place = place_at(self.blobs_url) if self.blobs_url else FolderPlace(self.folder)
        except BaseException:
            database.close()
            raise
        shared = SharedRows(place) if self.blobs_url else None
        self.keep = Keep(database, Blobs(place, "blobs"), shared)
        self._database = database
        self._catch_up = CatchUp(self.keep)
        self.finder = Finder(database, self._catch_up)

    @property
    def version(self) -> int:
        """Of the tables; see `migrations.py`."""
        with self._database.reading() as db:
            return version_of(db)

    @property
    def is_full(self) -> bool:
        """Whether the disk has no room for anything new; reading and deleting work all the same."""
        return self._room.is_full

    # Conversations

    def add_conversation(self, conversation: StoredConversation) -> StoredConversation:
        """Keep a new, empty conversation."""
        return self._room.taking(lambda: self._add_conversation(conversation))

    def _add_conversation(self, conversation: StoredConversation) -> StoredConversation:
        (conversation,) = self.keep.numbered([conversation])
        self.keep.share_conversation(conversation)
        with self._database.writing() as db:
            rows.put_conversation(db, conversation)
        return self.conversation(conversation.owner, conversation.id)

    def conversation(self, owner: str, id: str) -> StoredConversation:
        """A conversation of this owner."""
        self._catch_up.conversation(owner, id)
        with self._database.reading() as db:
            return rows.read_conversation(db, owner, id)

    def conversations(
        self, owner: str, *, limit: int = 20, after: str | None = None
    ) -> list[StoredConversation]:
        """At most `limit` conversations, newest first, from the one after `after` on."""
        self._catch_up.conversations(owner)
        with self._database.reading() as db:
            last = None if after is None else rows.own_conversation(db, owner, after)
            return rows.list_conversations(db, owner, max(1, min(limit, MAX_LISTED)), last)

    def every_conversation(self, owner: str) -> Iterator[StoredConversation]:
        """All conversations of this owner, newest first."""
        last = None
        while page := self.conversations(owner, limit=MAX_LISTED, after=last):
            yield from page
            last = page[-1].id

    def change_conversation(
        self,
        owner: str,
        id: str,
        *,
        title: str | None = None,
        metadata: Mapping[str, str] | None = None,
        favourites: Callable[[tuple[str, ...]], tuple[str, ...]] | None = None,
    ) -> StoredConversation:
        """Give a conversation another title or other metadata; what is None stays. `favourites` makes the new
        ones of those there are.
        """
        self._catch_up.conversation(owner, id)

        def change() -> None:
            with self._database.writing() as db:
                row = rows.own_conversation(db, owner, id)
                changed = replace(
                    row,
                    title=row.title if title is None else title,
                    metadata=row.metadata if metadata is None else dict(metadata),
                    favourites=row.favourites if favourites is None else favourites(row.favourites),
                )
                self.keep.share_conversation(changed)
                rows.put_conversation(db, changed)

        self._room.taking(change)
        return self.conversation(owner, id)

    def delete_conversation(self, owner: str, id: str) -> list[str]:
        """Remove a conversation, its rounds and the blobs that nothing else needs; the rounds' ids."""
        self._catch_up.conversation(owner, id)
        with self._database.reading() as db:
            rows.own_conversation(db, owner, id)
        if self.keep.shared is not None:
            self.keep.shared.bury(owner, "conversations", id)
        return self._room.freeing(lambda: self.keep.drop_conversation(owner, id))

    # Rounds

    def add_rounds(
        self,
        rounds: Sequence[StoredRound],
        blobs: Iterable[bytes],
        *,
        new_conversation: StoredConversation | None = None,
    ) -> list[StoredRound]:
        """Keep rounds of one conversation, parents first, with the blobs that they need, and the conversation
        itself if that is new: all or nothing.

        When this returns, they survive a kill. Where a parent was deleted meanwhile, a round follows the
        nearest earlier one; NotThere when the conversation was.
        """
        return self._room.taking(lambda: self._add_rounds(rounds, blobs, new_conversation))

    def _add_rounds(
        self,
        rounds: Sequence[StoredRound],
        blobs: Iterable[bytes],
        new_conversation: StoredConversation | None,
    ) -> list[StoredRound]:
        owner, conversation = rounds[0].owner, rounds[0].conversation
        assert conversation is not None
        if new_conversation is None:
            self.conversation(owner, conversation)
        data = self.keep.put(rounds, blobs)
        rounds = self.keep.numbered(rounds)
        if new_conversation is not None:
            (new_conversation,) = self.keep.numbered([new_conversation])
            self.keep.share_conversation(new_conversation)
        for round_ in rounds:
            self.keep.share_round(round_)
        with self._database.writing() as db:
            if new_conversation is not None:
                rows.put_conversation(db, new_conversation)
            rows.own_conversation(db, owner, conversation)
            self.keep.ensure(data)
            for round_ in rounds:
                rows.insert_round(db, round_)
            return [rows.read_round(db, owner, round_.id) for round_ in rounds]

    def round(self, owner: str, id: str) -> StoredRound:
        """A round of this owner."""
        self._catch_up.round(owner, id)
        with self._database.reading() as db:
            return rows.read_round(db, owner, id)

    def was_deleted(self, owner: str, id: str) -> bool:
        """Whether this owner had a round or conversation of this id and deleted it."""
        with self._database.reading() as db:
            return rows.is_buried(db, id, owner)

    def path(self, owner: str, id: str | None) -> list[StoredRound]:
        """The rounds from the first to this one, none for None; their siblings are not filled in."""
        if id is None:
            return []
        self._catch_up.round(owner, id)
        with self._database.reading() as db:
            return rows.read_path(db, owner, id)

    def tree(self, owner: str, conversation: str) -> list[StoredRound]:
        """Every round of every branch, parents before children, oldest first."""
        self._catch_up.conversation(owner, conversation)
        with self._database.reading() as db:
            rows.own_conversation(db, owner, conversation)
            return rows.read_tree(db, owner, conversation)

    def children(self, owner: str, conversation: str, parent: str | None) -> list[StoredRound]:
        """The rounds that directly follow `parent`, None for the first rounds, oldest first."""
        with self._database.reading() as db:
            return rows.read_children(db, owner, conversation, parent)

    def delete_round(self, owner: str, id: str) -> None:
        """Remove a round's content and what only it needed; its children stay, after its own parent."""
        row = self.round(owner, id)
        assert row.conversation is not None
        if self.keep.shared is not None:
            self.keep.shared.bury(owner, row.conversation, id, row.parent)
            self.keep.shared.forget_round(owner, id)
        conversation = row.conversation
        self._room.freeing(lambda: self.keep.drop_round(owner, conversation, id, row.parent))

    # Files and enrolled people

    def add_own(self, record: rows.Own, blobs: Iterable[bytes]) -> rows.Own:
        """Keep a file or an enrolled person."""
        return self._room.taking(lambda: self._add_own(record, blobs))

    def _add_own(self, record: rows.Own, blobs: Iterable[bytes]) -> rows.Own:
        data = self.keep.put([record], blobs)
        (record,) = self.keep.numbered([record])
        self.keep.share_own(record)
        with self._database.writing() as db:
            self.keep.ensure(data)
            rows.insert_own(db, record)
        return record

    def own(self, kind: type[rows.Own], owner: str, id: str) -> rows.Own:
        """A file or an enrolled person of this owner."""
        _, prefix = rows.OWN_TABLES[kind]
        if not is_id(id, prefix):
            raise NotThere(prefix, id)
        self._catch_up.own(kind, owner)
        with self._database.reading() as db:
            return rows.read_one_own(db, kind, owner, id)

    def all_own(self, kind: type[rows.Own], owner: str) -> list[rows.Own]:
        """Every file or enrolled person of this owner, oldest first."""
        self._catch_up.own(kind, owner)
        with self._database.reading() as db:
            return rows.read_own(db, kind, owner)

    def delete_own(self, kind: type[rows.Own], owner: str, id: str) -> None:
        """Remove a file or an enrolled person, with the blobs that nothing else needs."""
        self.own(kind, owner, id)
        table, _ = rows.OWN_TABLES[kind]
        if self.keep.shared is not None:
            self.keep.shared.bury(owner, table, id)
        self._room.freeing(lambda: self.keep.drop_own(kind, owner, id))

    def delete_person(self, owner: str, id: str) -> list[str]:
        """Remove an enrolled person: the face, the files that it came from, and every round that was given
        this picture with all rounds after it, since they were painted from it. The ids of those rounds.
        """
        person = self.own(StoredPerson, owner, id)
        rounds: list[str] = []
        for holder in dict.fromkeys(h for digest in person.digests for h in self.holders(owner, digest)):
            if is_id(holder, "file"):
                self.delete_own(StoredFile, owner, holder)
            elif is_id(holder, "resp"):
                rounds += [found for found in self._subtree(owner, holder) if found not in rounds]
        for round_id in rounds:
            self.delete_round(owner, round_id)
        self.delete_own(StoredPerson, owner, id)
        return rounds

    def _subtree(self, owner: str, id: str) -> list[str]:
        found = [id]
        for round_ in self.tree(owner, self.round(owner, id).conversation or ""):  # parents come first
            if round_.parent in found:
                found.append(round_.id)
        return found

    # Blobs, and what is gone

    def blob(self, owner: str, digest: str) -> bytes:
        """A blob that some row of this owner needs."""
        if not is_digest(digest):
            raise NotThere("picture", digest)
        if not self._needs(owner, digest):
            self._catch_up.blob(owner, digest)
            if not self._needs(owner, digest):
                raise NotThere("picture", digest)
        try:
            return self.keep.blobs.get(digest)
        except ValueError:
            self._catch_up.blob(owner, digest)
            if self._needs(owner, digest):
                raise
            raise NotThere("picture", digest) from None  # deleted meanwhile

    def _needs(self, owner: str, digest: str) -> bool:
        with self._database.reading() as db:
            return rows.is_needed(db, digest, owner)

    def holders(self, owner: str, digest: str) -> list[str]:
        """The ids of this owner's rows that need a blob."""
        self._catch_up.blob(owner, digest)
        with self._database.reading() as db:
            return rows.read_holders(db, digest, owner)

    def gone_since(self, number: int) -> tuple[list[tuple[str, str | None]], int]:
        """What any process has deleted after the mark `number`: ids and their conversations; the new mark."""
        with self._database.reading() as db:
            return rows.read_gone(db, number)

    def owners(self) -> list[str]:
        """Everybody who has a conversation here; for the command line, which could read the disk anyway."""
        with self._database.reading() as db:
            return rows.read_owners(db)

    def num_enrolled(self) -> int:
        """How many people are enrolled here, of all owners."""
        with self._database.reading() as db:
            return int(db.execute("SELECT COUNT(*) FROM people").fetchone()[0])

    def owner_of(self, id: str) -> str | None:
        """The owner of this conversation, round, file or person, None if there is none; for the command line
        only.
        """
        with self._database.reading() as db:
            return rows.owner_of(db, id)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database itself, for queries of other modules of this room, which take the owner as well."""
        with self._database.reading() as db:
            yield db

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """The database in a write transaction, while no process can write."""
        with self._database.writing() as db:
            yield db

    def close(self) -> None:
        """Close the database; everything acknowledged is already on disk."""
        self._database.close()
