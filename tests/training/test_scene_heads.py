"""The codebook of scene tokens holds every word of the world; where faces lie follows from the rest."""

from __future__ import annotations

import numpy as np
import torch

from limner.models.codebook import Codebook
from limner.models.dependent_tokens import DependentTokens
from limner.models.presets import FACE_BOXES, SCENE_GROUPS, SCENE_WORDS, SKETCH
from limner.training.heads import BothHeads
from limner.training.picture_kinds import PICTURE_KINDS
from limner.training.scene_heads import learn_dependents, word_groups
from limner_world.scene_tokens import NUM_TOKENS, SLOTS, TOKEN_DIM, decode_scene, encode_scene

SCENES = [PICTURE_KINDS["conversation"](seed, "test") for seed in range(100)]


def codebook() -> Codebook:
    made = Codebook(SCENE_WORDS, SCENE_GROUPS, TOKEN_DIM)
    made.fill(word_groups())
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
