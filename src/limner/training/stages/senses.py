"""The stage that trains the perceptual models: face finder and embedder, trait reader, text-image score.

All four learn in every step, each on its own samples; they share nothing but the loop. Their accuracy on
held-out persons and trait combinations is stored with them. Knows crops, labels and captions; nothing about
image tokens.

Legend: B batch, S picture side in pixels, P persons.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from limner.perception.face_embedder import (
    ArcFaceLoss,
    FaceEmbedderSizes,
    FaceMeasuresLoss,
    FacePointsLoss,
    contrast_loss,
)
from limner.perception.face_finder import FaceFinderSizes
from limner.perception.senses import SensesSizes, WorldSenses, load_senses
from limner.perception.text_image_score import TextImageScoreSizes
from limner.perception.trait_reader import TraitReaderSizes
from limner.training.batches import draw
from limner.training.components import is_made, text_tokenizer
from limner.training.picture_kinds import VIEWS
from limner.training.run_context import RunContext
from limner.training.sample_cache import PictureCache
from limner.training.stages.scene_labels import TRAIT_WORDS
from limner.training.stages.senses_data import Persons, SeenFaces, ShrunkPictures
from limner.training.stages.senses_metrics import HeldOut, measure_senses
from limner.training.stages.vocabulary import make_vocabulary
from limner.training.state import SampleRng
from limner_world.person import Identity

DEFAULT_FINDER: Final = FaceFinderSizes()
DEFAULT_EMBEDDER: Final = FaceEmbedderSizes()
DEFAULT_READER: Final = TraitReaderSizes(words=TRAIT_WORDS)
SENSES: Final = ("face_finder", "face_embedder", "trait_reader", "text_image_score")
JUDGE: Final = "senses"  # a checkpoint's own: what measures
TEACHER: Final = "teacher"  # a second opinion on what the judge says; beside the checkpoint, never shipped
TAUGHT: Final = ("face_embedder", "trait_reader")  # what a teacher has of its own; the rest only measures it
NUM_MEASURES: Final = len(fields(Identity))
ARCFACE_WEIGHT: Final = 0.1
MEASURES_WEIGHT: Final = 4.0
NUM_POINTS: Final = 20


@dataclass(frozen=True, kw_only=True)
class SensesStage:
    """How much to learn from (of each picture size), and the sizes of the four networks.

    `learns` names those that train; the others stay as they stand in the folder that is written, or where
    there is none the judge's. `role` says which set it is (`senses_folder`); the teacher shares no seed
    with the judge.
    """

    sizes_px: tuple[int, ...] = (128, 256)
    pictures: int = 10_000
    persons: int = 3_000
    held_out: int = 512
    held_out_persons: int = 250
    face_finder: FaceFinderSizes = DEFAULT_FINDER
    face_embedder: FaceEmbedderSizes = DEFAULT_EMBEDDER
    trait_reader: TraitReaderSizes = DEFAULT_READER
    score_size_px: int = 96
    score_widths: tuple[int, ...] = (24, 48, 96)
    learns: tuple[str, ...] = SENSES
    role: str = JUDGE

    def __call__(self, context: RunContext) -> SensesTask:
        return SensesTask(self, context)

    def sizes(self, vocab_size: int) -> SensesSizes:
        """The sizes that the senses are stored with."""
        return SensesSizes(
            face_finder=self.face_finder,
            face_embedder=self.face_embedder,
            trait_reader=self.trait_reader,
            text_image_score=TextImageScoreSizes(
                vocab_size=vocab_size, image_size_px=self.score_size_px, widths=self.score_widths
            ),
        )


class SensesTask:
    """Trains the perceptual models. Held-out numbers: faces found, persons told from look-alikes, traits
    read, captions told apart.
    """

    def __init__(self, stage: SensesStage, context: RunContext) -> None:
        self.stage, self.context = stage, context
        if not is_made(context.model_folder, "tokenizer"):
            make_vocabulary(context)
        tokenizer = text_tokenizer(context)
        self.senses = WorldSenses.untrained(stage.sizes(tokenizer.vocab_size))
        self._held_out = HeldOut(
            people=self._sample_caches("people", stage.held_out, "test"),
            identities=self._sample_caches("identities", stage.held_out_persons * VIEWS, "test"),
            tokenizer=tokenizer,
        )
        self._start()
        parts: dict[str, nn.Module] = {name: self.senses.networks[name] for name in stage.learns}
        people, device = self._sample_caches("people", stage.pictures), context.device
        if "face_finder" in parts:
            self._finder = ShrunkPictures(people, stage.face_finder.image_size_px, device, tokenizer)
        if "text_image_score" in parts:
            self._score = ShrunkPictures(people, stage.score_size_px, device, tokenizer)
        if "trait_reader" in parts:
            self._traits = SeenFaces(people, self.senses.trait_reader, device)
        if "face_embedder" in parts:
            sizes = stage.face_embedder
            identities = self._sample_caches("identities", stage.persons * VIEWS)
            self._persons = Persons(identities, people, sizes.image_size_px, device)
            self._arcface = ArcFaceLoss(self._persons.num_persons, sizes.dim)
            self._measures = FaceMeasuresLoss(NUM_MEASURES, sizes.dim)
            self._points = FacePointsLoss(NUM_POINTS, sizes.features)
            parts |= {"arcface": self._arcface, "measures": self._measures, "points": self._points}
        self.network: nn.Module = nn.ModuleDict(parts).to(context.device)
        self.senses.to(context.device)

    def loss(self, sample_rng: SampleRng, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum over what learns; each on `batch` samples of its own, the finder on half of that, the
        embedder on two views of `batch` persons.
        """
        losses = {
            "face_finder": self._finder_loss,
            "face_embedder": self._embedder_loss,
            "trait_reader": self._traits_loss,
            "text_image_score": self._score_loss,
        }
        total = torch.zeros((), device=self.context.device)
        told: dict[str, Tensor] = {}
        for purpose, (name, loss) in enumerate(losses.items()):
            if name in self.stage.learns:
                value, numbers = loss(sample_rng.numpy(purpose), batch)
                total = total + value
                told |= {name: value.detach(), **numbers}
        return total, told

    def validate(self) -> dict[str, float]:
        return measure_senses(self.senses, self._held_out)

    def write(self) -> None:
        """Write `senses/` with what was measured, matrices in bfloat16."""
        self._keep_others()
        self.senses.measured = {name: round(value, 4) for name, value in self.validate().items()}
        self.senses.save(senses_folder(self.context, self.stage.role), torch.bfloat16)

    def _finder_loss(self, rng: np.random.Generator, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        rows = draw(rng, len(self._finder), max(1, batch // 2))
        return self.senses.face_finder.loss(*self._finder.with_boxes(rows, rng))[0], {}

    def _traits_loss(self, rng: np.random.Generator, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        rows = draw(rng, len(self._traits), batch)
        loss, read = self.senses.trait_reader.loss(*self._traits.take(rows, rng))
        return loss, {"traits": torch.tensor(sum(read.values()) / max(1, len(read)))}

    def _score_loss(self, rng: np.random.Generator, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        rows = draw(rng, len(self._score), batch)
        loss, scored = self.senses.text_image_score.loss(*self._score.with_texts(rows, rng))
        return loss, {"captions": torch.tensor(scored["accuracy"])}

    def _embedder_loss(self, rng: np.random.Generator, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Persons by number (ArcFace), look-alikes within the batch (contrast), the faces' measures and
        points.

        A fifth of the faces stand in scenes, small or beside somebody; of these, numbers mean nothing.
        """
        rows = self._persons.draw(rng, 2 * batch)
        others = self._persons.draw_others(rng, max(1, batch // 2))
        crops, measures, points = self._persons.take(np.concatenate([rows, others]), rng)
        features = self.senses.face_embedder.features(crops)
        embedded = self.senses.face_embedder.embed(features)
        measured, placed = self._measures(embedded, measures), self._points(features, points)
        persons = self._persons.numbers(rows)
        arcface, numbers = self._arcface(embedded[: len(rows)], persons)
        contrast = contrast_loss(embedded[: len(rows)], persons)
        told = {
            "persons": torch.tensor(numbers["accuracy"]),
            "contrast": contrast.detach(),
            "measures": measured.detach(),
            "points": placed.detach(),
        }
        return ARCFACE_WEIGHT * arcface + contrast + MEASURES_WEIGHT * measured + placed, told

    def _start(self) -> None:
        """What an earlier run left in the folder that is written goes on from there, where its sizes are
        these; what does not learn stays.
        """
        self._keep_others()
        folder = senses_folder(self.context, self.stage.role)
        if not folder.is_dir():
            return
        stored = load_senses(folder)
        for name in self.stage.learns:
            weights = stored.networks[name].state_dict()
            own = self.senses.networks[name]
            if {k: v.shape for k, v in own.state_dict().items()} == {k: v.shape for k, v in weights.items()}:
                own.load_state_dict(weights)

    def _keep_others(self) -> None:
        """Take what does not learn from the set that is written, or from the judge, where they stand."""
        folders = (senses_folder(self.context, role) for role in (self.stage.role, JUDGE))
        folder = next((folder for folder in folders if folder.is_dir()), None)
        if set(self.stage.learns) == set(SENSES) or folder is None:
            return
        kept = load_senses(folder, self.context.device)
        for name in set(SENSES) - set(self.stage.learns):
            setattr(self.senses, name, kept.networks[name])

    def _sample_caches(self, kind: str, count: int, split: str = "train") -> list[PictureCache]:
        """One sample cache for each picture size, of different scenes."""
        return [
            self.context.pictures(kind, count, split=split, size_px=size_px, skip=place * count)
            for place, size_px in enumerate(self.stage.sizes_px)
        ]


def senses_folder(context: RunContext, role: str) -> Path:
    """Where a set of senses lies: the judge's in the checkpoint, the teacher's beside it."""
    return (context.model_folder if role == JUDGE else context.out) / role
