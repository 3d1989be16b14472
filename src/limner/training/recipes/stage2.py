"""Personalization, stage 2: a cut-out face and a caption in, the whole picture out.

The paper (`--scale seed-x`): LoRA rank 1280, 1e-6, batch 512, 30,000 iterations. At the small scales the
whole model learns. One core of a CPU, sketch: 4 minutes. One GPU, miniature (an estimate): half an hour.

    limner train stage2 --scale sketch --out runs/sketch
    limner train stage2 --scale seed-x --variant lora64 --data face_to_image=FOLDER --out runs/seed-x
"""

from limner.training.language_recipe import Paper, Personalization
from limner.training.recipe import Recipe

STAGE = Personalization(
    name="stage2",
    mix={"face_to_image": 3, "named": 1},
    measured=("face_to_image", "named"),
    sketch=(200, 5e-4),
    miniature=(8_000, 3e-4),
    paper=Paper(effective_batch=512, phases=((30_000, 1e-6),), mix={"face_to_image": 1}),
)


def recipe(scale: str, variant: str | None = None) -> Recipe:
    return STAGE.recipe(scale, variant)
