"""Multi-round dialogues: persons by name, full bodies, edits, roll-backs, and augmentations, 6 : 2 : 3 : 1.

Six parts multi-round (named, full body, rollback; a little of single edits and of paired faces, so that
neither is forgotten), two of text to image (the prompts of stage 2), three of cropped faces, one of
questions. The paper: LoRA rank 1280, batch 512, 28,000 + 50,000 + 12,000 iterations at 1e-4, 1e-5 and 1e-6.
One core of a CPU, sketch: 15 minutes. One GPU, miniature (an estimate): three hours.

    limner train multi_round --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.stages.dialogue_counts import dialogues_for
from limner.training.stages.language import LanguageStage

# Twelfths of each part, so that the sum is twice 6 : 2 : 3 : 1.
MIX = {
    "named": 6,
    "full_body": 1,
    "rollback": 3,
    "edit": 1,
    "paired": 1,
    "text_to_image": 4,
    "crop": 6,
    "question": 2,
}
MEASURED = ("named", "rollback", "crop", "text_to_image", "question")

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
        Plan(steps=800, batch=12, accumulation=2, learning_rate=6e-4, warmup_steps=30, validations=3),
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
            steps=60_000, batch=96, accumulation=2, learning_rate=4e-4, warmup_steps=200, average_decay=0.9995
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
        name="multi_round",
        preset=PRESETS[scale],
        plan=plan,
        build=stage,
        needs=("vision", "tokenizer", "language"),
        makes=("language", "token_head"),
    )
