"""Safetensors bytes under a seal: one digest over the whole file, so that not a bit of it changes unnoticed.

The digest stands in the file's metadata and is taken with zeros in its own place. Knows safetensors' layout
(an 8-byte length, a JSON header, the data). Knows nothing about what the tensors are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from safetensors import SafetensorError, deserialize

if TYPE_CHECKING:  # who only reads a file's header does without torch
    from torch import Tensor

# A header is read by a parser that lets no other thread run meanwhile; 2,000 rounds take half of this.
MAX_HEADER_BYTES: Final = 8 * 2**20
_LENGTH: Final = 8
_KEY: Final = "digest"
_ZEROS: Final = "0" * 64


def sealed(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """The tensors and metadata as a safetensors file with its digest."""
    from safetensors.torch import save

    data = save(dict(tensors), metadata={**metadata, _KEY: _ZEROS})
    place = _place(data, _ZEROS)
    return b"".join((data[:place], _digest(data, place).encode(), data[place + len(_ZEROS) :]))


def header_of(path: Path) -> bytes:
    """The beginning of a file, as much as `metadata_of` needs of it."""
    with path.open("rb") as file:
        length = file.read(_LENGTH)
        return length + file.read(min(int.from_bytes(length, "little"), MAX_HEADER_BYTES))


def metadata_of(data: bytes) -> dict[str, str]:
    """A safetensors file's metadata; ValueError when it has none that can be read."""
    length = int.from_bytes(data[:_LENGTH], "little")
    if not 0 < length <= min(MAX_HEADER_BYTES, len(data) - _LENGTH):
        raise ValueError("it has no header of such a file")
    try:
        header = json.loads(data[_LENGTH : _LENGTH + length])
        metadata = header["__metadata__"]
        return {str(name): str(value) for name, value in metadata.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("its header cannot be read") from None


def check_seal(data: bytes, metadata: Mapping[str, str]) -> None:
    """ValueError unless the bytes are those that were sealed."""
    said = metadata.get(_KEY, "")
    place = _place(data, said) if len(said) == len(_ZEROS) else -1
    if place < 0 or _digest(data, place) != said:
        raise ValueError("its bytes are not those that were written; take it from a backup")


def parts_of(data: bytes) -> dict[str, dict[str, Any]]:
    """Each tensor's dtype, shape and data by name; ValueError when the file is no such file."""
    try:
        return dict(deserialize(data))  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise ValueError("it is not a whole safetensors file") from error


def _place(data: bytes, digest: str) -> int:
    """Where the digest stands; quotes inside of texts are escaped, so this cannot be one of those."""
    end = _LENGTH + int.from_bytes(data[:_LENGTH], "little")
    mark = f'"{_KEY}":"'
    found = data.find(f'{mark}{digest}"'.encode(), 0, end)
    return found + len(mark) if found >= 0 else -1


def _digest(data: bytes, place: int) -> str:
    digest = hashlib.sha256(data[:place])
    digest.update(_ZEROS.encode())
    digest.update(memoryview(data)[place + len(_ZEROS) :])
    return digest.hexdigest()
