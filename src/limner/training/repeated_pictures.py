"""Pictures that are met again and again, each time worn in another way, with a few new ones in every step.

Drawing a picture takes far longer than cutting a face out of it. Which pictures a step has depends on its
random numbers alone, so a stopped run goes on with the same ones (and draws again what it had kept). Knows no
torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

import numpy as np

from limner.training.pictures_to_read import PicturesToRead, draw_clean, stacked, worn_again
from limner.training.state import SampleRng

FIRST_SEED: Final = 7_000_000_000  # far from other streams'


Item = TypeVar("Item")


class RepeatedDraws(Generic[Item]):
    """Step s draws `new` items, each by its row (0, 1, 2, ...), and meets those of the last `kept` again.

    The first step already chooses among `ahead` rows, so that a run does not begin with the same few items.
    """

    def __init__(self, draw: Callable[[int], Item], *, kept: int, new: int, ahead: int = 0) -> None:
        self._draw, self._limit, self._new, self._ahead = draw, kept, new, ahead
        self._kept: dict[int, Item] = {}

    def take(self, sample_rng: SampleRng, rng: np.random.Generator, batch: int) -> list[Item]:
        """`batch` items of this micro-batch, the newest first; `rng` chooses the others."""
        newest = self._ahead + (sample_rng.number + 1) * self._new
        rows = [*range(newest - self._new, newest)][:batch]
        oldest = max(0, newest - self._limit)
        rows += [int(row) for row in rng.integers(oldest, newest, size=batch - len(rows))]
        self._kept = {row: part for row, part in self._kept.items() if row >= oldest}
        return [self._item(row) for row in rows]

    def _item(self, row: int) -> Item:
        if row not in self._kept:
            self._kept[row] = self._draw(row)
        return self._kept[row]


class RepeatedPictures:
    """Pictures that are met again and again, 192 KiB each at 256 px. Another `first_seed`, other pictures."""

    def __init__(
        self, size_px: int, *, kept: int, new: int, ahead: int = 0, first_seed: int = FIRST_SEED
    ) -> None:
        self._clean = RepeatedDraws(
            lambda row: draw_clean(first_seed + row, size_px), kept=kept, new=new, ahead=ahead
        )

    def take(self, sample_rng: SampleRng, batch: int) -> PicturesToRead:
        """`batch` pictures of this micro-batch, worn."""
        rng = sample_rng.numpy()
        return stacked([worn_again(clean, rng) for clean in self._clean.take(sample_rng, rng, batch)])
