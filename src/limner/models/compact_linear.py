"""A linear map whose weights take one byte each in files. Knows tensors only.

For the few large maps of a small model, which is shipped inside the package: rows are rounded to 255 steps of
their largest weight, an error of about 1 % of a typical one. In memory, and while it is trained, it is a
usual linear map.

Legend: O outputs, I inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor, nn

LARGEST: Final = 127
SCALE: Final = "weight_scale"


def is_plain(name: str, tensors: Mapping[str, Tensor]) -> bool:
    """Whether `name` is the scale of a map that these tensors hold as usual weights, which have none."""
    weight = tensors.get(name.removesuffix("_scale"))
    return name.endswith(SCALE) and weight is not None and weight.is_floating_point()


def compact(network: nn.Module) -> None:
    """Have every linear map within `network` stored like this."""
    for module in network.modules():
        if type(module) is nn.Linear:
            module.__class__ = CompactLinear


class CompactLinear(nn.Linear):
    """As `nn.Linear`; its state holds `weight` (O, I) in int8 and `weight_scale` (O,)."""

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if self.weight.is_meta:  # shapes alone; torch works out others than `empty` in Python, with sympy
            sizes_OI = self.out_features, self.in_features
            destination[prefix + "weight"] = torch.empty(sizes_OI, dtype=torch.int8, device="meta")
            destination[prefix + SCALE] = torch.empty(self.out_features, dtype=torch.float32, device="meta")
            return
        weight_OI = self.weight.detach().float()
        scale_O = weight_OI.abs().amax(1).clamp_min(1e-12) / LARGEST
        destination[prefix + "weight"] = (weight_OI / scale_O[:, None]).round().to(torch.int8)
        destination[prefix + SCALE] = scale_O

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: Any, **options: Any
    ) -> None:
        scale_O = state_dict.pop(prefix + SCALE, None)
        if scale_O is not None:
            state_dict[prefix + "weight"] = state_dict[prefix + "weight"].float() * scale_O[:, None]
        super()._load_from_state_dict(state_dict, prefix, *args, **options)
