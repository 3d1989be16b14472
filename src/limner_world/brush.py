"""Paint a list of shapes on pixels in one compiled pass.

Knows how outlines, lines and soft spots become coverage and coverage becomes colour. Knows nothing about what
a shape means, nor who asked for it (`canvas`).

An image is (H, W) uint32: red in the lowest byte, then green, then blue. A list is the float64 numbers that
`display` describes; the points of its shapes lie one part after another in (N, 2) float64, as many a part as
`counts` (P,) int64 says. `cover` (H, W + 2) float32 and `rows` (H, 2) int64 are where a shape
is worked out: per pixel what it covers, or how that changes from the pixel to its left, and per row from
where to where it goes; both are clean between shapes. A box is x0, y0, x1, y1 in whole pixels.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from limner_world.compiled import compiled
from limner_world.display import CLIP, FRAME, GLOW, SHADED, SIZES, STROKE, UNCLIP

Image = NDArray[np.uint32]
Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]
Cover = NDArray[np.float32]

_FULL: Final = 256  # the share of what is covered altogether
_GROWN: Final = 0.3  # pixels by which every outline grows, so that no ground shows between neighbours
_STROKE_GROWN: Final = 0.55  # the same for both sides of a line together
_HAIR: Final = 0.35  # pixels; up to this width a line does not grow, from twice this on fully
_FAINTEST: Final = 0.125  # the least share of its ink that a line thinner than a pixel keeps
_FARTHEST: Final = 1e7  # pixels; what lies beyond is a mistake
_SHARPEST: Final = 0.3  # how far a corner moves out, against a straight line, ends at the inverse of this


@compiled
def paint(
    image: Image,
    numbers: Numbers,
    points: Numbers,
    counts: Integers,
    saved: NDArray[np.uint32],
    masks: NDArray[np.uint16],
    boxes: Integers,
    depth: int,
) -> int:
    """Paint a list; returns how many clips are open at its end, or -1 when a shape lies nowhere.

    `depth` clips are open before. The clip k keeps in `saved[k]` what lay beneath, in `masks[k]` the share
    (of 256) of each pixel that it shows, and in `boxes[k + 1]` where it lies; `boxes[0]` is the picture. Each
    is as large as the image, and there are as many as clips are ever open at once.
    """
    height, width = image.shape
    cover = np.zeros((height, width + 2), np.float32)
    rows = np.empty((height, 2), np.int64)
    rows[:, 0] = width
    rows[:, 1] = 0
    longest = 1
    for count in counts:
        longest = max(longest, count)
    placed, grown = np.empty((longest + 1, 2)), np.empty((longest + 1, 2))
    frame = np.zeros(6)
    along = np.empty(width)  # where the pixels' middles lie
    for column in range(width):
        along[column] = column + 0.5
    at, part, start = 0, 0, 0
    while at < len(numbers):
        kind, of = int(numbers[at]), numbers[at + 1 :]
        at += SIZES[kind]
        box = boxes[depth]
        if kind == FRAME:
            for place in range(6):  # one by one compiles much faster than as a slice
                frame[place] = of[place]
            continue
        if kind == GLOW:
            _glow(image, box, frame, of)
            continue
        if kind == UNCLIP:
            depth -= 1
            _unclip(image, box, saved[depth], masks[depth])
            continue
        y0, y1 = box[3], box[1]
        ink = 1.0  # its share that a line keeps
        for _ in range(int(of[0])):
            count = _place(placed, points[start : start + counts[part]], frame)
            if count < 0:
                return -1
            start += counts[part]
            part += 1
            if kind == STROKE:
                wide = of[5] * math.sqrt(abs(frame[0] * frame[4] - frame[1] * frame[3]))
                more = _STROKE_GROWN * min(max((wide - _HAIR) / _HAIR, 0.0), 1.0)
                ink = min((max(wide, _FAINTEST) + more) / (1.0 + more), 1.0)
                reach = 0.5 * (max(wide, 1.0) + more + 1.0)
                low, high = _line(cover, rows, box, along, placed, count, reach, of[6] != 0)
            else:
                low, high = _outline(cover, rows, box, placed[:count], grown)
            y0, y1 = min(y0, low), max(y1, high)
        if kind == CLIP:
            _clip(image, box, cover, rows, y0, y1, saved[depth], masks[depth], boxes[depth + 1])
            depth += 1
            continue
        first = _ink(of[1:4])
        second, ramp = (_ink(of[5:8]), _ramp(frame, of[8:12])) if kind == SHADED else (first, (0.0, 0.0, 0.0))
        _paint(image, box, cover, rows, y0, y1, kind != STROKE, first, second, ramp, ink * of[4])
    return depth


@compiled
def _place(placed: Numbers, points: Numbers, frame: Numbers) -> int:
    """Put local points on the picture, leaving out repeats: how many they are, or -1 if any lies nowhere."""
    a, b, x, c, d, y = frame[0], frame[1], frame[2], frame[3], frame[4], frame[5]
    count = 0
    for index in range(len(points)):
        u, v = points[index, 0], points[index, 1]
        across, down = a * u + b * v + x, c * u + d * v + y
        if not (abs(across) < _FARTHEST and abs(down) < _FARTHEST):
            return -1
        if count == 0 or abs(across - placed[count - 1, 0]) + abs(down - placed[count - 1, 1]) > 1e-6:
            placed[count, 0], placed[count, 1] = across, down
            count += 1
    return count


@compiled
def _outline(cover: Cover, rows: Integers, box: Integers, placed: Numbers, grown: Numbers) -> tuple[int, int]:
    """Add a closed polygon to what is covered, all of it the same way around: from which to which row."""
    count = len(placed)
    if count < 3:
        return box[3], box[1]
    if placed[0, 0] == placed[count - 1, 0] and placed[0, 1] == placed[count - 1, 1]:
        count -= 1
    left, top, right, low = np.inf, np.inf, -np.inf, -np.inf
    area, before_x, before_y = 0.0, placed[count - 1, 0], placed[count - 1, 1]
    for index in range(count):
        x, y = placed[index, 0], placed[index, 1]
        left, right, top, low = min(left, x), max(right, x), min(top, y), max(low, y)
        area += before_x * y - x * before_y
        before_x, before_y = x, y
    if left > box[2] + 1 or right < box[0] - 1 or top > box[3] + 1 or low < box[1] - 1:
        return box[3], box[1]
    sign = 1.0 if area >= 0 else -1.0
    top, low = _grow(placed[:count], _GROWN * sign, grown[: count + 1])
    _edges(cover, rows, box, grown[: count + 1], sign)
    return max(box[1], math.floor(top)), min(box[3], math.ceil(low))


@compiled
def _grow(placed: Numbers, by: float, grown: Numbers) -> tuple[float, float]:
    """Move a polygon's edges outwards by so many pixels, and close it: its least and its most y."""
    count = len(placed)
    top, low = np.inf, -np.inf
    x, y = placed[0, 0], placed[0, 1]
    u, v = x - placed[count - 1, 0], y - placed[count - 1, 1]
    per_size = 1.0 / math.sqrt(u * u + v * v)
    u, v = u * per_size, v * per_size
    for index in range(count):
        after = index + 1 if index + 1 < count else 0
        next_x, next_y = placed[after, 0], placed[after, 1]
        next_u, next_v = next_x - x, next_y - y
        per_size = 1.0 / math.sqrt(next_u * next_u + next_v * next_v)
        next_u, next_v = next_u * per_size, next_v * per_size
        far = by / max(1.0 + u * next_u + v * next_v, _SHARPEST)
        y -= far * (u + next_u)
        grown[index, 0], grown[index, 1] = x + far * (v + next_v), y
        top, low = min(top, y), max(low, y)
        x, y, u, v = next_x, next_y, next_u, next_v
    grown[count, 0], grown[count, 1] = grown[0, 0], grown[0, 1]
    return top, low


