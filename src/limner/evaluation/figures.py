"""What a suite's page shows: the figure's rows of pictures, and which metrics are drawn as which plot.

Knows metric names (dots part them; "round_3" or "distance_2" is a place on an axis) and embeds pictures.
Knows nothing about the page around it.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from limner.evaluation.plots import Dot, Line, Point, dot_plot, line_plot
from limner.evaluation.run_folder import FinishedTask
from limner.evaluation.views import CEILING, CHANCE

MOST_ROWS = 8
LONGEST_SIDE_PX = 256
JPEG_QUALITY = 87
MOST_DOTS = 28
LEAST_POINTS = 3
_NUMBERED = re.compile(r"(round|rounds|distance|after|back|edits|length|turn|step|ago)_(\d+)")

Numbers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A picture as a data URI with the words below it."""

    uri: str
    text: str


@dataclass(frozen=True, kw_only=True)
class PictureTable:
    """A suite's figure: a row a task, None where a task has no picture of a column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell | None, ...], ...]
    num_tasks: int


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A drawn plot and what it is of."""

    title: str
    svg: str


def picture_table(folder: Path, tasks: Sequence[FinishedTask], *, budget_bytes: int) -> PictureTable:
    """The first tasks of a suite as rows of pictures, as many as fit the budget of embedded bytes."""
    shown = [task for task in tasks if task.shown]
    columns = tuple(dict.fromkeys(picture.column for task in shown for picture in task.shown))
    rows: list[tuple[Cell | None, ...]] = []
    spent = 0
    for task in shown[:MOST_ROWS]:
        cells = {p.column: Cell(uri=data_uri(folder / p.file), text=p.text) for p in task.shown}
        spent += sum(len(cell.uri) for cell in cells.values())
        if spent > budget_bytes:
            break
        rows.append(tuple(cells.get(column) for column in columns))
    return PictureTable(columns=columns, rows=tuple(rows), num_tasks=len(tasks))


def data_uri(path: Path) -> str:
    """A picture file as a JPEG data URI, at most 256 px along a side."""
    with Image.open(path) as file:
        image = file.convert("RGB")
        image.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        image.save(buffer, format="JPEG", quality=JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def plots_of(metrics: Numbers) -> list[Plot]:
    """Lines for metrics measured at three places or more along an axis, dots for variants of one metric."""
    axes: dict[tuple[str, str], dict[str, list[tuple[int, str]]]] = {}
    variants: dict[str, list[str]] = {}
    for name in metrics:
        if name.startswith((CHANCE, CEILING)):
            continue
        place = _place(name)
        if place is None:
            variants.setdefault(name.rpartition(".")[2], []).append(name)
        else:
            axis, x, series = place
            tail = name.rpartition(".")[2]
            axes.setdefault((tail, axis), {}).setdefault(series, []).append((x, name))
    plots = []
    for (tail, axis), found in axes.items():
        if max(map(len, found.values())) >= LEAST_POINTS:
            plots.append(_lines(metrics, tail, axis, found))
        else:
            variants.setdefault(tail, []).extend(name for series in found.values() for _, name in series)
    plots += [_dots(metrics, tail, names) for tail, names in variants.items() if len(names) > 1]
    return plots


def is_numbered(metric: str) -> bool:
    """Whether a metric is one place on an axis, such as a round, and so belongs to a line."""
    return _place(metric) is not None


def seconds_plot(rounds: Sequence[Mapping[str, Any]]) -> Plot | None:
    """Mean and 95th percentile of the seconds by round; None when no round was computed."""
    if not rounds:
        return None
    lines = [
        Line(
            label=label,
            points=tuple(
                Point(x=told["round"], value=told[key], low=told[key], high=told[key]) for told in rounds
            ),
        )
        for label, key in (("mean", "mean"), ("95th percentile", "p95"))
    ]
    title = "seconds by round"
    return Plot(title=title, svg=line_plot(lines, title=title, x_label="round"))


def _place(name: str) -> tuple[str, int, str] | None:
    """(axis, place on it, the name without it) of a numbered metric."""
    parts = name.split(".")
    for index, part in enumerate(parts[:-1]):
        found = _NUMBERED.fullmatch(part)
        if found:
            series = ", ".join((*parts[:index], *parts[index + 1 : -1]))
            return found[1], int(found[2]), series or parts[-1]
    return None


def _lines(metrics: Numbers, tail: str, axis: str, found: Mapping[str, list[tuple[int, str]]]) -> Plot:
    lines = [
        Line(
            label=series,
            points=tuple(
                Point(x=x, **{key: metrics[name][key] for key in ("value", "low", "high")})
                for x, name in sorted(named)
            ),
        )
        for series, named in found.items()
    ]
    chances = {
        x: metrics[CHANCE + name]["value"]
        for named in found.values()
        for x, name in named
        if CHANCE + name in metrics
    }
    if chances:
        points = tuple(Point(x=x, value=v, low=v, high=v) for x, v in sorted(chances.items()))
        lines.append(Line(label="chance", points=points, is_reference=True))
    title = f"{tail} by {axis}"
    return Plot(title=title, svg=line_plot(lines, title=title, x_label=axis))


def _dots(metrics: Numbers, tail: str, names: Sequence[str]) -> Plot:
    dots = [
        Dot(
            label=name.rpartition(".")[0].replace(".", ", ") or tail,
            chance=metrics[CHANCE + name]["value"] if CHANCE + name in metrics else None,
            **{key: metrics[name][key] for key in ("value", "low", "high")},
        )
        for name in names[:MOST_DOTS]
    ]
    return Plot(title=tail, svg=dot_plot(dots, title=tail))
