"""Several conversations in one forward of the language model, each on top of its own key-value cache.

Knows caches, positions and masks. Knows nothing about rounds, or why several go together.

Legend: B lanes that go together, N new positions (the same number for all), S cached positions of the
longest, W model width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from limner.models.cache import KeyValueCache
from limner.models.mllm import MultimodalLLM, causal_mask


class Lane:
    """One conversation's cache, which may lie in a batch with others until it is asked for.

    While the same lanes go on together their batch is only grown; it is taken apart when they part.
    """

    def __init__(self, cache: KeyValueCache) -> None:
        self.length = cache.length
        self._cache = cache
        self._joint: _Joint | None = None
        self._row = 0

    @property
    def cache(self) -> KeyValueCache:
        """This lane's own cache. It may share memory with a batch: `piece(..., own_memory=True)` does not."""
        if self._joint is not None:
            self._cache = self._joint.cache.row(self._row, self._joint.cache.length - self.length)
            self._joint = None
        return self._cache


@dataclass(eq=False)
class _Joint:
    """Caches side by side, filled up on the left."""

    lanes: tuple[Lane, ...]
    cache: KeyValueCache
    valid_BS: Tensor


def hidden_together(
    language: MultimodalLLM, lanes: Sequence[Lane], embeds_BNW: Tensor, *, grow: bool = True
) -> Tensor:
    """Last hidden states (B, N, W) of N new positions on top of each lane; with `grow`, the lanes keep them.

    Results are those of each lane alone, up to the rounding of kernels that differ by the size of a batch. If
    anything is raised no lane is changed.

    Raises:
        ValueError: positions would leave the context.
    """
    if len(lanes) == 1:
        return _hidden_alone(language, lanes[0], embeds_BNW, grow=grow)
    num_new, context = embeds_BNW.shape[1], language.sizes.context_tokens
    longest = max(lane.length for lane in lanes) + num_new
    if longest > context:
        raise ValueError(f"{longest} tokens do not fit a context of {context}; drop rounds first.")
    joint = _joined(lanes)
    grown, device = joint.cache.copy(), embeds_BNW.device
    lengths_B1 = torch.tensor([[lane.length] for lane in lanes], device=device)
    mask_B1NS = torch.cat(
        [
            joint.valid_BS[:, None, None].expand(-1, 1, num_new, -1),
            causal_mask(num_new, 0, device).expand(len(lanes), 1, -1, -1),
        ],
        dim=-1,
    )
    hidden_BNW = language.hidden(
        embeds_BNW, lengths_B1 + torch.arange(num_new, device=device), mask_B1NS, grown
    )
    if grow:
        joint.cache = grown
        joint.valid_BS = torch.nn.functional.pad(joint.valid_BS, (0, num_new), value=True)
        for lane in lanes:
            lane.length += num_new
    return hidden_BNW


def _hidden_alone(language: MultimodalLLM, lane: Lane, embeds_1NW: Tensor, *, grow: bool) -> Tensor:
    grown = lane.cache.copy()
    hidden_1NW = language.hidden(embeds_1NW, cache=grown)
    if grow:
        lane._cache, lane.length = grown, grown.length
    return hidden_1NW


def _joined(lanes: Sequence[Lane]) -> _Joint:
    first = lanes[0]._joint
    if first is not None and first.lanes == tuple(lanes) and all(lane._joint is first for lane in lanes):
        return first
    cache, valid_BS = KeyValueCache.stack([lane.cache for lane in lanes])
    made = _Joint(tuple(lanes), cache, valid_BS)
    for row, lane in enumerate(lanes):
        lane._joint, lane._row = made, row
    return made
