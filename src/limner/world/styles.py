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
from numpy.typing import NDArray

from limner.world.chance import seeded

Pixels = NDArray[np.uint8]
Field = NDArray[np.float32]

_LUMA: Final = np.array([[0.299, 0.587, 0.114]], np.float32)
_SLACK_PX: Final = 64  # textures are this much larger than the picture, so that a seed can pick a part
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


# ---- textures ----------------------------------------------------------------------------------------


def _noise(name: str, side_px: int, cell: float) -> Field:
    """Smooth noise in about [-1, 1] whose spots are `cell` pixels wide."""
    grid = max(4, round(side_px / max(cell, 1.0)) + 3)
    coarse = seeded("texture", name).standard_normal((grid, grid), dtype=np.float32)
    full = cv2.resize(coarse, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(full / 2, -1, 1), dtype=np.float32)


@lru_cache(maxsize=24)
def _texture(name: str, size_px: int) -> Field:
    """A texture of side size_px + slack, by name; features scale with the picture."""
    side, unit = size_px + _SLACK_PX, size_px / 256
    if name == "paper":
        made = 0.55 * _noise("paper 1", side, 1.3 * unit) + 0.45 * _noise("paper 2", side, 3.2 * unit)
    elif name == "pigment":
        made = 0.5 * _noise("pigment 1", side, 2.0 * unit) + 0.5 * _noise("pigment 2", side, 26 * unit)
    elif name == "tooth":
        fine = _noise("tooth", side, 1.0 * unit)
        long = cv2.filter2D(fine, -1, _diagonal(max(3, round(9 * unit) | 1)))
        made = 0.5 * fine + 1.1 * long
    elif name in ("wobble x", "wobble y"):
        made = 0.65 * _noise(name + " 1", side, 16 * unit) + 0.35 * _noise(name + " 2", side, 5 * unit)
    elif name in ("hatch", "cross hatch"):
        made = _hatching(side, unit, -0.75 if name == "hatch" else 0.85)
    else:
        assert name == "dots"
        made = _dots(side, unit)
    made.flags.writeable = False
    return made


def _part(name: str, size_px: int, seed: int) -> Field:
    """The part of a texture that `seed` picks: (size_px, size_px)."""
    return _cut(_texture(name, size_px), seed)


