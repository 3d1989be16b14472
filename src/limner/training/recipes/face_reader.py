"""The vision encoder's second look alone: persons read in windows around their faces, cut at true boxes.

Before `vision`, which joins it with the transformer that finds the faces. One AVX2 core, sketch: about a
second a step.

    limner train face_reader --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.stages.face_reader import FaceReaderStage

PLANS = {
    "sketch": (
        Plan(
            steps=6_000,
            batch=20,
            learning_rate=2e-3,
            optimizer="muon",
            orthogonal_in=("face_reader",),
            warmup_steps=100,
            validations=12,
        ),
        FaceReaderStage(),
    ),
    "miniature": (
        Plan(
            steps=40_000,
            batch=128,
            learning_rate=2e-3,
            optimizer="muon",
            orthogonal_in=("face_reader",),
            warmup_steps=500,
            validations=20,
            average_decay=0.9995,
        ),
        FaceReaderStage(kept=60_000, new=16, held_out=2_048),
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(name="face_reader", preset=PRESETS[scale], plan=plan, build=stage, makes=("vision",))
