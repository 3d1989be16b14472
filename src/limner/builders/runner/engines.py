"""The engines by name: each takes a job, numbered sources and a number of workers, and gives outcomes."""

from __future__ import annotations

from limner.builders.runner.build import Engine
from limner.builders.runner.local import run_local


def engine_by_name(name: str) -> Engine:
    """local: processes on this machine. ValueError for another name."""
    if name == "local":
        return run_local
    raise ValueError(f"There is no engine {name!r}; choose local.")
