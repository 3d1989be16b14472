"""A painter with random weights at tiny size: the mechanism is the same as the trained one's."""

import pytest
import torch
from chat_texts import TEXTS

from limner.inference.painter import Painter
from limner.models.model import build_model
from limner.models.presets import TINY
from limner.models.tokenizer import train_tokenizer


@pytest.fixture(scope="session")
def tiny_painter():
    torch.manual_seed(0)
    model = build_model(TINY, train_tokenizer(TEXTS * 4, vocab_size=TINY.language.vocab_size)).eval()
    return Painter(model, None, fingerprint="tiny")
