"""Canvases begin to remember what their words look like where the body is."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from limner.models.remembered_details import RememberedDetails
from limner.models.sizes import BankSizes, DetailSizes
from limner.models.windows import SEEN_FIGURE
from limner.training.layers_of_scenes import FIRST_SEED, FiguresCutFree, cut_free
from limner.training.remember_details import remember
from limner_world.scene_tokens import PERSON_SLOTS, PERSON_TOKENS, TOKEN_DIM

GARMENT, SIDE = 12, 64
BANK = BankSizes(tokens=(GARMENT,), words=(11,), side=SIDE, reach=(-1.6, 0.2, 1.6, 3.4))


def details(bank: BankSizes = BANK) -> RememberedDetails:
    return RememberedDetails(DetailSizes(banks=(bank,), width=8), 4, PERSON_TOKENS * TOKEN_DIM, TOKEN_DIM)


def draw(size_px: int, number: int) -> FiguresCutFree:
    return cut_free(FIRST_SEED + number, "train", size_px, SEEN_FIGURE)


def test_maps_are_the_fine_part_of_the_mean_of_those_who_wear_the_word() -> None:
    made = details()
    remember(made, partial(draw, 64), count=120)
    assert not made.is_new
    maps = made.banks[0].maps[0].weight.view(11, SIDE, SIDE)
    assert maps.isfinite().all()
    worn = [row for row in maps if row.any()]
    assert len(worn) >= 8, "most garments are seen in 120 figures"
    middle = torch.stack(worn)[:, :, SIDE // 2 - 8 : SIDE // 2 + 8].abs().mean()
    assert middle > 2 * torch.stack(worn)[:, :, :2].abs().mean(), "clothes lie in the middle"
    likeness = torch.corrcoef(torch.stack(worn).flatten(1))
    assert (likeness - torch.eye(len(worn))).max() < 0.95, "each word has a look of its own"


def test_a_bank_of_other_words_is_refused() -> None:
    wrong = BankSizes(tokens=(GARMENT,), words=(4,), side=8, reach=BANK.reach)
    (factor,) = PERSON_SLOTS[GARMENT].factors
    with pytest.raises(ValueError, match=f"{factor.name} has 11 words; the bank has 4 maps"):
        remember(details(wrong), partial(draw, 32), count=1)
