"""Blobs: bytes named by their SHA-256, written once, checked whenever they are read.

Knows digests and a place. Knows nothing about who needs a blob: its caller removes what nobody needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from limner.store.places import Place
from limner.store.records import Damaged, is_digest


def digest_of(data: bytes) -> str:
    """SHA-256 of the bytes, in hex: the name of their blob."""
    return hashlib.sha256(data).hexdigest()


class Blobs:
    """Content-addressed bytes at a place, two levels deep: `ab/abcdef...`."""

    def __init__(self, place: Place, folder: str = "") -> None:
        self._place = place
        self._folder = f"{folder.rstrip('/')}/" if folder else ""

    def put(self, data: bytes) -> str:
        """Keep the bytes, durably; their digest. Bytes that are there already, whole, are not written again;
        damaged ones are replaced.
        """
        digest = digest_of(data)
        if not self._is_whole(digest, data):
            self._place.write(self._path(digest), data)
        return digest

    def get(self, digest: str) -> bytes:
        """A blob's bytes; `Damaged` when they are missing or do not match the digest."""
        data = self._place.read(self._path(digest))
        if data is None:
            raise Damaged(f"The store lacks the blob {digest}; restore the store from a backup.")
        if digest_of(data) != digest:
            raise Damaged(f"The blob {digest} of the store is damaged; restore the store from a backup.")
        return data

    def _is_whole(self, digest: str, data: bytes) -> bool:
        try:
            return self._place.read(self._path(digest)) == data
        except OSError:  # a bad sector; the new file lies elsewhere
            return False

    def has(self, digest: str) -> bool:
        return self._place.has(self._path(digest))

    def remove(self, digest: str) -> None:
        """Forget the bytes, if they are there."""
        self._place.remove(self._path(digest))

    def __iter__(self) -> Iterator[str]:
        """Every digest that is there."""
        for path in self._place.list(self._folder):
            name = path.rpartition("/")[2]
            if is_digest(name):
                yield name

    def _path(self, digest: str) -> str:
        if not is_digest(digest):  # it becomes part of a path
            raise ValueError(f"{digest[:70]!r} is not a digest; give 64 hex digits.")
        return f"{self._folder}{digest[:2]}/{digest}"
