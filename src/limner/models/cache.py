"""The key-value cache of a conversation: a length that grows and shrinks, and pieces that can be shared.

Knows keys and values per layer. Knows nothing about rounds, tokens or when to evict.

Tensors are never written in place (growing concatenates, cropping slices), so copies and pieces share memory
with their origin and stay valid whatever happens to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class KeyValueCache:
    """Keys and values of every layer, (batch, heads, length, head width).

    Args:
        layers: of equal length; they are shared, not copied.
    """

    def __init__(self, layers: Sequence[tuple[Tensor, Tensor]] = ()) -> None:
        self._layers = list(layers)

    @property
    def length(self) -> int:
        """Positions held."""
        return self._layers[0][0].shape[-2] if self._layers else 0

    @property
    def num_bytes(self) -> int:
        """Memory of all keys and values, shared or not."""
        return sum(tensor.numel() * tensor.element_size() for pair in self.layers() for tensor in pair)

    def layers(self) -> list[tuple[Tensor, Tensor]]:
        """Keys and values of each layer; none for an empty cache."""
        return list(self._layers)

    def update(self, keys: Tensor, values: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """Append new positions to a layer, in the order of layers; returns all that it holds now."""
        if layer == len(self._layers):
            self._layers.append((keys, values))
        else:
            pairs = zip(self._layers[layer], (keys, values), strict=True)
            all_keys, all_values = (torch.cat(pair, dim=-2) for pair in pairs)
            self._layers[layer] = all_keys, all_values
        return self._layers[layer]

    def replace(self, layers: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Hold these layers from now on."""
        self._layers = list(layers)

    def crop(self, length: int) -> None:
        """Keep the first `length` positions; changes this cache only."""
        if not 0 <= length <= self.length:
            raise ValueError(f"A cache of {self.length} positions cannot be cropped to {length}.")
        self.replace(self.piece(0, length).layers())

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
        return KeyValueCache(cut)

    def row(self, index: int, start: int = 0) -> KeyValueCache:
        """One conversation of a stacked cache, from position `start` on; shares the memory."""
        one = slice(index, index + 1)
        return KeyValueCache(
            [(keys[one, :, start:], values[one, :, start:]) for keys, values in self.layers()]
        )

    @staticmethod
    def join(pieces: Sequence[KeyValueCache]) -> KeyValueCache:
        """One cache from consecutive pieces, in order; empty pieces are skipped."""
        filled = [piece.layers() for piece in pieces if piece.length]
        if len(filled) == 1:
            return KeyValueCache(filled[0])
        return KeyValueCache(
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
        return KeyValueCache(layers), torch.arange(longest, device=device) >= starts[:, None]
