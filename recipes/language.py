"""Language pre-training with pictures, after text alone: text about pictures, pictures from text, pictures by
name.

The mix keeps text-only binding in it, so that what was learned there is not lost before pictures need it.
Watch `named.person_regression` and `named.person_flow` (1/2 is chance), not the loss. Two CPU cores, sketch:
about 20 minutes on one core. One GPU, miniature (an estimate): three hours.

    limner train language --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.stages.dialogue_counts import dialogues_for
from limner.training.stages.language import LanguageStage

MIX = {
    "plain_text_to_image": 3,
    "plain_named": 3,
    "named": 6,
    "crop": 2,
    "text_to_image": 4,
    "point": 1,
    "question": 2,
    "caption": 1,
    "edit": 2,
    "echo": 2,
    "binding_words": 4,
    "binding_text": 3,
}
# What a few thousand steps on a CPU can begin to learn: busts in daylight, names, edits and ways back.
SKETCH_MIX = {
    "plain_text_to_image": 4,
    "plain_named": 5,
    "named": 4,
    "rollback": 6,
    "edit": 4,
    "question": 1,
    "drill": 1,
    "echo": 1,
    "binding_words": 1,
}
MEASURED = ("named", "text_to_image", "question", "binding_words")
SKETCH_MEASURED = ("plain_named", "named", "rollback", "edit", "drill", "echo")

PLANS = {
    "tiny": (
        Plan(steps=60, batch=4, learning_rate=1e-3, warmup_steps=20),
        LanguageStage(
            mix=MIX,
            dialogues=dialogues_for(MIX, "tiny"),
            held_out=4,
            tokens_in_batch=1_024,
            measured=("named",),
        ),
    ),
    "sketch": (
        Plan(steps=1_300, batch=24, learning_rate=1.5e-3, warmup_steps=30, validations=3),
        LanguageStage(
            mix=SKETCH_MIX,
            dialogues=dialogues_for(SKETCH_MIX, "sketch"),
            held_out=32,
            tokens_in_batch=2_400,
            flow_pictures=4,
            flow_draws=1,
            measured=SKETCH_MEASURED,
        ),
    ),
    "miniature": (
        Plan(
            steps=60_000,
            batch=96,
            accumulation=2,
            learning_rate=6e-4,
            warmup_steps=1_000,
            average_decay=0.9995,
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
        name="language",
        preset=PRESETS[scale],
        plan=plan,
        build=stage,
        needs=("vision", "tokenizer", "language"),
        makes=("language", "token_head"),
        expected={"plain_text_to_image.error_regression": 0.53, "plain_named.error_regression": 0.52}
        if scale == "sketch"
        else {},
    )
