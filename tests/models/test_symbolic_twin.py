"""The ruler draws what tokens say, and only that: exactly the world's picture, whoever asks and however."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scene_painter import scene_model
from torch import Tensor

from limner.inference.generation import detokenize
from limner.inference.sampling import Sampling
from limner.models.autoencoder import Autoencoder
from limner.models.model import build_model
from limner.models.presets import SKETCH, TINY
from limner.models.sizes import AutoencoderSizes
from limner.models.symbolic_twin import KIND, SymbolicTwin, reads_scenes, with_symbolic_twin
from limner.models.tokenizer import train_tokenizer
from limner_world.chance import seeded
from limner_world.render import render
from limner_world.scene_tokens import canonical_scene, encode_scene
from limner_world.staging import random_scene

SIZE_PX = 64


def scenes(count: int):
    return [random_scene(seeded("symbolic twin", index)) for index in range(count)]


def tokens_of(found) -> Tensor:
    return torch.from_numpy(np.stack([encode_scene(scene) for scene in found]))


@pytest.fixture
def twin() -> SymbolicTwin:
    autoencoder = Autoencoder(
        AutoencoderSizes(
            image_size_px=SIZE_PX,
            unshuffle=1,
            block_widths=(),
            layers_per_block=0,
            latent_channels=3,
            identity=True,
        )
    )
    sizes = replace(
        TINY.detokenizer, latent_size=SIZE_PX, latent_channels=3, token_dim=64, num_tokens=64, tokens_pooled=1
    )
    return SymbolicTwin(sizes, autoencoder)


def pixels_of(latents_3SS: Tensor) -> np.ndarray:
    return ((latents_3SS + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()


def test_true_tokens_give_the_world_s_own_picture(twin: SymbolicTwin) -> None:
    found = scenes(4)
    drawn = twin.sample(tokens_of(found), steps=5, seeds=[1, 2, 3, 4])
    for latents, scene in zip(drawn, found, strict=True):
        assert np.array_equal(pixels_of(latents), render(canonical_scene(scene), SIZE_PX))


def test_tokens_a_little_wrong_give_the_nearest_scene_as_sharp_as_the_true_one(twin: SymbolicTwin) -> None:
    (scene,) = scenes(1)
    tokens = tokens_of([scene])
    noisy = tokens.clone()
    noisy[:, 48:] += 0.3 * torch.randn(1, 16, 64, generator=torch.Generator().manual_seed(0))
    apart = twin.sample(noisy, 1, [0]) - twin.sample(tokens, 1, [0])
    assert float(apart.abs().mean()) < 0.05  # the zoom is all that moved


def test_neither_seed_nor_steps_nor_temperature_nor_company_change_anything(twin: SymbolicTwin) -> None:
    tokens = tokens_of(scenes(2))
    together = twin.sample(tokens, 1, [1, 2])
    alone = twin.sample(tokens[1:], 9, [77], temperature=0.3)
    assert torch.equal(together[1], alone[0])
    (state,) = twin.begin(tokens[:1], 9, [0])
    assert state.num_steps == 1
    (done,) = twin.advance([state])
    assert done.is_done
    assert torch.equal(twin.predict_x0([done]), twin.finish([done]))
    assert float(twin.errors(together, tokens).max()) == 0


def test_it_goes_through_whatever_autoencoder_the_model_has() -> None:
    model = scene_model()
    twin = with_symbolic_twin(model)
    (scene,) = scenes(1)
    (tokens,) = tokens_of([scene])
    truth = render(canonical_scene(scene), model.preset.autoencoder.image_size_px)
    pixels = torch.from_numpy(truth).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        passed = model.autoencoder.decode(model.autoencoder.encode(pixels))[0]
    drawn = detokenize(twin, tokens, Sampling(), seed=1)
    assert np.abs(drawn.astype(int) - ((passed.clamp(-1, 1) + 1) * 127.5).permute(1, 2, 0).numpy()).max() <= 1


def test_it_is_a_ruler_and_no_part_of_a_model() -> None:
    model = scene_model()
    twin = with_symbolic_twin(model)
    assert twin.detokenizer.sizes.kind == KIND
    assert model.detokenizer.sizes.kind == "dit"
    assert not list(twin.detokenizer.parameters())
    assert not twin.detokenizer.state_dict()
    assert twin.language is model.language
    assert SKETCH.detokenizer.kind == "dit"


def test_a_condition_picture_is_refused(twin: SymbolicTwin) -> None:
    with pytest.raises(ValueError, match="image tokens alone"):
        twin.begin(tokens_of(scenes(1)), 1, [0], condition_BCHW=torch.zeros(1, 3, SIZE_PX, SIZE_PX))


def test_other_tokens_than_scene_tokens_are_refused() -> None:
    model = build_model(
        TINY, train_tokenizer(["A close-up of Mia."] * 4, vocab_size=TINY.language.vocab_size)
    )
    assert not reads_scenes(model)
    assert reads_scenes(scene_model())
    with pytest.raises(ValueError, match="reads 64 scene tokens of 64 numbers, not 16 of 16"):
        with_symbolic_twin(model)
