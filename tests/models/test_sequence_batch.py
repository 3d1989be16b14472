"""Sequences that go together end where each would alone, whoever joins, leaves or only looks."""

from __future__ import annotations

import random

import pytest
import torch

from limner.models.cache import KeyValueCache
from limner.models.mllm import MultimodalLLM
from limner.models.presets import TINY
from limner.models.sequence_batch import BatchedSequence, hidden_together

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
    sequences = [BatchedSequence(KeyValueCache()) for _ in range(4)]
    alone = [KeyValueCache() for _ in sequences]
    for index, sequence in enumerate(sequences):
        start = torch.randn(1, rng.randint(1, 9), WIDTH)
        hidden_together(language, [sequence], start)
        language.hidden(start, cache=alone[index])
    for _ in range(25):
        chosen = rng.sample(range(4), rng.randint(1, 4))
        embeds, grow = torch.randn(len(chosen), rng.randint(1, 4), WIDTH), rng.random() < 0.7
        found = hidden_together(language, [sequences[index] for index in chosen], embeds, grow=grow)
        for row, index in enumerate(chosen):
            cache = alone[index] if grow else alone[index].copy()
            expected = language.hidden(embeds[row : row + 1], cache=cache)
            torch.testing.assert_close(found[row : row + 1], expected, **CLOSE)
    for sequence, cache in zip(sequences, alone, strict=True):
        assert sequence.length == sequence.cache.length == cache.length
        for ours, theirs in zip(sequence.cache.layers(), cache.layers(), strict=True):
            torch.testing.assert_close(ours[0], theirs[0], **CLOSE)


def test_a_lane_that_would_leave_the_context_changes_none(language) -> None:
    long, short = BatchedSequence(KeyValueCache()), BatchedSequence(KeyValueCache())
    hidden_together(language, [long], torch.randn(1, TINY.language.context_tokens - 2, WIDTH))
    hidden_together(language, [short], torch.randn(1, 3, WIDTH))
    for sequences in ([long, short], [long]):
        with pytest.raises(ValueError, match="do not fit a context"):
            hidden_together(language, sequences, torch.randn(len(sequences), 3, WIDTH))
        assert (long.cache.length, short.cache.length) == (TINY.language.context_tokens - 2, 3)
