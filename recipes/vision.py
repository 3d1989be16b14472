"""The vision encoder, pre-trained by reconstruction, captions and traits, then frozen for everything after
it.

Two CPU cores, sketch: 520 steps in 14 minutes on one core, 24.7 dB held out. One GPU, miniature (an
estimate): about an hour.

    limner train vision --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.stages.vision import VisionStage

PLANS = {
    "tiny": (
        Plan(steps=60, batch=4, learning_rate=2e-3, warmup_steps=20),
        VisionStage(pictures=32, held_out=8),
    ),
    "sketch": (Plan(steps=2_000, batch=16, learning_rate=8e-4, warmup_steps=60), VisionStage()),
    "miniature": (
        Plan(steps=60_000, batch=128, learning_rate=6e-4, warmup_steps=1_000, average_decay=0.9995),
        VisionStage(pictures=40_000, held_out=1_024),
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(
        name="vision",
        preset=PRESETS[scale],
        plan=plan,
        build=stage,
        makes=("vision",),
        expected={"psnr_db": 24.7, "trait_accuracy": 0.51} if scale == "sketch" else {},
    )
