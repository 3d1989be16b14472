"""What canvases begin to remember: how persons who wear a word look on average, where their bodies are.

Knows figures cut free, the words of scene tokens and the maps that hold them (`remembered_details.py`).

Legend: B figures, W side of a canvas in pixels, R words, S side of a map.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

import torch
from torch.nn import functional as F

from limner.models.compact_linear import CompactLinear
from limner.models.remembered_details import RememberedDetails, WordMaps
from limner.models.token_lookup import TokenLookup
from limner.models.windows import sampling_grid, within
from limner.training.layers_of_scenes import FiguresCutFree
from limner_world.scene_tokens import PERSON_SLOTS, PERSON_TOKENS, Words

FIGURES: Final = 1_500
BLUR: Final = 9  # places of a map: what is coarser needs no remembering
STRENGTH: Final = 25.0  # so that the maps are of about unit spread where there is something


def remember(details: RememberedDetails, draw: Callable[[int], FiguresCutFree], count: int = FIGURES) -> None:
    """Name every map by its word, and fill it with the fine part of the mean of `count` figures, `draw`n by
    their number, that say this word.
    """
    banks = [cast("WordMaps", bank) for bank in details.banks]
    for bank in banks:
        for token, words, lookup in zip(bank.sizes.tokens, bank.sizes.words, bank.lookups, strict=True):
            (factor,) = PERSON_SLOTS[token].factors
            assert isinstance(factor, Words)
            if len(factor.words) != words:
                raise ValueError(f"{factor.name} has {len(factor.words)} words; the bank has {words} maps.")
            cast("TokenLookup", lookup).set_keys(torch.from_numpy(factor.rows[:words]))
    sums = [[torch.zeros(words, bank.sizes.side**2) for words in bank.sizes.words] for bank in banks]
    counts = [[torch.zeros(words, 1) for words in bank.sizes.words] for bank in banks]
    for number in range(count):
        shown = draw(number)
        tokens = torch.from_numpy(shown.tokens_BND)[:, int(shown.person_B[0]) * PERSON_TOKENS :]
        light_B1WW = torch.from_numpy(shown.pixels_BWW4[..., :3]).float().mean(-1)[:, None] / 255
        for bank, bank_sums, bank_counts in zip(banks, sums, counts, strict=True):
            windows_B4 = within(torch.from_numpy(shown.windows_B4), bank.sizes.reach)
            grid = sampling_grid(windows_B4, bank.sizes.side)
            seen = F.grid_sample(light_B1WW, grid, align_corners=False).flatten(1)
            for lookup, total, found in zip(bank.lookups, bank_sums, bank_counts, strict=True):
                shares_BR = cast("TokenLookup", lookup)(tokens)
                total += shares_BR.T @ seen
                found += shares_BR.sum(0)[:, None]
    for bank, bank_sums, bank_counts in zip(banks, sums, counts, strict=True):
        size = bank.sizes.side
        for kept, total, found in zip(bank.maps, bank_sums, bank_counts, strict=True):
            mean_R1SS = (total / found.clamp_min(1.0)).view(-1, 1, size, size)
            blurred = F.avg_pool2d(mean_R1SS, BLUR, 1, BLUR // 2, count_include_pad=False)
            fine = STRENGTH * (mean_R1SS - blurred)
            with torch.no_grad():
                weight = cast("CompactLinear", kept).weight
                weight.copy_(fine.view_as(weight))
