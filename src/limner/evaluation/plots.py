"""Small plots as inline SVG: dots with intervals, and lines over rounds. Colours come from the page's style.

Knows numbers and coordinates. Knows nothing about metrics, suites or files.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH_PX = 560
ROW_PX = 22
LINES_PX = 240
LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 46, 14, 10, 34
MOST_LABEL_PX, VALUE_PX, CHARACTER_PX = 270, 66, 6.6
NUM_COLOURS = 6


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A value with its interval; `chance` is marked beside it when there is one."""

    label: str
    value: float
    low: float
    high: float
    chance: float | None = None


@dataclass(frozen=True, kw_only=True)
class Point:
    """A value at a place on the x axis."""

    x: float
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Line:
    """Points from left to right under one name; dashed for what is only there to compare with."""

    label: str
    points: tuple[Point, ...]
    is_reference: bool = False


def dot_plot(dots: Sequence[Dot], *, title: str) -> str:
    """One row a dot: whiskers for the interval, a short bar for chance. ValueError without dots."""
    if not dots:
        raise ValueError("A plot needs at least one value.")
    ticks = nice_ticks(_ends(dots))
    bottom = TOP_PX + ROW_PX * len(dots)
    left = min(MOST_LABEL_PX, 24 + CHARACTER_PX * max(len(dot.label) for dot in dots))
    scale = _Scale(ticks[0], ticks[-1], left, WIDTH_PX - VALUE_PX)
    parts = [
        _grid_line(scale(tick), TOP_PX, bottom) + _text(scale(tick), bottom + 15, _told(tick), "middle")
        for tick in ticks
    ]
    for number, dot in enumerate(dots):
        y = TOP_PX + ROW_PX * (number + 0.5)
        parts.append(_text(left - 12, y + 4, _fit(dot.label), "end", "label"))
        if dot.chance is not None:
            x = scale(dot.chance)
            parts.append(f'<path class="chance" d="M{x:.1f} {y - 7:.1f}v14"/>')
        parts.append(f'<path class="whisker" d="M{scale(dot.low):.1f} {y:.1f}H{scale(dot.high):.1f}"/>')
        parts.append(f'<circle class="dot" cx="{scale(dot.value):.1f}" cy="{y:.1f}" r="4"/>')
        parts.append(_text(WIDTH_PX - 4, y + 4, _rounded(dot.value), "end", "value"))
    return _svg(parts, bottom + 24, title)


def line_plot(lines: Sequence[Line], *, title: str, x_label: str) -> str:
    """Lines with shaded intervals; the legend stands below. ValueError without points."""
    points = [point for line in lines for point in line.points]
    if not points:
        raise ValueError("A plot needs at least one value.")
    ticks = nice_ticks(_ends(points))
    places = sorted({point.x for point in points})
    bottom = LINES_PX - BOTTOM_PX
    across = _Scale(places[0], places[-1], LEFT_PX + 8, WIDTH_PX - RIGHT_PX - 8)
    up = _Scale(ticks[0], ticks[-1], bottom, TOP_PX)
    parts = [
        f'<path class="grid" d="M{LEFT_PX} {up(tick):.1f}H{WIDTH_PX - RIGHT_PX}"/>'
        + _text(LEFT_PX - 8, up(tick) + 4, _told(tick), "end")
        for tick in ticks
    ]
    parts += [
        _text(across(x), bottom + 16, _told(x), "middle") for x in places[:: math.ceil(len(places) / 16)]
    ]
    parts.append(_text(WIDTH_PX / 2, bottom + 31, x_label, "middle"))
    for number, line in enumerate(lines):
        parts += _line(line, number % NUM_COLOURS, across, up)
    legend, height = _legend(lines, LINES_PX + 14)
    return _svg([*parts, *legend], height, title)


def nice_ticks(values: Iterable[float]) -> list[float]:
    """Three to seven round numbers that enclose the values; 0 to 1 for what looks like rates."""
    found = list(values)
    low, high = min(found), max(found)
    if low >= 0 and high <= 1 and (high - low > 0.3 or high == low):
        return [0.0, 0.25, 0.5, 0.75, 1.0]
    if high - low < 1e-9:
        low, high = low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    rough = (high - low) / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


@dataclass(frozen=True)
class _Scale:
    """Values of an axis -> pixels."""

    first: float
    last: float
    first_px: float
    last_px: float

    def __call__(self, value: float) -> float:
        if self.last == self.first:
            return (self.first_px + self.last_px) / 2
        share = (value - self.first) / (self.last - self.first)
        return self.first_px + share * (self.last_px - self.first_px)


def _ends(values: Sequence[Dot] | Sequence[Point]) -> list[float]:
    ends = [end for value in values for end in (value.low, value.high, value.value)]
    return ends + [value.chance for value in values if isinstance(value, Dot) and value.chance is not None]


def _line(line: Line, colour: int, across: _Scale, up: _Scale) -> list[str]:
    if line.is_reference:
        path = " ".join(f"{across(point.x):.1f},{up(point.value):.1f}" for point in line.points)
        return [f'<polyline class="reference" points="{path}"/>']
    highs = [f"{across(point.x):.1f},{up(point.high):.1f}" for point in line.points]
    lows = [f"{across(point.x):.1f},{up(point.low):.1f}" for point in reversed(line.points)]
    path = " ".join(f"{across(point.x):.1f},{up(point.value):.1f}" for point in line.points)
    dots = [f'<circle cx="{across(p.x):.1f}" cy="{up(p.value):.1f}" r="3"/>' for p in line.points]
    return [
        f'<g class="line c{colour}"><polygon points="{" ".join(highs + lows)}"/>'
        f'<polyline points="{path}"/>{"".join(dots)}</g>'
    ]


def _legend(lines: Sequence[Line], top: float) -> tuple[list[str], float]:
    parts, x, y = [], float(LEFT_PX), top
    for number, line in enumerate(lines):
        width = 30 + CHARACTER_PX * len(line.label)
        if x > LEFT_PX and x + width > WIDTH_PX:
            x, y = float(LEFT_PX), y + 20
        kind = "reference" if line.is_reference else f"swatch c{number % NUM_COLOURS}"
        parts.append(f'<path class="{kind}" d="M{x:.1f} {y:.1f}h16"/>')
        parts.append(_text(x + 22, y + 4, line.label, "start", "label"))
        x += width + 14
    return parts, y + 14


def _grid_line(x: float, top: float, bottom: float) -> str:
    return f'<path class="grid" d="M{x:.1f} {top}V{bottom}"/>'


def _text(x: float, y: float, text: str, anchor: str, kind: str = "tick") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _fit(label: str) -> str:
    most = int((MOST_LABEL_PX - 12) / CHARACTER_PX)
    return label if len(label) <= most else f"{label[: most - 1]}…"


def _told(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _rounded(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.2f}"


def _svg(parts: Sequence[str], height: float, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH_PX} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )
