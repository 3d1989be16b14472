"""One round, computed: read the instruction, write words, paint image tokens, keep them as history.

Knows the order of a round's forwards and what each appends to the key-value cache. Knows nothing about trees,
forks, files or which rounds came before: the cache stands for all of that.

Legend: N tokens of a sequence, W model width, D token width, K slots; the batch is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from limner.dialogue.parts import Instruction, Picture
from limner.models.cache import KeyValueCache
from limner.models.model import LimnerModel
from limner.models.prompt import TextSegment, closing_ids, decode_response, instruction_segments

Encode = Callable[[Picture], Tensor]  # picture -> image tokens (K, D)


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How an answer is drawn. The defaults are the ones the embedded model was measured with.

    `token_head` is "flow", "regression" or None for the checkpoint's default; `token_temperature` scales the
    flow head's starting noise (0 draws the typical picture); `text_temperature` 0 takes the likeliest word;
    `pixel_steps` None takes as many as suit the detokenizer.
    """

    token_head: str | None = None
    token_steps: int = 12
    token_temperature: float = 1.0
    pixel_steps: int | None = None
    text_temperature: float = 0.0
    max_text_tokens: int = 128


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a round came to: the words and their ids, and image tokens (None without a picture)."""

    text: str
    response_ids: tuple[int, ...]
    image_tokens_KD: Tensor | None


@torch.inference_mode()
def answer_round(
    model: LimnerModel,
    cache: KeyValueCache,
    instruction: Instruction,
    encode: Encode,
    sampling: Sampling,
    seed: int,
    picture: bool | None = None,
) -> Answer:
    """Compute one round on top of `cache`, which afterwards holds the whole round, answer and all.

    Args:
        picture: True forces a picture, False forbids one, None leaves it to the model.
    """
    hidden_W = read_instruction(model, cache, instruction, encode)
    ids, wants_picture = write_words(model, cache, hidden_W, sampling, seed, picture)
    tokens_KD = None
    if wants_picture:
        tokens_KD = paint_tokens(model, cache, sampling, seed)
    close_round(model, cache, tokens_KD)
    return Answer(
        text=decode_response(ids, model.tokenizer), response_ids=tuple(ids), image_tokens_KD=tokens_KD
    )


@torch.inference_mode()
def replay_round(
    model: LimnerModel,
    cache: KeyValueCache,
    instruction: Instruction,
    encode: Encode,
    response_ids: Sequence[int],
    image_tokens_KD: Tensor | None,
) -> None:
    """Append a round whose answer is known: the same forwards as `answer_round`, nothing drawn anew."""
    read_instruction(model, cache, instruction, encode)
    opening = [*response_ids] if image_tokens_KD is None else [*response_ids, model.tokenizer.image_start_id]
    read_text(model, cache, opening)
    close_round(model, cache, image_tokens_KD)


def read_instruction(
    model: LimnerModel, cache: KeyValueCache, instruction: Instruction, encode: Encode
) -> Tensor:
    """Prefill everything before the answer in one forward; the last hidden state, (W,)."""
    pieces_1NW = []
    for segment in instruction_segments(instruction, model.tokenizer):
        if isinstance(segment, TextSegment):
            pieces_1NW.append(model.language.embed_text(_ids(model, segment.ids)))
        else:
            pieces_1NW.append(model.language.embed_image(encode(segment.picture)[None]))
    return model.language.hidden(torch.cat(pieces_1NW, dim=1), cache=cache)[0, -1]


def read_text(model: LimnerModel, cache: KeyValueCache, ids: Sequence[int]) -> Tensor | None:
    """Append known words in one forward; the last hidden state (W,), None for no words."""
    if not ids:
        return None
    return model.language.hidden(model.language.embed_text(_ids(model, ids)), cache=cache)[0, -1]


def write_words(
    model: LimnerModel,
    cache: KeyValueCache,
    hidden_W: Tensor,
    sampling: Sampling,
    seed: int,
    picture: bool | None,
) -> tuple[list[int], bool]:
    """Decode the words: their ids, and whether a picture follows (then `<img>` is in the cache too)."""
    tokenizer = model.tokenizer
    generator = torch.Generator().manual_seed(seed)
    banned = [
        index
        for index in tokenizer.special_ids
        if index not in (tokenizer.end_id, tokenizer.image_start_id)
        and not tokenizer.first_location_id <= index < tokenizer.first_location_id + 224
        and index not in (tokenizer.box_start_id, tokenizer.box_end_id)
    ]
    if picture is False:
        banned.append(tokenizer.image_start_id)
    stops = (tokenizer.end_id, tokenizer.image_start_id)
    ids: list[int] = []
    while True:
        logits_V = model.language.text_logits(hidden_W[None])[0].float()
        logits_V[banned] = -torch.inf
        chosen = _choose(logits_V, sampling.text_temperature, generator)
        if len(ids) >= sampling.max_text_tokens:
            # A picture is never dropped because the words ran long.
            paints = picture is not False and bool(logits_V[stops[1]] > logits_V[stops[0]])
            chosen = stops[1] if paints else stops[0]
        if chosen == tokenizer.end_id and picture is True:
            chosen = tokenizer.image_start_id
        if chosen == tokenizer.end_id:
            return ids, False
        hidden_W = model.language.hidden(model.language.embed_text(_ids(model, [chosen])), cache=cache)[0, -1]
        if chosen == tokenizer.image_start_id:
            return ids, True
        ids.append(chosen)


def paint_tokens(model: LimnerModel, cache: KeyValueCache, sampling: Sampling, seed: int) -> Tensor:
    """Slots in one forward, cropped away again, and the token head's draw: image tokens (K, D)."""
    length = cache.length
    hidden_1KW = model.language.image_hidden(
        model.language.hidden(model.language.embed_slots(1), cache=cache)
    )
    cache.crop(length)
    tokens_1KD = model.token_heads.of_kind(sampling.token_head).predict(
        hidden_1KW, [seed], steps=sampling.token_steps, temperature=sampling.token_temperature
    )
    return tokens_1KD[0].to(model.dtype)


