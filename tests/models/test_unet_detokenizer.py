"""SEED-X's detokenizers at tiny size: seeds, guidance, the condition picture, public names, true
shapes.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from language_samples import small_tokenizer

from limner.models.checkpoint import load_component, load_model, save_component, save_model
from limner.models.detokenizer import DiTDetokenizer
from limner.models.detokenizer_presets import (
    KINDS,
    with_all_tokens,
    with_detokenizer,
    with_picture_size,
)
from limner.models.model import build_component, build_detokenizer, build_model
from limner.models.presets import MINIATURE, SEED_X, SKETCH, TINY, Preset
from limner.models.unet_detokenizer import UNetDetokenizer, with_condition
from limner.models.vision import ImageTokenizer

STAGE_1, STAGE_2 = (with_detokenizer(TINY, f"unet_stage{stage}") for stage in (1, 2))
SIZES = STAGE_1.detokenizer
SHAPE = (SIZES.latent_channels, SIZES.latent_size, SIZES.latent_size)


def random_tokens(count: int, num_tokens: int = SIZES.num_tokens) -> torch.Tensor:
    return torch.randn(count, num_tokens, SIZES.token_dim, generator=torch.Generator().manual_seed(5))


def random_latents(count: int, seed: int = 6) -> torch.Tensor:
    return torch.randn(count, *SHAPE, generator=torch.Generator().manual_seed(seed))


def unet(preset: Preset = STAGE_1) -> UNetDetokenizer:
    torch.manual_seed(0)
    made = build_detokenizer(preset).eval()
    assert isinstance(made, UNetDetokenizer)
    with torch.no_grad():
        made.negative_tokens.normal_()
    return made


def encoder() -> ImageTokenizer:
    torch.manual_seed(1)
    made = build_component("vision", TINY).eval().requires_grad_(False)
    assert isinstance(made, ImageTokenizer)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_one_seed_is_one_image_whatever_the_batch(kind: str) -> None:
    torch.manual_seed(0)
    detokenizer = build_detokenizer(with_detokenizer(TINY, kind)).eval()
    if isinstance(detokenizer, DiTDetokenizer):
        torch.nn.init.normal_(detokenizer.transformer.proj_out.weight, std=0.2)
    tokens = random_tokens(3)
    condition = random_latents(3) if detokenizer.reads_condition else None
    alone_condition = None if condition is None else condition[1:2]
    together = detokenizer.sample(tokens, 3, [1, 2, 3], condition_BCHW=condition)
    alone = detokenizer.sample(tokens[1:2], 3, [2], condition_BCHW=alone_condition)
    assert together.shape == (3, *SHAPE)
    torch.testing.assert_close(alone[0], together[1], atol=1e-4, rtol=1e-4)
    other = detokenizer.sample(tokens[1:2], 3, [3], condition_BCHW=alone_condition)
    assert float((other - alone).abs().max()) > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_calls_are_refused_alike(kind: str) -> None:
    detokenizer = build_detokenizer(with_detokenizer(TINY, kind))
    with pytest.raises(ValueError, match="one for each picture"):
        detokenizer.sample(random_tokens(2), 1, [1])
    with pytest.raises(ValueError, match="reads 16 image tokens, not 64"):
        detokenizer.sample(random_tokens(1, 64), 1, [1])
    if not detokenizer.reads_condition:
        with pytest.raises(ValueError, match="reads image tokens alone"):
            detokenizer.sample(random_tokens(1), 1, [1], condition_BCHW=random_latents(1))
        with pytest.raises(ValueError, match="reads image tokens alone"):
            detokenizer.loss(random_latents(1), random_tokens(1), condition_BCHW=random_latents(1))


def test_stage_two_begins_as_stage_one_and_then_uses_its_condition() -> None:
    first = unet()
    second = with_condition(first).eval()
    assert second.unet.conv_in.weight.shape[1] == 2 * SIZES.latent_channels
    tokens, condition = random_tokens(1), random_latents(1)
    before = first.sample(tokens, 2, [1])
    torch.testing.assert_close(second.sample(tokens, 2, [1], condition_BCHW=condition), before)
    optimizer = torch.optim.Adam(second.parameters(), lr=3e-3)
    for _ in range(3):
        optimizer.zero_grad()
        second.loss(random_latents(4), random_tokens(4), condition_BCHW=random_latents(4)).backward()
        optimizer.step()
    drawn = [
        second.sample(tokens, 2, [1], condition_BCHW=shown)
        for shown in (condition, random_latents(1, 7), None)
    ]
    assert float((drawn[0] - drawn[1]).abs().max()) > 1e-3
    assert float((drawn[0] - drawn[2]).abs().max()) > 1e-3
    blank = second.sample(tokens, 2, [1], condition_BCHW=torch.zeros(1, *SHAPE))
    torch.testing.assert_close(drawn[2], blank)
    with pytest.raises(ValueError, match="already"):
        with_condition(second)


def test_stage_two_learns_what_its_condition_shows() -> None:
    """Tokens that tell nothing: only the condition says which of two pictures it is."""
    second = unet(STAGE_2)
    tokens = random_tokens(1).expand(8, -1, -1)
    pictures = torch.stack([torch.full(SHAPE, 1.0), torch.full(SHAPE, -1.0)]).repeat(4, 1, 1, 1)
    optimizer = torch.optim.Adam(second.parameters(), lr=4e-3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(30):
        loss = second.loss(pictures, tokens, generator, condition_BCHW=pictures)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        right, wrong, none = (
            float(second.loss(pictures, tokens, torch.Generator().manual_seed(1), condition_BCHW=shown))
            for shown in (pictures, -pictures, None)
        )
    assert right < none < wrong
    assert wrong > 1.1 * right


def test_guidance_is_the_two_published_forms() -> None:
    """One step, so that a sample is linear in the prediction: mix single answers by hand and compare."""
    second = unet(STAGE_2)
    tokens, condition = random_tokens(2), random_latents(2)
    negative = second.negative_tokens.expand_as(tokens)
    plain = {"guidance": 1.0, "image_guidance": 1.0}
    both = second.sample(tokens, 1, [1, 2], condition_BCHW=condition, **plain)
    told_picture = second.sample(negative, 1, [1, 2], condition_BCHW=condition, **plain)
    told_nothing = second.sample(negative, 1, [1, 2], **plain)
    told_tokens = second.sample(tokens, 1, [1, 2], **plain)

    found = second.sample(tokens, 1, [1, 2], condition_BCHW=condition, guidance=7.5, image_guidance=1.5)
    expected = told_nothing + 1.5 * (told_picture - told_nothing) + 7.5 * (both - told_picture)
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)
    # Stage 1's form, also stage 2's where no picture is shown.
    found = second.sample(tokens, 1, [1, 2], guidance=7.5, image_guidance=1.5)
    expected = told_nothing + 7.5 * (told_tokens - told_nothing)
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


def test_the_negative_is_what_the_encoder_makes_of_nothing() -> None:
    detokenizer, eyes = unet(), encoder()
    detokenizer.remember_blank(eyes)
    zeros = torch.zeros(1, 3, TINY.image_size_px, TINY.image_size_px)
    anew = eyes.normalise(eyes.vision(zeros).unflatten(1, (SIZES.num_tokens, -1)).mean(2))[0]
    torch.testing.assert_close(detokenizer.negative_tokens, anew)


def test_a_few_samples_are_told_nothing_in_training_and_none_afterwards() -> None:
    second = unet(STAGE_2)
    tokens, condition = random_tokens(1).expand(4000, -1, -1), torch.ones(4000, 1, 1, 1)
    told, shown = second._blanked(tokens, condition, torch.Generator().manual_seed(0))
    without_tokens = (told == second.negative_tokens).flatten(1).all(1)
    without_picture = (shown == 0).flatten()
    assert 0.08 < float(without_tokens.float().mean()) < 0.12
    assert 0.08 < float(without_picture.float().mean()) < 0.12
    assert 0.03 < float((without_tokens & without_picture).float().mean()) < 0.07
    losses = []
    for training in (False, True):
        with torch.no_grad():
            loss = second.train(training).loss(
                random_latents(64), random_tokens(64), torch.Generator().manual_seed(3)
            )
        losses.append(float(loss))
    assert losses[0] != losses[1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_says_which_detokenizer_it_holds(kind: str, tmp_path) -> None:
    torch.manual_seed(0)
    model = build_model(with_detokenizer(TINY, kind), small_tokenizer()).eval()
    save_model(model, tmp_path)
    manifest = json.loads((tmp_path / "limner.json").read_text())
    assert manifest["preset"]["detokenizer"]["kind"] == kind.split("_")[0]
    again = load_model(tmp_path, dtype=torch.float32)
    assert type(again.detokenizer) is type(model.detokenizer)
    assert again.detokenizer.reads_condition == (kind == "unet_stage2")
    tokens = random_tokens(1)
    drawn = again.detokenizer.sample(tokens, 2, [3])
    torch.testing.assert_close(model.detokenizer.sample(tokens, 2, [3]), drawn, atol=0.2, rtol=0.2)


def test_folders_from_before_there_was_a_choice_hold_a_transformer(tmp_path) -> None:
    values = json.loads(json.dumps(MINIATURE.to_json()))
    for name in ("kind", "tokens_pooled", "size_conditions", "default_temperature"):
        del values["detokenizer"][name]
    assert Preset.from_json(values) == MINIATURE
    values["detokenizer"]["kind"] = "oracle"
    with pytest.raises(ValueError, match="'oracle'"):
        Preset.from_json(values)


def test_weights_of_the_other_stage_are_refused(tmp_path) -> None:
    save_component(tmp_path, "detokenizer", unet(STAGE_2))
    with pytest.raises(ValueError, match=r"unet\.conv_in\.weight"):
        load_component(tmp_path, "detokenizer", unet(STAGE_1))


def num_millions(preset: Preset) -> tuple[float, dict[str, torch.Tensor]]:
    with torch.device("meta"):
        made = build_detokenizer(preset)
    return sum(p.numel() for p in made.parameters()) / 1e6, dict(made.state_dict())


def test_true_shapes() -> None:
    count, state = num_millions(with_detokenizer(SEED_X, "unet_stage2"))
    assert tuple(state["unet.conv_in.weight"].shape) == (320, 8, 3, 3)
    assert tuple(state["unet.add_embedding.linear_1.weight"].shape) == (1280, 2816)
    unet_alone = sum(t.numel() for name, t in state.items() if name.startswith("unet."))
    assert unet_alone - 320 * 4 * 9 == 2_567_463_684  # SDXL's published UNet
    assert count == pytest.approx(2628.7, abs=0.1)
    for size_px in (512, 1024):
        for preset, num_tokens in ((SEED_X, 64), (with_all_tokens(SEED_X), 256)):
            sized = with_picture_size(preset, size_px)
            assert sized.autoencoder.latent_size == size_px // 8
            count, state = num_millions(sized)
            assert tuple(state["token_positions"].shape) == (1, num_tokens, 4096)
            assert count == pytest.approx(611, abs=1.5)
    with pytest.raises(ValueError, match="not 768"):
        with_picture_size(SEED_X, 768)
    with pytest.raises(ValueError, match="use seed-x"):
        with_picture_size(SKETCH, 512)


@pytest.mark.parametrize("preset", [SKETCH, MINIATURE])
def test_baselines_are_as_large_as_the_transformer(preset: Preset) -> None:
    ours = num_millions(preset)[0]
    for kind in ("unet_stage1", "unet_stage2"):
        assert num_millions(with_detokenizer(preset, kind))[0] == pytest.approx(ours, rel=0.1)


def test_a_transformer_may_be_told_its_size() -> None:
    sizes = replace(TINY.detokenizer, size_conditions=True, width=48, heads=2)
    torch.manual_seed(0)
    detokenizer = DiTDetokenizer(sizes).eval()
    torch.nn.init.normal_(detokenizer.transformer.proj_out.weight, std=0.2)
    assert any("resolution_embedder" in name for name in detokenizer.state_dict())
    told = detokenizer._told_sizes(random_latents(2))
    assert told is not None
    assert told[0].tolist() == [[32.0, 32.0]] * 2
    assert told[1].tolist() == [[1.0]] * 2
    together = detokenizer.sample(random_tokens(2), 2, [1, 2])
    torch.testing.assert_close(
        detokenizer.sample(random_tokens(2)[1:], 2, [2]), together[1:], atol=1e-4, rtol=1e-4
    )
