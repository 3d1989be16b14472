"""Curves by turn as one SVG that stands alone: shares of conversations, what was kept, exposure.

Knows curves as `curves.py` tells them, and plots. Knows nothing about rows and runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from limner.evaluation.plots import WIDTH_PX, Line, Point, line_plot

_PLOTS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("share of conversations", ("success", "held", "collapsed")),
    ("kept_db: PSNR of what was not to be edited", ("kept_db",)),
    ("exposure: on its own picture minus on the true one", ("exposure",)),
)
_TITLE_PX: Final = 26
_MARGIN_PX: Final = 12
_COLOURS: Final = ("#a4472c", "#2f6f8f", "#6b7f2a")
_STYLE: Final = (
    "text{fill:#6f665b;font:11.5px system-ui,sans-serif}.label,.title{fill:#2a251f}"
    ".title{font-size:14px;font-weight:600}.grid{stroke:#e3dbcf;fill:none}.swatch{stroke-width:3}"
    ".line polygon{opacity:.13}.line polyline{fill:none;stroke-width:2;stroke-linejoin:round}"
) + "".join(
    f".c{number} polygon,.c{number} circle{{fill:{colour}}}"
    f".c{number} polyline,.swatch.c{number}{{stroke:{colour}}}"
    for number, colour in enumerate(_COLOURS)
)


def curves_svg(curves: Mapping[str, Mapping[str, Mapping[str, Any]]], *, title: str) -> str:
    """Plots one below the other, with 95 % intervals; a curve of fewer than two turns is left out.

    ValueError when none is left.
    """
    parts, top = [_heading(title, _MARGIN_PX)], float(_MARGIN_PX + _TITLE_PX)
    for heading, names in _PLOTS:
        lines = [_line(name, curves[name]) for name in names if len(curves.get(name, ())) > 1]
        if not lines:
            continue
        plot, height = _sized(line_plot(lines, title=heading, x_label="turn"), top + _TITLE_PX)
        parts += [_heading(heading, top), plot]
        top += _TITLE_PX + height + _MARGIN_PX
    if len(parts) == 1:
        raise ValueError("There are no curves of two turns or more.")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {top:.0f}" '
        f'width="{WIDTH_PX}" height="{top:.0f}"><style>{_STYLE}</style>'
        f'<rect width="100%" height="100%" fill="#fffdf9"/>{"".join(parts)}</svg>\n'
    )


def _heading(text: str, top: float) -> str:
    return f'<text class="title" x="8" y="{top + 15:.0f}">{escape(text)}</text>'


def _line(name: str, turns: Mapping[str, Mapping[str, Any]]) -> Line:
    points: Sequence[Point] = [
        Point(x=int(turn), value=told["value"], low=told["low"], high=told["high"])
        for turn, told in turns.items()
    ]
    return Line(label=name, points=tuple(points))


def _sized(plot: str, top: float) -> tuple[str, float]:
    """A plot at its place, and its height."""
    found = re.match(r'<svg viewBox="0 0 \d+ (\d+)"', plot)
    assert found is not None
    height = float(found[1])
    placed = f'<svg y="{top:.0f}" width="{WIDTH_PX}" height="{height:.0f}"'
    return plot.replace("<svg", placed, 1), height
