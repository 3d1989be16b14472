"""Who is it? A face crop becomes a unit vector; two of one person lie close (Deng et al. 2019, ArcFace).

Knows face crops and, while training, numbered identities. Knows nothing about names or traits.

Legend: B batch, D embedding, P persons of the training set.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.perception.towers import Tower


@dataclass(frozen=True, kw_only=True)
class FaceEmbedderSizes:
    """`widths` are those of the tower, one for each halving."""

    image_size_px: int = 64
    widths: tuple[int, ...] = (32, 48, 64, 96)
    dim: int = 128


class FaceEmbedder(nn.Module):
    """A tower and a normalisation to length 1."""

    def __init__(self, sizes: FaceEmbedderSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.tower = Tower(sizes.image_size_px, 2, sizes.widths, sizes.dim)

    def forward(self, faces_B3HW: Tensor) -> Tensor:
        """Face crops (B, 3, S, S) in [-1, 1] -> unit vectors (B, D)."""
        return F.normalize(self.tower(faces_B3HW), dim=-1)


class ArcFaceLoss(nn.Module):
    """Cross-entropy over persons of scale * cos(angle), the true person's angle widened by the margin (eq.
    3).
    """

    def __init__(self, num_persons: int, dim: int = 128, *, margin: float = 0.3, scale: float = 24.0) -> None:
        super().__init__()
        self.centres = nn.Parameter(F.normalize(torch.randn(num_persons, dim), dim=-1))
        self.margin = margin
        self.scale = scale

    def forward(self, embeddings_BD: Tensor, persons_B: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Unit vectors and the numbers of their persons -> (scalar, metrics)."""
        cosines_BP = embeddings_BD @ F.normalize(self.centres, dim=-1).T
        true_B1 = cosines_BP.gather(1, persons_B[:, None]).clamp(-1 + 1e-6, 1 - 1e-6)
        widened_B1 = torch.cos((torch.acos(true_B1) + self.margin).clamp_max(torch.pi))
        logits_BP = self.scale * cosines_BP.scatter(1, persons_B[:, None], widened_B1)
        accuracy = (cosines_BP.argmax(dim=1) == persons_B).float().mean()
        return F.cross_entropy(logits_BP, persons_B), {"accuracy": float(accuracy)}
