"""Training state on disk: weights, optimizer moments, moving average and counters, written whole or not at
all.

Knows safetensors, JSON and folders. Knows nothing about losses, data or schedules. One process writes a file
a part, several write a folder of shards a part (`sharded_state.py`); either is read by any number of
processes. Also holds `Chance`, the random numbers of one micro-batch: they depend on (seed, step, micro)
alone, so nothing about them needs to be saved.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from limner.models.filling import copy_into
from limner.training.processes import Processes
from limner.training.sharded_state import read_tensors_into, stored_names, write_tensors

STATE_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class SampleRng:
    """The source of all randomness of one micro-batch, computed from counters."""

    seed: int
    step: int
    micro: int = 0
    accumulation: int = 1

    @property
    def number(self) -> int:
        """Micro-batches before this one in the whole run."""
        return self.step * self.accumulation + self.micro

    def numpy(self, purpose: int = 0) -> np.random.Generator:
        """A fresh generator; another `purpose` gives an independent stream."""
        return np.random.default_rng((self.seed, self.step, self.micro, purpose))

    def torch(self, device: torch.device | str = "cpu", purpose: int = 1) -> torch.Generator:
        """The same for torch, on `device`."""
        value = int(self.numpy(purpose).integers(2**62))
        return torch.Generator(device=device).manual_seed(value)


class MovingAverage:
    """Exponential moving average of the trainable parameters; follows quickly at first (decay (1 + n) / (10 +
    n)).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values = {name: p.detach().clone() for name, p in trainable(network).items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move towards the parameters after `step` finished optimizer steps."""
        decay = min(self.decay, (1 + step) / (10 + step))
        parameters = trainable(network)
        mine = [self.values[name] for name in parameters]
        torch._foreach_lerp_(mine, [p.detach() for p in parameters.values()], 1.0 - decay)

    @contextmanager
    def applied(self, network: nn.Module) -> Iterator[None]:
        """Inside, the network holds the averaged weights; afterwards its own again."""
        parameters = trainable(network)
        kept = {name: p.detach().clone() for name, p in parameters.items()}
        _copy_into(parameters, self.values)
        try:
            yield
        finally:
            _copy_into(parameters, kept)


def trainable(network: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that an optimizer moves, by name, each shared one once."""
    return {name: p for name, p in network.named_parameters() if p.requires_grad}


def save_state(
    folder: Path,
    *,
    step: int,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: MovingAverage | None,
    notes: Mapping[str, Any],
    processes: Processes | None = None,
) -> None:
    """Write everything a resumed run needs; a crash at any moment leaves the previous state readable.

    Every process calls it at the same step.
    """
    fresh = folder.with_name(folder.name + ".fresh")
    parts = {"network": _weights(network), "optimizer": _moments(network, optimizer)}
    if average is not None:
        parts["average"] = {k: v.contiguous() for k, v in average.values.items()}
    first, several = processes is None or processes.is_first, processes is not None and processes.size > 1
    if first:
        shutil.rmtree(fresh, ignore_errors=True)
        for name in parts if several else ():
            (fresh / name).mkdir(parents=True)
        fresh.mkdir(parents=True, exist_ok=True)
    if processes is not None:
        processes.wait()
    for name, tensors in parts.items():
        if several:
            write_tensors(fresh / name, tensors)
        else:
            save_file(tensors, fresh / f"{name}.safetensors")
    if processes is not None:
        processes.wait()
    if first:
        told = {"version": STATE_VERSION, "step": step, "notes": dict(notes)}
        (fresh / "state.json").write_text(json.dumps(told, indent=1))
        replace_folder(fresh, folder)
    if processes is not None:
        processes.wait()


def load_state(
    folder: Path,
    *,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: MovingAverage | None,
) -> tuple[int, dict[str, Any]]:
    """Fill network, optimizer and average in place; returns (finished steps, notes). ValueError names what
    differs.
    """
    folder = existing_state(folder) or folder
    if not (folder / "state.json").is_file():
        raise ValueError(f"There is no training state in {folder}; start without resuming.")
    told = json.loads((folder / "state.json").read_text())
    if told.get("version") != STATE_VERSION:
        raise ValueError(
            f"{folder} holds training state version {told.get('version')}, this limner reads "
            f"{STATE_VERSION}; delete the folder and start that stage again."
        )
    _fill(folder, "network", _weights(network))
    _fill(folder, "optimizer", _empty_moments(network, optimizer, _names(folder, "optimizer")))
    if average is not None:
        _fill(folder, "average", average.values)
    return int(told["step"]), dict(told["notes"])


def existing_state(folder: Path) -> Path | None:
    """The readable state at `folder`, or the one a crash between two renames left beside it, or None."""
    for candidate in (folder, folder.with_name(folder.name + ".last")):
        if (candidate / "state.json").is_file():
            return candidate
    return None


def replace_folder(fresh: Path, folder: Path) -> None:
    """Put `fresh` where `folder` is; at every moment one of the two is whole on disk."""
    last = folder.with_name(folder.name + ".last")
    if folder.exists():
        shutil.rmtree(last, ignore_errors=True)
        os.rename(folder, last)
    os.rename(fresh, folder)
    shutil.rmtree(last, ignore_errors=True)


def _weights(network: nn.Module) -> dict[str, Tensor]:
    """Trainable parameters and persistent buffers: frozen parts belong to their own checkpoints."""
    persistent = set(network.state_dict().keys())
    kept: dict[str, Tensor] = {name: p.detach() for name, p in trainable(network).items()}
    kept.update({name: b for name, b in network.named_buffers() if name in persistent})
    return {name: value.contiguous() for name, value in kept.items()}


def _moments(network: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    moments: dict[str, Tensor] = {}
    for name, parameter in trainable(network).items():
        for key, value in optimizer.state.get(parameter, {}).items():
            moments[f"{key}:{name}"] = value.detach().contiguous()
    return moments


def _empty_moments(
    network: nn.Module, optimizer: torch.optim.Optimizer, stored: set[str]
) -> dict[str, Tensor]:
    """The optimizer's own tensors of these names ("exp_avg:weight"), to be filled.

    A parameter that never got a gradient has none.
    """
    parameters = trainable(network)
    optimizer.state.clear()
    for key in sorted(stored):
        kind, _, name = key.partition(":")
        if name not in parameters:
            raise ValueError(
                f"The stored optimizer knows {name!r}, this network does not; start the stage again."
            )
        like = parameters[name].detach()
        steps = torch.zeros((), dtype=torch.float32, device=like.device)
        optimizer.state[parameters[name]][kind] = steps if kind == "step" else torch.zeros_like(like)
    return _moments(network, optimizer)


def _names(folder: Path, part: str) -> set[str]:
    """The tensors of one part of a state, whichever number of processes wrote it."""
    path = folder / f"{part}.safetensors"
    if path.is_file():
        with safe_open(path, framework="pt") as file:
            return set(file.keys())
    if not (folder / part).is_dir():
        raise ValueError(f"{folder} holds no {part}; delete the folder and start that stage again.")
    return stored_names(folder / part)


def _fill(folder: Path, part: str, own: Mapping[str, Tensor]) -> None:
    """Fill `own` in place from one part of a state."""
    path = folder / f"{part}.safetensors"
    _same_keys(path, own.keys(), _names(folder, part))
    if path.is_file():
        _copy_into(own, load_file(path))
    else:
        read_tensors_into(folder / part, own)


def _same_keys(path: Path, own: Any, stored: Any) -> None:
    missing, unexpected = sorted(set(own) - set(stored)), sorted(set(stored) - set(own))
    if missing or unexpected:
        raise ValueError(
            f"{path} does not fit this network: missing {missing[:5]}, unexpected {unexpected[:5]}."
        )


@torch.no_grad()
def _copy_into(own: Mapping[str, Tensor], stored: Mapping[str, Tensor]) -> None:
    for name, tensor in own.items():
        if tensor.shape != stored[name].shape:
            shapes = f"{tuple(stored[name].shape)}, expected {tuple(tensor.shape)}"
            raise ValueError(f"{name} is stored with shape {shapes}; start the stage again.")
        copy_into(tensor, stored[name])
