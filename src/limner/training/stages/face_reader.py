"""The stage that teaches the encoder's second look alone, at true boxes, before the encoder finds them
itself.

A pass of the transformer costs ten times what the windows cost, and the numbers of a face need a hundred
thousand faces. So here only windows are read; `stages/vision.py` joins both. Knows the reader, the world's
truth and kept pictures.

Legend: B pictures, F persons, N tokens, D token width, T tokens of a person, K persons seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from limner.models.face_reader import FaceReader
from limner.models.model import build_component
from limner.models.vision import ImageTokenizer
from limner.training.components import write_component
from limner.training.pictures_to_read import NUM_POINTS, draw_pictures
from limner.training.repeated_pictures import RepeatedPictures
from limner.training.run_context import HELD_OUT_SEED, RunContext
from limner.training.stages.scene_factors import Agreement, SceneFactors
from limner.training.stages.second_look import SecondLook, TrueFaces, go_on_from, jittered
from limner.training.stages.vision import FACE_NUMBERS, FACE_TOKENS, Shown, clear_faces
from limner.training.state import SampleRng
from limner_world.scene_tokens import PERSON_SLOTS, PERSON_TOKENS, TOKEN_DIM


@dataclass(frozen=True, kw_only=True)
class FaceReaderStage:
    """Pictures in memory, new ones a step, and how the terms weigh."""

    kept: int = 10_000
    new: int = 3
    held_out: int = 256
    face_weight: float = 6.0  # of the tokens that hold the numbers of a face that is large
    word_weight: float = 0.5
    point_weight: float = 1.0

    def __call__(self, context: RunContext) -> FaceReaderTask:
        return FaceReaderTask(self, context)


class FaceReaderTask:
    """Held out, at true boxes: share of words of persons read rightly, explained share of numbers."""

    def __init__(self, stage: FaceReaderStage, context: RunContext) -> None:
        self.stage, self.context = stage, context
        network = build_component("vision", context.preset)
        assert isinstance(network, ImageTokenizer)
        self._tokenizer = go_on_from(context.model_folder, network).to(context.device)
        reader = self._tokenizer.vision.face_reader
        if not isinstance(reader, FaceReader):
            raise ValueError(f"The encoder of the scale {context.preset.name} has no second look to teach.")
        self._reader: FaceReader = reader
        self._look = SecondLook(reader.sizes.summary_width, NUM_POINTS).to(context.device)
        # Where faces are is the transformer's to say, and how far to trust the windows too.
        for apart in (reader.score, reader.box):
            apart.requires_grad_(False)
        reader.trust.requires_grad_(False)
        self.network: nn.Module = nn.ModuleDict({"face_reader": reader, "look": self._look})
        self._factors = SceneFactors().to(context.device)
        size_px = context.preset.vision.image_size_px
        self._pictures = RepeatedPictures(size_px, kept=stage.kept, new=stage.new)
        self._held_out = draw_pictures(range(HELD_OUT_SEED, HELD_OUT_SEED + stage.held_out), size_px, "test")

    def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        shown = Shown(self._pictures.take(sample_rng, batch), self.context.device)
        picture_K, person_K, boxes_K4 = self._persons(shown)
        boxes_K4 = jittered(boxes_K4, sample_rng.torch(self.context.device))
        summary_KE = self._reader.look(shown.pixels_B3SS, boxes_K4, picture_K)
        found_KTD = self._reader.person(summary_KE).float()
        error_KT = (found_KTD - _persons(shown.tokens_BND)[picture_K, person_K]).square().mean(-1)
        weights_KT = torch.ones_like(error_KT)
        clarity_K1 = shown.clarity_BF[picture_K, person_K][:, None]
        weights_KT[:, list(FACE_TOKENS)] = self.stage.face_weight * clarity_K1
        read_BND = self._laid_in(shown, found_KTD, picture_K, person_K)
        words = self._factors.cross_entropy(read_BND, shown.tokens_BND, shown.num_figures_B)
        points = self._look.points_loss(summary_KE, boxes_K4, shown.points_BFP2[picture_K, person_K])
        total = (error_KT * weights_KT).mean() + self.stage.word_weight * words
        total = total + self.stage.point_weight * points
        return total, {
            "person_error": error_KT.detach().mean(),
            "face_error": error_KT.detach()[:, list(FACE_TOKENS)].mean(),
            "words": words.detach(),
            "points": points.detach(),
        }

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        pictures, agreement, errors = self._held_out, Agreement(self._factors), []
        for start in range(0, len(pictures), 64):
            shown = Shown(pictures, self.context.device, slice(start, start + 64))
            picture_K, person_K, boxes_K4 = self._persons(shown)
            found_KTD = self._reader.person(self._reader.look(shown.pixels_B3SS, boxes_K4, picture_K)).float()
            errors.append((found_KTD - _persons(shown.tokens_BND)[picture_K, person_K]).square().mean((1, 2)))
            read_BND = self._laid_in(shown, found_KTD, picture_K, person_K)
            agreement.add(read_BND, shown.tokens_BND, shown.num_figures_B)
        names = {factor.name for slot in PERSON_SLOTS for factor in slot.factors if hasattr(factor, "name")}
        words = {name: share for name, share in agreement.words().items() if name in names}
        every = agreement.explained()
        clear = agreement.explained(clear_faces(pictures, self.context.device))
        told = {
            "person_error": float(torch.cat(errors).mean()),
            "words": float(np.mean(list(words.values()))),
            "faces": float(np.mean([every[name] for name in FACE_NUMBERS])),
            "clear_faces": float(np.mean([clear[name] for name in FACE_NUMBERS])),
        }
        return told | words | {f"clear_{name}": clear[name] for name in FACE_NUMBERS}

    def write(self) -> None:
        """`vision/`, with the second look that was taught."""
        write_component(self.context, "vision", self._tokenizer)

    def _persons(self, shown: Shown) -> tuple[Tensor, Tensor, Tensor]:
        faces = TrueFaces(boxes_BF4=shown.boxes_BF4, points_BFP2=shown.points_BFP2)
        picture_K, person_K = torch.nonzero(faces.there(), as_tuple=True)
        return picture_K, person_K, faces.as_centres()[picture_K, person_K]

    def _laid_in(self, shown: Shown, found_KTD: Tensor, picture_K: Tensor, person_K: Tensor) -> Tensor:
        """True tokens (B, N, D) with those of persons that were read."""
        persons = _persons(shown.tokens_BND).index_put((picture_K, person_K), found_KTD)
        return torch.cat([persons.flatten(1, 2), shown.tokens_BND[:, 2 * PERSON_TOKENS :]], dim=1)


def _persons(tokens_BND: Tensor) -> Tensor:
    """(B, F, T, D): the tokens of both persons."""
    return tokens_BND[:, : 2 * PERSON_TOKENS].reshape(len(tokens_BND), 2, PERSON_TOKENS, TOKEN_DIM)
