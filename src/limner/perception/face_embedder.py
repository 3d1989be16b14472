"""Who is it? A face crop becomes a unit vector; two of one person lie close (Deng et al. 2019, ArcFace).

Knows face crops and, while training, numbered persons and the measures of their faces. Knows nothing about
names or traits.

Legend: B batch, D embedding, P persons of the training set, M measures of a face.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.perception.towers import Tower

POINTS_SPREAD = 0.1  # how far a face's points wander in its crop, from face to face


@dataclass(frozen=True, kw_only=True)
class FaceEmbedderSizes:
    """`widths` are those of the tower, one for each halving; `depth` residual pairs at each."""

    image_size_px: int = 64
    widths: tuple[int, ...] = (40, 80, 128)
    depth: int = 1
    features: int = 256
    dim: int = 128


class FaceEmbedder(nn.Module):
    """A tower, one layer more, and a normalisation to length 1."""

    def __init__(self, sizes: FaceEmbedderSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.tower = Tower(sizes.image_size_px, sizes.widths, sizes.depth, sizes.features)
        self.leave = nn.Linear(sizes.features, sizes.dim)

    def features(self, faces_B3HW: Tensor) -> Tensor:
        """Face crops (B, 3, S, S) in [-1, 1] -> what is seen of them (B, features), pose and all."""
        return F.gelu(self.tower(faces_B3HW))

    def embed(self, features: Tensor) -> Tensor:
        """Features -> unit vectors (B, D)."""
        return F.normalize(self.leave(features), dim=-1)

    def forward(self, faces_B3HW: Tensor) -> Tensor:
        """Face crops (B, 3, S, S) in [-1, 1] -> unit vectors (B, D)."""
        return self.embed(self.features(faces_B3HW))


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


class FaceMeasuresLoss(nn.Module):
    """Squared error of the face's measures (width, jaw, eyes, ...) read off the embedding by one matrix.

    Numbered persons teach slowly, for each number is met a few times only; measures mean the same in every
    face. Only the loss knows the matrix: it is not part of the embedder.
    """

    def __init__(self, num_measures: int, dim: int = 128) -> None:
        super().__init__()
        self.read = nn.Linear(dim, num_measures)
        self.spread = math.sqrt(dim)

    def forward(self, embeddings_BD: Tensor, measures_BM: Tensor) -> Tensor:
        """Unit vectors and the true measures -> scalar."""
        return F.mse_loss(self.read(self.spread * embeddings_BD), measures_BM)


class FacePointsLoss(nn.Module):
    """Squared error of where eyes, brows, nose, mouth and outline lie in the crop, read off the features.

    Whoever can tell where an eye's corner is has learned to look; the embedding itself is free of places.
    """

    def __init__(self, num_points: int, features: int) -> None:
        super().__init__()
        self.read = nn.Linear(features, 2 * num_points)

    def forward(self, features: Tensor, points_BK2: Tensor) -> Tensor:
        """Features and the true points, (-1, -1) to (1, 1) over the crop -> scalar, about 1 for a guess."""
        return F.mse_loss(self.read(features), points_BK2.flatten(1)) / POINTS_SPREAD**2


def contrast_loss(embeddings_BD: Tensor, persons_B: Tensor, *, scale: float = 20.0) -> Tensor:
    """Supervised contrast within the batch (Khosla et al. 2020, eq. 2): each vector should find those of its
    person.

    Works on persons never met before, and is as hard as the batch: put look-alikes into it.
    """
    own_BB = torch.eye(len(persons_B), dtype=torch.bool, device=persons_B.device)
    same_BB = (persons_B[:, None] == persons_B[None]) & ~own_BB
    logits_BB = (scale * embeddings_BD @ embeddings_BD.T).masked_fill(own_BB, -torch.inf)
    chances_BB = logits_BB.log_softmax(dim=1)
    mean_B = chances_BB.masked_fill(~same_BB, 0).sum(dim=1) / same_BB.sum(dim=1).clamp_min(1)
    return -mean_B[same_BB.any(dim=1)].mean()
