"""Limner's own painter as an editor for `limner build edits`: the picture is uploaded, the edit is said.

Knows a painter's conversations; the builders know only the protocol.
"""

from __future__ import annotations

import numpy as np

import limner
from limner.perception.painters import PaintError


class LimnerEditor:
    """A `PictureEditor` by the model "miniature" or of a checkpoint's folder."""

    def __init__(self, model: str = "miniature") -> None:
        self._painter = limner.load(model)

    def edit(self, pixels: np.ndarray, instruction: str, *, seed: int) -> np.ndarray:
        """See `PictureEditor`: one round of a new conversation."""
        try:
            reply = self._painter.conversation().say(instruction, images=[pixels], seed=seed, picture=True)
        except ValueError as error:
            raise PaintError(str(error)) from error
        if reply.image is None:
            raise PaintError("it answered in words alone")
        return np.asarray(reply.image.convert("RGB"))
