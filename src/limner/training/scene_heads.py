"""What a flow head is told of scene tokens by the world: their words, and which tokens follow from others.

Knows scenes, their tokens, the codebook and the network that are to hold it. Nothing is drawn.

Legend: T scenes, N tokens, D token width, P words.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor

from limner.models.codebook import Group
from limner.models.dependent_tokens import DependentTokens
from limner.training.picture_kinds import PICTURE_KINDS
from limner_world.scene_tokens import FIRST_SCENE_TOKEN, SLOTS, Words, encode_scene

FIRST_SEED: Final = 6_000_000_000  # far from other streams'
SCENES: Final = 40_000
STEPS: Final = 4_000
BATCH: Final = 256
LEARNING_RATE: Final = 2e-3


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


def learn_dependents(
    network: DependentTokens, seed: int, *, scenes: int = SCENES, steps: int = STEPS
) -> float:
    """Teach `network` on `scenes` scenes of conversations, a minute and a half of one core; returns the last
    mean squared error.
    """
    draw = PICTURE_KINDS["conversation"]
    tokens = np.stack([encode_scene(draw(FIRST_SEED + index, "train")) for index in range(scenes)])
    generator = torch.Generator().manual_seed(seed)
    return learn(network, torch.from_numpy(tokens.astype(np.float16)), generator, steps=steps)


def learn(network: DependentTokens, tokens_TND: Tensor, generator: torch.Generator, *, steps: int) -> float:
    """Teach `network` on true tokens for `steps` steps; returns the last mean squared error."""
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.05
    )
    error = torch.zeros(())
    with torch.enable_grad():
        for _ in range(steps):
            rows = torch.randint(len(tokens_TND), (BATCH,), generator=generator)
            error = network.errors(tokens_TND[rows].float()).mean()
            optimizer.zero_grad()
            error.backward()
            optimizer.step()
            schedule.step()
    network.knows.fill_(1.0)
    return float(error.detach())
