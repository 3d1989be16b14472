"""The naive twin: answers a round by reading the whole history anew, alone, with nothing shared or reused.

It exists as the oracle of the engine: any walk over a history tree, in any company, must give the same words,
and image tokens and pixels within floating-point noise.

Legend: W model width, D token width, K slots, V vocabulary; the batch is 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

from limner.dialogue.parts import Picture
from limner.inference.generation import (
    Answer,
    choose_word,
    embed_answer,
    embed_ids,
    embed_instruction,
    token_temperature,
    unspeakable_ids,
    words_that_fit,
)
from limner.inference.painter import Painter
from limner.inference.region import as_asked
from limner.inference.request import RoundRequest
from limner.inference.sampling import Sampling
from limner.models.cache import KeyValueCache
from limner.models.prompt import decode_response


@torch.inference_mode()
def answer_naively(painter: Painter, request: RoundRequest) -> tuple[Answer, Picture | None]:
    """The answer after one single forward over the whole history, and its picture."""
    model, sampling = painter.model, request.sampling or painter.sampling
    pieces_1NW = []
    for round_ in request.past:
        pieces_1NW.append(embed_instruction(model, round_.instruction, painter.encode))
        pieces_1NW.append(embed_answer(model, round_.response_ids, round_.image_tokens_KD))
    pieces_1NW.append(embed_instruction(model, request.instruction, painter.encode))
    cache = KeyValueCache()
    hidden_W = model.language.hidden(torch.cat(pieces_1NW, dim=1), cache=cache)[0, -1]
    ids, wants_picture = _words(painter, cache, hidden_W, sampling, request)
    tokens_KD, picture = None, None
    if wants_picture:
        tokens_KD = _tokens(painter, cache, sampling, request.seed)
        picture = as_asked(request, painter.paint(tokens_KD, request.seed, sampling, request.condition))
    text = decode_response(ids, model.tokenizer)
    return Answer(text=text, response_ids=tuple(ids), image_tokens_KD=tokens_KD), picture


def _words(
    painter: Painter, cache: KeyValueCache, hidden_W: Tensor, sampling: Sampling, request: RoundRequest
) -> tuple[list[int], bool]:
    """The words' ids, and whether a picture follows (then `<img>` is in the cache too)."""
    language, tokenizer = painter.model.language, painter.model.tokenizer
    generator = torch.Generator().manual_seed(request.seed)
    most = words_that_fit(painter.model, sampling, cache.length)
    ids: list[int] = []
    while True:
        logits_V = language.text_logits(hidden_W[None])[0].float()
        logits_V[unspeakable_ids(tokenizer)] = -torch.inf
        if request.picture is False:
            logits_V[tokenizer.image_start_id] = -torch.inf
        chosen = choose_word(
            logits_V, tokenizer, sampling, generator, is_last=len(ids) >= most, picture=request.picture
        )
        if chosen == tokenizer.end_id:
            return ids, False
        hidden_W = language.hidden(embed_ids(painter.model, [chosen]), cache=cache)[0, -1]
        if chosen == tokenizer.image_start_id:
            return ids, True
        ids.append(chosen)


def _tokens(painter: Painter, cache: KeyValueCache, sampling: Sampling, seed: int) -> Tensor:
    """The slots in one forward and the token head's draw: image tokens (K, D)."""
    model = painter.model
    slots_1KW = model.language.embed_slots(1)
    is_slot_1K = torch.ones(slots_1KW.shape[:2], dtype=torch.bool, device=slots_1KW.device)
    hidden_1KW = model.language.image_hidden(
        model.language.hidden(slots_1KW, cache=cache, is_slot_BN=is_slot_1K)
    )
    head = model.token_heads.of_kind(sampling.token_head)
    tokens_1KD = head.predict(
        hidden_1KW, [seed], steps=sampling.token_steps, temperature=token_temperature(model, sampling)
    )
    return tokens_1KD[0].to(model.dtype)