def _cut(texture: Field, seed: int) -> Field:
    """The part that `seed` picks of what is larger than the picture."""
    size, x, y = texture.shape[0] - _SLACK_PX, seed % _SLACK_PX, (seed // _SLACK_PX) % _SLACK_PX
    return texture[y : y + size, x : x + size]


def _diagonal(length: int) -> Field:
    kernel = np.fliplr(np.eye(length, dtype=np.float32))
    return np.asarray(kernel / length, dtype=np.float32)


def _hatching(side: int, unit: float, slope: float) -> Field:
    """Slightly uneven pencil lines in [0, 1]; 1 on a line."""
    ys, xs = np.mgrid[0:side, 0:side].astype(np.float32)
    shaken = (xs * slope + ys + 2.2 * unit * _noise(f"hatch {slope}", side, 22 * unit)) / max(3.6 * unit, 2.4)
    lines = 0.5 + 0.5 * np.cos(shaken * 2 * np.pi * 0.92)
    return np.asarray(lines * (0.8 + 0.35 * _noise("pressure", side, 9 * unit)), dtype=np.float32)


def _dots(side: int, unit: float) -> Field:
    """A printer's screen at 45 degrees in [0, 1]; 0 at the dots' centres."""
    ys, xs = np.mgrid[0:side, 0:side].astype(np.float32) * (np.pi / max(4.4 * unit, 3.0))
    turned = np.cos((xs + ys) * 0.7071) * np.cos((xs - ys) * 0.7071)
    return np.asarray(0.5 - 0.5 * turned, dtype=np.float32)


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
    shares = cv2.cvtColor(cv2.convertScaleAbs(share, alpha=255), cv2.COLOR_GRAY2BGR)
    below = cv2.multiply(ground, cv2.bitwise_not(shares), scale=1 / 255)
    return np.asarray(cv2.add(cv2.multiply(paint, shares, scale=1 / 255), below), dtype=np.uint8)


@lru_cache(maxsize=32)
def _sheet(size_px: int, colour: tuple[int, int, int]) -> Pixels:
    sheet = np.empty((size_px, size_px, 3), np.uint8)
    sheet[:] = colour
    sheet.flags.writeable = False
    return sheet


# ---- styles ------------------------------------------------------------------------------------------


def _storybook(pixels: Pixels, seed: int) -> Pixels:
    """The picture as drawn, printed on faintly warm paper."""
    tone = _cut(_warm_paper(pixels.shape[0]), seed)
    return np.asarray(cv2.multiply(pixels, tone, dtype=cv2.CV_8U), dtype=np.uint8)


@lru_cache(maxsize=8)
def _warm_paper(size_px: int) -> Field:
    """What warm paper leaves of each colour: (S, S, 3), larger than the picture as textures are."""
    tone = (1 + 0.018 * _texture("paper", size_px))[..., None] * np.array((1.0, 0.994, 0.9765))
    return np.asarray(tone, dtype=np.float32)


def _watercolor(pixels: Pixels, seed: int) -> Pixels:
    """Washes with wandering rims and pooled pigment, fading into white paper at the picture's border."""
    size = pixels.shape[0]
    reach = 1.1 * size / 256
    grid_x, grid_y = _grid(size)
    bent = cv2.remap(
        pixels,
        grid_x + reach * _part("wobble x", size, seed),
        grid_y + reach * _part("wobble y", size, seed),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    wash = cv2.addWeighted(_median(bent, 5), 0.55, bent, 0.45, 0)
    gray = _gray(wash)
    pooled = np.clip(gray - cv2.GaussianBlur(gray, (0, 0), _sigma(size, 2.4)), -30, 0)  # rims dry darker
    depth = 1 - gray / 255
    tone = (
        1.06
        + 0.016 * pooled
        + (0.05 + 0.20 * depth) * _part("pigment", size, seed)
        + 0.05 * _part("paper", size, seed)
    )
    return _over(
        _times(wash, tone.astype(np.float32)), _sheet(size, (252, 249, 241)), _wash_mask(size, seed % 5)
    )


@lru_cache(maxsize=8)
def _grid(size_px: int) -> tuple[Field, Field]:
    along = np.arange(size_px, dtype=np.float32)
    xs, ys = np.meshgrid(along, along)
    return xs, ys


@lru_cache(maxsize=16)
def _wash_mask(size_px: int, kind: int) -> Field:
    """Where paint covers the paper: nearly everywhere, thinning out raggedly at the border."""
    along = np.minimum(np.arange(size_px), np.arange(size_px)[::-1]).astype(np.float32) / size_px
    rim = np.minimum(along[None, :], along[:, None])
    ragged = (
        rim
        + 0.018 * _noise(f"rim {kind}", size_px, size_px / 14)
        + 0.006 * _noise("rim fine", size_px, size_px / 60)
    )
    return np.asarray(0.90 * np.clip((ragged - 0.016) / 0.014, 0, 1), dtype=np.float32)


def _pencil(pixels: Pixels, seed: int) -> Pixels:
    """Graphite outlines and hatching on cream paper, with a breath of coloured pencil."""
    size = pixels.shape[0]
    gray = cv2.GaussianBlur(_gray(pixels), (0, 0), _sigma(size, 0.6))
    gray = np.minimum(gray * max(1.0, 165 / max(float(gray.mean()), 40.0)), 255)  # paper stays light by night
    around = cv2.GaussianBlur(gray, (0, 0), _sigma(size, 2.6))
    lines = np.clip((around - gray - 2.0) * 0.030, 0, 0.85)
    dark = 1 - gray / 255
    hatch = _part("hatch", size, seed) * np.clip(dark * 1.35 - 0.22, 0, 0.75)
    cross = _part("cross hatch", size, seed) * np.clip(dark * 1.6 - 0.80, 0, 0.6)
    tone = 1 - 0.26 * dark - lines - 0.62 * hatch - 0.5 * cross + 0.05 * _part("paper", size, seed)
    share = np.clip(tone, 0.14, 1).astype(np.float32)
    tint = cv2.addWeighted(_sheet(size, (250, 246, 238)), 0.80, _hue_of(pixels), 0.20, 0)
    return _over(tint, _sheet(size, (44, 42, 50)), share)


def _hue_of(pixels: Pixels) -> Pixels:
    """The picture with its lights and darks evened out, so that mostly hue is left."""
    bright = cv2.max(cv2.max(pixels[..., 0], pixels[..., 1]), pixels[..., 2])
    return np.asarray(cv2.divide(pixels, cv2.merge([np.maximum(bright, 40)] * 3), scale=250), dtype=np.uint8)


def _comic(pixels: Pixels, seed: int) -> Pixels:
    """Flat bright inks, a printer's dots in the shadows, black outlines."""
    size = pixels.shape[0]
    flat = _median(pixels, 5)
    gray = _gray(flat)
    step = 255 / 6
    stepped = np.rint(gray / step) * step
    vivid = cv2.transform(flat, _saturation(1.38))
    toned = _times(vivid, (0.45 + 0.55 * (stepped + 14) / (gray + 14)).astype(np.float32))
    shadow = np.clip((165 - gray) / 200, 0, 0.62)
    dots = np.clip((shadow - _part("dots", size, seed)) * 5, 0, 1)
    printed = _times(toned, (1.06 - 0.22 * dots).astype(np.float32))
    return _over(_sheet(size, (26, 22, 32)), printed, _ink(pixels, 0.9, 4.5))


def _ink(pixels: Pixels, sigma: float, threshold: float) -> Field:
    """Where outlines lie, in [0, 1]: the darker side of edges, by a difference of Gaussians."""
    size = pixels.shape[0]
    fine = cv2.GaussianBlur(pixels, (0, 0), _sigma(size, sigma))
    broad = cv2.GaussianBlur(fine, (0, 0), _sigma(size, 2.2 * sigma))
    below = cv2.subtract(broad, fine)
    edge = cv2.transform(below, np.full((1, 3), 0.42, np.float32)).astype(np.float32)
    return np.asarray(np.clip((edge - threshold) / 7.0, 0, 1), dtype=np.float32)


def _saturation(amount: float) -> Field:
    """The 3 x 3 colour matrix that scales saturation."""
    return np.asarray(np.eye(3) * amount + np.repeat(_LUMA, 3, axis=0) * (1 - amount), dtype=np.float32)


def _oil(pixels: Pixels, seed: int) -> Pixels:
    """Broad strokes with bristle marks in the open, finer ones where the picture has detail."""
    size = pixels.shape[0]
    broad_x, broad_y, relief = _strokes(size, 4.6, seed % 2)
    fine_x, fine_y, small_relief = _strokes(size, 2.0, seed % 2)
    rich = cv2.transform(cv2.GaussianBlur(pixels, (0, 0), _sigma(size, 0.8)), _saturation(1.22))
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


@lru_cache(maxsize=12)
def _strokes(size_px: int, width_at_256: float, kind: int) -> tuple[Field, Field, Field]:
    """Brush strokes over the picture: for each pixel its stroke's centre (x, y), and the paint's relief."""
    rng = seeded("strokes", str(width_at_256), kind)
    work = min(size_px, 256)
    wide = max(1.6, width_at_256 * work / 256)
    count = int(1.3 * (work / wide) ** 2)
    places = rng.random((count, 2)) * work
    turns = 0.9 + 0.9 * np.sin(places[:, 0] / work * 5 + kind) + 0.7 * rng.standard_normal(count)
    halves = wide * rng.uniform(0.7, 1.5, count)
    centre = np.zeros((work, work), np.int32)
    relief = np.zeros((work, work), np.float32)
    for index in range(count):
        along = np.array([np.cos(turns[index]), np.sin(turns[index])]) * halves[index]
        across = np.array([-along[1], along[0]]) / halves[index] * wide * 0.30
        a, b = places[index] - along, places[index] + along
        cv2.line(centre, _pixel(a), _pixel(b), index + 1, max(1, round(wide)))
        cv2.line(relief, _pixel(a), _pixel(b), float(rng.uniform(-0.02, 0.02)), max(1, round(wide)))
        for offset, height in ((-1.2, 0.085), (-0.1, -0.03), (0.7, 0.05), (1.4, -0.10)):
            cv2.line(relief, _pixel(a + across * offset), _pixel(b + across * offset), height, 1)
    xs, ys = _grid(work)
    known = centre > 0
    to_x = np.where(known, places[centre - 1, 0], xs).astype(np.float32)
    to_y = np.where(known, places[centre - 1, 1], ys).astype(np.float32)
    scale = size_px / work
    full = (size_px, size_px)
    soft = cv2.resize(cv2.GaussianBlur(relief, (0, 0), 0.6), full, interpolation=cv2.INTER_LINEAR)
    return (
        np.asarray(cv2.resize(to_x * scale, full, interpolation=cv2.INTER_NEAREST), dtype=np.float32),
        np.asarray(cv2.resize(to_y * scale, full, interpolation=cv2.INTER_NEAREST), dtype=np.float32),
        np.asarray(soft, dtype=np.float32),
    )


def _pixel(place: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(place[0])), round(float(place[1]))


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
    few = np.rint((vivid + _bayer(cells) * step * 0.32) / step) * step
    large = cv2.resize(
        few.clip(0, 255).astype(np.uint8), (cells * cell, cells * cell), interpolation=cv2.INTER_NEAREST
    )
    return np.ascontiguousarray(large[:size, :size])


@lru_cache(maxsize=8)
def _bayer(cells: int) -> Field:
    """An ordered dither pattern in [-0.5, 0.5): (cells, cells, 1)."""
    tile = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16 - 0.5
    repeat = -(-cells // 4)
    return np.asarray(np.tile(tile, (repeat, repeat))[:cells, :cells, None], dtype=np.float32)


def _pastel(pixels: Pixels, seed: int) -> Pixels:
    """Chalk on rough tinted paper: light, soft, milky, with the paper's tooth showing through."""
    size = pixels.shape[0]
    soft = cv2.GaussianBlur(_median(pixels, 3), (0, 0), _sigma(size, 0.6))
    milky = cv2.addWeighted(
        cv2.transform(soft, _saturation(1.25)), 0.74, _sheet(size, (255, 246, 238)), 0.26, 0
    )
    chalk = np.clip(0.97 + 0.42 * _part("tooth", size, seed), 0.45, 1).astype(np.float32)
    drawn = _over(milky, _sheet(size, (236, 222, 214)), chalk)
    return _times(drawn, 1 + 0.07 * _part("tooth", size, seed + 77))


_STYLES: Final = {
    "storybook": _storybook,
    "watercolor": _watercolor,
    "pencil sketch": _pencil,
    "comic": _comic,
    "oil painting": _oil,
    "pixel art": _pixel_art,
    "pastel": _pastel,
}