def close_round(model: LimnerModel, cache: KeyValueCache, image_tokens_KD: Tensor | None) -> None:
    """Append the answer's image tokens as history, where the slots stood, and the round's closing ids."""
    if image_tokens_KD is None:
        read_text(model, cache, [model.tokenizer.end_id])
        return
    history_1KW = model.language.embed_image(image_tokens_KD[None])
    closing_1NW = model.language.embed_text(_ids(model, closing_ids(model.tokenizer)))
    model.language.hidden(torch.cat([history_1KW, closing_1NW], dim=1), cache=cache)


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
    detokenizer, condition_BCHW = model.detokenizer, None
    if condition_HW3 is not None:
        pixels_3HW = torch.from_numpy(condition_HW3).permute(2, 0, 1).to(model.device, model.dtype)
        condition_BCHW = model.autoencoder.encode(pixels_3HW[None] / 127.5 - 1)
    steps = sampling.pixel_steps or detokenizer.sizes.default_steps
    latents = detokenizer.sample(image_tokens_KD[None], steps, [seed], condition_BCHW=condition_BCHW)
    return to_uint8(model.autoencoder.decode(latents)[0])


def to_uint8(pixels_3HW: Tensor) -> np.ndarray:
    """(3, H, W) in [-1, 1] -> (H, W, 3) uint8 in 0..255."""
    scaled = ((pixels_3HW.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return scaled.permute(1, 2, 0).contiguous().cpu().numpy()


def _ids(model: LimnerModel, ids: Sequence[int]) -> Tensor:
    return torch.tensor([list(ids)], dtype=torch.long, device=model.language.device)


def _choose(logits_V: Tensor, temperature: float, generator: torch.Generator) -> int:
    if temperature <= 0:
        return int(logits_V.argmax())
    weights = torch.softmax(logits_V / temperature, dim=-1).cpu()
    return int(torch.multinomial(weights, 1, generator=generator))
