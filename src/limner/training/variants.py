"""A run's model with one component exchanged, as a folder of its own: OUT/model_NAME beside OUT/model.

So that baselines and variants can be compared with the model they share all else with. Knows folders. Knows
nothing about training.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from limner.models.checkpoint import MANIFEST, load_manifest, own_tensors, save_manifest, save_tensors
from limner.models.token_head import HEAD_KINDS
from limner.training.components import gathered, link_or_copy
from limner.training.run_context import RunContext


def variant_folder(context: RunContext, name: str) -> Path:
    """Where the variant `name` of this run's model lies."""
    return context.out / f"model_{name}"


def write_variant(context: RunContext, name: str, component: str, network: nn.Module) -> Path:
    """Write OUT/model as it stands, but with `network` as its `component` and the context's preset.

    Shared files are hard links where the file system has them; finished components are never written in
    place, so a link can't change. Every process calls it.
    """
    tensors = gathered(context, own_tensors(network))
    if context.team.is_first:
        _write(context, name, component, tensors)
    context.team.wait()
    return variant_folder(context, name)


def _write(context: RunContext, name: str, component: str, tensors: Mapping[str, Tensor]) -> None:
    base, folder = context.model_folder, variant_folder(context, name)
    fresh, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    for part in sorted(base.iterdir()):
        if part.is_dir() and part.name != component and not part.name.startswith("."):
            shutil.copytree(part, fresh / part.name, copy_function=link_or_copy)
    head_kinds = load_manifest(base)[1] if (base / MANIFEST).is_file() else HEAD_KINDS
    save_manifest(fresh, context.preset, head_kinds)
    save_tensors(fresh, component, tensors)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
