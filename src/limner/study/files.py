"""Writing a drawn study to a folder, whole or not at all.

Knows files; knows nothing about how pairs are drawn. Pictures are encoded anew from their pixels, so that no
metadata of a run is left in them.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from limner.study.draw import Drawn
from limner.study.pairs import KEY_FILE, PICTURES, STUDY_FILE, key_to_json, study_to_json

PRIVATE = 0o600


def write_study(drawn: Drawn, folder: Path) -> Path:
    """Write `study.json`, `key.json` and `pictures/`; the folder.

    ValueError when the folder holds anything already, since votes of an older study might be in it.
    """
    check_empty(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        (fresh / PICTURES).mkdir(parents=True)
        for name in sorted(drawn.pictures):
            (fresh / PICTURES / name).write_bytes(drawn.pictures[name].to_png())
        _write_json(study_to_json(drawn.study), fresh / STUDY_FILE)
        _write_json(key_to_json(drawn.key), fresh / KEY_FILE)
        (fresh / KEY_FILE).chmod(PRIVATE)
        if folder.exists():
            folder.rmdir()
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def check_empty(folder: Path) -> None:
    """ValueError when something is in the folder already."""
    if folder.is_dir() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty; give a new folder, so that no votes are mixed.")


def _write_json(data: Mapping[str, Any], path: Path) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
