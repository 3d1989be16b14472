"""All rounds of a dialogue as targets of one forward pass: twin blocks under a block mask, and the loss.

Knows segments, image tokens and how they are laid out in a sequence. Does not know pixels, data sets or
optimizers.

Each painted picture stands in the sequence twice, at the same positions: as *slots*, seen by nothing but
themselves, from whose hidden states the picture is predicted; and as *history*, seen by all that follows,
exactly as chat replaces the slots by the picture's tokens. So one packed sequence equals one sample per round
(tested), at the cost of 64 tokens a picture. The last picture has no history block when nothing follows it.

    <s> [INST] draw .. [/INST] Here <img> |slots 1| |history 1| </img> </s> <s> [INST] now .. <img> |slots 2|
    position   0 ..               17       18..81    18..81      82     83   84 ..

`lay_out` is numbers only (numpy), so a data set can keep layouts; `collate` joins them to a batch with
tensors.

Legend: B batch, N sequence, M pictures seen, T pictures painted, K image tokens of a picture, D token width,
W width.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from limner.models.mllm import MultimodalLLM
from limner.models.prompt import Segment, TextSegment
from limner.models.token_head import TokenHead

TEXT, SEEN, SLOT = 0, 1, 2
NO_LABEL: Final = -100
WHOLE: Final = (0.5, 0.5)  # where the middle of a whole picture is in it
# SEED-X's weights of cross-entropy and of the image tokens' loss.
TEXT_WEIGHT: Final = 1.0
IMAGE_WEIGHT: Final = 6.0


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One dialogue as a sequence of N places; every array has N entries.

    `kinds`: TEXT, SEEN or SLOT. `labels`: the id that the hidden state at this place must predict, or
    NO_LABEL. `slot_blocks`: 0, or the number of the painted picture (from 1). `rounds`: the round of a label
    or picture, from 0.
    """

    ids: np.ndarray
    kinds: np.ndarray
    positions: np.ndarray
    slot_blocks: np.ndarray
    labels: np.ndarray
    rounds: np.ndarray
    seen_keys: tuple[str, ...]  # pictures in the order of their SEEN blocks
    painted_keys: tuple[str, ...]  # pictures in the order of their SLOT blocks
    seen_centres: tuple[tuple[float, float], ...] = ()  # of the SEEN blocks, where any is a crop

    def __len__(self) -> int:
        return len(self.ids)


class _Writer:
    """Collects the places of a layout one block after the other."""

    def __init__(self) -> None:
        self.columns: dict[str, list[int]] = {
            name: [] for name in ("ids", "kinds", "positions", "slot_blocks", "labels", "rounds")
        }
        self.position = 0
        self.last_seen = -1  # the place that predicts the next text token; never a slot

    def text(self, ids: Sequence[int], supervised: bool, round_index: int) -> None:
        for index in ids:
            if supervised and self.last_seen >= 0:
                self.columns["labels"][self.last_seen] = index
                self.columns["rounds"][self.last_seen] = round_index
            self._place(index, TEXT, 0, round_index)
            self.last_seen = len(self.columns["ids"]) - 1
            self.position += 1

    def image(self, kind: int, block: int, num_tokens: int, round_index: int) -> None:
        """Writes a block at the present position; only a SEEN block moves on behind itself."""
        start = self.position
        for _ in range(num_tokens):
            self._place(0, kind, block, round_index)
            self.position += 1
        if kind == SLOT:
            self.position = start
        else:
            self.last_seen = len(self.columns["ids"]) - 1

    def _place(self, index: int, kind: int, block: int, round_index: int) -> None:
        row = (index, kind, self.position, block, NO_LABEL, round_index)
        for column, value in zip(self.columns.values(), row, strict=True):
            column.append(value)


def lay_out(
    rounds: Sequence[Sequence[Segment]], num_image_tokens: int, targets: Collection[int] | None = None
) -> Layout:
    """The segments of each round -> one packed sequence.

    Args:
        rounds: `prompt.segments` of each round, in order.
        num_image_tokens: K.
        targets: the rounds to learn from (all by default); the others are history only.
    """
    writer = _Writer()
    seen: list[str] = []
    centres: list[tuple[float, float] | None] = []
    painted: list[str] = []
    for round_index, parts in enumerate(rounds):
        is_target = targets is None or round_index in targets
        is_last = round_index == len(rounds) - 1
        for part in parts:
            if isinstance(part, TextSegment):
                writer.text(part.ids, part.supervised and is_target, round_index)
                continue
            if part.role == "target" and is_target:
                painted.append(part.key)
                writer.image(SLOT, len(painted), num_image_tokens, round_index)
            if part.role == "target" and is_last:
                break
            seen.append(part.key)
            centres.append(part.centre)
            writer.image(SEEN, 0, num_image_tokens, round_index)
    arrays = {name: np.array(column, dtype=np.int32) for name, column in writer.columns.items()}
    placed = tuple(centre or WHOLE for centre in centres) if any(centres) else ()
    return Layout(**arrays, seen_keys=tuple(seen), painted_keys=tuple(painted), seen_centres=placed)


