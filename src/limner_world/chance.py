"""Small draws from a seeded generator, shared by everything of the world that is random. Knows no
vocabulary.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def seeded(*key: int | str) -> np.random.Generator:
    """A generator that depends on `key` alone, the same on every machine and in every process."""
    words = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in key]
    return np.random.default_rng(words)


def pick(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """One of `choices`, each equally likely."""
    return choices[int(rng.integers(len(choices)))]


def weighted(rng: np.random.Generator, weights: Mapping[T, float]) -> T:
    """One key of `weights`, drawn in proportion to its weight."""
    point = float(rng.random()) * sum(weights.values())
    for key, weight in weights.items():
        point -= weight
        if point < 0:
            return key
    return next(reversed(list(weights)))


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True with the given probability."""
    return bool(rng.random() < probability)


def some(rng: np.random.Generator, items: Sequence[T], num: int) -> list[T]:
    """`num` different items of `items` (all of them when there are fewer), in random order."""
    order = rng.permutation(len(items))[:num]
    return [items[int(place)] for place in order]


def split_hash(text: str) -> int:
    """A bucket in 0..9 for `text`, the same everywhere; bucket 0 is held out for testing."""
    return zlib.crc32(text.encode()) % 10
