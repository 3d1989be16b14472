"""A faint pattern in the pixels that says "painted by Limner", and its detector.

Spread spectrum, as in Cox et al., "Secure Spread Spectrum Watermarking for Multimedia" (1997): a fixed
pseudo-random pattern of middle frequencies, stronger where a picture is busy, found again by phase
correlation over every place (so that crops are found) and over sizes. It carries one bit: it is there or not.
The pattern is public, as the code is: it survives what happens to pictures by the way, and no one who wants
it gone. Why no library does this work: docs/provenance.md has the table. Knows pixels; knows no files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np

NAME: Final = "org.limner.spread.1"
GRID: Final = 256  # the pattern's period, and the short side of the picture that it is laid over
BAND: Final = (0.045, 0.17)  # cycles a grid place: below lie shapes and shades, above what half size loses
STRENGTH: Final = (1.1, 2.6)  # grey levels where a picture is flat, and where it is busy
BUSY: Final = 14.0  # the spread of grey levels nearby from which on a place counts as busy
PLENTY: Final = 0.22  # of the pattern's spread over the picture's: what shows clearly is laid on thinner ...
THINNEST: Final = 0.65  # ... by this at most
FLOOR: Final = 8.0  # the least variance of a place: that of the pattern itself and of roundings
ENOUGH: Final = 7.0  # standard deviations; see docs/provenance.md for what unmarked pictures reach
SEED: Final = 0x11A4E12
USUAL_SCALES: Final = (1.0, 0.5, 2.0, 1.5, 0.75, 1.25, 3.0, 4.0)
SCALES: Final = (0.42, 4.2)
STEP: Final = 1.012
MAX_PX: Final = 2400  # a longer side is made smaller first


@dataclass(frozen=True, kw_only=True)
class Found:
    """The strongest sign of the pattern: its height in standard deviations of chance, and how many of the
    picture's pixels make one of the pattern's.
    """

    height: float
    scale: float

    @property
    def is_there(self) -> bool:
        return self.height >= ENOUGH


def mark(pixels_HWC: np.ndarray) -> np.ndarray:
    """The same picture with the pattern in it: (H, W, 3) uint8. Grey levels change by some 2 of 255, by less
    in soft pictures, which hide it badly and lose it hardly.
    """
    height, width = pixels_HWC.shape[:2]
    luma: Any = cv2.cvtColor(pixels_HWC, cv2.COLOR_RGB2GRAY).astype(np.float32)
    reach = max(3, round(min(height, width) / 36))
    mean = cv2.blur(luma, (reach, reach))
    spread = np.sqrt(np.maximum(cv2.blur(luma * luma, (reach, reach)) - mean * mean, 0))
    low, high = STRENGTH
    strength = low + (high - low) * np.minimum(1, spread / BUSY)
    scale = max(1.0, min(height, width) / GRID)
    _, variance = _fine_and_variance(_resized(luma, scale))
    clear = np.sqrt(np.mean(_resized(strength, scale) ** 2 / variance))
    strength *= np.clip(PLENTY / clear, THINNEST, 1)
    made = pixels_HWC.astype(np.float32) + (strength * _laid(height, width))[..., None]
    return np.asarray(np.clip(np.rint(made), 0, 255), np.uint8)


def look_for(pixels_HWC: np.ndarray, *, thorough: bool = True) -> Found:
    """Where and how clearly the pattern shows.

    Args:
        pixels_HWC: (H, W, 3) uint8, any size.
        thorough: also try every size in between, when none of the usual ones shows it.
    """
    luma: Any = cv2.cvtColor(pixels_HWC, cv2.COLOR_RGB2GRAY).astype(np.float32)
    shrunk = min(1.0, MAX_PX / max(luma.shape))
    if shrunk < 1:
        luma = cv2.resize(luma, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA)
    best = Found(height=0.0, scale=1.0)
    for scale in _scales(*luma.shape, thorough=thorough):
        found = Found(height=_height(luma, scale), scale=scale / shrunk)
        best = max(best, found, key=lambda one: one.height)
        if best.is_there:
            break
    return best


def _scales(height: int, width: int, *, thorough: bool) -> Iterator[float]:
    likely = (min(height, width) / GRID, max(height, width) / GRID, *USUAL_SCALES)
    smallest, largest = SCALES
    fits = [one for one in likely if smallest <= one <= largest and max(height, width) / one >= GRID / 4]
    yield from dict.fromkeys(fits)
    if thorough:
        scale = smallest
        while scale <= min(largest, max(height, width) / GRID * 1.3):
            yield scale
            scale *= STEP


@lru_cache(maxsize=1)
def _spectrum() -> np.ndarray:
    """The pattern's spectrum: (GRID, GRID / 2 + 1) complex, of size 1 within the band and 0 outside."""
    rows, columns = np.fft.fftfreq(GRID)[:, None], np.fft.rfftfreq(GRID)[None]
    radius = np.hypot(rows, columns)
    noise = np.fft.rfft2(np.random.default_rng(SEED).standard_normal((GRID, GRID)))
    inside = (radius >= BAND[0]) & (radius <= BAND[1])
    return np.where(inside, noise / np.abs(noise), 0).astype(np.complex64)


@lru_cache(maxsize=16)
def _laid(height: int, width: int) -> np.ndarray:
    """The pattern over a picture of that size, of spread 1: its short side is one period."""
    scale = max(1.0, min(height, width) / GRID)
    tile: Any = np.fft.irfft2(_spectrum(), (GRID, GRID)).astype(np.float32)
    tile /= tile.std()
    side = max(1, round(GRID * scale))
    if side != GRID:
        tile = cv2.resize(np.tile(tile, (3, 3)), (3 * side, 3 * side), interpolation=cv2.INTER_CUBIC)
        tile = tile[side : 2 * side, side : 2 * side]
    repeats = (-(-height // side), -(-width // side))
    return np.ascontiguousarray(np.tile(tile, repeats)[:height, :width])


def _height(luma: np.ndarray, scale: float) -> float:
    """The highest peak of the phase correlation with the pattern, in standard deviations."""
    fine, variance = _fine_and_variance(_resized(luma, scale))
    fine /= variance  # the picture is the noise here: a matched filter
    height, width = fine.shape
    rows, columns = -(-height // GRID) * GRID, -(-width // GRID) * GRID
    whole = np.zeros((rows, columns), dtype=np.float32)
    whole[:height, :width] = fine
    folded = whole.reshape(rows // GRID, GRID, columns // GRID, GRID).sum(axis=(0, 2))
    seen = np.fft.rfft2(folded)
    pattern = _spectrum()
    size = np.abs(seen)
    product = np.conj(pattern) * seen / np.maximum(size, 1e-6)
    surface = np.fft.irfft2(product, (GRID, GRID))
    return float((surface.max() - surface.mean()) / max(float(surface.std()), 1e-12))


def _resized(values: np.ndarray, scale: float) -> Any:
    """One value for each `scale` of them, each way."""
    height, width = (max(8, round(side / scale)) for side in values.shape)
    if (height, width) == values.shape:
        return values
    way = cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC
    return cv2.resize(values, (width, height), interpolation=way)


def _fine_and_variance(luma: np.ndarray) -> tuple[Any, Any]:
    """What of a picture is as fine as the pattern, and its variance nearby, with the pattern's own."""
    fine: Any = luma - cv2.GaussianBlur(luma, (0, 0), 3.0)
    return fine, np.maximum(cv2.blur(fine * fine, (9, 9)), 0) + FLOOR