@dataclass(frozen=True, kw_only=True)
class PackedBatch:
    """Layouts side by side, padded on the right to the longest (rounded up to a multiple of 8)."""

    ids_BN: Tensor
    kinds_BN: Tensor
    positions_BN: Tensor
    slot_blocks_BN: Tensor
    labels_BN: Tensor
    rounds_BN: Tensor
    lengths_B: Tensor
    seen_tokens_MKD: Tensor
    painted_tokens_TKD: Tensor
    painted_weights_TK: Tensor | None = None  # how much each token's error counts; evenly by default
    seen_centres_M2: Tensor | None = None  # of crops (`MultimodalLLM.embed_image`); whole pictures by default

    def to(self, device: torch.device | str) -> PackedBatch:
        """The same batch elsewhere."""
        tensors = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(
            self,
            **{
                name: tensor.to(device, non_blocking=True)
                for name, tensor in tensors.items()
                if tensor is not None
            },
        )

    @property
    def num_painted(self) -> int:
        return len(self.painted_tokens_TKD)


def collate(
    layouts: Sequence[Layout], image_tokens: Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]]
) -> PackedBatch:
    """Joins layouts to a batch.

    Args:
        layouts: one a dialogue.
        image_tokens: picture key -> its tokens (K, D); one mapping for all, or one a dialogue.

    Raises:
        ValueError: a picture has no tokens.
    """
    maps = [image_tokens] * len(layouts) if isinstance(image_tokens, Mapping) else list(image_tokens)
    longest = -(-max(len(layout) for layout in layouts) // 8) * 8

    def padded(name: str, filling: int = 0) -> Tensor:
        out = np.full((len(layouts), longest), filling, dtype=np.int64)
        for row, layout in zip(out, layouts, strict=True):
            row[: len(layout)] = getattr(layout, name)
        return torch.from_numpy(out)

    seen = [
        _look_up(tokens, key)
        for tokens, layout in zip(maps, layouts, strict=True)
        for key in layout.seen_keys
    ]
    painted = [
        _look_up(tokens, key)
        for tokens, layout in zip(maps, layouts, strict=True)
        for key in layout.painted_keys
    ]
    centres = None
    if any(layout.seen_centres for layout in layouts):
        centres = [
            place for layout in layouts for place in layout.seen_centres or [WHOLE] * len(layout.seen_keys)
        ]
    empty = torch.zeros(0, 1, 1)
    return PackedBatch(
        ids_BN=padded("ids"),
        kinds_BN=padded("kinds"),
        positions_BN=padded("positions"),
        slot_blocks_BN=padded("slot_blocks"),
        labels_BN=padded("labels", NO_LABEL),
        rounds_BN=padded("rounds"),
        lengths_B=torch.tensor([len(layout) for layout in layouts]),
        seen_tokens_MKD=torch.stack(seen) if seen else empty,
        painted_tokens_TKD=torch.stack(painted) if painted else empty,
        seen_centres_M2=None if centres is None else torch.tensor(centres),
    )


def pack(
    dialogues: Sequence[Sequence[Sequence[Segment]]],
    image_tokens: Mapping[str, Tensor],
    num_image_tokens: int,
) -> PackedBatch:
    """`lay_out` of every dialogue (its rounds' segments), then `collate`."""
    return collate([lay_out(rounds, num_image_tokens) for rounds in dialogues], image_tokens)


def block_mask(slot_blocks_BN: Tensor, lengths_B: Tensor) -> Tensor:
    """(B, 1, N, N) bool: causal, slots seen by their own block alone, padding by nothing but itself."""
    num_places = slot_blocks_BN.shape[1]
    order = torch.arange(num_places, device=slot_blocks_BN.device)
    keys_BN = slot_blocks_BN.masked_fill(order >= lengths_B[:, None], -1)
    mask_BNN = (keys_BN == 0)[:, None, :] | (keys_BN[:, None, :] == slot_blocks_BN[:, :, None])
    mask_BNN &= order[:, None] >= order
    # A row without any key would be undefined.
    mask_BNN |= order[:, None] == order
    return mask_BNN[:, None]


def packed_inputs(language: MultimodalLLM, batch: PackedBatch) -> Tensor:
    """What enters the model at each place of a batch, (B, N, W): text, pictures seen, slots."""
    embeds_BNW = language.embed_text(batch.ids_BN)
    width = embeds_BNW.shape[-1]
    flat = embeds_BNW.reshape(-1, width)
    kinds = batch.kinds_BN.reshape(-1)
    if len(batch.seen_tokens_MKD):
        seen = language.embed_image(batch.seen_tokens_MKD, batch.seen_centres_M2).reshape(-1, width)
        flat = flat.index_copy(0, (kinds == SEEN).nonzero()[:, 0], seen.to(flat.dtype))
    if batch.num_painted:
        slots = language.embed_slots(batch.num_painted).reshape(-1, width)
        flat = flat.index_copy(0, (kinds == SLOT).nonzero()[:, 0], slots.to(flat.dtype))
    return flat.view_as(embeds_BNW)


def packed_hidden(language: MultimodalLLM, batch: PackedBatch) -> Tensor:
    """Last hidden states (B, N, W) of a batch, in one forward pass."""
    mask = block_mask(batch.slot_blocks_BN, batch.lengths_B)
    is_slot_BN = batch.kinds_BN == SLOT if batch.num_painted else None
    return language.hidden(packed_inputs(language, batch), batch.positions_BN, mask, is_slot_BN=is_slot_BN)


def loss(
    language: MultimodalLLM,
    token_head: TokenHead,
    batch: PackedBatch,
    *,
    generator: torch.Generator | None = None,
    text_weight: float = TEXT_WEIGHT,
    image_weight: float = IMAGE_WEIGHT,
) -> tuple[Tensor, dict[str, Tensor]]:
    """SEED-X's loss: cross-entropy of the answers' text and the token head's loss of the pictures, weighted.

    Returns:
        (loss, metrics): metrics are detached scalars "text", "text_accuracy", "image" and, for each round
        that occurs (from 1), "text_round_1", "image_round_1" and so on.
    """
    hidden_BNW = packed_hidden(language, batch)
    total = hidden_BNW.new_zeros((), dtype=torch.float32)
    metrics: dict[str, Tensor] = {}

    labelled = batch.labels_BN != NO_LABEL
    labels = batch.labels_BN[labelled]
    if len(labels):
        logits = language.text_logits(hidden_BNW[labelled]).float()
        entropies = F.cross_entropy(logits, labels, reduction="none")
        total = total + text_weight * entropies.mean()
        metrics["text_accuracy"] = (logits.detach().argmax(-1) == labels).float().mean()
        metrics |= _by_round("text", entropies.detach(), batch.rounds_BN[labelled])

    if batch.num_painted:
        is_slot = batch.kinds_BN == SLOT
        shape = (batch.num_painted, language.num_image_tokens)
        hidden_TKW = hidden_at_slots(language, batch, hidden_BNW)
        errors = token_head.losses(
            hidden_TKW, batch.painted_tokens_TKD, generator, weights_BK=batch.painted_weights_TK
        )
        total = total + image_weight * errors.mean()
        metrics |= _by_round("image", errors.detach(), batch.rounds_BN[is_slot].reshape(shape)[:, 0])
    return total, metrics


def painted_hidden(language: MultimodalLLM, batch: PackedBatch) -> Tensor:
    """Hidden states (T, K, W) that a token head paints a batch's pictures from, in one forward pass."""
    return hidden_at_slots(language, batch, packed_hidden(language, batch))


def hidden_at_slots(language: MultimodalLLM, batch: PackedBatch, hidden_BNW: Tensor) -> Tensor:
    """Of `packed_hidden` (B, N, W) those at the slots of painted pictures, (T, K, W)."""
    slots = hidden_BNW[batch.kinds_BN == SLOT]
    return language.image_hidden(slots.reshape(batch.num_painted, language.num_image_tokens, -1))


def _by_round(name: str, values: Tensor, rounds: Tensor) -> dict[str, Tensor]:
    found = {name: values.mean()}
    for index in sorted(set(rounds.tolist())):
        found[f"{name}_round_{index + 1}"] = values[rounds == index].mean()
    return found


def _look_up(tokens: Mapping[str, Tensor], key: str) -> Tensor:
    if key not in tokens:
        raise ValueError(f"There are no image tokens for the picture {key[:12]}; encode it before packing.")
    return tokens[key]
