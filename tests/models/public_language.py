"""Tiny public causal language models with random weights and a byte-level tokenizer, as their makers publish
them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

COMMON = {
    "hidden_size": 48,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
}
CHATML = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")
LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 256,
}
# name -> (type, what differs, special tokens, the first and last token of a text)
PUBLIC: dict[str, tuple[str, dict[str, Any], tuple[str, ...], tuple[str | None, str]]] = {
    "qwen3": ("qwen3", {**COMMON, "head_dim": 16, "rope_theta": 1e6}, CHATML, (None, "<|im_end|>")),
    "llama3": (
        "llama",
        {**COMMON, "rope_scaling": LLAMA3_ROPE},
        ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        ("<|begin_of_text|>", "<|eot_id|>"),
    ),
    "gemma": (
        "gemma",
        {**COMMON, "num_key_value_heads": 1, "head_dim": 24, "tie_word_embeddings": True},
        ("<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"),
        ("<bos>", "<eos>"),
    ),
    "olmo2": ("olmo2", COMMON, ("<|endoftext|>",), (None, "<|endoftext|>")),
    "gemma3": (
        "gemma3_text",
        {**COMMON, "head_dim": 16, "sliding_window": 512, "tie_word_embeddings": True},
        ("<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"),
        ("<bos>", "<eos>"),
    ),
    "gpt2": (
        "gpt2",
        {"n_embd": 48, "n_layer": 2, "n_head": 4, "n_positions": 1024},
        ("<|endoftext|>",),
        ("<|endoftext|>", "<|endoftext|>"),
    ),
}


def write_public(folder: Path, name: str) -> Path:
    """The model `name` of `PUBLIC` as a folder."""
    kind, values, special, (start, end) = PUBLIC[name]
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.train_from_iterator(
        ["A close-up of Clara in a park."] * 8,
        trainers.BpeTrainer(
            vocab_size=320,
            special_tokens=list(special),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    PreTrainedTokenizerFast(tokenizer_object=backend, bos_token=start, eos_token=end).save_pretrained(folder)
    torch.manual_seed(3)
    config = AutoConfig.for_model(kind, **{**values, "vocab_size": backend.get_vocab_size() + 5})
    llm = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for weight in llm.parameters():  # spread enough for positions and heads to matter
            weight.add_(0.1 * torch.randn_like(weight))
    llm.save_pretrained(folder)
    return folder
