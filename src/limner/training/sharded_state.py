"""Tensors that are split among processes, on disk: written by all at once, read by any number of processes.

torch.distributed.checkpoint in its safetensors format (every file an ordinary safetensors file whose header
says which part of which tensor it holds), so nothing is ever unpickled. Knows names and tensors only.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor
from torch import distributed as dist
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader, HuggingFaceStorageWriter
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save


def write_tensors(folder: Path, tensors: Mapping[str, Tensor]) -> None:
    """Every process calls this with its parts; `folder` exists."""
    writer = HuggingFaceStorageWriter(path=str(folder), save_distributed=True)
    with _quiet():
        save(dict(tensors), storage_writer=writer, no_dist=not dist.is_initialized())


def read_tensors_into(folder: Path, own: Mapping[str, Tensor]) -> None:
    """Fill `own` in place from what `write_tensors` wrote, however many processes wrote it."""
    with _quiet():
        load(
            dict(own),
            storage_reader=HuggingFaceStorageReader(path=str(folder)),
            no_dist=not dist.is_initialized(),
        )


def stored_names(folder: Path) -> set[str]:
    """The names of the tensors in `folder`."""
    return set(HuggingFaceStorageReader(path=str(folder)).read_metadata().state_dict_metadata)


@contextmanager
def _quiet() -> Iterator[None]:
    """torch warns about its own use of its own functions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
