"""The vision encoder, taught to read scene tokens from pixels, then frozen for everything after it.

limner train vision --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.stages.vision import VisionStage

PLANS = {
    "tiny": (
        Plan(steps=60, batch=4, learning_rate=2e-3, warmup_steps=20),
        VisionStage(kept=64, new=2, ahead=8, held_out=8),
    ),
    "sketch": (
        Plan(
            steps=6_000,
            batch=16,
            learning_rate=2e-3,
            optimizer="muon",
            orthogonal_in=("resblocks", "face_reader", "place_reader"),
            warmup_steps=100,
            validations=12,
        ),
        VisionStage(held_out=256),
    ),
    "miniature": (
        Plan(
            steps=60_000,
            batch=128,
            learning_rate=2e-3,
            optimizer="muon",
            orthogonal_in=("resblocks", "face_reader", "place_reader"),
            warmup_steps=500,
            validations=20,
            average_decay=0.9995,
        ),
        VisionStage(kept=60_000, new=32, held_out=2_048),
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(name="vision", preset=PRESETS[scale], plan=plan, build=stage, makes=("vision",))
