"""Finished components in a run's checkpoint folder: written by one stage, read by later ones.

Knows what a missing component means to a stage. The files themselves are `limner.models.checkpoint`'s
business, which stores matrices in bfloat16: what a later stage reads is exactly what is shipped.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from limner.models.adapters import ADAPTER, CONFIG, adapter_tensors, write_adapter
from limner.models.checkpoint import (
    MANIFEST,
    has_component,
    load_component,
    load_manifest,
    own_tensors,
    read_tensors,
    save_manifest,
    save_tensors,
)
from limner.models.mllm import MultimodalLLM
from limner.models.model import build_component
from limner.models.token_head import HEAD_KINDS, TokenHeads
from limner.models.tokenizer import TextTokenizer
from limner.models.vision import ImageTokenizer
from limner.training.processes import whole_tensor
from limner.training.run_context import RunContext
from limner.training.state import replace_folder

Network = TypeVar("Network", bound=nn.Module)


def write_component(context: RunContext, name: str, network: nn.Module) -> None:
    """Write `network` to `model/NAME/`, whole or not at all, and the manifest that makes the folder a
    checkpoint.

    Every process calls it; split tensors are gathered and the first process writes.
    """
    tensors = gathered(context, own_tensors(network))
    if context.team.is_first:
        save_tensors(context.model_folder, name, tensors)
        kinds = network.kinds if isinstance(network, TokenHeads) else _head_kinds(context.model_folder)
        save_manifest(context.model_folder, context.preset, kinds)
    context.team.wait()


def write_adapter_component(context: RunContext, language: MultimodalLLM) -> None:
    """Write `model/adapter/`, a peft folder, whole or not at all; `model/language/` stays as it is."""
    inside, beside = (gathered(context, part) for part in adapter_tensors(language))
    if context.team.is_first:
        folder = context.model_folder / ADAPTER
        fresh = folder.with_name(f".{ADAPTER}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        write_adapter(fresh, language, (inside, beside))
        replace_folder(fresh, folder)
    context.team.wait()


def gathered(context: RunContext, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`tensors` in full on the first process's CPU, gathered one at a time; empty on the others."""
    if context.team.size == 1:
        return dict(tensors)
    kept: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        whole = whole_tensor(tensor)
        if context.team.is_first:
            kept[name] = whole.detach().cpu()
    return kept


def start_from(folder: Path, model_folder: Path) -> None:
    """Put the components of the checkpoint `folder` where a run has none of its own yet."""
    if not (folder / MANIFEST).is_file():
        raise ValueError(f"{folder} is no limner checkpoint: it has no {MANIFEST}.")
    model_folder.mkdir(parents=True, exist_ok=True)
    for part in sorted(folder.iterdir()):
        target = model_folder / part.name
        if target.exists():
            continue
        fresh = target.with_name(f".{part.name}.new")
        if part.is_dir():
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(part, fresh, copy_function=link_or_copy)
        else:
            shutil.copy2(part, fresh)
        fresh.rename(target)


def link_or_copy(source: str, target: str) -> None:
    """A hard link where the file system has them: a finished component is never written in place."""
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def _head_kinds(model_folder: Path) -> tuple[str, ...]:
    """Those that the checkpoint has; both in a folder that has no manifest yet."""
    return load_manifest(model_folder)[1] if (model_folder / MANIFEST).is_file() else HEAD_KINDS


def read_component(
    context: RunContext, name: str, network: Network, *, device: torch.device | None = None
) -> Network:
    """Fill `network` from `model/NAME/`, strictly, and move it to `device`, by default the context's.
    ValueError says which is missing.
    """
    if not is_made(context.model_folder, name):
        raise ValueError(f"{context.model_folder} has no {name}/ yet; train the stage that makes it first.")
    return load_component(context.model_folder, name, network).to(device or context.device)


def read_with_new_parts(model_folder: Path, name: str, network: Network, parts: Collection[str]) -> Network:
    """`network` as `model/NAME/` has it, where there is one; of modules called one of `parts` that the
    checkpoint does not know yet, what they begin with.
    """
    if is_made(model_folder, name):
        stored, own = read_tensors(model_folder / name), network.state_dict()
        new = {
            key: own[key] for key in own.keys() - stored.keys() if not set(parts).isdisjoint(key.split("."))
        }
        network.load_state_dict(stored | new)
    return network


def read_heads(context: RunContext, heads: TokenHeads, *, device: torch.device | None = None) -> TokenHeads:
    """Fill `heads` from `model/token_head/`; a file of before slots had a spread of their own, or words a
    codebook, or faces a network that says where they lie, leaves these as they begin.
    """
    parts = ("slot_log_std", "codebook", "dependent")
    return read_with_new_parts(context.model_folder, "token_head", heads, parts).to(device or context.device)


def read_detokenizer(context: RunContext, network: Network) -> Network:
    """Fill `network` from `model/detokenizer/`; a file of before canvases remembered details leaves these as
    they begin.
    """
    read_with_new_parts(context.model_folder, "detokenizer", network, ("details",))
    return network.to(context.device)


def is_made(model_folder: Path, name: str) -> bool:
    """Whether some stage has written the component `name` (or the tokenizer, which is no network)."""
    if name == "tokenizer":
        return (model_folder / name / "tokenizer.json").is_file()
    if name == ADAPTER:
        return (model_folder / name / CONFIG).is_file()
    if name == "senses":
        return (model_folder / name).is_dir()
    return has_component(model_folder, name)


def frozen_encoder(context: RunContext) -> ImageTokenizer:
    """The vision encoder as an earlier stage left it, without gradients."""
    network = build_component("vision", context.preset)
    assert isinstance(network, ImageTokenizer)
    return read_component(context, "vision", network).eval().requires_grad_(False)


def text_tokenizer(context: RunContext) -> TextTokenizer:
    """The vocabulary as an earlier stage left it."""
    return TextTokenizer.load(context.model_folder / "tokenizer")
