"""A picture decoder that exists only while the vision encoder is pre-trained, for the reconstruction term.

Knows how 64 image tokens are laid out over the picture. Knows nothing about diffusion, and is not shipped.

Legend: B batch, N image tokens, D token width, W width, G grid of cells, c channels, H places.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.least_squares import solve
from limner.models.sizes import DecoderSizes


class PictureDecoder(nn.Module):
    """Image tokens -> pixels in one pass: a small transformer, then convolutions over the cells and finer.

    A token is the mean of `grid^2 / num_tokens` neighbours in a row (`pool_tokens`), so it unfolds to as many
    cells of a `grid` x `grid` map; two residual convolutions at that size and two at twice that size refine
    it.
    """

    def __init__(self, sizes: DecoderSizes) -> None:
        super().__init__()
        cells, rest = divmod(sizes.grid**2, sizes.num_tokens)
        upscale, remainder = divmod(sizes.image_size_px, 2 * sizes.grid)
        if rest or remainder:
            raise ValueError(
                f"{sizes} do not fit: tokens must tile the grid, and twice the grid the picture."
            )
        self.sizes = sizes
        self.cells_per_token = cells
        self.upscale = upscale
        cell_width = 2 * sizes.refine_width
        self.enter = nn.Linear(sizes.token_dim, sizes.width)
        self.positions = nn.Parameter(torch.randn(1, sizes.num_tokens, sizes.width) * 0.02)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                sizes.width,
                sizes.heads,
                4 * sizes.width,
                dropout=0.0,
                activation="gelu",
                batch_first=True,
                norm_first=True,
            )
            for _ in range(sizes.layers)
        )
        self.norm = nn.LayerNorm(sizes.width)
        self.unfold = nn.Linear(sizes.width, cells * cell_width)
        self.coarse = nn.Sequential(_Refine(cell_width), nn.Conv2d(cell_width, 4 * sizes.refine_width, 1))
        self.fine = nn.Sequential(_Refine(sizes.refine_width), _Refine(sizes.refine_width))
        self.leave = nn.Conv2d(sizes.refine_width, 3 * upscale**2, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        # What tokens tell of their own cells in a straight line; `fit_shortcut` solves it before training.
        self.shortcut = nn.Linear(sizes.token_dim, cells * 3 * (2 * upscale) ** 2)

    def forward(self, image_tokens_BND: Tensor) -> Tensor:
        """Image tokens (B, N, D) -> pixels (B, 3, S, S), about in [-1, 1] and not clamped."""
        x_BNW = self.enter(image_tokens_BND) + self.positions
        for block in self.blocks:
            x_BNW = block(x_BNW)
        x_BcHH = F.pixel_shuffle(self.coarse(self._cells(self.unfold(self.norm(x_BNW)))), 2)
        straight = F.pixel_shuffle(self._cells(self.shortcut(image_tokens_BND)), 2 * self.upscale)
        return straight + F.pixel_shuffle(self.leave(self.fine(x_BcHH)), self.upscale)

    @torch.no_grad()
    def fit_shortcut(self, image_tokens_BND: Tensor, pixels_B3HW: Tensor, ridge: float = 1e-3) -> None:
        """Set the shortcut to the least-squares map from tokens (B, N, D) to their cells of `pixels_B3HW`."""
        cells_BCGG = F.pixel_unshuffle(pixels_B3HW, 2 * self.upscale)
        rows = cells_BCGG.permute(0, 2, 3, 1).flatten(0, 2).reshape(-1, self.shortcut.out_features)
        solve(self.shortcut, image_tokens_BND.flatten(0, 1), rows, ridge=ridge)

    def _cells(self, unfolded_BNc: Tensor) -> Tensor:
        """(B, N, cells * c) -> (B, c, grid, grid): each token's cells side by side."""
        grid = self.sizes.grid
        return unfolded_BNc.reshape(unfolded_BNc.shape[0], grid, grid, -1).permute(0, 3, 1, 2)

    def loss(self, image_tokens_BND: Tensor, pixels_B3HW: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Absolute plus squared error against the pixels in [-1, 1] -> (scalar, metrics)."""
        drawn = self(image_tokens_BND)
        squared = (drawn - pixels_B3HW).square().mean()
        total = (drawn - pixels_B3HW).abs().mean() + squared
        return total, {"psnr_db": float(-10 * torch.log10(squared.detach() / 4))}


class _Refine(nn.Module):
    """A residual pair of 3 x 3 convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(4, width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x_BcHH: Tensor) -> Tensor:
        change_BcHH: Tensor = self.second(F.gelu(self.first(self.norm(x_BcHH))))
        return x_BcHH + change_BcHH
