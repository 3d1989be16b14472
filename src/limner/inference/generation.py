"""How an answer is drawn, and what of a round does not depend on who else is computed: embeddings, choices,
pixels.

Knows a round's tokens and the order in which they stand. Knows nothing about caches that are shared, trees,
forks, files or which rounds came before.

Legend: B rounds, N tokens of a sequence, W model width, D token width, K slots, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from limner.dialogue.parts import Instruction, Picture
from limner.inference.sampling import Sampling
from limner.models.cache import KeyValueCache
from limner.models.model import LimnerModel
from limner.models.prompt import TextSegment, closing_ids
from limner.models.tokenizer import NUM_LOCATIONS, TextTokenizer

Encode = Callable[[Picture], Tensor]  # picture -> image tokens (K, D)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a round came to: the words and their ids, and image tokens (None without a picture)."""

    text: str
    response_ids: tuple[int, ...]
    image_tokens_KD: Tensor | None


def read_instruction(
    model: LimnerModel, cache: KeyValueCache, instruction: Instruction, encode: Encode
) -> Tensor:
    """Prefill everything before the answer in one forward; the last hidden state, (W,)."""
    return model.language.hidden(embed_instruction(model, instruction, encode), cache=cache)[0, -1]


def embed_instruction(model: LimnerModel, instruction: Instruction, encode: Encode) -> Tensor:
    """Everything before the answer as vectors, (1, N, W)."""
    pieces_1NW = []
    for segment in model.segments_of(instruction):
        if isinstance(segment, TextSegment):
            pieces_1NW.append(embed_ids(model, segment.ids))
        else:
            centres = None if segment.centre is None else [segment.centre]
            pieces_1NW.append(model.language.embed_image(encode(segment.picture)[None], centres))
    return torch.cat(pieces_1NW, dim=1)


def embed_answer(model: LimnerModel, response_ids: Sequence[int], image_tokens_KD: Tensor | None) -> Tensor:
    """A known answer as later rounds read it: its words, its picture and the closing ids, (1, N, W)."""
    if image_tokens_KD is None:
        return embed_ids(model, [*response_ids, model.tokenizer.end_id])
    opening_1NW = embed_ids(model, [*response_ids, model.tokenizer.image_start_id])
    return torch.cat([opening_1NW, embed_picture(model, image_tokens_KD[None])], dim=1)


def embed_picture(model: LimnerModel, image_tokens_BKD: Tensor) -> Tensor:
    """Painted pictures as history, where the slots stood, and the closing ids after each, (B, K + 2, W)."""
    history_BKW = model.language.embed_image(image_tokens_BKD)
    closing_12W = embed_ids(model, closing_ids(model.tokenizer))
    return torch.cat([history_BKW, closing_12W.expand(len(history_BKW), -1, -1)], dim=1)


def embed_ids(model: LimnerModel, ids: Sequence[int]) -> Tensor:
    """Words as vectors, (1, N, W)."""
    return model.language.embed_text(
        torch.tensor([list(ids)], dtype=torch.long, device=model.language.device)
    )


def words_that_fit(model: LimnerModel, sampling: Sampling, length: int) -> int:
    """How many words an answer may have after `length` tokens: a picture is to fit behind them.

    Raises:
        ValueError: not even the picture would fit.
    """
    room = model.language.sizes.context_tokens - length - model.language.num_image_tokens - 3
    if room < 0:
        raise ValueError(
            f"After {length} tokens no answer fits a context of {model.language.sizes.context_tokens}; "
            "drop rounds first."
        )
    return min(sampling.max_text_tokens, room)


def unspeakable_ids(tokenizer: TextTokenizer) -> list[int]:
    """The special tokens that an answer never holds: all but its end, a picture's start, boxes and places."""
    first = tokenizer.first_location_id
    spoken = {tokenizer.end_id, tokenizer.image_start_id, tokenizer.box_start_id, tokenizer.box_end_id}
    spoken.update(range(first, first + NUM_LOCATIONS))
    return sorted(tokenizer.special_ids - spoken)


def choose_word(
    logits_V: Tensor,
    tokenizer: TextTokenizer,
    sampling: Sampling,
    generator: torch.Generator,
    *,
    is_last: bool,
    picture: bool | None,
) -> int:
    """The next id from logits that hold -inf where nothing may be chosen; end or picture when `is_last`."""
    end, paint = tokenizer.end_id, tokenizer.image_start_id
    if sampling.text_temperature <= 0:
        chosen = int(logits_V.argmax())
    else:
        weights_V = torch.softmax(logits_V / sampling.text_temperature, dim=-1).cpu()
        chosen = int(torch.multinomial(weights_V, 1, generator=generator))
    if is_last:  # a picture is never dropped because the words ran long
        chosen = paint if picture is not False and bool(logits_V[paint] > logits_V[end]) else end
    return paint if chosen == end and picture is True else chosen


@torch.inference_mode()
def detokenize(
    model: LimnerModel,
    image_tokens_KD: Tensor,
    sampling: Sampling,
    seed: int,
    condition_HW3: np.ndarray | None = None,
) -> np.ndarray:
    """Image tokens -> pixels (S, S, 3) uint8: the detokenizer's few steps, then the autoencoder.

    `condition_HW3` is a picture of the autoencoder's size, uint8, for a detokenizer that reads one.
    """
    detokenizer = model.detokenizer
    latents = detokenizer.sample(
        image_tokens_KD[None],
        sampling.pixel_steps or detokenizer.sizes.default_steps,
        [seed],
        condition_BCHW=condition_latents(model, condition_HW3),
        temperature=pixel_temperature(model, sampling),
    )
    return to_uint8(model.autoencoder.decode(latents)[0])


def token_temperature(model: LimnerModel, sampling: Sampling) -> float:
    """The requested temperature, else the checkpoint's."""
    asked = sampling.token_temperature
    return model.preset.token_head.default_temperature if asked is None else asked


def pixel_temperature(model: LimnerModel, sampling: Sampling) -> float:
    """The requested temperature, else the detokenizer's."""
    asked = sampling.pixel_temperature
    return model.detokenizer.sizes.default_temperature if asked is None else asked


def condition_latents(model: LimnerModel, condition_HW3: np.ndarray | None) -> Tensor | None:
    """A condition picture's latents (1, C, H, W)."""
    if condition_HW3 is None:
        return None
    pixels_3HW = torch.from_numpy(condition_HW3).permute(2, 0, 1).to(model.device, model.dtype)
    return model.autoencoder.encode(pixels_3HW[None] / 127.5 - 1)


def to_uint8(pixels_3HW: Tensor) -> np.ndarray:
    """(3, H, W) in [-1, 1] -> (H, W, 3) uint8 in 0..255."""
    scaled = ((pixels_3HW.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return scaled.permute(1, 2, 0).contiguous().cpu().numpy()
