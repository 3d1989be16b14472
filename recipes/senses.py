"""The world's senses (face finder, face embedder, trait reader, text-image score), through which results are
measured.

Two CPU cores, sketch: about 16 minutes on one core. One GPU, miniature (an estimate): half an hour.

    limner train senses --scale sketch --out runs/sketch
"""

from limner.models.presets import PRESETS
from limner.perception.face_embedder import FaceEmbedderSizes
from limner.perception.face_finder import FaceFinderSizes
from limner.perception.trait_reader import TraitReaderSizes
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.stages.scene_labels import TRAIT_WORDS
from limner.training.stages.senses import SensesStage

TINY_SENSES = SensesStage(
    pictures=32,
    persons=6,
    held_out=16,
    held_out_persons=3,
    face_finder=FaceFinderSizes(image_size_px=32, width=8),
    face_embedder=FaceEmbedderSizes(image_size_px=32, widths=(8, 16), dim=16),
    trait_reader=TraitReaderSizes(
        words=TRAIT_WORDS, face_size_px=32, body_size_px=32, widths=(8, 16), dim=16
    ),
    score_size_px=32,
    score_widths=(8, 16),
)
PLANS = {
    "tiny": (Plan(steps=60, batch=4, learning_rate=2e-3, warmup_steps=20), TINY_SENSES),
    "sketch": (Plan(steps=2_000, batch=32, learning_rate=1.5e-3, warmup_steps=60), SensesStage()),
    "miniature": (
        Plan(steps=20_000, batch=128, learning_rate=1e-3, warmup_steps=500, average_decay=0.9995),
        SensesStage(pictures=60_000, persons=6_000, held_out=1_024, held_out_persons=200),
    ),
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(
        name="senses",
        preset=PRESETS[scale],
        plan=plan,
        build=stage,
        makes=("senses", "tokenizer"),
        expected={"faces_found": 0.96, "same_person": 0.68, "traits": 0.66, "captions": 0.52}
        if scale == "sketch"
        else {},
    )
