"""A second set of perceptual models, of another seed: a second opinion on what the judge measures.

It sees other people, other scenes and other first weights (all follow from the plan's seed), and lies in
OUT/teacher, beside the checkpoint and never in it. Face embedder and trait reader are trained; face finder
and text score are the judge's, and serve to measure the teacher alone. Needs the judge (`senses`) in
OUT/model for these and for the vocabulary.

Sketch (an estimate from `senses`, of which these two are most): 10 minutes to render on one core, then 35.

    limner train senses_teacher --scale sketch --out runs/sketch
    limner evaluate ... --judge runs/sketch/teacher    (a second opinion on anything measured)
"""

from dataclasses import replace

from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe
from limner.training.recipes import senses
from limner.training.stages.senses import TAUGHT, TEACHER, SensesStage

SEED = 1  # the judge's is 0
PLANS: dict[str, tuple[Plan, SensesStage]] = {
    scale: (replace(plan, seed=SEED), replace(stage, role=TEACHER, learns=TAUGHT))
    for scale, (plan, stage) in senses.PLANS.items()
}


def recipe(scale: str) -> Recipe:
    plan, stage = PLANS[scale]
    return Recipe(
        name="senses_teacher",
        preset=PRESETS[scale],
        plan=plan,
        build=stage,
        needs=("senses", "tokenizer"),
    )
