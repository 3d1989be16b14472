"""The encoder's numbers, against attention written out longhand, and the tokenizer of pictures."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from limner.models.presets import SEED_X, TINY
from limner.models.vision import ImageTokenizer, QwenVisionTransformer, pool_tokens


@pytest.fixture
def vision() -> QwenVisionTransformer:
    torch.manual_seed(0)
    return QwenVisionTransformer(TINY.vision).eval()


def pictures(count: int) -> torch.Tensor:
    size = TINY.image_size_px
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_tokens_have_the_stated_shape_and_do_not_depend_on_the_batch(vision: QwenVisionTransformer) -> None:
    pixels = pictures(3)
    tokens = vision(pixels)
    assert tokens.shape == (3, TINY.vision.num_queries, TINY.vision.output_dim)
    torch.testing.assert_close(vision(pixels[1:2]), tokens[1:2], atol=1e-5, rtol=1e-5)


def test_the_fused_projection_is_read_head_by_head(vision: QwenVisionTransformer) -> None:
    attention = vision.transformer.resblocks[0].attn
    heads, width = TINY.vision.heads, TINY.vision.width
    head_width = width // heads
    x = torch.randn(2, 5, width)
    expected = []
    for head in range(heads):
        rows = slice(3 * head_width * head, 3 * head_width * (head + 1))
        fused = x @ attention.in_proj.weight[rows].T + attention.in_proj.bias[rows]
        q, k, v = fused.split(head_width, dim=-1)
        expected.append(torch.softmax(q @ k.transpose(1, 2) / head_width**0.5, dim=-1) @ v)
    torch.testing.assert_close(
        attention(x), attention.out_proj(torch.cat(expected, dim=-1)), atol=1e-5, rtol=1e-5
    )


def test_state_dict_names_are_those_of_the_public_checkpoint(vision: QwenVisionTransformer) -> None:
    names = set(vision.state_dict())
    assert {
        "conv1.weight",
        "positional_embedding",
        "ln_pre.weight",
        "transformer.resblocks.1.ln_1.bias",
        "transformer.resblocks.1.attn.in_proj.weight",
        "transformer.resblocks.1.attn.out_proj.bias",
        "transformer.resblocks.1.mlp.c_fc.weight",
        "transformer.resblocks.1.mlp.c_proj.weight",
        "attn_pool.pos_embed",
        "attn_pool.query",
        "attn_pool.kv_proj.weight",
        "attn_pool.attn.in_proj_weight",
        "attn_pool.ln_kv.bias",
        "ln_post.weight",
        "proj",
    } <= names
    assert "conv1.bias" not in names
    assert "attn_pool.kv_proj.bias" not in names


def test_full_scale_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        vision = QwenVisionTransformer(SEED_X.vision)
    count = sum(parameter.numel() for parameter in vision.parameters())
    assert 1.8e9 < count < 2.0e9


def test_more_patches_than_queries_stretch_the_positions() -> None:
    finer = dataclasses.replace(TINY.vision, patch_size_px=2)
    tokens = QwenVisionTransformer(finer)(pictures(1))
    assert tokens.shape == (1, TINY.vision.num_queries, TINY.vision.output_dim)
    assert torch.isfinite(tokens).all()


def test_a_picture_of_another_size_is_refused(vision: QwenVisionTransformer) -> None:
    with pytest.raises(ValueError, match="resize first"):
        vision(torch.zeros(1, 3, 48, 48))


def test_every_parameter_of_the_encoder_gets_a_gradient(vision: QwenVisionTransformer) -> None:
    vision(pictures(2)).square().sum().backward()
    without = [name for name, p in vision.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert without == []


def test_pooling_is_an_average_over_neighbours() -> None:
    tokens = torch.arange(16.0).reshape(1, 8, 2)
    expected = torch.nn.functional.avg_pool1d(tokens.transpose(1, 2), 4, stride=4).transpose(1, 2)
    torch.testing.assert_close(pool_tokens(tokens, 2), expected)
    with pytest.raises(ValueError, match="choose fewer"):
        pool_tokens(tokens, 9)


def test_normalised_tokens_are_centred_and_come_back(vision: QwenVisionTransformer) -> None:
    pixels = pictures(16)
    with torch.no_grad():
        raw = pool_tokens(vision(pixels), TINY.num_image_tokens)
        torch.testing.assert_close(ImageTokenizer(vision, TINY.num_image_tokens).encode(pixels), raw)
        flat = raw.flatten(0, 1)
        tokenizer = ImageTokenizer(vision, TINY.num_image_tokens, flat.mean(0), flat.std(0))
        tokens = tokenizer.encode(pixels)
    flat = tokens.flatten(0, 1)
    torch.testing.assert_close(flat.mean(0), torch.zeros(flat.shape[1]), atol=1e-4, rtol=0)
    torch.testing.assert_close(flat.std(0), torch.ones(flat.shape[1]), atol=1e-3, rtol=0)


def test_statistics_travel_with_the_weights(vision: QwenVisionTransformer) -> None:
    dim = TINY.vision.output_dim
    tokenizer = ImageTokenizer(vision, TINY.num_image_tokens, torch.ones(dim), torch.full((dim,), 3.0))
    other = ImageTokenizer(QwenVisionTransformer(TINY.vision), TINY.num_image_tokens)
    other.load_state_dict(tokenizer.state_dict())
    torch.testing.assert_close(other.encode(pictures(1)), tokenizer.encode(pictures(1)))


STEMMED = dataclasses.replace(TINY.vision, patch_size_px=8, stem_widths=(8, 12), pool_width=32)


def test_convolutions_may_stand_before_the_patches() -> None:
    torch.manual_seed(0)
    vision = QwenVisionTransformer(STEMMED)
    tokens = vision(pictures(2))
    assert tokens.shape == (2, STEMMED.num_queries, STEMMED.output_dim)
    assert vision.conv1.weight.shape == (STEMMED.width, 12, 1, 1)
    tokens.square().sum().backward()
    without = [name for name, p in vision.named_parameters() if p.grad is None]
    assert without == []


def test_a_patch_of_a_stem_is_where_its_pixels_are() -> None:
    torch.manual_seed(0)
    vision = QwenVisionTransformer(STEMMED).eval()
    pixels = torch.zeros(1, 3, 32, 32)
    marked = pixels.clone()
    marked[..., 12:14, 20:22] = 1.0  # in row 1, column 2 of 4 x 4 patches
    moved = (vision.places(marked) - vision.places(pixels)).norm(dim=-1).view(4, 4)
    assert divmod(int(moved.argmax()), 4) == (1, 2)


def test_a_stem_that_does_not_tile_a_patch_is_refused() -> None:
    with pytest.raises(ValueError, match="which must divide patches of 4 px"):
        QwenVisionTransformer(dataclasses.replace(STEMMED, patch_size_px=4))
