"""The mixture sampler: which dialogue of which data set the n-th sample of a training run is.

A pure function of (seed, n): nothing is stored, so resuming is exact and the number of workers changes
nothing. Within every cycle (6:2:3:1 makes cycles of 12 samples) the ratios hold exactly; each data set is
walked in a new permutation every epoch, computed by a Feistel network with cycle walking [Black & Rogaway,
"Ciphers with Arbitrary Finite Domains", 2002] instead of being stored. Knows sizes and names only, no files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from math import gcd
from typing import Final

_MASK: Final = (1 << 64) - 1
_NUM_FEISTEL_ROUNDS: Final = 6


def permute(index: int, size: int, key: int) -> int:
    """Where `index` goes in the permutation of range(size) that `key` (64 bits) chooses."""
    if not 0 <= index < size:
        raise ValueError(f"index {index} is not within a permutation of {size}")
    half_bits = max(1, ((size - 1).bit_length() + 1) // 2)
    while True:  # the network permutes a power of four; walk on until inside, at most four steps on average
        index = _feistel(index, half_bits, key)
        if index < size:
            return index


def _feistel(index: int, half_bits: int, key: int) -> int:
    mask = (1 << half_bits) - 1
    left, right = index >> half_bits, index & mask
    for number in range(_NUM_FEISTEL_ROUNDS):
        left, right = right, left ^ (_mix(right ^ _mix(key + number)) & mask)
    return (left << half_bits) | right


def _mix(value: int) -> int:
    """The finalizer of SplitMix64 (Steele, Lea & Flood, 2014)."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def _key(*parts: int | str) -> int:
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=8).digest(), "big")


class MixtureSampler:
    """Mixes data sets by integer ratios.

    `sizes`: dialogues of each data set; `ratios`: samples of each in a cycle (0 leaves one out); `seed`: any
    integer.
    """

    def __init__(self, *, sizes: Mapping[str, int], ratios: Mapping[str, int], seed: int) -> None:
        if set(sizes) != set(ratios):
            raise ValueError(
                f"sizes name {sorted(sizes)} but ratios name {sorted(ratios)}; name the same data sets"
            )
        for name, ratio in ratios.items():
            if int(ratio) != ratio or ratio < 0:
                raise ValueError(f"the ratio of {name} is {ratio}; ratios are whole numbers, not negative")
            if ratio and sizes[name] < 1:
                raise ValueError(f"the data set {name} is empty; give it dialogues or the ratio 0")
        divisor = gcd(*(int(ratio) for ratio in ratios.values()))
        if divisor == 0:
            raise ValueError("a mixture needs at least one data set with a ratio above 0")
        self.sizes = dict(sizes)
        self.ratios = {name: int(ratio) // divisor for name, ratio in ratios.items() if ratio}
        self.seed = seed
        self.cycle_length = sum(self.ratios.values())
        self._slots = [(name, turn) for name, ratio in self.ratios.items() for turn in range(ratio)]
        self._keys: dict[tuple[str, int], int] = {}

    def at(self, number: int) -> tuple[str, int]:
        """The data set and the index of the run's sample `number` (0-based)."""
        if number < 0:
            raise ValueError(f"sample {number} comes before the first; samples count from 0")
        cycle, position = divmod(number, self.cycle_length)
        slot = permute(position, self.cycle_length, _key(self.seed, "cycle", cycle))
        name, turn = self._slots[slot]
        epoch, place = divmod(cycle * self.ratios[name] + turn, self.sizes[name])
        return name, permute(place, self.sizes[name], self._epoch_key(name, epoch))

    def batch(
        self, step: int, batch_size: int, *, rank: int = 0, world_size: int = 1
    ) -> list[tuple[str, int]]:
        """One worker's share of the `step`-th batch; `batch_size` counts all workers' samples together."""
        if not 0 <= rank < world_size:
            raise ValueError(f"rank {rank} is not within a world of {world_size}")
        if batch_size < 1 or batch_size % world_size:
            raise ValueError(f"a batch of {batch_size} does not divide among {world_size} workers")
        first = step * batch_size
        return [self.at(first + place) for place in range(rank, batch_size, world_size)]

    def _epoch_key(self, name: str, epoch: int) -> int:
        if (name, epoch) not in self._keys:
            if len(self._keys) > 64:
                self._keys.clear()
            self._keys[name, epoch] = _key(self.seed, "epoch", name, epoch)
        return self._keys[name, epoch]
