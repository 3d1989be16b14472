"""Files below a folder, in an order that is the same every time, and how their names are told.

Follows links to folders and reads none twice on the way. Knows nothing about what files hold.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path


def files_below(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """All files below `folder` that end in one of `suffixes` (lower case, with the dot), sorted.

    Hidden files and folders are left out. Linked folders are read, unless they lie in `folder` anyway or lead
    back to where they are met. A link to a file that is not there is listed: it gets its reason where it is
    read.
    """
    seen: set[tuple[int, int]] = set()
    links: list[Path] = [folder]
    found: list[Path] = []
    while links:
        at = links.pop(0)
        for place, folders, names in os.walk(at):
            entered = _identity(place)
            if entered is None or entered in seen:
                folders.clear()
                continue
            seen.add(entered)
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            inside = Path(place)
            links += [inside / name for name in folders if (inside / name).is_symlink()]
            found += [
                inside / name
                for name in names
                if not name.startswith(".") and os.path.splitext(name)[1].lower() in suffixes
            ]
    return sorted(found)


def _identity(folder: str) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def printable(text: str | Path) -> str:
    """The text, with `\\xNN` for each byte of a file's name that is no UTF-8, and `\\uNNNN` for half
    characters: neither can be stored or printed.
    """
    told = os.fspath(text)
    if told.isascii():
        return told
    return "".join(_told(character) for character in told)


def are_whole(words: str) -> bool:
    """Whether words from JSON hold no half of a character, as they do where an emoji was cut through."""
    return words.isascii() or not any("\ud800" <= character <= "\udfff" for character in words)


def _told(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return f"\\u{ord(character):04x}" if "\ud800" <= character <= "\udfff" else character
