"""A language model in a half or a quarter of the memory: its layers' projections in 8 or 4 bit.

Knows which weights are squeezed and bitsandbytes, which squeezes them as they are loaded, on the CPU as on
CUDA: what is stored stays safetensors in 16 bit. Knows no files. Embeddings, text head, norms, resampler and
slots keep their format.

    int8    LLM.int8() (Dettmers et al. 2022): rows of weights and of inputs in 8 bit, outliers apart
    4bit    NF4 (Dettmers et al. 2023, section 3): blocks of 64 weights with one 32-bit scale each
"""

from __future__ import annotations

import importlib
import logging
from typing import Any, Final

import torch
from torch import nn

from limner.models.mllm import MultimodalLLM
from limner.models.precision import place

KINDS: Final = ("int8", "4bit")
OUTLIER: Final = 6.0  # inputs beyond it are multiplied in 16 bit (Dettmers et al. 2022, section 3.2)


def check_kind(kind: str | None) -> None:
    """Raises ValueError unless `kind` is None or one of `KINDS` whose library is here."""
    if kind is None:
        return
    if kind not in KINDS:
        raise ValueError(f"A model is loaded in {' or '.join(KINDS)}, not in {kind!r}.")
    _library()


def quantise(
    language: MultimodalLLM, kind: str, device: torch.device | str, dtype: torch.dtype
) -> MultimodalLLM:
    """Quantise the projections one by one while moving `language` to `device`, in place.

    Args:
        language: as stored, on the CPU.
        kind: one of `KINDS`.
        device: where it goes; never more than one projection is there in its full size.
        dtype: of everything else, and of what projections compute.

    Raises:
        ValueError: another kind, or bitsandbytes is not installed.
    """
    check_kind(kind)
    for parent in [module for layer in language.layers for module in layer.modules()]:
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                setattr(parent, name, _squeezed(child, kind, torch.device(device), dtype))
    place(language, device, dtype)
    return language


def num_weights(network: nn.Module) -> int:
    """Weights of a network; those that share bytes are counted each."""
    total = sum(weight.numel() for weight in network.parameters())
    for module in network.modules():
        if type(module).__name__ == "Linear4bit":
            assert isinstance(module, nn.Linear)
            total += module.in_features * module.out_features - module.weight.numel()
    return total


def _squeezed(plain: nn.Linear, kind: str, device: torch.device, dtype: torch.dtype) -> nn.Module:
    library = _library()
    sizes, weight = (plain.in_features, plain.out_features), plain.weight.data.to(dtype)
    made: nn.Module
    biased = plain.bias is not None
    if kind == "int8":
        made = library.Linear8bitLt(
            *sizes, bias=biased, has_fp16_weights=False, threshold=OUTLIER, device="meta"
        )
        made.weight = library.Int8Params(weight, requires_grad=False, has_fp16_weights=False)
    else:
        made = library.Linear4bit(
            *sizes,
            bias=biased,
            quant_type="nf4",
            compute_dtype=dtype,
            compress_statistics=False,
            device="meta",
        )
        made.weight = library.Params4bit(
            weight, requires_grad=False, quant_type="nf4", compress_statistics=False
        )
    if plain.bias is not None:
        made.bias = nn.Parameter(plain.bias.data.to(dtype), requires_grad=False)
    return made.to(device)  # this is when the library squeezes


def _library() -> Any:
    # It tells at every single product that inputs are cast, which is its method.
    logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)
    try:
        return importlib.import_module("bitsandbytes.nn")
    except ImportError as error:
        raise ValueError(
            "Loading in int8 or 4bit needs bitsandbytes; install it with: pip install 'limner[quantized]'."
        ) from error
