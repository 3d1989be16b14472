"""What follows from other scene tokens is learned from the world's scenes, of which nothing is drawn.

Knows scenes, their tokens and the network that is to learn from them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from limner.models.dependent_tokens import DependentTokens, learn
from limner.training.picture_kinds import PICTURE_KINDS
from limner_world.scene_tokens import encode_scene

FIRST_SEED: Final = 6_000_000_000  # far from other streams'
SCENES: Final = 40_000
STEPS: Final = 4_000


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
