"""A painter that paints blanks and remembers what it was given."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from limner.dialogue.parts import Picture


def blank(number, side=48):
    """A picture of one grey, another for each number."""
    return Picture(np.full((side, side, 3), number % 256, dtype=np.uint8))


@dataclass
class Asked:
    instruction: str
    references: list
    base: Picture | None
    seed: int


@dataclass
class Recorder:
    start: int = 1
    error: Exception | None = None
    asked: list = field(default_factory=list)
    name: str = "recorder"

    def paint(self, instruction, references, base, *, size_px, seed):
        if self.error is not None:
            raise self.error
        self.asked.append(Asked(instruction, list(references), base, seed))
        return blank(self.start + len(self.asked))
