"""The mixture sampler: a pure function of the sample number that walks every data set fairly."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner.dataset.mixture import MixtureSampler, permute

keys = st.integers(0, 2**64 - 1)


@given(st.integers(1, 400), keys)
def test_permute_is_a_permutation(size: int, key: int) -> None:
    assert sorted(permute(index, size, key) for index in range(size)) == list(range(size))


@given(st.integers(1, 10**12), keys, st.data())
def test_permute_stays_within_huge_sets(size: int, key: int, data) -> None:
    index = data.draw(st.integers(0, size - 1))
    assert 0 <= permute(index, size, key) < size


def test_permutations_look_random() -> None:
    size, num_keys = 10, 3000
    counts = np.zeros((size, size))
    for key in range(num_keys):
        for index in range(size):
            counts[index, permute(index, size, key * 7919)] += 1
    # A uniform place each: chi-square with 81 degrees of freedom stays below 150 in all but 1 of 10^5 cases.
    assert ((counts - num_keys / size) ** 2 / (num_keys / size)).sum() < 150
    walked = np.array([permute(index, 1000, 5) for index in range(1000)])
    assert abs(np.corrcoef(walked[:-1], walked[1:])[0, 1]) < 0.12


mixtures = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 6)), min_size=1, max_size=4).filter(
    lambda parts: any(ratio for _, ratio in parts)
)


def sampler_of(parts, seed) -> MixtureSampler:
    return MixtureSampler(
        sizes={f"set{i}": size for i, (size, _) in enumerate(parts)},
        ratios={f"set{i}": ratio for i, (_, ratio) in enumerate(parts)},
        seed=seed,
    )


@given(mixtures, st.integers())
def test_ratios_hold_within_every_cycle(parts, seed) -> None:
    sampler = sampler_of(parts, seed)
    for cycle in range(5):
        first = cycle * sampler.cycle_length
        drawn = Counter(sampler.at(first + place)[0] for place in range(sampler.cycle_length))
        assert drawn == sampler.ratios
    for name, ratio in sampler.ratios.items():
        assert ratio * sum(ratio for _, ratio in parts) == parts[int(name[3:])][1] * sampler.cycle_length


@given(mixtures, st.integers())
def test_every_dialogue_is_seen_once_an_epoch(parts, seed) -> None:
    sampler = sampler_of(parts, seed)
    slowest = max(sampler.sizes[name] / ratio for name, ratio in sampler.ratios.items())
    walks: dict[str, list[int]] = {name: [] for name in sampler.ratios}
    # Within a cycle the order is shuffled too, so an epoch is complete at the end of the cycle that ends it.
    for number in range(min(400, int(slowest + 2)) * sampler.cycle_length):
        name, index = sampler.at(number)
        walks[name].append(index)
    for name, walk in walks.items():
        size, counts = sampler.sizes[name], Counter(walk)
        assert set(counts) <= set(range(size))
        assert max(counts.values()) <= len(walk) // size + 1
        if len(walk) >= size:
            assert len(counts) == size
            assert min(counts.values()) >= len(walk) // size


@given(mixtures, st.integers(), st.integers(0, 50), st.sampled_from([1, 2, 3, 4, 6, 12]))
def test_the_number_of_workers_changes_nothing(parts, seed, step, world_size) -> None:
    sampler = sampler_of(parts, seed)
    alone = sampler.batch(step, 12)
    shares = [sampler.batch(step, 12, rank=rank, world_size=world_size) for rank in range(world_size)]
    assert [shares[place % world_size][place // world_size] for place in range(12)] == alone
    resumed = sampler_of(parts, seed)  # a fresh object knows nothing of earlier steps
    assert resumed.batch(step, 12) == alone
    assert alone == [sampler.at(step * 12 + place) for place in range(12)]


def test_the_papers_mixture() -> None:
    sizes = {"multi-turn": 92_471, "text-to-image": 40_000, "crop": 60_000, "questions": 10_000}
    ratios = dict(zip(sizes, (6, 2, 3, 1), strict=True))
    sampler = MixtureSampler(sizes=sizes, ratios=ratios, seed=0)
    drawn = [sampler.at(number) for number in range(1200)]
    assert Counter(name for name, _ in drawn) == {name: 100 * ratio for name, ratio in ratios.items()}
    assert len(set(drawn)) == 1200
    assert drawn != [MixtureSampler(sizes=sizes, ratios=ratios, seed=1).at(n) for n in range(1200)]
    orders = {tuple(name for name, _ in drawn[start : start + 12]) for start in range(0, 1200, 12)}
    assert len(orders) > 90  # the order within a cycle changes
    assert sampler.at(10**15) == sampler.at(10**15)


def test_epochs_differ_in_order() -> None:
    sampler = MixtureSampler(sizes={"only": 50}, ratios={"only": 1}, seed=3)
    first, second = ([sampler.at(n)[1] for n in range(start, start + 50)] for start in (0, 50))
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second


@pytest.mark.parametrize(
    ("sizes", "ratios", "message"),
    [
        ({"a": 3}, {"b": 1}, "name the same data sets"),
        ({"a": 0}, {"a": 1}, "a is empty"),
        ({"a": 3}, {"a": 0}, "above 0"),
        ({"a": 3}, {"a": -1}, "not negative"),
        ({"a": 3}, {"a": 1.5}, "whole numbers"),
        ({}, {}, "above 0"),
    ],
)
def test_impossible_mixtures_are_refused(sizes, ratios, message) -> None:
    with pytest.raises(ValueError, match=message):
        MixtureSampler(sizes=sizes, ratios=ratios, seed=0)


def test_impossible_requests_are_refused() -> None:
    sampler = MixtureSampler(sizes={"a": 3, "empty": 0}, ratios={"a": 2, "empty": 0}, seed=0)
    assert {sampler.at(n) for n in range(3)} == {("a", 0), ("a", 1), ("a", 2)}
    with pytest.raises(ValueError, match="count from 0"):
        sampler.at(-1)
    with pytest.raises(ValueError, match="divide"):
        sampler.batch(0, 5, world_size=2)
    with pytest.raises(ValueError, match="rank 2"):
        sampler.batch(0, 4, rank=2, world_size=2)
    with pytest.raises(ValueError, match="not within a permutation"):
        permute(3, 3, 0)
