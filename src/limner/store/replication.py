"""Bringing a store's database up to date with what other databases at the same URL have added and deleted.

Knows shared rows and the database. Does nothing where a folder keeps everything itself.
"""

from __future__ import annotations

from limner.store import queries as rows
from limner.store.records import NotThere, Stored, StoredConversation, StoredRound, is_id
from limner.store.shared_rows import SharedRows
from limner.store.writes import Keep


class CatchUp:
    """What to call before reading; every method first refuses ids that cannot be ones."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        # A database that is only read stays as it is.
        self._shared = None if keep.database.read_only else keep.shared

    def round(self, owner: str, id: str) -> None:
        """The conversation that a round is in; NotThere when the id cannot be a round's."""
        if not is_id(id, "resp"):
            raise NotThere("round", id)
        shared = self._shared
        if shared is None:
            return
        with self._keep.database.reading() as db:
            conversation = rows.conversation_of_round(db, owner, id)
        conversation = conversation or shared.conversation_of(owner, id)
        if conversation is not None:
            self.conversation(owner, conversation)

    def conversation(self, owner: str, id: str) -> None:
        """A conversation with its rounds; NotThere when the id cannot be a conversation's."""
        if not is_id(id, "conv"):
            raise NotThere("conversation", id)
        shared = self._shared
        if shared is None:
            return
        if shared.grave(owner, "conversations", id) is not None:
            with self._keep.database.reading() as db:
                known = not rows.is_buried(db, id)
            if known:
                self._keep.drop_conversation(owner, id)
            return
        conversation = shared.read(StoredConversation, owner, "conversations", id)
        if conversation is not None:
            self._take_over(shared, conversation)

    def conversations(self, owner: str) -> None:
        """Every conversation of an owner that was added or deleted elsewhere."""
        shared = self._shared
        if shared is None:
            return
        here, gone = shared.ids(owner, "conversations")
        with self._keep.database.reading() as db:
            found = db.execute("SELECT id FROM conversations WHERE owner = ?", (owner,)).fetchall()
        ours = {id for (id,) in found}
        for id in sorted((here - ours) | (gone & ours)):
            self.conversation(owner, id)

    def own(self, kind: type[rows.Own], owner: str) -> None:
        """Every file or enrolled person of an owner."""
        shared = self._shared
        if shared is None:
            return
        table, _ = rows.OWN_TABLES[kind]
        here, gone = shared.ids(owner, table)
        with self._keep.database.reading() as db:
            ours = {record.id for record in rows.read_own(db, kind, owner)}
        for id in sorted(gone & ours):
            self._keep.drop_own(kind, owner, id)
        found = [shared.read(kind, owner, table, id) for id in sorted(here - ours)]
        new = [record for record in found if record is not None]
        if new:
            with self._keep.database.writing() as db:
                for record in sorted(new, key=_order):
                    rows.insert_own(db, record)

    def blob(self, owner: str, digest: str) -> None:
        """Whatever of an owner needs, or needed, a blob; `digest` must have been checked."""
        shared = self._shared
        if shared is None:
            return
        with self._keep.database.reading() as db:
            found = db.execute(
                "SELECT holder FROM refs WHERE digest = ? AND owner = ?", (digest, owner)
            ).fetchall()
        kinds = {prefix: kind for kind, (_, prefix) in rows.OWN_TABLES.items()}
        for holder in shared.holders(digest) | {id for (id,) in found}:
            if is_id(holder, "resp"):
                self.round(owner, holder)
            elif (kind := kinds.get(holder.split("_")[0])) is not None:
                self.own(kind, owner)

    def _take_over(self, shared: SharedRows, conversation: StoredConversation) -> None:
        owner, id = conversation.owner, conversation.id
        here, gone = shared.ids(owner, id)
        with self._keep.database.reading() as db:
            ours = {round_.id for round_ in rows.read_tree(db, owner, id)}
            buried = {id for id in gone if rows.is_buried(db, id)}
            try:
                is_known = rows.own_conversation(db, owner, id) == conversation
            except NotThere:
                is_known = False
        for round_id in sorted(gone - buried):
            grave = shared.grave(owner, id, round_id)
            self._keep.drop_round(owner, id, round_id, grave["parent"] if grave else None)
        found = [shared.read(StoredRound, owner, id, round_id) for round_id in here - ours]
        new = [round_ for round_ in found if round_ is not None]
        if is_known and not new:
            return
        with self._keep.database.writing() as db:
            if rows.is_buried(db, id):
                return
            rows.put_conversation(db, conversation)
            for round_ in sorted(new, key=_order):
                known = rows.conversation_of_round(db, owner, round_.id) is not None
                if not known and not rows.is_buried(db, round_.id):  # another thread may have been here
                    rows.insert_round(db, round_)


def _order(record: Stored) -> tuple[int, float, str]:
    """Parents before children; by the clock only what version 1 wrote, which gave no numbers."""
    return (record.number, record.created, record.id)
