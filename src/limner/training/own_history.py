"""Histories that hold a model's own predicted tokens, as they do in chat, and what is to be painted after
them.

In training a history holds true tokens. In chat it holds what the model painted, which is a little wrong and,
where no text told anything, somebody's mean. A model that never saw such tokens mixes persons when it goes
back to them. So for a share of batches a first pass predicts every picture, and a second one learns with
those predictions in the history. What a picture repaints is then asked as its history shows it: a token that
is truly the same in the picture it continues is copied from what stands there, unless that is still close to
the truth, which is then asked.

Knows packed batches, which tokens are taken from which, and a first pass. Knows nothing about losses.

Legend: B dialogues, N places, M pictures seen, T pictures painted, P pairs, K image tokens, D token width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from limner.models.mllm import MultimodalLLM
from limner.models.packing import SEEN, SLOT, Layout, PackedBatch, painted_hidden
from limner.models.token_head import RegressionHead

SAME: Final = 1e-6  # mean squared difference of two tokens that hold the same
# Of tokens of unit spread: below it a shown token is taken for a true one that is a little wrong.
REPAIRED: Final = 0.3


@dataclass(frozen=True, kw_only=True)
class Repaints:
    """What the painted pictures of a batch take from seen ones.

    `history_T`: the row among seen pictures that is the history of each painted one, -1 where nothing
    follows it. `pairs_P4`: (painted row, its token, seen row, its token) int64, in the order of painted rows.
    """

    history_T: np.ndarray
    pairs_P4: np.ndarray

    @classmethod
    def of(cls, layouts: Sequence[Layout], pointers: Sequence[np.ndarray]) -> Repaints:
        """Of dialogues in a batch's order.

        Args:
            layouts: as they were collated.
            pointers: for each of them (looking place, place to look at) int64, as `attention_supervision`
                has them of "picture"; those that are not of a slot and a seen picture are left out.
        """
        history: list[int] = []
        pairs: list[np.ndarray] = []
        painted = seen = 0
        for layout, looks in zip(layouts, pointers, strict=True):
            slot_rows = _rows(layout, SLOT, len(layout.painted_keys))
            seen_rows = _rows(layout, SEEN, len(layout.seen_keys))
            for row in range(len(layout.painted_keys)):
                after = int(np.flatnonzero(slot_rows[:, 0] == row)[-1]) + 1
                shown = int(seen_rows[after, 0]) if after < len(layout) else -1
                history.append(seen + shown if shown >= 0 else -1)
            both = (slot_rows[looks[:, 0], 0] >= 0) & (seen_rows[looks[:, 1], 0] >= 0)
            found = np.concatenate([slot_rows[looks[both, 0]], seen_rows[looks[both, 1]]], axis=1)
            pairs.append(found + np.array([painted, 0, seen, 0]))
            painted, seen = painted + len(layout.painted_keys), seen + len(layout.seen_keys)
        pairs_P4 = np.concatenate(pairs) if pairs else np.zeros((0, 4), np.int64)
        order = np.argsort(pairs_P4[:, 0], kind="stable")
        return cls(history_T=np.array(history, np.int64), pairs_P4=pairs_P4[order])


def with_own_history(
    packed: PackedBatch, predicted_TKD: Tensor, shares_T: Tensor, repaints: Repaints
) -> PackedBatch:
    """The batch with predictions in its histories and the targets that follow from them.

    Args:
        predicted_TKD: what was predicted of its painted pictures after true histories.
        shares_T: how far each picture's history goes from the truth (0) to what was predicted (1).
        repaints: of the same batch.
    """
    if not packed.num_painted or not len(packed.seen_tokens_MKD):
        return packed
    true_TKD, true_MKD = packed.painted_tokens_TKD, packed.seen_tokens_MKD
    shown_MKD, target_TKD = true_MKD.clone(), true_TKD.clone()
    errors_TKD = (predicted_TKD - true_TKD) * shares_T[:, None, None]
    starts = np.searchsorted(repaints.pairs_P4[:, 0], np.arange(packed.num_painted + 1))
    for row in range(packed.num_painted):
        drawn_KD = true_TKD[row] + errors_TKD[row]
        pairs = torch.from_numpy(repaints.pairs_P4[starts[row] : starts[row + 1]]).to(true_TKD.device)
        _, tokens, seen, sources = pairs.unbind(1)
        differs = (true_TKD[row, tokens] - true_MKD[seen, sources]).square().mean(-1)
        same = differs < SAME
        tokens, seen, sources = tokens[same], seen[same], sources[same]
        shown_PD = shown_MKD[seen, sources]
        drawn_KD[tokens] = shown_PD + errors_TKD[row, tokens]
        wrong_P1 = (shown_PD - true_TKD[row, tokens]).square().mean(-1, keepdim=True)
        target_TKD[row, tokens] = torch.where(wrong_P1 < REPAIRED, true_TKD[row, tokens], shown_PD)
        if repaints.history_T[row] >= 0:
            shown_MKD[repaints.history_T[row]] = drawn_KD
    return replace(packed, seen_tokens_MKD=shown_MKD, painted_tokens_TKD=target_TKD)


@torch.no_grad()
def predicted_history(
    language: MultimodalLLM,
    head: RegressionHead,
    packed: PackedBatch,
    repaints: Repaints,
    generator: torch.Generator,
) -> PackedBatch:
    """`with_own_history` of what the model predicts now, each picture a random part of the way."""
    if not packed.num_painted or (repaints.history_T < 0).all():
        return packed
    predicted_TKD = head.predict(painted_hidden(language, packed))
    shares_T = torch.rand(packed.num_painted, generator=generator, device=generator.device)
    return with_own_history(packed, predicted_TKD, shares_T.to(predicted_TKD.device), repaints)


def _rows(layout: Layout, kind: int, count: int) -> np.ndarray:
    """(N, 2): of each place of a `kind` of block which of its `count` blocks it is and which token of it; -1
    elsewhere.
    """
    found = np.full((len(layout), 2), -1, np.int64)
    places = np.flatnonzero(layout.kinds == kind)
    if count:
        size = len(places) // count
        found[places, 0] = np.arange(len(places)) // size
        found[places, 1] = np.arange(len(places)) % size
    return found
