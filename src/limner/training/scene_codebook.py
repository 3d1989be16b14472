"""The words of scene tokens, as a codebook holds them. Knows scene tokens; nothing about heads."""

from __future__ import annotations

import numpy as np
import torch

from limner.models.codebook import Codebook, Group
from limner_world.scene_tokens import FIRST_SCENE_TOKEN, SLOTS, Words


def word_groups() -> list[Group]:
    """A group for each factor of each token that holds words alone; of persons with the row of nobody."""
    groups = []
    for token, slot in enumerate(SLOTS):
        if not all(isinstance(factor, Words) for factor in slot.factors):
            continue
        nobody = [slot.absent[None]] if token < FIRST_SCENE_TOKEN else []
        for factor in slot.factors:
            rows = np.concatenate([factor.rows, *nobody])
            groups.append(Group(token=token, words_PD=torch.from_numpy(rows), shared=len(nobody)))
    return groups


def fill_codebook(codebook: Codebook) -> None:
    """Let `codebook` hold them. ValueError: it is of another size."""
    codebook.fill(word_groups())
