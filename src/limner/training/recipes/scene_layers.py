"""The detokenizer's layers alone: persons cut free around their faces, and whole places, from true tokens.

Before `detokenizer_natural`, whose transformer draws what the layers leave out. One AVX2 core, sketch: about
a second a step.

    limner train scene_layers --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.stages.scene_layers import SceneLayersStage

ORTHOGONAL = ("blocks",)

PLANS = {
    "sketch": (
        Plan(
            steps=6_000,
            batch=16,
            learning_rate=2e-3,
            optimizer="muon",
            orthogonal_in=ORTHOGONAL,
            warmup_steps=100,
            validations=10,
        ),
        SceneLayersStage(),
    ),
    "miniature": (
        Plan(
            steps=30_000,
            batch=128,
            learning_rate=2e-3,
            optimizer="muon",
            orthogonal_in=ORTHOGONAL,
            warmup_steps=500,
            validations=10,
            average_decay=0.9995,
        ),
        SceneLayersStage(kept=60_000, new=16, places=16, held_out=512),
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(name="scene_layers", preset=PRESETS[scale], plan=plan, build=stage, makes=("detokenizer",))
