"""What a command is given, looked at before anything heavy is imported: a wrong name is told at once.

Knows files and folders; loads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from limner.cli.terminal import err, plain
from limner.inference.model_folder import checkpoint_folder, fingerprint
from limner.inference.saved_header import check_saved
from limner.perception.endpoint.address import api_url
from limner.perception.pipeline_folder import pipeline_folder
from limner.planning.loading import PLANNED_ONLY
from limner.planning.names import DIFFUSERS, ENDPOINT, is_planned
from limner.training.finished import unfinished_sentence

_DEVICE = re.compile(r"(cpu|cuda|mps|xpu|hpu|xla|meta)(:\d+)?")


def model_given(model: str, words: Sequence[str] = ()) -> Path | None:
    """The folder of a model, None for a painter without memory. ValueError when there is none, or `words` of
    `--with` are not right for it; a note when its training has not finished.
    """
    if is_planned(model):
        planned_given(model, words)
        return None
    if words:
        raise ValueError(PLANNED_ONLY)
    folder = checkpoint_folder(model)
    told = unfinished_sentence(folder)
    if told is not None:
        err.print(plain(f"note: {told}"))
    return folder


def planned_given(model: str, words: Sequence[str]) -> None:
    """ValueError when the address, the pipeline's folder or the words of `--with` are wrong."""
    from limner.planning.opening import Planning

    Planning.from_words(words)
    if model.startswith(ENDPOINT):
        api_url(model.removeprefix(ENDPOINT))
    elif model.startswith(DIFFUSERS):
        pipeline_folder(model.removeprefix(DIFFUSERS))


def pictures_given(files: Sequence[Path]) -> None:
    """ValueError for a picture that is not there."""
    for file in files:
        if not file.is_file():
            what = "is a folder" if file.is_dir() else "is not there"
            raise ValueError(f"The picture {file} {what}; give the path of a picture's file.")


def conversation_given(file: Path, model: Path | None, fork: str | None = None) -> None:
    """ValueError when a file that is there is no conversation of this model (None: of a painter without
    memory), or has no such round.
    """
    if file.is_file() and file.stat().st_size:
        from limner.planning.plan import KIND

        check_saved(file, KIND if model is None else fingerprint(model), fork)


def folder_given(folder: Path, what: str, remedy: str) -> None:
    """ValueError when a folder that is read is not there."""
    if not folder.is_dir():
        raise ValueError(f"There is no {what} at {folder}; {remedy}.")


def file_given(file: Path, what: str) -> None:
    """ValueError when a file that is read is not there."""
    if not file.is_file():
        problem = f"{file} is a folder" if file.is_dir() else f"There is no {what} at {file}"
        raise ValueError(f"{problem}; give the path of its file.")


def device_given(device: str | None) -> None:
    """ValueError unless `device` reads like a torch device; only torch knows whether the machine has it."""
    if device is not None and not _DEVICE.fullmatch(device):
        raise ValueError(f"There is no device {device!r}; give cpu, cuda, cuda:1 or the like.")
