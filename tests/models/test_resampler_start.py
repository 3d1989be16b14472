"""The start of a resampler as a copy, and that training leaves its routing alone."""

from __future__ import annotations

import torch

from limner.models.presets import SKETCH
from limner.models.resampler import Resampler
from limner.models.resampler_start import keep_routing, start_as_copy


def started() -> Resampler:
    torch.manual_seed(0)
    resampler = Resampler(SKETCH.input_resampler)
    start_as_copy(resampler, out_std=1.0)
    return resampler


def own_share(resampler: Resampler, tokens_BKD: torch.Tensor) -> float:
    """How much of its attention each query gives to its own place, on average."""
    values = resampler.ln_kv(resampler.kv_proj(tokens_BKD))
    queries = (resampler.ln_q(resampler.query) + resampler.pos_embed).expand(len(values), -1, -1)
    weights = resampler.attn(queries, values + resampler.pos_embed, values, need_weights=True)[1]
    return float(weights.diagonal(dim1=-2, dim2=-1).mean())


def train(resampler: Resampler) -> torch.Tensor:
    """Thirty steps at the small scales' rate towards targets that need no routing at all."""
    parameters = [parameter for parameter in resampler.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(parameters, lr=1.5e-3)
    generator = torch.Generator().manual_seed(1)
    for _ in range(30):
        tokens = torch.randn(4, 64, 64, generator=generator)
        loss = (resampler(tokens) - torch.randn(4, 64, 192, generator=generator)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return torch.randn(4, 64, 64, generator=generator)


def test_each_output_is_a_rotation_of_its_own_input() -> None:
    resampler = started()
    tokens = torch.randn(4, 64, 64)
    with torch.no_grad():
        assert own_share(resampler, tokens) > 0.97
        out, moved = resampler(tokens), resampler(tokens.roll(1, dims=1))
    assert float((out.roll(1, dims=1) - moved).square().mean() / out.square().mean()) < 0.05


def test_kept_routing_survives_training_and_free_routing_does_not() -> None:
    kept, free = started(), started()
    keep_routing(kept)
    with torch.no_grad():
        before = kept.attn.out_proj.weight.clone()
    tokens = train(kept)
    train(free)
    with torch.no_grad():
        assert own_share(kept, tokens) > 0.97
        assert own_share(free, tokens) < 0.9
    assert not torch.equal(kept.attn.out_proj.weight, before)  # the way out still learns
