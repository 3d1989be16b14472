"""Run suites: which tasks are left, who computes them, and what all of them together amount to.

Knows the order of things. Knows nothing about what is measured (`suites/`), how a run lies on disk
(`run_folder.py`), or how it is shown (`report.py`).
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import torch

import limner
from limner.evaluation.given import Measured, check_suites
from limner.evaluation.results import results_of
from limner.evaluation.run_folder import Progress, RunFolder, open_run, write_json, write_rows
from limner.evaluation.score import Row
from limner.evaluation.setup import Setup, prepare
from limner.evaluation.suite import SEEDS_APART, Suite
from limner.evaluation.workers import Task, compute
from limner.models.precision import best_device

MOST_WORKERS = 8
TASKS_A_WORKER = 4  # fewer do not repay the seconds in which a further process loads the model


def chosen_suites(names: Sequence[str], suites: Mapping[str, Suite]) -> dict[str, Suite]:
    """The suites of these names in their usual order; none or "all" means all. ValueError lists them."""
    check_suites(names, suites)
    wanted = set(suites) if not names or "all" in names else set(names)
    return {name: suite for name, suite in suites.items() if name in wanted}


def run_suites(
    names: Sequence[str],
    measured: Measured,
    *,
    num: int,
    seed: int,
    out: Path,
    workers: int | None = None,
    suites: Mapping[str, Suite] | None = None,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> dict[str, Any]:
    """Measure `num` tasks of each suite and write rows, results and timing into `out`; the results.

    A folder that holds a part of the same run is gone on with, and gives the same results as a run never
    interrupted, with any number of workers.

    Args:
        names: suites as on the command line; none or "all" for all.
        measured: model, judge and how they are loaded.
        num: tasks of each suite.
        seed: of the run: other seeds, other dialogues.
        out: the run's folder (`run_folder.py`).
        workers: processes that compute side by side (default: one a core for small models).
        suites: all suites there are (default: the paper's).
        tell: called when the run begins and after every task.

    Raises:
        ValueError: an unknown suite, no model or judge, a folder of other options, or a task that failed.
    """
    if suites is None:
        from limner.evaluation.suites import SUITES

        suites = SUITES
    chosen = chosen_suites(names, suites)
    if not 1 <= num <= SEEDS_APART:
        raise ValueError(f"A run has from 1 to {SEEDS_APART} tasks of each suite, not {num}.")
    setup, identity = prepare(measured, seed=seed)
    options = {"suites": list(chosen), "num": num, "seed": seed, "limner": limner.__version__, **identity}
    with open_run(out, options) as folder:
        _compute_missing(folder, setup, chosen, num, workers, tell)
        return _conclude(folder, chosen)


def _compute_missing(
    folder: RunFolder,
    setup: Setup,
    suites: Mapping[str, Suite],
    num: int,
    workers: int | None,
    tell: Callable[[Progress], None],
) -> None:
    # Suites take turns, so that time left is estimated fairly and an interrupted run has some of each.
    tasks = [(name, index) for index in range(num) for name in suites]
    missing = [task for task in tasks if task not in folder.tasks]
    resumed = len(tasks) - len(missing)
    tell(Progress(done=resumed, total=len(tasks), resumed=resumed, suite=missing[0][0] if missing else ""))
    if not missing:
        return
    workers = workers or default_workers(setup, missing)
    with closing(compute(setup, suites, missing, workers=workers)) as computed:
        for number, done in enumerate(computed, resumed + 1):
            if folder.facts != done.facts:
                folder.write_facts(done.facts)
            folder.add(*done.task, done.outcome, done.seconds)
            tell(Progress(done=number, total=len(tasks), resumed=resumed, suite=done.task[0]))


def default_workers(setup: Setup, tasks: Sequence[Task]) -> int:
    """One process a core for small models on the CPU, where threads gain little; else one."""
    if not setup.is_small or best_device().type != "cpu":
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, MOST_WORKERS, len(tasks) // TASKS_A_WORKER))


def _conclude(folder: RunFolder, suites: Mapping[str, Suite]) -> dict[str, Any]:
    """Estimates from what lies on disk, so that resumed and uninterrupted runs take the same way."""
    rows: dict[str, list[Row]] = {}
    for name in suites:
        rows[name] = [row for task in folder.of_suite(name) for row in task.rows]
    results = {
        "format": 1,
        **{key: value for key, value in folder.options.items() if key != "suites"},
        **folder.facts,
        "suites": {name: results_of(rows[name]) for name in suites},
    }
    write_rows(folder.path, rows)
    write_json(folder.path / "timing.json", {"machine": machine(), "suites": timing(folder)})
    write_json(folder.path / "results.json", results)
    return results


def timing(folder: RunFolder) -> dict[str, Any]:
    """Per suite: seconds of all its tasks, and of each round by number (mean, 95th percentile, how many)."""
    told: dict[str, Any] = {}
    for name in dict.fromkeys(suite for suite, _ in sorted(folder.tasks)):
        tasks = folder.of_suite(name)
        longest = max(len(task.round_seconds) for task in tasks)
        rounds = []
        for number in range(longest):
            seconds = [task.round_seconds[number] for task in tasks if len(task.round_seconds) > number]
            rounds.append(
                {
                    "round": number + 1,
                    "mean": float(np.mean(seconds)),
                    "p95": float(np.percentile(seconds, 95)),
                    "n": len(seconds),
                }
            )
        told[name] = {"tasks": len(tasks), "seconds": sum(task.seconds for task in tasks), "rounds": rounds}
    return told


def machine() -> dict[str, str]:
    """Processor, cores, accelerator and versions, as far as the system reports them."""
    told = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
    }
    if best_device().type == "cuda":
        told["accelerator"] = torch.cuda.get_device_name()
    return told


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
