"""An editing pipeline of diffusers, built from tiny random components, as a painter of conversations."""

from __future__ import annotations

import json

import diffusers
import numpy as np
import pytest
import torch
from recording import blank
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import Qwen2TokenizerFast, Qwen3Config, Qwen3ForCausalLM  # type: ignore[attr-defined]

from limner.dialogue.parts import Picture
from limner.perception.painters import PaintError, Reference
from limner.perception.pipeline_painter import PipelinePainter
from limner.planning.carrying_out import Hands
from limner.planning.planned_painter import PlannedPainter
from limner.planning.rules import RulesPlanner

TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
LAYERS = 28  # FLUX.2-klein reads the 9th, 18th and 27th


def tiny_tokenizer():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=["<|endoftext|>"])
    tokenizer.train_from_iterator(["add a dog", "make it night"], trainer)
    fast = Qwen2TokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|endoftext|>", pad_token="<|endoftext|>", unk_token=None
    )
    fast.chat_template = TEMPLATE
    return fast


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer()
    text = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=512,
            hidden_size=8,
            intermediate_size=8,
            num_hidden_layers=LAYERS,
            num_attention_heads=2,
            num_key_value_heads=2,
            head_dim=4,
            max_position_embeddings=1024,
        )
    )
    transformer = diffusers.Flux2Transformer2DModel(
        patch_size=1,
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=24,
        timestep_guidance_channels=8,
        axes_dims_rope=[4, 4, 4, 4],
        guidance_embeds=False,
    )
    vae = diffusers.AutoencoderKLFlux2(
        sample_size=32,
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",),
        up_block_types=("UpDecoderBlock2D",),
        block_out_channels=(4,),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=1,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    pipeline = diffusers.Flux2KleinPipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(),
        vae=vae,
        text_encoder=text,
        tokenizer=tokenizer,
        transformer=transformer,
        is_distilled=True,
    )
    place = tmp_path_factory.mktemp("tiny") / "tiny-klein"
    pipeline.save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def painter(folder):
    return PipelinePainter(folder, num_steps=1, device="cpu")


def test_a_picture_is_changed_with_references_and_painted_anew(painter):
    assert painter.name == "tiny-klein"
    face = Reference(picture=blank(90, 64), role="Mia: her face of picture 1")
    changed = painter.paint("Add a dog.", [face], blank(30, 64), size_px=None, seed=1)
    assert changed.pixels.shape == (64, 64, 3)
    alone = painter.paint("Add a dog.", [], blank(30, 64), size_px=None, seed=1)
    assert alone != changed  # the reference counts
    assert painter.paint("Add a dog.", [], blank(30, 64), size_px=None, seed=1) == alone
    assert painter.paint("Add a dog.", [], blank(30, 64), size_px=None, seed=2) != alone
    new = painter.paint("A castle.", [], None, size_px=48, seed=1)
    assert new.pixels.shape == (48, 48, 3)


def test_a_picture_keeps_its_shape(painter):
    wide = Picture(blank(30, 128).pixels[:64])
    small = Reference(picture=blank(90, 20), role="Mia: her face of picture 1")
    changed = painter.paint("Add a dog.", [small], wide, size_px=None, seed=1)
    assert changed.pixels.shape == (64, 128, 3)
    far_too_wide = Picture(blank(30, 1024).pixels[:64])
    with pytest.raises(PaintError, match="cannot paint this"):
        painter.paint("Add a dog.", [], far_too_wide, size_px=None, seed=1)


def test_a_conversation_goes_back_in_front_of_a_pipeline(painter):
    talk = PlannedPainter(RulesPlanner(), Hands(painter=painter, size_px=32)).conversation()
    first = talk.say("A castle on a hill.")
    talk.say("Make it night.")
    back = talk.say("Step back once.")
    assert np.array_equal(np.asarray(back.image), np.asarray(first.image))


def test_what_is_no_editing_pipeline_is_told_in_one_sentence(folder, tmp_path):
    with pytest.raises(ValueError, match="model_index"):
        PipelinePainter(tmp_path)
    for number, kind in enumerate(("FluxPipeline", "NoSuchPipeline")):
        place = tmp_path / str(number)
        place.mkdir()
        (place / "model_index.json").write_text(json.dumps({"_class_name": kind}))
        with pytest.raises(ValueError, match="cannot be opened as a painter"):
            PipelinePainter(place)
    for wrong in ({"dtype": "int3"}, {"offload": "half"}, {"offload": "model", "device": "cpu"}):
        with pytest.raises(ValueError, match=r"\.$"):
            PipelinePainter(folder, **wrong)
