"""The image tokens of crops, for models that read given pictures at any resolution.

A sample cache keeps the tokens of whole pictures; how many crops a picture has is known only when it is read,
so theirs are made when a batch needs them. Knows the encoder and the grids. Knows nothing about losses.

Legend: K image tokens of a picture, D token width.
"""

from __future__ import annotations

from collections import ChainMap, OrderedDict
from collections.abc import Mapping, MutableMapping, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor

from limner.dialogue.parts import Dialogue, Picture
from limner.models.any_resolution import views
from limner.models.precision import autocast
from limner.models.vision import ImageTokenizer
from limner.training.batches import PictureBatches

KEPT = 512  # 1 MB each at full scale
ENCODE_AT_ONCE = 32


class CropEncoder:
    """The frozen encoder on crops of `crop_px`; the latest tokens are kept."""

    def __init__(self, encoder: ImageTokenizer, crop_px: int, device: torch.device) -> None:
        self.encoder, self.crop_px, self.device = encoder, crop_px, device
        self._kept: OrderedDict[str, Tensor] = OrderedDict()

    def beside(self, tokens: Mapping[str, Tensor], dialogues: Sequence[Dialogue]) -> Mapping[str, Tensor]:
        """`tokens` and those of all crops of the pictures given in `dialogues`: key -> (K, D) on the CPU."""
        parts: dict[str, Picture] = {}
        for dialogue in dialogues:
            for round_ in dialogue.rounds:
                for picture in round_.instruction.pictures:
                    parts |= {part.digest: part for part, _ in views(picture, self.crop_px)}
        found = {digest: self._kept[digest] for digest in parts if digest in self._kept}
        found |= self._encoded([part for digest, part in parts.items() if digest not in found])
        self._kept |= found
        for digest in found:
            self._kept.move_to_end(digest)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return ChainMap(found, cast("MutableMapping[str, Tensor]", tokens))  # only read from

    @torch.no_grad()
    def _encoded(self, parts: Sequence[Picture]) -> dict[str, Tensor]:
        made: dict[str, Tensor] = {}
        for start in range(0, len(parts), ENCODE_AT_ONCE):
            some = parts[start : start + ENCODE_AT_ONCE]
            pixels = PictureBatches(np.stack([part.pixels for part in some]), self.device, self.crop_px)
            with autocast(self.device):
                tokens_BKD = self.encoder.encode(pixels.take(np.arange(len(some)))).float().cpu()
            made |= {part.digest: tokens_KD for part, tokens_KD in zip(some, tokens_BKD, strict=True)}
        return made
