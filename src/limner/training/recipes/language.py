"""Language pre-training with pictures, after text alone: text about pictures, pictures from text, pictures by
name.

The mix keeps text-only binding in it, so that what was learned there is not lost before pictures need it.
Watch `named.person_regression` and `named.person_flow` (1/2 is chance), not the loss. At the small scales
dialogues are drafted when needed and no picture is drawn. One CPU core, sketch: 5,400 steps in 98 minutes;
at a rate of 1.5e-3 the gradient of its six layers jumps. One GPU, miniature (an estimate): three hours.

    limner train language --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe, tokens_need
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
# No picture is rendered for it, so the whole world costs no more than a part of it.
SKETCH_MIX = {
    "plain_text_to_image": 2,
    "plain_named": 4,
    "text_to_image": 3,
    "named": 6,
    "full_body": 1,
    "chat": 12,
    "rollback": 7,
    "branches": 5,
    "edit": 6,
    "question": 5,
    "caption": 1,
    "point": 1,
    "crop": 1,
    "copy": 1,
    "face_to_image": 2,
    "paired": 1,
    "drill": 1,
    "echo": 1,
    "binding_words": 1,
}
MEASURED = ("named", "text_to_image", "question", "binding_words")
SKETCH_MEASURED = (
    "plain_named",
    "named",
    "rollback",
    "branches",
    "edit",
    "chat",
    "question",
    "face_to_image",
)

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
        Plan(steps=20_000, batch=24, learning_rate=1e-3, warmup_steps=30, average_decay=0.997),
        LanguageStage(
            mix=SKETCH_MIX,
            dialogues=dialogues_for(SKETCH_MIX, "sketch"),
            held_out=32,
            tokens_in_batch=2_600,
            flow_weight=0.0,  # the stage flow_head trains it
            guess_weight=0.5,
            change_weight=0.1,
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
        needs=(*tokens_need(PRESETS[scale]), "tokenizer", "language"),
        makes=("language", "token_head"),
        expected={"plain_named.error_regression": 0.13, "named.error_regression": 0.16}
        if scale == "sketch"
        else {},
    )
