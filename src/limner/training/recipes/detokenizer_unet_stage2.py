"""SEED-X's second detokenizer, the paper's other baseline: stage 1 with a condition picture beside the noise.

The condition is the same scene before or after an edit, as SEED-X's is the source of an edit; one picture in
ten comes without it and one in ten without tokens, so that both can be guided. The paper measured 11.02 dB,
and saw it fail where the condition picture is another one: `limner evaluate reconstruct` measures both. The
result is OUT/model_unet_stage2.

At full scale it is widened from the run's stage 1, or else from the one that a converted checkpoint paints
with, and learns from dialogues of edits: each painted picture and the one before it. How SEED-X trained its
own is not public; the numbers are those of stage 1.

    limner train detokenizer_unet_stage2 --scale sketch --out runs/sketch
    limner train detokenizer_unet_stage2 --scale seed-x --base SEEDX --data edited=FOLDER --out runs/seed-x
"""

from dataclasses import replace

from limner.models.detokenizer_presets import with_detokenizer
from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe, pixels_need
from limner.training.stages.detokenizer import DetokenizerStage, full_scale_plan, full_scale_stage

VARIANT, BEGINS_AS = "unet_stage2", "unet_stage1"
PLANS = {
    "tiny": (
        Plan(steps=60, batch=4, learning_rate=2e-3, warmup_steps=20),
        DetokenizerStage(
            kind="edited", pictures=32, held_out=8, sampling_steps=4, variant=VARIANT, begins_as=BEGINS_AS
        ),
    ),
    "sketch": (
        Plan(steps=2_000, batch=24, learning_rate=6e-4, warmup_steps=40, validations=4),
        DetokenizerStage(kind="edited", variant=VARIANT, begins_as=BEGINS_AS),
    ),
    "miniature": (
        Plan(steps=60_000, batch=256, learning_rate=2e-4, warmup_steps=500, average_decay=0.9995),
        DetokenizerStage(kind="edited", pictures=40_000, held_out=256, variant=VARIANT, begins_as=BEGINS_AS),
    ),
    "seed-x": (
        full_scale_plan(steps=96_000),
        replace(full_scale_stage(kind="edited"), variant=VARIANT, begins_as=BEGINS_AS),
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(
        name="detokenizer_unet_stage2",
        preset=with_detokenizer(PRESETS[scale], VARIANT),
        plan=plan,
        build=stage,
        needs=pixels_need(PRESETS[scale]),
    )
