"""Where faces lie follows from all other scene tokens."""

from __future__ import annotations

import numpy as np
import torch

from limner.models.dependent_tokens import DependentTokens
from limner.models.presets import FACE_BOXES, SKETCH
from limner.training.picture_kinds import PICTURE_KINDS
from limner.training.scene_dependents import learn_dependents
from limner_world.scene_tokens import NUM_TOKENS, SLOTS, TOKEN_DIM, encode_scene


def test_they_are_the_tokens_of_faces_boxes() -> None:
    named = [[name for factor in SLOTS[token].factors for name in factor.names] for token in FACE_BOXES]
    assert named == [["left", "top", "right", "bottom"]] * 2
    assert SKETCH.token_head.dependents == FACE_BOXES


def test_boxes_are_learned_from_the_other_tokens() -> None:
    torch.manual_seed(0)
    network = DependentTokens(FACE_BOXES, NUM_TOKENS, TOKEN_DIM, 64)
    learn_dependents(network, 0, scenes=1_500, steps=400)
    draw = PICTURE_KINDS["conversation"]
    tokens = torch.from_numpy(np.stack([encode_scene(draw(seed, "test")) for seed in range(200)]))
    spread = tokens[:, list(FACE_BOXES)].var(dim=0).mean()
    assert network.errors(tokens).mean() < 0.2 * spread
