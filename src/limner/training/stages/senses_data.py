"""What the senses learn from: shrunk pictures, face crops by person, and two views of every face with its
traits.

All cut once, when the rung begins, and kept as uint8. Knows banks and crops. Knows no losses.

Legend: B batch, S side in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from limner.models.tokenizer import TextTokenizer
from limner.perception.crops import cut_face, shrink_whole
from limner.perception.protocols import Box
from limner.perception.senses import trait_views
from limner.perception.trait_reader import TraitReader
from limner.training.bank import PictureBank
from limner.training.batches import PictureBatches
from limner.training.picture_kinds import VIEWS
from limner.training.stages.scene_labels import TRAIT_WORDS, figure_labels

# A found box is never the true one, so crops are learned with boxes moved by up to this part of their size.
JITTER = 0.07


class ShrunkPictures:
    """Whole pictures at the size a sense reads, with face boxes and, given a vocabulary, captions."""

    def __init__(
        self, bank: PictureBank, size_px: int, device: torch.device, tokenizer: TextTokenizer | None = None
    ) -> None:
        shrunk = np.stack([shrink_whole(np.asarray(pixels), size_px) for pixels in bank.pixels])
        self._pixels = PictureBatches(shrunk, device)
        self._boxes = [true_boxes(bank, index) for index in range(len(bank))]
        self._texts = [tokenizer.encode(text) for text in bank.captions] if tokenizer is not None else []

    def __len__(self) -> int:
        return len(self._pixels)

    def with_boxes(self, rows: np.ndarray) -> tuple[Tensor, list[list[Box]]]:
        """Pixels (B, 3, S, S) and the true boxes of each."""
        return self._pixels.take(rows), [[box for _, box in self._boxes[row]] for row in rows.tolist()]

    def with_texts(self, rows: np.ndarray) -> tuple[Tensor, list[list[int]]]:
        """Pixels (B, 3, S, S) and the caption of each as ids."""
        return self._pixels.take(rows), [self._texts[row] for row in rows.tolist()]


class Persons:
    """Face crops of the bank of identities, with the number of the person."""

    def __init__(self, bank: PictureBank, size_px: int, device: torch.device) -> None:
        rng = np.random.default_rng(0)
        crops, persons = [], []
        for index in range(len(bank)):
            for _, box in true_boxes(bank, index)[:1]:
                crops.append(cut_face(np.asarray(bank.pixels[index]), _moved(box, rng), size_px))
                persons.append(index // VIEWS)
        self._pixels, self._device = PictureBatches(np.stack(crops), device), device
        self.persons = np.array(persons)

    def __len__(self) -> int:
        return len(self._pixels)

    def take(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Crops (B, 3, S, S) and persons (B,)."""
        return self._pixels.take(rows), torch.from_numpy(self.persons[rows]).to(self._device)


class SeenFaces:
    """Two views of every face of a bank, and the numbers of its visible traits."""

    def __init__(self, bank: PictureBank, reader: TraitReader, device: torch.device) -> None:
        rng = np.random.default_rng(0)
        faces, bodies, numbers = [], [], []
        for index in range(len(bank)):
            scene = bank.scene(index)
            for place, box in true_boxes(bank, index):
                face, body = trait_views(np.asarray(bank.pixels[index]), _moved(box, rng), reader.sizes)
                labels = figure_labels(scene.figures[place], scene)
                words = {
                    name: words[label]
                    for (name, words), label in zip(TRAIT_WORDS.items(), labels, strict=True)
                    if label >= 0
                }
                faces.append(face)
                bodies.append(body)
                numbers.append(reader.numbers(words))
        self._faces, self._bodies = (
            PictureBatches(np.stack(faces), device),
            PictureBatches(np.stack(bodies), device),
        )
        self._numbers, self._device = torch.tensor(numbers), device

    def __len__(self) -> int:
        return len(self._faces)

    def take(self, rows: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """Faces (B, 3, S, S), bodies (B, 3, S, S), trait numbers (B, fields)."""
        return (
            self._faces.take(rows),
            self._bodies.take(rows),
            self._numbers[torch.from_numpy(rows)].to(self._device),
        )


def true_boxes(bank: PictureBank, index: int) -> list[tuple[int, Box]]:
    """(place from left, face box) of the faces of picture `index` that lie within it."""
    found: Sequence[Sequence[float]] = bank.face_boxes[index].tolist()
    return [
        (place, (x0, y0, x1, y1))
        for place, (x0, y0, x1, y1) in enumerate(found)
        if x1 - x0 > 0.01 and y1 - y0 > 0.01
    ]


def _moved(box: Box, rng: np.random.Generator) -> Box:
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    across, down, wider, higher = (rng.uniform(-JITTER, JITTER, 4) * (width, height, width, height)).tolist()
    return x0 + across - wider, y0 + down - higher, x1 + across + wider, y1 + down + higher
