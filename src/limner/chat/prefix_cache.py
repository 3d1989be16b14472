"""The prefix cache: keys and values of rounds already read, shared by all conversations of one painter.

Knows segments of keys and values under chain keys, and a memory budget. Knows nothing about text, pictures or
models: what a missing segment is rebuilt from is its caller's business.
Four verbs: match, insert, lock, evict.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from limner.models.cache import KeyValueCache


class PrefixCache:
    """Segments under chain keys (a key stands for a round and all before it), least used out first."""

    def __init__(self, budget_bytes: int = 256 * 2**20) -> None:
        if budget_bytes <= 0:
            raise ValueError(f"the prefix cache needs a budget above 0 bytes, not {budget_bytes}")
        self.budget_bytes = budget_bytes
        self._segments: OrderedDict[str, KeyValueCache] = OrderedDict()
        self._locks: Counter[str] = Counter()
        self._num_bytes = 0

    @property
    def num_bytes(self) -> int:
        """Bytes held now."""
        return self._num_bytes

    def match(self, keys: Sequence[str]) -> list[KeyValueCache]:
        """The segments of the longest prefix of `keys` that is held. Mutates only the order of use."""
        found = []
        for key in keys:
            segment = self._segments.get(key)
            if segment is None:
                break
            self._segments.move_to_end(key)
            found.append(segment)
        return found

    def insert(self, key: str, segment: KeyValueCache) -> None:
        """Hold a segment; evicts the least used, unlocked ones until the budget holds."""
        held = self._segments.pop(key, None)
        if held is not None:
            self._num_bytes -= held.num_bytes
        self._segments[key] = segment
        self._num_bytes += segment.num_bytes
        self.evict(self.budget_bytes)

    @contextmanager
    def lock(self, keys: Sequence[str]) -> Iterator[None]:
        """While open, these keys are not evicted. Mutates only the locks."""
        self._locks.update(keys)
        try:
            yield
        finally:
            self._locks.subtract(keys)
            self._locks += Counter()

    def evict(self, budget_bytes: int = 0) -> int:
        """Drop the least used, unlocked segments until at most `budget_bytes` are held; how many went."""
        dropped = 0
        for key in list(self._segments):
            if self._num_bytes <= budget_bytes:
                break
            if self._locks[key] == 0:
                self._num_bytes -= self._segments.pop(key).num_bytes
                dropped += 1
        return dropped
