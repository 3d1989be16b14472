"""Finished components in a run's checkpoint folder: written by one rung, read by later ones.

Knows what a missing component means to a rung. The files themselves are `limner.models.checkpoint`'s
business, which stores matrices in bfloat16: what a later rung reads is exactly what is shipped.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from torch import nn

from limner.models.checkpoint import has_component, load_component, save_component, save_manifest
from limner.models.model import build_component
from limner.models.token_head import HEAD_KINDS
from limner.models.tokenizer import TextTokenizer
from limner.models.vision import ImageTokenizer
from limner.training.workshop import Workshop

Network = TypeVar("Network", bound=nn.Module)


def write_component(workshop: Workshop, name: str, network: nn.Module) -> None:
    """Write `network` to `model/NAME/`, whole or not at all, and the manifest that makes the folder a
    checkpoint.
    """
    save_component(workshop.model_folder, name, network)
    save_manifest(workshop.model_folder, workshop.preset, HEAD_KINDS)


def read_component(workshop: Workshop, name: str, network: Network) -> Network:
    """Fill `network` from `model/NAME/`, strictly, and move it to the device. ValueError says which is
    missing.
    """
    if not is_made(workshop.model_folder, name):
        raise ValueError(f"{workshop.model_folder} has no {name}/ yet; train the rung that makes it first.")
    return load_component(workshop.model_folder, name, network).to(workshop.device)


def is_made(model_folder: Path, name: str) -> bool:
    """Whether some rung has written the component `name` (or the tokenizer, which is no network)."""
    if name == "tokenizer":
        return (model_folder / name / "tokenizer.json").is_file()
    if name == "senses":
        return (model_folder / name).is_dir()
    return has_component(model_folder, name)


def frozen_encoder(workshop: Workshop) -> ImageTokenizer:
    """The vision encoder as an earlier rung left it, without gradients."""
    network = build_component("vision", workshop.preset)
    assert isinstance(network, ImageTokenizer)
    return read_component(workshop, "vision", network).eval().requires_grad_(False)


def text_tokenizer(workshop: Workshop) -> TextTokenizer:
    """The vocabulary as an earlier rung left it."""
    return TextTokenizer.load(workshop.model_folder / "tokenizer")
