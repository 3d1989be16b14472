"""The detokenizer's last layer alone: art styles, put on plain pictures of the world.

After `detokenizer_human`, whose pictures are plain. One AVX2 core, sketch: about a second a step.

    limner train style_layer --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.stages.style_layer import StyleLayerStage

PLANS = {
    "sketch": (
        Plan(steps=3_000, batch=8, learning_rate=1e-3, warmup_steps=100, validations=10),
        StyleLayerStage(),
    ),
    "miniature": (
        Plan(
            steps=20_000,
            batch=64,
            learning_rate=2e-3,
            warmup_steps=200,
            validations=10,
            average_decay=0.9995,
        ),
        StyleLayerStage(kept=20_000, new=8, held_out=128),
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(name="style_layer", preset=PRESETS[scale], plan=plan, build=stage, makes=("detokenizer",))
