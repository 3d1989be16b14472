"""Token heads: hidden states at the slots -> the image tokens of one picture.

Knows hidden states and image tokens as vectors. Does not know the language model, prompts or pixels.

- `RegressionHead` (SEED-X, and the paper's): one cross-attention, mean squared error. It predicts the mean of
  all pictures that fit, so it cannot choose where the text leaves something open.
- `FlowHead` (ours): a linear guess at each token and a small rectified-flow transformer, conditioned on the
  hidden states slot by slot, that samples what the guess misses of one picture's tokens. Conventions of time
  and noise are those of `flow.py`.

Both have `losses` (one value a picture), `loss` (their mean) and `predict`.

Legend: B pictures, K image tokens of a picture, W width of the hidden states, D width of image tokens, F
width of the flow transformer, C = depth * F, M noise draws a picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.codebook import Codebook
from limner.models.compact_linear import compact
from limner.models.dependent_tokens import DependentTokens
from limner.models.flow import (
    integrate,
    interpolate,
    random_noise,
    random_times,
    seeded_noise,
    target_velocity,
)
from limner.models.least_squares import solve
from limner.models.presets import Preset
from limner.models.resampler import Resampler
from limner.models.resampler_start import start_as_copy
from limner.models.sizes import ResamplerSizes, TokenHeadSizes

# Mean squares of tokens of unit spread. Two words are 2 apart: of four samples, one that says another word
# gives a spread of .38, two against two .5, four different ones .75; numbers of which nothing is known 1.
OPEN: Final = 0.7
OPEN_ALONE: Final = 0.4  # where no sample is near another
NEAR: Final = 0.3
DEPENDENT_WIDTH: Final = 160
LEAST_LOG_STD: Final = math.log(0.01)


class RegressionHead(nn.Module):
    """SEED-X's `output_resampler` and nothing else, at every scale."""

    def __init__(self, output_resampler: ResamplerSizes) -> None:
        super().__init__()
        self.output_resampler = Resampler(output_resampler)
        start_as_copy(self.output_resampler, out_std=0.1)

    def losses(
        self,
        hidden_BKW: Tensor,
        target_BKD: Tensor,
        generator: torch.Generator | None = None,
        *,
        weights_BK: Tensor | None = None,
    ) -> Tensor:
        """Mean squared error of each picture, (B,), its tokens weighted if so wished; `generator` is not
        used.
        """
        predicted_BKD: Tensor = self.output_resampler(hidden_BKW)
        errors_BK = (predicted_BKD.float() - target_BKD.float()).square().mean(dim=-1)
        return (errors_BK if weights_BK is None else errors_BK * weights_BK).mean(dim=-1)

    def loss(
        self, hidden_BKW: Tensor, target_BKD: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """The mean of `losses`."""
        return self.losses(hidden_BKW, target_BKD, generator).mean()

    @torch.no_grad()
    def predict(
        self,
        hidden_BKW: Tensor,
        seeds: Sequence[int] = (),
        *,
        steps: int = 1,
        temperature: float = 1.0,
        guidance: float = 1.0,
    ) -> Tensor:
        """Image tokens (B, K, D) in float32; seeds and the sampler's settings make no difference."""
        tokens: Tensor = self.output_resampler(hidden_BKW.to(self.output_resampler.query.dtype))
        return tokens.float()


class FlowHead(nn.Module):
    """A transformer that carries noise to what a guess misses of the image tokens, each token led by the
    hidden state of its own slot.

    The guess is linear in the slot's hidden state; it and the spread of what it misses learn beside the flow,
    as the mean and the deviation of a normal distribution would. So an untrained flow adds as much noise as
    is unknown, not more. With `slot_spread` that spread follows from each slot's hidden state: what history
    has settled is not blurred by what the flow gets wrong about tokens that are open. With a `codebook` what
    is drawn are its words: tokens between words go to the nearest; `dependents` follow from the
    others.

    Args:
        sizes: width F, depth, heads.
        num_tokens: K.
        token_dim: D.
        hidden_dim: W.
        draws: noise draws M per picture and training step; the language model runs once for all of them.
        drop: share of the draws that do not see their condition, so that `predict` can be guided.
    """

    def __init__(
        self,
        sizes: TokenHeadSizes,
        *,
        num_tokens: int,
        token_dim: int,
        hidden_dim: int,
        draws: int = 4,
        drop: float = 0.1,
    ) -> None:
        super().__init__()
        self.num_tokens, self.token_dim, self.draws, self.drop = num_tokens, token_dim, draws, drop
        self.samples = sizes.samples
        self.guess = nn.Linear(hidden_dim, token_dim)
        nn.init.zeros_(self.guess.weight)
        nn.init.zeros_(self.guess.bias)
        self.missed_log_std = nn.Parameter(torch.zeros(token_dim))
        self.slot_log_std: nn.Linear | None = None
        if sizes.slot_spread:
            self.slot_log_std = nn.Linear(hidden_dim, 1)
            nn.init.zeros_(self.slot_log_std.weight)
            nn.init.zeros_(self.slot_log_std.bias)
        self.codebook: Codebook | None = None
        if sizes.codebook_words:
            self.codebook = Codebook(sizes.codebook_words, sizes.codebook_groups, token_dim)
        self.dependent: DependentTokens | None = None
        if sizes.dependents:
            self.dependent = DependentTokens(sizes.dependents, num_tokens, token_dim, DEPENDENT_WIDTH)
        self.token_in = nn.Linear(token_dim, sizes.width)
        self.places = nn.Parameter(torch.randn(num_tokens, sizes.width) * 0.1)
        self.condition = nn.Sequential(
            nn.Linear(hidden_dim, sizes.width),
            nn.SiLU(),
            nn.Linear(sizes.width, sizes.depth * sizes.width),
        )
        self.no_condition = nn.Parameter(torch.zeros(num_tokens, sizes.depth * sizes.width))
        self.time = nn.Sequential(nn.Linear(64, sizes.width), nn.SiLU(), nn.Linear(sizes.width, sizes.width))
        self.blocks = nn.ModuleList(_FlowBlock(sizes.width, sizes.heads) for _ in range(sizes.depth))
        self.token_out = nn.Linear(sizes.width, token_dim)
        nn.init.zeros_(self.token_out.weight)
        for part in (self.condition, self.time, self.blocks) if sizes.is_compact else ():
            compact(part)

    def encode_condition(self, hidden_BKW: Tensor) -> Tensor:
        """Hidden states -> what `velocity` is led by, (B, K, depth * F), one part a block.

        Once a picture, whatever the number of steps.
        """
        condition: Tensor = self.condition(hidden_BKW.to(self.places.dtype))
        return condition

    @torch.no_grad()
    def fit(self, hidden_BKW: Tensor, target_BKD: Tensor, ridge: float = 1e-4) -> None:
        """Solve the guess for a sample of pictures, and measure what it misses."""
        solve(self.guess, hidden_BKW.flatten(0, 1), target_BKD.flatten(0, 1), ridge=ridge)
        missed_BKD = target_BKD.float() - self._guessed(hidden_BKW)
        self.missed_log_std.copy_(missed_BKD.square().mean(dim=(0, 1)).sqrt().clamp_min(1e-3).log())

    def velocity(self, tokens_BKD: Tensor, time_B: Tensor, condition_BKC: Tensor) -> Tensor:
        """dx/dt at x_t, what is missed of tokens on its way from noise, float32 (B, K, D)."""
        time_BF = self.time(_time_features(time_B).to(self.places.dtype))
        x_BKF = self.token_in(tokens_BKD.to(self.places.dtype)) + self.places
        leads = condition_BKC.chunk(len(self.blocks), dim=-1)
        for block, lead_BKF in zip(self.blocks, leads, strict=True):
            x_BKF = block(x_BKF + lead_BKF, time_BF)
        out: Tensor = self.token_out(F.layer_norm(x_BKF, x_BKF.shape[-1:]))
        return out.float()

    def losses(
        self,
        hidden_BKW: Tensor,
        target_BKD: Tensor,
        generator: torch.Generator | None = None,
        *,
        weights_BK: Tensor | None = None,
    ) -> Tensor:
        """(B,) Mean squared errors of the velocity, over M draws of noise and time, and of the guess, and how
        surprising the latter is at the spread that is expected of it (the logarithm of a density, so it may
        be negative).

        The flow must end at the whole distribution, so `weights_BK` makes no difference to it.
        """
        missed_BKD = target_BKD.float() - self._guessed(hidden_BKW)
        log_std_BKD = self._log_std(hidden_BKW)
        missed = missed_BKD.detach() / log_std_BKD.exp()
        surprise = 0.5 * missed.square() + log_std_BKD
        errors = (missed_BKD.square() + surprise).mean(dim=(1, 2))
        return errors + self.velocity_errors(hidden_BKW, missed.detach(), generator)

    def guess_errors(self, hidden_BKW: Tensor, target_BKD: Tensor) -> Tensor:
        """(B, K) mean squared errors of the guess alone."""
        return (target_BKD.float() - self._guessed(hidden_BKW)).square().mean(dim=-1)

    def velocity_errors(
        self, hidden_BKW: Tensor, missed_BKD: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """Mean squared error of the velocity, (B,), towards what the guess misses, at unit spread."""
        condition = self.encode_condition(hidden_BKW).repeat_interleave(self.draws, 0)
        data = missed_BKD.float().repeat_interleave(self.draws, 0)
        device = generator.device if generator is not None else data.device
        dropped = (torch.rand(len(data), generator=generator, device=device) < self.drop).to(data.device)
        condition = torch.where(dropped[:, None, None], self.no_condition.to(condition.dtype), condition)
        time = random_times(len(data), generator, data.device)
        noise = random_noise(data, generator)
        velocity = self.velocity(interpolate(data, noise, time), time, condition)
        errors = (velocity - target_velocity(data, noise)).square().mean(dim=(1, 2))
        return errors.reshape(-1, self.draws).mean(1)

    def loss(
        self, hidden_BKW: Tensor, target_BKD: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """The mean of `losses`."""
        return self.losses(hidden_BKW, target_BKD, generator).mean()

    @torch.no_grad()
    def predict(
        self,
        hidden_BKW: Tensor,
        seeds: Sequence[int],
        *,
        steps: int = 16,
        temperature: float = 1.0,
        guidance: float = 1.0,
    ) -> Tensor:
        """Sample image tokens (B, K, D), float32.

        Args:
            hidden_BKW: hidden states at the slots.
            seeds: one a picture; a seed gives the same tokens in any batch.
            steps: Euler steps.
            temperature: scale of the noise that is carried along; below 1 nearer to the likeliest, 0 without
                chance.
            guidance: above 1 exaggerates what the condition changes (classifier-free), at twice the cost.
        """
        if len(seeds) != len(hidden_BKW):
            raise ValueError(f"{len(hidden_BKW)} pictures need as many seeds, not {len(seeds)}.")
        condition = self.encode_condition(hidden_BKW)

        def velocity(tokens: Tensor, time_B: Tensor) -> Tensor:
            led = self.velocity(tokens, time_B, condition)
            if guidance == 1.0:
                return led
            free = self.velocity(tokens, time_B, self.no_condition.expand_as(condition))
            return free + guidance * (led - free)

        samples = self.samples if temperature > 0 else 1  # without noise all samples are one
        shape = (samples, self.num_tokens, self.token_dim)
        noise_MKD = seeded_noise(seeds, shape, device=condition.device).flatten(0, 1)
        condition = condition.repeat_interleave(samples, 0)
        missed_BMKD = integrate(velocity, temperature * noise_MKD, steps).unflatten(0, (-1, samples))
        missed_BKD = agreed(missed_BMKD * self._log_std(hidden_BKW)[:, None].exp())
        tokens_BKD = self._guessed(hidden_BKW) + missed_BKD
        if self.codebook is not None:
            tokens_BKD = self.codebook(tokens_BKD)
        return tokens_BKD if self.dependent is None else self.dependent(tokens_BKD)

    def _guessed(self, hidden_BKW: Tensor) -> Tensor:
        guessed: Tensor = self.guess(hidden_BKW.to(self.guess.weight.dtype))
        return guessed.float()

    def _log_std(self, hidden_BKW: Tensor) -> Tensor:
        """Logarithm of the spread expected of what the guess misses, float32 (B, K, D) or (1, K, D)."""
        log_std_D = self.missed_log_std.float()
        if self.slot_log_std is None:
            return log_std_D.expand(1, self.num_tokens, -1)
        slots_BK1: Tensor = self.slot_log_std(hidden_BKW.to(self.slot_log_std.weight.dtype)).float()
        return (log_std_D + slots_BK1).clamp_min(LEAST_LOG_STD)


def agreed(samples_BMKD: Tensor) -> Tensor:
    """One picture (B, K, D) of M samples of its tokens (B, M, K, D), token by token.

    Where the samples are far apart, the text left the token open, and the first sample decides; all open
    tokens are that sample's, so that they fit each other. Else history or text has settled it: the mean of
    those around the most central sample, without the noise of a single one; of all, where none is near
    another but all are near enough (numbers that are known a little). A mean of words that are far from each
    other would be none of them: there the first sample decides, too.
    """
    apart_BMMKD = samples_BMKD[:, :, None] - samples_BMKD[:, None]
    apart_BMMK = apart_BMMKD.square().mean(-1)
    spread_BK = apart_BMMK.mean((1, 2)) / 2
    central_BK = apart_BMMK.sum(2).argmin(1)
    index_B1MK = central_BK[:, None, None].expand(-1, 1, samples_BMKD.shape[1], -1)
    near_BMK = (apart_BMMK.gather(1, index_B1MK)[:, 0] < NEAR).to(samples_BMKD)
    is_lonely_B1K = near_BMK.sum(1, keepdim=True) == 1
    near_BMK = torch.where(is_lonely_B1K, 1.0, near_BMK)
    settled_BKD = (samples_BMKD * near_BMK[..., None]).sum(1) / near_BMK.sum(1)[..., None]
    is_open_BK = (spread_BK > OPEN) | (is_lonely_B1K[:, 0] & (spread_BK > OPEN_ALONE))
    return torch.where(is_open_BK[..., None], samples_BMKD[:, 0], settled_BKD)


TokenHead = RegressionHead | FlowHead
HEAD_KINDS: Final = ("flow", "regression")


def build_token_head(preset: Preset, kind: str) -> TokenHead:
    """A new head of `kind` "flow" or "regression" with the preset's sizes."""
    if kind == "regression":
        return RegressionHead(preset.output_resampler)
    if kind == "flow":
        return FlowHead(
            preset.token_head,
            num_tokens=preset.num_image_tokens,
            token_dim=preset.vision.output_dim,
            hidden_dim=preset.language.width,
        )
    raise ValueError(f"There is no token head {kind!r}; choose 'flow' or 'regression'.")


class TokenHeads(nn.ModuleDict):
    """The token heads of one model by kind; the first is the default."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds there are, the default one first."""
        return tuple(self.keys())

    def of_kind(self, kind: str | None = None) -> TokenHead:
        """The head of `kind`, by default the first. ValueError names the kinds there are."""
        if kind is not None and kind not in self:
            raise ValueError(f"This model has no token head {kind!r}; choose one of {', '.join(self.kinds)}.")
        head = self[kind or self.kinds[0]]
        assert isinstance(head, TokenHead)
        return head


def build_token_heads(preset: Preset, kinds: Sequence[str] = HEAD_KINDS) -> TokenHeads:
    """New heads of `kinds` with the preset's sizes."""
    return TokenHeads({kind: build_token_head(preset, kind) for kind in kinds})


class _FlowBlock(nn.Module):
    """Attention and feed-forward, modulated by time (DiT's adaLN-zero)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.modulation = nn.Linear(width, 6 * width)
        self.qkv = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, x_BKF: Tensor, time_BF: Tensor) -> Tensor:
        changes = self.modulation(F.silu(time_BF))[:, None].chunk(6, dim=-1)
        shift_1, scale_1, gate_1, shift_2, scale_2, gate_2 = changes
        batch, tokens, width = x_BKF.shape
        normed = F.layer_norm(x_BKF, (width,)) * (1 + scale_1) + shift_1
        q, k, v = self.qkv(normed).reshape(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, width)
        x_BKF = x_BKF + gate_1 * self.attended(attended)
        normed = F.layer_norm(x_BKF, (width,)) * (1 + scale_2) + shift_2
        out: Tensor = x_BKF + gate_2 * self.down(F.gelu(self.up(normed), approximate="tanh"))
        return out


def _time_features(time_B: Tensor) -> Tensor:
    """(B,) in [0, 1] -> (B, 64) sines and cosines of 1 to 1,000 radians."""
    frequencies = torch.exp(torch.linspace(0, math.log(1000.0), 32, device=time_B.device))
    angles = time_B.float()[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)
