"""Learned perceptual distance, where its package and its network's weights are installed.

Knows how to ask the package `lpips`. Never downloads anything: weights that are missing are an error that
tells where they belong.
"""

from __future__ import annotations

import importlib.util
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from limner.evaluation.metrics.metric import Metric, check_pair

LEAST_PX = 64
BACKBONE_FILE = "alexnet-owt-7be5be79.pth"
METRIC = Metric(
    name="lpips",
    source="Zhang et al. 2018, version 0.1, AlexNet (the package `lpips`, extra limner[lpips])",
    range=(0.0, float("inf")),
    better="lower",
)


def lpips_available() -> bool:
    """Whether `lpips_distance` can measure here: package installed, weights in place."""
    return _installed() and _backbone_path().is_file()


def lpips_distance(first: np.ndarray, second: np.ndarray) -> float:
    """LPIPS of two pictures (H, W, 3) uint8 of one size, each side at least 64 px; 0 for equal pictures.

    ValueError when the sizes do not fit, the extra is not installed, or its weights are missing.
    """
    check_pair(first, second)
    if min(first.shape[:2]) < LEAST_PX:
        raise ValueError(f"LPIPS needs pictures of at least {LEAST_PX} px a side; use larger ones.")
    network = _network()
    with torch.inference_mode():
        x, y = (
            torch.from_numpy(p.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1 for p in (first, second)
        )
        return float(network(x, y))


def _installed() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("lpips", "torchvision"))


def _backbone_path() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / BACKBONE_FILE


@lru_cache(maxsize=1)
def _network() -> Any:
    if not _installed():
        raise ValueError('LPIPS needs the package lpips; install it with pip install "limner[lpips]".')
    if not _backbone_path().is_file():
        raise ValueError(
            f"LPIPS needs the weights of AlexNet at {_backbone_path()}; fetch them once with "
            "`python -c \"import lpips; lpips.LPIPS(net='alex')\"` on a machine with a network."
        )
    import lpips

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package asks torchvision in an old way
        return lpips.LPIPS(net="alex", verbose=False).eval().requires_grad_(False)
