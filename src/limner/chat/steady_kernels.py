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
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

ONEDNN_CAPACITY: Final = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
NUM_KERNELS: Final = 128  # those of a batch of rounds, and of the detokenizer's fixed shapes
NAME: Final = "sdpa_in_float32"


def bound_compiled_kernels() -> None:
    """Let oneDNN hold fewer kernels, unless the environment says how many; to be called before any."""
    os.environ.setdefault(ONEDNN_CAPACITY, str(NUM_KERNELS))


def attend_without_compiling(llm: PreTrainedModel, device: torch.device, dtype: torch.dtype) -> None:
    """Let a language model's attention take float32 inside, which needs no compiled kernels and is exacter;
    nothing changes where it computes in another format or on another device.
    """
    if device.type != "cpu" or dtype is not torch.bfloat16:
        return
    AttentionInterface.register(NAME, _attend_in_float32)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    llm.set_attn_implementation(NAME)


def _attend_in_float32(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **more: Any,
) -> tuple[Tensor, None]:
    if attention_mask is not None and attention_mask.is_floating_point():
        attention_mask = attention_mask.float()
    attended, _ = sdpa_attention_forward(
        module, query.float(), key.float(), value.float(), attention_mask, **more
    )
    return attended.to(query.dtype), None
