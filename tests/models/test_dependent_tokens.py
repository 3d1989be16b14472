"""A token that follows from the others is replaced where it is far from that, once this is learned."""

from __future__ import annotations

import torch

from limner.models.dependent_tokens import DependentTokens
from limner.training.scene_heads import learn

TOKENS, DIM, LAST = 4, 8, 3


def true_tokens(count: int, seed: int = 0) -> torch.Tensor:
    """The last of four tokens is the sum of the first two, where that is above zero."""
    tokens = torch.randn(count, TOKENS, DIM, generator=torch.Generator().manual_seed(seed)).sign()
    tokens[:, LAST] = (tokens[:, 0] + tokens[:, 1].roll(1, -1)).clamp_min(0)
    return tokens


def taught() -> DependentTokens:
    torch.manual_seed(0)
    network = DependentTokens((LAST,), TOKENS, DIM, 96)
    learn(network, true_tokens(4_000), torch.Generator().manual_seed(0), steps=1_500)
    return network


def test_it_leaves_all_as_it_is_before_it_has_learned() -> None:
    tokens = torch.randn(2, TOKENS, DIM)
    assert torch.equal(DependentTokens((LAST,), TOKENS, DIM, 16)(tokens), tokens)


def test_what_is_far_is_replaced_and_what_is_near_stays() -> None:
    network, tokens = taught(), true_tokens(200, seed=1)
    assert network.errors(tokens).mean() < 0.02
    near = tokens.clone()
    near[:, LAST] += 0.01
    is_kept = network(near)[:, LAST] == near[:, LAST]
    assert is_kept.all(1).float().mean() > 0.8
    far = tokens.clone()
    far[:, LAST] = 1 - far[:, LAST]
    found = network(far)
    assert (found[:, LAST] - tokens[:, LAST]).square().mean() < 0.05
    assert torch.equal(found[:, :LAST], far[:, :LAST])


def test_files_keep_what_it_knows() -> None:
    network = taught()
    again = DependentTokens((LAST,), TOKENS, DIM, 96)
    again.load_state_dict(network.state_dict())
    assert bool(again.knows)
    assert torch.allclose(again.following(true_tokens(5)), network.following(true_tokens(5)), atol=0.1)
