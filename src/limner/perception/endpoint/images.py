"""An editor and a personalizer behind `POST /images/edits` of any OpenAI-compatible server.

Knows what is asked of the painter; requests and answers are `painting.py`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from limner.dialogue.parts import Picture
from limner.perception.endpoint.painting import PaintingEndpoint

_EDIT: Final = "{words} Change nothing else in the picture."
_PERSONALIZE: Final = (
    "The picture shows a person's face. Make a new full-body photograph of the same person, with the face "
    "unchanged: {words}"
)


@dataclass(eq=False, kw_only=True)
class EndpointPainter(PaintingEndpoint):
    """A `PictureEditor` and a `Personalizer`. Arguments as of `PaintingEndpoint`."""

    @property
    def dollars(self) -> float:
        """What the pictures so far have cost."""
        return self.spending.dollars

    def edit(self, pixels: np.ndarray, instruction: str, *, seed: int) -> np.ndarray:
        """See `PictureEditor`."""
        words = instruction if instruction.endswith((".", "!", "?")) else f"{instruction}."
        return self._changed(pixels, _EDIT.format(words=words), seed)

    def personalize(self, face: np.ndarray, prompt: str, *, size_px: int, seed: int) -> np.ndarray:
        """See `Personalizer`; the picture's size is the server's, unless `extra` asks for one."""
        return self._changed(face, _PERSONALIZE.format(words=prompt), seed)

    def _changed(self, pixels: np.ndarray, prompt: str, seed: int) -> np.ndarray:
        return self.paint(prompt, (), Picture(pixels), size_px=None, seed=seed).pixels
