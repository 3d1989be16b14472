"""Where bytes lie: a local folder, or any place that fsspec can reach (s3://, gs://, memory:// ...).

Knows paths relative to a root, and that what is written appears whole or not at all. Knows nothing about what
the bytes are.
"""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path
from typing import Any, Protocol

from limner.store.errors import clear_errors
from limner.whole_file import sync_folder

STALE_S = 60.0
_TEMPORARY = ".unfinished"


class Place(Protocol):
    """A root with files under it, named by relative paths with "/"."""

    def read(self, path: str) -> bytes | None:
        """The bytes, None when there is no such file."""

    def write(self, path: str, data: bytes) -> None:
        """Write the whole file, durably, replacing an older one at once; `StoreFailed`."""

    def remove(self, path: str) -> None:
        """Remove the file if it is there."""

    def has(self, path: str) -> bool:
        """Whether there is such a file."""

    def list(self, folder: str = "") -> list[str]:
        """Every file below a folder, at any depth, as paths from the root, sorted; none for no folder."""


class FolderPlace:
    """A local folder: temporary file, fsync, rename, fsync of the folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: set[Path] = set()

    def read(self, path: str) -> bytes | None:
        try:
            return (self.root / path).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, path: str, data: bytes) -> None:
        target = self.root / path
        unfinished = self.root / _TEMPORARY
        temporary = unfinished / secrets.token_hex(8)
        with clear_errors(self.root):
            self._make(target.parent)
            self._make(unfinished)
            try:
                with temporary.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)
            sync_folder(target.parent)

    def remove(self, path: str) -> None:
        with clear_errors(self.root):
            (self.root / path).unlink(missing_ok=True)

    def has(self, path: str) -> bool:
        return (self.root / path).is_file()

    def list(self, folder: str = "") -> list[str]:
        found = []
        for here, _, names in os.walk(self.root / folder):
            relative = Path(here).relative_to(self.root)
            if relative.parts[:1] != (_TEMPORARY,):
                found += [(relative / name).as_posix() for name in names]
        return sorted(found)

    def sweep(self) -> int:
        """Remove the temporary files that a kill has left; how many there were. A file that is being written
        right now is older than a minute only where writing has stopped.
        """
        stale = time.time() - STALE_S
        left = [path for path in (self.root / _TEMPORARY).glob("*") if path.stat().st_mtime < stale]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def _make(self, folder: Path) -> None:
        if folder in self._known:
            return
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            sync_folder(folder.parent)
        self._known.add(folder)


class RemotePlace:
    """Any fsspec file system. Object stores write an object whole or not at all, and durably."""

    def __init__(self, file_system: Any, root: str) -> None:
        self._files = file_system
        self._root = root.rstrip("/")

    def read(self, path: str) -> bytes | None:
        try:
            return bytes(self._files.cat_file(self._full(path)))
        except FileNotFoundError:
            return None

    def write(self, path: str, data: bytes) -> None:
        full = self._full(path)
        with clear_errors(Path(self._root)):
            self._files.makedirs(full.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(full, data)

    def remove(self, path: str) -> None:
        try:
            self._files.rm_file(self._full(path))
        except FileNotFoundError:
            return

    def has(self, path: str) -> bool:
        return bool(self._files.isfile(self._full(path)))

    def list(self, folder: str = "") -> list[str]:
        self._files.invalidate_cache()  # another process may have written since
        try:
            found = self._files.find(self._full(folder))
        except FileNotFoundError:
            return []
        return sorted(path.removeprefix(self._root).lstrip("/") for path in found)

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root


def place_at(url: str | Path) -> Place:
    """The place at a folder or an fsspec URL; ValueError with one sentence when it cannot be used."""
    if isinstance(url, Path) or "://" not in url:
        return FolderPlace(Path(url))
    import fsspec

    try:
        file_system, root = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError, OSError) as error:
        raise ValueError(f"{url.split('://')[0]}:// cannot be used as a store ({error}).") from error
    if "file" in (file_system.protocol if isinstance(file_system.protocol, tuple) else ()):
        return FolderPlace(Path(root))
    return RemotePlace(file_system, root)
