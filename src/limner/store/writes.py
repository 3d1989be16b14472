"""How the store stays whole: blobs before rows, rows before answers, and no blob removed that a row needs.

Knows a database, blobs and, where several databases share those, rows as JSON beside them. Knows nothing
about who may see what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from limner.store import queries as rows
from limner.store.blobs import Blobs
from limner.store.records import Record, StoredConversation, StoredFile, StoredPerson, StoredRound
from limner.store.schema import Database
from limner.store.shared_rows import SharedRows


class Keep:
    """The primitives of adding and removing; `shared` is None when the folder keeps everything itself."""

    def __init__(self, database: Database, blobs: Blobs, shared: SharedRows | None) -> None:
        self.database = database
        self.blobs = blobs
        self.shared = shared

    def put(self, holders: Sequence[StoredRound | StoredFile | StoredPerson], blobs: Iterable[bytes]) -> Put:
        """Blobs on disk before any row; noted as needed first, where several databases share them."""
        if self.shared is not None:
            for holder in holders:
                self.shared.hold(holder.digests, holder.id)
        data = {self.blobs.put(blob): blob for blob in blobs}
        for holder in holders:
            for digest in holder.digests:
                if digest not in data:
                    raise ValueError(f"{holder.id} needs the blob {digest[:12]}; give its bytes too.")
        return data

    def ensure(self, data: Put) -> None:
        """Within a write transaction: another process may have removed a blob since it was put."""
        for digest, blob in data.items():
            if not self.blobs.has(digest):
                self.blobs.put(blob)

    def share_conversation(self, conversation: StoredConversation) -> None:
        """Let other databases find it."""
        if self.shared is not None:
            self.shared.write("conversations", conversation)

    def share_round(self, round_: StoredRound) -> None:
        """Let other databases find it."""
        if self.shared is not None:
            assert round_.conversation is not None
            self.shared.write(round_.conversation, round_)
            self.shared.place_round(round_.owner, round_.id, round_.conversation)

    def share_own(self, record: StoredFile | StoredPerson) -> None:
        """Let other databases find it."""
        if self.shared is not None:
            self.shared.write(rows.OWN_TABLES[type(record)][0], record)

    def numbered(self, records: Sequence[Record]) -> list[Record]:
        """New records with the numbers that order them, where other databases are to agree on those; else
        they are numbered when they are inserted.
        """
        if self.shared is None or not records:
            return list(records)
        with self.database.reading() as db:
            first = rows.next_number(db, records[0])
        return [replace(record, number=first + index) for index, record in enumerate(records)]

    def drop_round(self, owner: str, conversation: str, id: str, parent: str | None) -> None:
        """Remove a round and the blobs that only it needed; its children follow its parent."""
        with self.database.writing() as db:
            rows.delete_round(db, owner, conversation, id, parent)
            digests = rows.delete_refs(db, id)
        self.collect({id: digests})

    def drop_conversation(self, owner: str, id: str) -> list[str]:
        """Remove a conversation, its rounds, and the blobs that only they needed; the rounds' ids."""
        with self.database.writing() as db:
            needed: dict[str, list[str]] = {}
            found = db.execute("SELECT id FROM rounds WHERE conversation = ? AND owner = ?", (id, owner))
            for (round_id,) in found.fetchall():
                needed[round_id] = rows.delete_refs(db, round_id)
                rows.insert_tombstone(db, round_id, owner, id, None)
            db.execute("UPDATE rounds SET parent = NULL WHERE conversation = ? AND owner = ?", (id, owner))
            db.execute("DELETE FROM rounds WHERE conversation = ? AND owner = ?", (id, owner))
            db.execute("DELETE FROM conversations WHERE id = ? AND owner = ?", (id, owner))
            rows.insert_tombstone(db, id, owner, id, None)
        if self.shared is not None:
            self.shared.clear(owner, id)
            for round_id in needed:
                self.shared.forget_round(owner, round_id)
        self.collect(needed)
        return list(needed)

    def drop_own(self, kind: type[StoredFile] | type[StoredPerson], owner: str, id: str) -> None:
        """Remove a file or person and the blobs that only it needed."""
        table, _ = rows.OWN_TABLES[kind]
        with self.database.writing() as db:
            db.execute(f"DELETE FROM {table} WHERE id = ? AND owner = ?", (id, owner))
            digests = rows.delete_refs(db, id)
            rows.insert_tombstone(db, id, owner, None, None)
        self.collect({id: digests})

    def collect(self, needed: Mapping[str, Iterable[str]]) -> None:
        """Remove the blobs that deleted rows (id -> digests) needed and no other row does.

        Under the write lock, so that no process of this folder commits a row that needs one of them; a
        database elsewhere notes its need before it looks for the blob, and is looked for again afterwards.
        """
        if self.shared is not None:
            for holder, digests in needed.items():
                self.shared.release(digests, holder)
        with self.database.writing() as db:
            for digest in sorted({digest for digests in needed.values() for digest in digests}):
                if not rows.is_needed(db, digest):
                    self._remove(digest)
        self.database.wipe()

    def _remove(self, digest: str) -> None:
        if self.shared is None:
            self.blobs.remove(digest)
        elif not self.shared.holders(digest) and self.blobs.has(digest):
            data = self.blobs.get(digest)
            self.blobs.remove(digest)
            if self.shared.holders(digest):
                self.blobs.put(data)


Put = Mapping[str, bytes]
