"""A film's frame as it is meant to be seen, in sRGB: its YUV matrix, its two fields, high dynamic range.

Knows PyAV's frames and the curves of ITU-R BT.709, BT.2020 and BT.2100. Knows no files.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import cv2
import numpy as np

_UNTOLD: Final = 2  # as ITU-T H.273 counts colour spaces, curves and primaries
_BT709: Final = 1
_PQ: Final = 16
_HLG: Final = 18
_HD_WIDTH_PX: Final = 1280  # from here on, or above the next, films that tell no matrix have BT.709's
_SD_HEIGHT_PX: Final = 576
_WHITE_NITS: Final = 203.0  # of a white sheet in films of high dynamic range (ITU-R BT.2408)
_PEAK_NITS: Final = 1000.0
_KNEE: Final = 0.7  # of white: what is darker stays as it is, what is brighter is pressed together
_COMBED: Final = 0.004  # share of pixels that lie between two rows of the other field
_COMB_STEP: Final = 15  # levels between the rows of two fields
_TO_BT709: Final = {  # primaries -> linear light in BT.709's
    9: ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)),  # BT.2020
    12: ((1.2249, -0.2247, 0.0), (-0.0420, 1.0419, 0.0), (-0.0197, -0.0786, 1.0979)),  # P3 with D65
}
_BT2020_LUMA: Final = (0.2627, 0.6780, 0.0593)


def rgb_of(frame: Any, width: int, height: int) -> np.ndarray:
    """The frame at (height, width, 3), uint8 sRGB, not turned."""
    is_wide = frame.color_trc in (_PQ, _HLG)
    gamut = _TO_BT709.get(frame.color_primaries)
    if frame.interlaced_frame:
        pixels = _one_field(_reformatted(frame, frame.width, frame.height, is_wide))
        method = cv2.INTER_AREA if pixels.shape[0] > height else cv2.INTER_LINEAR
        pixels = cv2.resize(pixels, (width, height), interpolation=method)
    else:
        pixels = _reformatted(frame, width, height, is_wide)
    if is_wide:
        return _seen(_light(pixels, frame.color_trc), _TO_BT709[9] if gamut is None else gamut)
    if gamut is not None:
        return _encoded(_linear_table()[pixels] @ np.array(gamut, np.float32).T)
    return pixels


def _reformatted(frame: Any, width: int, height: int, is_wide: bool) -> np.ndarray:
    format_ = "rgb48le" if is_wide else "rgb24"
    matrix = _matrix_untold(frame) if frame.colorspace == _UNTOLD else None
    found: np.ndarray = frame.reformat(
        width=width, height=height, format=format_, src_colorspace=matrix, threads=1
    ).to_ndarray()
    return found


def _matrix_untold(frame: Any) -> int | None:
    """The YUV matrix of a film that does not name it: BT.709 for large ones; None leaves BT.601."""
    if frame.format.is_rgb:
        return None
    is_large = frame.width >= _HD_WIDTH_PX or frame.height > _SD_HEIGHT_PX
    return _BT709 if is_large else None


def _one_field(pixels: np.ndarray) -> np.ndarray:
    """Every second row, where something has moved between the two fields; else all rows."""
    gray = pixels.max(axis=2).astype(np.int32)
    if pixels.dtype == np.uint16:
        gray >>= 8
    up, down = gray[1:-1] - gray[:-2], gray[1:-1] - gray[2:]
    combed = (up * down > _COMB_STEP**2) & (np.abs(up - down) < np.abs(up) / 2)
    return np.ascontiguousarray(pixels[::2]) if combed.mean() > _COMBED else pixels


def _light(pixels: np.ndarray, curve: int) -> np.ndarray:
    """Light on the display of each channel, float32, 1 where a white sheet is; (H, W, 3) uint16 in."""
    if curve == _PQ:
        nits: np.ndarray = _pq_table()[pixels]
        return nits
    scene = _hlg_table()[pixels]
    luma = scene @ np.array(_BT2020_LUMA, np.float32)
    shown: np.ndarray = scene * np.maximum(luma, 1e-6)[..., None] ** 0.2 * (_PEAK_NITS / _WHITE_NITS)
    return shown


def _seen(light: np.ndarray, gamut: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """Light of high dynamic range as an sRGB picture: highlights pressed together, colours kept."""
    light = np.maximum(light @ np.array(gamut, np.float32).T, 0)
    brightest = light.max(axis=2, keepdims=True)
    over = np.maximum(brightest - _KNEE, 0) / (1 - _KNEE)
    most = (_PEAK_NITS / _WHITE_NITS - _KNEE) / (1 - _KNEE)
    pressed = np.minimum(brightest, _KNEE) + (1 - _KNEE) * over * (1 + over / most**2) / (1 + over)
    return _encoded(light * (pressed / np.maximum(brightest, 1e-6)))


def _encoded(light: np.ndarray) -> np.ndarray:
    """Linear light in BT.709's primaries -> sRGB, uint8."""
    levels = np.clip(light * 4095, 0, 4095).round().astype(np.uint16)
    encoded: np.ndarray = _srgb_table()[levels]
    return encoded


@cache
def _srgb_table() -> np.ndarray:
    light = np.arange(4096) / 4095
    return (
        (255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055))
        .round()
        .astype(np.uint8)
    )


@cache
def _linear_table() -> np.ndarray:
    """sRGB's light, of 8 bits."""
    level = np.arange(256) / 255
    return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4).astype(np.float32)


@cache
def _pq_table() -> np.ndarray:
    """Light by white of the perceptual quantizer's 16-bit levels (BT.2100, Table 4)."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    told = (np.arange(65536) / 65535) ** (1 / m2)
    nits = 10_000 * (np.maximum(told - c1, 0) / (c2 - c3 * told)) ** (1 / m1)
    return (nits / _WHITE_NITS).astype(np.float32)


@cache
def _hlg_table() -> np.ndarray:
    """Light of the scene, 0 to 1, of hybrid log-gamma's 16-bit levels (BT.2100, Table 5)."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    level = np.arange(65536) / 65535
    return np.where(level <= 0.5, level**2 / 3, (np.exp((level - c) / a) + b) / 12).astype(np.float32)
