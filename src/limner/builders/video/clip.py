"""What is known of one clip on its way: frames, faces, matched persons, words, cut-outs. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from limner.builders.heads import HeadScores
from limner.perception.protocols import Box, Told, View

Pair = tuple[Box, Box]


@dataclass(frozen=True, kw_only=True, eq=False)
class Clip:
    """A clip; each step fills in more.

    `first_faces` stand from left to right in the first frame, and `last_faces[i]` is the same person's as
    `first_faces[i]` in the last frame once `margin` is known. `square` is the part of the first frame that
    becomes the first picture, `square_faces` are its faces. Boxes lie in the unit square of their picture.
    """

    path: Path
    shot: int
    first: np.ndarray
    last: np.ndarray
    first_faces: Pair | None = None
    last_faces: Pair | None = None
    similarities: tuple[float, float] | None = None
    margin: float | None = None
    square: np.ndarray | None = None
    square_faces: Pair | None = None
    told: Told | None = None
    names: tuple[str, str] = ("", "")
    text: str = ""
    cut_outs: tuple[np.ndarray, ...] = field(default=())
    head_scores: tuple[HeadScores, HeadScores] | None = None

    @property
    def view(self) -> View:
        """The first picture, as captioner and writer see it."""
        assert self.square is not None
        assert self.square_faces is not None
        return View(pixels=self.square, faces=self.square_faces, origin=self.path)
