"""The memory that each full-scale recipe needs on one H200, on eight 80 GB GPUs, and on two nodes of eight.

python benchmarks/memory_plan.py            the table of docs/training.md
python benchmarks/memory_plan.py --write    put it there
"""

from __future__ import annotations

import sys
from pathlib import Path

from limner.training.memory_plan import MemoryPlan, memory_plan
from limner.training.recipe import Recipe
from limner.training.recipe_files import load_recipe

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "training.md"
BEGIN, END = "<!-- memory plan -->", "<!-- end of memory plan -->"
MACHINES = {1: "one H200 (141 GB)", 8: "8 x 80 GB", 16: "2 x 8 x 80 GB"}
RECIPES = (  # stages 1 to 3 and multi_round need the same
    ("multi_round", "lora64"),
    ("multi_round", "paper"),
    ("detokenizer_natural", None),
)
HEAD = (
    "| recipe | on | trained, frozen (10^9) | micro-batch | weights | gradients | moments | gathered | "
    "activations | GB a GPU | before step 1 |"
)


def table() -> str:
    """The plans as Markdown."""
    lines = [HEAD, "|" + "---|" * HEAD.count("|", 1)]
    for name, variant in RECIPES:
        module = load_recipe(name)
        recipe: Recipe = module.recipe("seed-x", variant) if variant else module.recipe("seed-x")
        label = f"stages 1-3, {name}: {variant}" if variant else "detokenizer, both stages"
        for processes in MACHINES:
            lines.append(_line(label, memory_plan(recipe, processes=processes)))
    return "\n".join(lines)


def _line(label: str, plan: MemoryPlan) -> str:
    parts = (plan.weights, plan.gradients, plan.moments, plan.gathered, plan.activations)
    numbers = " | ".join(f"{value:.1f}" for value in parts)
    counts = f"{plan.trained:.2f}, {plan.frozen:.2f} | {plan.micro_batch}"
    ends = f"**{plan.total:.0f}** | {plan.start:.1f}"
    return f"| {label} | {MACHINES[plan.processes]} | {counts} | {numbers} | {ends} |"


def main() -> None:
    """Print the table, or write it between its marks."""
    if "--write" not in sys.argv:
        print(table())
        return
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
