"""Textures and grounds of the art styles: paper, pigment, hatching, a printer's screen, brush strokes.

Knows how each is made, once a size, from fixed seeds. Knows nothing about pictures. Most are larger than the
picture: a seed says which part of them is `cut`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from limner_world.chance import seeded

Pixels = NDArray[np.uint8]
Field = NDArray[np.float32]
_Number = TypeVar("_Number", np.float32, np.uint8, np.int16, np.uint16)

_SLACK_PX: Final = 64  # textures are this much larger than the picture, so that a seed can pick a part
WARM_PAPER_FULL: Final = 250  # what stands for 1 in the bytes of `warm_paper`
CHALK_FULL: Final = 220  # and in the tones of `chalk`


def _noise(name: str, side_px: int, cell: float) -> Field:
    """Smooth noise in about [-1, 1] whose spots are `cell` pixels wide."""
    grid = max(4, round(side_px / max(cell, 1.0)) + 3)
    coarse = seeded("texture", name).standard_normal((grid, grid), dtype=np.float32)
    full = cv2.resize(coarse, (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(full / 2, -1, 1), dtype=np.float32)


@lru_cache(maxsize=24)
def texture(name: str, size_px: int) -> Field:
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
    elif name == "grain":
        made = 0.05 * texture("paper", size_px)
    elif name == "hatch":
        made = 0.62 * _hatching(side, unit, -0.75)
    elif name == "cross hatch":
        made = 0.50 * _hatching(side, unit, 0.85)
    else:
        assert name == "dots"
        made = _dots(side, unit)
    made.flags.writeable = False
    return made


def part_of(name: str, size_px: int, seed: int) -> Field:
    """The part of a texture that `seed` picks: (size_px, size_px)."""
    return cut(texture(name, size_px), seed)


def cut(texture: NDArray[_Number], seed: int) -> NDArray[_Number]:
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


@lru_cache(maxsize=8)
def warm_paper(size_px: int) -> Pixels:
    """What warm paper leaves of each colour, in shares of `WARM_PAPER_FULL`: (S, S, 3), larger than the
    picture as textures are.
    """
    tone = (1 + 0.018 * texture("paper", size_px))[..., None] * np.array((1.0, 0.994, 0.9765))
    return np.asarray(np.rint(tone * WARM_PAPER_FULL), dtype=np.uint8)


@lru_cache(maxsize=4)
def chalk(size_px: int) -> tuple[Pixels, Pixels, Pixels]:
    """How rough tinted paper takes chalk: its opacity in 255ths, the paper seen through it, and the tones it
    gets, in shares of `CHALK_FULL`; (S, S, 3) each, larger than the picture as textures are.
    """
    tooth = texture("tooth", size_px)[..., None]
    share = np.clip(0.97 + 0.42 * tooth, 0.45, 1)
    paper = np.array((236, 222, 214)) * (1 - share)
    tones = np.repeat((1 + 0.07 * tooth) * CHALK_FULL, 3, axis=2)
    shares = np.repeat(share * 255, 3, axis=2)
    made = [np.rint(part).clip(0, 255).astype(np.uint8) for part in (shares, paper, tones)]
    return made[0], made[1], made[2]


@lru_cache(maxsize=4)
def bends(size_px: int) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """Where each pixel of a bent picture comes from, as OpenCV keeps such maps: whole steps (S, S, 2) and
    fractions (S, S), larger than the picture as textures are.
    """
    reach = 1.1 * size_px / 256
    x, y = (reach * texture(f"wobble {axis}", size_px) for axis in "xy")
    steps, fractions = cv2.convertMaps(x, y, cv2.CV_16SC2)
    return np.asarray(steps, dtype=np.int16), np.asarray(fractions, dtype=np.uint16)


@lru_cache(maxsize=4)
def whole_grid(size_px: int) -> NDArray[np.int16]:
    return np.stack(_grid(size_px), axis=2).astype(np.int16)


@lru_cache(maxsize=8)
def _grid(size_px: int) -> tuple[Field, Field]:
    along = np.arange(size_px, dtype=np.float32)
    xs, ys = np.meshgrid(along, along)
    return xs, ys


def wash_mask(size_px: int, kind: int) -> Field:
    """Where paint covers the paper: nearly everywhere, thinning out raggedly at the border."""
    along = np.minimum(np.arange(size_px), np.arange(size_px)[::-1]).astype(np.float32) / size_px
    rim = np.minimum(along[None, :], along[:, None])
    ragged = (
        rim
        + 0.018 * _noise(f"rim {kind}", size_px, size_px / 14)
        + 0.006 * _noise("rim fine", size_px, size_px / 60)
    )
    return np.asarray(0.90 * np.clip((ragged - 0.016) / 0.014, 0, 1), dtype=np.float32)


@lru_cache(maxsize=4)
def screen(size_px: int) -> Pixels:
    """The printer's screen as bytes, larger than the picture as textures are."""
    return np.rint(texture("dots", size_px) * 255).clip(0, 255).astype(np.uint8)


@lru_cache(maxsize=12)
def strokes(size_px: int, width_at_256: float, kind: int) -> tuple[Field, Field, Field]:
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


@lru_cache(maxsize=8)
def bayer(cells: int) -> Field:
    """An ordered dither pattern in [-0.5, 0.5): (cells, cells, 1)."""
    tile = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16 - 0.5
    repeat = -(-cells // 4)
    return np.asarray(np.tile(tile, (repeat, repeat))[:cells, :cells, None], dtype=np.float32)


@lru_cache(maxsize=32)
def plain_sheet(size_px: int, colour: tuple[int, int, int]) -> Pixels:
    sheet = np.empty((size_px, size_px, 3), np.uint8)
    sheet[:] = colour
    sheet.flags.writeable = False
    return sheet
