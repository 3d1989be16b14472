"""Sizes are read off shapes, and yet a misshapen tensor is named: others tell the same size."""

import shutil
from pathlib import Path

import pytest
import seed_x_folder as official
import torch

from limner.models.conversion.fit import MisfitError
from limner.models.conversion.seed_x import convert_seed_x

AGENT = Path("seed_x_i/agent/pytorch_model.bin")
VISION = Path("QwenViT/qwen_vit_G.pt")
FIRST = Path("seed_detokenizer/first_stage/pytorch_model.bin")


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    made = official.write_seed_x(tmp_path_factory.mktemp("seed_x"))
    shutil.rmtree(made / "seed_detokenizer" / "second_stage")
    return made


@pytest.mark.parametrize(
    ("file", "name", "side"),
    [
        (AGENT, "output_resampler.query", 0),
        (AGENT, "input_resampler.pos_embed", 0),
        (VISION, "conv1.weight", 2),
        (VISION, "transformer.resblocks.0.mlp.c_fc.weight", 0),
        (VISION, "attn_pool.query", 0),
        (FIRST, "resampler.proj_in.weight", 1),
        (FIRST, "resampler.norm_out.weight", 0),
        (FIRST, "resampler.layers.0.0.to_q.weight", 0),
        (FIRST, "resampler.unet_proj_1.bias", 0),
        (FIRST, "resampler.unet_proj_2.bias", 0),
    ],
)
def test_a_shape_that_tells_a_size_is_found_to_be_wrong(source, tmp_path, file, name, side) -> None:
    weights = official.load(source / file)
    wrong = [length + (place == side) for place, length in enumerate(weights[name].shape)]
    try:
        official.save({**weights, name: torch.zeros(wrong)}, source / file)
        with pytest.raises(MisfitError) as raised:
            convert_seed_x(source, tmp_path / "made")
    finally:
        official.save(weights, source / file)
    sizes = ("x".join(map(str, found)) for found in (wrong, weights[name].shape))
    assert raised.value.lines == ("misshapen  {}  is {}, should be {}".format(name, *sizes),)
