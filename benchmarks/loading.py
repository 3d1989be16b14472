"""How long `import limner` and loading the embedded model take, each in a process of its own.

    python benchmarks/loading.py                                   this checkout
    python benchmarks/loading.py --against OTHER/src --repeats 5   and another one, in turn with it

Prints the median CPU seconds (user and system, of all threads) and the wall seconds beside them; with
`--against` also how many times faster this checkout is. CPU seconds, because the wall says more of what else
the machine does. The other checkout must have its own weights in place.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

OWN = Path(__file__).parents[1] / "src"
CODE = """
import time
start = time.process_time(), time.perf_counter()
import limner
imported = time.process_time(), time.perf_counter()
limner.load()
loaded = time.process_time(), time.perf_counter()
print(*(a - b for a, b in zip(imported, start)), *(a - b for a, b in zip(loaded, imported)))
"""


def measured(source: Path) -> list[float]:
    """CPU and wall seconds of the import, then of loading."""
    environment = {**os.environ, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    told = subprocess.run([sys.executable, "-c", CODE], env=environment, stdout=subprocess.PIPE, check=True)
    return [float(word) for word in told.stdout.split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--against", type=Path, help="the src folder of another checkout")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    sources = {"this": OWN, **({"other": options.against} if options.against else {})}
    found: dict[str, list[list[float]]] = {name: [] for name in sources}
    for _ in range(options.repeats):
        for name, source in sources.items():
            found[name].append(measured(source))
            print(f"{name}: load {found[name][-1][2]:.2f} CPU s", file=sys.stderr, flush=True)
    print("checkout   import: CPU s  wall s   load: CPU s  wall s")
    medians = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)]
        for name, rows in found.items()
    }
    for name, (import_cpu, import_wall, load_cpu, load_wall) in medians.items():
        print(f"{name:8}   {import_cpu:13.3f} {import_wall:7.3f}   {load_cpu:11.2f} {load_wall:7.2f}")
    if "other" in medians:
        print(f"load: {medians['other'][2] / medians['this'][2]:.2f} times less CPU than the other checkout")


if __name__ == "__main__":
    main()
