"""The flow head to its end, on a language model that no longer changes.

Language stages train both token heads, but the flow sees a few pictures a step there, and a flow needs far
more draws than that. Here what the model says at the slots is computed once, and a step costs the head alone.
Two CPU cores, sketch: about 30 minutes of one core. One GPU, miniature (an estimate): 5 minutes.

    limner train flow_head --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe, tokens_need
from limner.training.stages.dialogue_counts import dialogues_for
from limner.training.stages.flow_head import FlowHeadStage

MIX = {
    "plain_text_to_image": 2,
    "text_to_image": 2,
    "plain_named": 2,
    "named": 3,
    "full_body": 1,
    "rollback": 2,
    "branches": 1,
    "edit": 1,
    "chat": 3,
    "face_to_image": 1,
}
# Some 2,000 pictures of each kind: a picture's hidden states take 32 kB.
SKETCH_DIALOGUES = {
    "plain_text_to_image": 3_000,
    "text_to_image": 3_000,
    "plain_named": 900,
    "named": 900,
    "full_body": 600,
    "rollback": 700,
    "branches": 400,
    "edit": 900,
    "chat": 900,
    "face_to_image": 1_000,
}

PLANS = {
    "tiny": (
        Plan(steps=60, batch=8, learning_rate=1e-3, warmup_steps=20),
        FlowHeadStage(
            mix=MIX, dialogues=dialogues_for(MIX, "tiny"), pictures=16, held_out=2, sampling_steps=4
        ),
    ),
    "sketch": (
        Plan(steps=6_000, batch=32, learning_rate=1e-3, warmup_steps=50, average_decay=0.999),
        FlowHeadStage(mix=MIX, dialogues=SKETCH_DIALOGUES, held_out=16),
    ),
    "miniature": (
        Plan(steps=20_000, batch=512, learning_rate=5e-4, warmup_steps=200, average_decay=0.9995),
        FlowHeadStage(
            mix=MIX,
            dialogues={kind: 10 * count for kind, count in SKETCH_DIALOGUES.items()},
            pictures=20_000,
            tokens_in_batch=49_152,
        ),
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(
        name="flow_head",
        preset=PRESETS[scale],
        plan=plan,
        build=stage,
        needs=(*tokens_need(PRESETS[scale]), "tokenizer", "language", "token_head"),
        makes=("token_head", "language"),
    )
