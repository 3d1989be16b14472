"""The world's perceptual models (face finder, face embedder, trait reader, text-image score), through which
results are measured.

They learn from pictures of 128 and of 256 px alike, each made worse in every other draw, so that a painted
face that is merely soft is still read. Sketch: 20,000 scenes of people and 24,000 views of 6,000 persons,
about 10 minutes to render on one core, then 0.9 s of one core a step, 45 minutes in all. The shipped weights
are of four such runs side by side, one for each model (`SensesStage.learns`), two of them stopped by the
clock (docs/LOG.md has their steps) while they were still getting better; reader and score then went on for
3,000 steps more, 28 minutes of a core. A run whose folder has such models goes on from them. One GPU,
miniature (an estimate): an hour.

    limner train senses --scale sketch --out runs/sketch
    python benchmarks/senses.py --model runs/sketch/model
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
    sizes_px=(32, 48),
    pictures=24,
    persons=6,
    held_out=8,
    held_out_persons=4,
    face_finder=FaceFinderSizes(image_size_px=32, width=8),
    face_embedder=FaceEmbedderSizes(image_size_px=32, widths=(8, 16), depth=1, dim=16),
    trait_reader=TraitReaderSizes(
        words=TRAIT_WORDS, face_size_px=32, body_size_px=32, widths=(8, 16), depth=1, dim=16
    ),
    score_size_px=32,
    score_widths=(8, 16),
)
PLANS = {
    "tiny": (Plan(steps=60, batch=4, learning_rate=2e-3, warmup_steps=20), TINY_SENSES),
    "sketch": (
        Plan(
            steps=3_000,
            batch=32,
            learning_rate=4e-3,
            optimizer="muon",
            weight_decay=0.05,
            warmup_steps=60,
            validations=2,
        ),
        SensesStage(),
    ),
    "miniature": (
        Plan(
            steps=20_000,
            batch=128,
            learning_rate=4e-3,
            optimizer="muon",
            weight_decay=0.05,
            warmup_steps=200,
            average_decay=0.9995,
        ),
        SensesStage(pictures=40_000, persons=15_000, held_out=1_024, held_out_persons=500),
    ),
}
# Of the shipped weights: `python benchmarks/senses.py`.
EXPECTED = {"faces_found": 0.97, "traits": 0.85, "same_person": 0.87, "right_of_two": 0.94, "captions": 0.84}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(
        name="senses",
        preset=PRESETS[scale],
        plan=plan,
        build=stage,
        makes=("senses", "tokenizer"),
        expected=EXPECTED if scale == "sketch" else {},
    )
