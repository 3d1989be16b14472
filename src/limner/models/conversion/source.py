"""Other people's weight files, read without running anything in them.

Knows torch's and safetensors' files and the two ways to split them. Knows no names of weights. The only place
of this project that calls `torch.load`, and only for tensors (`weights_only=True`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from limner.models.conversion.hub import shards_below
from limner.models.conversion.weight_files import USUAL, chosen
from limner.models.shards import read_json

TORCH_SUFFIXES: Final = (".bin", ".pt", ".pth")


def read_weights(path: Path, prefixes: Sequence[str] = ()) -> dict[str, Tensor]:
    """The tensors of a file, or of a folder in the layouts of transformers and diffusers, by their own names.

    Files are mapped into memory where their format allows, so content is read when it is used. Of a folder's
    shards only those are read (and need be there) that hold names with one of `prefixes`.

    Raises:
        ValueError: nothing there, nothing readable, or anything but named tensors in it.
    """
    if path.is_dir():
        return read_weights(weights_in(path), prefixes)
    if not path.is_file():
        raise ValueError(f"There is no weight file {path}.")
    if path.name.endswith(".json"):
        return _read_shards(path, prefixes)
    if path.suffix in TORCH_SUFFIXES:
        return _named_tensors(_load_torch(path), path)
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is no readable safetensors file: {error}.") from error


def weights_in(folder: Path, usual: str | None = None) -> Path:
    """The file of a folder that holds its weights, or the index of several.

    Raises:
        ValueError: there is none, and no `usual` name for it either.
    """
    names = [path.name for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    best = chosen(names)
    if best is None and usual is None:
        raise ValueError(f"There are no weights in {folder}; it should hold {USUAL}.")
    return folder / (usual or "" if best is None else best.name)


def without_prefix(tensors: Mapping[str, Tensor], prefixes: Iterable[str]) -> dict[str, Tensor]:
    """Tensors below the first of `prefixes` that any name has, without it; all of them when none has."""
    for prefix in prefixes:
        below = {
            name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)
        }
        if below:
            return below
    return dict(tensors)


def shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Name -> shape."""
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def _read_shards(index: Path, prefixes: Sequence[str]) -> dict[str, Tensor]:
    places, folder = read_json(index).get("weight_map", {}), index.parent
    tensors: dict[str, Tensor] = {}
    for file in sorted(shards_below(places, prefixes)):
        if Path(file).name != file or not (folder / file).is_file():
            raise ValueError(f"{index} names the file {file!r}, which is not beside it.")
        tensors |= read_weights(folder / file)
    return tensors


def _load_torch(path: Path) -> object:
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except UnpicklingError as error:
        raise ValueError(
            f"{path} is no torch file of tensors alone, and anything else in it is not run; "
            "save its state dict again."
        ) from error
    except (RuntimeError, ValueError):
        pass  # files of old versions cannot be mapped
    except (OSError, EOFError) as error:
        raise ValueError(f"{path} is no readable torch file: {error}.") from error
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged archive makes the library raise
        raise ValueError(f"{path} is no readable torch file of tensors: {error}.") from error


def _named_tensors(content: object, path: Path) -> dict[str, Tensor]:
    if isinstance(content, Mapping) and len(content) == 1:  # wrapped by a trainer
        only = next(iter(content.values()))
        content = only if isinstance(only, Mapping) else content
    if not isinstance(content, Mapping) or not content:
        raise ValueError(f"{path} holds no state dict.")
    others = [str(name) for name, value in content.items() if not isinstance(value, Tensor)]
    if others:
        raise ValueError(f"{path} holds more than tensors: {', '.join(others[:3])}; save its state dict.")
    return {str(name): tensor for name, tensor in content.items()}
