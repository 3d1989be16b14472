"""A LLaMA's `config.json` as limner's sizes. Knows which LLaMAs this project computes; refuses all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor

from limner.models.sizes import LanguageSizes

ROPE_BASE: Final = 10_000.0
ROPE_BUFFER: Final = ".self_attn.rotary_emb.inv_freq"


def language_sizes(config: Mapping[str, Any], where: object) -> LanguageSizes:
    """Sizes of a plain LLaMA-2, with what SEED-X adds: crops and their positions, boxes in instructions.

    Raises:
        ValueError: an entry is missing, or it is another kind of LLaMA; the sentence names `where`.
    """
    _refuse_others(config, where)
    try:
        return LanguageSizes(
            vocab_size=int(config["vocab_size"]),
            width=int(config["hidden_size"]),
            layers=int(config["num_hidden_layers"]),
            heads=int(config["num_attention_heads"]),
            ffn_width=int(config["intermediate_size"]),
            context_tokens=int(config["max_position_embeddings"]),
            rms_norm_eps=float(config["rms_norm_eps"]),
            crop_positions=True,
            upload_crops=True,
            reads_regions=True,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"The LLaMA configuration in {where} lacks or garbles {error}.") from error


def check_rope(buffers: Mapping[str, Tensor], sizes: LanguageSizes, where: object) -> None:
    """Raises ValueError when a stored table of rotary frequencies is not what is computed here.

    Older checkpoints carry one a layer; newer ones compute it.
    """
    head_width = sizes.width // sizes.heads
    expected = ROPE_BASE ** -(torch.arange(0, head_width, 2, dtype=torch.float32) / head_width)
    for name, table in buffers.items():
        # bfloat16 keeps 8 bits.
        if table.shape != expected.shape or not torch.allclose(table.float(), expected, rtol=1e-2):
            raise ValueError(f"{name} in {where} is of another rotary base; only {ROPE_BASE:g} is known.")


def _refuse_others(config: Mapping[str, Any], where: object) -> None:
    heads = config.get("num_attention_heads")
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    plain = {
        "num_key_value_heads": (config.get("num_key_value_heads") or heads, heads),
        "hidden_act": (config.get("hidden_act", "silu"), "silu"),
        "tie_word_embeddings": (config.get("tie_word_embeddings", False), False),
        "attention_bias": (config.get("attention_bias", False), False),
        "rope_theta": (float(config.get("rope_theta", rope.get("rope_theta", ROPE_BASE))), ROPE_BASE),
        "rope_type": (rope.get("rope_type", rope.get("type", "default")), "default"),
    }
    for name, (found, wanted) in plain.items():
        if found != wanted:
            raise ValueError(
                f"The LLaMA in {where} has {name} {found!r}; SEED-X's has {wanted!r}, the only one supported."
            )
