"""A public PixArt pipeline -> the detokenizer of a checkpoint: where its training starts.

    transformer/    the network and its config.json
    vae/            SDXL's autoencoder

Knows this layout. Captions become image tokens: `caption_projection` stays as the adapter's start when its
width fits (T5's 4096 is also the width of SEED-X's image tokens), else its first layer starts anew. Until it
is trained on image tokens (`limner train detokenizer_natural`) the pictures show nothing. The paper's own
start is not public.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from limner.models.checkpoint import load_manifest
from limner.models.conversion.fit import Shape, check_fit
from limner.models.conversion.public_sizes import autoencoder_sizes, pixart_sizes
from limner.models.conversion.seed_x import HEADS, Tensors, autoencoder_part
from limner.models.conversion.source import local_folder, read_weights, shapes
from limner.models.conversion.writing import link_components, whole_folder, write_around, write_component
from limner.models.model import build_component
from limner.models.presets import SEED_X, Preset
from limner.models.shards import lazy, read_json

MADE: Final = ("detokenizer", "autoencoder")
ADAPTER: Final = "caption_projection.linear_1"


def convert_pixart(
    source: str | Path,
    target: Path,
    *,
    base: Path | None = None,
    matrix_dtype: torch.dtype | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Path:
    """Writes `target`; returns it. All or nothing.

    With `base`, `target` is a whole checkpoint that links to the other components of `base`, at the same
    place on the same disk. Without, it holds detokenizer and autoencoder for the sizes of SEED-X: what the
    detokenizer's recipes start from.

    Args:
        source: a PixArt-Sigma (or -alpha) pipeline's folder, or the name of a hub repository.
        target: a folder that does not exist.
        base: a checkpoint of limner's.
        matrix_dtype: of stored matrices; by default 16-bit ones stay and 32-bit ones become bfloat16.
        say: told about each step.

    Raises:
        ValueError: files that are missing, or (MisfitError) weights that do not fit, key by key.
    """
    folder = local_folder(source, "PixArt")
    network, vae = folder / "transformer", folder / "vae"
    for part in (network, vae):
        if not (part / "config.json").is_file():
            raise ValueError(f"{folder} is no PixArt pipeline: there is no {part / 'config.json'}.")
    old, heads = (SEED_X, HEADS) if base is None else load_manifest(base)
    preset = _preset(network, vae, old)
    say("reading the transformer and the autoencoder")
    parts = {
        "detokenizer": _detokenizer_part(network, preset, say),
        "autoencoder": autoencoder_part(vae, preset),
    }
    with whole_folder(target) as fresh:
        for name, tensors in parts.items():
            say(f"writing {name}")
            write_component(fresh, name, tensors, matrix_dtype)
        write_around(fresh, preset, heads, None)
        if base is not None:
            link_components(fresh, base.resolve(), MADE)
    return target


def _preset(network: Path, vae: Path, old: Preset) -> Preset:
    tokens = old.num_image_tokens
    detokenizer = pixart_sizes(
        read_json(network / "config.json"),
        token_dim=old.vision.output_dim,
        num_tokens=tokens,
        tokens_pooled=max(1, old.vision.num_queries // tokens),
        where=network / "config.json",
    )
    config = read_json(vae / "config.json")
    autoencoder = autoencoder_sizes(config, detokenizer.latent_size, vae / "config.json")
    return replace(old, detokenizer=detokenizer, autoencoder=autoencoder)


def _detokenizer_part(network: Path, preset: Preset, say: Callable[[str], None]) -> Tensors:
    torch.manual_seed(0)  # what starts anew
    own = build_component("detokenizer", preset).state_dict()
    wanted = {
        name.removeprefix("transformer."): tuple(tensor.shape)
        for name, tensor in own.items()
        if name.startswith("transformer.")
    }
    public = _without_variance(read_weights(network), wanted, preset)
    narrow = public.get(f"{ADAPTER}.weight")
    anew = narrow is not None and narrow.ndim == 2 and narrow.shape[1] != preset.vision.output_dim
    if anew:
        say(f"{ADAPTER} starts anew: it read vectors of another width")
        public = {name: t for name, t in public.items() if not name.startswith(ADAPTER)}
        wanted = {name: shape for name, shape in wanted.items() if not name.startswith(ADAPTER)}
    check_fit(network, shapes(public), wanted)
    return {name: lazy(public.get(name.removeprefix("transformer."), tensor)) for name, tensor in own.items()}


def _without_variance(
    public: Mapping[str, Tensor], wanted: Mapping[str, Shape], preset: Preset
) -> dict[str, Tensor]:
    """Drops the half of the output that predicted a variance, which flow matching has none of."""
    kept = dict(public)
    for name in ("proj_out.weight", "proj_out.bias"):
        tensor, shape = kept.get(name), wanted[name]
        if tensor is not None and tensor.shape[0] == 2 * shape[0] and tensor.ndim == len(shape):
            channels = preset.autoencoder.latent_channels
            by_place = tensor.unflatten(0, (-1, 2 * channels))
            kept[name] = by_place[:, :channels].reshape(-1, *tensor.shape[1:])
    return kept
