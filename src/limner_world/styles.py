"""The seven art styles and the light of the hour, as filters over finished pixels.

Knows pixels. Knows nothing about what they show. Every filter keeps size and type: (S, S, 3) uint8 RGB.
Textures come from fixed seeds and are cut where `seed` says, so the same seed gives the same picture.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from cv2.typing import MatLike

from limner_world.textures import (
    CHALK_FULL,
    WARM_PAPER_FULL,
    Field,
    Pixels,
    bayer,
    bends,
    chalk,
    cut,
    part_of,
    plain_sheet,
    screen,
    strokes,
    warm_paper,
    wash_mask,
    whole_grid,
)

_LUMA: Final = np.array([[0.299, 0.587, 0.114]], np.float32)
_GRID_CELLS: Final = 85  # cells across a pixel-art picture, roughly


def apply_style(pixels: Pixels, style: str, seed: int) -> Pixels:
    """The picture in `style`, one of STYLES; raises ValueError on any other word."""
    if style not in _STYLES:
        raise ValueError(f"unknown style {style!r}; use one of {', '.join(_STYLES)}")
    return np.asarray(_STYLES[style](np.ascontiguousarray(pixels), seed), dtype=np.uint8)


def apply_lighting(pixels: Pixels, lighting: str) -> Pixels:
    """The light of the hour over the whole picture, people included: daylight changes nothing."""
    if lighting not in _HOURS:
        raise ValueError(f"unknown lighting {lighting!r}; use one of {', '.join(_HOURS)}")
    if lighting == "daylight":
        return pixels
    return np.asarray(
        cv2.multiply(pixels, _light_map(lighting, pixels.shape[0]), scale=1 / 255, dtype=cv2.CV_8U)
    )


# lighting -> the light's colour at the upper left, where it comes from, and at the lower right
_HOURS: Final = {
    "daylight": ((255, 255, 255), (255, 255, 255)),
    "warm evening light": ((268, 246, 208), (236, 202, 168)),
    "night": ((220, 222, 246), (170, 176, 220)),
}


@lru_cache(maxsize=8)
def _light_map(lighting: str, size_px: int) -> Pixels:
    near, far = (np.minimum(np.array(colour, np.float32), 255) for colour in _HOURS[lighting])
    along = np.linspace(0, 1, size_px, dtype=np.float32)
    share = ((along[None, :] * 0.6 + along[:, None] * 0.4) ** 1.2)[..., None]
    return np.rint(near * (1 - share) + far * share).astype(np.uint8)


def _gray(pixels: MatLike) -> Field:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.float32)


def _sigma(size_px: int, at_256: float) -> float:
    return max(0.35, at_256 * size_px / 256)


def _odd(size_px: int, at_256: float) -> int:
    return max(3, round(at_256 * size_px / 256) | 1)


def _median(pixels: MatLike, at_256: float) -> Pixels:
    """A median filter, on a smaller copy when the picture is large."""
    size = pixels.shape[0]
    if size <= 320:
        return np.asarray(cv2.medianBlur(pixels, _odd(size, at_256)), dtype=np.uint8)
    small = cv2.resize(pixels, (256, 256), interpolation=cv2.INTER_AREA)
    return np.asarray(
        cv2.resize(cv2.medianBlur(small, _odd(256, at_256)), (size, size), interpolation=cv2.INTER_CUBIC)
    )


def _times(pixels: MatLike, factor: Field) -> Pixels:
    """Each pixel times its factor (S, S), cut to bytes."""
    return np.asarray(cv2.multiply(pixels, cv2.merge([factor] * 3), dtype=cv2.CV_8U), dtype=np.uint8)


def _over(paint: MatLike, ground: MatLike, share: Field) -> Pixels:
    """`paint` over `ground`, with the opacity of paint a pixel (S, S) in [0, 1]."""
    return _mixed(paint, ground, cv2.cvtColor(cv2.convertScaleAbs(share, alpha=255), cv2.COLOR_GRAY2BGR))


def _mixed(paint: MatLike, ground: MatLike, shares: MatLike) -> Pixels:
    """`paint` over `ground`, with the opacity of paint as bytes (S, S, 3)."""
    below = cv2.multiply(ground, cv2.bitwise_not(shares), scale=1 / 255)
    return np.asarray(cv2.add(cv2.multiply(paint, shares, scale=1 / 255), below), dtype=np.uint8)


def _soft(image: MatLike, sigma: float) -> MatLike:
    """A Gaussian blur, or where it is wide the few box blurs that come near it and cost a third."""
    if sigma < 1.0:
        return cv2.GaussianBlur(image, (5, 5), sigma)
    width = round(2 * sigma) | 1
    for _ in range(max(2, round(12 * sigma * sigma / (width * width - 1)))):
        image = cv2.blur(image, (width, width))
    return image


# ---- styles ------------------------------------------------------------------------------------------


def _storybook(pixels: Pixels, seed: int) -> Pixels:
    """The picture as drawn, printed on faintly warm paper."""
    tone = cut(warm_paper(pixels.shape[0]), seed)
    return np.asarray(cv2.multiply(pixels, tone, scale=1 / WARM_PAPER_FULL), dtype=np.uint8)


def _watercolor(pixels: Pixels, seed: int) -> Pixels:
    """Washes with wandering rims and pooled pigment, fading into white paper at the picture's border."""
    size = pixels.shape[0]
    whole, part = bends(size)
    steps, fractions = cut(whole, seed), cut(part, seed)
    bent = cv2.remap(
        pixels,
        steps + whole_grid(size),
        np.ascontiguousarray(fractions),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    wash = cv2.addWeighted(_median(bent, 5), 0.55, bent, 0.45, 0)
    gray = cv2.cvtColor(wash, cv2.COLOR_RGB2GRAY)
    pooled = np.minimum(cv2.subtract(_soft(gray, _sigma(size, 2.4)), gray), 30)  # rims dry darker
    tone = (gray * np.float32(-0.20 / 255) + np.float32(0.25)) * part_of("pigment", size, seed)
    tone += np.float32(1.06)
    tone -= pooled * np.float32(0.016)
    tone += part_of("grain", size, seed)
    shares, paper = _wash(size, seed % 5)
    painted = cv2.multiply(_times(wash, tone), shares, scale=1 / 255)
    return np.asarray(cv2.add(painted, paper), dtype=np.uint8)


@lru_cache(maxsize=16)
def _wash(size_px: int, kind: int) -> tuple[Pixels, Pixels]:
    """The opacity of paint (S, S, 3) under `_wash_mask`, and the paper seen through it."""
    shares = cv2.cvtColor(cv2.convertScaleAbs(wash_mask(size_px, kind), alpha=255), cv2.COLOR_GRAY2BGR)
    paper = cv2.multiply(plain_sheet(size_px, (252, 249, 241)), cv2.bitwise_not(shares), scale=1 / 255)
    return np.asarray(shares, dtype=np.uint8), np.asarray(paper, dtype=np.uint8)


def _pencil(pixels: Pixels, seed: int) -> Pixels:
    """Graphite outlines and hatching on cream paper, with a breath of coloured pencil."""
    size = pixels.shape[0]
    gray = np.asarray(cv2.GaussianBlur(_gray(pixels), (0, 0), _sigma(size, 0.6)), dtype=np.float32)
    gray *= np.float32(max(1.0, 165 / max(float(gray.mean()), 40.0)))  # paper stays light by night
    np.minimum(gray, np.float32(255), out=gray)
    wide = _odd(size, 13)
    lines = np.asarray(cv2.GaussianBlur(gray, (wide, wide), _sigma(size, 2.6)), dtype=np.float32)
    lines -= gray
    lines -= np.float32(2.0)
    lines *= np.float32(0.030)
    hatch = _within(gray * np.float32(-1.35 / 255) + np.float32(1.13), 0, 0.75)
    hatch *= part_of("hatch", size, seed)
    cross = _within(gray * np.float32(-1.6 / 255) + np.float32(0.80), 0, 0.6)
    cross *= part_of("cross hatch", size, seed)
    tone = gray * np.float32(0.26 / 255) + np.float32(0.74)
    for drawn in (_within(lines, 0, 0.85), hatch, cross):
        tone -= drawn
    tone += part_of("grain", size, seed)
    tint = cv2.addWeighted(plain_sheet(size, (250, 246, 238)), 0.80, _hue_of(pixels), 0.20, 0)
    # graphite is darker than every tint, so that one product does for a blend
    graphite = plain_sheet(size, (44, 42, 50))
    share = cv2.cvtColor(cv2.convertScaleAbs(_within(tone, 0.14, 1), alpha=255), cv2.COLOR_GRAY2BGR)
    lit = cv2.multiply(cv2.subtract(tint, graphite), share, scale=1 / 255)
    return np.asarray(cv2.add(lit, graphite), dtype=np.uint8)


def _within(field: Field, least: float, most: float) -> Field:
    """The field cut to a range, in place."""
    np.maximum(field, np.float32(least), out=field)
    np.minimum(field, np.float32(most), out=field)
    return field


def _hue_of(pixels: Pixels) -> Pixels:
    """The picture with its lights and darks evened out, so that mostly hue is left."""
    red, green, blue = cv2.split(pixels)
    bright = np.maximum(cv2.max(cv2.max(red, green), blue), 40)
    return np.asarray(cv2.divide(pixels, cv2.merge([bright] * 3), scale=250), dtype=np.uint8)


def _comic(pixels: Pixels, seed: int) -> Pixels:
    """Flat bright inks, a printer's dots in the shadows, black outlines."""
    size = pixels.shape[0]
    flat = _median(pixels, 5)
    gray = cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY)
    tones, shadows, dots = _comic_tables()
    vivid = cv2.transform(flat, _saturation(1.38))
    printed = cv2.LUT(cv2.subtract(cv2.LUT(gray, shadows), cut(screen(size), seed)), dots)
    toned = cv2.cvtColor(cv2.multiply(cv2.LUT(gray, tones), printed, scale=1 / 128), cv2.COLOR_GRAY2BGR)
    inked = cv2.multiply(vivid, toned, scale=1 / 128)
    return _mixed(plain_sheet(size, (26, 22, 32)), inked, _ink(pixels, 0.9, 4.5))


