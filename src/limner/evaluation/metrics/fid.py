"""How far apart two sets of pictures are, as distributions of features: Frechet distance and kernel distance.

Knows features (number, width). `picture_features` makes them with the judge's text-image score, whose picture
tower stands where Inception stands for photographs: values compare between models under one judge, never with
published FID.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from limner.evaluation.metrics.metric import Metric, check_pixels

if TYPE_CHECKING:
    from limner.perception.senses import WorldSenses

METRIC = Metric(
    name="fid",
    source="Heusel et al. 2017, eq. 6, on features of the judge's picture tower (not Inception)",
    range=(0.0, float("inf")),
    better="lower",
)
KID_METRIC = Metric(
    name="kid",
    source="Binkowski et al. 2018: unbiased squared MMD, kernel (x.y / width + 1)^3, same features as fid",
    range=(-float("inf"), float("inf")),
    better="lower",
)
FEWEST_FOR_KERNEL = 2


def picture_features(judge: WorldSenses, pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Pictures (H, W, 3) uint8 -> (number of pictures, width) float32.

    The tower's unit vectors times the root of their width, so that single features are of size one, which is
    what the kernel's scale expects.
    """
    vectors = judge.embed_pictures([check_pixels(picture) for picture in pictures])
    return np.asarray(vectors * np.sqrt(vectors.shape[1]), dtype=np.float32)


def enough_for_frechet(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether both sets are larger than their features are wide, so that both covariances have full rank."""
    return min(len(first), len(second)) > int(first.shape[1])


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """|mean difference|^2 + trace(S1 + S2 - 2 (S1 S2)^(1/2)) of two feature sets (n, width).

    Biased upwards for small sets: compare sets of equal size only. ValueError when a set is not larger than
    its features are wide; `kernel_distance` measures those.
    """
    first, second = _features(first, second)
    if not enough_for_frechet(first, second):
        raise ValueError(
            f"The Frechet distance of {first.shape[1]} features needs more than {first.shape[1]} pictures in "
            f"both sets, not {len(first)} and {len(second)}; paint more, or use the kernel distance."
        )
    apart = first.mean(0) - second.mean(0)
    one, other = (
        np.cov(features, rowvar=False).reshape(2 * (features.shape[1],)) for features in (first, second)
    )
    root = _root(one)
    # trace((S1 S2)^1/2) = trace((R S2 R)^1/2) with R = S1^1/2; the latter is symmetric.
    shared = np.sqrt(np.clip(np.linalg.eigvalsh(root @ other @ root), 0, None)).sum()
    return max(0.0, float(apart @ apart + np.trace(one) + np.trace(other) - 2 * shared))


def kernel_distance(
    first: np.ndarray,
    second: np.ndarray,
    *,
    num_subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 0,
) -> float:
    """Squared maximum mean discrepancy of two sets of features (n, width), averaged over seeded subsets.

    Unbiased, hence about 0 and sometimes below for equal distributions, whatever n. Sets no larger than
    `subset_size` are measured once, whole. ValueError when a set has fewer than two features.
    """
    first, second = _features(first, second)
    size = min(subset_size, len(first), len(second))
    if size < FEWEST_FOR_KERNEL:
        raise ValueError("The kernel distance needs at least two pictures in both sets; paint more.")
    if max(len(first), len(second)) <= subset_size:
        return _discrepancy(first, second)
    rng = np.random.default_rng(seed)
    drawn = [
        _discrepancy(*(features[rng.permutation(len(features))[:size]] for features in (first, second)))
        for _ in range(num_subsets)
    ]
    return float(np.mean(drawn))


def _discrepancy(first: np.ndarray, second: np.ndarray) -> float:
    within = 0.0
    for features in (first, second):
        kernel = _kernel(features, features)
        count = len(features)
        within += float((kernel.sum() - np.trace(kernel)) / (count * (count - 1)))
    return within - 2 * float(_kernel(first, second).mean())


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    values: np.ndarray = (first @ second.T / first.shape[1] + 1) ** 3
    return values


def _root(matrix: np.ndarray) -> np.ndarray:
    """The square root of a symmetric positive semi-definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    root: np.ndarray = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    return root


def _features(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise ValueError(
            f"Sets of features have the shapes (number, width) with one width, not {first.shape} and "
            f"{second.shape}."
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("Features to compare must be finite numbers; leave broken pictures out.")
    return first.astype(np.float64), second.astype(np.float64)
