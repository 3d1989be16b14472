"""Every stage that trains the language model: text alone, text about pictures, pictures by name,
personalization.

They differ in their mix of dialogues, so that there is one stage and many recipes. Knows sample caches,
packing and heads; the frozen encoder makes image tokens of all pictures beforehand. Knows nothing about
pixels or diffusion.

Legend: B dialogues, N sequence, K image tokens of a picture, D token width, W width of the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from limner.dataset.mixture import MixtureSampler
from limner.models.adapters import LoraSizes
from limner.models.filling import copy_into
from limner.models.packing import PackedBatch, loss
from limner.models.precision import autocast
from limner.models.resampler_start import keep_routing
from limner.models.token_head import HEAD_KINDS, TokenHead
from limner.models.unfilled import unfilled
from limner.training.attention_supervision import HEADS, AttentionTargets, Watch, attention_loss, watching
from limner.training.components import (
    is_made,
    read_heads,
    text_tokenizer,
    write_adapter_component,
    write_component,
)
from limner.training.copy_supervision import Copying, copy_loss, copying, fit_copies
from limner.training.heads import BothHeads
from limner.training.kinds import crop_encoder, kind_laid_out
from limner.training.language_data import LaidOut, draw_batch
from limner.training.language_network import LanguageCosts, build_language, fill_language
from limner.training.own_history import REPAIRED, SAME, Repaints, predicted_history
from limner.training.run_context import RunContext
from limner.training.stages.language_metrics import MeasuredBatch, close_up_rounds, measure
from limner.training.stages.vocabulary import make_vocabulary
from limner.training.state import SampleRng
from limner.training.throughput import Meter

MEASURED_AT_ONCE = 8
OWN_HISTORY = 2  # a stream of random numbers
TOLD = ("text", "text_accuracy", "image", *(f"look_{head}" for head in (*HEADS, "copy", "back", "change")))


@dataclass(frozen=True, kw_only=True)
class LanguageStage:
    """What is talked about, and how."""

    mix: Mapping[str, int]  # kind of dialogue -> its share of micro-batches
    dialogues: Mapping[str, int]  # kind -> how many are rendered
    held_out: int = 48  # of each kind
    tokens_in_batch: int = 4096  # places in a micro-batch, padding included
    text_weight: float = 1.0
    image_weight: float = 6.0
    flow_weight: float = 0.25
    flow_detached: bool = False
    flow_pictures: int = 6
    flow_draws: int = 2
    guess_weight: float = 0.0  # of the flow head's linear guess, where the flow itself is trained later
    attention_weight: float = 1.0  # of `attention_supervision.py`; 0 leaves attention to itself
    copy_weight: float = 2.0  # of `copy_supervision.py`, where the scale has a copy attention
    # Share of batches with the model's own predictions in the history (`own_history.py`), where it is known
    # what repaints what: of the world's dialogues.
    own_history: float = 0.0
    change_weight: float = 0.0  # of `loss_weights.py`: how much more the tokens count that an edit changes
    keep_routing: bool = True  # resamplers that start as copies stay so; False where weights are public ones
    whole_text: bool = False  # users' words are targets too; held-out numbers never count them
    fresh: bool = False  # start from random weights instead of what earlier stages left
    measured: tuple[str, ...] = ()  # kinds that are measured; all of the mix when empty
    lora: LoraSizes | None = None  # adapters on a frozen language model instead of the whole model
    frozen: bool = False  # resamplers, slots and token heads learn alone
    heads: tuple[str, ...] = HEAD_KINDS
    recompute: bool = False  # keep each layer's input alone and compute the rest anew on the way back

    def __call__(self, context: RunContext) -> LanguageTask:
        return LanguageTask(self, context)


class LanguageTask:
    """Held out, for each kind: answers written exactly, image-token error of both heads, right persons."""

    def __init__(self, stage: LanguageStage, context: RunContext) -> None:
        self.stage, self.context = stage, context
        preset = context.preset
        if not is_made(context.model_folder, "tokenizer"):
            make_vocabulary(context)
        self._tokenizer = text_tokenizer(context)
        self.meter = Meter()
        # Several processes never hold all of it, but for tied weights, which come apart without content.
        self._later = context.team.size > 1 and not preset.language.tie_embeddings
        self.language = build_language(
            context,
            stage.lora,
            fresh=stage.fresh,
            recompute=stage.recompute,
            later=self._later,
            frozen=stage.frozen,
        )
        self._costs = LanguageCosts.of(self.language)
        with unfilled() if self._later else nullcontext():
            self.heads = self._random_heads()
        self.network: nn.Module = nn.ModuleDict({"language": self.language, "heads": self.heads})
        if not self._later:
            self.network.to(context.device)
            self._read_heads(self.heads)
        if stage.keep_routing:
            keep_routing(self.language.input_resampler, self.heads.regression.output_resampler)
        mix = {kind: stage.mix[kind] for kind in context.chosen(tuple(stage.mix))}
        self._crops = crop_encoder(context)
        self._train = {
            kind: self._laid_out(kind, stage.dialogues[kind], "train", whole_text=stage.whole_text)
            for kind in mix
        }
        sizes = {kind: len(source.by_length) for kind, source in self._train.items()}
        self._sampler = MixtureSampler(sizes=sizes, ratios=mix, seed=context.seed)
        copy = self.language.copy
        if copy is not None and not stage.fresh and not self._later and copy.is_new:
            self._fit_copies()
        measured = [kind for kind in stage.measured if kind in mix] or list(mix)
        self._test = {kind: self._laid_out(kind, stage.held_out, "test") for kind in measured}

    def fill(self) -> None:
        """See `FilledLater`: the heads are made whole in main memory, where they are small."""
        if self._later:
            fill_language(self.context, self.language, fresh=self.stage.fresh)
            heads = self._random_heads()
            self._read_heads(heads, device=torch.device("cpu"))
            whole = heads.state_dict()
            for name, own in self.heads.state_dict().items():
                copy_into(own, whole[name])

    def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        kind, indices = draw_batch(
            self._train,
            self._sampler,
            sample_rng,
            tokens_in_batch=self.stage.tokens_in_batch,
            most_dialogues=batch,
        )
        source, device = self._train[kind], self.context.device
        # Where a head should look is known of the world's dialogues alone, and heads of our own LLaMA alone.
        own = not self.context.preset.language.public_config
        is_world = own and kind not in self.context.data and not self._crops
        targets = source.attention_targets(indices) if is_world and self.stage.attention_weight else None
        packed = source.batch(indices).to(device)
        self._count(packed)
        generator = sample_rng.torch(device)
        repaints, apart = source.repaints(indices) if is_world else None, SAME
        if repaints is not None and sample_rng.numpy(OWN_HISTORY).random() < self.stage.own_history:
            head, apart = self.heads.regression, REPAIRED
            packed = predicted_history(self.language, head, packed, repaints, generator)
        total, metrics = self._loss(packed, generator, targets, repaints, apart)
        told = {name: metrics[name] for name in TOLD if name in metrics}
        return total, {f"{kind}.{name}": value for name, value in told.items()}

    def validate(self) -> dict[str, float]:
        numbers: dict[str, float] = {}
        for kind, source in self._test.items():
            found = measure(self.language, self.heads, self._batches(source), self.context.device)
            numbers.update({f"{kind}.{name}": value for name, value in found.items()})
        return numbers

    def write(self) -> None:
        """Write `language/` (or `adapter/` beside it) and `token_head/`."""
        if self.stage.lora is None:
            write_component(self.context, "language", self.language)
        else:
            write_adapter_component(self.context, self.language)
        write_component(self.context, "token_head", self.heads.heads)

    def _loss(
        self,
        packed: PackedBatch,
        generator: torch.Generator,
        targets: AttentionTargets | None,
        repaints: Repaints | None,
        apart: float,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        looked = watching(self.language) if targets is not None else nullcontext(Watch())
        copies = self.language.copy is not None and repaints is not None and packed.num_painted > 0
        calls: list[Copying] = []
        with looked as watch, ExitStack() as stack:
            if copies:
                calls = stack.enter_context(copying(self.language))
            total, metrics = loss(
                self.language,
                cast("TokenHead", self.heads),  # packing asks a head for nothing but `losses`
                packed,
                generator=generator,
                text_weight=self.stage.text_weight,
                image_weight=self.stage.image_weight,
            )
        if targets is not None:
            looked_elsewhere, looks = attention_loss(self.language, watch, packed, targets)
            total, metrics = total + self.stage.attention_weight * looked_elsewhere, metrics | looks
        if calls and repaints is not None:
            not_copied, looks = copy_loss(calls[0], packed, repaints, apart=apart)
            total, metrics = total + self.stage.copy_weight * not_copied, metrics | looks
        return total, metrics

    def _fit_copies(self) -> None:
        batches = []
        for kind, source in self._train.items():
            if kind not in self.context.data and not self._crops:
                indices = [int(index) for index in source.by_length[:MEASURED_AT_ONCE]]
                batches.append((source.batch(indices).to(self.context.device), source.repaints(indices)))
        with autocast(self.context.device):
            fit_copies(self.language, batches)

    def _random_heads(self) -> BothHeads:
        stage = self.stage
        torch.manual_seed(self.context.seed + 1)
        return BothHeads(
            self.context.preset,
            flow_detached=stage.flow_detached,
            flow_weight=stage.flow_weight,
            flow_pictures=stage.flow_pictures,
            flow_draws=stage.flow_draws,
            guess_weight=stage.guess_weight,
            kinds=stage.heads,
        )

    def _read_heads(self, heads: BothHeads, device: torch.device | None = None) -> None:
        if not self.stage.fresh and is_made(self.context.model_folder, "token_head"):
            read_heads(self.context, heads.heads, device=device)

    def _batches(self, source: LaidOut) -> Iterator[MeasuredBatch]:
        for start in range(0, len(source.by_length), MEASURED_AT_ONCE):
            indices = [int(index) for index in source.by_length[start : start + MEASURED_AT_ONCE]]
            yield (
                source.batch(indices),
                [close_up_rounds(source.sample_cache.dialogue(index)) for index in indices],
            )

    def _count(self, packed: PackedBatch) -> None:
        """Places that hold something, and pictures painted."""
        places, flops = float(packed.lengths_B.sum()), self._costs.flops(packed)
        self.meter.add(tokens=places, images=float(packed.num_painted), flops=flops)

    def _laid_out(self, kind: str, count: int, split: str, *, whole_text: bool = False) -> LaidOut:
        return kind_laid_out(
            self.context,
            self._tokenizer,
            kind,
            count,
            split,
            held_out=self.stage.held_out,
            whole_text=whole_text,
            change_weight=self.stage.change_weight if split == "train" else 0.0,
            crops=self._crops,
        )
