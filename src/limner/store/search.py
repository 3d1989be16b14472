"""Finding in a store: conversations by words, pictures of all conversations, a round by its node.

Knows the tables. Words match in any order, whatever their case, anywhere in a conversation's title or in what
was said and answered in one of its rounds.
"""

from __future__ import annotations

from limner.store import queries as rows
from limner.store.records import StoredConversation, StoredRound
from limner.store.replication import CatchUp
from limner.store.schema import Database

MAX_WORDS = 12
MAX_FOUND = 1000
_IN_ROUND = (
    "EXISTS (SELECT 1 FROM rounds WHERE rounds.owner = conversations.owner AND rounds.conversation = "
    "conversations.id AND contains(json_extract(rounds.body, '$.text_in') || ' ' || "
    "json_extract(rounds.body, '$.text_out'), ?))"
)
_IN_TITLE = "contains(json_extract(conversations.body, '$.title'), ?)"
_PAINTED = (
    "SELECT id FROM rounds WHERE owner = ? AND number < ? AND json_extract(body, '$.picture') IS NOT NULL"
)
_LIKED = (
    " AND EXISTS (SELECT 1 FROM conversations, json_each(conversations.body, '$.favourites') AS liked "
    "WHERE conversations.id = rounds.conversation AND liked.value = rounds.id)"
)


def _contains(text: str | None, word: str) -> bool:
    return text is not None and word in text.casefold()


def words_of(query: str) -> list[str]:
    """The words to look for, folded to one case; at most `MAX_WORDS`."""
    return query.casefold().split()[:MAX_WORDS]


class Finder:
    """What an owner has, by other things than ids."""

    def __init__(self, database: Database, catch_up: CatchUp) -> None:
        self._database = database
        self._catch_up = catch_up

    def conversations(self, owner: str, query: str, limit: int = 50) -> list[StoredConversation]:
        """At most `limit` conversations in which every word of `query` stands, newest first."""
        self._catch_up.conversations(owner)
        words = words_of(query)
        every = "".join(f" AND ({_IN_TITLE} OR {_IN_ROUND})" for _ in words)
        with self._database.reading() as db:
            db.create_function("contains", 2, _contains, deterministic=True)  # LIKE folds ASCII alone
            found = db.execute(
                f"SELECT id FROM conversations WHERE owner = ?{every} ORDER BY number DESC, id DESC LIMIT ?",
                (owner, *(word for word in words for _ in range(2)), _bounded(limit)),
            ).fetchall()
            return [rows.read_conversation(db, owner, id) for (id,) in found]

    def pictures(
        self, owner: str, *, limit: int = 50, after: str | None = None, favourites: bool = False
    ) -> list[StoredRound]:
        """At most `limit` rounds of all conversations that painted something, newest first, from the one
        after the round `after` on; with `favourites` only those that their conversation names. NotThere.
        """
        if after is not None:
            self._catch_up.round(owner, after)
        self._catch_up.conversations(owner)
        with self._database.reading() as db:
            last = 2**63 - 1 if after is None else rows.read_round(db, owner, after).number
            found = db.execute(
                f"{_PAINTED}{_LIKED if favourites else ''} ORDER BY number DESC, id DESC LIMIT ?",
                (owner, last, _bounded(limit)),
            ).fetchall()
            return [rows.read_round(db, owner, id) for (id,) in found]

    def node(self, owner: str, node_id: str) -> StoredRound | None:
        """The newest round of this owner's that is that history node."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT id FROM rounds WHERE owner = ? AND node_id = ? ORDER BY number DESC, id DESC LIMIT 1",
                (owner, node_id),
            ).fetchone()
            return None if row is None else rows.read_round(db, owner, row[0])


def _bounded(limit: int) -> int:
    return max(1, min(limit, MAX_FOUND))
