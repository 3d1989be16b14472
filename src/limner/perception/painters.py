"""Who makes pictures: painters of a conversation, and for raw material editors of a picture and painters of a
person whom a face shows.

Knows the questions only; whoever answers fits by protocol. Pixels are (H, W, 3) uint8 RGB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from limner.dialogue.boxes import Box
from limner.dialogue.parts import Picture


class PaintError(Exception):
    """This picture could not be made (refused, unreadable), while others may be. The message says why."""


@runtime_checkable
class PictureEditor(Protocol):
    """Edits a picture by an instruction."""

    def edit(self, pixels: np.ndarray, instruction: str, *, seed: int) -> np.ndarray:
        """The edited picture, of any size. PaintError when this one cannot be made; ValueError or OSError
        when none can.
        """


@runtime_checkable
class Personalizer(Protocol):
    """Paints the person of a face crop as a text describes."""

    def personalize(self, face: np.ndarray, prompt: str, *, size_px: int, seed: int) -> np.ndarray:
        """A picture of that person, about `size_px` x `size_px`. Errors as of `PictureEditor.edit`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """A further picture for the painter, beside the one that it edits.

    Args:
        picture: what it shows, such as a face cut out.
        role: what it is for, in words: "Mia: her face of picture 1".
        source: the whole picture that it was cut from; None for itself.
        box: where in `source` the face lies; None for no face.
    """

    picture: Picture
    role: str
    source: Picture | None = None
    box: Box | None = None


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What a painter behind a server has cost so far; `dollars` at the price that the user gave."""

    pictures: int
    input_tokens: int
    output_tokens: int
    dollars: float

    def __str__(self) -> str:
        pictures = "1 picture" if self.pictures == 1 else f"{self.pictures} pictures"
        tokens = f"{self.input_tokens} tokens in and {self.output_tokens} out"
        return f"{pictures}, {tokens}" + (f", ${self.dollars:.2f}" if self.dollars else "")


@runtime_checkable
class AnyPainter(Protocol):
    """Paints from one instruction that needs no history."""

    @property
    def name(self) -> str:
        """How results and the page call it."""
        ...

    def paint(
        self,
        instruction: str,
        references: Sequence[Reference],
        base: Picture | None,
        *,
        size_px: int | None,
        seed: int,
    ) -> Picture:
        """The picture, of the painter's own size unless it takes `size_px` along a side. Errors as of
        `PictureEditor.edit`.

        Args:
            instruction: what is to be seen or changed. References are meant by their number, from 1.
            references: what to go by.
            base: the picture that is changed; None to paint anew.
            size_px: of a new picture; None leaves it to the painter.
            seed: same seed, same picture, as far as the painter can.
        """
        ...


class Answerer(Protocol):
    """Answers questions about pictures."""

    def answer(self, question: str, references: Sequence[Reference], base: Picture | None) -> str:
        """The answer in words. Errors as of `PictureEditor.edit`."""
        ...
