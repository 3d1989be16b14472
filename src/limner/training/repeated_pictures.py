"""Pictures that are met again and again, each time worn in another way, with a few new ones in every step.

Drawing a picture takes far longer than cutting a face out of it. Which pictures a step has depends on its
`Chance` alone, so a stopped run goes on with the same ones (and draws again what it had kept). Knows no
torch.
"""

from __future__ import annotations

from typing import Final

from limner.training.pictures_to_read import PicturesToRead, draw_clean, stacked, worn_again
from limner.training.state import Chance

FIRST_SEED: Final = 7_000_000_000  # far from other streams'


class RepeatedPictures:
    """Step s draws `new` pictures and meets those of the last `kept` again.

    A kept picture takes 192 KiB at 256 px.
    """

    def __init__(self, size_px: int, *, kept: int, new: int) -> None:
        self._size_px, self._limit, self._new = size_px, kept, new
        self._kept: dict[int, PicturesToRead] = {}

    def take(self, chance: Chance, batch: int) -> PicturesToRead:
        """`batch` pictures of this micro-batch, worn."""
        rng = chance.numpy()
        newest = (chance.number + 1) * self._new
        rows = [*range(newest - self._new, newest)][:batch]
        oldest = max(0, newest - self._limit)
        rows += [int(row) for row in rng.integers(oldest, newest, size=batch - len(rows))]
        self._kept = {row: part for row, part in self._kept.items() if row >= oldest}
        return stacked([worn_again(self._clean(row), rng) for row in rows])

    def _clean(self, row: int) -> PicturesToRead:
        if row not in self._kept:
            self._kept[row] = draw_clean(FIRST_SEED + row, self._size_px)
        return self._kept[row]
