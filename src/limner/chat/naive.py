"""The naive twin: answers a round by reading the whole history anew, with nothing shared or reused.

It exists as the oracle of `Painter.answer`: any walk over a history tree must give the same words, and image
tokens within floating-point noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from limner.chat.generation import Answer, Sampling, answer_round
from limner.chat.painter import Painter
from limner.chat.request import PastRound
from limner.dialogue.parts import Instruction
from limner.models.cache import KeyValueCache
from limner.models.prompt import TextSegment, closing_ids, instruction_segments


@torch.inference_mode()
def answer_naively(
    painter: Painter,
    past: Sequence[PastRound],
    instruction: Instruction,
    *,
    seed: int,
    sampling: Sampling | None = None,
) -> Answer:
    """The answer after one single forward over the whole history."""
    model = painter.model
    cache = KeyValueCache()
    pieces_1NW = []
    for round_ in past:
        pieces_1NW += _instruction(painter, round_.instruction)
        ids = list(round_.response_ids)
        if round_.image_tokens_KD is None:
            pieces_1NW.append(_text(painter, [*ids, model.tokenizer.end_id]))
            continue
        pieces_1NW.append(_text(painter, [*ids, model.tokenizer.image_start_id]))
        pieces_1NW.append(model.language.embed_image(round_.image_tokens_KD[None]))
        pieces_1NW.append(_text(painter, closing_ids(model.tokenizer)))
    if pieces_1NW:
        model.language.hidden(torch.cat(pieces_1NW, dim=1), cache=cache)
    return answer_round(model, cache, instruction, painter.encode, sampling or painter.sampling, seed)


def _instruction(painter: Painter, instruction: Instruction) -> list[torch.Tensor]:
    model = painter.model
    pieces_1NW = []
    for segment in instruction_segments(instruction, model.tokenizer, model.preset.upload_crop_px):
        if isinstance(segment, TextSegment):
            pieces_1NW.append(_text(painter, segment.ids))
        else:
            tokens_1KD = painter.encode(segment.picture)[None]
            centres = None if segment.centre is None else [segment.centre]
            pieces_1NW.append(model.language.embed_image(tokens_1KD, centres))
    return pieces_1NW


def _text(painter: Painter, ids: Sequence[int]) -> torch.Tensor:
    language = painter.model.language
    return language.embed_text(torch.tensor([list(ids)], dtype=torch.long, device=language.device))
