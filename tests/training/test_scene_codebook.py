"""The codebook of scene tokens holds every word of the world."""

from __future__ import annotations

import numpy as np
import torch

from limner.models.codebook import Codebook
from limner.models.presets import SCENE_GROUPS, SCENE_WORDS, SKETCH
from limner.training.heads import BothHeads
from limner.training.picture_kinds import PICTURE_KINDS
from limner.training.scene_codebook import fill_codebook
from limner_world.scene_tokens import TOKEN_DIM, decode_scene, encode_scene

SCENES = [PICTURE_KINDS["conversation"](seed, "test") for seed in range(100)]


def codebook() -> Codebook:
    made = Codebook(SCENE_WORDS, SCENE_GROUPS, TOKEN_DIM)
    fill_codebook(made)
    return made


def test_scene_tokens_are_their_own_nearest_words() -> None:
    tokens = torch.from_numpy(np.stack([encode_scene(scene) for scene in SCENES]))
    assert (codebook()(tokens) - tokens).abs().max() < 1e-5


def test_what_a_codebook_makes_says_the_same_scene() -> None:
    tokens = torch.from_numpy(np.stack([encode_scene(scene) for scene in SCENES]))
    mixed = torch.lerp(tokens, tokens.roll(1, 0), 0.3)
    worn = mixed + 0.2 * torch.randn(mixed.shape, generator=torch.Generator().manual_seed(0))
    cleaned = codebook()(worn)
    before = after = 0
    for was, made, scene in zip(worn.numpy(), cleaned.numpy(), SCENES, strict=True):
        assert decode_scene(made) == decode_scene(was), "the nearest words are the same"
        before += float(np.square(was - encode_scene(scene)).mean())
        after += float(np.square(made - encode_scene(scene)).mean())
    assert after < before / 3


def test_a_flow_head_of_the_world_draws_words(monkeypatch) -> None:
    flow = BothHeads(SKETCH).flow
    tokens = torch.from_numpy(np.stack([encode_scene(scene) for scene in SCENES[:2]]))
    monkeypatch.setattr(flow, "_guessed", lambda _hidden: 0.8 * tokens + 0.1)
    drawn = flow.predict(torch.zeros(2, 64, SKETCH.language.width), [0, 1], steps=2, temperature=0.0)
    assert flow.codebook is not None
    worded = torch.isin(torch.arange(64), flow.codebook.token_of)
    assert torch.allclose(drawn[:, worded], tokens[:, worded], atol=0.01)
    assert torch.allclose(drawn[:, ~worded], (0.8 * tokens + 0.1)[:, ~worded], atol=0.1)