@compiled
def _edges(cover: Cover, rows: Integers, box: Integers, points: Numbers, sign: float) -> None:
    """Add what lies to the right of a line through points, exactly, as changes from pixel to pixel."""
    left, top, right, low = float(box[0]), float(box[1]), float(box[2]), float(box[3])
    for index in range(1, len(points)):
        x0, y0, x1, y1 = points[index - 1, 0], points[index - 1, 1], points[index, 0], points[index, 1]
        down = sign
        if y0 > y1:
            x0, y0, x1, y1, down = x1, y1, x0, y0, -sign
        begin, stop = max(y0, top), min(y1, low)
        if begin >= stop:
            continue
        slope = (x1 - x0) / (y1 - y0)
        x = min(max(x0 + (begin - y0) * slope, left), right)
        for row in range(int(begin), math.ceil(stop)):
            below = min(row + 1.0, stop)
            share = down * (below - max(float(row), begin))
            next_x = min(max(x0 + (below - y0) * slope, left), right)
            a, b = min(x, next_x), max(x, next_x)
            x = next_x
            first, last = int(a), math.ceil(b)
            extent, line = rows[row], cover[row, first:]
            extent[0], extent[1] = min(extent[0], first), max(extent[1], last + 1)
            if last <= first + 1:
                inside = share * (0.5 * (a + b) - first)
                line[0] += share - inside
                line[1] += inside
                continue
            # the edge crosses several pixels of the row: each takes its trapezium
            step, before, at = share / (b - a), 0.0, a
            for column in range(last - first):
                to = min(first + column + 1.0, b)
                part = step * (to - at)
                inside = part * (0.5 * (to + at) - (first + column))
                line[column] += before + part - inside
                before, at = inside, to
            line[last - first] += before


