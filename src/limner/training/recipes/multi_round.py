"""Multi-round dialogues: persons by name, full bodies, edits, roll-backs, and augmentations, 6 : 2 : 3 : 1.

Six parts multi-round (named, full body, rollback; at the small scales a little of single edits and of paired
faces, so that neither is forgotten), two of text to image (the prompts of stage 2), three of cropped faces,
one of questions. The paper (`--scale seed-x`): LoRA rank 1280, batch 512, 28,000 + 50,000 + 12,000 iterations
at 1e-4, 1e-5 and 1e-6, all in one run. One core of a CPU, sketch: 15 minutes. One GPU, miniature (an
estimate): three hours.

    limner train multi_round --scale sketch --out runs/sketch
    limner train multi_round --scale seed-x --variant lora64 --data named=FOLDER --data rollback=FOLDER \
        --data text_to_image=FOLDER --data crop=FOLDER --data question=FOLDER --out runs/seed-x
"""

from limner.training.language_recipe import Paper, Personalization
from limner.training.recipe import Recipe

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
# As above, the multi-round part shared out by the size of the paper's own sets (92,471 named, 24,793 full
# body).
PAPER_MIX = {
    "named": 7,
    "full_body": 2,
    "rollback": 3,
    "text_to_image": 4,
    "crop": 6,
    "question": 2,
}
STAGE = Personalization(
    name="multi_round",
    mix=MIX,
    measured=("named", "rollback", "crop", "text_to_image", "question"),
    sketch=(800, 6e-4),
    miniature=(60_000, 4e-4),
    paper=Paper(effective_batch=512, phases=((28_000, 1e-4), (50_000, 1e-5), (12_000, 1e-6)), mix=PAPER_MIX),
)


def recipe(scale: str, variant: str | None = None) -> Recipe:
    return STAGE.recipe(scale, variant)
