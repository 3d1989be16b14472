"""What every detokenizer is: image tokens in, latents out, step by step, one seed one picture; and the
straight line that small ones start from.

Knows the contract that chat, training and evaluation rely on. Knows no network that fulfils it.

Legend: B batch, C latent channels, H W latent places, N image tokens, D token width.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Final

import torch
from einops import rearrange
from torch import Tensor, nn

from limner.models.drawing import Drawing, batch
from limner.models.least_squares import solve
from limner.models.sizes import DetokenizerSizes
from limner.models.unet_sizes import UNetDetokenizerSizes

Sizes = DetokenizerSizes | UNetDetokenizerSizes


# Queries that small encoders are trained to tell of four patches together, each of all four: without pooling,
# only a token's place among them says which patch it stands at.
QUERIES_TOGETHER: Final = 4


class StraightLine(nn.Module):
    """The least-squares map from each token (or the few that tell of the same patches) to the latents of
    their own cells, and the spread of what it misses.

    A small detokenizer on little data would spend its training on learning just this. Tokens are laid out as
    `pool_tokens` makes them of a square grid of queries: neighbours in a row.
    """

    missed_std: Tensor

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        grid = math.isqrt(sizes.tokens_pooled * sizes.num_tokens)  # of queries
        self.channels, self.side = sizes.latent_channels, sizes.latent_size
        self.rows = max(1, self.side // grid)
        self.together = max(1, QUERIES_TOGETHER // sizes.tokens_pooled)
        self.columns = max(1, self.together * sizes.tokens_pooled * self.side // grid)
        if self.rows * self.columns * sizes.num_tokens != self.together * self.side**2:
            raise ValueError(
                f"{sizes.num_tokens} tokens do not tile {self.side} x {self.side} latents; "
                "set straight_line=False."
            )
        self.map = nn.Linear(self.together * sizes.token_dim, self.channels * self.rows * self.columns)
        nn.init.zeros_(self.map.weight)
        nn.init.zeros_(self.map.bias)
        self.map.requires_grad_(False)
        self.register_buffer("missed_std", torch.ones(self.channels))

    def forward(self, image_tokens_BND: Tensor) -> Tensor:
        """Image tokens (B, N, D) -> blurred latents (B, C, H, W)."""
        blurred_BCHW: Tensor = rearrange(
            self.map(self._known(image_tokens_BND)),
            "b (y x) (c r q) -> b c (y r) (x q)",
            y=self.side // self.rows,
            c=self.channels,
            r=self.rows,
        )
        return blurred_BCHW

    def missed(self, latents_BCHW: Tensor, image_tokens_BND: Tensor) -> Tensor:
        """What the line misses of these latents, at unit spread."""
        missed_BCHW: Tensor = (latents_BCHW - self(image_tokens_BND)) / self.missed_std[:, None, None]
        return missed_BCHW.to(latents_BCHW.dtype)

    def completed(self, missed_BCHW: Tensor, image_tokens_BND: Tensor) -> Tensor:
        """The inverse of `missed`."""
        latents_BCHW: Tensor = self(image_tokens_BND) + missed_BCHW * self.missed_std[:, None, None]
        return latents_BCHW.to(missed_BCHW.dtype)

    @torch.no_grad()
    def fit(self, latents_BCHW: Tensor, image_tokens_BND: Tensor, ridge: float = 1e-4) -> None:
        """Solve the map for a sample of pictures, and measure what it misses."""
        cells = rearrange(latents_BCHW, "b c (y r) (x q) -> (b y x) (c r q)", r=self.rows, q=self.columns)
        solve(self.map, self._known(image_tokens_BND).flatten(0, 1), cells, ridge=ridge)
        self.missed_std.copy_((latents_BCHW - self(image_tokens_BND)).std(dim=(0, 2, 3)).clamp_min(1e-3))

    def _known(self, image_tokens_BND: Tensor) -> Tensor:
        return rearrange(image_tokens_BND, "b (n g) d -> b n (g d)", g=self.together)


class Detokenizer(nn.Module, ABC):
    """Image tokens -> latents of unit spread, drawn step by step from noise.

    `error_name` is what `errors` measures. `sizes.default_steps` is how many steps suit it,
    `sizes.default_temperature` how much noise. One that
    `reads_condition` also looks at the latents of a condition picture, or at none (SDXL's stage 2).
    """

    error_name: ClassVar[str]
    sizes: Sizes
    line: StraightLine | None

    @property
    def reads_condition(self) -> bool:
        """Whether `errors` and `begin` take a condition picture."""
        return False

    @abstractmethod
    def errors(
        self,
        latents_BCHW: Tensor,
        image_tokens_BND: Tensor,
        generator: torch.Generator | None = None,
        *,
        condition_BCHW: Tensor | None = None,
    ) -> Tensor:
        """Squared errors (B, C, H, W) of its prediction at random times: what training brings down."""

    @abstractmethod
    def begin(
        self,
        image_tokens_BND: Tensor,
        steps: int,
        seeds: Sequence[int],
        *,
        condition_BCHW: Tensor | None = None,
        temperature: float = 1.0,
    ) -> list[Drawing]:
        """B pictures before their first step: each one's noise, scaled by `temperature`, follows from its
        seed alone.

        Raises:
            ValueError: not a seed for each picture, another number of tokens than it reads, or a condition
                that it does not read.
        """

    @abstractmethod
    def advance(self, drawings: Sequence[Drawing]) -> list[Drawing]:
        """Every picture one step further, in one forward, wherever each of them stands.

        None may be done yet. A picture is the same in any company, but for the rounding of the device's
        kernels, which may differ by the size of a batch.
        """

    def finish(self, drawings: Sequence[Drawing]) -> Tensor:
        """Latents (B, C, H, W) of pictures that are done."""
        assert all(drawing.is_done for drawing in drawings), "a picture was finished before its last step"
        return self._latents(drawings, [drawing.x_CHW for drawing in drawings])

    def foresee(self, drawings: Sequence[Drawing]) -> Tensor:
        """Latents (B, C, H, W) that these pictures are heading for; each must have taken a step."""
        foreseen = [drawing.foreseen_CHW for drawing in drawings if drawing.foreseen_CHW is not None]
        assert len(foreseen) == len(drawings), "nothing is foreseen before the first step"
        return self._latents(drawings, foreseen)

    def sample(
        self,
        image_tokens_BND: Tensor,
        steps: int,
        seeds: Sequence[int],
        *,
        condition_BCHW: Tensor | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """Image tokens (B, N, D) -> latents (B, C, H, W), all steps at once; raises as `begin`."""
        return self.carry(
            self.begin(image_tokens_BND, steps, seeds, condition_BCHW=condition_BCHW, temperature=temperature)
        )

    @torch.no_grad()
    def carry(self, drawings: Sequence[Drawing]) -> Tensor:
        """Pictures that stand at the same step -> their latents."""
        while not drawings[0].is_done:
            drawings = self.advance(drawings)
        return self.finish(drawings)

    def _latents(self, drawings: Sequence[Drawing], made: Sequence[Tensor]) -> Tensor:
        tokens_BND = batch([drawing.tokens_ND for drawing in drawings])
        return self.completed(batch(made).to(tokens_BND.dtype), tokens_BND)

    def loss(
        self,
        latents_BCHW: Tensor,
        image_tokens_BND: Tensor,
        generator: torch.Generator | None = None,
        *,
        condition_BCHW: Tensor | None = None,
    ) -> Tensor:
        """Reconstruction loss of latents from their own image tokens: the mean of `errors`, a scalar."""
        return self.errors(latents_BCHW, image_tokens_BND, generator, condition_BCHW=condition_BCHW).mean()

    def target(self, latents_BCHW: Tensor, image_tokens_BND: Tensor) -> Tensor:
        """What has to be drawn: the latents, or what the straight line misses of them."""
        return latents_BCHW if self.line is None else self.line.missed(latents_BCHW, image_tokens_BND)

    def completed(self, made_BCHW: Tensor, image_tokens_BND: Tensor) -> Tensor:
        """The inverse of `target`."""
        return made_BCHW if self.line is None else self.line.completed(made_BCHW, image_tokens_BND)

    def check(self, image_tokens_BND: Tensor, seeds: Sequence[int], condition_BCHW: Tensor | None) -> None:
        """Raise what `begin` is to raise."""
        count, num_tokens = image_tokens_BND.shape[:2]
        if len(seeds) != count:
            raise ValueError(f"{len(seeds)} seeds for {count} pictures; pass one for each picture.")
        if num_tokens != self.sizes.num_tokens:
            raise ValueError(
                f"This detokenizer reads {self.sizes.num_tokens} image tokens, not {num_tokens}; one that "
                "reads more than the language model predicts can only reconstruct (`limner evaluate "
                "reconstruct`)."
            )
        if condition_BCHW is not None and not self.reads_condition:
            raise ValueError("This detokenizer reads image tokens alone; pass no condition picture.")
        if condition_BCHW is not None and len(condition_BCHW) != count:
            raise ValueError(f"{len(condition_BCHW)} condition pictures for {count}; pass one for each.")
