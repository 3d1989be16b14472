"""The stage that teaches a detokenizer's layers alone: persons cut free, their faces, and whole places.

A whole picture costs ten times what a canvas costs, most of it for what a canvas leaves out, and shows a face
on a twentieth of its pixels. `stages/detokenizer.py` then composes. Knows the layers and what they are to
show; nothing about the transformer.

Legend: B persons or places, W side of a canvas in pixels, N tokens, D token width.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from limner.models.detokenizer import DiTDetokenizer
from limner.models.model import build_detokenizer
from limner.models.person_canvas import PersonCanvas
from limner.models.pixel_frame import edges, pixel_errors
from limner.models.scene_layers import SceneLayers
from limner.models.windows import FACE, SEEN_FIGURE
from limner.training.batches import psnr_db
from limner.training.components import is_made, read_detokenizer, write_component
from limner.training.disturbed_tokens import TokenDisturbance
from limner.training.layers_of_scenes import (
    FIRST_SEED,
    TRIES,
    AnySpan,
    FiguresCutFree,
    RepeatedFigures,
    cut_free,
    joined,
    places,
    prepare,
)
from limner.training.remember_details import FIGURES, remember
from limner.training.run_context import HELD_OUT_SEED, RunContext
from limner.training.state import SampleRng

SPANS: Final[dict[str, AnySpan]] = {"figures": SEEN_FIGURE, "faces": FACE}
CHUNK: Final = 16
DETAILS_WEIGHT: Final = 20.0  # of their squared errors


@dataclass(frozen=True, kw_only=True)
class SceneLayersStage:
    """What a step draws beside the plan's batch of figures: faces and places. Each person is kept and met
    again, as whole figure and as face.
    """

    learns: tuple[str, ...] = ("figures", "faces", "places")
    details_alone: bool = False  # what figures and faces remember; all else stays as it is
    faces: int = 32
    places: int = 4
    remembered: int = FIGURES  # whose mean is what details begin with
    kept: int = 12_000
    new: int = 4
    held_out: int = 96
    # As a language model's tokens are (`disturbed_tokens.py`).
    token_noise: float = 0.3
    token_mixing: float = 0.4
    # Of the squared error of patterns alone. In whole figures they are a hundredth of what is wrong, and
    # were not learned in 2,400 steps.
    pattern_weight: float = 30.0

    def __call__(self, context: RunContext) -> SceneLayersTask:
        return SceneLayersTask(self, context)


class SceneLayersTask:
    """Held out: PSNR in dB of persons (their colours times opacity), of their faces, and of places."""

    def __init__(self, stage: SceneLayersStage, context: RunContext) -> None:
        self.stage, self.context = stage, context
        model = build_detokenizer(context.preset)
        assert isinstance(model, DiTDetokenizer)
        if model.frame is None or model.frame.layers is None:
            raise ValueError(f"The detokenizer of the scale {context.preset.name} composes no layers.")
        self._model = model
        self._layers: SceneLayers = model.frame.layers.to(context.device)
        if is_made(context.model_folder, "detokenizer"):
            read_detokenizer(context, model)
        else:
            prepare(self._layers)
        self._canvases: dict[str, PersonCanvas] = {
            name: getattr(self._layers, name) for name in SPANS if name in stage.learns
        }
        self._repeated = {
            name: RepeatedFigures(canvas.side_px, SPANS[name], kept=stage.kept, new=stage.new)
            for name, canvas in self._canvases.items()
        }
        self.network: nn.Module = self._layers
        if stage.details_alone:
            self._layers.requires_grad_(False)
            remembered = [canvas.details for canvas in self._canvases.values() if canvas.details is not None]
            self.network = nn.ModuleList(remembered).requires_grad_(True)
        for name, canvas in self._canvases.items():
            if canvas.details is not None and canvas.details.is_new:
                remember(canvas.details, partial(_figure, canvas.side_px, SPANS[name]), stage.remembered)
        seeds = range(HELD_OUT_SEED, HELD_OUT_SEED + stage.held_out)
        self._held_out = {
            name: joined([cut_free(seed, "test", canvas.side_px, SPANS[name]) for seed in seeds])
            for name, canvas in self._canvases.items()
        }
        self._disturbed = TokenDisturbance(
            noise=stage.token_noise, mixing=stage.token_mixing, scene_tokens=True
        )

    def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        generator, told = sample_rng.torch(self.context.device), {}
        counts = {"figures": batch, "faces": self.stage.faces}
        for name, pictures in self._repeated.items():
            shown = pictures.take(sample_rng, counts[name])
            drawn_B4WW, added_B3WW = self._drawn(name, shown, generator, pattern=not self.stage.details_alone)
            error_B4WW = drawn_B4WW - shown.target().to(self.context.device)
            told[name] = self._cost(error_B4WW)
            if added_B3WW is not None:
                missed_B3WW = added_B3WW - shown.pattern().to(self.context.device)
                told["patterns"] = self.stage.pattern_weight * missed_B3WW.square().mean()
        if "places" in self.stage.learns:
            rng = sample_rng.numpy()
            seeds = [int(seed) for seed in rng.integers(1 << 40, size=self.stage.places)]
            side_px = self._layers.figures.side_px
            target_B3WW, tokens_BND = places(rng, seeds, side_px, "train")
            tokens_BND = self._disturbed(tokens_BND.to(self.context.device), generator)
            drawn = self._layers.backdrop.whole(tokens_BND).float()
            error_B3WW = drawn - target_B3WW.to(self.context.device)
            told["places"] = pixel_errors(error_B3WW).mean()
        total = torch.stack([*told.values()]).sum()
        return total, {name: value.detach() for name, value in told.items()}

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        found = {}
        for name, shown in self._held_out.items():
            squared = []
            for start in range(0, len(shown.person_B), CHUNK):
                part = shown.part(start, start + CHUNK)
                error = self._drawn(name, part, None)[0].cpu() - part.target()
                squared.append(error[:, :3].square().mean((1, 2, 3)))
            found[f"{name}_db"] = float(psnr_db(torch.cat(squared)).mean())
        if "places" in self.stage.learns:
            rng = np.random.default_rng(0)
            seeds = range(HELD_OUT_SEED, HELD_OUT_SEED + CHUNK)
            target_B3WW, tokens_BND = places(rng, seeds, self._layers.figures.side_px, "test")
            drawn = self._layers.backdrop.whole(tokens_BND.to(self.context.device)).float().cpu()
            found["places_db"] = float(psnr_db((drawn - target_B3WW).square().mean((1, 2, 3))).mean())
        return found

    def _cost(self, error_B4WW: Tensor) -> Tensor:
        """Absolute errors, as in whole pictures; of details alone squared ones. A line that lies a pixel off
        in every second picture is nothing to a median and a fainter line to a mean.
        """
        if not self.stage.details_alone:
            return pixel_errors(error_B4WW).mean()
        return DETAILS_WEIGHT * (error_B4WW.square() + edges(error_B4WW).square()).mean()

    def write(self) -> None:
        """`detokenizer/`, with the layers that were taught."""
        write_component(self.context, "detokenizer", self._model)

    def _drawn(
        self, name: str, shown: FiguresCutFree, generator: torch.Generator | None, *, pattern: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """(B, 4, W, W) float32, and what the `pattern` adds, if asked; tokens are disturbed where there is a
        `generator`.
        """
        device = self.context.device
        tokens_BND = torch.from_numpy(shown.tokens_BND).to(device)
        if generator is not None:
            tokens_BND = self._disturbed(tokens_BND, generator)
        every_B = torch.arange(len(tokens_BND), device=device)
        person_B = torch.from_numpy(shown.person_B).to(device)
        windows_B4 = torch.from_numpy(shown.windows_B4).to(device)
        told = self._layers.told(tokens_BND, every_B, person_B)
        drawn, added = self._canvases[name].with_pattern(*told, windows_B4, alone=pattern)
        return drawn.float(), None if added is None else added.float()


def _figure(size_px: int, span: AnySpan, number: int) -> FiguresCutFree:
    return cut_free(FIRST_SEED + number * TRIES, "train", size_px, span)
