"""What the detokenizer's canvases remember, word by word, alone: lapels, curls, lashes.

After `scene_layers`; all else stands still, and errors are squared (`stages/scene_layers.py`). One CPU core
with AMX, sketch: 40 minutes.

    limner train scene_details --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.stages.scene_layers import SceneLayersStage

STAGE = SceneLayersStage(
    learns=("figures", "faces"), details_alone=True, faces=24, token_noise=0.05, token_mixing=0.0, new=3
)
PLANS = {
    "sketch": (
        Plan(steps=1_000, batch=16, learning_rate=3e-3, warmup_steps=30, average_decay=0.99, validations=6),
        STAGE,
    ),
    "miniature": (
        Plan(
            steps=6_000, batch=128, learning_rate=3e-3, warmup_steps=100, average_decay=0.998, validations=6
        ),
        STAGE,
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(
        name="scene_details",
        preset=PRESETS[scale],
        plan=plan,
        build=stage,
        needs=("detokenizer",),
        makes=("detokenizer",),
    )
