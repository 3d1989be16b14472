"""What the rest of limner asks of a perceptual model, whoever's it is.

Knows the questions only. The world's own small networks (`senses.py`) answer them, and adapters to real
libraries may. Boxes are (x0, y0, x1, y1) in the unit square of the picture, y down; pixels are (H, W, 3)
uint8 RGB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np

Box = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class FoundFace:
    """One face in a picture: where, and how sure the finder is (0 to 1)."""

    box: Box
    score: float


@runtime_checkable
class FaceReader(Protocol):
    """Finds faces and compares whose they are.

    A reader that wants its crops cut or aligned in its own way also has `crop_face(pixels, box)`; one whose
    networks take several pictures at once has `find_faces_of(pictures)` and `embed_all(crops)`
    (`face_passes.py`); one that knows how similar a person's two pictures are has `match_floor` and
    `match_margin` (`builders/video/matching.py`).
    """

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


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """A picture to caption: its pixels, the faces in it from left to right, and its file."""

    pixels: np.ndarray
    faces: tuple[Box, ...]
    origin: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a person looks, as far as a fitting name needs it; "" for what is unknown."""

    presentation: str = ""  # "woman" or "man", for girls and boys too
    age: str = ""  # "baby", "child" or "adult"


@dataclass(frozen=True, kw_only=True)
class Told:
    """A caption without names, and each person's look from left to right."""

    caption: str
    looks: tuple[Look, ...] = field(default=())


@runtime_checkable
class Segmenter(Protocol):
    """Cuts a person's head out of a picture."""

    def segment_face(self, pixels: np.ndarray, box: Box) -> np.ndarray:
        """How much of each pixel belongs to the head (face and hair) in `box`: (H, W) float32 in [0, 1]."""


@runtime_checkable
class Captioner(Protocol):
    """Describes a picture of two persons."""

    def caption(self, view: View) -> Told:
        """A caption that tells the left and the right person apart without naming them, and how each looks.

        ValueError when this picture cannot be told; the document is dropped with its sentence.
        """


@runtime_checkable
class Writer(Protocol):
    """Rewrites a caption so that persons have names."""

    def name_persons(self, view: View, told: Told, names: Sequence[str]) -> str:
        """The caption with `names` (from left to right) in place of the persons; ValueError as above."""
