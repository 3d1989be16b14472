"""A picture through a model's own eyes and hands: pixels -> image tokens -> pixels, with no conversation.

Knows encoder, detokenizer and autoencoder of a painter. Knows no dialogue and no metrics.
"""

from __future__ import annotations

import torch

from limner.dialogue.parts import Picture
from limner.evaluation.suites.asking import Painted
from limner.inference.generation import to_uint8
from limner.inference.painter import Painter
from limner.models.pad_to_square import pad_to_square


def through_tokens(
    painter: Painter, picture: Picture, seed: int, condition: Picture | None = None
) -> Picture:
    """`picture` encoded and detokenized: what the painter's detokenizer makes of its image tokens.

    The one place where evaluation calls a detokenizer. It gets as many tokens as it reads, which may be more
    than the language model predicts; `condition` is for one that reads a condition picture (SDXL's stage 2).
    """
    model = painter.model
    if model.detokenizer.sizes.num_tokens == model.image_tokenizer.num_tokens:
        return painter.paint(painter.encode(picture), seed, condition=condition)
    return painter.paint(_all_tokens(painter, picture), seed, condition=condition)


def encoded(painter: Painter, picture: Picture) -> Painted:
    """`picture` with the image tokens that the painter's encoder reads in it."""
    return Painted(picture.pixels, tokens_ND=painter.encode(picture).float().cpu().numpy())


@torch.inference_mode()
def _all_tokens(painter: Painter, picture: Picture) -> torch.Tensor:
    model = painter.model
    return model.image_tokenizer.encode(
        _pixels(painter, picture, model.preset.image_size_px), num_tokens=model.detokenizer.sizes.num_tokens
    )[0]


@torch.inference_mode()
def through_autoencoder(painter: Painter, picture: Picture) -> Picture:
    """`picture` through the autoencoder alone: what no detokenizer in front of it can surpass."""
    autoencoder = painter.model.autoencoder
    pixels_13HW = _pixels(painter, picture, autoencoder.sizes.image_size_px)
    return Picture(to_uint8(autoencoder.decode(autoencoder.encode(pixels_13HW))[0]))


def _pixels(painter: Painter, picture: Picture, size_px: int) -> torch.Tensor:
    """(1, 3, S, S) in [-1, 1], where and how the model computes."""
    pixels_3HW = torch.from_numpy(pad_to_square(picture, size_px)).permute(2, 0, 1)
    return pixels_3HW.to(painter.model.device, painter.model.dtype)[None] / 127.5 - 1
