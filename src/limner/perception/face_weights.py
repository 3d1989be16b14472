"""Where the recogniser of the face reader `light` finds its weights: a folder of the user's.

Knows the two files and the command that fetches them; reads nothing else, and loads nothing heavy.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Final

FOLDER_VARIABLE: Final = "LIMNER_FACE_WEIGHTS"
WEIGHTS: Final = "face_recognition_model.bin"
MANIFEST: Final = "face_recognition_model-weights_manifest.json"
SHA256: Final = "c2cf51e45a1f96cf2ba75d6b588dc259d7f602a813ff6efbeba4884d7359fad1"  # of manifest and weights
_VERSION: Final = "1.7.15"


def face_weights_files(folder: str | Path = "") -> tuple[Path, Path]:
    """The weights and their manifest in `folder`, by default the folder in `LIMNER_FACE_WEIGHTS`.

    Raises:
        ValueError: no folder is named, or a file is missing; says with which command the files are fetched.
    """
    named = folder or os.environ.get(FOLDER_VARIABLE, "")
    if not named:
        raise ValueError(
            f"Faces by light need a folder of weights, named in {FOLDER_VARIABLE} or as light=FOLDER; "
            f"fill it with: {fetching('FOLDER')}"
        )
    weights, manifest = Path(named) / WEIGHTS, Path(named) / MANIFEST
    for path in (weights, manifest):
        if not path.is_file():
            raise ValueError(
                f"Faces by light need {path}, which is missing; fetch it with: {fetching(str(named))}"
            )
    return weights, manifest


def fetching(folder: str) -> str:
    """The shell command that puts both files into `folder`."""
    place, archive = shlex.quote(folder), f"vladmandic-face-api-{_VERSION}.tgz"
    return (
        f"mkdir -p {place} && npm pack @vladmandic/face-api@{_VERSION} && tar -xzf {archive} "
        f"--strip-components=2 -C {place} package/model/{WEIGHTS} package/model/{MANIFEST}"
    )
