"""One shape for the recipes that personalize the language model: stages 1 to 3 and multi-round dialogues.

They differ in their mix and in how long and how fast each scale learns. Knows numbers only. Full scale
follows the paper's supplement ("Training details") and trains as SEED-X does (LoRA, regression alone,
attention left to itself).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from limner.models.adapters import LoraSizes
from limner.models.presets import PRESETS
from limner.training.plan import Plan
from limner.training.recipe import Recipe, tokens_need
from limner.training.stages.dialogue_counts import dialogues_for
from limner.training.stages.language import LanguageStage

Variant = Literal["whole", "paper", "lora64", "frozen"]
# frozen: the language model learns nothing, what stands between it and pictures does.
VARIANTS: Final[tuple[Variant, ...]] = ("whole", "paper", "lora64", "frozen")
FROZEN: Final = "frozen"
FULL_SCALE: Final = "seed-x"
# The paper's rank equals alpha: an adapter of a quarter of the model's width. 64 is what one GPU trains at
# leisure.
LORA: Final[Mapping[str, LoraSizes]] = {
    "paper": LoraSizes(rank=1280, alpha=1280),
    "lora64": LoraSizes(rank=64, alpha=64),
}
DIALOGUES_IN_MICRO_BATCH: Final = 4
# Never the limit at full scale, so that an effective batch of 512 is 512 dialogues: no dialogue in a context
# of 2,048 takes more places than this, its pictures standing in it twice.
PLACES_OF_A_DIALOGUE: Final = 4_096


@dataclass(frozen=True, kw_only=True)
class Paper:
    """The paper's numbers of one stage: dialogues in an optimizer step, and the sequence of (iterations,
    learning rate).
    """

    effective_batch: int
    phases: tuple[tuple[int, float], ...]
    mix: Mapping[str, int]

    @property
    def plan(self) -> Plan:
        """The paper's AdamW is every plan's; weights are not averaged there, and nothing is said of a
        warm-up.
        """
        steps = sum(count for count, _ in self.phases)
        return Plan(
            steps=steps,
            batch=DIALOGUES_IN_MICRO_BATCH,
            accumulation=self.effective_batch // DIALOGUES_IN_MICRO_BATCH,
            learning_rate=self.phases[0][1],
            phases=self.phases,
            weight_decay=0.05,
            warmup_steps=0,
            average_decay=0.0,
            save_every_s=1_800.0,
        )


@dataclass(frozen=True, kw_only=True)
class Personalization:
    """One stage at every scale. `sketch` and `miniature`: (steps, learning rate)."""

    name: str
    mix: Mapping[str, int]
    measured: tuple[str, ...]
    sketch: tuple[int, float]
    miniature: tuple[int, float]
    paper: Paper
    expected: Mapping[str, float] = field(default_factory=dict)

    def recipe(self, scale: str, variant: str | None = None) -> Recipe:
        """The recipe at `scale`; `variant` defaults to the paper's at full scale and to the whole model
        elsewhere.

        Raises:
            ValueError: no such variant, or the whole model at full scale.
        """
        variant = variant or ("paper" if scale == FULL_SCALE else "whole")
        if variant not in VARIANTS:
            raise ValueError(f"There is no variant {variant!r}; choose one of {', '.join(VARIANTS)}.")
        if scale == FULL_SCALE and variant == "whole":
            raise ValueError(f"{FULL_SCALE} is trained with adapters; choose the variant paper or lora64.")
        lora = LORA.get(variant)
        plan, stage = self._full(lora) if scale == FULL_SCALE else self._small(scale, lora)
        if variant == FROZEN:
            stage = replace(stage, frozen=True, attention_weight=0.0, keep_routing=False)
        return Recipe(
            name=self.name if variant != FROZEN else f"{self.name}_{FROZEN}",
            preset=PRESETS[scale],
            plan=plan,
            build=stage,
            needs=(*tokens_need(PRESETS[scale]), "tokenizer", "language"),
            makes=("language" if lora is None else "adapter", "token_head"),
            expected=self.expected if scale == "sketch" else {},
        )

    def _small(self, scale: str, lora: LoraSizes | None) -> tuple[Plan, LanguageStage]:
        dialogues = dialogues_for(self.mix, scale)
        if scale == "tiny":
            plan = Plan(steps=60, batch=4, learning_rate=1e-3, warmup_steps=20)
            return plan, LanguageStage(
                mix=self.mix,
                dialogues=dialogues,
                held_out=4,
                tokens_in_batch=1_024,
                measured=self.measured[:1],
                lora=lora,
            )
        if scale == "sketch":
            steps, rate = self.sketch
            plan = Plan(
                steps=steps, batch=12, accumulation=2, learning_rate=rate, warmup_steps=30, validations=3
            )
            return plan, LanguageStage(
                mix=self.mix,
                dialogues=dialogues,
                held_out=32,
                tokens_in_batch=2_400,
                measured=self.measured,
                lora=lora,
            )
        steps, rate = self.miniature
        plan = Plan(
            steps=steps, batch=96, accumulation=2, learning_rate=rate, warmup_steps=200, average_decay=0.9995
        )
        return plan, LanguageStage(
            mix=self.mix,
            dialogues=dialogues,
            held_out=192,
            tokens_in_batch=49_152,
            flow_pictures=128,
            measured=self.measured,
            lora=lora,
        )

    def _full(self, lora: LoraSizes | None) -> tuple[Plan, LanguageStage]:
        mix = self.paper.mix
        return self.paper.plan, LanguageStage(
            mix=mix,
            dialogues=dialogues_for(mix, FULL_SCALE),
            held_out=64,
            tokens_in_batch=DIALOGUES_IN_MICRO_BATCH * PLACES_OF_A_DIALOGUE,
            measured=tuple(kind for kind in self.measured if kind in mix),
            attention_weight=0.0,
            keep_routing=False,
            lora=lora,
            heads=("regression",),
            recompute=True,
        )
