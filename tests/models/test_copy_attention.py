"""Copies are exact where one place is looked at, and nothing changes where none is."""

from dataclasses import replace

import pytest
import torch

from limner.models.cache import KeyValueCache
from limner.models.copy_attention import CopyAttention
from limner.models.footprint import cache_bytes
from limner.models.mllm import MultimodalLLM, causal_mask
from limner.models.presets import TINY

WIDTH, KEYS = 12, 8
EVERYWHERE = torch.ones(1, 1, 4, dtype=torch.bool)


@pytest.fixture
def copy() -> CopyAttention:
    torch.manual_seed(0)
    return CopyAttention(WIDTH, KEYS)


@torch.no_grad()
def test_a_new_one_copies_next_to_nothing(copy: CopyAttention) -> None:
    states, inputs = torch.randn(1, 2000, WIDTH), torch.randn(1, 2000, WIDTH)
    mask = causal_mask(2000, 0)[0]
    after = copy(states, inputs, copy.pointer.keys(states, inputs), inputs, mask)
    assert (after - states).abs().max() < 0.1


@torch.no_grad()
def test_the_value_of_the_place_that_is_looked_at_and_no_other(copy: CopyAttention) -> None:
    copy.pointer.nothing.bias.zero_()
    copy.pointer.q_proj.weight.zero_()
    copy.pointer.q_proj.bias.copy_(torch.eye(KEYS)[0] * 100)
    keys, values = torch.zeros(1, 4, KEYS), torch.randn(1, 4, WIDTH)
    keys[0, 2, 0] = 1.0
    state = torch.randn(1, 1, WIDTH)
    after = copy(state, torch.randn(1, 1, WIDTH), keys, values, EVERYWHERE)
    torch.testing.assert_close(after[0, 0], copy.o_proj(values[0, 2]), atol=1e-5, rtol=0)

    unseen = EVERYWHERE.clone()
    unseen[..., 2] = False
    nothing, places = copy.pointer(state, state, keys, unseen)
    torch.testing.assert_close(nothing.exp() + places.exp().sum(-1), torch.ones(1, 1))
    assert places[0, 0, 2] == -torch.inf


@torch.no_grad()
def test_a_fit_says_what_a_trained_model_says_where_it_repeats(copy: CopyAttention) -> None:
    values = torch.randn(200, WIDTH)
    states = values @ torch.randn(WIDTH, WIDTH) + 0.3
    copy.fit(states, values)
    torch.testing.assert_close(copy.o_proj(values), states, atol=0.02, rtol=0)


@torch.no_grad()
def test_a_cache_grows_by_what_may_be_copied_and_shrinks_again() -> None:
    torch.manual_seed(1)
    language = MultimodalLLM(TINY.language, TINY.input_resampler).eval()
    assert language.copy is not None
    language.copy.pointer.nothing.bias.zero_()  # so that copies count
    embeds = torch.randn(1, 9, TINY.language.width)
    is_slot = torch.ones(1, 9, dtype=torch.bool)
    whole = language.hidden(embeds, is_slot_BN=is_slot)
    cache = KeyValueCache()
    first = language.hidden(embeds[:, :4], cache=cache, is_slot_BN=is_slot[:, :4])
    language.hidden(torch.randn(1, 3, TINY.language.width), cache=cache)
    cache.crop(4)
    rest = language.hidden(embeds[:, 4:], cache=cache, is_slot_BN=is_slot[:, 4:])
    torch.testing.assert_close(torch.cat([first, rest], dim=1), whole, atol=2e-5, rtol=0)
    assert cache.num_bytes == 2 * cache_bytes(TINY.language, 9)  # in float32

    plain = MultimodalLLM(replace(TINY.language, copy_width=0), TINY.input_resampler).eval()
    plain.load_state_dict(language.state_dict(), strict=False)
    assert (plain.hidden(embeds) - whole).abs().max() > 0.01


@torch.no_grad()
def test_only_slots_copy_however_many_each_row_has() -> None:
    torch.manual_seed(1)
    language = MultimodalLLM(TINY.language, TINY.input_resampler).eval()
    assert language.copy is not None
    language.copy.pointer.nothing.bias.zero_()
    embeds = torch.randn(3, 7, TINY.language.width)
    is_slot = torch.tensor([[0, 1, 1, 0, 0, 1, 0], [0, 0, 0, 1, 0, 0, 0], [0] * 7], dtype=torch.bool)
    plain, some = language.hidden(embeds), language.hidden(embeds, is_slot_BN=is_slot)
    everywhere = language.hidden(embeds, is_slot_BN=torch.ones_like(is_slot))
    torch.testing.assert_close(some[~is_slot], plain[~is_slot], atol=0, rtol=0)
    torch.testing.assert_close(some[is_slot], everywhere[is_slot], atol=2e-5, rtol=0)
    assert (some - plain)[is_slot].abs().amax(-1).min() > 0.01
