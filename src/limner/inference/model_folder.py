"""Where a model lies. Knows names and folders; loads nothing, torch included."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final

from limner.models.conversion.hub_names import HUB_NAME

EMBEDDED: Final = "miniature"
MANIFEST: Final = "limner.json"

_SEED_X: Final = re.compile(r"(.*/)?seed[-_]?x([-_]\w+)*", re.IGNORECASE)
_SCALES: Final = ("tiny", "sketch")
_PUBLIC_FILES: Final = ("config.json", "model_index.json", "seed_x", "seed_detokenizer")


def checkpoint_folder(name_or_folder: str | Path) -> Path:
    """Folder of a model: the embedded one by its name, any other by its path.

    Raises:
        ValueError: there is none; the sentence says what would make one of what was named.
    """
    if str(name_or_folder) == EMBEDDED:
        folder = Path(str(files("limner") / EMBEDDED))
    else:
        folder = Path(name_or_folder)
    if not (folder / MANIFEST).is_file():
        raise ValueError(_remedy(str(name_or_folder), folder))
    return folder


def files_of(folder: Path | str) -> Iterator[Path]:
    """Every file of a checkpoint, also of components that are links to another's."""
    for root, _, names in os.walk(folder, followlinks=True):
        yield from (Path(root) / name for name in names)


def fingerprint(folder: Path) -> str:
    """SHA-256 over names, sizes, first and last bytes of a checkpoint's files; other for each training."""
    digest = hashlib.sha256()
    for path in sorted(p for p in files_of(folder) if p.suffix in (".safetensors", ".json")):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder).as_posix()} {size}\n".encode())
        with path.open("rb") as file:
            digest.update(file.read(65536))
            file.seek(max(0, size - 65536))
            digest.update(file.read(65536))
    return digest.hexdigest()


def _remedy(name: str, folder: Path) -> str:
    if (folder / "model" / MANIFEST).is_file():
        return f"There is no model at {name}, but a training run that has one: give {folder / 'model'}."
    if folder.is_dir() and any((folder / file).exists() for file in _PUBLIC_FILES):
        return (
            f"{name} holds public weights, which limner does not read as they are; `limner convert seed-x "
            f"{name} FOLDER` (or convert pixart, language, vision) makes a folder that it does."
        )
    if not folder.exists() and _SEED_X.fullmatch(name):
        source = name if "/" in name else "AILab-CVPR/SEED-X"
        return (
            f"There is no model at {name}: SEED-X's weights are not shipped. "
            f"`limner convert seed-x {source} FOLDER` makes a folder of the public ones; then load FOLDER."
        )
    if not folder.exists() and HUB_NAME.fullmatch(name) and not folder.parent.exists():
        return (
            f"There is no model at {name}. If that is a hub's name: `limner convert seed-x {name} FOLDER` "
            f"(or convert pixart, language, vision) makes a folder that limner loads. Else use "
            f'"{EMBEDDED}" or a folder that `limner train` has written.'
        )
    if not folder.exists() and name in _SCALES:
        return (
            f"There is no model at {name}: it is a scale, of which no weights are shipped. "
            f"`limner train miniature --scale {name} --out FOLDER` trains one; then load FOLDER/model."
        )
    return (
        f'There is no model at {folder}: it holds no {MANIFEST}. Use "{EMBEDDED}" or a folder that '
        "`limner train miniature` has written."
    )
