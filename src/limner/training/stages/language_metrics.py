"""Held-out numbers of the language stages, all from teacher-forced passes and in token space.

The loss hardly moves while a model learns whom a name means (from a half to all), so that is counted itself:
is the predicted close-up nearer to the right person's true tokens than to the other's?

Legend: B dialogues, N sequence, T pictures painted, K image tokens of a picture, D token width, W width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from limner.dialogue.parts import Dialogue
from limner.models.mllm import MultimodalLLM
from limner.models.packing import NO_LABEL, SLOT, PackedBatch, hidden_at_slots, packed_hidden
from limner.training.heads import BothHeads

FLOW_STEPS = 8

CloseUps = Sequence[tuple[int, ...]]
MeasuredBatch = tuple[PackedBatch, CloseUps]


@torch.no_grad()
def measure(
    language: MultimodalLLM, heads: BothHeads, batches: Iterable[MeasuredBatch], device: torch.device
) -> dict[str, float]:
    """Means over all batches, each weighed by what it counted.

    "answers": share of answers whose every token is the likeliest; "tokens": share of answer tokens;
    "error_HEAD": mean squared error of image tokens (1 = knows nothing); "person_HEAD": share of close-ups
    nearer to the right person.
    """
    sums: dict[str, float] = {}
    counts: dict[str, int] = {}
    for batch, close_ups in batches:
        for name, (total, count) in _measure_batch(language, heads, batch.to(device), close_ups).items():
            sums[name] = sums.get(name, 0.0) + total
            counts[name] = counts.get(name, 0) + count
    return {name: sums[name] / counts[name] for name in sums if counts[name]}


def _measure_batch(
    language: MultimodalLLM, heads: BothHeads, batch: PackedBatch, close_ups: CloseUps
) -> dict[str, tuple[float, int]]:
    hidden_BNW = packed_hidden(language, batch)
    found = _answers(language, hidden_BNW, batch)
    if not batch.num_painted:
        return found
    is_slot = batch.kinds_BN == SLOT
    shape = (batch.num_painted, language.num_image_tokens)
    hidden_TKW = hidden_at_slots(language, batch, hidden_BNW)
    rows, rounds = (
        values[is_slot].reshape(shape)[:, 0]
        for values in (
            torch.arange(len(is_slot), device=is_slot.device)[:, None].expand_as(is_slot),
            batch.rounds_BN,
        )
    )
    predicted = {"regression": heads.regression.predict(hidden_TKW)}
    if heads.has_flow:
        seeds = list(range(len(hidden_TKW)))
        predicted["flow"] = heads.flow.predict(hidden_TKW, seeds, steps=FLOW_STEPS)
    for name, tokens_TKD in predicted.items():
        error = (tokens_TKD - batch.painted_tokens_TKD).square().mean(dim=(1, 2))
        found[f"error_{name}"] = (float(error.sum()), len(error))
        found[f"person_{name}"] = right_persons(tokens_TKD, batch.painted_tokens_TKD, rows, rounds, close_ups)
    return found


def right_persons(
    predicted_TKD: Tensor, true_TKD: Tensor, rows_T: Tensor, rounds_T: Tensor, close_ups: CloseUps
) -> tuple[float, int]:
    """(close-ups nearer to their own truth than to the other person's, close-ups compared).

    `rows_T` and `rounds_T` say in which dialogue and round a picture stands, `close_ups` which rounds of each
    dialogue paint its two persons alone.
    """
    places = {key: index for index, key in enumerate(zip(rows_T.tolist(), rounds_T.tolist(), strict=True))}
    right, compared = 0, 0
    for row, pair in enumerate(close_ups):
        mine = [places[row, number] for number in pair if (row, number) in places]
        if len(mine) != 2:
            continue
        for own, other in (mine, mine[::-1]):
            to_own = (predicted_TKD[own] - true_TKD[own]).square().mean()
            to_other = (predicted_TKD[own] - true_TKD[other]).square().mean()
            right += int(to_own < to_other)
            compared += 1
    return float(right), compared


def close_up_rounds(dialogue: Dialogue) -> tuple[int, ...]:
    """The two rounds of a named dialogue that paint one of its persons alone; empty for other dialogues.

    The world's tell so by their scenes. In others, as builders make them of films, these rounds need the
    first one alone and name one person.
    """
    if dialogue.kind != "named":
        return ()
    alone = _alone_by_scene if "scenes" in dialogue.truth else _alone_by_name
    found = tuple(index for index in range(len(dialogue.rounds)) if alone(dialogue, index))
    return found if len(found) == 2 else ()


def _alone_by_scene(dialogue: Dialogue, index: int) -> bool:
    scene = dialogue.truth["scenes"][index]
    return scene is not None and len(scene["figures"]) == 1 and scene["setting"] == "white"


def _alone_by_name(dialogue: Dialogue, index: int) -> bool:
    round_ = dialogue.rounds[index]
    named = [person for person in dialogue.persons if person.name in round_.instruction.text]
    return round_.depends_on == (0,) and round_.response.picture is not None and len(named) == 1


def _answers(language: MultimodalLLM, hidden_BNW: Tensor, batch: PackedBatch) -> dict[str, tuple[float, int]]:
    labelled = batch.labels_BN != NO_LABEL
    if not bool(labelled.any()):
        return {}
    guesses = language.text_logits(hidden_BNW[labelled]).argmax(-1)
    right = guesses == batch.labels_BN[labelled]
    rows = torch.arange(len(labelled), device=labelled.device)[:, None].expand_as(labelled)[labelled]
    answer = rows * (int(batch.rounds_BN.max()) + 1) + batch.rounds_BN[labelled]
    _, which = torch.unique(answer, return_inverse=True)
    wrong = torch.zeros(int(which.max()) + 1, device=which.device).index_add_(0, which, (~right).float())
    later = torch.zeros_like(wrong).index_copy_(0, which, batch.rounds_BN[labelled].float()) > 0
    found = {"tokens": (float(right.sum()), len(right))}
    if bool(later.any()):
        found["answers"] = (float((wrong[later] == 0).sum()), int(later.sum()))
    else:
        found["answers"] = (float((wrong == 0).sum()), len(wrong))
    return found
