"""Rows as JSON objects beside the shared blobs, so that a replica with a database of its own finds them.

Knows owners, groups ("conversations", "files", "people", and a conversation's id for its rounds), rows, the
marks of what was deleted, and who needs which blob. Knows nothing about SQL: the store brings its database
up to date from here.

    rows/<owner>/<group>/<id>.json      a row; <owner> is hashed
    rows/<owner>/<group>/gone/<id>.json what was deleted, and what its children follow now
    rows/<owner>/index/<round id>       the conversation of a round
    refs/<digest>/<id>                  that row needs this blob
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from limner.store.migrations import body_digest
from limner.store.places import Place
from limner.store.records import Damaged, Record, Stored, from_row, to_row


class SharedRows:
    """Rows at a place. Ids and digests must have been checked: they become parts of paths."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def write(self, group: str, record: Stored) -> None:
        """Keep a row, or a newer version of it, with the number that orders it everywhere."""
        body = json.dumps(to_row(record))
        row = {"number": record.number, "body": body, "digest": body_digest(body)}
        self._place.write(f"{_group(record.owner, group)}/{record.id}.json", json.dumps(row).encode())

    def read(self, kind: type[Record], owner: str, group: str, id: str) -> Record | None:
        """A row, None when it is not there; Damaged when it is not what was written."""
        path = f"{_group(owner, group)}/{id}.json"
        row = self._json(path)
        if row is None:
            return None
        if "body" not in row:  # as version 1 wrote them: no number, no digest
            return from_row(kind, row)
        if body_digest(str(row["body"])) != row.get("digest"):
            raise _damaged(path)
        return replace(from_row(kind, json.loads(row["body"])), number=int(row["number"]))

    def ids(self, owner: str, group: str) -> tuple[set[str], set[str]]:
        """The ids of a group's rows, and of those that were deleted."""
        folder = _group(owner, group)
        here: set[str] = set()
        gone: set[str] = set()
        for path in self._place.list(folder):
            inner = path.removeprefix(f"{folder}/").removesuffix(".json")
            if inner.startswith("gone/"):
                gone.add(inner.removeprefix("gone/"))
            else:
                here.add(inner)
        return here - gone, gone

    def bury(self, owner: str, group: str, id: str, parent: str | None = None) -> None:
        """Mark a row as deleted, for good, then remove it."""
        body = json.dumps({"id": id, "parent": parent}).encode()
        self._place.write(f"{_group(owner, group)}/gone/{id}.json", body)
        self._place.remove(f"{_group(owner, group)}/{id}.json")

    def grave(self, owner: str, group: str, id: str) -> dict[str, Any] | None:
        """The mark of a deleted row: its id and parent; None when it was not deleted."""
        return self._json(f"{_group(owner, group)}/gone/{id}.json")

    def clear(self, owner: str, group: str) -> None:
        """Remove every row of a group, and its marks."""
        for path in self._place.list(_group(owner, group)):
            self._place.remove(path)

    def place_round(self, owner: str, round_id: str, conversation: str) -> None:
        """Note which conversation a round is in."""
        self._place.write(f"{_owner(owner)}/index/{round_id}", conversation.encode())

    def conversation_of(self, owner: str, round_id: str) -> str | None:
        """The conversation of a round, None when it is not recorded."""
        found = self._place.read(f"{_owner(owner)}/index/{round_id}")
        return None if found is None else found.decode()

    def forget_round(self, owner: str, round_id: str) -> None:
        """Remove the note of `place_round`."""
        self._place.remove(f"{_owner(owner)}/index/{round_id}")

    def hold(self, digests: Iterable[str], holder: str) -> None:
        """Note that a row needs these blobs; to be called before they are put."""
        for digest in digests:
            self._place.write(f"refs/{digest}/{holder}", b"")

    def release(self, digests: Iterable[str], holder: str) -> None:
        """Remove the notes of `hold`."""
        for digest in digests:
            self._place.remove(f"refs/{digest}/{holder}")

    def holders(self, digest: str) -> set[str]:
        """The ids of the rows, of any owner, that need the blob."""
        return {path.rpartition("/")[2] for path in self._place.list(f"refs/{digest}")}

    def _json(self, path: str) -> dict[str, Any] | None:
        data = self._place.read(path)
        if data is None:
            return None
        try:
            row = json.loads(data)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise _damaged(path)
        return row


def _damaged(path: str) -> Damaged:
    return Damaged(f"The shared row {path} is damaged; restore the shared store from a backup.")


def _owner(owner: str) -> str:
    return f"rows/{hashlib.sha256(owner.encode()).hexdigest()[:32]}"


def _group(owner: str, group: str) -> str:
    return f"{_owner(owner)}/{group}"
