"""Personalization, stage 1: a picture in, the same picture out.

The paper: LoRA rank 1280, constant 1e-5, batch 1024, 6,000 iterations. Here the whole model learns. One core
of a CPU, sketch: 3 minutes. One GPU, miniature (an estimate): 10 minutes.

    limner train stage1 --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.stages.dialogue_counts import dialogues_for
from limner.training.stages.language import LanguageStage

MIX = {"copy": 3, "named": 1}
MEASURED = ("copy", "named")

PLANS = {
    "tiny": (
        Plan(steps=60, batch=4, learning_rate=1e-3, warmup_steps=20),
        LanguageStage(
            mix=MIX,
            dialogues=dialogues_for(MIX, "tiny"),
            held_out=4,
            tokens_in_batch=1_024,
            measured=MEASURED[:1],
        ),
    ),
    "sketch": (
        Plan(steps=150, batch=12, accumulation=2, learning_rate=6e-4, warmup_steps=30, validations=3),
        LanguageStage(
            mix=MIX,
            dialogues=dialogues_for(MIX, "sketch"),
            held_out=32,
            tokens_in_batch=2_400,
            measured=MEASURED,
        ),
    ),
    "miniature": (
        Plan(
            steps=4_000, batch=96, accumulation=2, learning_rate=4e-4, warmup_steps=200, average_decay=0.9995
        ),
        LanguageStage(
            mix=MIX,
            dialogues=dialogues_for(MIX, "miniature"),
            held_out=192,
            tokens_in_batch=49_152,
            flow_pictures=128,
            measured=MEASURED,
        ),
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(
        name="stage1",
        preset=PRESETS[scale],
        plan=plan,
        build=stage,
        needs=("vision", "tokenizer", "language"),
        makes=("language", "token_head"),
    )
