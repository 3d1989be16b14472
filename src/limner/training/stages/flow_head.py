"""The stage that finishes the flow head on a language model that no longer changes.

A flow needs many more draws than a language model needs samples. What the model says at the slots is computed
once (`slot_cache.py`), so that a step costs the head alone. Knows the head's loss; nothing about pixels.

Legend: B pictures, K image tokens of a picture, D token width, W width of the hidden states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from limner.models.flow import random_noise
from limner.training.batches import draw
from limner.training.components import (
    frozen_encoder,
    is_made,
    read_heads,
    text_tokenizer,
    write_component,
)
from limner.training.copy_supervision import read_exactly
from limner.training.draft_dialogues import reads_scene_tokens
from limner.training.heads import BothHeads
from limner.training.kinds import crop_encoder, kind_laid_out
from limner.training.language_network import build_language
from limner.training.run_context import RunContext
from limner.training.scene_heads import learn_dependents
from limner.training.slot_cache import SlotCache, slot_cache
from limner.training.state import SampleRng
from limner.training.throughput import Meter

FITTED_PICTURES = 512
READ_PICTURES = 1_000
MEASURED_AT_ONCE = 64


@dataclass(frozen=True, kw_only=True)
class FlowHeadStage:
    """Of which dialogues the pictures are, and how they are drawn."""

    mix: Mapping[str, int]  # kind of dialogue -> its share of the pictures
    dialogues: Mapping[str, int]  # kind -> how many there are; each is run through the language model once
    pictures: int = 6_000  # of each kind, at most: a picture's hidden states take as much as its pixels
    held_out: int = 48  # dialogues of each kind
    tokens_in_batch: int = 4096  # places in a forward of the language model
    own_history: bool = False  # every other history holds the model's own predictions, where that is known
    draws: int = 2  # of noise, for each picture in a step
    hidden_noise: float = 0.02  # later words change these states a little; no two pictures are told by them
    sampling_steps: int = 12

    def __call__(self, context: RunContext) -> FlowHeadTask:
        return FlowHeadTask(self, context)


class FlowHeadTask:
    """Held out: the velocity's error, and of samples and of the guess alone the mean squared error of image
    tokens (1 knows nothing; a sample's is up to twice the regression's by its nature).
    """

    def __init__(self, stage: FlowHeadStage, context: RunContext) -> None:
        self.stage, self.context = stage, context
        self.heads = BothHeads(context.preset).to(context.device)
        self._language = build_language(context, None).eval().requires_grad_(False)
        # Where the world's scene tokens are the image tokens, no picture is drawn and none is encoded.
        self._encoder = None if reads_scene_tokens(context.preset) else frozen_encoder(context)
        self._crops = crop_encoder(context)
        self._tokenizer = text_tokenizer(context)
        if is_made(context.model_folder, "token_head"):
            read_heads(context, self.heads.heads)
        kinds = context.chosen(tuple(stage.mix))
        self._shares = np.array([stage.mix[kind] for kind in kinds], dtype=np.float64)
        self._shares /= self._shares.sum()
        self._train = [self._slots(kind, stage.dialogues[kind], "train") for kind in kinds]
        self._test = [self._slots(kind, stage.held_out, "test") for kind in kinds]
        flow = self.heads.flow
        if not float(flow.guess.weight.detach().abs().sum()):
            rng = np.random.default_rng(context.seed)
            flow.fit(*self._pictures(self._train, rng, FITTED_PICTURES))
        flow.draws = stage.draws
        self.network: nn.Module = flow
        self.meter = Meter()

    def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        hidden_BKW, tokens_BKD = self._pictures(self._train, sample_rng.numpy(), batch)
        generator = sample_rng.torch(self.context.device)
        hidden_BKW = hidden_BKW + self.stage.hidden_noise * random_noise(hidden_BKW, generator)
        self.meter.add(images=float(len(hidden_BKW)))
        total = self.heads.flow.loss(hidden_BKW, tokens_BKD, generator)
        return total, {"loss": total.detach()}

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        flow, device = self.heads.flow, self.context.device
        sums, count = np.zeros(4), 0
        generator = torch.Generator(device).manual_seed(0)
        for slots in self._test:
            for start in range(0, len(slots), MEASURED_AT_ONCE):
                rows = np.arange(start, min(start + MEASURED_AT_ONCE, len(slots)))
                hidden_BKW, tokens_BKD = slots.take(rows, device)
                drawn = {
                    temperature: flow.predict(
                        hidden_BKW, rows.tolist(), steps=self.stage.sampling_steps, temperature=temperature
                    )
                    for temperature in (1.0, 0.0)
                }
                known = self.heads.regression.predict(hidden_BKW)
                sums += [
                    float(flow.losses(hidden_BKW, tokens_BKD, generator).sum()),
                    *(
                        float((tokens - tokens_BKD).square().mean(dim=(1, 2)).sum())
                        for tokens in (drawn[1.0], drawn[0.0], known)
                    ),
                ]
                count += len(rows)
        names = ("loss", "error_sample", "error_typical", "error_regression")
        return dict(zip(names, (sums / count).tolist(), strict=True))

    def write(self) -> None:
        """Write `token_head/`: the trained flow, the regression as it was; and `language/`, whose copies are
        to be read by it as they are.
        """
        if self._language.copy is not None:
            rng = np.random.default_rng(self.context.seed)
            _, tokens_BKD = self._pictures(self._train, rng, READ_PICTURES)
            generator = torch.Generator().manual_seed(self.context.seed)
            read_exactly(self._language, self.heads.flow.guess, tokens_BKD, generator)
            write_component(self.context, "language", self._language)
        dependent = self.heads.flow.dependent
        if dependent is not None and reads_scene_tokens(self.context.preset) and not bool(dependent.knows):
            learn_dependents(dependent, self.context.seed)
        write_component(self.context, "token_head", self.heads.heads)

    def _pictures(
        self, sample_caches: list[SlotCache], rng: np.random.Generator, count: int
    ) -> tuple[Tensor, Tensor]:
        """About `count` pictures of all kinds by their shares: (hidden states, true tokens)."""
        numbers = rng.multinomial(count, self._shares)
        parts = [
            sample_cache.take(
                np.sort(draw(rng, len(sample_cache), min(int(number), len(sample_cache)))),
                self.context.device,
            )
            for sample_cache, number in zip(sample_caches, numbers, strict=True)
            if number
        ]
        hidden, tokens = zip(*parts, strict=True)
        return torch.cat(hidden), torch.cat(tokens)

    def _slots(self, kind: str, count: int, split: str) -> SlotCache:
        source = kind_laid_out(
            self.context,
            self._tokenizer,
            kind,
            count,
            split,
            held_out=self.stage.held_out,
            crops=self._crops,
        )
        # Which picture repaints which is known of the world's scenes alone.
        is_world = self._encoder is None and kind not in self.context.data
        return slot_cache(
            source,
            self._language,
            self._encoder,
            self.context.cache_folder / "slots",
            self.context.device,
            most_pictures=self.stage.pictures,
            tokens_in_batch=self.stage.tokens_in_batch,
            own_history=self.heads.regression if is_world and self.stage.own_history else None,
        )
