"""What the rest of limner asks of a pair of eyes, whoever's they are.

Knows the questions only. The world's own small networks (`senses.py`) answer them, and adapters to real
libraries may. Boxes are (x0, y0, x1, y1) in the unit square of the picture, y down; pixels are (H, W, 3)
uint8 RGB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

Box = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class FoundFace:
    """One face in a picture: where, and how sure the finder is (0 to 1)."""

    box: Box
    score: float


class FaceReader(Protocol):
    """Finds faces and tells people apart."""

    def find_faces(self, pixels: np.ndarray) -> tuple[FoundFace, ...]:
        """The faces of a picture, left to right."""

    def embed(self, crop: np.ndarray) -> np.ndarray:
        """A square crop of one face -> a unit vector (float32); its length depends on the reader."""

    def similarity(self, first: np.ndarray, second: np.ndarray) -> float:
        """Cosine of two embeddings, -1 to 1. Not comparable between readers."""


class TraitReader(Protocol):
    """Reads what a caption could say of one person."""

    def read_traits(self, pixels: np.ndarray, box: Box | None = None) -> Mapping[str, str]:
        """Trait field -> word, for the person whose face is in `box` (the whole picture when None)."""


class TextScorer(Protocol):
    """Tells how well a text fits a picture."""

    def text_score(self, pixels: np.ndarray, ids: Sequence[int]) -> float:
        """Cosine of picture and text (token ids), -1 to 1; higher fits better. Not comparable between
        scorers.
        """
