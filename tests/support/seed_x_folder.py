"""SEED-X's official folder and a PixArt pipeline, tiny, with random weights, as their tools write them."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import torch
from diffusers import AutoencoderKL, PixArtTransformer2DModel, UNet2DConditionModel
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from limner.models.resampler import Resampler
from limner.models.sdxl_resampler import SDXLResampler
from limner.models.sizes import ResamplerSizes, VisionSizes
from limner.models.unet_sizes import SDXLResamplerSizes
from limner.models.vision import QwenVisionTransformer

WIDTH, DIM, SLOTS = 64, 128, 16
RANK = 4
PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
NORMS = ("input_layernorm", "post_attention_layernorm", "norm")
WORDS = ("▁a", "▁the", "▁cat", "▁red", "at", "ed", "re", "he", "th", "▁t", "▁c", "▁r", "<s", "s>")
Weights = dict[str, Tensor]

VISION = VisionSizes(
    image_size_px=448,
    patch_size_px=14,
    width=32,
    layers=2,
    heads=16,
    mlp_width=40,
    num_queries=64,
    output_dim=DIM,
    pool_heads=1,
)


def write_seed_x(folder: Path, *, lora: bool = False) -> Path:
    """The whole layout; with `lora` the agent holds adapters under peft's names."""
    torch.manual_seed(0)
    vocab_size = _write_tokenizer(folder / "cvlm_llama2_tokenizer_100img_and_224loc_addpatch")
    config = LlamaConfig(
        vocab_size=vocab_size,
        hidden_size=WIDTH,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        rms_norm_eps=1e-5,
    )
    llm = LlamaForCausalLM(config)
    llm.save_pretrained(folder / "seed_x_i" / "llm")
    agent = {f"llm.{name}": tensor.clone() for name, tensor in llm.state_dict().items()}
    if lora:
        agent = with_adapters(agent)
    for name, sizes in (
        ("input_resampler", ResamplerSizes(grid=4, width=WIDTH, heads=32, input_dim=DIM)),
        ("output_resampler", ResamplerSizes(grid=4, width=DIM, heads=32, input_dim=WIDTH)),
    ):
        state = Resampler(sizes).state_dict()
        agent |= {f"{name}.{key}": tensor for key, tensor in state.items()}
    agent["patch_pos_embed"] = torch.randn(4, WIDTH)
    save(agent, folder / "seed_x_i" / "agent" / "pytorch_model.bin")
    save(QwenVisionTransformer(VISION).state_dict(), folder / "QwenViT" / "qwen_vit_G.pt")
    for stage, channels in (("first_stage", 4), ("second_stage", 8)):
        save(_detokenizer(channels), folder / "seed_detokenizer" / stage / "pytorch_model.bin")
    sdxl = folder / "stable-diffusion-xl-base-1.0"
    _unet(4).save_pretrained(sdxl / "unet")  # type: ignore[attr-defined]
    _vae().save_pretrained(sdxl / "vae")  # type: ignore[attr-defined]
    return folder


def with_adapters(agent: Weights) -> Weights:
    """The same LLaMA as peft 0.4 saves it in training: adapters on the projections, norms whole."""
    made: Weights = {}
    for name, tensor in agent.items():
        module = name.removeprefix("llm.").removesuffix(".weight")
        kind, path = module.rpartition(".")[2], f"llm.base_model.model.{module}"
        if kind in NORMS:
            made[f"{path}.original_module.weight"] = torch.ones_like(tensor)
            made[f"{path}.modules_to_save.default.weight"] = tensor + 0.5
            continue
        made[f"{path}.weight"] = tensor
        if kind in PROJECTIONS:
            made[f"{path}.lora_A.default.weight"] = torch.randn(RANK, tensor.shape[1])
            made[f"{path}.lora_B.default.weight"] = torch.randn(tensor.shape[0], RANK) * 0.1
    return made


def write_pixart(folder: Path) -> Path:
    """A pipeline's two folders that matter."""
    torch.manual_seed(1)
    PixArtTransformer2DModel(  # type: ignore[attr-defined]
        num_attention_heads=2,
        attention_head_dim=8,
        in_channels=4,
        out_channels=8,
        num_layers=2,
        cross_attention_dim=16,
        sample_size=8,
        patch_size=2,
        caption_channels=DIM,
        use_additional_conditions=False,
    ).save_pretrained(folder / "transformer")
    _vae().save_pretrained(folder / "vae")  # type: ignore[attr-defined]
    return folder


def load(path: Path) -> Weights:
    return torch.load(path, weights_only=True)


def save(weights: Weights, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(dict(weights), path)


def _unet(in_channels: int) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=in_channels,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        transformer_layers_per_block=(1, 2),
        attention_head_dim=(2, 4),
        cross_attention_dim=24,
        norm_num_groups=8,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=4,
        projection_class_embeddings_input_dim=16 + 6 * 4,
    )


def _detokenizer(in_channels: int) -> Weights:
    sizes = SDXLResamplerSizes(
        width=32, depth=2, head_width=4, heads=16, num_queries=5, token_dim=DIM, first_dim=8, second_dim=16
    )
    parts = {"unet": _unet(in_channels), "resampler": SDXLResampler(sizes)}
    return {f"{p}.{name}": tensor for p, part in parts.items() for name, tensor in part.state_dict().items()}  # type: ignore[attr-defined]


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(8, 16),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=16,
        scaling_factor=0.13025,
    )


def _write_tokenizer(folder: Path) -> int:
    """A SentencePiece file by hand, and the 330 tokens SEED-X adds; returns how many there are."""
    folder.mkdir(parents=True)
    letters = [chr(code) for code in range(33, 127)] + ["▁"]
    pieces = [("<unk>", 0.0, 2), ("<s>", 0.0, 3), ("</s>", 0.0, 3)]
    pieces += [(f"<0x{byte:02X}>", 0.0, 6) for byte in range(256)]
    pieces += [(word, -float(rank), 1) for rank, word in enumerate(WORDS)]
    pieces += [(letter, -1000.0 - rank, 1) for rank, letter in enumerate(letters)]
    content = b""
    for piece, score, kind in pieces:
        text = piece.encode()
        entry = (
            b"\x0a" + bytes([len(text)]) + text + b"\x15" + struct.pack("<f", score) + b"\x18" + bytes([kind])
        )
        content += b"\x0a" + bytes([len(entry)]) + entry
    content += b"\x12\x02\x08\x01"  # a trainer's settings, which nobody needs
    (folder / "tokenizer.model").write_bytes(content)
    added = [f"<img_{index:05d}>" for index in range(100)]
    added += ["<img>", "</img>", "<patch>", "</patch>", "<box_start>", "<box_end>"]
    added += [f"<loc-{index}>" for index in range(224)]
    ids = {token: len(pieces) + index for index, token in enumerate(added)}
    (folder / "added_tokens.json").write_text(json.dumps(ids))
    return len(pieces) + len(added)
