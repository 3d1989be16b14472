"""Several sequences (conversations) in one forward of the language model, each over its own key-value cache.

Knows caches, positions and masks. Knows nothing about rounds, or why several go together.

Legend: B sequences that go together, N new positions (the same number for all), S cached positions of the
longest, W model width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from limner.models.cache import KeyValueCache
from limner.models.mllm import MultimodalLLM, causal_mask


class BatchedSequence:
    """One conversation's cache, which may lie in a batch with others until it is asked for.

    While the same sequences go on together their batch is only grown; it is taken apart when they part.
    """

    def __init__(self, cache: KeyValueCache) -> None:
        self.length = cache.length
        self._cache = cache
        self._batch: _Batch | None = None
        self._row = 0

    @property
    def cache(self) -> KeyValueCache:
        """Its own cache, which may share memory with a batch: `piece(..., own_memory=True)` does not."""
        if self._batch is not None:
            self._cache = self._batch.cache.row(self._row, self._batch.cache.length - self.length)
            self._batch = None
        return self._cache


@dataclass(eq=False)
class _Batch:
    """Caches side by side, filled up on the left."""

    sequences: tuple[BatchedSequence, ...]
    cache: KeyValueCache
    valid_BS: Tensor


def hidden_together(
    language: MultimodalLLM,
    sequences: Sequence[BatchedSequence],
    embeds_BNW: Tensor,
    *,
    grow: bool = True,
    are_slots: bool = False,
) -> Tensor:
    """Last hidden states (B, N, W) of N new positions on top of each sequence, which keeps them with `grow`.
    Slots may copy (`MultimodalLLM.hidden`).

    Results are those of each sequence alone, up to the rounding of kernels that differ by the size of a
    batch. If anything is raised no sequence is changed.

    Raises:
        ValueError: positions would leave the context.
    """
    device = embeds_BNW.device
    is_slot_BN = torch.ones(embeds_BNW.shape[:2], dtype=torch.bool, device=device) if are_slots else None
    if len(sequences) == 1:
        return _hidden_alone(language, sequences[0], embeds_BNW, grow=grow, is_slot_1N=is_slot_BN)
    num_new, context = embeds_BNW.shape[1], language.sizes.context_tokens
    longest = max(sequence.length for sequence in sequences) + num_new
    if longest > context:
        raise ValueError(f"{longest} tokens do not fit a context of {context}; drop rounds first.")
    batch = _batched(sequences)
    grown = batch.cache.copy()
    lengths_B1 = torch.tensor([[sequence.length] for sequence in sequences], device=device)
    mask_B1NS = torch.cat(
        [
            batch.valid_BS[:, None, None].expand(-1, 1, num_new, -1),
            causal_mask(num_new, 0, device).expand(len(sequences), 1, -1, -1),
        ],
        dim=-1,
    )
    hidden_BNW = language.hidden(
        embeds_BNW,
        lengths_B1 + torch.arange(num_new, device=device),
        mask_B1NS,
        grown,
        is_slot_BN=is_slot_BN,
    )
    if grow:
        batch.cache = grown
        batch.valid_BS = torch.nn.functional.pad(batch.valid_BS, (0, num_new), value=True)
        for sequence in sequences:
            sequence.length += num_new
    return hidden_BNW


def _hidden_alone(
    language: MultimodalLLM,
    sequence: BatchedSequence,
    embeds_1NW: Tensor,
    *,
    grow: bool,
    is_slot_1N: Tensor | None,
) -> Tensor:
    grown = sequence.cache.copy()
    hidden_1NW = language.hidden(embeds_1NW, cache=grown, is_slot_BN=is_slot_1N)
    if grow:
        sequence._cache, sequence.length = grown, grown.length
    return hidden_1NW


def _batched(sequences: Sequence[BatchedSequence]) -> _Batch:
    first = sequences[0]._batch
    if (
        first is not None
        and first.sequences == tuple(sequences)
        and all(each._batch is first for each in sequences)
    ):
        return first
    cache, valid_BS = KeyValueCache.stack([sequence.cache for sequence in sequences])
    made = _Batch(tuple(sequences), cache, valid_BS)
    for row, sequence in enumerate(sequences):
        sequence._batch, sequence._row = made, row
    return made
