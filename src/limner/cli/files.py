"""Where commands write: paths are checked before anything is computed, and files appear whole or not at all.

Knows paths, text and PNG files; knows nothing about what they show.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from limner.whole_file import replace_whole, write_whole

if TYPE_CHECKING:
    from PIL import Image


def folder_to_write(path: Path) -> Path:
    """`path`, checked to be usable as an output folder; nothing is created. ValueError gives the reason."""
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path} is a file, but a folder is needed; give another name.")
    _check_writable(path)
    return path


def file_to_write(path: Path, suffix: str | None = None) -> Path:
    """`path`, checked to be usable as an output file; nothing is created. ValueError gives the reason."""
    if suffix is not None and path.suffix.lower() != suffix:
        raise ValueError(f"{path} should be a {suffix} file; give a name that ends in {suffix}.")
    if path.is_dir():
        raise ValueError(f"{path} is a folder, but a file is needed; give a file's name.")
    _check_writable(path)
    return path


def write_png(image: Image.Image, path: Path) -> Path:
    """Write a PNG, replacing an older one at once; folders on the way are made."""
    replace_whole(path, lambda fresh: image.save(fresh, format="PNG"))
    return path


def write_text(text: str, path: Path) -> Path:
    """Write UTF-8 text, replacing an older file at once; folders on the way are made."""
    replace_whole(path, lambda fresh: fresh.write_text(text, encoding="utf-8"))
    return path


def write_bytes(data: bytes, path: Path) -> Path:
    """Write bytes, replacing an older file at once; folders on the way are made."""
    write_whole(data, path)
    return path


def _check_writable(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{path} cannot be written: its name is no UTF-8; give another name.") from error
    there = path if path.is_dir() else path.parent
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise ValueError(f"{path} cannot be written, because {there} is a file; give another name.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ValueError(f"{path} cannot be written: no permission in {there}; give another place.")
