"""Name binding from text alone: the phase transition that pictures learn a hundred times more slowly.

Attention supervision (`training/attention_supervision.py`) brings the transition after some 5,000 samples
instead of 141,000.
One CPU core, sketch: 15 minutes. One GPU, miniature (an estimate): 10 minutes.

    limner train language_text --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.stages.language import LanguageStage

MIX = {"drill": 3, "echo": 1, "binding_words": 2, "binding_text": 1}
MEASURED = ("drill", "echo", "binding_words", "binding_text")


def _stage(count: int, held_out: int, tokens_in_batch: int) -> LanguageStage:
    return LanguageStage(
        mix=MIX,
        dialogues=dict.fromkeys(MIX, count),
        held_out=held_out,
        tokens_in_batch=tokens_in_batch,
        fresh=True,
        whole_text=True,
        measured=MEASURED,
    )


# Small batches: binding comes after a number of steps, hardly after a number of samples.
PLANS = {
    "tiny": (Plan(steps=60, batch=8, learning_rate=2e-3, warmup_steps=20), _stage(64, 8, 2_048)),
    "sketch": (Plan(steps=900, batch=24, learning_rate=1.2e-3, warmup_steps=30), _stage(20_000, 96, 2_400)),
    "miniature": (
        Plan(steps=20_000, batch=128, learning_rate=1e-3, warmup_steps=500, average_decay=0.999),
        _stage(200_000, 512, 32_768),
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(
        name="language_text",
        preset=PRESETS[scale],
        plan=plan,
        build=stage,
        makes=("tokenizer", "language", "token_head"),
    )
