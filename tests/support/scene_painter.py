"""A tiny painter with random weights whose image tokens have the shape of scene tokens."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import torch

from limner.inference.painter import Painter
from limner.models.model import LimnerModel, build_model
from limner.models.presets import TINY, Preset
from limner.models.tokenizer import train_tokenizer
from limner_world.scene_tokens import NUM_TOKENS, TOKEN_DIM

TEXTS = ("A close-up of Mia.", "The image shows a woman in a garden. She has curly black hair.")


def scene_preset() -> Preset:
    """The tiny scale with 64 image tokens of 64 numbers."""
    grid = int(NUM_TOKENS**0.5)
    return replace(
        TINY,
        num_image_tokens=NUM_TOKENS,
        vision=replace(TINY.vision, num_queries=NUM_TOKENS, output_dim=TOKEN_DIM),
        input_resampler=replace(TINY.input_resampler, grid=grid, input_dim=TOKEN_DIM),
        output_resampler=replace(TINY.output_resampler, grid=grid, width=TOKEN_DIM),
        language=replace(TINY.language, context_tokens=4096),
        detokenizer=replace(TINY.detokenizer, token_dim=TOKEN_DIM, num_tokens=NUM_TOKENS, tokens_pooled=1),
    )


def scene_model() -> LimnerModel:
    """Random weights, nothing zero that would hide the tokens."""
    torch.manual_seed(0)
    preset = scene_preset()
    model = build_model(preset, train_tokenizer(list(TEXTS) * 4, vocab_size=preset.language.vocab_size))
    with torch.no_grad():
        for part in (model.token_heads, model.detokenizer):
            for weight in part.parameters():
                if not weight.any():
                    weight.normal_(std=0.3)
    return model.eval()


@lru_cache
def scene_painter() -> Painter:
    """Few steps, 4,096 tokens of context."""
    painter = Painter(scene_model(), None, fingerprint="scenes")
    return painter.with_sampling(token_steps=2, pixel_steps=2, max_text_tokens=4)
