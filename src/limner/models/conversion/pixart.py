"""A public PixArt pipeline -> the detokenizer of a checkpoint: where its training starts.

    transformer/    the network and its config.json (or these at the top)
    vae/            SDXL's autoencoder, which may come from another repository

Knows this layout. Captions become image tokens: `caption_projection` stays as the adapter's start when its
width fits (T5's 4096 is also the width of SEED-X's image tokens), else its first layer starts anew. Until it
is trained on image tokens (`limner train detokenizer_natural`) the pictures show nothing. The paper's own
start is not public.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from limner.models.checkpoint import load_manifest
from limner.models.conversion.fit import Shape, check_fit
from limner.models.conversion.hub import local_folder, of_folders
from limner.models.conversion.public_sizes import autoencoder_sizes, pixart_sizes
from limner.models.conversion.seed_x import HEADS, Tensors, autoencoder_part
from limner.models.conversion.source import read_weights, shapes
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
    vae: str | Path | None = None,
    revision: str | None = None,
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
        vae: the autoencoder when it is elsewhere: a folder of its own or a pipeline's, or a hub repository.
        revision: of the hub repository `source`.
        matrix_dtype: of stored matrices; by default 16-bit ones stay and 32-bit ones become bfloat16.
        say: told about each step.

    Raises:
        ValueError: files that are missing, or (MisfitError) weights that do not fit, key by key.
    """
    folder, network = _network(source, revision, with_vae=vae is None)
    autoencoder = folder / "vae" if vae is None else _vae(vae)
    for part, how in ((network, ""), (autoencoder, "; name one that has it with --vae")):
        if not (part / "config.json").is_file():
            raise ValueError(f"{folder} is no PixArt pipeline: there is no {part / 'config.json'}{how}.")
    old, heads = (SEED_X, HEADS) if base is None else load_manifest(base)
    preset = _preset(network, autoencoder, old)
    say("reading the transformer and the autoencoder")
    parts = {
        "detokenizer": _detokenizer_part(network, preset, say),
        "autoencoder": autoencoder_part(autoencoder, preset),
    }
    with whole_folder(target) as fresh:
        for name, tensors in parts.items():
            say(f"writing {name}")
            write_component(fresh, name, tensors, matrix_dtype)
        write_around(fresh, preset, heads, None)
        if base is not None:
            link_components(fresh, base.resolve(), MADE)
    return target


def _network(source: str | Path, revision: str | None, *, with_vae: bool) -> tuple[Path, Path]:
    """The folder of the pipeline and of its transformer, which may be one."""

    def choose(files: Sequence[str]) -> list[str]:
        own = of_folders(files, ("transformer", "vae") if with_vae else ("transformer",))
        return own if any(name.startswith("transformer/") for name in own) else of_folders(files, ("",))

    folder = local_folder(source, "PixArt", choose, revision=revision)
    originals = [folder] if folder.is_file() else sorted(folder.glob("*.pth"))
    network = folder if (folder / "config.json").is_file() else folder / "transformer"
    if originals and not (network / "config.json").is_file():
        raise ValueError(
            f"{originals[0]} is PixArt's original file; convert it with diffusers' script "
            "(scripts/convert_pixart_sigma_to_diffusers.py) and pass the folder that it writes."
        )
    return folder, network


def _vae(given: str | Path) -> Path:
    """An autoencoder's own folder, or that of a pipeline."""

    def choose(files: Sequence[str]) -> list[str]:
        return of_folders(files, ("vae",)) or of_folders(files, ("",))

    folder = local_folder(given, "autoencoder", choose)
    return folder if (folder / "config.json").is_file() else folder / "vae"


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
