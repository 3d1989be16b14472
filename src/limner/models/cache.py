"""The key-value cache of a conversation: a length that grows and shrinks, and pieces that can be shared.

Knows keys and values per layer. Knows nothing about rounds, tokens or when to evict.

Tensors are never written in place (growing concatenates, cropping slices), so copies and pieces share memory
with their origin and stay valid whatever happens to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer


class KeyValueCache:
    """Wraps transformers' `DynamicCache`, whose `crop` wants a negative count and which cannot be joined."""

    def __init__(self) -> None:
        self.dynamic = DynamicCache()

    @property
    def length(self) -> int:
        """Positions held."""
        return int(self.dynamic.get_seq_length())

    @property
    def num_bytes(self) -> int:
        """Memory of all keys and values, shared or not."""
        return sum(tensor.numel() * tensor.element_size() for pair in self.layers() for tensor in pair)

    def layers(self) -> list[tuple[Tensor, Tensor]]:
        """Keys and values of each layer, (batch, heads, length, head width); none for an empty cache."""
        pairs = [
            (layer.keys, layer.values) for layer in self.dynamic.layers if isinstance(layer, DynamicLayer)
        ]
        return [
            (keys, values)
            for keys, values in pairs
            if keys is not None and values is not None and keys.numel()
        ]

    def crop(self, length: int) -> None:
        """Keep the first `length` positions; changes this cache only."""
        excess = self.length - length
        if length < 0 or excess < 0:
            raise ValueError(f"A cache of {self.length} positions cannot be cropped to {length}.")
        if excess:
            self.dynamic.crop(-excess)

    def copy(self) -> KeyValueCache:
        """An independent cache with the same content; shares its memory."""
        return self.piece(0, self.length)

    def piece(self, start: int, stop: int, *, own_memory: bool = False) -> KeyValueCache:
        """Positions `start` to `stop` (excluded) as a cache of their own, to be joined again behind the same
        prefix.

        Rotary positions are already in the keys, so a piece is only valid behind a prefix of `start`
        positions. With `own_memory` the tensors are copied, so that the piece does not keep the whole cache
        alive.
        """
        if not 0 <= start <= stop <= self.length:
            raise ValueError(f"Positions {start} to {stop} are not within a cache of {self.length}.")
        if start == stop:
            return KeyValueCache()
        cut = [(keys[..., start:stop, :], values[..., start:stop, :]) for keys, values in self.layers()]
        if own_memory:
            cut = [(keys.clone(), values.clone()) for keys, values in cut]
        return _from_layers(cut)

    def row(self, index: int, start: int = 0) -> KeyValueCache:
        """One conversation of a stacked cache, from position `start` on; shares the memory."""
        one = slice(index, index + 1)
        return _from_layers(
            [(keys[one, :, start:], values[one, :, start:]) for keys, values in self.layers()]
        )

    @staticmethod
    def join(pieces: Sequence[KeyValueCache]) -> KeyValueCache:
        """One cache from consecutive pieces, in order; empty pieces are skipped."""
        filled = [piece.layers() for piece in pieces if piece.length]
        if len(filled) == 1:
            return _from_layers(filled[0])
        return _from_layers(
            [
                (
                    torch.cat([keys for keys, _ in parts], dim=-2),
                    torch.cat([values for _, values in parts], dim=-2),
                )
                for parts in zip(*filled, strict=True)
            ]
        )

    @staticmethod
    def stack(caches: Sequence[KeyValueCache]) -> tuple[KeyValueCache, Tensor]:
        """Several conversations as one batch: (cache, valid_BS), filled up with zeros on the left.

        Every cache must hold something. valid_BS is True at real positions; positions are to be given to the
        model explicitly, since the longest cache's length is not everyone's.
        """
        lengths = [cache.length for cache in caches]
        if not lengths or min(lengths) == 0:
            raise ValueError("Only caches that hold something can be stacked; prefill each of them first.")
        longest = max(lengths)

        def padded(tensor: Tensor) -> Tensor:
            return torch.nn.functional.pad(tensor, (0, 0, longest - tensor.shape[-2], 0))

        layers = [
            (
                torch.cat([padded(keys) for keys, _ in parts]),
                torch.cat([padded(values) for _, values in parts]),
            )
            for parts in zip(*(cache.layers() for cache in caches), strict=True)
        ]
        device = layers[0][0].device
        starts = torch.tensor([longest - length for length in lengths], device=device)
        return _from_layers(layers), torch.arange(longest, device=device) >= starts[:, None]


def _from_layers(layers: Sequence[tuple[Tensor, Tensor]]) -> KeyValueCache:
    made = KeyValueCache()
    for keys, values in layers:
        # DynamicCache.update() would copy; a layer filled by hand shares the memory.
        layer = DynamicLayer()
        layer.lazy_initialization(keys, values)
        layer.keys, layer.values = keys, values
        made.dynamic.layers.append(layer)
    return made
