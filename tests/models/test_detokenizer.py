"""The detokenizer at tiny size: shapes, seeds, and that it learns to draw different pictures from different
tokens.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from limner.models.detokenizer import DiTDetokenizer, TokensRead
from limner.models.presets import TINY
from limner.models.sizes import BackdropSizes, CanvasSizes, DetokenizerSizes, LayerSizes

SIZES = TINY.detokenizer
CANVAS = CanvasSizes(widths=(8, 4), summary_width=16, direct_width=4, blocks=1, heads=2)
PIXELS = DetokenizerSizes(
    latent_size=32,
    latent_channels=3,
    patch_size=8,
    width=32,
    layers=2,
    heads=2,
    token_dim=8,
    num_tokens=6,
    refiner_widths=(16, 8),
    bottleneck=16,
    summary_width=24,
    layers_of_scene=LayerSizes(
        persons=2,
        person_tokens=2,
        figures=CANVAS,
        faces=CANVAS,
        backdrop=BackdropSizes(
            places=3, place_tokens=(4,), channels=4, side=4, widths=(8, 4), views=2, view_tokens=(5,)
        ),
        mend_width=8,
    ),
)
SHAPE = (SIZES.latent_channels, SIZES.latent_size, SIZES.latent_size)


def random_tokens(count: int) -> torch.Tensor:
    return torch.randn(count, SIZES.num_tokens, SIZES.token_dim, generator=torch.Generator().manual_seed(5))


@pytest.fixture
def detokenizer() -> DiTDetokenizer:
    torch.manual_seed(0)
    made = DiTDetokenizer(SIZES).eval()
    torch.nn.init.normal_(made.transformer.proj_out.weight, std=0.2)  # starts at zero: nothing to tell apart
    return made


def test_one_seed_is_one_image_whatever_the_batch(detokenizer: DiTDetokenizer) -> None:
    tokens = random_tokens(3)
    together = detokenizer.sample(tokens, steps=3, seeds=[1, 2, 3])
    alone = detokenizer.sample(tokens[1:2], steps=3, seeds=[2])
    assert together.shape == (3, *SHAPE)
    torch.testing.assert_close(alone[0], together[1], atol=1e-5, rtol=1e-4)
    other = detokenizer.sample(tokens[1:2], steps=3, seeds=[3])
    assert float((other - alone).abs().max()) > 0.1


def test_rows_at_different_times_are_as_if_alone(detokenizer: DiTDetokenizer) -> None:
    latents, tokens, times = torch.randn(2, *SHAPE), random_tokens(2), torch.tensor([0.1, 0.9])
    with torch.no_grad():
        together = detokenizer.velocity(latents, times, tokens)
        alone = detokenizer.velocity(latents[1:], times[1:], tokens[1:])
    torch.testing.assert_close(together[1:], alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("sizes", [SIZES, PIXELS])
def test_tokens_are_read_once_and_nothing_changes(sizes: DetokenizerSizes) -> None:
    torch.manual_seed(0)
    made = DiTDetokenizer(sizes).eval()
    with torch.no_grad():
        for weight in made.parameters():  # much of it starts at zero
            weight.add_(0.05 * torch.randn_like(weight))
        if made.frame is not None and made.frame.layers is not None:
            # Two faces, everywhere.
            made.frame.layers.finder.bias.copy_(torch.tensor([0.3, 0.4, 0.2, 0.2, 1.0] * 2))
    tokens = torch.randn(2, sizes.num_tokens, sizes.token_dim)
    states = made.begin(tokens, 3, [1, 2])
    with torch.no_grad():
        for _ in range(3):
            at = torch.tensor([row.times[row.step] for row in states])  # type: ignore[attr-defined]
            x = torch.stack([row.x_CHW for row in states])
            alone = made.velocity(x, at, tokens)
            read = TokensRead.joined([row.read for row in states])  # type: ignore[attr-defined]
            assert torch.equal(made.velocity(x, at, tokens, read), alone)
            states = made.advance(states)
        # What is known is used: other answers draw another picture.
        other = replace(read, answers_RNW=read.answers_RNW.flip(2))
        assert not torch.equal(made.velocity(x, at, tokens, other), alone)
        if read.composed_CSS is not None:
            assert float(read.composed_CSS.abs().max()) > 0
            other = replace(read, composed_CSS=read.composed_CSS.flip(-1))
            assert not torch.equal(made.velocity(x, at, tokens, other), alone)


def test_the_order_of_tokens_matters(detokenizer: DiTDetokenizer) -> None:
    latents, tokens, times = torch.randn(1, *SHAPE), random_tokens(1), torch.tensor([0.5])
    with torch.no_grad():
        difference = detokenizer.velocity(latents, times, tokens) - detokenizer.velocity(
            latents, times, tokens.flip(1)
        )
    assert float(difference.abs().max()) > 1e-5


def test_a_seed_is_asked_for_each_picture(detokenizer: DiTDetokenizer) -> None:
    with pytest.raises(ValueError, match="one for each picture"):
        detokenizer.sample(random_tokens(2), steps=1, seeds=[1])


def test_it_learns_which_tokens_are_which_picture() -> None:
    torch.manual_seed(0)
    detokenizer = DiTDetokenizer(SIZES)
    tokens = random_tokens(2)
    latents = torch.stack([torch.full(SHAPE, 1.0), torch.full(SHAPE, -1.0)])
    optimizer = torch.optim.Adam(detokenizer.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(80):
        loss = detokenizer.loss(latents.repeat(8, 1, 1, 1), tokens.repeat(8, 1, 1), generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    without = [name for name, p in detokenizer.named_parameters() if p.grad is None]
    assert without == []
    drawn = detokenizer.sample(tokens, steps=8, seeds=[0, 0])
    assert float(drawn[0].mean()) > 0.6
    assert float(drawn[1].mean()) < -0.6


def test_weights_come_back_strictly(detokenizer: DiTDetokenizer, tmp_path) -> None:
    save_file(detokenizer.state_dict(), tmp_path / "weights.safetensors")
    other = DiTDetokenizer(SIZES).eval()
    other.load_state_dict(load_file(tmp_path / "weights.safetensors"), strict=True)
    tokens = random_tokens(1)
    torch.testing.assert_close(
        other.sample(tokens, steps=2, seeds=[4]), detokenizer.sample(tokens, steps=2, seeds=[4])
    )
