"""The whole ladder from nothing: every rung in order, resumable, ending in a folder that `limner.load`
understands.

Two CPU cores, sketch, `--jobs 2 --threads 1`: about two hours. One GPU, miniature (an estimate): hours.

    limner train miniature --scale sketch --out runs/sketch
    python -m limner.training.run miniature --scale sketch --out runs/sketch --jobs 2 --threads 1
"""

from limner.training.recipe import Ladder

WAVES = (
    ("vision", "autoencoder", "language_text", "senses"),
    ("detokenizer_natural", "language"),
    ("detokenizer_human", "stage1"),
    ("stage2",),
    ("stage3",),
    ("multi_round",),
)
# Minutes of one core for each rung of the sketch; other scales take the recipes' own numbers of steps.
SKETCH_MINUTES = {
    "vision": 14.0,
    "autoencoder": 6.0,
    "language_text": 14.0,
    "senses": 40.0,
    "detokenizer_natural": 3.0,
    "detokenizer_human": 8.0,
    "language": 40.0,
    "stage1": 3.0,
    "stage2": 3.0,
    "stage3": 3.0,
    "multi_round": 12.0,
}


def ladder(scale: str) -> Ladder:
    return Ladder(waves=WAVES, minutes=SKETCH_MINUTES if scale == "sketch" else {})
