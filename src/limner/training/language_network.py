"""The language model as a stage trains it: whole, or frozen with adapters; and what one micro-batch costs.

Knows where earlier stages left it, number formats and activation checkpointing. Knows nothing about data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from limner.models.adapters import (
    ADAPTER,
    LoraSizes,
    adapter_sizes,
    add_adapter,
    has_adapter,
    plain_name,
    read_adapter,
    with_adapter,
)
from limner.models.checkpoint import component_tensors, read_tensors, shared_names
from limner.models.filling import copy_into
from limner.models.mllm import MultimodalLLM
from limner.models.packing import NO_LABEL, PackedBatch
from limner.models.precision import compute_dtype
from limner.models.presets import Preset
from limner.models.resampler_start import WIDEST
from limner.models.unfilled import unfilled
from limner.training.components import is_made, read_component
from limner.training.run_context import RunContext
from limner.training.throughput import attention_flops, linear_flops

NEW_PARTS = ("copy", "token_skip")  # which checkpoints may be of before


def build_language(
    context: RunContext,
    lora: LoraSizes | None,
    *,
    fresh: bool = False,
    recompute: bool = False,
    later: bool = False,
    frozen: bool = False,
) -> MultimodalLLM:
    """The language model of the run's checkpoint (random where there is none, or when `fresh`), on the
    device.

    With `lora` the LLaMA is frozen in the hardware's own format and carries adapters: those of the checkpoint
    where it has some, so that one stage goes on where the last one ended; when `frozen`, it is frozen and
    what is beside it learns. `later` builds it without content,
    which `fill_language` gives each process' part of it.

    Raises:
        ValueError: the checkpoint's adapter has another rank than `lora`.
    """
    made = context.model_folder
    torch.manual_seed(context.seed)
    if later:
        with unfilled():
            language = MultimodalLLM(context.preset.language, context.preset.input_resampler)
            if lora is not None or frozen:
                _in_format(language, compute_dtype(context.device))
            if lora is not None:
                add_adapter(language, lora)
    elif lora is None and not frozen:
        language = MultimodalLLM(context.preset.language, context.preset.input_resampler)
        language.to(context.device)
    else:
        language = build_frozen(context.preset, context.device)
    if frozen:
        _freeze(language)
    if not later:
        is_stored = not fresh and is_made(made, "language")
        if is_stored:
            _read_language(context, language)
        if lora is not None:
            add_adapter(language, lora)
            draw_adapter(language, context.seed)
        if is_stored and (lora is not None or frozen):
            _read_trained(context, language)
    if is_made(made, ADAPTER) and not (fresh and lora is None):
        _read_adapter(made / ADAPTER, language, lora, later)
    if recompute:
        language.llm.activation_checkpointing_enable()
    return language


def fill_language(context: RunContext, language: MultimodalLLM, *, fresh: bool = False) -> None:
    """What `build_language(later=True)` left out: weights of the run's checkpoint, read part by part, or the
    first random ones; then the adapter's. Each process calls it with its own part.

    Raises:
        ValueError: the checkpoint's weights are not this network's.
    """
    made = context.model_folder
    own = _stored_parts(language)
    if fresh or not is_made(made, "language"):
        torch.manual_seed(context.seed)
        stored: Mapping[str, Tensor] = MultimodalLLM(
            context.preset.language, context.preset.input_resampler
        ).state_dict()
    else:
        stored = _stored(context, language, own)
    for name, part in own.items():
        copy_into(part, stored[plain_name(name)])
    if not has_adapter(language):
        return
    draw_adapter(language, context.seed)
    if is_made(made, ADAPTER):
        read_adapter(made / ADAPTER, language)


def _read_language(context: RunContext, language: MultimodalLLM) -> None:
    """A checkpoint of before there was some part leaves it as it begins."""
    stored = {name.split(".")[0] for name in read_tensors(context.model_folder / "language")}
    new = {name: getattr(language, name) for name in NEW_PARTS if name not in stored}
    for name in new:
        setattr(language, name, None)
    read_component(context, "language", language)
    for name, part in new.items():
        setattr(language, name, part)


def _read_trained(context: RunContext, language: MultimodalLLM) -> None:
    """What learns, with every bit of the checkpoint's files: it was read in the format of what is frozen, and
    several processes read their parts of it as it is stored.
    """
    own = _stored_parts(language)
    stored = _stored(context, language, own)
    for name, part in language.named_parameters():
        if part.requires_grad and name in own:
            copy_into(part, stored[plain_name(name)])


def _stored_parts(language: MultimodalLLM) -> dict[str, Tensor]:
    """All of it but the adapter's own matrices."""
    return {name: part for name, part in language.state_dict().items() if ".lora_" not in name}


def _stored(context: RunContext, language: MultimodalLLM, own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The checkpoint's weights by the names that they had before there was an adapter."""
    plain = {plain_name(name): part for name, part in own.items()}
    shared = {plain_name(twin): plain_name(first) for twin, first in shared_names(language).items()}
    return component_tensors(context.model_folder, "language", plain, shared)


def draw_adapter(language: MultimodalLLM, seed: int) -> None:
    """The first weights of an adapter: as peft draws them, but each matrix by its own name and `seed`, so
    that it is the same however many processes share it.
    """
    for name, own in language.named_parameters():
        if ".lora_A." in name:
            digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=7).digest()
            generator = torch.Generator().manual_seed(int.from_bytes(digest, "big"))
            bound = own.shape[1] ** -0.5  # a uniform Kaiming start with a = sqrt(5)
            copy_into(own, torch.empty(own.shape).uniform_(-bound, bound, generator=generator))
        elif ".lora_B." in name:
            copy_into(own, torch.zeros(own.shape))


def _read_adapter(folder: Path, language: MultimodalLLM, lora: LoraSizes | None, later: bool) -> None:
    if lora is None:
        with_adapter(language, folder)
        return
    found = adapter_sizes(folder)
    if found.rank != lora.rank:
        raise ValueError(
            f"{folder} has rank {found.rank}, this plan {lora.rank}; "
            "choose the variant that it was trained with."
        )
    if not later:
        read_adapter(folder, language)


def build_frozen(sizes: Preset, device: torch.device) -> MultimodalLLM:
    """A language model in the hardware's own format; a large one is built in place on the device, for twice
    13 billion weights would not fit on the way there.
    """
    dtype = compute_dtype(device)
    if sizes.language.width <= WIDEST:
        language = MultimodalLLM(sizes.language, sizes.input_resampler).to(device)
        _in_format(language, dtype)
        return language
    with _default_dtype(dtype), torch.device(device):
        return MultimodalLLM(sizes.language, sizes.input_resampler)


def _freeze(language: MultimodalLLM) -> None:
    language.llm.requires_grad_(False)
    for weight in language.parameters():
        if weight.requires_grad:
            weight.data = weight.data.float()


def _in_format(language: MultimodalLLM, dtype: torch.dtype) -> None:
    for weight in language.parameters():  # not the buffers: rotary frequencies must stay float32
        weight.data = weight.data.to(dtype)


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
            per_place=sum(linear_flops(layer) for layer in language.layers),
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
