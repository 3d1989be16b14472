"""Personalization, stage 3: a face from one picture in, another picture of that person out; stage 2 stays in,
1 : 2.

The paper (`--scale seed-x`): LoRA rank 1280, 1e-7, batch 1024, 24,000 iterations, stage 2 and paired data 1 :
2 in every three micro-batches. One core of a CPU, sketch: 5 minutes. One GPU, miniature (an estimate): half
an hour.

    limner train stage3 --scale sketch --out runs/sketch
    limner train stage3 --scale seed-x --data face_to_image=FOLDER --data paired=FOLDER --out runs/seed-x
"""

from limner.training.language_recipe import Paper, Personalization
from limner.training.recipe import Recipe

STAGE = Personalization(
    name="stage3",
    mix={"face_to_image": 1, "paired": 2, "named": 1},
    measured=("paired", "face_to_image", "named"),
    sketch=(200, 4e-4),
    miniature=(8_000, 2e-4),
    paper=Paper(effective_batch=1024, phases=((24_000, 1e-7),), mix={"face_to_image": 1, "paired": 2}),
)


def recipe(scale: str, variant: str | None = None) -> Recipe:
    return STAGE.recipe(scale, variant)
