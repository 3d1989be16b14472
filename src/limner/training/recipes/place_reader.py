"""The vision encoder's look at the whole picture alone: place, layout, light, style and framing.

After `face_reader`, before `vision`, which joins both with the transformer. One AVX2 core, sketch: about a
second a step.

    limner train place_reader --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.stages.place_reader import PlaceReaderStage

PLANS = {
    "sketch": (
        Plan(
            steps=3_000,
            batch=32,
            learning_rate=2e-3,
            optimizer="muon",
            orthogonal_in=("body", "read", "out"),
            warmup_steps=100,
            validations=10,
        ),
        PlaceReaderStage(),
    ),
    "miniature": (
        Plan(
            steps=20_000,
            batch=128,
            learning_rate=2e-3,
            optimizer="muon",
            orthogonal_in=("body", "read", "out"),
            warmup_steps=500,
            validations=20,
            average_decay=0.9995,
        ),
        PlaceReaderStage(kept=60_000, new=32, held_out=2_048),
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(name="place_reader", preset=PRESETS[scale], plan=plan, build=stage, makes=("vision",))
