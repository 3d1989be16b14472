"""Our LLaMA is transformers': the same weights by the same names, the same states, whatever is cached."""

from dataclasses import replace

import pytest
import torch
from library_llama import llama_of

from limner.models.cache import KeyValueCache
from limner.models.llama import Llama
from limner.models.mllm import causal_mask
from limner.models.presets import TINY
from limner.models.sizes import LanguageSizes

GROUPED = replace(TINY.language, heads=4, key_value_width=TINY.language.width // 2)
TIED = replace(TINY.language, tie_embeddings=True)
CLOSE = {"atol": 1e-5, "rtol": 0}


@pytest.fixture(params=[TINY.language, GROUPED, TIED], ids=["plain", "grouped", "tied"])
def sizes(request) -> LanguageSizes:
    return request.param


def llama(sizes: LanguageSizes) -> Llama:
    torch.manual_seed(0)
    made = Llama(sizes).eval()
    with torch.no_grad():
        for weight in made.parameters():
            weight.add_(torch.randn_like(weight) * 0.1)  # norms too
    return made


def embeds(sizes: LanguageSizes, batch: int, length: int) -> torch.Tensor:
    return torch.randn(batch, length, sizes.width, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_states_and_logits_are_transformers_own(sizes) -> None:
    ours = llama(sizes)
    theirs = llama_of(sizes, ours.state_dict())
    assert list(theirs.state_dict()) == list(ours.state_dict())
    mask = causal_mask(24, 0).repeat(2, 1, 1, 1)
    mask[1, :, 9:, 2:6] = False  # as packing and padding leave things out
    positions = torch.stack([torch.arange(24), torch.arange(300, 324)])
    given = embeds(sizes, 2, 24)
    states = ours.model(given, positions, mask)
    expected = theirs.model(inputs_embeds=given, position_ids=positions, attention_mask=mask)
    torch.testing.assert_close(states, expected.last_hidden_state, **CLOSE)
    torch.testing.assert_close(ours.lm_head(states), theirs.lm_head(states), **CLOSE)
    assert (ours.lm_head.weight is ours.model.embed_tokens.weight) == sizes.tie_embeddings


@torch.no_grad()
def test_piece_by_piece_is_as_at_once(sizes) -> None:
    ours, given, cache = llama(sizes), embeds(sizes, 1, 20), KeyValueCache()
    whole = ours.model(given, torch.arange(20)[None], causal_mask(20, 0))
    parts = []
    for start, stop in ((0, 7), (7, 8), (8, 20)):
        positions = torch.arange(start, stop)[None]
        parts.append(ours.model(given[:, start:stop], positions, causal_mask(stop - start, start), cache))
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, **CLOSE)
    assert cache.length == 20
    assert cache.num_bytes == 2 * sizes.layers * (sizes.key_value_width or sizes.width) * 20 * 4


def test_gradients_are_transformers_own_and_those_of_recomputing(sizes) -> None:
    ours = llama(sizes).train()
    theirs = llama_of(sizes, ours.state_dict())
    given, positions, mask = embeds(sizes, 1, 12), torch.arange(12)[None], causal_mask(12, 0)

    def gradients(network: torch.nn.Module, states: torch.Tensor) -> dict[str, torch.Tensor]:
        network.zero_grad()
        network.get_output_embeddings()(states).square().mean().backward()
        return {
            name: weight.grad.clone()
            for name, weight in network.named_parameters()
            if weight.grad is not None
        }

    wanted = gradients(
        theirs,
        theirs.model(inputs_embeds=given, position_ids=positions, attention_mask=mask).last_hidden_state,
    )
    kept = gradients(ours, ours.model(given, positions, mask))
    calls = []
    ours.model.layers[0].self_attn.register_forward_pre_hook(lambda *_: calls.append(None), with_kwargs=True)
    ours.activation_checkpointing_enable()
    recomputed = gradients(ours, ours.model(given, positions, mask))
    assert len(calls) == 2  # hooks see the layer again
    assert wanted.keys() == kept.keys() == recomputed.keys()
    assert len(kept) > 9 * sizes.layers - 1
    for name, gradient in kept.items():
        torch.testing.assert_close(gradient, wanted[name], atol=1e-5, rtol=1e-4)
        assert torch.equal(gradient, recomputed[name])


@torch.no_grad()
def test_in_sixteen_bits_too(sizes) -> None:
    ours = llama(sizes)
    theirs = llama_of(sizes, ours.state_dict(), dtype=torch.bfloat16)
    for weight in ours.parameters():
        weight.data = weight.data.bfloat16()
    given, positions = embeds(sizes, 1, 16).bfloat16(), torch.arange(16)[None]
    states = ours.model(given, positions, causal_mask(16, 0))
    expected = theirs.model(inputs_embeds=given, position_ids=positions, attention_mask=causal_mask(16, 0))
    assert states.dtype == torch.bfloat16
    torch.testing.assert_close(states, expected.last_hidden_state, atol=0.03, rtol=0.02)
