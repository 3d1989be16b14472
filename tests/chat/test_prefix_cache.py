"""The prefix cache's four verbs, on real key-value pieces."""

import pytest
import torch

from limner.chat.prefix_cache import PrefixCache
from limner.chat.window import visible_rounds
from limner.models.cache import KeyValueCache


def piece(num_tokens, value=0.0):
    cache = KeyValueCache()
    filled = torch.full((1, 2, num_tokens, 4), value)
    cache.dynamic.update(filled, filled, 0)
    return cache.piece(0, num_tokens, own_memory=True)


def test_match_finds_the_longest_prefix_only():
    cache = PrefixCache()
    cache.insert(["a"], piece(3))
    cache.insert(["a", "b"], piece(3))
    cache.insert(["d"], piece(3))
    assert len(cache.match(["a", "b", "c", "d"])) == 2
    assert cache.match(["x"]) == []


def test_the_budget_holds_and_the_least_used_leaves_first():
    size = piece(4).num_bytes
    cache = PrefixCache(budget_bytes=2 * size)
    cache.insert(["a"], piece(4))
    cache.insert(["b"], piece(4))
    cache.match(["a"])
    cache.insert(["c"], piece(4))
    assert len(cache.match(["b"])) == 0
    assert len(cache.match(["a"])) == 1
    assert cache.num_bytes <= 2 * size


def test_what_is_locked_stays():
    cache = PrefixCache(budget_bytes=piece(4).num_bytes)
    cache.insert(["a"], piece(4))
    with cache.lock(["a"]):
        cache.insert(["b"], piece(4))
        assert len(cache.match(["a"])) == 1
    cache.evict(0)
    assert cache.num_bytes == 0


def test_a_budget_must_be_positive():
    with pytest.raises(ValueError, match="budget"):
        PrefixCache(0)


def test_old_rounds_leave_but_introductions_stay():
    lengths, keep = [10, 10, 10, 10, 10], [False, False, True, False, False]
    assert visible_rounds(lengths, keep, 50) == [0, 1, 2, 3, 4]
    assert visible_rounds(lengths, keep, 40) == [0, 2, 3, 4]
    assert visible_rounds(lengths, keep, 30) == [0, 2, 4]
    assert visible_rounds(lengths, keep, 20) == [2, 4]
    assert visible_rounds(lengths, keep, 10) == [4]
    assert visible_rounds(lengths, keep, 5) == []
    assert visible_rounds([], [], 5) == []
