"""The rung that teaches a detokenizer's layers alone: persons cut free, and whole places.

A whole picture costs ten times what a canvas costs, most of it for what a canvas leaves out, and shows a face
on a twentieth of its pixels. `stages/detokenizer.py` then composes. Knows the layers and what they are to
show; nothing about the transformer.

Legend: B figures or places, W side of a canvas in pixels, N tokens, D token width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from limner.models.detokenizer import DiTDetokenizer
from limner.models.figure_layers import DOWN, SIDE, UP
from limner.models.model import build_detokenizer
from limner.models.pixel_frame import edges
from limner.models.scene_layers import SceneLayers
from limner.training.batches import psnr_db
from limner.training.components import is_made, read_component, write_component
from limner.training.disturbed_tokens import TokenDisturbance
from limner.training.layers_of_scenes import RepeatedFigures, cut_free, joined, places, prepare
from limner.training.state import Chance
from limner.training.workshop import HELD_OUT_SEED, Workshop

# The face's own part of its window, left, top, right and bottom edge in the window's unit square.
FACE: Final = (
    (SIDE - 0.5) / (2 * SIDE),
    (UP - 0.5) / (UP + DOWN),
    (SIDE + 0.5) / (2 * SIDE),
    (UP + 0.5) / (UP + DOWN),
)
CHUNK: Final = 16


@dataclass(frozen=True, kw_only=True)
class SceneLayersStage:
    """A step draws as many figures as the plan's batch says, and `places` places."""

    kept: int = 12_000
    new: int = 4
    places: int = 4
    held_out: int = 96
    face_weight: float = 4.0
    token_noise: float = 0.1
    token_mixing: float = 0.0

    def __call__(self, workshop: Workshop) -> SceneLayersRung:
        return SceneLayersRung(self, workshop)


class SceneLayersRung:
    """Held out: PSNR in dB of persons (their colours times opacity), of their faces, and of places."""

    def __init__(self, stage: SceneLayersStage, workshop: Workshop) -> None:
        self.stage, self.workshop = stage, workshop
        model = build_detokenizer(workshop.preset)
        assert isinstance(model, DiTDetokenizer)
        if model.frame is None or model.frame.layers is None:
            raise ValueError(f"The detokenizer of the scale {workshop.preset.name} composes no layers.")
        self._model = model
        layers = model.frame.layers
        if is_made(workshop.model_folder, "detokenizer"):
            read_component(workshop, "detokenizer", model)
        else:
            prepare(layers)
        self._layers: SceneLayers = layers.to(workshop.device)
        self.network: nn.Module = self._layers
        self._side = layers.figures.canvas_side
        self._figures = RepeatedFigures(self._side, kept=stage.kept, new=stage.new)
        seeds = range(HELD_OUT_SEED, HELD_OUT_SEED + stage.held_out)
        self._held_out = joined([cut_free(seed, "test", self._side) for seed in seeds])
        self._disturbed = TokenDisturbance(
            noise=stage.token_noise, mixing=stage.token_mixing, scene_tokens=True
        )
        self._weights_WW = _face_weights(self._side, stage.face_weight).to(workshop.device)

    def loss(self, chance: Chance, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        device, told = self.workshop.device, {}
        shown = self._figures.take(chance, batch)
        generator = chance.torch(device)
        tokens_BND = self._disturbed(torch.from_numpy(shown.tokens_BND).to(device), generator)
        every_B = torch.arange(batch, device=device)
        person_B = torch.from_numpy(shown.person_B).to(device)
        drawn_B4WW = self._layers.figures.canvases(tokens_BND, every_B, person_B)
        error_B4WW = drawn_B4WW.float() - shown.target().to(device)
        total = ((error_B4WW.abs() + edges(error_B4WW)) * self._weights_WW).mean()
        told["figures"] = total.detach()
        if self.stage.places:
            rng = chance.numpy()
            seeds = [int(seed) for seed in rng.integers(1 << 40, size=self.stage.places)]
            target_B3WW, tokens_BND = places(rng, seeds, self._side, "train")
            tokens_BND = self._disturbed(tokens_BND.to(device), generator)
            error_B3WW = self._layers.backdrop.whole(tokens_BND).float() - target_B3WW.to(device)
            told["places"] = (error_B3WW.abs() + edges(error_B3WW)).mean()
            total = total + told["places"]
        return total, {name: value.detach() for name, value in told.items()}

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        device, shown = self.workshop.device, self._held_out
        squared = []
        for start in range(0, len(shown.tokens_BND), CHUNK):
            tokens_BND = torch.from_numpy(shown.tokens_BND[start : start + CHUNK]).to(device)
            person_B = torch.from_numpy(shown.person_B[start : start + CHUNK]).to(device)
            every_B = torch.arange(len(tokens_BND), device=device)
            drawn = self._layers.figures.canvases(tokens_BND, every_B, person_B).float().cpu()
            squared.append((drawn - shown.target()[start : start + CHUNK]).square())
        whole = torch.cat(squared)[:, :3]
        left, top, right, bottom = (round(edge * self._side) for edge in FACE)
        target_B3WW, tokens_BND = places(
            np.random.default_rng(0), range(HELD_OUT_SEED, HELD_OUT_SEED + CHUNK), self._side, "test"
        )
        place_error = self._layers.backdrop.whole(tokens_BND.to(device)).float().cpu() - target_B3WW
        return {
            "figures_db": float(psnr_db(whole.mean((1, 2, 3))).mean()),
            "faces_db": float(psnr_db(whole[..., top:bottom, left:right].mean((1, 2, 3))).mean()),
            "places_db": float(psnr_db(place_error.square().mean((1, 2, 3))).mean()),
        }

    def write(self) -> None:
        """`detokenizer/`, with the layers that were taught."""
        write_component(self.workshop, "detokenizer", self._model)


def _face_weights(side: int, inside: float) -> Tensor:
    """(W, W) with a mean of 1: `inside` times as much within the face."""
    weights = torch.ones(side, side)
    left, top, right, bottom = (round(edge * side) for edge in FACE)
    weights[top:bottom, left:right] = inside
    return weights / weights.mean()
