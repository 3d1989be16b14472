"""The rung that trains the world's senses: face finder, face embedder, trait reader, text-image score.

All four learn in every step, each on its own samples; they share nothing but the loop. Their accuracy on
held-out persons and trait combinations is stored with them. Knows crops, labels and captions; nothing about
image tokens.

Legend: B batch, S picture side in pixels, P persons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from limner.perception.face_embedder import ArcFaceLoss, FaceEmbedderSizes
from limner.perception.face_finder import FaceFinderSizes
from limner.perception.senses import SensesSizes, WorldSenses
from limner.perception.text_image_score import TextImageScoreSizes
from limner.perception.trait_reader import TraitReaderSizes
from limner.training.batches import draw
from limner.training.components import is_made, text_tokenizer
from limner.training.picture_kinds import VIEWS
from limner.training.stages.scene_labels import TRAIT_WORDS
from limner.training.stages.senses_data import Persons, SeenFaces, ShrunkPictures
from limner.training.stages.senses_metrics import measure_senses
from limner.training.stages.vocabulary import make_vocabulary
from limner.training.state import Chance
from limner.training.workshop import Workshop

DEFAULT_FINDER: Final = FaceFinderSizes()
DEFAULT_EMBEDDER: Final = FaceEmbedderSizes()
DEFAULT_READER: Final = TraitReaderSizes(words=TRAIT_WORDS)


@dataclass(frozen=True, kw_only=True)
class SensesStage:
    """How much to learn from, and the sizes of the four networks."""

    pictures: int = 6_000
    persons: int = 300
    held_out: int = 192
    held_out_persons: int = 40
    face_finder: FaceFinderSizes = DEFAULT_FINDER
    face_embedder: FaceEmbedderSizes = DEFAULT_EMBEDDER
    trait_reader: TraitReaderSizes = DEFAULT_READER
    score_size_px: int = 96
    score_widths: tuple[int, ...] = (32, 48, 64)

    def __call__(self, workshop: Workshop) -> SensesRung:
        return SensesRung(self, workshop)

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


class SensesRung:
    """Held out: faces found, same persons told from others, traits read, captions told apart."""

    def __init__(self, stage: SensesStage, workshop: Workshop) -> None:
        self.stage, self.workshop = stage, workshop
        if not is_made(workshop.model_folder, "tokenizer"):
            make_vocabulary(workshop)
        tokenizer = text_tokenizer(workshop)
        self.senses = WorldSenses.untrained(stage.sizes(tokenizer.vocab_size))
        self._arcface = ArcFaceLoss(stage.persons, stage.face_embedder.dim)
        parts: dict[str, nn.Module] = {**self.senses.networks, "arcface": self._arcface}
        self.network: nn.Module = nn.ModuleDict(parts).to(workshop.device)
        train = workshop.pictures("people", stage.pictures)
        test = workshop.pictures("people", stage.held_out, split="test")
        finder_px, score_px = stage.face_finder.image_size_px, stage.score_size_px
        self._finder = ShrunkPictures(train, finder_px, workshop.device)
        self._score = ShrunkPictures(train, score_px, workshop.device, tokenizer)
        self._traits = SeenFaces(train, self.senses.trait_reader, workshop.device)
        self._persons = self._identities("train", stage.persons)
        self._test_score = ShrunkPictures(test, score_px, workshop.device, tokenizer)
        self._test_finder = ShrunkPictures(test, finder_px, workshop.device)
        self._test_traits = SeenFaces(test, self.senses.trait_reader, workshop.device)
        self._test_persons = self._identities("test", stage.held_out_persons)

    def loss(self, chance: Chance, batch: int) -> tuple[Tensor, dict[str, Tensor]]:
        senses, rng = self.senses, chance.numpy()
        pixels, boxes = self._finder.with_boxes(draw(rng, len(self._finder), batch))
        finder, _ = senses.face_finder.loss(pixels, boxes)
        faces, persons = self._persons.take(draw(rng, len(self._persons), 2 * batch))
        embedder, embedded = self._arcface(senses.face_embedder(faces), persons)
        traits, read = senses.trait_reader.loss(*self._traits.take(draw(rng, len(self._traits), batch)))
        score, scored = senses.text_image_score.loss(
            *self._score.with_texts(draw(rng, len(self._score), batch))
        )
        told = {
            "finder": finder.detach(),
            "embedder": embedder.detach(),
            "persons": torch.tensor(embedded["accuracy"]),
            "traits": torch.tensor(sum(read.values()) / max(1, len(read))),
            "captions": torch.tensor(scored["accuracy"]),
        }
        return finder + 0.2 * embedder + traits + score, told

    def validate(self) -> dict[str, float]:
        return measure_senses(
            self.senses,
            finder=self._test_finder,
            persons=self._test_persons,
            traits=self._test_traits,
            score=self._test_score,
        )

    def write(self) -> None:
        """Write `senses/` with what was measured."""
        self.senses.measured = self.validate()
        self.senses.save(self.workshop.model_folder / "senses")

    def _identities(self, split: str, count: int) -> Persons:
        bank = self.workshop.pictures("identities", count * VIEWS, split=split)
        return Persons(bank, self.stage.face_embedder.image_size_px, self.workshop.device)
