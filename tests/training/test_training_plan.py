"""Full-scale plans hold the paper's numbers, and the rate counts optimizer steps."""

from dataclasses import replace

import pytest

from limner.training.memory_plan import memory_plan
from limner.training.plan import Plan, learning_rate
from limner.training.recipe import Recipe
from limner.training.recipe_files import load_recipe
from limner.training.stages.language import LanguageStage

# Supplement, "Training details": iterations, effective batch, first rate.
PAPER = {
    "detokenizer_natural": (180_000, 1024, 1e-5),
    "detokenizer_human": (96_000, 1024, 1e-5),
    "stage1": (6_000, 1024, 1e-5),
    "stage2": (30_000, 512, 1e-6),
    "stage3": (24_000, 1024, 1e-7),
    "multi_round": (90_000, 512, 1e-4),
}


def _recipe(name: str, variant: str | None = None) -> Recipe:
    module = load_recipe(name)
    recipe: Recipe = module.recipe("seed-x", variant) if variant else module.recipe("seed-x")
    return recipe


@pytest.mark.parametrize("name", PAPER)
def test_full_scale_plans_are_the_paper_s(name: str) -> None:
    plan = _recipe(name).plan
    steps, batch, rate = PAPER[name]
    assert (plan.steps, plan.samples_per_step) == (steps, batch)
    assert learning_rate(plan, 0) == rate
    assert (plan.betas, plan.epsilon, plan.weight_decay, plan.clip_norm) == ((0.9, 0.98), 1e-6, 0.05, 1.0)
    if name != "multi_round":
        assert learning_rate(plan, steps - 1) == rate


def test_multi_round_lowers_its_rate_twice() -> None:
    plan = _recipe("multi_round").plan
    rates = [learning_rate(plan, step) for step in (27_999, 28_000, 77_999, 78_000, 89_999, 90_000)]
    assert rates == [1e-4, 1e-5, 1e-5, 1e-6, 1e-6, 1e-6]
    short = replace(plan, steps=90)
    assert [learning_rate(short, step) for step in (27, 28, 77, 78)] == [1e-4, 1e-5, 1e-5, 1e-6]


def test_mixes_and_adapters_are_the_paper_s() -> None:
    stage, rank = _recipe("multi_round").build, {}
    assert isinstance(stage, LanguageStage)
    multi_round = sum(stage.mix[kind] for kind in ("named", "full_body", "rollback"))
    assert (multi_round, stage.mix["text_to_image"], stage.mix["crop"], stage.mix["question"]) == (
        12,
        4,
        6,
        2,
    )
    stage3 = _recipe("stage3").build
    assert isinstance(stage3, LanguageStage)
    assert stage3.mix == {"face_to_image": 1, "paired": 2}
    assert (stage3.attention_weight, stage3.keep_routing, stage3.heads) == (0.0, False, ("regression",))
    for variant in ("paper", "lora64"):
        built = _recipe("stage1", variant).build
        assert isinstance(built, LanguageStage)
        assert built.lora is not None
        assert built.lora.rank == built.lora.alpha
        rank[variant] = built.lora.rank
    assert rank == {"paper": 1280, "lora64": 64}
    with pytest.raises(ValueError, match="trained with adapters"):
        _recipe("stage1", "whole")


def test_micro_batches_fit_the_memory_and_leave_the_effective_batch() -> None:
    plan = Plan(steps=1, batch=4, accumulation=128)
    smaller = plan.in_micro_batches_of(1)
    assert (smaller.batch, smaller.accumulation, smaller.samples_per_step) == (1, 512, 512)
    with pytest.raises(ValueError, match="choose a divisor"):
        plan.in_micro_batches_of(3)


def test_the_memory_plan_counts_rank_1280_as_five_billion_more() -> None:
    small, large = (memory_plan(_recipe("stage1", variant), processes=1) for variant in ("lora64", "paper"))
    per_rank = 40 * (4 * 2 * 5120 + 3 * (5120 + 13824)) / 1e9  # billions
    assert large.trained - small.trained == pytest.approx((1280 - 64) * per_rank, rel=1e-6)
    assert 13.0 < small.frozen < 13.1
    shared = memory_plan(_recipe("stage1"), processes=8)
    assert shared.moments == pytest.approx(large.moments / 8)
    assert large.total < 141
    assert shared.total < 80
