"""How well a text fits a picture, by the judge's text-image score.

Knows the judge and the words it reads. Knows nothing about where the text comes from.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from limner.evaluation.metrics.metric import Metric, check_pixels
from limner.models.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from limner.perception.senses import WorldSenses

SCALE = 100.0
METRIC = Metric(
    name="clip_score",
    source="100 x cosine of picture and text (Radford et al. 2021), by the judge; the paper's CLIP score",
    range=(-SCALE, SCALE),
    better="higher",
)


def clip_score(
    judge: WorldSenses, picture: np.ndarray, text: str, *, tokenizer: TextTokenizer | None = None
) -> float:
    """100 x cosine of `picture` (H, W, 3) uint8 and `text`; not cut off at 0, so that chance stays visible.

    Args:
        tokenizer: the one that the judge was trained with; None is the embedded model's.

    Raises:
        ValueError: the text is empty, or the tokenizer is not the judge's.
    """
    tokenizer = tokenizer or judge_tokenizer()
    known = judge.text_image_score.sizes.vocab_size
    if tokenizer.vocab_size != known:
        raise ValueError(
            f"The judge reads a vocabulary of {known} entries, the tokenizer has {tokenizer.vocab_size}; "
            "pass the tokenizer of the judge's own checkpoint."
        )
    if not text.strip():
        raise ValueError("A text to score needs at least one word; leave empty texts out.")
    return SCALE * judge.text_score(check_pixels(picture), tokenizer.encode(text.strip()))


@lru_cache(maxsize=4)
def judge_tokenizer(folder: str | Path | None = None) -> TextTokenizer:
    """The tokenizer of the checkpoint from which a judge was taken (None: the embedded one), read once."""
    checkpoint = Path(str(files("limner") / "miniature")) if folder is None else Path(folder)
    return TextTokenizer.load(checkpoint / "tokenizer")
