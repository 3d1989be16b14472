"""A checkpoint written as a whole: it appears when it is complete, and not at all when anything fails.

Knows folders and components' tensors. Knows no public names.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from limner.models.adapters import ADAPTER
from limner.models.checkpoint import save_manifest, save_tokenizer
from limner.models.model import COMPONENTS
from limner.models.presets import Preset
from limner.models.shards import LazyTensor, write_shards
from limner.models.tokenizer import TextTokenizer

SHARED = ("tokenizer", "senses", ADAPTER)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder to fill, which takes the name `target` at the end; after an error nothing is left.

    Raises:
        ValueError: `target` is there already.
    """
    if target.exists():
        raise ValueError(f"{target} is there already; choose a new folder.")
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)  # what a killed run left
    fresh.mkdir(parents=True)
    try:
        yield fresh
        fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def write_component(
    folder: Path, name: str, tensors: Mapping[str, LazyTensor], matrix_dtype: torch.dtype | None = None
) -> None:
    """One component's files in a new folder."""
    (folder / name).mkdir()
    write_shards(folder / name, tensors, matrix_dtype=matrix_dtype)


def write_around(
    folder: Path, preset: Preset, head_kinds: Sequence[str], tokenizer: TextTokenizer | None
) -> None:
    """What a checkpoint has besides its components."""
    save_manifest(folder, preset, head_kinds)
    if tokenizer is not None:
        save_tokenizer(folder, tokenizer)


def link_components(folder: Path, other: Path, own: Sequence[str]) -> None:
    """Links to the components of `other` that `folder` has not itself: a second checkpoint for the price of
    what differs. `other` must stay where it is relative to `folder`'s final place, its sibling or parent.
    """
    for name in (*COMPONENTS, *SHARED):
        if name not in own and (other / name).exists():
            (folder / name).symlink_to(os.path.relpath(other / name, folder), target_is_directory=True)
