"""What the copy attention should take from where: taught like the heads of `attention_supervision.py`.

A slot whose token stands in the picture that its own one continues should look there, or at the same token of
any other picture before it; a slot whose token is new, at nothing.

Knows packed batches, which tokens are taken from which, one attention and who reads it. Knows no dialogues.

Legend: B dialogues, N places, M pictures seen, T pictures painted, K image tokens, P pairs, D token width,
W width of the model, R rows of a sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn

from limner.models.least_squares import solve
from limner.models.mllm import MultimodalLLM
from limner.models.packing import SEEN, SLOT, PackedBatch, packed_hidden, packed_inputs
from limner.training.own_history import SAME, Repaints
from limner_world.scene_tokens import NUM_TOKENS, PERSON_TOKENS

CHANGE_WEIGHT: Final = 4.0  # an edit keeps 60 tokens for each that it changes


class Copying(NamedTuple):
    """Of the slots of a batch: states (B, Q, W) before copying, and log shares of nothing and of places."""

    states_BQW: Tensor
    nothing_BQ: Tensor
    places_BQN: Tensor


@contextmanager
def copying(language: MultimodalLLM) -> Iterator[list[Copying]]:
    """What the copy attention of `language` reads and looks at in forward passes within the block, one entry
    a pass.
    """
    calls: list[Copying] = []

    def record(_module: torch.nn.Module, given: tuple[Any, ...], found: tuple[Tensor, Tensor]) -> None:
        calls.append(Copying(given[0], *found))

    assert language.copy is not None
    hook = language.copy.pointer.register_forward_hook(record)
    try:
        yield calls
    finally:
        hook.remove()


def copied_places(batch: PackedBatch, repaints: Repaints, *, apart: float = SAME) -> Tensor:
    """(T, K, N) bool: the places of seen pictures that each slot may be copied from; none where its token is
    new. Tokens are the same whose mean squared difference is below `apart`.
    """
    slots_TK2, seen_MK2 = _slots(batch), _seen(batch)
    wanted_TKN = torch.zeros(
        *slots_TK2.shape[:2], batch.ids_BN.shape[1], dtype=torch.bool, device=slots_TK2.device
    )
    pairs_P4 = torch.from_numpy(repaints.pairs_P4).to(slots_TK2.device)
    if not len(pairs_P4):
        return wanted_TKN
    painted_P, token_P, seen_P, source_P = pairs_P4.unbind(1)
    target_PD = batch.painted_tokens_TKD[painted_P, token_P]
    differs_P = (target_PD - batch.seen_tokens_MKD[seen_P, source_P]).square().mean(-1)
    same_P = differs_P < apart
    painted_P, token_P, source_P, target_PD = (
        values[same_P] for values in (painted_P, token_P, source_P, target_PD)
    )
    differs_PM = (target_PD[:, None] - batch.seen_tokens_MKD[:, source_P].transpose(0, 1)).square().mean(-1)
    dialogue_P, place_P = slots_TK2[painted_P, token_P].unbind(1)
    dialogue_PM, place_PM = seen_MK2[:, source_P].transpose(0, 1).unbind(2)
    is_there_PM = (differs_PM < apart) & (dialogue_PM == dialogue_P[:, None]) & (place_PM < place_P[:, None])
    pair_X, seen_X = is_there_PM.nonzero().unbind(1)
    wanted_TKN[painted_P[pair_X], token_P[pair_X], place_PM[pair_X, seen_X]] = True
    return wanted_TKN


def copy_loss(
    call: Copying, batch: PackedBatch, repaints: Repaints, *, apart: float = SAME
) -> tuple[Tensor, dict[str, Tensor]]:
    """Minus the log of the share that each slot gives to what it should look at; what is not as in the last
    picture counts `CHANGE_WEIGHT` times, and so does what changes of one person and stays of the other. And
    the shares themselves: "look_copy" of slots that copy, "look_back" of those among them that don't copy the
    last picture's same token, "look_change" of slots that copy nothing in pictures that copy something.

    Args:
        call: as `copying` recorded it of this batch's forward pass.
        repaints, apart: as in `copied_places`.
    """
    wanted_TKN = copied_places(batch, repaints, apart=apart)
    slots_TK2 = _slots(batch)
    rows_TK, order_TK = _among_slots(slots_TK2)
    nothing_TK, found_TKN = call.nothing_BQ[rows_TK, order_TK], call.places_BQN[rows_TK, order_TK]
    copies_TK = wanted_TKN.any(-1)
    looked_TK = torch.where(
        copies_TK, found_TKN.masked_fill(~wanted_TKN, float("-inf")).logsumexp(-1), nothing_TK
    )
    is_change_TK = ~copies_TK & copies_TK.any(-1, keepdim=True)
    is_back_TK = copies_TK & ~_as_last(batch, wanted_TKN, slots_TK2)
    counts_more_TK = is_change_TK | is_back_TK | (copies_TK & _of_the_other(is_change_TK))
    weights_TK = torch.where(counts_more_TK, CHANGE_WEIGHT, 1.0)
    total = -(looked_TK * weights_TK).sum() / weights_TK.sum()
    groups = {"copy": copies_TK, "back": is_back_TK, "change": is_change_TK}
    looks = looked_TK.detach().exp()
    return total, {f"look_{name}": looks[which].mean() for name, which in groups.items() if which.any()}


@torch.no_grad()
def read_exactly(
    language: MultimodalLLM, guess: nn.Linear, tokens_TKD: Tensor, generator: torch.Generator
) -> float:
    """Solve the copy attention's way out so that `guess`, which reads its states, reads copied tokens as they
    are, and return the mean squared error that is left on others.

    Training shows true tokens alone, of which a resampler's layer norm leaves all but the length. What a
    model draws itself lies between words at times: a shorter token, which a copy would make longer each time.
    So tokens of any length, and mixtures of several, are read here; the linear map beside the resampler
    has all of it.
    """
    assert language.copy is not None
    worn_XKD = _worn(tokens_TKD, generator)
    inputs_RW = language.embed_image(worn_XKD).flatten(0, 1).double()
    wanted_RD = worn_XKD.flatten(0, 1).double()
    out, half = language.copy.o_proj, len(inputs_RW) // 2
    weight_DW, bias_D = guess.weight.double(), guess.bias.double()
    unread_WD = torch.linalg.pinv(weight_DW)
    known_WW, known_W = out.weight.double(), out.bias.double()

    def missed(rows: slice) -> Tensor:
        copied_RW = inputs_RW[rows] @ out.weight.double().T + out.bias.double()
        return wanted_RD[rows] - (copied_RW @ weight_DW.T + bias_D)

    change = nn.Linear(inputs_RW.shape[1], wanted_RD.shape[1], device=inputs_RW.device)
    solve(change, inputs_RW[:half], missed(slice(half)), ridge=1e-6)
    exact_WW = known_WW + unread_WD @ change.weight.double()
    # Files hold 16 bit: what is rounded away of the weights is made up for on average.
    stored_WW = exact_WW.to(torch.bfloat16).double()
    lost_W = (exact_WW - stored_WW) @ inputs_RW[:half].mean(0)
    out.weight.copy_(stored_WW)
    out.bias.copy_(known_W + unread_WD @ change.bias.double() + lost_W)
    return float(missed(slice(half, None)).square().mean())


def _worn(tokens_TKD: Tensor, generator: torch.Generator) -> Tensor:
    """The tokens, and as many mixtures of three pictures' again, of any length, three times; in an order of
    no meaning.
    """
    made = [tokens_TKD]
    for _ in range(3):
        shares_TK3 = torch.rand(*tokens_TKD.shape[:2], 3, generator=generator).square()
        shares_TK3 = (shares_TK3 / shares_TK3.sum(-1, keepdim=True)).to(tokens_TKD)
        rows = [torch.randperm(len(tokens_TKD), generator=generator) for _ in range(2)]
        mixed = tokens_TKD * shares_TK3[..., :1]
        for index, row in enumerate(rows, 1):
            mixed = mixed + tokens_TKD[row.to(tokens_TKD.device)] * shares_TK3[..., index : index + 1]
        lengths = 0.2 + 1.2 * torch.rand(*tokens_TKD.shape[:2], 1, generator=generator)
        made.append(
            mixed * lengths.to(mixed) + 0.05 * torch.randn(mixed.shape, generator=generator).to(mixed)
        )
    worn_XKD = torch.cat(made)
    return worn_XKD[torch.randperm(len(worn_XKD), generator=generator).to(worn_XKD.device)]


def _of_the_other(is_so_TK: Tensor) -> Tensor:
    """(T, K) bool: whether it is so of the same token of the other person, where tokens are scene tokens."""
    found_TK = torch.zeros_like(is_so_TK)
    if is_so_TK.shape[1] == NUM_TOKENS:
        found_TK[:, :PERSON_TOKENS] = is_so_TK[:, PERSON_TOKENS : 2 * PERSON_TOKENS]
        found_TK[:, PERSON_TOKENS : 2 * PERSON_TOKENS] = is_so_TK[:, :PERSON_TOKENS]
    return found_TK


def _among_slots(slots_TK2: Tensor) -> tuple[Tensor, Tensor]:
    """(T, K) each: the dialogue of a slot, and which of its dialogue's slots it is."""
    dialogues_T = slots_TK2[:, 0, 0]
    earlier_T = (dialogues_T[:, None] == dialogues_T).tril(-1).sum(1)
    within_K = torch.arange(slots_TK2.shape[1], device=slots_TK2.device)
    order_TK = earlier_T[:, None] * slots_TK2.shape[1] + within_K
    return dialogues_T[:, None].expand_as(order_TK), order_TK


