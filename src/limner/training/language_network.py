"""The language model as a rung trains it: whole, or frozen with adapters; and what one micro-batch costs.

Knows where earlier rungs left it, number formats and activation checkpointing. Knows nothing about data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from limner.models.adapters import ADAPTER, LoraSizes, adapter_sizes, add_adapter, read_adapter, with_adapter
from limner.models.mllm import MultimodalLLM
from limner.models.packing import NO_LABEL, PackedBatch
from limner.models.precision import compute_dtype
from limner.models.presets import Preset
from limner.models.resampler_start import WIDEST
from limner.training.components import is_made, read_component
from limner.training.throughput import attention_flops, linear_flops
from limner.training.workshop import Workshop


def build_language(
    workshop: Workshop, lora: LoraSizes | None, *, fresh: bool = False, recompute: bool = False
) -> MultimodalLLM:
    """The language model of the run's checkpoint (random where there is none, or when `fresh`), on the
    device.

    With `lora` the LLaMA is frozen in the hardware's own format and carries adapters: those of the checkpoint
    where it has some, so that one rung goes on where the last one ended.

    Raises:
        ValueError: the checkpoint's adapter has another rank than `lora`.
    """
    sizes, made = workshop.preset, workshop.model_folder
    if lora is None:
        language = MultimodalLLM(sizes.language, sizes.input_resampler).to(workshop.device)
    else:
        language = build_frozen(sizes, workshop.device)
    if not fresh and is_made(made, "language"):
        read_component(workshop, "language", language)
    written = made / ADAPTER
    if lora is None and not fresh and is_made(made, ADAPTER):
        with_adapter(language, written)
    if lora is not None:
        add_adapter(language, lora)
        if is_made(made, ADAPTER):
            found = adapter_sizes(written)
            if found.rank != lora.rank:
                raise ValueError(
                    f"{written} has rank {found.rank}, this plan {lora.rank}; "
                    "choose the variant that it was trained with."
                )
            read_adapter(written, language)
    if recompute:
        language.llm.activation_checkpointing_enable()
    return language


def build_frozen(sizes: Preset, device: torch.device) -> MultimodalLLM:
    """A language model in the hardware's own format; a large one is built in place on the device, for twice
    13 billion weights would not fit on the way there.
    """
    dtype = compute_dtype(device)
    if sizes.language.width <= WIDEST:
        language = MultimodalLLM(sizes.language, sizes.input_resampler).to(device)
        for weight in language.parameters():  # not the buffers: rotary frequencies must stay float32
            weight.data = weight.data.to(dtype)
        return language
    with _default_dtype(dtype), torch.device(device):
        return MultimodalLLM(sizes.language, sizes.input_resampler)


@dataclass(frozen=True, kw_only=True)
class LanguageCosts:
    """FLOPs of a training pass: for a place in the layers, for a place and key in attention, for a word
    predicted. Resamplers and token heads, a few hundredths of the whole, are not counted.
    """

    per_place: float
    per_place_and_key: float
    per_word: float

    @classmethod
    def of(cls, language: MultimodalLLM) -> LanguageCosts:
        """Of a model as it is trained: frozen weights cost two thirds of trained ones."""
        sizes = language.sizes
        return cls(
            per_place=linear_flops(language.llm.model.layers),
            per_place_and_key=attention_flops(layers=sizes.layers, width=sizes.width, keys=1.0),
            per_word=6.0 * sizes.width * sizes.vocab_size,
        )

    def flops(self, packed: PackedBatch) -> float:
        """Of one micro-batch; a causal place sees half of its dialogue on average."""
        lengths = [int(length) for length in packed.lengths_B]
        words = int((packed.labels_BN != NO_LABEL).sum())
        attended = sum(length * length / 2 for length in lengths)
        return self.per_place * sum(lengths) + self.per_place_and_key * attended + self.per_word * words


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
