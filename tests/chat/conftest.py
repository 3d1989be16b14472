"""A painter with random weights at tiny size: the mechanism is the same as the trained one's."""

import pytest
import torch

from limner.chat.painter import Painter
from limner.models.model import build_model
from limner.models.presets import TINY
from limner.models.tokenizer import train_tokenizer

TEXTS = [
    "The image shows Mia and Tom in a garden. Mia has long red hair. Tom wears a green sweater.",
    "A close-up of Mia.",
    "Step back 2 times, then add a blue scarf.",
    "What color is her hair?",
]


@pytest.fixture(scope="session")
def tiny_painter():
    torch.manual_seed(0)
    model = build_model(TINY, train_tokenizer(TEXTS * 4, vocab_size=TINY.language.vocab_size)).eval()
    return Painter(model, None, fingerprint="tiny")
