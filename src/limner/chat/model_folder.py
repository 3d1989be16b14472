"""Where a model lies. Knows names and folders; loads nothing, torch included."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

EMBEDDED: Final = "miniature"


def checkpoint_folder(name_or_folder: str | Path) -> Path:
    """Where a model lies: the embedded one by name, any other by folder. ValueError when there is none."""
    if str(name_or_folder) == EMBEDDED:
        folder = Path(str(files("limner") / EMBEDDED))
    else:
        folder = Path(name_or_folder)
    if not (folder / "limner.json").is_file():
        raise ValueError(
            f'There is no model at {folder}: it holds no limner.json. Use "{EMBEDDED}" or a folder that '
            "`limner train miniature` has written."
        )
    return folder
