"""Which number format to compute in on this hardware. Knows processors; knows nothing about models.

bfloat16 is twice as fast as float32 where the processor multiplies it natively (CUDA, AVX512-BF16, AMX) and
up to 60 times slower where it does not, so the format is a property of the machine, never of a checkpoint.
"""

from __future__ import annotations

import torch
from torch import nn


def compute_dtype(device: torch.device | str) -> torch.dtype:
    """bfloat16 where `device` multiplies it natively, else float32."""
    kind = torch.device(device).type
    if kind == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    if kind == "cpu":
        return torch.bfloat16 if _cpu_multiplies_bfloat16() else torch.float32
    return torch.float32


def autocast(device: torch.device | str) -> torch.autocast:
    """For training with float32 weights: matrix products in `compute_dtype(device)`, a no-op where that is
    float32.
    """
    dtype = compute_dtype(device)
    return torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=dtype is torch.bfloat16)


def place(network: nn.Module, device: torch.device | str, dtype: torch.dtype | None = None) -> None:
    """Move a network to `device` and cast its weights to `dtype`, in place; buffers are moved and not cast.

    Buffers are constants of float32: token statistics, sine tables, rotary frequencies. transformers computes
    the last in float32 whatever a model's format; rounded to bfloat16, the angle at position 2,047 is off by
    up to 2.5 radians.
    """
    for weight in network.parameters():
        if weight.is_floating_point():  # one by one, so that nothing is there twice
            weight.data = weight.data.to(device, dtype or weight.dtype)
    network.to(device=device)


def best_device() -> torch.device:
    """The GPU when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _cpu_multiplies_bfloat16() -> bool:
    # Private in torch and absent before 2.6; a machine that cannot tell computes in float32, which is always
    # right.
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, bool)() for name in checks)
