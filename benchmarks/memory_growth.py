"""Does a server's memory level off? Resident memory over one long conversation, then over many short ones.

    python benchmarks/memory_growth.py --out growth.json --plot docs/memory.svg    # 300 rounds, then 100 x 10
    python benchmarks/memory_growth.py --rounds 80 --conversations 0               # a quarter of an hour

Starts `limner serve` with a store of its own and paints in one denoising step, which changes no memory that
stays. The bars: round 300 at most 1.10 x round 50; after the many conversations at most 1.15 x.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from limner.evaluation.plots import Line, Point, line_plot
from serving import PEOPLE, ROUNDS, Client, converse, limner_serve
from tiny_model import save_tiny

EVERY = 5  # rounds between two looks
WARM_ROUND = 50
STYLE = (
    "text{font:12px sans-serif;fill:#555}.grid{stroke:#ddd}polyline{fill:none;stroke:#2563eb;stroke-width:2}"
    "polygon{fill:none}path{stroke:#2563eb}.reference{stroke:#888}"
)


def look(client: Client, rounds: int) -> dict[str, float]:
    """One row: rounds so far, resident memory, the prefix cache's share of it."""
    row = {
        "rounds": rounds,
        "memory_mb": round(client.metric("process_resident_memory_bytes") / 1e6, 1),
        "prefix_mb": round(client.metric("limner_prefix_cache_bytes") / 1e6, 1),
    }
    print(row, flush=True)
    return row


def one_long(client: Client, rounds: int, steps: int) -> list[dict[str, float]]:
    """One conversation of so many rounds."""
    rows, previous = [look(client, 0)], None
    for index in range(rounds):
        text = ROUNDS[index % len(ROUNDS)].format(a=PEOPLE[0][0], b=PEOPLE[0][1])
        previous, *_ = client.ask(text, previous, steps)
        if (index + 1) % EVERY == 0:
            rows.append(look(client, index + 1))
    return rows


def many_short(client: Client, num: int, rounds: int, steps: int) -> list[dict[str, float]]:
    """So many conversations, one after the other."""
    rows = []
    for number in range(num):
        converse(client, number, rounds, steps, [])
        if (number + 1) % max(1, EVERY * 4 // rounds) == 0:
            rows.append(look(client, (number + 1) * rounds))
    return rows


def ratio(rows: list[dict[str, float]], warm: int) -> float | None:
    """The last row's memory against that of round `warm`, None when there is no such round."""
    at = {int(row["rounds"]): row["memory_mb"] for row in rows}
    return round(rows[-1]["memory_mb"] / at[warm], 3) if warm in at else None


@contextlib.contextmanager
def served(model: str, cache_mb: int) -> Iterator[str]:
    """The server's URL; of the model "tiny" with random weights of its own."""
    with contextlib.ExitStack() as held:
        if model == "tiny":
            folder = held.enter_context(tempfile.TemporaryDirectory(prefix="limner-tiny-"))
            model = str(save_tiny(Path(folder) / "model"))
        yield held.enter_context(limner_serve(model, 8, cache_mb)).url


def plot(found: dict[str, Any], path: Path) -> None:
    """Memory over rounds as SVG that stands alone."""
    lines = [
        Line(label=name, points=tuple(_point(row) for row in found[name]), is_reference=name != "one long")
        for name in ("one long", "many short")
        if found.get(name)
    ]
    svg = line_plot(lines, title="Resident memory (MB)", x_label="rounds")
    svg = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    svg = svg.replace(">", f"><style>{STYLE}</style>", 1)
    path.write_text(svg, encoding="utf-8")


def _point(row: dict[str, float]) -> Point:
    value = row["memory_mb"]
    return Point(x=row["rounds"], value=value, low=value, high=value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="miniature")
    parser.add_argument("--rounds", type=int, default=300, help="of the long conversation")
    parser.add_argument("--conversations", type=int, default=100, help="short ones after it, of 10 rounds")
    parser.add_argument("--steps", type=int, default=1, help="denoising steps")
    parser.add_argument("--cache-mb", type=int, default=64, help="the server's prefix cache")
    parser.add_argument("--out", type=Path, help="JSON of every look")
    parser.add_argument("--plot", type=Path, help="SVG")
    options = parser.parse_args()
    found: dict[str, Any] = {"model": options.model, "cache_mb": options.cache_mb}
    with served(options.model, options.cache_mb) as url:
        client = Client(url, None)
        found["one long"] = one_long(client, options.rounds, options.steps)
        found["last_to_round_50"] = ratio(found["one long"], WARM_ROUND)
        if options.conversations:
            found["many short"] = many_short(client, options.conversations, 10, options.steps)
            before = found["one long"][-1]["memory_mb"]
            found["many_to_before"] = round(found["many short"][-1]["memory_mb"] / before, 3)
    print({name: value for name, value in found.items() if not isinstance(value, list)})
    if options.out is not None:
        options.out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    if options.plot is not None:
        plot(found, options.plot)


if __name__ == "__main__":
    main()
