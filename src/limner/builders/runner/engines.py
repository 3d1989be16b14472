"""The engines by name: each takes a job, numbered sources and a number of workers, and gives outcomes."""

from __future__ import annotations

from limner.builders.runner.build import Engine
from limner.builders.runner.local import run_local


def engine_by_name(name: str) -> Engine:
    """local: processes on this machine; ray: actors on this machine or a cluster. ValueError for another."""
    if name == "local":
        return run_local
    if name == "ray":
        from limner.builders.runner.on_ray import run_ray  # Ray is an extra, and large

        return run_ray
    raise ValueError(f"There is no engine {name!r}; choose local or ray.")
