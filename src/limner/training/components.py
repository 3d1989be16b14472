"""Finished components in a run's checkpoint folder: written by one rung, read by later ones.

Knows which class belongs to which sub-folder. The files themselves are `limner.models.checkpoint`'s business.
"""

from __future__ import annotations

import os
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from limner.training.workshop import Workshop


def write_component(workshop: Workshop, name: str, module: nn.Module) -> None:
    """Write `module`'s weights to `model/NAME/`; the previous ones stay readable until the new ones are whole."""
    folder = workshop.model_folder / name
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / "model.safetensors.fresh"
    weights = {key: value.detach().cpu().contiguous() for key, value in module.state_dict().items()}
    save_file(weights, fresh)
    os.replace(fresh, folder / "model.safetensors")


def read_component(workshop: Workshop, name: str, module: nn.Module) -> nn.Module:
    """Fill `module` from `model/NAME/`, strictly, and move it to the device. ValueError says which rung is missing."""
    path = workshop.model_folder / name / "model.safetensors"
    if not has_component(workshop.model_folder, name):
        raise ValueError(f"{path} does not exist yet; train the rung that makes {name!r} first.")
    stored = load_file(path)
    own = module.state_dict()
    missing, unexpected = sorted(set(own) - set(stored)), sorted(set(stored) - set(own))
    if missing or unexpected:
        raise ValueError(f"{path} does not fit: missing {missing[:5]}, unexpected {unexpected[:5]}.")
    module.load_state_dict({key: value.to(torch.float32) for key, value in stored.items()})
    return module.to(workshop.device)


def has_component(model_folder: Path, name: str) -> bool:
    """Whether some rung has written `name`."""
    return (model_folder / name / "model.safetensors").is_file()
