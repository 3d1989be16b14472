"""Who makes the pictures that raw material lacks: editors of a picture, and painters of a person whom a face
shows.

Knows the questions only; whoever answers fits by protocol. Pixels are (H, W, 3) uint8 RGB.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np


class PaintError(Exception):
    """This one picture could not be made (refused, unreadable); others may be. The message says why."""


@runtime_checkable
class PictureEditor(Protocol):
    """Does to a picture what an instruction says."""

    def edit(self, pixels: np.ndarray, instruction: str, *, seed: int) -> np.ndarray:
        """The edited picture, of any size. PaintError when this one cannot be made; ValueError or OSError
        when none can.
        """


@runtime_checkable
class Personalizer(Protocol):
    """Paints the person whom a face shows, as a text says."""

    def personalize(self, face: np.ndarray, prompt: str, *, size_px: int, seed: int) -> np.ndarray:
        """A picture of that person, about `size_px` x `size_px`. Errors as of `PictureEditor.edit`."""