@lru_cache(maxsize=1)
def _comic_tables() -> tuple[Pixels, Pixels, Pixels]:
    """By gray: the factor that steps the tones, in 128ths, and the shadow's depth, in 255ths. By how far a
    shadow lies above the printer's screen: the factor of a dot, in 128ths.
    """
    gray = np.arange(256, dtype=np.float64)
    step = 255 / 6
    tones = 0.45 + 0.55 * (np.rint(gray / step) * step + 14) / (gray + 14)
    shadows = np.clip((165 - gray) / 200, 0, 0.62)
    dots = 1.06 - 0.22 * np.clip(gray / 255 * 5, 0, 1)
    tables = [np.rint(table).astype(np.uint8) for table in (tones * 128, shadows * 255, dots * 128)]
    return tables[0], tables[1], tables[2]


def _ink(pixels: Pixels, sigma: float, threshold: float) -> Pixels:
    """Where outlines lie, as the opacity of ink (S, S, 3): the darker side of edges, by a difference of
    blurs.
    """
    size = pixels.shape[0]
    fine = _soft(pixels, _sigma(size, sigma))
    below = cv2.subtract(_soft(fine, _sigma(size, 2.2 * sigma)), fine)
    steep = 255 / 7
    weigh = np.full((3, 4), 0.42 * steep, np.float32)
    weigh[:, 3] = -threshold * steep
    return np.asarray(cv2.transform(below, weigh), dtype=np.uint8)


