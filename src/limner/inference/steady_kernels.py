"""Memory that stays flat on a CPU that computes in bfloat16: no kernels compiled for shapes seen once.

There torch and oneDNN compile a kernel for each shape that they meet, and a conversation's length makes new
ones every round. oneDNN holds 1,024 of them, torch's attention as many as there were: about a
megabyte a round. Knows torch's and transformers' switches. Knows nothing about rounds.
"""

from __future__ import annotations

import os
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional as F

from limner.models.causal_lm import CausalLM
from limner.models.llama import Attention, Llama

ONEDNN_CAPACITY: Final = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
NUM_KERNELS: Final = 128  # those of a batch of rounds, and of the detokenizer's fixed shapes
NAME: Final = "sdpa_in_float32"


def bound_compiled_kernels() -> None:
    """Let oneDNN hold fewer kernels, unless the environment says how many; to be called before any."""
    os.environ.setdefault(ONEDNN_CAPACITY, str(NUM_KERNELS))


def attend_without_compiling(llm: CausalLM, device: torch.device, dtype: torch.dtype) -> None:
    """Let a language model's attention take float32 inside, which needs no compiled kernels and is exacter;
    nothing changes where it computes in another format or on another device.
    """
    if device.type != "cpu" or dtype is not torch.bfloat16:
        return
    if not isinstance(llm, Llama):
        _register()
        llm.set_attn_implementation(NAME)
        return
    for module in llm.modules():
        if isinstance(module, Attention):
            module.attend = _attend_in_float32


def _attend_in_float32(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, **more: Any
) -> Tensor:
    attended = F.scaled_dot_product_attention(
        query.float(), key.float(), value.float(), _widened(attn_mask), **more
    )
    return attended.to(query.dtype)


def _widened(mask: Tensor | None) -> Tensor | None:
    return mask.float() if mask is not None and mask.is_floating_point() else mask


def _register() -> None:
    """Tells transformers of it."""
    from transformers import AttentionInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

    def attend(
        module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **more: Any
    ) -> tuple[Tensor, None]:
        attended, _ = sdpa_attention_forward(
            module, query.float(), key.float(), value.float(), _widened(mask), **more
        )
        return attended.to(query.dtype), None

    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)
