"""A stand-in for drawing, where a test needs scenes to look different and no more."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from limner_world.scene import Scene


def dots(scene: Scene, size_px: int) -> np.ndarray:
    """Noise that differs for different scenes and costs nothing: (S, S, 3) uint8."""
    rng = np.random.default_rng(crc32(repr(scene).encode()))
    return rng.integers(0, 256, (size_px, size_px, 3), dtype=np.uint8)
