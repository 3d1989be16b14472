"""Bringing a vault's database up to date with what other databases at the same URL have added and deleted.

Knows shared rows and the database. Does nothing where a folder keeps everything itself.
"""

from __future__ import annotations

from limner.chat import vault_rows as rows
from limner.chat.records import NotThere, StoredConversation, StoredRound, from_row, is_id
from limner.chat.shared_rows import SharedRows
from limner.chat.vault_keep import Keep


class CatchUp:
    """What to call before reading; every method first refuses ids that cannot be ones."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep

    def round(self, owner: str, id: str) -> None:
        """The conversation that a round is in; NotThere when the id cannot be a round's."""
        if not is_id(id, "resp"):
            raise NotThere("round", id)
        shared = self._keep.shared
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
        shared = self._keep.shared
        if shared is None:
            return
        if shared.grave(owner, "conversations", id) is not None:
            with self._keep.database.reading() as db:
                known = not rows.is_buried(db, id)
            if known:
                self._keep.drop_conversation(owner, id)
            return
        row = shared.read(owner, "conversations", id)
        if row is not None:
            self._take_over(shared, from_row(StoredConversation, row))

    def conversations(self, owner: str) -> None:
        """Every conversation of an owner that was added or deleted elsewhere."""
        shared = self._keep.shared
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
        shared = self._keep.shared
        if shared is None:
            return
        table, _ = rows.OWN_TABLES[kind]
        here, gone = shared.ids(owner, table)
        with self._keep.database.reading() as db:
            ours = {record.id for record in rows.read_own(db, kind, owner)}
        for id in sorted(gone & ours):
            self._keep.drop_own(kind, owner, id)
        found = [shared.read(owner, table, id) for id in sorted(here - ours)]
        new = [from_row(kind, row) for row in found if row is not None]
        if new:
            with self._keep.database.writing() as db:
                for record in new:
                    rows.insert_own(db, record)

    def blob(self, owner: str, digest: str) -> None:
        """Whatever of an owner needs, or needed, a blob; `digest` must have been checked."""
        shared = self._keep.shared
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
        found = [shared.read(owner, id, round_id) for round_id in here - ours]
        new = [from_row(StoredRound, row) for row in found if row is not None]
        if is_known and not new:
            return
        with self._keep.database.writing() as db:
            if rows.is_buried(db, id):
                return
            rows.put_conversation(db, conversation)
            for round_ in sorted(new, key=lambda round_: (round_.created, round_.id)):
                known = rows.conversation_of_round(db, owner, round_.id) is not None
                if not known and not rows.is_buried(db, round_.id):  # another thread may have been here
                    rows.insert_round(db, round_)
