"""Named tensors <-> one safetensors file, or shards with an index beside them.

Knows files and tensors. Knows nothing about networks or components. Tensors may be made as they are written,
so that a model need not fit into memory twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

# Some places that host or carry weights refuse larger files; a model of gigabytes goes elsewhere anyway.
MAX_FILE_BYTES: Final = 14 * 2**20
LARGE_BYTES: Final = 2**30
MAX_LARGE_FILE_BYTES: Final = 4 * 2**30
WEIGHTS: Final = "model.safetensors"
INDEX: Final = "model.safetensors.index.json"


@dataclass(frozen=True, kw_only=True)
class LazyTensor:
    """A tensor that is made when it is needed: its shape and number format, known before, and how."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    make: Callable[[], Tensor]

    @property
    def num_bytes(self) -> int:
        count = 1
        for side in self.shape:
            count *= side
        return count * self.dtype.itemsize


def lazy(tensor: Tensor) -> LazyTensor:
    """A tensor that is there."""
    return LazyTensor(shape=tuple(tensor.shape), dtype=tensor.dtype, make=lambda: tensor)


def stored_dtype(tensor: LazyTensor) -> torch.dtype:
    """32-bit matrices are stored as bfloat16, 16-bit ones as they are, vectors as float32."""
    if not tensor.dtype.is_floating_point:
        return tensor.dtype
    if len(tensor.shape) < 2:
        return torch.float32
    return tensor.dtype if tensor.dtype.itemsize == 2 else torch.bfloat16


def write_shards(
    folder: Path, tensors: Mapping[str, LazyTensor], *, matrix_dtype: torch.dtype | None = None
) -> None:
    """Writes `folder/model.safetensors`, or shards and their index, each file complete or not at all.

    Files are of at most 14 MiB (4 GiB for more than 1 GiB together), a larger single tensor excepted.

    Args:
        folder: exists.
        tensors: in the order of the files.
        matrix_dtype: for matrices, in place of `stored_dtype`'s.
    """
    planned: dict[str, LazyTensor] = {}
    for key, tensor in tensors.items():
        dtype = stored_dtype(tensor)
        if matrix_dtype is not None and dtype.is_floating_point and len(tensor.shape) >= 2:
            dtype = matrix_dtype
        planned[key] = LazyTensor(shape=tensor.shape, dtype=dtype, make=tensor.make)
    total = sum(tensor.num_bytes for tensor in planned.values())
    most = MAX_FILE_BYTES if total <= LARGE_BYTES else MAX_LARGE_FILE_BYTES
    shards: list[list[str]] = [[]]
    filled = 0
    for key, tensor in planned.items():
        if shards[-1] and filled + tensor.num_bytes > most - 2**16:  # room for the header
            shards.append([])
            filled = 0
        shards[-1].append(key)
        filled += tensor.num_bytes
    places: dict[str, str] = {}
    for number, keys in enumerate(shards, start=1):
        name = WEIGHTS if len(shards) == 1 else f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        save_file({key: _made(planned[key]) for key in keys}, folder / name, metadata={"format": "pt"})
        places |= dict.fromkeys(keys, name)
    if len(shards) > 1:
        index = {"metadata": {"total_size": total}, "weight_map": places}
        write_text(folder / INDEX, json.dumps(index, indent=2) + "\n")


def read_shards(folder: Path) -> dict[str, Tensor]:
    """All tensors of a folder, from one file or from shards.

    Raises:
        ValueError: nothing there, an unreadable file, or shards that do not hold what their index says.
    """
    if (folder / WEIGHTS).is_file():
        return _read_file(folder / WEIGHTS)
    if not (folder / INDEX).is_file():
        raise ValueError(f"There are no weights in {folder}; it should hold {WEIGHTS} or {INDEX}.")
    places = read_json(folder / INDEX).get("weight_map", {})
    tensors: dict[str, Tensor] = {}
    for file in sorted(set(places.values())):
        if Path(file).name != file or not (folder / file).is_file():
            raise ValueError(f"{folder / INDEX} names the file {file!r}, which is not beside it.")
        tensors |= _read_file(folder / file)
    if tensors.keys() != places.keys():
        raise ValueError(
            f"The shards in {folder} do not hold the tensors that {INDEX} lists; copy them again."
        )
    return tensors


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object. ValueError when the file holds none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not readable JSON: {error}.") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} should hold a JSON object.")
    return content


def write_text(path: Path, text: str) -> None:
    """Writes a small file, complete or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def _made(tensor: LazyTensor) -> Tensor:
    # A copy: tied weights share memory, which the format refuses.
    return tensor.make().detach().to("cpu", tensor.dtype, copy=True).contiguous()


def _read_file(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is not a readable safetensors file: {error}.") from error
