"""What a scale needs to chat, by how it is loaded, and what memory it fits: nothing is loaded for it.

Knows weights (`footprint.py`), keys and values of a full context, and the largest working memory of a round
(`activations.py`, one picture at a time, 16 bit). What libraries take for themselves isn't counted; it is
allowed for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import torch

from limner.models.activations import peak_bytes
from limner.models.autoencoder import Autoencoder
from limner.models.cache import KeyValueCache
from limner.models.checkpoint import OFFLOADED
from limner.models.detokenizer import DiTDetokenizer
from limner.models.footprint import cache_bytes, footprints
from limner.models.mllm import MultimodalLLM
from limner.models.model import build_component
from limner.models.precision import place
from limner.models.presets import Preset
from limner.models.unet_detokenizer import UNetDetokenizer
from limner.models.vision import ImageTokenizer

HEADS: Final = ("regression",)
FORMS: Final = {None: "bfloat16", "int8": "int8", "4bit": "4-bit"}  # `limner.load`'s word -> `footprint`'s
SIZES_GB: Final = (16, 24, 48, 80)
LIBRARIES: Final = 1_500_000_000  # CUDA's context, workspaces of kernels, gaps between tensors
DTYPE: Final = torch.bfloat16


@dataclass(frozen=True, kw_only=True)
class Need:
    """Bytes on the device, loaded in one way; `fits` says in which of `SIZES_GB` (10^9 bytes)."""

    quantize: str | None
    offload: bool
    weights: int  # at the moment that needs most
    cache: int  # keys and values of a full context
    activations: int

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.activations + LIBRARIES

    @property
    def fits(self) -> tuple[int, ...]:
        return tuple(size for size in SIZES_GB if self.total <= size * 1e9)


def needs(preset: Preset) -> list[Need]:
    """Every way of `limner.load`, with a context as long as the model reads."""
    working = {name: _working_bytes(name, preset) for name in ("language", *OFFLOADED)}
    cache = cache_bytes(preset.language, preset.language.context_tokens)
    rows, made = footprints(preset, HEADS), []
    for quantize, form in FORMS.items():
        weights = {row.component: row.num_bytes(form if row.num_quantisable else FORMS[None]) for row in rows}
        made += [_need(quantize, offload, weights, working, cache) for offload in (False, True)]
    return made


def _need(
    quantize: str | None, offload: bool, weights: dict[str, int], working: dict[str, int], cache: int
) -> Need:
    largest, busiest = sum(weights[name] for name in OFFLOADED), max(working.values())
    if offload:  # one at work, or still there while the language model is
        moments = [(weights[name], max(working[name], working["language"])) for name in OFFLOADED]
        largest, busiest = max(moments, key=sum)
    always = sum(size for name, size in weights.items() if name not in OFFLOADED)
    return Need(
        quantize=quantize,
        offload=offload,
        weights=always + largest,
        cache=cache,
        activations=busiest,
    )


def _working_bytes(name: str, preset: Preset) -> int:
    """The largest working memory of one component in a round, keys and values left out."""
    with torch.device("meta"):
        network = build_component(name, preset, HEADS).eval()
        place(network, "meta", DTYPE)
        most = max(peak_bytes(run) for run in _runs(network, preset))
    cached = cache_bytes(preset.language, preset.language.context_tokens) if name == "language" else 0
    return most - cached


def _runs(network: Any, preset: Preset) -> Iterator[Any]:
    """What a round asks of a component, at its largest."""
    if isinstance(network, ImageTokenizer):
        side = preset.vision.image_size_px
        yield lambda: network.encode(torch.empty(1, 3, side, side, dtype=DTYPE))
    elif isinstance(network, MultimodalLLM):
        sizes = preset.language

        def read() -> tuple[torch.Tensor, KeyValueCache]:
            cache = KeyValueCache()
            embeds = torch.empty(1, sizes.context_tokens, sizes.width, dtype=DTYPE)
            return network.text_logits(network.hidden(embeds, cache=cache)[:, -1]), cache

        yield read
    elif isinstance(network, Autoencoder):
        sizes_a = preset.autoencoder
        side = sizes_a.latent_size
        yield lambda: network.decode(torch.empty(1, sizes_a.latent_channels, side, side, dtype=DTYPE))
        pixels = torch.empty(1, 3, sizes_a.image_size_px, sizes_a.image_size_px, dtype=DTYPE)
        yield lambda: network.encode(pixels)
    else:
        yield _drawing_step(network, preset)


def _drawing_step(network: DiTDetokenizer | UNetDetokenizer, preset: Preset) -> Any:
    """One step of one picture, with as many rows as guidance asks for."""
    sizes = network.sizes
    guided = isinstance(network, UNetDetokenizer) and network.sizes.guidance != 1.0
    rows = (3 if network.reads_condition else 2) if guided else 1
    latents = torch.empty(rows, sizes.latent_channels, sizes.latent_size, sizes.latent_size, dtype=DTYPE)
    tokens = torch.empty(rows, sizes.num_tokens, sizes.token_dim, dtype=DTYPE)
    time = torch.empty(rows, dtype=DTYPE)
    if isinstance(network, UNetDetokenizer):
        return lambda: network.predict_noise(latents, time, network._told(tokens, None))
    return lambda: network.velocity(latents, time, tokens)
