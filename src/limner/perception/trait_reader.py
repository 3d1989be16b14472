"""What would a caption say of this person? One small classifier for each trait field.

Knows two views of a person, and a vocabulary handed in as field -> words. Knows nothing about where these
come from.

Legend: B batch, D features, F fields, V words of one field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.perception.towers import Tower

UNKNOWN = -100


@dataclass(frozen=True, kw_only=True)
class TraitReaderSizes:
    """The face is read at `face_size_px`, the person from hat to hips at `body_size_px`."""

    words: Mapping[str, tuple[str, ...]]
    face_size_px: int = 64
    body_size_px: int = 80
    widths: tuple[int, ...] = (32, 64, 96)
    depth: int = 1
    dim: int = 96


class TraitReader(nn.Module):
    """Two towers, one for each view, and a linear layer for each field over both."""

    def __init__(self, sizes: TraitReaderSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.face = Tower(sizes.face_size_px, sizes.widths, sizes.depth, sizes.dim)
        self.body = Tower(sizes.body_size_px, sizes.widths, sizes.depth, sizes.dim)
        self.fields = nn.ModuleDict(
            {field: nn.Linear(2 * sizes.dim, len(words)) for field, words in sizes.words.items()}
        )

    def forward(self, faces_B3HW: Tensor, bodies_B3HW: Tensor) -> dict[str, Tensor]:
        """Both views in [-1, 1] -> logits (B, V) of each field."""
        features_BD = F.gelu(torch.cat([self.face(faces_B3HW), self.body(bodies_B3HW)], dim=-1))
        return {field: head(features_BD) for field, head in self.fields.items()}

    def numbers(self, traits: Mapping[str, str]) -> list[int]:
        """The place of each field's word, in field order; `UNKNOWN` where the field is missing (nothing to
        learn).
        """
        places = []
        for field, words in self.sizes.words.items():
            word = traits.get(field)
            if word is not None and word not in words:
                raise ValueError(f"The trait reader knows no {field} {word!r}; it knows {', '.join(words)}.")
            places.append(UNKNOWN if word is None else words.index(word))
        return places

    def loss(
        self, faces_B3HW: Tensor, bodies_B3HW: Tensor, numbers_BF: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        """Mean cross-entropy over fields and persons, unknown ones left out -> (scalar, accuracy of each
        field).
        """
        logits = self(faces_B3HW, bodies_B3HW)
        total = faces_B3HW.new_zeros(())
        metrics: dict[str, float] = {}
        for numbers_B, (field, logits_BV) in zip(numbers_BF.T, logits.items(), strict=True):
            known = numbers_B != UNKNOWN
            if known.any():
                total = total + F.cross_entropy(logits_BV[known], numbers_B[known])
                metrics[field] = float((logits_BV.argmax(-1) == numbers_B)[known].float().mean())
        return total / max(1, len(metrics)), metrics
