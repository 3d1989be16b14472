"""Where a pipeline of diffusers lies. Knows files; loads nothing."""

from __future__ import annotations

from pathlib import Path


def pipeline_folder(folder: str | Path) -> Path:
    """The folder. ValueError when it holds no pipeline."""
    if not (Path(folder) / "model_index.json").is_file():
        raise ValueError(f"{folder} holds no diffusers pipeline: model_index.json is missing.")
    return Path(folder)
