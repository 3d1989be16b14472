"""How fast a run is: tokens and pictures a second, and the share of the processor's peak that went into the
model.

Knows what stages counted and published peaks. MFU (model FLOPs utilisation; Chowdhery et al., PaLM, 2022,
appendix B) counts the multiplications that the method needs once: neither recomputation for checkpointing,
nor the gradients of frozen weights, which nobody computes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn

from limner.training.processes import Processes

# Dense bfloat16 FLOP/s from the makers' data sheets, without sparsity. The first name that the device's
# contains.
PEAK_FLOPS: Final = (
    ("B200", 2.25e15),
    ("H200", 989e12),
    ("H100 PCIe", 756e12),
    ("H100 NVL", 835e12),
    ("H100", 989e12),
    ("A100", 312e12),
    ("L40S", 362e12),
    ("L4", 121e12),
    ("A10G", 70e12),
    ("RTX 4090", 165e12),
    ("RTX 3090", 71e12),
    ("MI300X", 1307e12),
)


def peak_flops(device: torch.device) -> float | None:
    """Peak of `device`, None where the table doesn't name it (and for every CPU)."""
    if device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(device)
    return next((peak for part, peak in PEAK_FLOPS if part in name), None)


@dataclass(kw_only=True)
class Meter:
    """What a stage has put through its network since the meter was last read, in this process."""

    tokens: float = 0.0
    images: float = 0.0
    flops: float = 0.0

    def add(self, *, tokens: float = 0.0, images: float = 0.0, flops: float = 0.0) -> None:
        """Count one micro-batch."""
        self.tokens += tokens
        self.images += images
        self.flops += flops


class Speed:
    """Reads a meter into numbers for the log; time spent elsewhere (validation, saving) is taken out by
    `pause`.
    """

    def __init__(self, meter: Meter, processes: Processes) -> None:
        self.meter, self.processes = meter, processes
        self.peak = peak_flops(processes.device)
        self.restart()

    def restart(self) -> None:
        """Reset the counts."""
        self.meter.tokens = self.meter.images = self.meter.flops = 0.0
        self._began_s = time.monotonic()

    def numbers(self) -> dict[str, float]:
        """Since the last restart, over all processes: "tokens_per_s", "images_per_s" and "mfu" where
        known.
        """
        elapsed_s = max(1e-9, time.monotonic() - self._began_s)
        meter = self.meter
        tokens, images, flops = self.processes.sums(meter.tokens, meter.images, meter.flops)
        self.restart()
        found = {"tokens_per_s": tokens / elapsed_s, "images_per_s": images / elapsed_s}
        if self.peak is not None and flops:
            found["mfu"] = flops / elapsed_s / (self.peak * self.processes.size)
        return {name: value for name, value in found.items() if value}


def linear_flops(network: nn.Module) -> float:
    """FLOPs of one training pass for one token through all matrices of `network`: 2 forward and 2 backward
    for each weight, and 2 more for its own gradient where it is trained.
    """
    total = 0.0
    for weight in network.parameters():
        if weight.ndim >= 2:
            total += weight.numel() * (6.0 if weight.requires_grad else 4.0)
    return total


def attention_flops(*, layers: int, width: int, keys: float) -> float:
    """FLOPs of one training pass for one token that looks at `keys` others: two products forward, four
    backward.
    """
    return 12.0 * layers * width * keys
