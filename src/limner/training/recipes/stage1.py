"""Personalization, stage 1: a picture in, the same picture out.

The paper (`--scale seed-x`; memory and launch lines in docs/training.md): LoRA rank 1280, constant 1e-5,
batch 1024, 6,000 iterations. At the small scales the whole model learns. One core of a CPU, sketch: 3
minutes. One GPU, miniature (an estimate): 10 minutes.

    limner train stage1 --scale sketch --out runs/sketch
    limner train stage1 --scale seed-x --variant lora64 --base SEEDX --data copy=FOLDER --out runs/seed-x
"""

from limner.training.language_recipe import Paper, Personalization
from limner.training.recipe import Recipe

STAGE = Personalization(
    name="stage1",
    mix={"copy": 3, "named": 1},
    measured=("copy", "named"),
    sketch=(150, 6e-4),
    miniature=(4_000, 4e-4),
    paper=Paper(effective_batch=1024, phases=((6_000, 1e-5),), mix={"copy": 1}),
)


def recipe(scale: str, variant: str | None = None) -> Recipe:
    return STAGE.recipe(scale, variant)
