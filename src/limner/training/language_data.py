"""Sample caches of dialogues as packed batches: which kind, which dialogues of similar length, laid out and
joined.

Knows ratios, lengths and token budgets. Knows nothing about networks' losses.

Legend: B dialogues, N sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from limner.dataset.mixture import MixtureSampler
from limner.dialogue.parts import Dialogue
from limner.models.packing import Layout, PackedBatch, collate, lay_out
from limner.models.prompt import TextSegment, segments
from limner.models.tokenizer import TextTokenizer
from limner.training.attention_supervision import AttentionTargets, Pointers, pointers_of
from limner.training.crop_tokens import CropEncoder
from limner.training.loss_weights import loss_weights
from limner.training.own_history import Repaints
from limner.training.state import SampleRng


class DialogueSource(Protocol):
    """Dialogues of one kind: a sample cache of the world's, or a folder of data."""

    @property
    def kind(self) -> str: ...

    @property
    def lengths(self) -> list[int]:
        """How long each dialogue is, roughly; cheap to know."""

    def dialogue(self, index: int) -> Dialogue: ...


# A batch is drawn from this many times its number of neighbours in length, so that batches still differ.
NEIGHBOURS = 8
MOST_KEPT = 5_000  # layouts; drafted dialogues never end, and a layout takes 10 kB


@dataclass(frozen=True, kw_only=True)
class LaidOut:
    """The dialogues of one kind, laid out when first needed and then kept for a while."""

    sample_cache: DialogueSource
    image_tokens: Mapping[str, Tensor]
    tokenizer: TextTokenizer
    num_image_tokens: int
    context_tokens: int
    layouts: dict[int, Layout]
    pointers: dict[int, Pointers]
    whole_text: bool
    change_weight: float
    by_length: np.ndarray  # indices, shortest text first: the order in which batches are neighbours
    crops: CropEncoder | None = None  # where pictures that are given enter as crops

    def layout(self, index: int) -> Layout:
        """Dialogue `index` as a sequence."""
        if index not in self.layouts:
            if len(self.layouts) >= MOST_KEPT:
                self.layouts.clear()
                self.pointers.clear()
            self.layouts[index] = self._fitting(self.sample_cache.dialogue(index))
        return self.layouts[index]

    def _fitting(self, dialogue: Dialogue) -> Layout:
        """Every round a target; a dialogue longer than the context loses its last rounds."""
        crop_px = None if self.crops is None else self.crops.crop_px
        rounds = [segments(round_, self.tokenizer, crop_px) for round_ in dialogue.rounds]
        if self.whole_text:
            rounds = [
                [replace(part, supervised=True) if isinstance(part, TextSegment) else part for part in parts]
                for parts in rounds
            ]
        for count in range(len(rounds), 0, -1):
            layout = lay_out(rounds[:count], self.num_image_tokens)
            if int(layout.positions.max()) < self.context_tokens:
                return layout
        raise ValueError(
            f"The first round of a {self.sample_cache.kind!r} dialogue is longer than the context "
            f"({self.context_tokens}); make its text shorter or the context longer."
        )

    def batch(self, indices: Sequence[int]) -> PackedBatch:
        """These dialogues as one batch."""
        layouts = [self.layout(index) for index in indices]
        for index, layout in zip(indices, layouts, strict=True):
            # Drafted dialogues' tokens are forgotten sooner than layouts.
            if any(key not in self.image_tokens for key in (*layout.seen_keys, *layout.painted_keys)):
                self.sample_cache.dialogue(index)
        tokens = self.image_tokens
        if self.crops is not None:
            tokens = self.crops.beside(tokens, [self.sample_cache.dialogue(index) for index in indices])
        packed = collate(layouts, tokens)
        if self.change_weight == 0 or not packed.num_painted:
            return packed
        weights = [loss_weights(layout, tokens, self.change_weight) for layout in layouts]
        return replace(packed, painted_weights_TK=torch.cat([w for w in weights if len(w)]))

    def attention_targets(self, indices: Sequence[int]) -> AttentionTargets:
        """Where the supervised heads of this batch should look."""
        return AttentionTargets.joined(self._pointers(indices))

    def repaints(self, indices: Sequence[int]) -> Repaints:
        """What the pictures of this batch take from earlier ones."""
        pictures = [np.asarray(found["picture"]) for found in self._pointers(indices)]
        return Repaints.of([self.layout(index) for index in indices], pictures)

    def _pointers(self, indices: Sequence[int]) -> list[Pointers]:
        for index in indices:
            if index not in self.pointers:
                dialogue = self.sample_cache.dialogue(index)
                self.pointers[index] = pointers_of(
                    dialogue, self.layout(index), self.tokenizer, self.image_tokens
                )
        return [self.pointers[index] for index in indices]


def laid_out(
    sample_cache: DialogueSource,
    image_tokens: Mapping[str, Tensor],
    tokenizer: TextTokenizer,
    *,
    num_image_tokens: int,
    context_tokens: int,
    whole_text: bool = False,
    change_weight: float = 0.0,
    crops: CropEncoder | None = None,
) -> LaidOut:
    """The dialogues of `sample_cache` ready for batches."""
    # A rough length stands for the sequence's: laying all out takes longer than it saves.
    order = np.argsort(sample_cache.lengths, kind="stable")
    return LaidOut(
        sample_cache=sample_cache,
        image_tokens=image_tokens,
        tokenizer=tokenizer,
        num_image_tokens=num_image_tokens,
        context_tokens=context_tokens,
        layouts={},
        pointers={},
        whole_text=whole_text,
        change_weight=change_weight,
        by_length=order,
        crops=crops,
    )


def draw_batch(
    data: Mapping[str, LaidOut],
    sampler: MixtureSampler,
    sample_rng: SampleRng,
    *,
    tokens_in_batch: int,
    most_dialogues: int,
) -> tuple[str, list[int]]:
    """The kind of the next batch and its dialogues: the sampler names a kind and a place in its order of
    lengths; neighbours fill the batch.
    """
    kind, place = sampler.at(sample_rng.number)
    source = data[kind]
    count = len(source.by_length)
    reach = min(count, NEIGHBOURS * most_dialogues)
    start = min(max(0, place - reach // 2), count - reach)
    near = sample_rng.numpy().permutation(source.by_length[start : start + reach])
    chosen: list[int] = []
    longest = 0
    for index in near[:most_dialogues]:
        longest = max(longest, len(source.layout(int(index))))
        if chosen and longest * (len(chosen) + 1) > tokens_in_batch:
            break
        chosen.append(int(index))
    return kind, chosen
