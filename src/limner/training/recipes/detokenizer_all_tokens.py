"""The transformer on all 256 tokens of the encoder instead of 64 pooled ones (paper, supplement, section 7).

It shows what pooling costs; the language model predicts 64, so this one only reconstructs. Steps are those of
the two stages of 64 tokens together. The result is OUT/model_dit_256, with all else as in OUT/model: run it
after the pipeline. The paper shows pictures and no numbers.

    limner train detokenizer_all_tokens --scale sketch --out runs/sketch
    limner evaluate reconstruct --model runs/sketch/model --also dit_256=runs/sketch/model_dit_256
"""

from limner.models.detokenizer_presets import with_all_tokens
from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe, pixels_need
from limner.training.stages.detokenizer import DetokenizerStage

VARIANT = "dit_256"
PLANS = {
    "tiny": (
        Plan(steps=60, batch=4, learning_rate=2e-3, warmup_steps=20),
        DetokenizerStage(pictures=32, held_out=8, sampling_steps=4, variant=VARIANT),
    ),
    "sketch": (
        Plan(steps=2_600, batch=24, learning_rate=1.2e-3, warmup_steps=40, validations=4),
        DetokenizerStage(kind="conversation", face_weight=5.0, variant=VARIANT),
    ),
    "miniature": (
        Plan(steps=90_000, batch=256, learning_rate=4e-4, warmup_steps=500, average_decay=0.9995),
        DetokenizerStage(pictures=40_000, held_out=256, variant=VARIANT),
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(
        name="detokenizer_all_tokens",
        preset=with_all_tokens(PRESETS[scale]),
        plan=plan,
        build=stage,
        needs=tuple({"vision": None, **dict.fromkeys(pixels_need(PRESETS[scale]))}),
    )
