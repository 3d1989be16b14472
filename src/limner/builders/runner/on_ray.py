"""The Ray engine: batches of sources through pools of actors, on one machine or on a cluster.

Ray Data streams the sources from stage to stage; an actor opens its stages' models once and takes a batch at
a time. Where Ray has GPUs, stages that want one get a share of one and the stages between them keep to the
CPUs; elsewhere all stages share a process, so that pictures need not travel. What becomes of a source does
not depend on the batch that it came in: a pass through a network holds one source's pictures, for their sums
change with what else is in it. Knows nothing about the ledger: outcomes go back to the caller, as from the
local engine, and a killed run goes on from there.

On a cluster (`RAY_ADDRESS`) every machine must see the sources under the same paths.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import warnings
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any, Final

import numpy as np

from limner.builders.runner.document import Job, Stage, Step, open_steps
from limner.builders.runner.local import Numbered, settle_threads, told_plainly
from limner.builders.runner.steps import Outcome, Underway, begun, finished, gave_up, taken_through

SOURCES_IN_BATCH: Final = 8
SOURCES_AT_ONCE: Final = 1 << 14  # handed to Ray Data: it bounds the memory of the process that asks
ACTORS_ON_GPU: Final = 4  # small networks leave room beside them, and cutting out pictures takes CPU
_STORE_BYTES: Final = 1 << 28  # of Ray's shared memory; half as much again for each worker


def run_ray(job: Job, sources: Iterator[Numbered], workers: int) -> Generator[Outcome, None, None]:
    """Outcomes in the order in which they are done; they do not depend on `workers`.

    `workers` is the number of processes side by side, on GPUs `ACTORS_ON_GPU` each at most. A batch whose
    actor dies is tried again source by source, and a source that ends its actor then as well is given up.
    ValueError when Ray is not installed, when the steps cannot be opened, or when one of them stops the run.
    """
    ray = _imported()
    with _connected(ray, workers):
        pools = _pools(job.stages(), workers, float(ray.cluster_resources().get("GPU", 0)))
        while window := dict(islice(sources, SOURCES_AT_ONCE)):
            for in_batch in (SOURCES_IN_BATCH, 1):
                if not window:
                    break
                at = [begun(source, number, job.seed) for number, source in window.items()]
                for outcome in _streamed(ray, at, pools, in_batch):
                    if window.pop(outcome.number, None) is not None:
                        yield outcome
            for number, source in window.items():
                yield gave_up(source, number, "in a batch, and alone")


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Actors of one kind: what they run, how many there are, and each one's share of a GPU."""

    stages: tuple[Stage, ...]
    actors: int
    gpus: float = 0.0


def _pools(stages: Sequence[Stage], workers: int, gpus: float) -> list[Pool]:
    """One pool for all stages, or, where there are GPUs, one for each run of stages that want the same."""
    if not gpus or not any(stage.on_gpu for stage in stages):
        return [Pool(stages=tuple(stages), actors=workers)]
    on_gpu = max(1, min(workers, int(gpus * ACTORS_ON_GPU)))
    share = min(1.0, gpus / on_gpu)
    return [
        Pool(stages=tuple(group), actors=on_gpu, gpus=share)
        if wants
        else Pool(stages=tuple(group), actors=workers)
        for wants, group in groupby(stages, key=lambda stage: stage.on_gpu)
    ]


class Actor:
    """Runs batches of sources through some of the stages; exceptions are returned as values."""

    def __init__(self, stages: Sequence[Stage], is_last: bool) -> None:
        settle_threads()
        self._stages, self._is_last = stages, is_last
        self._steps: list[Step] | None = None

    def __call__(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """{"told": sources under way} -> the same further on, or finished, or the error that ends the run."""
        return {"told": _objects(self._through(told) for told in batch["told"])}

    def _through(self, told: Underway | Exception) -> Underway | Outcome | Exception:
        if isinstance(told, Exception):
            return told
        try:
            if self._steps is None:
                self._steps = open_steps(self._stages)
            further = taken_through(self._steps, told)
            return finished(further) if self._is_last else further
        except Exception as error:
            return told_plainly(error)


def _objects(values: Iterable[object]) -> np.ndarray:
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def _streamed(ray: Any, at: list[Underway], pools: Sequence[Pool], in_batch: int) -> Iterator[Outcome]:
    """The outcomes of what no dying actor took along; the first error of a step is raised."""
    blocks = -(-len(at) // in_batch)
    data = ray.data.from_items([{"told": one} for one in at], override_num_blocks=blocks)
    for place, pool in enumerate(pools):
        # The last of several pools on the CPUs may grow only as the first one leaves them.
        least = pool.actors if len(pools) == 1 or pool.gpus else 1
        data = _mapped(ray, data, pool, least, in_batch, is_last=place == len(pools) - 1)
    try:
        for batch in data.iter_batches(batch_size=None, batch_format="numpy"):
            for told in batch["told"]:
                if isinstance(told, Exception):
                    raise told
                yield told
    except ray.exceptions.RayError as error:
        told = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(f"Ray cannot run the steps ({told[-1].strip()}).") from error


def _mapped(ray: Any, data: Any, pool: Pool, least: int, in_batch: int, *, is_last: bool) -> Any:
    compute = ray.data.ActorPoolStrategy(
        min_size=least, max_size=pool.actors, max_tasks_in_flight_per_actor=2 if in_batch > 1 else 1
    )
    with warnings.catch_warnings():
        # Ray 2.60 has no other way yet to say that a batch whose actor died comes back to us: by itself it
        # would try it for ever.
        warnings.simplefilter("ignore", DeprecationWarning)
        return data.map_batches(
            Actor,
            fn_constructor_args=(pool.stages, is_last),
            batch_size=in_batch,
            batch_format="numpy",
            compute=compute,
            num_cpus=0 if pool.gpus else 1,
            num_gpus=pool.gpus or None,
            max_task_retries=0,
        )


def _imported() -> Any:
    """Ray Data; what is set here is read while it is imported and when it starts processes of our own."""
    is_ours = not os.environ.get("RAY_ADDRESS") and "ray" not in sys.modules
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_worker_niceness", "0")  # else whatever else runs comes first
    if is_ours:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    try:
        import ray
        import ray.data
        from ray._private import ray_constants
    except ImportError as error:
        raise ValueError(
            'The Ray engine needs the extra "ray"; install it with: pip install "limner[ray]".'
        ) from error
    if is_ours:
        ray_constants.ENABLE_RAY_CLUSTER = False  # all of its ports on the loopback address only
    return ray


@contextmanager
def _connected(ray: Any, workers: int) -> Iterator[None]:
    """A cluster: the one that this process is in already, that of `RAY_ADDRESS`, or processes of our own."""
    is_joined = ray.is_initialized()
    if not is_joined:
        told: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if not os.environ.get("RAY_ADDRESS"):
            told |= {
                "address": "local",
                "num_cpus": max(workers, os.cpu_count() or 1),
                "include_dashboard": False,
                "object_store_memory": _STORE_BYTES + workers * _STORE_BYTES // 2,
            }
        ray.init(**told)
    settings = ray.data.DataContext.get_current()
    before = settings.enable_progress_bars, settings.max_errored_blocks
    settings.enable_progress_bars, settings.max_errored_blocks = False, -1
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        settings.enable_progress_bars, settings.max_errored_blocks = before
        if not is_joined:
            ray.shutdown()
