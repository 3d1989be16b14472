"""The resampler against its formula written out longhand, at both lengths that it must read."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from limner.models.resampler import Resampler, sine_positions, stretch_positions
from limner.models.sizes import ResamplerSizes

SIZES = ResamplerSizes(grid=4, width=24, heads=3, input_dim=16)


def longhand(resampler: Resampler, inputs: torch.Tensor) -> torch.Tensor:
    """q = ln_q(query) + pos, k = ln_kv(kv_proj(x)) + pos, v = ln_kv(kv_proj(x)), head by head."""
    state = resampler.state_dict()
    width, heads = resampler.sizes.width, resampler.sizes.heads
    values = F.layer_norm(
        inputs @ state["kv_proj.weight"].T, (width,), state["ln_kv.weight"], state["ln_kv.bias"], 1e-5
    )
    keys = values + stretch_positions(state["pos_embed"], inputs.shape[1])
    queries = F.layer_norm(state["query"], (width,), state["ln_q.weight"], state["ln_q.bias"], 1e-5)
    queries = (queries + state["pos_embed"]).expand(inputs.shape[0], -1, -1)
    projected = []
    for part, source in enumerate((queries, keys, values)):
        rows = slice(part * width, (part + 1) * width)
        projected.append(source @ state["attn.in_proj_weight"][rows].T + state["attn.in_proj_bias"][rows])
    outs = []
    for q, k, v in zip(*(t.chunk(heads, dim=-1) for t in projected), strict=True):
        outs.append(torch.softmax(q @ k.transpose(1, 2) / (width // heads) ** 0.5, dim=-1) @ v)
    out = torch.cat(outs, dim=-1)
    return out @ state["attn.out_proj.weight"].T + state["attn.out_proj.bias"]


@pytest.mark.parametrize("num_inputs", [16, 64])
def test_it_is_the_formula(num_inputs: int) -> None:
    torch.manual_seed(0)
    resampler = Resampler(SIZES).eval()
    for parameter in resampler.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    inputs = torch.randn(2, num_inputs, SIZES.input_dim)
    with torch.no_grad():
        torch.testing.assert_close(resampler(inputs), longhand(resampler, inputs), atol=1e-5, rtol=1e-5)


def test_sine_positions_match_known_values() -> None:
    positions = sine_positions(8, 2)
    # Place (row 0, column 1): sin and cos of 1 and of 1 / 100 for the column, of 0 for the row.
    expected = torch.tensor([0.841471, 0.0099998, 0.540302, 0.99995, 0.0, 0.0, 1.0, 1.0])
    torch.testing.assert_close(positions[1], expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(positions[2], expected.roll(4), atol=1e-5, rtol=0)


def test_positions_are_frozen_but_travel_with_the_weights() -> None:
    resampler = Resampler(SIZES)
    assert "pos_embed" in resampler.state_dict()
    assert "pos_embed" not in dict(resampler.named_parameters())


def test_equal_widths_need_no_projection() -> None:
    resampler = Resampler(ResamplerSizes(grid=2, width=16, heads=2, input_dim=16))
    assert "kv_proj.weight" not in resampler.state_dict()
    assert resampler(torch.randn(1, 4, 16)).shape == (1, 4, 16)


def test_stretching_keeps_a_constant_and_refuses_what_is_not_square() -> None:
    torch.testing.assert_close(stretch_positions(torch.ones(16, 4), 64), torch.ones(64, 4))
    with pytest.raises(ValueError, match="square"):
        stretch_positions(torch.ones(16, 4), 60)
