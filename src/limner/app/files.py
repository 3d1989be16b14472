"""Where commands write: paths are checked before anything is computed, and files appear whole or not at all.

Knows paths, text and PNG files; knows nothing about what they show.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


def folder_to_write(path: Path) -> Path:
    """The path, fit to be a folder of results; makes nothing. ValueError says why it is not."""
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path} is a file, but a folder is needed; give another name.")
    _check_writable(path)
    return path


def file_to_write(path: Path, suffix: str | None = None) -> Path:
    """The path, fit to be a file of results; makes nothing. ValueError says why it is not."""
    if suffix is not None and path.suffix.lower() != suffix:
        raise ValueError(f"{path} should be a {suffix} file; give a name that ends in {suffix}.")
    if path.is_dir():
        raise ValueError(f"{path} is a folder, but a file is needed; give a file's name.")
    _check_writable(path)
    return path


def write_png(image: Image.Image, path: Path) -> Path:
    """Write a PNG, replacing an older one at once; folders on the way are made."""
    return _write(path, lambda fresh: image.save(fresh, format="PNG"))


def write_text(text: str, path: Path) -> Path:
    """Write UTF-8 text, replacing an older file at once; folders on the way are made."""
    return _write(path, lambda fresh: fresh.write_text(text, encoding="utf-8"))


def write_bytes(data: bytes, path: Path) -> Path:
    """Write bytes, replacing an older file at once; folders on the way are made."""
    return _write(path, lambda fresh: fresh.write_bytes(data))


def _write(path: Path, write: Callable[[Path], object]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return path


def _check_writable(path: Path) -> None:
    there = path if path.is_dir() else path.parent
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise ValueError(f"{path} cannot be written, because {there} is a file; give another name.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ValueError(f"{path} cannot be written: no permission in {there}; give another place.")