def _saturation(amount: float) -> Field:
    """The 3 x 3 colour matrix that scales saturation."""
    return np.asarray(np.eye(3) * amount + np.repeat(_LUMA, 3, axis=0) * (1 - amount), dtype=np.float32)


def _oil(pixels: Pixels, seed: int) -> Pixels:
    """Broad strokes with bristle marks in the open, finer ones where the picture has detail."""
    size = pixels.shape[0]
    broad_x, broad_y, relief = strokes(size, 4.6, seed % 2)
    fine_x, fine_y, small_relief = strokes(size, 2.0, seed % 2)
    rich = cv2.transform(_soft(pixels, _sigma(size, 0.8)), _saturation(1.22))
    # A brush takes up the mean colour of its width: single pixels of thin outlines would become specks.
    wide, narrow = (cv2.blur(rich, (_odd(size, width),) * 2) for width in (7, 3))
    broad = cv2.remap(wide, broad_x, broad_y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    fine = cv2.remap(narrow, fine_x, fine_y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    fine = cv2.addWeighted(fine, 0.40, rich, 0.60, 0)
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    edges = cv2.absdiff(gray, cv2.blur(gray, (_odd(size, 7), _odd(size, 7))))
    detail = np.clip(cv2.blur(edges, (_odd(size, 13), _odd(size, 13))).astype(np.float32) * 0.30 - 0.30, 0, 1)
    painted = _over(fine, broad, detail)
    return _times(painted, 1 + relief * (1 - 0.75 * detail) + small_relief * 0.6 * detail)


def _pixel_art(pixels: Pixels, seed: int) -> Pixels:
    """A coarse grid in few colours, dithered as on an old screen; the seed changes nothing."""
    del seed
    size = pixels.shape[0]
    cell = max(2, round(size / _GRID_CELLS))
    cells = -(-size // cell)
    small = cv2.resize(pixels, (cells, cells), interpolation=cv2.INTER_AREA)
    crisp = cv2.addWeighted(small, 1.7, cv2.GaussianBlur(small, (0, 0), 1.0), -0.7, 0)
    vivid = cv2.transform(crisp, _saturation(1.18)).astype(np.float32)
    step = 255 / 7
    few = np.rint((vivid + bayer(cells) * step * 0.32) / step) * step
    large = cv2.resize(
        few.clip(0, 255).astype(np.uint8), (cells * cell, cells * cell), interpolation=cv2.INTER_NEAREST
    )
    return np.ascontiguousarray(large[:size, :size])


def _pastel(pixels: Pixels, seed: int) -> Pixels:
    """Chalk on rough tinted paper: light, soft, milky, with the paper's tooth showing through."""
    size = pixels.shape[0]
    soft = cv2.GaussianBlur(_median(pixels, 3), (0, 0), _sigma(size, 0.6))
    milky = cv2.addWeighted(
        cv2.transform(soft, _saturation(1.25)), 0.74, plain_sheet(size, (255, 246, 238)), 0.26, 0
    )
    shares, paper, tones = chalk(size)
    drawn = cv2.add(cv2.multiply(milky, cut(shares, seed), scale=1 / 255), cut(paper, seed))
    return np.asarray(cv2.multiply(drawn, cut(tones, seed + 77), scale=1 / CHALK_FULL), dtype=np.uint8)


_STYLES: Final = {
    "storybook": _storybook,
    "watercolor": _watercolor,
    "pencil sketch": _pencil,
    "comic": _comic,
    "oil painting": _oil,
    "pixel art": _pixel_art,
    "pastel": _pastel,
}
