"""Finding rounds by what a client knows of them: its own ids of messages, or what was said so far.

Knows the labels that a round is kept with (in its metadata) and how to look them up. Labels are hashes, so
nothing can be read from them; every query takes the owner. Knows nothing about HTTP or how labels are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from limner.store.store import Store

MAX_LOOKED_AT: Final = 64
LABELS: Final = ("chat", "chat_reply", "chat_told", "chat_asked")


class RoundLookup:
    """Looks up rounds of a store by label; makes the indexes when it is made. For several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.alone() as db:
            for label in LABELS:
                db.execute(
                    f"CREATE INDEX IF NOT EXISTS rounds_by_{label} ON rounds(owner, {_field(label)}) "
                    f"WHERE {_field(label)} IS NOT NULL"
                )
            db.execute("CREATE INDEX IF NOT EXISTS rounds_by_node ON rounds(owner, node_id)")

    def newest(self, owner: str, labels: Mapping[str, str], *, answer: str | None = None) -> str | None:
        """The id of the newest round that has all these labels, None when there is none. With `answer`, one
        that was answered in these words (white space around them aside).
        """
        found = self._look(owner, labels)
        if not found and self._store.blobs_url is not None:
            self._catch_up(owner, labels)
            found = self._look(owner, labels)
        return next((id for id, said in found if answer is None or said.strip() == answer.strip()), None)

    def _look(self, owner: str, labels: Mapping[str, str]) -> list[tuple[str, str]]:
        unknown = set(labels) - set(LABELS)
        if unknown or not labels:
            raise ValueError(f"Rounds are found by {', '.join(LABELS)}, not by {sorted(unknown)}.")
        wanted = " AND ".join(f"{_field(label)} = ?" for label in labels)
        with self._store.reading() as db:
            rows = db.execute(
                f"SELECT id, json_extract(body, '$.text_out') FROM rounds WHERE owner = ? AND {wanted} "
                "ORDER BY number DESC, id DESC LIMIT ?",
                (owner, *labels.values(), MAX_LOOKED_AT),
            ).fetchall()
        return [(str(id), str(said)) for id, said in rows]

    def _catch_up(self, owner: str, labels: Mapping[str, str]) -> None:
        """Another replica may have kept it: take over new conversations, and new rounds of this chat."""
        self._store.conversations(owner, limit=1)
        if "chat" in labels:
            known = self._look(owner, {"chat": labels["chat"]})
            if known:
                self._store.tree(owner, self._store.round(owner, known[0][0]).conversation or "")


def _field(label: str) -> str:
    return f"json_extract(body, '$.metadata.{label}')"
