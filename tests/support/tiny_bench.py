"""What suites are tried with: a painter of the tiny scale with random weights, and the embedded judge."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import torch

import limner
from limner.evaluation.suite import Bench
from limner.inference.model_folder import EMBEDDED, checkpoint_folder
from limner.inference.painter import Painter
from limner.models.model import build_model
from limner.models.presets import TINY
from limner.models.tokenizer import train_tokenizer
from limner.perception.senses import WorldSenses, load_senses

TEXTS = ("A close-up of Mia.", "The image shows a woman in a garden. She has curly black hair.")


@lru_cache
def tiny_painter(seed: int = 0) -> Painter:
    """Random weights, few steps; the detokenizer heeds its tokens, which at the start of training it does
    not.
    """
    torch.manual_seed(seed)
    # Room for the world's longest texts, which few words in the vocabulary make longer still.
    preset = replace(TINY, language=replace(TINY.language, context_tokens=1024))
    tokenizer = train_tokenizer(list(TEXTS) * 4, vocab_size=preset.language.vocab_size)
    model = build_model(preset, tokenizer).eval()
    with torch.no_grad():
        model.detokenizer.transformer.proj_out.weight.normal_(std=0.3)
    painter = Painter(model, None, fingerprint=f"tiny {seed}")
    return painter.with_sampling(token_steps=2, pixel_steps=2, max_text_tokens=4)


@lru_cache
def embedded() -> Painter:
    """The model that comes with the package."""
    return limner.load("miniature")


@lru_cache
def judge() -> WorldSenses:
    """The senses that come with the package."""
    return load_senses(checkpoint_folder(EMBEDDED) / "senses")


def bench(painter: Painter | None = None, *, seed: int = 0, **others: Painter) -> Bench:
    """`painter` (default: the tiny one) before the embedded model's senses."""
    return Bench(
        painter=painter or tiny_painter(), judge=judge(), judge_hash="embedded", others=others, seed=seed
    )


def values(rows, metric: str) -> list[float]:
    """All values of one metric, in order."""
    return [row.value for row in rows if row.metric == metric]