def _as_last(batch: PackedBatch, wanted_TKN: Tensor, slots_TK2: Tensor) -> Tensor:
    """(T, K) bool: slots that may be copied from the same token of the last picture before them."""
    seen_MK2 = _seen(batch)
    if not len(seen_MK2):
        return torch.zeros(slots_TK2.shape[:2], dtype=torch.bool, device=slots_TK2.device)
    is_before_TM = (seen_MK2[:, 0, 0] == slots_TK2[:, :1, 0]) & (seen_MK2[:, 0, 1] < slots_TK2[:, :1, 1])
    last_T = torch.where(is_before_TM, seen_MK2[:, 0, 1], -1).argmax(dim=1)
    as_last_TK = wanted_TKN.gather(2, seen_MK2[last_T][..., 1:])[..., 0]
    return as_last_TK & is_before_TM.any(1, keepdim=True)


def _slots(batch: PackedBatch) -> Tensor:
    return _places(batch, SLOT, batch.num_painted)


def _seen(batch: PackedBatch) -> Tensor:
    return _places(batch, SEEN, len(batch.seen_tokens_MKD))


def _places(batch: PackedBatch, kind: int, count: int) -> Tensor:
    """(pictures, K, 2): dialogue and place of each token of a kind of block."""
    found = (batch.kinds_BN == kind).nonzero()
    return found.reshape(count, -1, 2) if count else found.reshape(0, 0, 2)


@torch.no_grad()
def fit_copies(language: MultimodalLLM, batches: Iterable[tuple[PackedBatch, Repaints]]) -> None:
    """Let a new copy attention on a trained model say what its slots say where they repeat a token."""
    assert language.copy is not None
    states, values = [], []
    for batch, repaints in batches:
        if not batch.num_painted:
            continue
        with copying(language) as calls:
            packed_hidden(language, batch)
        wanted_TKN = copied_places(batch, repaints)
        rows_TK, order_TK = _among_slots(_slots(batch))
        is_copy_TK = wanted_TKN.any(-1)
        rows_R = rows_TK[is_copy_TK]
        states.append(calls[0].states_BQW[rows_R, order_TK[is_copy_TK]])
        inputs_BNW = packed_inputs(language, batch)
        values.append(inputs_BNW[rows_R, wanted_TKN[is_copy_TK].int().argmax(-1)])
    if states and sum(map(len, states)) > 2 * language.sizes.width:
        language.copy.fit(torch.cat(states), torch.cat(values))
