"""The detokenizer's first stage: easy pictures from their image tokens (natural ones at full scale, busts in
daylight and cut-out heads at the small scales).

The paper trains this stage 180,000 iterations at batch 1024 and a constant 1e-5; a world this small needs far
less. One AVX2 core, sketch: about 4 s a step with other work beside it (docs/LOG.md).

    limner train detokenizer_natural --scale sketch --out runs/sketch
    limner train detokenizer_natural --scale seed-x --base SEEDX --data natural=FOLDER --out runs/seed-x
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe, pixels_need
from limner.training.stages.detokenizer import WIDE, DetokenizerStage, full_scale_plan, full_scale_stage

PLANS = {
    "tiny": (
        Plan(steps=60, batch=4, learning_rate=2e-3, warmup_steps=20),
        DetokenizerStage(kind="natural", pictures=32, held_out=8, sampling_steps=4, fresh=True),
    ),
    "sketch": (
        Plan(
            steps=3_000,
            batch=16,
            learning_rate=1.5e-3,
            optimizer="muon",
            orthogonal_in=WIDE,
            warmup_steps=50,
            schedule="constant",
            validations=4,
        ),
        DetokenizerStage(
            kind="plain",
            kept=12_000,
            held_out=48,
            face_weight=8.0,
            token_noise=0.3,
            token_mixing=0.4,
            sampling_steps=1,
            keeps="frame.layers",
        ),
    ),
    "miniature": (
        Plan(
            steps=30_000,
            batch=256,
            learning_rate=4e-4,
            warmup_steps=500,
            schedule="constant",
            average_decay=0.9995,
        ),
        DetokenizerStage(kind="plain", held_out=256, face_weight=8.0, token_noise=0.3, token_mixing=0.4),
    ),
    # Starts from the checkpoint's detokenizer, a converted PixArt-Sigma.
    "seed-x": (full_scale_plan(steps=180_000), full_scale_stage(kind="natural")),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(
        name="detokenizer_natural",
        preset=PRESETS[scale],
        plan=plan,
        build=stage,
        needs=pixels_need(PRESETS[scale]),
        makes=("detokenizer",),
    )
