"""A public vision tower -> the encoder of a checkpoint: SigLIP and SigLIP 2, alone or out of a larger model.

Everything that reads or writes image tokens is as wide as the tower then: convert a language model and a
detokenizer on top (`--base`). Knows transformers' layout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from limner.models.conversion.fit import check_fit
from limner.models.conversion.hub import local_folder, of_folders
from limner.models.conversion.source import read_weights, shapes, without_prefix
from limner.models.conversion.writing import whole_folder, write_around, write_component
from limner.models.model import build_component
from limner.models.presets import SEED_X, Preset
from limner.models.shards import lazy, read_json
from limner.models.sizes import VisionSizes
from limner.models.unfilled import unfilled
from limner.models.vision_towers import HEAD, tower_config, tower_sizes

PREFIXES: Final = ("vision_model.", "model.vision_tower.vision_model.", "vision_tower.vision_model.")
HEADS: Final = ("regression",)


def convert_vision(
    source: str | Path,
    target: Path,
    *,
    num_tokens: int = 64,
    image_size_px: int | None = None,
    revision: str | None = None,
    matrix_dtype: torch.dtype | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Path:
    """Writes `target`, a checkpoint of an encoder and the sizes of all else; returns it. All or nothing.

    Args:
        source: a tower, or a model that has one, as transformers saves it; or the name of a hub repository.
        target: a folder that does not exist.
        num_tokens: image tokens of a picture, a square number.
        image_size_px: of a tower of any size: the side of the pictures that it is to read.
        revision: of the hub repository.
        matrix_dtype: of stored matrices; by default 16-bit ones stay and 32-bit ones become bfloat16.
        say: told about each step.

    Raises:
        ValueError: another kind of tower, or (MisfitError) weights that do not fit, key by key.
    """
    folder = local_folder(source, "vision encoder", lambda names: of_folders(names, ("",)), revision=revision)
    config = tower_config(read_json(folder / "config.json"), folder / "config.json")
    preset = with_vision(SEED_X, tower_sizes(config, image_size_px=image_size_px), num_tokens)
    say("reading the encoder")
    # transformers' own names have no vision_model. below a tower since version 5.
    public = without_prefix(read_weights(folder, PREFIXES), PREFIXES)
    public = {name: tensor for name, tensor in public.items() if not name.startswith(HEAD)}
    with unfilled():
        wanted = shapes(build_component("vision", preset).state_dict())
    inside = {name.removeprefix("vision.tower."): name for name in wanted if name.startswith("vision.tower.")}
    named = {name.removeprefix("vision_model."): name for name in inside}
    found = {named.get(name, name): tensor for name, tensor in public.items()}
    check_fit(folder, shapes(found), {name: wanted[own] for name, own in inside.items()})
    dim = preset.vision.output_dim
    tensors = {"token_mean": lazy(torch.zeros(dim)), "token_std": lazy(torch.ones(dim))}
    tensors |= {own: lazy(found[name]) for name, own in inside.items()}
    with whole_folder(target) as fresh:
        say("writing vision")
        write_component(fresh, "vision", {name: tensors[name] for name in wanted}, matrix_dtype)
        write_around(fresh, preset, HEADS, None)
    return target


def with_vision(preset: Preset, vision: VisionSizes, num_tokens: int) -> Preset:
    """The preset with another encoder, and as many image tokens of its width everywhere.

    Raises:
        ValueError: `num_tokens` is no square number, or more than the encoder has.
    """
    grid = round(num_tokens**0.5)
    if grid**2 != num_tokens or num_tokens > vision.num_queries:
        raise ValueError(
            f"A picture has {num_tokens} image tokens here, but it must be a square number of at most "
            f"{vision.num_queries}; choose 64, say."
        )
    dim, width = vision.output_dim, preset.language.width
    heads = next(count for count in range(preset.output_resampler.heads, 0, -1) if dim % count == 0)
    return replace(
        preset,
        image_size_px=vision.image_size_px,
        num_image_tokens=num_tokens,
        vision=vision,
        input_resampler=replace(preset.input_resampler, grid=grid, input_dim=dim),
        output_resampler=replace(preset.output_resampler, grid=grid, width=dim, heads=heads, input_dim=width),
        detokenizer=replace(
            preset.detokenizer,
            token_dim=dim,
            num_tokens=num_tokens,
            tokens_pooled=vision.num_queries // num_tokens,
        ),
    )
