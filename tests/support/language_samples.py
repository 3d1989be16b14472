"""Small real dialogues for the tests of the language side: pictures of noise, a trained tokenizer, three
rounds.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.models.presets import TINY
from limner.models.tokenizer import TextTokenizer, train_tokenizer

SENTENCES = (
    "Draw Emma and Olivia sitting on a couch.",
    "Here is the picture of Emma in a red coat.",
    "Now only Olivia, close-up, on a white ground.",
    "Who wears the hat? Emma does.",
    "Emma is at [[10 20 30 40]].",
)


def small_tokenizer() -> TextTokenizer:
    return train_tokenizer(SENTENCES * 20, TINY.language.vocab_size)


def picture(seed: int) -> Picture:
    return Picture(np.random.default_rng(seed).integers(0, 255, (16, 16, 3), dtype=np.uint8))


def three_rounds() -> list[Round]:
    """Text to image; two context pictures to image; text only."""
    return [
        Round(
            instruction=Instruction(text="Draw Emma and Olivia sitting on a couch."),
            response=Response(text="Here is the picture.", picture=picture(1)),
        ),
        Round(
            instruction=Instruction(text="Now only Olivia", pictures=(picture(2), picture(3))),
            response=Response(text="Here is Olivia.", picture=picture(4)),
        ),
        Round(
            instruction=Instruction(text="Where is Emma?"),
            response=Response(text="Emma is at [[10 20 30 40]]."),
        ),
    ]


def image_tokens(rounds: list[Round]) -> dict[str, Tensor]:
    """Random tokens for every picture, by digest."""
    generator = torch.Generator().manual_seed(5)
    shape = (TINY.num_image_tokens, TINY.vision.output_dim)
    return {
        one.digest: torch.randn(shape, generator=generator) for round_ in rounds for one in round_.pictures
    }
