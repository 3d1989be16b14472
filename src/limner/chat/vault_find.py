"""Finding in a vault: conversations by words, a round by its node. One statement of SQL each.

Knows the tables. Words match in any order, whatever their case, anywhere in a conversation's title or in what
was said and answered in one of its rounds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

MAX_WORDS = 12
_IN_ROUND = (
    "EXISTS (SELECT 1 FROM rounds WHERE rounds.owner = conversations.owner AND rounds.conversation = "
    "conversations.id AND contains(json_extract(rounds.body, '$.text_in') || ' ' || "
    "json_extract(rounds.body, '$.text_out'), ?))"
)
_IN_TITLE = "contains(json_extract(conversations.body, '$.title'), ?)"


def _contains(text: str | None, word: str) -> bool:
    return text is not None and word in text.casefold()


def words_of(query: str) -> list[str]:
    """The words to look for, folded to one case; at most `MAX_WORDS`."""
    return query.casefold().split()[:MAX_WORDS]


def find_conversations(db: sqlite3.Connection, owner: str, words: Sequence[str], limit: int) -> list[str]:
    """Ids of conversations that hold every one of `words`, newest first."""
    db.create_function("contains", 2, _contains, deterministic=True)  # LIKE folds ASCII alone
    every = "".join(f" AND ({_IN_TITLE} OR {_IN_ROUND})" for _ in words)
    found = db.execute(
        f"SELECT id FROM conversations WHERE owner = ?{every} ORDER BY number DESC, id DESC LIMIT ?",
        (owner, *(word for word in words for _ in range(2)), limit),
    ).fetchall()
    return [id for (id,) in found]


def find_node(db: sqlite3.Connection, owner: str, node_id: str) -> str | None:
    """The id of the newest round of that history node, None when there is none."""
    row = db.execute(
        "SELECT id FROM rounds WHERE owner = ? AND node_id = ? ORDER BY number DESC, id DESC LIMIT 1",
        (owner, node_id),
    ).fetchone()
    return None if row is None else str(row[0])
