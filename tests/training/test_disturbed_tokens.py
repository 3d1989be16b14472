"""Disturbed tokens say what they said, a little less clearly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from limner.training.disturbed_tokens import NUMBERS_SHARE, TokenDisturbance
from limner.training.picture_kinds import PICTURE_KINDS
from limner_world.scene_tokens import SLOTS, Numbers, decode_scene, encode_scene

NUMBERS = [any(isinstance(factor, Numbers) for factor in slot.factors) for slot in SLOTS]


@pytest.fixture(scope="module")
def tokens() -> torch.Tensor:
    scenes = [PICTURE_KINDS["conversation"](seed, "train") for seed in range(64)]
    return torch.from_numpy(np.stack([encode_scene(scene) for scene in scenes]))


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def test_undecided_tokens_are_still_nearest_to_their_own_word(tokens: torch.Tensor) -> None:
    disturbed = TokenDisturbance(noise=0.0, mixing=0.45, scene_tokens=True)(tokens, generator())
    changed = (disturbed - tokens).abs().sum(-1) > 1e-4
    assert 0.1 < float(changed.float().mean()) < 0.4
    assert not changed[:, NUMBERS].any()
    for before, after in zip(tokens, disturbed, strict=True):
        assert decode_scene(after.numpy()) == decode_scene(before.numpy())


def test_half_of_the_pictures_are_left_decided(tokens: torch.Tensor) -> None:
    disturbed = TokenDisturbance(noise=0.0, mixing=0.4, scene_tokens=True)(tokens, generator())
    whole = ((disturbed - tokens).abs().amax((1, 2)) < 1e-6).float().mean()
    assert 0.3 < float(whole) < 0.7


def test_numbers_have_less_noise_than_words(tokens: torch.Tensor) -> None:
    noise = TokenDisturbance(noise=0.5, scene_tokens=True)(tokens, generator()) - tokens
    spread = noise.std(dim=(0, 2))
    numbers = torch.tensor(NUMBERS)
    assert float(spread[numbers].mean() / spread[~numbers].mean()) == pytest.approx(NUMBERS_SHARE, rel=0.1)


def test_any_other_tokens_have_the_same_noise_everywhere(tokens: torch.Tensor) -> None:
    plain = TokenDisturbance(noise=0.5, mixing=0.4)
    noise = plain(tokens, generator()) - tokens
    assert float(noise.std(dim=(0, 2)).std()) < 0.03
    torch.testing.assert_close(plain(tokens, generator()), replace(plain, mixing=0.0)(tokens, generator()))
