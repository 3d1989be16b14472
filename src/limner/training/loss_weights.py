"""How much each image token of a target counts: more where the picture differs from the earlier one that it
continues, and from the last one.

An edit changes a few tokens of 64. Their share of a plain mean is so small that keeping the picture as it is
costs next to nothing; with these weights the change counts. So does what a way back undoes: it is as in the
picture that is gone back to, which is the nearest, and not as in the last one. Targets that continue no
earlier picture (a new scene, a close-up) count evenly. Knows layouts and image tokens; knows no networks.

Legend: T pictures painted, M pictures seen, K image tokens of a picture, D token width.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from limner.models.packing import SEEN, SLOT, Layout

# Of tokens with unit spread, two unrelated pictures differ by about 2; an edit's two by some 0.1 to 0.5.
FURTHEST = 0.8
LEAST = 0.02  # what the mean change is at least taken for: a copy has none


def loss_weights(layout: Layout, image_tokens: Mapping[str, Tensor], strength: float) -> Tensor:
    """(T, K) weights with a mean of 1 in each picture; `strength` 0 counts all tokens evenly."""
    if not layout.painted_keys:
        return torch.zeros(0, 0)
    targets_TKD = torch.stack([image_tokens[key] for key in layout.painted_keys])
    weights_TK = torch.ones(targets_TKD.shape[:2])
    if not layout.seen_keys or strength == 0:
        return weights_TK
    seen_MKD = torch.stack([image_tokens[key] for key in layout.seen_keys])
    for row, earlier in enumerate(_seen_before(layout, targets_TKD.shape[1])):
        if earlier == 0:
            continue
        changes_MK = (seen_MKD[:earlier] - targets_TKD[row]).square().mean(dim=-1)
        means_M = changes_MK.mean(dim=1)
        nearest = int(means_M.argmin())
        if means_M[nearest] >= FURTHEST:
            continue
        compared = {nearest, earlier - 1} if means_M[-1] < FURTHEST else {nearest}
        changes_K = changes_MK[sorted(compared)].amax(dim=0)
        raised_K = 1 + strength * changes_K / max(float(changes_K.mean()), LEAST)
        weights_TK[row] = raised_K / raised_K.mean()
    return weights_TK


def _seen_before(layout: Layout, num_tokens: int) -> list[int]:
    """For each painted picture, how many pictures stand in the sequence before its slots."""
    is_seen = (layout.kinds == SEEN).cumsum() // num_tokens
    firsts = [
        int((layout.slot_blocks * (layout.kinds == SLOT) == block).argmax())
        for block in range(1, len(layout.painted_keys) + 1)
    ]
    return [int(is_seen[first]) for first in firsts]
