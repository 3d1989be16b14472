"""What the senses learn from: shrunk pictures, face crops by person, and two views of every face with its
traits.

Cut afresh in every step, with boxes moved and pixels made worse, so that no two steps show the same crop.
Knows sample caches and crops. Knows no losses.

Legend: B batch, S side in pixels, M measures and K points of a face.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from limner.models.tokenizer import TextTokenizer
from limner.perception.crops import cut_face, face_window, shrink_whole, to_tensor
from limner.perception.protocols import Box
from limner.perception.senses import trait_views
from limner.perception.trait_reader import TraitReader
from limner.training.degrade import degrade
from limner.training.picture_kinds import VIEWS
from limner.training.sample_cache import PictureCache
from limner.training.stages.scene_labels import TRAIT_WORDS, figure_labels
from limner_world.truth import face_points

# A found box is never the true one, so crops are learned with boxes moved by up to this part of their size.
JITTER = 0.04
PAIR = 2  # persons of one look (`picture_kinds.identities`)


class ShrunkPictures:
    """Whole pictures at the size a sense reads, with face boxes and captions; each made worse by `rng`."""

    def __init__(
        self,
        sample_caches: Sequence[PictureCache],
        size_px: int,
        device: torch.device,
        tokenizer: TextTokenizer,
    ) -> None:
        self._pixels = [
            sample_cache.pixels[index] for sample_cache in sample_caches for index in range(len(sample_cache))
        ]
        self._boxes = [
            true_boxes(sample_cache, index)
            for sample_cache in sample_caches
            for index in range(len(sample_cache))
        ]
        self._texts = [
            tokenizer.encode(text) for sample_cache in sample_caches for text in sample_cache.captions
        ]
        self._size_px, self._device = size_px, device

    def __len__(self) -> int:
        return len(self._pixels)

    def with_boxes(self, rows: np.ndarray, rng: np.random.Generator) -> tuple[Tensor, list[list[Box]]]:
        """Pixels (B, 3, S, S) and the true boxes of each; half of the pictures are mirrored."""
        boxes = [[box for _, box in self._boxes[row]] for row in rows.tolist()]
        pictures = self._pictures(rows, rng)
        for place in np.flatnonzero(rng.random(len(rows)) < 0.5).tolist():
            pictures[place] = np.ascontiguousarray(pictures[place][:, ::-1])
            boxes[place] = [(1 - x1, y0, 1 - x0, y1) for x0, y0, x1, y1 in boxes[place]]
        return to_tensor(pictures, self._device), boxes

    def with_texts(self, rows: np.ndarray, rng: np.random.Generator) -> tuple[Tensor, list[list[int]]]:
        """Pixels (B, 3, S, S) and the caption of each as ids."""
        return to_tensor(self._pictures(rows, rng), self._device), [self._texts[row] for row in rows.tolist()]

    def _pictures(self, rows: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        return [
            degrade(shrink_whole(np.asarray(self._pixels[row]), self._size_px), rng) for row in rows.tolist()
        ]


class Persons:
    """Face crops with what is known of the face behind: its measures, its points, and the person's number.

    Of the sample cache of identities the first face of a picture, met again in other views; of the sample
    cache of people every face, small or beside somebody, each of a person met once.
    """

    def __init__(
        self,
        identities: Sequence[PictureCache],
        people: Sequence[PictureCache],
        size_px: int,
        device: torch.device,
    ) -> None:
        self._size_px, self._device = size_px, device
        self._seen: list[tuple[np.ndarray, Box]] = []
        persons: list[int] = []
        known: list[tuple[tuple[float, ...], np.ndarray]] = []
        before = 0
        for sample_cache in identities:
            for index in range(len(sample_cache)):
                self._see(sample_cache, index, 1, known)
                persons += [before + index // VIEWS] * (len(self._seen) - len(persons))
            before += len(sample_cache) // VIEWS
        for sample_cache in people:
            for index in range(len(sample_cache)):
                self._see(sample_cache, index, PAIR, known)
        self.num_persons, self._persons = before, np.array(persons)
        self._measures = torch.tensor([measures for measures, _ in known])
        self._points = np.array([points for _, points in known])
        self._rows_of = [np.flatnonzero(self._persons == person) for person in range(before)]

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Rows of `count` crops: two views each of pairs of one look, so that a batch holds look-alikes."""
        pairs = rng.choice(self.num_persons // PAIR, size=max(1, count // (2 * PAIR)), replace=False)
        persons = [PAIR * pair + member for pair in pairs.tolist() for member in range(PAIR)]
        return np.concatenate([rng.choice(self._rows_of[person], 2, replace=False) for person in persons])

    def draw_others(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Rows of `count` faces of persons without number."""
        return rng.integers(len(self._persons), len(self._seen), count)

    def numbers(self, rows: np.ndarray) -> Tensor:
        """The persons' numbers (B,)."""
        return torch.from_numpy(self._persons[rows]).to(self._device)

    def take(self, rows: np.ndarray, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Crops (B, 3, S, S), measures (B, M), points (B, K, 2) from (-1, -1) to (1, 1) over the crop."""
        crops, points = [], []
        for row in rows.tolist():
            pixels, box = self._seen[row]
            box = _moved(box, rng)
            crops.append(degrade(cut_face(np.asarray(pixels), box, self._size_px), rng))
            x0, y0, x1, y1 = face_window(box)
            points.append((self._points[row] - (x0, y0)) / (x1 - x0, y1 - y0) * 2 - 1)
        return (
            to_tensor(crops, self._device),
            self._measures[torch.from_numpy(rows)].to(self._device),
            torch.from_numpy(np.array(points, np.float32)).to(self._device),
        )

    def _see(
        self,
        sample_cache: PictureCache,
        index: int,
        most: int,
        known: list[tuple[tuple[float, ...], np.ndarray]],
    ) -> None:
        scene = sample_cache.scene(index)
        points = face_points(scene)
        for place, box in true_boxes(sample_cache, index)[:most]:
            self._seen.append((sample_cache.pixels[index], box))
            known.append((scene.figures[place].person.identity.vector(), points[place]))


class SeenFaces:
    """Two views of every face of the sample caches, and the numbers of its visible traits."""

    def __init__(
        self, sample_caches: Sequence[PictureCache], reader: TraitReader, device: torch.device
    ) -> None:
        self._seen: list[tuple[np.ndarray, Box]] = []
        numbers = []
        for sample_cache in sample_caches:
            for index in range(len(sample_cache)):
                scene = sample_cache.scene(index)
                for place, box in true_boxes(sample_cache, index):
                    self._seen.append((sample_cache.pixels[index], box))
                    labels = figure_labels(scene.figures[place], scene)
                    numbers.append(reader.numbers(labelled_words(labels)))
        self._sizes, self._device = reader.sizes, device
        self._numbers = torch.tensor(numbers)

    def __len__(self) -> int:
        return len(self._seen)

    def take(self, rows: np.ndarray, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Faces (B, 3, S, S), bodies (B, 3, S, S), trait numbers (B, fields)."""
        faces, bodies = [], []
        for row in rows.tolist():
            pixels, box = self._seen[row]
            face, body = trait_views(np.asarray(pixels), _moved(box, rng), self._sizes)
            faces.append(degrade(face, rng))
            bodies.append(degrade(body, rng))
        numbers = self._numbers[torch.from_numpy(rows)].to(self._device)
        return to_tensor(faces, self._device), to_tensor(bodies, self._device), numbers


def labelled_words(labels: Sequence[int]) -> dict[str, str]:
    """`figure_labels` as words, fields that cannot be seen left out."""
    return {
        name: words[label]
        for (name, words), label in zip(TRAIT_WORDS.items(), labels, strict=True)
        if label >= 0
    }


def true_boxes(sample_cache: PictureCache, index: int) -> list[tuple[int, Box]]:
    """(place from left, face box) of the faces of picture `index` that lie within it."""
    found: Sequence[Sequence[float]] = sample_cache.face_boxes[index].tolist()
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