@compiled
def _line(
    cover: Cover,
    rows: Integers,
    box: Integers,
    along: Numbers,
    points: Numbers,
    count: int,
    reach: float,
    closed: bool,
) -> tuple[int, int]:
    """Cover what lies nearer than `reach` to a line, softly over the last pixel: from which to which row."""
    y0, y1 = box[3], box[1]
    for index in range(count if closed or count == 1 else count - 1):
        after = index + 1 if index + 1 < count else 0
        x, y, u, v = points[index, 0], points[index, 1], points[after, 0], points[after, 1]
        left = max(box[0], math.floor(min(x, u) - reach))
        right = min(box[2], math.ceil(max(x, u) + reach))
        top = max(box[1], math.floor(min(y, v) - reach))
        low = min(box[3], math.ceil(max(y, v) + reach))
        if left >= right or top >= low:
            continue
        y0, y1 = min(y0, top), max(y1, low)
        u, v = u - x, v - y
        size = u * u + v * v
        per_size = 1.0 / size if size > 0 else 0.0
        slope, wide = (u / v, reach * math.sqrt(size) / abs(v)) if v != 0 else (0.0, np.inf)
        for row in range(top, low):
            down = row + 0.5 - y
            first, last = left, right
            if wide < right - left:  # most of a slanting line's row is far from it
                middle = x + slope * down
                first = max(left, int(max(middle - wide, 0.0)))
                last = min(right, int(max(middle + wide, 0.0)) + 1)
            extent, line = rows[row], cover[row, first:last]
            extent[0], extent[1] = min(extent[0], first), max(extent[1], last)
            middles = along[first:last]
            for column in range(len(line)):
                across = middles[column] - x
                share = min(max((across * u + down * v) * per_size, 0.0), 1.0)
                far_x, far_y = across - share * u, down - share * v
                covered = min(reach - math.sqrt(far_x * far_x + far_y * far_y), 1.0)
                line[column] = max(line[column], np.float32(covered))
    return y0, y1


@compiled
def _paint(
    image: Image,
    box: Integers,
    cover: Cover,
    rows: Integers,
    y0: int,
    y1: int,
    summed: bool,
    ink: int,
    second: int,
    ramp: tuple[float, float, float],
    alpha: float,
) -> None:
    """Colour what is covered, and leave it uncovered; `summed` says that `cover` holds changes."""
    right = box[2]
    across, down, start = ramp
    shaded = ink != second
    strength = _FULL * alpha
    for y in range(y0, y1):
        extent = rows[y]
        first = extent[0]
        line, pixels = cover[y, first : right + 1], image[y, first : min(extent[1], right)]
        extent[0], extent[1] = image.shape[1], 0
        along = _FULL * (across * (first + 0.5) + down * (y + 0.5) + start) + 0.5
        colour, share, total = ink, 0, 0.0
        for x in range(len(pixels)):
            change = line[x]
            if change != 0.0:
                line[x] = 0.0
                total = total + change if summed else change
                share = int(min(abs(total), 1.0) * strength + 0.5)
            elif not summed:
                continue
            if share == 0:
                continue
            if shaded:
                colour = _mix(ink, second, int(min(max(along + _FULL * across * x, 0.0), 256.0)))
            pixels[x] = colour if share >= _FULL else _mix(np.int64(pixels[x]), colour, share)
        cover[y, right] = 0.0


