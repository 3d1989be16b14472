"""Pictures made worse on purpose: what a painter, a codec or a small screen does to a face.

Readers that learned from clean drawings alone misread a painted face that is merely soft. Knows uint8
pictures of any size. Knows nothing about what they show.
"""

from __future__ import annotations

import cv2
import numpy as np

CLEAN_SHARE = 0.45
UNWORN_SHARE = 0.4


def degrade(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(H, W, 3) uint8 -> the same shape: clean in `CLEAN_SHARE` of all draws, else worse in one to four ways.

    Softened or shrunk and grown; coarse 8 x 8 blocks (JPEG); grain; other brightness and tint.
    """
    if rng.random() < CLEAN_SHARE:
        return pixels
    if rng.random() < 0.6:
        pixels = soften(pixels, rng)
    if rng.random() < 0.3:
        pixels = _compress(pixels, int(rng.integers(15, 70)))
    if rng.random() < 0.35:
        pixels = _tint(pixels, rng)
    if rng.random() < 0.3:
        grain = rng.normal(0.0, rng.uniform(2.0, 10.0), pixels.shape)
        pixels = np.clip(pixels + grain, 0, 255).astype(np.uint8)
    return pixels


def wear(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(H, W, 3) uint8 -> the same shape: untouched in `UNWORN_SHARE` of all draws, else as a picture looks
    that was shared: blurred by up to 0.6 % of the side, stored as JPEG, a little brighter or tinted.

    Everything that could be seen before can be seen after; `degrade` takes more away.
    """
    if rng.random() < UNWORN_SHARE:
        return pixels
    if rng.random() < 0.5:
        pixels = cv2.GaussianBlur(pixels, (0, 0), pixels.shape[0] * rng.uniform(0.001, 0.006))
    if rng.random() < 0.5:
        pixels = _tint(pixels, rng)
    if rng.random() < 0.5:
        pixels = _compress(pixels, int(rng.integers(40, 96)))
    return pixels


def soften(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blurred by 0.6 % to 3.5 % of the side, or shrunk to between 0.3 and 0.8 of it and grown again."""
    side = pixels.shape[0]
    if rng.random() < 0.5:
        return cv2.GaussianBlur(pixels, (0, 0), side * rng.uniform(0.006, 0.035))
    small = max(4, round(side * rng.uniform(0.3, 0.8)))
    shrunk = cv2.resize(pixels, (small, small), interpolation=cv2.INTER_AREA)
    return cv2.resize(shrunk, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _compress(pixels: np.ndarray, quality: int) -> np.ndarray:
    _, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))


def _tint(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    gain, shift = rng.uniform(0.9, 1.1), rng.uniform(-8.0, 8.0, 3)
    return np.clip((pixels - 127.5) * gain + 127.5 + shift, 0, 255).astype(np.uint8)
