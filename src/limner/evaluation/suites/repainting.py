"""A picture through a model's own eyes and hands: pixels -> image tokens -> pixels, with no conversation.

Knows encoder, detokenizer and autoencoder of a painter. Knows no dialogue and no metrics.
"""

from __future__ import annotations

import torch

from limner.chat.generation import detokenize, to_uint8
from limner.chat.painter import Painter, square
from limner.dialogue.parts import Picture


def through_tokens(painter: Painter, picture: Picture, seed: int) -> Picture:
    """`picture` encoded and detokenized: what the painter's detokenizer makes of its image tokens.

    The one place where evaluation calls a detokenizer. One that also reads a condition picture (SDXL's stage
    2) is to be given `picture` itself, the case in which it does best (paper, section 3.2).
    """
    return Picture(detokenize(painter.model, painter.encode(picture), painter.sampling, seed))


@torch.inference_mode()
def through_autoencoder(painter: Painter, picture: Picture) -> Picture:
    """`picture` through the autoencoder alone: what no detokenizer in front of it can surpass."""
    model = painter.model
    pixels_HWC = square(picture, painter.image_size_px)
    pixels_3HW = torch.from_numpy(pixels_HWC).permute(2, 0, 1).to(model.device, model.dtype) / 127.5 - 1
    return Picture(to_uint8(model.autoencoder.decode(model.autoencoder.encode(pixels_3HW[None]))[0]))