@compiled
def _clip(
    image: Image,
    box: Integers,
    cover: Cover,
    rows: Integers,
    y0: int,
    y1: int,
    saved: Image,
    mask: NDArray[np.uint16],
    inner: Integers,
) -> None:
    """Keep what is covered as a mask, and the picture beneath it, and leave it uncovered."""
    left, right = box[2], box[0]
    for y in range(y0, y1):
        left, right = min(left, rows[y, 0]), max(right, min(rows[y, 1], box[2]))
    if left >= right or y0 >= y1:
        left, y0, right, y1 = 0, 0, 0, 0
    inner[0], inner[1], inner[2], inner[3] = left, y0, right, y1
    for y in range(y0, y1):
        rows[y, 0], rows[y, 1] = image.shape[1], 0
        total = 0.0
        for x in range(left, right):
            total += cover[y, x]
            cover[y, x] = 0.0
            mask[y, x] = int(min(abs(total), 1.0) * _FULL + 0.5)
            saved[y, x] = image[y, x]
        cover[y, box[2]] = 0.0


@compiled
def _unclip(image: Image, box: Integers, saved: Image, mask: NDArray[np.uint16]) -> None:
    """Bring back what lay beneath, where the clip hides what was painted since."""
    for y in range(box[1], box[3]):
        for x in range(box[0], box[2]):
            if mask[y, x] < _FULL:
                image[y, x] = _mix(np.int64(saved[y, x]), np.int64(image[y, x]), np.int64(mask[y, x]))


@compiled
def _glow(image: Image, box: Integers, frame: Numbers, of: Numbers) -> None:
    """Paint a soft spot: (1 - r^2)^2 of its colour at r radii from its centre."""
    x = frame[0] * of[0] + frame[1] * of[1] + frame[2]
    y = frame[3] * of[0] + frame[4] * of[1] + frame[5]
    a, b, c, d = frame[0] * of[2], frame[1] * of[3], frame[3] * of[2], frame[4] * of[3]
    area = a * d - b * c
    wide, high = math.sqrt(a * a + b * b), math.sqrt(c * c + d * d)
    if area == 0 or not (abs(x) + wide < _FARTHEST and abs(y) + high < _FARTHEST):
        return
    ink, strength = _ink(of[4:7]), _FULL * of[7]
    for row in range(max(box[1], math.floor(y - high)), min(box[3], math.ceil(y + high))):
        down = row + 0.5 - y
        for column in range(max(box[0], math.floor(x - wide)), min(box[2], math.ceil(x + wide))):
            across = column + 0.5 - x
            u, v = (across * d - down * b) / area, (down * a - across * c) / area
            weight = 1.0 - u * u - v * v
            if weight > 0:
                share = int(weight * weight * strength + 0.5)
                image[row, column] = _mix(np.int64(image[row, column]), ink, share)


@compiled
def _ramp(frame: Numbers, of: Numbers) -> tuple[float, float, float]:
    """The share of the second colour grows by this from pixel to pixel and row to row, from this on."""
    u, v = of[2] - of[0], of[3] - of[1]
    across, down = frame[0] * u + frame[1] * v, frame[3] * u + frame[4] * v
    size = max(across * across + down * down, 1e-9)
    across, down = across / size, down / size
    x = frame[0] * of[0] + frame[1] * of[1] + frame[2]
    y = frame[3] * of[0] + frame[4] * of[1] + frame[5]
    return across, down, -(x * across + y * down)


@compiled
def _ink(colour: Numbers) -> int:
    """Red, green and blue in one number."""
    ink = 0
    for place in range(3):
        ink |= int(min(max(colour[place], 0.0), 255.0)) << (8 * place)
    return ink


@compiled
def _mix(under: int | np.int64, over: int | np.int64, share: int | np.int64) -> int:
    """Two colours, the second with its share of 256; red and blue at once, which do not touch."""
    keep = _FULL - share
    ends = ((under & 0xFF00FF) * keep + (over & 0xFF00FF) * share + 0x800080) >> 8
    middle = ((under & 0x00FF00) * keep + (over & 0x00FF00) * share + 0x008000) >> 8
    return int((ends & 0xFF00FF) | (middle & 0x00FF00))
