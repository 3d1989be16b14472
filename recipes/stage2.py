"""Personalization, stage 2: a cut-out face and a caption in, the whole picture out.

The paper: LoRA rank 1280, 1e-6, batch 512, 30,000 iterations, the learning rate falling from stage to stage.
One core of a CPU, sketch: 4 minutes. One GPU, miniature (an estimate): half an hour.

    limner train stage2 --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.stages.dialogue_counts import dialogues_for
from limner.training.stages.language import LanguageStage

MIX = {"face_to_image": 3, "named": 1}
MEASURED = ("face_to_image", "named")

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
        Plan(steps=200, batch=12, accumulation=2, learning_rate=5e-4, warmup_steps=30, validations=3),
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
            steps=8_000, batch=96, accumulation=2, learning_rate=3e-4, warmup_steps=200, average_decay=0.9995
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
        name="stage2",
        preset=PRESETS[scale],
        plan=plan,
        build=stage,
        needs=("vision", "tokenizer", "language"),
        makes=("language", "token_head"),
    )
