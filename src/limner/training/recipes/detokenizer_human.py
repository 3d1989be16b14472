"""The detokenizer's second stage: all that conversations show, still drawn from frozen image tokens.

The paper trains this stage 96,000 iterations at batch 1024 and a constant 1e-5 and reports 14.50 dB on
natural pictures. One AVX2 core, sketch: about 4 s a step with other work beside it (docs/LOG.md).

    limner train detokenizer_human --scale sketch --out runs/sketch
    limner train detokenizer_human --scale seed-x --data people=FOLDER --out runs/seed-x
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe, pixels_need
from limner.training.stages.detokenizer import WIDE, DetokenizerStage, full_scale_plan, full_scale_stage

PLANS = {
    "tiny": (
        Plan(steps=60, batch=4, learning_rate=2e-3, warmup_steps=20),
        DetokenizerStage(pictures=32, held_out=8, sampling_steps=4),
    ),
    "sketch": (
        Plan(
            steps=2_000,
            batch=16,
            learning_rate=1.5e-3,
            optimizer="muon",
            orthogonal_in=WIDE,
            warmup_steps=40,
            validations=4,
        ),
        DetokenizerStage(
            kind="conversation",
            kept=12_000,
            held_out=96,
            sampled=96,
            face_weight=8.0,
            token_noise=0.3,
            token_mixing=0.4,
            sampling_steps=1,
            keeps="frame.layers",
        ),
    ),
    "miniature": (
        Plan(steps=60_000, batch=256, learning_rate=4e-4, warmup_steps=500, average_decay=0.9995),
        DetokenizerStage(
            kind="conversation", held_out=256, face_weight=8.0, token_noise=0.3, token_mixing=0.4
        ),
    ),
    "seed-x": (full_scale_plan(steps=96_000), full_scale_stage(kind="people")),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(
        name="detokenizer_human",
        preset=PRESETS[scale],
        plan=plan,
        build=stage,
        needs=pixels_need(PRESETS[scale]),
        makes=("detokenizer",),
    )
