"""Pixels <-> latents (f8, 8 channels), the space that the detokenizer paints in.

Two CPU cores, sketch: 5 minutes on one core, 25.2 dB held out. One GPU, miniature (an estimate): 20 minutes.

    limner train autoencoder --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.stages.autoencoder import AutoencoderStage

PLANS = {
    "tiny": (
        Plan(steps=60, batch=4, learning_rate=2e-3, warmup_steps=20),
        AutoencoderStage(pictures=32, held_out=8),
    ),
    "sketch": (Plan(steps=1_500, batch=12, learning_rate=1.5e-3, warmup_steps=40), AutoencoderStage()),
    "miniature": (
        Plan(steps=20_000, batch=64, learning_rate=8e-4, warmup_steps=500, average_decay=0.9995),
        AutoencoderStage(pictures=40_000, held_out=512),
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(
        name="autoencoder",
        preset=PRESETS[scale],
        plan=plan,
        build=stage,
        makes=("autoencoder",),
        expected={"psnr_db": 25.2} if scale == "sketch" else {},
    )
