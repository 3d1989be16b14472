"""Losses of multi_round in one process against several, on batches with and without pictures: by hand, for it
takes minutes.

    python tests/training/process_counts.py --steps 200

One process trains first. Then the same steps in 2, 3 and 4 processes, and once more with half of them in
another number of processes (`--resumed 2:3` stops two and goes on with three). Prints the largest relative
difference of any step's loss, and ends with exit code 1 above --tolerance. All compute in float32, also where
the processor has bfloat16, whose sums follow their order.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from two_processes import random_run_folder, tiny, trainer_of

from limner.models import precision
from limner.training.metric_logger import read_log
from limner.training.processes import join


def train(out: Path, place: str, given: argparse.Namespace, until: int | None) -> None:
    """One process of a run."""
    precision._cpu_multiplies_bfloat16 = lambda: False
    team = join("cpu")
    recipe = tiny("varied:lora64")
    plan = replace(
        recipe.plan,
        steps=given.steps,
        batch=given.micro_batch,
        accumulation=given.micro_batches,
        seed=given.seed,
    )
    trainer, _ = trainer_of(replace(recipe, plan=plan), out, out / place, team)
    trainer._validate = dict  # type: ignore[method-assign,assignment]  # as many again
    trainer.run(until=until)


def started(out: Path, place: str, given: argparse.Namespace, count: int, until: int | None = None) -> None:
    """`count` processes until they end."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    words = [
        str(Path(__file__)),
        "--inside",
        str(out),
        "--place",
        place,
        "--until",
        str(until or given.steps),
    ]
    for name in ("steps", "micro_batch", "micro_batches", "seed"):
        words += ["--" + name.replace("_", "-"), str(getattr(given, name))]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    subprocess.run([*command, *words], env=environment, check=True)


def compared(out: Path, place: str) -> float:
    """The largest relative difference of a step's loss from one process' own."""
    alone, here = read_log(out / "1"), read_log(out / place)
    assert [line["step"] for line in here] == [line["step"] for line in alone]
    return max(abs(a["loss"] - b["loss"]) / abs(a["loss"]) for a, b in zip(alone, here, strict=True))


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--micro-batch", type=int, default=2)
    parser.add_argument("--micro-batches", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--counts", type=int, nargs="*", default=[2, 3, 4])
    parser.add_argument("--resumed", nargs="*", default=["2:3", "4:1"], metavar="COUNT:COUNT")
    parser.add_argument("--tolerance", type=float, default=1e-6)
    for hidden, kind in (("--inside", Path), ("--place", str), ("--until", int)):
        parser.add_argument(hidden, type=kind, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        train(given.inside, given.place, given, given.until)
        return 0
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        out = random_run_folder(Path(folder))
        started(out, "1", given, 1)
        for count in given.counts:
            started(out, str(count), given, count)
            difference = compared(out, str(count))
            worst = max(worst, difference)
            print(f"{count} processes, {given.steps} steps: losses differ by {difference:.1e}", flush=True)
        for pair in given.resumed:
            first, then = (int(part) for part in pair.split(":"))
            started(out, pair, given, first, given.steps // 2)
            started(out, pair, given, then)
            difference = compared(out, pair)
            worst = max(worst, difference)
            print(f"{first} processes, then {then}: losses differ by {difference:.1e}", flush=True)
    return int(worst > given.tolerance)


if __name__ == "__main__":
    raise SystemExit(main())
