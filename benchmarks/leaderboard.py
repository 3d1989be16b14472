"""The rows of the leaderboard measured anew, and its page made of them: one command for all of it.

    python benchmarks/leaderboard.py                       # every row; each goes on where it was stopped
    python benchmarks/leaderboard.py --only miniature      # that of the embedded model alone

Each row is one `limner bench` in bench/ROW; its `results.json` goes to docs/results/ROW.json, and
`limner bench leaderboard` makes docs/leaderboard.md of all that lie there. Rows may only be compared when
they had one judge, which is the embedded model's senses unless --judge names others: when those change, all
rows have to be measured anew, and the rows that were not are told.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parents[1] / "docs"
PERFECT: Final = ["--model", "perfect", "--with"]
SHORT: Final = ["--num", "180", "--seed", "0", "--size", "256"]
LONG: Final = ["--long", "--num", "5", "--seed", "0", "--size", "256"]
ROWS: Final = {
    "oracle": ["--model", "oracle", *SHORT],
    "markov": ["--model", "markov", *SHORT],
    "last-picture": [*PERFECT, "planner=last", *SHORT],
    "all-pictures": [*PERFECT, "planner=all", *SHORT],
    "planner-rules": [*PERFECT, "planner=rules", *SHORT],
    "long-last-picture": [*PERFECT, "planner=last", *LONG],
    "long-planner-rules": [*PERFECT, "planner=rules", *LONG],
    "miniature": ["--model", "miniature", *SHORT],
    "long-miniature": ["--model", "miniature", *LONG],
}


def measure(row: str, words: list[str], folder: Path) -> str:
    """Run the row to its end, publish its results, and tell its judge."""
    start = time.monotonic()
    subprocess.run([sys.executable, "-m", "limner", "bench", *words, "--out", str(folder)], check=True)
    shutil.copyfile(folder / "results.json", DOCS / "results" / f"{row}.json")
    print(f"{row}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return judge_of(DOCS / "results" / f"{row}.json")


def judge_of(file: Path) -> str:
    """The hash of the judge that a published row had."""
    return str(json.loads(file.read_text())["judge"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW")
    parser.add_argument("--judge", help="folder of the senses that measure (default: the embedded model's)")
    parser.add_argument("--runs", type=Path, default=Path("bench"), help="folder of the runs")
    options = parser.parse_args()
    judge = [] if options.judge is None else ["--judge", options.judge]
    judges = {measure(row, [*ROWS[row], *judge], options.runs / row) for row in options.only}
    files = sorted((DOCS / "results").glob("*.json"))
    page = ["leaderboard", *map(str, files), "--out", str(DOCS / "leaderboard.md")]
    subprocess.run([sys.executable, "-m", "limner", "bench", *page], check=True)
    others = [file.stem for file in files if judge_of(file) not in judges]
    if others:
        print(f"of another judge, to be measured anew: {', '.join(others)}", file=sys.stderr)


if __name__ == "__main__":
    main()
