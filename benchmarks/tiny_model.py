"""A model of random weights that costs next to nothing: for benchmarks of the server, not of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from limner.models.model import LimnerModel

TEXTS = ("The image shows Mia in a garden.", "A close-up of Mia.", "Make it night.")


def tiny_model() -> LimnerModel:
    """The tiny preset; torch is imported late, so that a script is there at once."""
    import torch

    from limner.models.model import build_model
    from limner.models.presets import TINY
    from limner.models.tokenizer import train_tokenizer

    torch.manual_seed(0)
    return build_model(TINY, train_tokenizer(list(TEXTS) * 8, vocab_size=TINY.language.vocab_size)).eval()


def save_tiny(folder: Path) -> Path:
    """The checkpoint in a folder that does not exist yet, for `limner serve --model FOLDER`."""
    from limner.models.checkpoint import save_model

    save_model(tiny_model(), folder)
    return folder
