"""The prefix cache's four verbs, on real key-value pieces."""

import random
from itertools import accumulate

import pytest
import torch

from limner.inference.prefix_cache import PrefixCache
from limner.models.cache import KeyValueCache


def piece(num_tokens, value=0.0):
    cache = KeyValueCache()
    filled = torch.full((1, 2, num_tokens, 4), value)
    cache.update(filled, filled, 0)
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


def test_a_parent_never_leaves_before_its_children():
    size = piece(4).num_bytes
    cache = PrefixCache(budget_bytes=3 * size)
    cache.insert(["a"], piece(4))
    cache.insert(["a", "b"], piece(4))
    cache.insert(["x"], piece(4))
    cache.match(["x"])
    cache.insert(["y"], piece(4))  # "a" and "b" are the least used; the leaf goes
    assert len(cache.match(["a", "b"])) == 1
    with cache.lock(["a", "b"]):
        assert cache.insert(["a", "b"], piece(4))
        assert cache.evict(0) == 1
        assert len(cache.match(["a", "b"])) == 2
    assert cache.num_bytes <= 3 * size


def test_what_could_never_be_matched_is_not_held():
    cache = PrefixCache()
    assert not cache.insert(["a", "b"], piece(3))
    assert cache.num_bytes == len(cache) == 0
    cache.insert(["a"], piece(3))
    cache.insert(["a", "b"], piece(3))
    assert cache.match(["b"]) == []


def test_an_over_full_cache_of_locked_prefixes_shrinks_when_they_are_released():
    size = piece(4).num_bytes
    cache = PrefixCache(budget_bytes=size)
    with cache.lock(["a", "b"]):
        assert cache.insert(["a"], piece(4))
        assert cache.insert(["a", "b"], piece(4))
        assert not cache.insert(["x"], piece(4))
        assert cache.num_bytes == 2 * size
    assert cache.num_bytes == size
    assert len(cache.match(["a", "b"])) == 1


def test_what_is_dropped_takes_all_that_follows_along():
    cache = PrefixCache()
    for keys in (["a"], ["a", "b"], ["a", "b", "c"], ["a", "d"]):
        cache.insert(keys, piece(3))
    assert cache.drop(["b", "nothing"]) == 2
    assert len(cache.match(["a", "b"])) == 1
    assert len(cache.match(["a", "d"])) == 2
    assert cache.num_bytes == 2 * piece(3).num_bytes


@pytest.mark.parametrize("seed", range(5))
def test_any_use_keeps_the_tree_whole_and_the_count_right(seed):
    rng = random.Random(seed)
    size = piece(2).num_bytes
    cache, held = PrefixCache(budget_bytes=6 * size), []
    for _ in range(300):
        keys = ["".join(path) for path in accumulate(rng.choices("xyz", k=rng.randint(1, 4)))]
        match rng.randrange(6):
            case 0 | 1 | 2:
                for length in range(1, len(keys) + 1):
                    cache.insert(keys[:length], piece(2, float(length)))
            case 3:
                held.append(keys)
                cache.hold(keys)
            case 4 if held:
                cache.release(held.pop())
            case _:
                cache.drop(keys[-1:])
        found = cache.match(keys)
        assert [float(part.layers()[0][0].flatten()[0]) for part in found] == [
            float(length) for length in range(1, len(found) + 1)
        ]
        locked = {key for path in held for key in path}
        assert cache.num_bytes == len(cache) * size
        assert cache.num_bytes <= max(6, len(locked)) * size
    for keys in held:
        cache.release(keys)
    cache.evict(0)
    assert cache.num_bytes == len(cache) == 0


def test_a_long_conversation_does_not_fill_the_cache_with_windows_it_has_left():
    cache = PrefixCache(budget_bytes=10**9, tree_paths=3)
    window = [f"w{number}" for number in range(5)]
    for start in range(40):  # each window begins alike and goes on in its own way
        keys = ["first", *(f"{start} {key}" for key in window)]
        for length in range(1, len(keys) + 1):
            cache.insert(keys[:length], piece(4))
        assert len(cache.match(keys)) == len(keys), "the newest path is whole"
    assert cache.num_bytes <= 3 * 6 * piece(4).num_bytes
    other = ["another", "conversation"]
    cache.insert(other[:1], piece(4))
    cache.insert(other, piece(4))
    cache.insert(["first", "back to the beginning"], piece(4))
    assert len(cache.match(keys)) == len(keys), "a short branch costs the long one nothing"
    assert len(cache.match(other)) == 2


def test_a_conversation_is_one_tree_whichever_round_its_window_begins_with():
    cache = PrefixCache(budget_bytes=10**9, tree_paths=3)
    for start in range(40):
        keys = [f"{start} {number}" for number in range(5)]
        for length in range(1, len(keys) + 1):
            cache.insert(keys[:length], piece(4), tree="a long conversation")
        assert len(cache.match(keys)) == len(keys), "the newest path is whole"
    assert cache.num_bytes <= 3 * 5 * piece(4).num_bytes
    cache.drop(["39 0"])
    assert not cache.match(["39 0"])
    cache.evict(0)
    assert cache.insert(["0 0"], piece(4), tree="a long conversation")
    assert cache.num_bytes == piece(4).num_bytes
