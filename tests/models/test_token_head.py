import pytest
import torch

from limner.models.presets import TINY
from limner.models.sizes import TokenHeadSizes
from limner.models.token_head import FlowHead, RegressionHead, agreed, build_token_head

K, D, W = TINY.num_image_tokens, TINY.vision.output_dim, TINY.language.width


def small_flow_head() -> FlowHead:
    return FlowHead(TokenHeadSizes(width=32, depth=2, heads=2), num_tokens=4, token_dim=4, hidden_dim=8)


def test_flow_draws_one_of_two_where_regression_gives_the_mean() -> None:
    """The target is +1 or -1 everywhere, the text leaves open which: a sample must be one of them, whole."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    flow = small_flow_head()
    mean = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.AdamW([*flow.parameters(), mean], lr=3e-3)
    hidden = torch.zeros(16, 4, 8)
    for _ in range(250):
        signs = torch.randint(0, 2, (16, 1, 1), generator=generator) * 2.0 - 1
        target = signs.expand(16, 4, 4)
        total = flow.loss(hidden, target, generator) + (mean - target).square().mean()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    samples = flow.eval().predict(hidden[:1].expand(64, -1, -1), list(range(64)))
    assert mean.abs().item() < 0.3
    assert samples.abs().mean().item() == pytest.approx(1.0, abs=0.15)
    assert samples.mean(dim=(1, 2)).abs().min() > 0.6  # every sample is one of the two, not a mixture of both
    share = (samples.mean(dim=(1, 2)) > 0).float().mean().item()
    assert 0.25 < share < 0.75


def test_flow_follows_its_condition_and_guidance_strengthens_it() -> None:
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    flow = small_flow_head()
    optimizer = torch.optim.AdamW(flow.parameters(), lr=3e-3)
    for _ in range(200):
        hidden = torch.randn(16, 4, 8, generator=generator)
        target = hidden[..., :4].sign()
        total = flow.loss(hidden, target, generator)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    hidden = torch.randn(32, 4, 8, generator=generator)
    agreement = {
        guidance: (flow.predict(hidden, list(range(32)), guidance=guidance) * hidden[..., :4].sign())
        .mean()
        .item()
        for guidance in (1.0, 2.0)
    }
    assert agreement[1.0] > 0.6
    assert agreement[2.0] > agreement[1.0]


@pytest.mark.parametrize("kind", ["flow", "regression"])
def test_one_seed_gives_one_result_in_any_batch(kind: str) -> None:
    torch.manual_seed(0)
    head = build_token_head(TINY, kind)
    for weight in head.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    hidden = torch.randn(3, K, W)
    together = head.predict(hidden, [5, 6, 2**70 + 7])
    assert together.shape == (3, K, D)
    assert together.dtype == torch.float32
    for row, seed in enumerate([5, 6, 2**70 + 7]):
        alone = head.predict(hidden[row : row + 1], [seed])
        torch.testing.assert_close(together[row : row + 1], alone, atol=1e-4, rtol=1e-4)
    if kind == "flow":
        assert (head.predict(hidden, [5, 6, 8]) - together)[2].abs().max() > 0.01
        cold = [head.predict(hidden, seeds, temperature=0.0) for seeds in ([1, 2, 3], [4, 5, 6])]
        torch.testing.assert_close(*cold)
        with pytest.raises(ValueError, match="as many seeds"):
            head.predict(hidden, [1])


@pytest.mark.parametrize("kind", ["flow", "regression"])
def test_losses_are_per_picture_and_repeat_with_the_generator(kind: str) -> None:
    torch.manual_seed(0)
    head = build_token_head(TINY, kind)
    hidden, target = torch.randn(3, K, W), torch.randn(3, K, D)
    losses = head.losses(hidden, target, torch.Generator().manual_seed(1))
    assert losses.shape == (3,)
    again = head.loss(hidden, target, torch.Generator().manual_seed(1))
    assert again.item() == pytest.approx(losses.mean().item())
    again.backward()
    assert all(weight.grad is not None for weight in head.parameters())


def test_a_fitted_guess_says_what_is_linear_and_the_flow_adds_the_spread_of_the_rest() -> None:
    torch.manual_seed(0)
    flow, generator = small_flow_head(), torch.Generator().manual_seed(0)
    hidden = torch.randn(512, 4, 8, generator=generator)
    spread = torch.tensor([0.1, 0.2, 0.4, 0.8])
    known = 2.0 * hidden[..., :4] + 1.0
    flow.fit(hidden, known + spread * torch.randn(512, 4, 4, generator=generator))
    torch.testing.assert_close(flow.missed_log_std.exp(), spread, atol=0.02, rtol=0.05)
    samples = flow.predict(hidden, list(range(512)))
    torch.testing.assert_close((samples - known).std(dim=(0, 1)), spread, atol=0.02, rtol=0.1)
    typical = flow.predict(hidden, list(range(512)), temperature=0.0)
    assert (typical - known).abs().mean().item() < 0.05


def test_guess_and_spread_learn_beside_the_flow() -> None:
    torch.manual_seed(0)
    flow, generator = small_flow_head(), torch.Generator().manual_seed(0)
    optimizer = torch.optim.AdamW(flow.parameters(), lr=1e-2, weight_decay=0.0)
    for _ in range(300):
        hidden = torch.randn(32, 4, 8, generator=generator)
        target = 0.5 * hidden[..., :4] + 0.25 * torch.randn(32, 4, 4, generator=generator)
        optimizer.zero_grad()
        flow.loss(hidden, target, generator).backward()
        optimizer.step()
    torch.testing.assert_close(flow.missed_log_std.exp(), torch.full((4,), 0.25), atol=0.05, rtol=0.0)
    torch.testing.assert_close(flow.guess.weight[:, :4], 0.5 * torch.eye(4), atol=0.1, rtol=0.0)


def test_the_regression_head_is_seed_x_output_resampler() -> None:
    head = build_token_head(TINY, "regression")
    assert isinstance(head, RegressionHead)
    assert {name.split(".")[0] for name in head.state_dict()} == {"output_resampler"}


def test_an_unknown_head_is_refused() -> None:
    with pytest.raises(ValueError, match="choose 'flow' or 'regression'"):
        build_token_head(TINY, "gan")


def words_of(*rows: int) -> torch.Tensor:
    """Samples (1, M, 1, 8) that each say one word of unit spread."""
    codebook = torch.eye(8) * 8**0.5
    return torch.stack([codebook[row] for row in rows])[None, :, None]


def test_samples_that_agree_are_averaged_and_one_that_strays_is_left_out() -> None:
    noise = 0.1 * torch.randn(1, 4, 1, 8, generator=torch.Generator().manual_seed(1))
    samples = words_of(2, 2, 2, 5) + noise
    torch.testing.assert_close(agreed(samples)[0, 0], samples[0, :3, 0].mean(0))
    settled = words_of(3, 3, 3, 3) + noise
    torch.testing.assert_close(agreed(settled)[0, 0], settled[0, :, 0].mean(0))


def test_what_is_left_open_is_the_first_sample_s_choice() -> None:
    samples = words_of(0, 1, 2, 3)
    torch.testing.assert_close(agreed(samples)[0, 0], samples[0, 0, 0])
    undecided = 0.8 * samples  # nearer to each other, and their mean would be none of them
    torch.testing.assert_close(agreed(undecided)[0, 0], undecided[0, 0, 0])


def test_of_two_words_one_is_said_and_not_their_mixture() -> None:
    for rows in ((4, 4, 1, 1), (6, 1, 1, 6), (5, 5, 2, 7)):
        said = agreed(words_of(*rows))[0, 0]
        assert any(torch.allclose(said, words_of(row)[0, 0, 0]) for row in rows)


def test_numbers_known_a_little_are_averaged() -> None:
    noise = torch.randn(1, 4, 1, 64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(agreed(1 + 0.5 * noise)[0, 0], (1 + 0.5 * noise[0, :, 0]).mean(0))


def test_one_sample_stays_as_it_is() -> None:
    samples = torch.randn(3, 1, 4, 8)
    torch.testing.assert_close(agreed(samples), samples[:, 0])


def test_several_samples_belong_to_their_seed_alone() -> None:
    torch.manual_seed(0)
    sizes = TokenHeadSizes(width=32, depth=2, heads=2, samples=3)
    flow = FlowHead(sizes, num_tokens=4, token_dim=4, hidden_dim=8).eval()
    torch.nn.init.normal_(flow.token_out.weight)
    hidden = torch.randn(3, 4, 8)
    together = flow.predict(hidden, [5, 6, 7])
    for row, seed in enumerate((5, 6, 7)):
        torch.testing.assert_close(flow.predict(hidden[row : row + 1], [seed])[0], together[row])
    assert not torch.allclose(flow.predict(hidden, [8, 9, 10]), together)
    typical = flow.predict(hidden, [5, 6, 7], temperature=0)
    torch.testing.assert_close(flow.predict(hidden, [8, 9, 10], temperature=0), typical)


def test_a_slot_that_is_settled_is_drawn_without_the_spread_of_the_open_ones() -> None:
    torch.manual_seed(0)
    sizes = TokenHeadSizes(width=32, depth=2, heads=2, slot_spread=True)
    flow, generator = (
        FlowHead(sizes, num_tokens=4, token_dim=4, hidden_dim=8),
        torch.Generator().manual_seed(0),
    )
    optimizer = torch.optim.AdamW(flow.parameters(), lr=1e-2, weight_decay=0.0)

    def drawn(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        hidden = torch.randn(count, 4, 8, generator=generator)
        hidden[..., 7] = (torch.rand(count, 4, generator=generator) < 0.5).float()  # 1: settled
        spread = torch.where(hidden[..., 7:] > 0, 0.02, 1.0)
        known = 0.5 * hidden[..., :4]
        return hidden, known, known + spread * torch.randn(count, 4, 4, generator=generator)

    for _ in range(400):
        hidden, _, target = drawn(32)
        optimizer.zero_grad()
        flow.loss(hidden, target, generator).backward()
        optimizer.step()
    hidden, known, _ = drawn(128)
    missed = (flow.predict(hidden, list(range(128))) - known).std(dim=-1)
    settled = hidden[..., 7] > 0
    assert missed[settled].mean() < 0.1
    assert missed[~settled].mean() == pytest.approx(0.9, abs=0.25)
