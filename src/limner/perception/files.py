"""Where weights of others are kept, and the sentence for one that is missing. Fetches nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

FOLDER_VARIABLE: Final = "LIMNER_WEIGHTS"


def weights_folder() -> Path:
    """The folder in `LIMNER_WEIGHTS`, or `~/.cache/limner/weights`."""
    return Path(os.environ.get(FOLDER_VARIABLE) or Path.home() / ".cache/limner/weights")


def weights_file(name: str, source: str) -> Path:
    """The path of a file of weights; ValueError says where it comes from when it is not there."""
    path = weights_folder() / name
    if not path.is_file():
        raise ValueError(
            f"{path} is missing; get it from {source} and put it there, or name another folder in "
            f"{FOLDER_VARIABLE}."
        )
    return path
