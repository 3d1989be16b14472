"""Lanes that go together end where each would alone, whoever joins, leaves or only looks."""

from __future__ import annotations

import random

import pytest
import torch

from limner.models.cache import KeyValueCache
from limner.models.lanes import Lane, hidden_together
from limner.models.mllm import MultimodalLLM
from limner.models.presets import TINY

CLOSE = {"atol": 1e-4, "rtol": 1e-4}
WIDTH = TINY.language.width


@pytest.fixture(scope="module")
def language() -> MultimodalLLM:
    torch.manual_seed(0)
    return MultimodalLLM(TINY.language, TINY.input_resampler).eval().requires_grad_(False)


@pytest.mark.parametrize("seed", range(3))
def test_any_company_gives_what_each_lane_gives_alone(language, seed) -> None:
    rng = random.Random(seed)
    torch.manual_seed(seed)
    lanes = [Lane(KeyValueCache()) for _ in range(4)]
    alone = [KeyValueCache() for _ in lanes]
    for index, lane in enumerate(lanes):
        start = torch.randn(1, rng.randint(1, 9), WIDTH)
        hidden_together(language, [lane], start)
        language.hidden(start, cache=alone[index])
    for _ in range(25):
        chosen = rng.sample(range(4), rng.randint(1, 4))
        embeds, grow = torch.randn(len(chosen), rng.randint(1, 4), WIDTH), rng.random() < 0.7
        found = hidden_together(language, [lanes[index] for index in chosen], embeds, grow=grow)
        for row, index in enumerate(chosen):
            cache = alone[index] if grow else alone[index].copy()
            expected = language.hidden(embeds[row : row + 1], cache=cache)
            torch.testing.assert_close(found[row : row + 1], expected, **CLOSE)
    for lane, cache in zip(lanes, alone, strict=True):
        assert lane.length == lane.cache.length == cache.length
        for ours, theirs in zip(lane.cache.layers(), cache.layers(), strict=True):
            torch.testing.assert_close(ours[0], theirs[0], **CLOSE)


def test_a_lane_that_would_leave_the_context_changes_none(language) -> None:
    long, short = Lane(KeyValueCache()), Lane(KeyValueCache())
    hidden_together(language, [long], torch.randn(1, TINY.language.context_tokens - 2, WIDTH))
    hidden_together(language, [short], torch.randn(1, 3, WIDTH))
    for lanes in ([long, short], [long]):
        with pytest.raises(ValueError, match="do not fit a context"):
            hidden_together(language, lanes, torch.randn(len(lanes), 3, WIDTH))
        assert (long.cache.length, short.cache.length) == (TINY.language.context_tokens - 2, 3)
