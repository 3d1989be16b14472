"""The cosine start: from step 0, pooled tokens tell what a picture of the world looks like."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from limner.models.decoder import PictureDecoder
from limner.models.presets import MINIATURE, SKETCH, TINY
from limner.models.vision import QwenVisionTransformer, pool_tokens
from limner.models.vision_start import fits, start_as_cosine_codes
from limner.world.render import render
from limner.world.staging import random_scene


def pictures(first: int, count: int) -> Tensor:
    drawn = [
        render(random_scene(np.random.default_rng(first + n)), SKETCH.image_size_px) for n in range(count)
    ]
    return torch.from_numpy(np.stack(drawn)).permute(0, 3, 1, 2).float() / 127.5 - 1


def held_out_psnr(vision: QwenVisionTransformer) -> float:
    decoder = PictureDecoder(SKETCH.decoder)
    with torch.no_grad():
        shown, held_out = pictures(0, 32), pictures(100, 8)
        decoder.fit_shortcut(pool_tokens(vision(shown)), shown)
        error = (decoder(pool_tokens(vision(held_out))) - held_out).square().mean()
    return float(-10 * torch.log10(error / 4))


def test_pictures_can_be_told_from_the_tokens_at_once() -> None:
    torch.manual_seed(0)
    vision = QwenVisionTransformer(SKETCH.vision)
    at_random = held_out_psnr(vision)
    start_as_cosine_codes(vision, SKETCH.num_image_tokens)
    assert held_out_psnr(vision) > max(20.0, at_random + 5.0)


def test_the_presets_that_are_trained_from_nothing_allow_it_and_others_say_why_not() -> None:
    for preset in (SKETCH, MINIATURE):
        assert fits(QwenVisionTransformer(preset.vision), preset.num_image_tokens)
    tiny = QwenVisionTransformer(TINY.vision)
    with pytest.raises(ValueError, match="do not allow the cosine start"):
        start_as_cosine_codes(tiny, TINY.num_image_tokens)
