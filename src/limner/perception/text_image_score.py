"""Does this text fit this picture? Two small towers trained by contrast (Radford et al. 2021, CLIP).

Knows pixels and token ids of whatever tokenizer it was trained with. Knows nothing about that tokenizer's
text.

Legend: B batch, N token ids, D embedding, W text width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.perception.towers import Tower

MAX_SHARPNESS = math.log(100.0)


@dataclass(frozen=True, kw_only=True)
class TextImageScoreSizes:
    """The text tower reads the first `max_tokens` ids of a vocabulary of `vocab_size`."""

    vocab_size: int
    image_size_px: int = 96
    widths: tuple[int, ...] = (24, 48, 96)
    depth: int = 1
    text_width: int = 80
    text_layers: int = 2
    text_heads: int = 4
    max_tokens: int = 128
    dim: int = 80


class TextImageScore(nn.Module):
    """A convolutional picture tower and a transformer text tower that meet in one space of unit vectors."""

    def __init__(self, sizes: TextImageScoreSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.picture_tower = Tower(sizes.image_size_px, sizes.widths, sizes.depth, sizes.dim)
        self.words = nn.Embedding(sizes.vocab_size, sizes.text_width)
        self.positions = nn.Parameter(torch.randn(1, sizes.max_tokens, sizes.text_width) * 0.02)
        nn.init.normal_(self.words.weight, std=0.1)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                sizes.text_width,
                sizes.text_heads,
                4 * sizes.text_width,
                dropout=0.0,
                activation="gelu",
                batch_first=True,
                norm_first=True,
            )
            for _ in range(sizes.text_layers)
        )
        self.norm = nn.LayerNorm(sizes.text_width)
        self.leave = nn.Linear(sizes.text_width, sizes.dim)
        self.sharpness = nn.Parameter(torch.tensor(math.log(10.0)))

    def embed_pictures(self, pixels_B3HW: Tensor) -> Tensor:
        """Pixels in [-1, 1] -> unit vectors (B, D)."""
        return F.normalize(self.picture_tower(pixels_B3HW), dim=-1)

    def embed_texts(self, texts: Sequence[Sequence[int]]) -> Tensor:
        """Token ids of each text (longer ones are cut at `max_tokens`) -> unit vectors (B, D)."""
        if not texts or any(len(ids) == 0 for ids in texts):
            raise ValueError("A text to score needs at least one token; leave empty texts out.")
        device = self.positions.device
        cut = [list(ids)[: self.sizes.max_tokens] for ids in texts]
        length = max(len(ids) for ids in cut)
        ids_BN = torch.tensor([ids + [0] * (length - len(ids)) for ids in cut], device=device)
        empty_BN = torch.tensor([[i >= len(ids) for i in range(length)] for ids in cut], device=device)
        x_BNW = self.words(ids_BN) + self.positions[:, :length]
        for block in self.blocks:
            x_BNW = block(x_BNW, src_key_padding_mask=empty_BN)
        kept_BN1 = (~empty_BN).unsqueeze(-1).to(x_BNW.dtype)
        mean_BW = (self.norm(x_BNW) * kept_BN1).sum(dim=1) / kept_BN1.sum(dim=1)
        return F.normalize(self.leave(mean_BW), dim=-1)

    def forward(self, pixels_B3HW: Tensor, texts: Sequence[Sequence[int]]) -> Tensor:
        """The score of each picture with its own text (B,), cosines in [-1, 1]."""
        return (self.embed_pictures(pixels_B3HW) * self.embed_texts(texts)).sum(dim=-1)

    def loss(self, pixels_B3HW: Tensor, texts: Sequence[Sequence[int]]) -> tuple[Tensor, dict[str, float]]:
        """Symmetric contrast within the batch -> (scalar, metrics). Texts of a batch should differ in
        meaning.
        """
        pictures_BD, texts_BD = self.embed_pictures(pixels_B3HW), self.embed_texts(texts)
        logits_BB = self.sharpness.clamp(max=MAX_SHARPNESS).exp() * pictures_BD @ texts_BD.T
        own_B = torch.arange(len(logits_BB), device=logits_BB.device)
        total = (F.cross_entropy(logits_BB, own_B) + F.cross_entropy(logits_BB.T, own_B)) / 2
        return total, {"accuracy": float((logits_BB.argmax(dim=1) == own_B).float().mean())}
