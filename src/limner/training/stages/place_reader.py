"""The stage that teaches the encoder's look at the whole picture alone, before `stages/vision.py` joins all.

A pass of the transformer costs ten times what this look costs, and a place is told apart from its other
layouts only after many thousands of pictures. Knows the reader, the world's truth and kept pictures.

Legend: B pictures, N tokens, D token width, T tokens of the scene that are read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from limner.models.model import build_component
from limner.models.place_reader import PlaceReader
from limner.models.vision import ImageTokenizer
from limner.training.components import write_component
from limner.training.pictures_to_read import draw_pictures
from limner.training.repeated_pictures import RepeatedPictures
from limner.training.run_context import HELD_OUT_SEED, RunContext
from limner.training.stages.scene_factors import Agreement, SceneFactors
from limner.training.stages.second_look import go_on_from
from limner.training.stages.vision import Shown
from limner.training.state import SampleRng
from limner_world.scene_tokens import SLOTS, Words

FIRST_SEED = 9_000_000_000  # far from other streams'


@dataclass(frozen=True, kw_only=True)
class PlaceReaderStage:
    """Pictures in memory, new ones a step, and how words weigh beside the tokens' squared error."""

    kept: int = 12_000
    new: int = 4
    ahead: int = 600
    held_out: int = 384
    word_weight: float = 1.0

    def __call__(self, context: RunContext) -> PlaceReaderTask:
        return PlaceReaderTask(self, context)


class PlaceReaderTask:
    """Held out: share of words of the scene that are read rightly, and explained share of its zoom."""

    def __init__(self, stage: PlaceReaderStage, context: RunContext) -> None:
        self.stage, self.context = stage, context
        network = build_component("vision", context.preset)
        assert isinstance(network, ImageTokenizer)
        self._tokenizer = go_on_from(context.model_folder, network).to(context.device)
        reader = self._tokenizer.vision.place_reader
        if not isinstance(reader, PlaceReader):
            raise ValueError(
                f"The encoder of the scale {context.preset.name} has no look at the whole picture to teach."
            )
        reader.trust.requires_grad_(False)  # how far to trust it is learned beside the transformer
        self.network: nn.Module = reader
        self._reader: PlaceReader = reader
        first = reader.sizes.first_token
        self._read = slice(first, first + reader.sizes.num_tokens)
        self._factors = SceneFactors().to(context.device)
        size_px = context.preset.vision.image_size_px
        self._pictures = RepeatedPictures(
            size_px, kept=stage.kept, new=stage.new, ahead=stage.ahead, first_seed=FIRST_SEED
        )
        self._held_out = draw_pictures(range(HELD_OUT_SEED, HELD_OUT_SEED + stage.held_out), size_px, "test")

    def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        shown = Shown(self._pictures.take(sample_rng, batch), self.context.device)
        read_BND = self._laid_in(shown)
        error = (read_BND - shown.tokens_BND)[:, self._read].square().mean()
        words = self._factors.cross_entropy(read_BND, shown.tokens_BND, shown.num_figures_B)
        total = error + self.stage.word_weight * words
        return total, {"token_error": error.detach(), "words": words.detach()}

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        pictures, agreement, errors = self._held_out, Agreement(self._factors), []
        for start in range(0, len(pictures), 64):
            shown = Shown(pictures, self.context.device, slice(start, start + 64))
            read_BND = self._laid_in(shown)
            errors.append((read_BND - shown.tokens_BND)[:, self._read].square().mean((1, 2)))
            agreement.add(read_BND, shown.tokens_BND, shown.num_figures_B)
        read = [factor for slot in SLOTS[self._read] for factor in slot.factors]
        names = {factor.name for factor in read if isinstance(factor, Words)}
        words = {name: share for name, share in agreement.words().items() if name in names}
        return {
            "token_error": float(torch.cat(errors).mean()),
            "words": float(np.mean(list(words.values()))),
            **words,
            "zoom": agreement.explained()["zoom"],
        }

    def write(self) -> None:
        """`vision/`, with the look that was taught."""
        write_component(self.context, "vision", self._tokenizer)

    def _laid_in(self, shown: Shown) -> Tensor:
        """True tokens (B, N, D) with those of the scene as they are read."""
        found_BTD = self._reader.look(shown.pixels_B3SS).float()
        before, after = shown.tokens_BND[:, : self._read.start], shown.tokens_BND[:, self._read.stop :]
        return torch.cat([before, found_BTD, after], dim=1)
