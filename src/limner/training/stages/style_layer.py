"""The stage that teaches a detokenizer's last layer: a plain picture in, the same picture in a style out.

Pictures are drawn plainly and kept; each time one is met the world's painter puts another style on it, with
grain that lies still. What goes in is softened as what a small network draws is soft. Knows the world's
painter and the layer; nothing about the transformer.

Legend: B pictures, S side in pixels, W side of a crop, D token width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from limner.models.detokenizer import DiTDetokenizer
from limner.models.model import build_detokenizer
from limner.models.pixel_frame import pixel_errors
from limner.models.style_layer import BLOCK, StyleLayer
from limner.training.batches import psnr_db
from limner.training.components import read_with_new_parts, write_component
from limner.training.repeated_pictures import RepeatedDraws
from limner.training.run_context import HELD_OUT_SEED, RunContext
from limner.training.scene_pictures import PLAIN_STYLE
from limner.training.state import SampleRng
from limner_world.chance import seeded
from limner_world.render import render_plainly
from limner_world.scene import STYLES
from limner_world.scene_tokens import SCENE_SLOTS, Words
from limner_world.staging import random_scene
from limner_world.styles import apply_style

GRAIN_SEED: Final = 0  # the part of the textures that is remembered
FIRST_SEED: Final = 6_000_000_000  # far from other streams'
SOFTEST: Final = 0.8  # the widest blur of what goes in, in pixels
PUT_ON: Final = tuple(style for style in STYLES if style != PLAIN_STYLE)

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class StyleLayerStage:
    """Pictures in memory, new ones a step, and how far from the true ones tokens of styles are."""

    kept: int = 1_500
    new: int = 1
    ahead: int = 200
    held_out: int = 18
    token_noise: float = 0.15
    crop_px: int = 128  # a part of each picture at once: more pictures a step

    def __call__(self, context: RunContext) -> StyleLayerTask:
        return StyleLayerTask(self, context)


class StyleLayerTask:
    """Held out: PSNR in dB of each style put on true pictures, and of these pictures as they are."""

    def __init__(self, stage: StyleLayerStage, context: RunContext) -> None:
        self.stage, self.context = stage, context
        model = build_detokenizer(context.preset)
        if not isinstance(model, DiTDetokenizer) or model.frame is None or model.frame.style is None:
            raise ValueError(f"The detokenizer of the scale {context.preset.name} has no layer of styles.")
        self._model = read_with_new_parts(context.model_folder, "detokenizer", model, ("style",))
        self._layer: StyleLayer = model.frame.style.to(context.device)
        self.network: nn.Module = self._layer
        self._tokens = {style: token_of(style).to(context.device) for style in STYLES}
        self._layer.plain.copy_(self._tokens[PLAIN_STYLE])
        side_px = self._layer.side_px
        self._drawn = RepeatedDraws(
            lambda row: _plain_picture(FIRST_SEED + row, "train", side_px),
            kept=stage.kept,
            new=stage.new,
            ahead=stage.ahead,
        )
        self._held_out = [
            _plain_picture(HELD_OUT_SEED + index, "test", side_px) for index in range(stage.held_out)
        ]

    def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        rng, generator = sample_rng.numpy(), sample_rng.torch(self.context.device)
        plain = self._drawn.take(sample_rng, rng, batch)
        styles = [PUT_ON[int(index)] for index in rng.integers(len(PUT_ON), size=batch)]
        given_B3SS = _tensor([_softened(pixels, rng) for pixels in plain]).to(self.context.device)
        wanted = [apply_style(pixels, style, GRAIN_SEED) for pixels, style in zip(plain, styles, strict=True)]
        wanted_B3SS = _tensor(wanted).to(self.context.device)
        told_BD = torch.stack([self._tokens[style] for style in styles])
        noise_BD = torch.randn(told_BD.shape, generator=generator, device=told_BD.device)
        told_BD = told_BD + self.stage.token_noise * noise_BD
        crop = min(self.stage.crop_px, self._layer.side_px)
        top, left = (
            int(at) * BLOCK for at in rng.integers((self._layer.side_px - crop) // BLOCK + 1, size=2)
        )
        part = (..., slice(top, top + crop), slice(left, left + crop))
        drawn_B3WW = self._layer.put_on(given_B3SS[part], told_BD, (top, left))
        loss = pixel_errors(drawn_B3WW.float() - wanted_B3SS[part]).mean()
        return loss, {"style_error": loss.detach()}

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        found, given_B3SS = {}, _tensor([_printed(pixels) for pixels in self._held_out])
        for style in PUT_ON:
            wanted_B3SS = _tensor([apply_style(pixels, style, GRAIN_SEED) for pixels in self._held_out])
            told_BD = self._tokens[style].expand(len(given_B3SS), -1)
            drawn = [
                self._layer.put_on(part.to(self.context.device), told).float().cpu().clamp(-1, 1)
                for part, told in zip(given_B3SS.split(6), told_BD.split(6), strict=True)
            ]
            name = style.replace(" ", "_")
            for kind, made in (("", torch.cat(drawn)), ("_plain", given_B3SS)):
                squared_B = (made - wanted_B3SS).square().mean((1, 2, 3))
                found[f"{name}{kind}_db"] = float(psnr_db(squared_B).mean())
        return {"styles_db": float(np.mean([found[f"{s.replace(' ', '_')}_db"] for s in PUT_ON])), **found}

    def write(self) -> None:
        """`detokenizer/`, with the layer that was taught."""
        write_component(self.context, "detokenizer", self._model)


def token_of(style: str) -> Tensor:
    """The image token (D,) that names a style."""
    for slot in SCENE_SLOTS:
        for factor in slot.factors:
            if isinstance(factor, Words) and factor.name == "style":
                return torch.from_numpy(factor.rows[factor.words.index(style)].copy())
    raise AssertionError("scene tokens name a style")


def _plain_picture(seed: int, split: str, size_px: int) -> Pixels:
    return render_plainly(random_scene(seeded("picture for styles", split, seed), split=split), size_px)


def _printed(pixels: Pixels) -> Pixels:
    """As the detokenizer draws: in the plain style."""
    return apply_style(pixels, PLAIN_STYLE, GRAIN_SEED)


def _softened(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    sigma = float(rng.uniform(0, SOFTEST))
    printed = _printed(pixels)
    if sigma < 0.3:
        return printed
    return np.asarray(cv2.GaussianBlur(printed, (0, 0), sigma), np.uint8)


def _tensor(pictures: list[Pixels]) -> Tensor:
    """(B, 3, S, S) float32 in [-1, 1]."""
    pixels_BSS3 = torch.from_numpy(np.stack(pictures))
    return pixels_BSS3.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)
