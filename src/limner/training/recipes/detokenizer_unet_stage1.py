"""SEED-X's first detokenizer, the paper's baseline: a UNet that draws a picture from its image tokens alone.

Steps and pictures a step are those of the transformer's two stages together, and so is its number of
parameters (both within a tenth); it learns as SDXL did, to predict noise. It is trained on pictures of
people, which it is compared on. The paper measured 10.72 dB of SEED-X's own on natural pictures. The result
is OUT/model_unet_stage1, with all else as in OUT/model: run it after the pipeline.

At full scale SEED-X's own is public, and a converted checkpoint paints with it (`limner convert seed-x`); to
train it further is for other encoders, tokens or data, and starts from it. How SEED-X trained it is not
public, so data, rate, batch and steps are those of the transformer's stage of people, which it is compared
with; sizes are SDXL's.

    limner train detokenizer_unet_stage1 --scale sketch --out runs/sketch
    limner train detokenizer_unet_stage1 --scale seed-x --base SEEDX --data people=FOLDER --out runs/seed-x
"""

from dataclasses import replace

from limner.models.detokenizer_presets import with_detokenizer
from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe, pixels_need
from limner.training.stages.detokenizer import DetokenizerStage, full_scale_plan, full_scale_stage

VARIANT = "unet_stage1"
PLANS = {
    "tiny": (
        Plan(steps=60, batch=4, learning_rate=2e-3, warmup_steps=20),
        DetokenizerStage(pictures=32, held_out=8, sampling_steps=4, variant=VARIANT),
    ),
    "sketch": (
        Plan(steps=2_600, batch=24, learning_rate=6e-4, warmup_steps=40, validations=4),
        DetokenizerStage(kind="conversation", face_weight=5.0, variant=VARIANT),
    ),
    "miniature": (
        Plan(steps=90_000, batch=256, learning_rate=2e-4, warmup_steps=500, average_decay=0.9995),
        DetokenizerStage(pictures=40_000, held_out=256, variant=VARIANT),
    ),
    "seed-x": (
        full_scale_plan(steps=96_000),
        replace(full_scale_stage(kind="people"), variant=VARIANT),
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(
        name="detokenizer_unet_stage1",
        preset=with_detokenizer(PRESETS[scale], VARIANT),
        plan=plan,
        build=stage,
        needs=pixels_need(PRESETS[scale]),
    )
