"""One tensor's content put into another, which several processes may share.

Knows tensors only.
"""

from __future__ import annotations

import torch
from torch import Tensor


@torch.no_grad()
def copy_into(own: Tensor, whole: Tensor) -> None:
    """Copy a whole tensor into `own`, which may be split: then this process reads its part alone. One that
    is split alike is copied part by part.
    """
    from torch.distributed.tensor import DTensor

    if not isinstance(own, DTensor) or isinstance(whole, DTensor):
        own.copy_(whole)
        return
    part = own.to_local()
    rows = -(-len(whole) // own.device_mesh.size())  # as torch.chunk shares them out
    start = min(own.device_mesh.get_local_rank() * rows, len(whole))
    part.copy_(whole[start : start + len(part)])
