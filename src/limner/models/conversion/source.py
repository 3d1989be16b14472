"""Other people's weight files, read without running anything in them.

Knows torch's and safetensors' files and the two ways to split them. Knows no names of weights. The only place
of this project that calls `torch.load`, and only for tensors (`weights_only=True`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from limner.models.conversion.hub import HUB_NAME
from limner.models.shards import read_json

TORCH_SUFFIXES: Final = (".bin", ".pt", ".pth")
# A folder's weights: the first of these that is there.
FOLDER_FILES: Final = (
    "model.safetensors.index.json",
    "model.safetensors",
    "diffusion_pytorch_model.safetensors.index.json",
    "diffusion_pytorch_model.safetensors",
    "pytorch_model.bin.index.json",
    "pytorch_model.bin",
)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, or of a folder in the layouts of transformers and diffusers, by their own names.

    Files are mapped into memory where their format allows, so content is read when it is used.

    Raises:
        ValueError: nothing there, nothing readable, or anything but named tensors in it.
    """
    if path.is_dir():
        return _read_folder(path)
    if not path.is_file():
        raise ValueError(f"There is no weight file {path}.")
    if path.suffix in TORCH_SUFFIXES:
        return _named_tensors(_load_torch(path), path)
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is no readable safetensors file: {error}.") from error


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


def local_folder(path_or_id: str | Path, what: str) -> Path:
    """A folder or file that is here, else the hub repository of this name, downloaded into its cache.

    Raises:
        ValueError: it is neither here nor can it be had from the hub.
    """
    path = Path(path_or_id)
    if path.exists():
        return path
    if not HUB_NAME.fullmatch(str(path_or_id)):
        raise ValueError(f"There is no {what} at {path_or_id}.")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(str(path_or_id)))
    except Exception as error:  # the library raises its own, httpx's and the system's
        raise ValueError(
            f"{path_or_id} is no folder here, and the hub could not be asked for it "
            f"({type(error).__name__}); download it where there is a network and pass the folder."
        ) from error


def _read_folder(folder: Path) -> dict[str, Tensor]:
    name = next((name for name in FOLDER_FILES if (folder / name).is_file()), None)
    if name is None:
        raise ValueError(
            f"There are no weights in {folder}; it should hold one of {', '.join(FOLDER_FILES)}."
        )
    if not name.endswith(".index.json"):
        return read_weights(folder / name)
    places = read_json(folder / name).get("weight_map", {})
    tensors: dict[str, Tensor] = {}
    for file in sorted(set(places.values())):
        if Path(file).name != file or not (folder / file).is_file():
            raise ValueError(f"{folder / name} names the file {file!r}, which is not beside it.")
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
