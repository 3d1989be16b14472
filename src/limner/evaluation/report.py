"""One HTML page per run that needs nothing else: figures laid out as the paper's, tables, plots, seconds.

Knows a run's folder and the template. Knows nothing about how anything was measured.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

from limner.evaluation.figures import is_numbered, picture_table, plots_of, seconds_plot
from limner.evaluation.metrics import METRICS
from limner.evaluation.run_folder import RunFolder, read_run
from limner.evaluation.suite import Suite
from limner.evaluation.table import Line, lines_of, views_of
from limner.whole_file import write_whole

PICTURE_BYTES = 11_000_000  # of the page, all suites together


def write_report(path: Path, suites: dict[str, Suite] | None = None) -> Path:
    """Write report.html into the folder of a finished run; its path. `suites` as in `run_suites`.

    ValueError when the run is not finished.
    """
    if suites is None:
        from limner.evaluation.suites import SUITES

        suites = SUITES
    run = read_run(path)
    if not (run.path / "results.json").is_file():
        raise ValueError(f"The evaluation at {path} is not finished; run the same command again to go on.")
    results = json.loads((run.path / "results.json").read_text(encoding="utf-8"))
    timing = json.loads((run.path / "timing.json").read_text(encoding="utf-8"))
    budget = PICTURE_BYTES // max(1, len(results["suites"]))
    sections = [
        _section(run, name, suites.get(name), metrics, timing["suites"].get(name), budget)
        for name, metrics in results["suites"].items()
    ]
    environment = Environment(
        loader=PackageLoader("limner.evaluation"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = Markup  # our own, with every text in it escaped
    environment.globals["views_of"] = views_of
    page = environment.get_template("report.html").render(
        results=results, machine=timing["machine"], sections=sections
    )
    file = run.path / "report.html"
    write_whole(page.encode(), file)
    return file


def _section(
    run: RunFolder,
    name: str,
    suite: Suite | None,
    metrics: dict[str, Any],
    timing: dict[str, Any] | None,
    budget_bytes: int,
) -> dict[str, Any]:
    lines = lines_of(metrics)
    rounds = timing["rounds"] if timing else []
    tails = dict.fromkeys(line.metric.rpartition(".")[2] for line in lines)
    return {
        "name": name,
        "figure": suite.figure if suite else "",
        "about": suite.about if suite else "",
        "pictures": picture_table(run.path, run.of_suite(name), budget_bytes=budget_bytes),
        "plots": plots_of(metrics),
        "lines": [line for line in lines if not is_numbered(line.metric)],
        "numbered_lines": [line for line in lines if is_numbered(line.metric)],
        "cards": [METRICS[tail] for tail in tails if tail in METRICS],
        "rounds": rounds,
        "seconds_plot": seconds_plot(rounds),
        "seconds": timing["seconds"] if timing else 0.0,
        "tasks": timing["tasks"] if timing else 0,
        "above_chance": _above_chance(lines),
    }


def _above_chance(lines: list[Line]) -> tuple[int, int]:
    """How many of the rates that have a chance lie above it with their whole interval, and of how many."""
    known = [line.above_chance for line in lines if line.above_chance is not None]
    return sum(known), len(known)
