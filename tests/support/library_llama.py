"""transformers' LLaMA with weights of ours: what our own is held against."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from limner.models.sizes import LanguageSizes


def llama_of(
    sizes: LanguageSizes,
    weights: Mapping[str, Tensor],
    *,
    dtype: torch.dtype = torch.float32,
    how: str = "sdpa",
) -> LlamaForCausalLM:
    """The library's model, filled strictly. `how`: its attention, "sdpa" or "eager"."""
    config = LlamaConfig(  # type: ignore[call-arg]
        vocab_size=sizes.vocab_size,
        hidden_size=sizes.width,
        intermediate_size=sizes.ffn_width,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        num_key_value_heads=(sizes.key_value_width or sizes.width) * sizes.heads // sizes.width,
        max_position_embeddings=sizes.context_tokens,
        rms_norm_eps=sizes.rms_norm_eps,
        tie_word_embeddings=sizes.tie_embeddings,
        attn_implementation=how,
    )
    made = LlamaForCausalLM(config)
    made.load_state_dict(weights, strict=True)
    for weight in made.parameters():  # not the buffers
        weight.data = weight.data.to(dtype)
    return made.eval()
