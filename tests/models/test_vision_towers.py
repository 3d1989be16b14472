"""Other vision encoders: they see what transformers' own see, and any number of patches becomes 64 tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import Siglip2VisionConfig, Siglip2VisionModel, SiglipVisionConfig, SiglipVisionModel

from limner.cli.main import main
from limner.models.checkpoint import load_component, load_manifest
from limner.models.conversion.vision import convert_vision
from limner.models.model import build_component
from limner.models.presets import SEED_X
from limner.models.vision import ImageTokenizer, pool_tokens

TOWER = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}


@pytest.mark.parametrize("patches", [256, 729, 1024])
def test_any_number_of_patches_becomes_64(patches: int) -> None:
    tokens = torch.randn(2, patches, 5)
    pooled = pool_tokens(tokens, 64)
    assert pooled.shape == (2, 64, 5)
    adaptive = torch.nn.functional.adaptive_avg_pool1d(tokens.transpose(1, 2), 64).transpose(1, 2)
    torch.testing.assert_close(pooled, adaptive)
    for index in (0, 10, 63):
        start, stop = index * patches // 64, -(-(index + 1) * patches // 64)
        torch.testing.assert_close(pooled[:, index], tokens[:, start:stop].mean(1))
    if patches % 64 == 0:  # the paper's
        assert torch.equal(pooled, tokens.reshape(2, 64, patches // 64, 5).mean(2))
    with pytest.raises(ValueError, match="choose fewer"):
        pool_tokens(tokens[:, :63], 64)


def fixed(folder: Path) -> SiglipVisionModel:
    torch.manual_seed(0)
    made = SiglipVisionModel(SiglipVisionConfig(**TOWER, image_size=54, patch_size=6)).eval()
    made.save_pretrained(folder)
    return made


def any_size(folder: Path) -> Siglip2VisionModel:
    torch.manual_seed(0)
    made = Siglip2VisionModel(Siglip2VisionConfig(**TOWER, num_patches=64, patch_size=4)).eval()
    made.save_pretrained(folder)
    return made


def converted(folder: Path, **options: int) -> ImageTokenizer:
    target = convert_vision(folder, folder.parent / "made", matrix_dtype=torch.float32, **options)
    preset, _ = load_manifest(target)
    network = build_component("vision", preset)
    assert isinstance(network, ImageTokenizer)
    return load_component(target, "vision", network).eval()


def test_a_tower_of_one_resolution_sees_as_its_own(tmp_path: Path) -> None:
    public = fixed(tmp_path / "public")
    made = converted(tmp_path / "public", num_tokens=16)
    assert (made.vision.sizes.num_queries, made.vision.sizes.grid, made.vision.sizes.output_dim) == (
        81,
        9,
        32,
    )
    pixels = torch.rand(2, 3, 54, 54) * 2 - 1
    with torch.no_grad():
        expected = public(pixel_values=pixels).last_hidden_state
        torch.testing.assert_close(made.vision(pixels), expected, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(made.encode(pixels), pool_tokens(expected, 16), atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match="resize first"):
        made.vision(pixels[..., :-1])


def test_a_tower_of_any_resolution_sees_as_its_own(tmp_path: Path) -> None:
    from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil

    public = any_size(tmp_path / "public")
    made = converted(tmp_path / "public", num_tokens=16, image_size_px=40)
    assert made.vision.sizes.num_queries == 100
    picture = torch.randint(0, 256, (3, 40, 40), dtype=torch.uint8)
    processor = Siglip2ImageProcessorPil(patch_size=4, max_num_patches=100)
    given = processor(images=[picture], return_tensors="pt")
    with torch.no_grad():
        expected = public(
            given["pixel_values"].float(), given["pixel_attention_mask"], given["spatial_shapes"]
        ).last_hidden_state
        found = made.vision(picture[None].float() / 127.5 - 1)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_all_sizes_follow_the_tower(tmp_path: Path) -> None:
    fixed(tmp_path / "public")
    preset, _ = load_manifest(convert_vision(tmp_path / "public", tmp_path / "made", num_tokens=64))
    assert preset.input_resampler.input_dim == preset.output_resampler.width == 32
    assert preset.detokenizer.token_dim == 32
    assert preset.language == SEED_X.language


def test_what_cannot_be_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*words: object) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["convert", "vision", *(str(word) for word in words)])
        assert ended.value.code == 2
        return " ".join(capsys.readouterr().err.split())

    folder = tmp_path / "public"
    fixed(folder)
    assert "square number" in told(folder, tmp_path / "made", "--tokens", 60)
    assert "54 px alone" in told(folder, tmp_path / "made", "--size", 64, "--tokens", 16)
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config.replace("siglip_vision_model", "clip_vision_model"))
    assert "clip_vision_model" in told(folder, tmp_path / "made")
    assert not (tmp_path / "made").exists()
