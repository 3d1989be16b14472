"""A tiny painter whose context holds the long conversations of the multi-round suites."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch

from limner.dialogue.parts import Picture
from limner.inference.painter import Painter
from limner.models.model import build_model
from limner.models.presets import TINY
from limner.models.tokenizer import train_tokenizer

TEXTS = ("A close-up of Mia.", "The image shows a woman in a garden. She has curly black hair.")


@lru_cache
def roomy_painter() -> Painter:
    """Random weights, few steps, 4,096 tokens of context. Nothing is zero, so that pictures heed the history,
    which at the start of training they do not.
    """
    torch.manual_seed(0)
    preset = replace(TINY, language=replace(TINY.language, context_tokens=4096))
    tokenizer = train_tokenizer(list(TEXTS) * 4, vocab_size=preset.language.vocab_size)
    model = build_model(preset, tokenizer).eval()
    with torch.no_grad():
        for part in (model.token_heads, model.detokenizer):
            for weight in part.parameters():
                if not weight.any():
                    weight.normal_(std=0.3)
    painter = Painter(model, None, fingerprint="roomy")
    return painter.with_sampling(token_steps=2, pixel_steps=2, max_text_tokens=4)


def coarse(picture: Picture) -> np.ndarray:
    """Stands for a model's encoder: the picture in 16 x 16 averages."""
    pixels = picture.pixels.astype(np.float32)
    side = pixels.shape[0] // 16
    return pixels.reshape(16, side, 16, side, 3).mean((1, 3))


def gray(size_px: int) -> Picture:
    """A picture of nothing."""
    return Picture(np.full((size_px, size_px, 3), 127, np.uint8))
