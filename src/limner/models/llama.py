"""LLaMA (Touvron et al. 2023) in plain torch: the language model in the middle, by its sizes.

Knows layers, rotary positions and a key-value cache that grows. Knows nothing about image tokens. Its weights
have the names, and its states the numbers, of transformers' `LlamaForCausalLM` (tested), whose import alone
takes longer than loading the embedded model.

Legend: B batch, N new positions, S all keys, W width, A heads, H width of a head.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from limner.models.cache import KeyValueCache
from limner.models.sizes import LanguageSizes

ROPE_BASE: Final = 10_000.0
Turns = tuple[Tensor, Tensor]  # cosines and sines (B, N, H) of the angles at each position


class RMSNorm(nn.Module):
    """Zhang and Sennrich 2019, in float32 whatever the format; torch's own rounds otherwise in 16 bit."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(width)), eps

    def forward(self, states_BNW: Tensor) -> Tensor:
        wide_BNW = states_BNW.float()
        normed_BNW = wide_BNW * torch.rsqrt(wide_BNW.pow(2).mean(-1, keepdim=True) + self.eps)
        return self.weight * normed_BNW.to(states_BNW.dtype)


class RotaryEmbedding(nn.Module):
    """The angles of positions (Su et al. 2021, equation 15), twice over: a pair is half a head apart."""

    inv_freq: Tensor

    def __init__(self, head_width: int) -> None:
        super().__init__()
        steps = torch.arange(0, head_width, 2, dtype=torch.float32) / head_width
        self.register_buffer("inv_freq", 1.0 / ROPE_BASE**steps, persistent=False)

    @torch.no_grad()
    def forward(self, position_ids_BN: Tensor, dtype: torch.dtype) -> Turns:
        angles_BNh = position_ids_BN[..., None].float() * self.inv_freq.float()
        angles_BNH = torch.cat([angles_BNh, angles_BNh], dim=-1)
        return angles_BNH.cos().to(dtype), angles_BNH.sin().to(dtype)


def apply_rotary_pos_emb(
    queries_BANH: Tensor, keys_BANH: Tensor, cos_BNH: Tensor, sin_BNH: Tensor
) -> tuple[Tensor, Tensor]:
    """Queries and keys turned to their positions."""
    cos_B1NH, sin_B1NH = cos_BNH[:, None], sin_BNH[:, None]
    turned = [(x * cos_B1NH) + (_quarter_turned(x) * sin_B1NH) for x in (queries_BANH, keys_BANH)]
    return turned[0], turned[1]


def _quarter_turned(heads_BANH: Tensor) -> Tensor:
    first, second = heads_BANH.chunk(2, dim=-1)
    return torch.cat([-second, first], dim=-1)


class Attention(nn.Module):
    """Several heads, which may share keys and values by groups (Ainslie et al. 2023)."""

    # Replaced where torch's kernels for a format don't do (`steady_kernels.py`).
    attend: Callable[..., Tensor] = staticmethod(F.scaled_dot_product_attention)

    def __init__(self, sizes: LanguageSizes, layer: int) -> None:
        super().__init__()
        self.layer, self.head_dim = layer, sizes.width // sizes.heads
        self.scaling = self.head_dim**-0.5
        key_value_width = sizes.key_value_width or sizes.width
        self.is_grouped = key_value_width < sizes.width
        self.q_proj = nn.Linear(sizes.width, sizes.width, bias=False)
        self.k_proj = nn.Linear(sizes.width, key_value_width, bias=False)
        self.v_proj = nn.Linear(sizes.width, key_value_width, bias=False)
        self.o_proj = nn.Linear(sizes.width, sizes.width, bias=False)

    def forward(
        self,
        hidden_states: Tensor,
        position_embeddings: Turns,
        attention_mask: Tensor,
        past_key_values: KeyValueCache | None = None,
    ) -> Tensor:
        """Called with names, which hooks read: states (B, N, W), turns, mask (B, 1, N, S) of True and
        False.
        """
        queries_BANH, keys_BANH, values_BANH = (
            projection(hidden_states).unflatten(-1, (-1, self.head_dim)).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        queries_BANH, keys_BASH = apply_rotary_pos_emb(queries_BANH, keys_BANH, *position_embeddings)
        values_BASH = values_BANH
        if past_key_values is not None:
            keys_BASH, values_BASH = past_key_values.update(keys_BASH, values_BASH, self.layer)
        attended_BANH = self.attend(
            queries_BANH,
            keys_BASH,
            values_BASH,
            attn_mask=attention_mask,
            scale=self.scaling,
            enable_gqa=self.is_grouped,
        )
        states_BNW: Tensor = self.o_proj(attended_BANH.transpose(1, 2).flatten(2))
        return states_BNW


class FeedForward(nn.Module):
    """SwiGLU (Shazeer 2020)."""

    def __init__(self, width: int, inner_width: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(width, inner_width, bias=False)
        self.up_proj = nn.Linear(width, inner_width, bias=False)
        self.down_proj = nn.Linear(inner_width, width, bias=False)

    def forward(self, states_BNW: Tensor) -> Tensor:
        made_BNW: Tensor = self.down_proj(F.silu(self.gate_proj(states_BNW)) * self.up_proj(states_BNW))
        return made_BNW


class LlamaLayer(nn.Module):
    """Attention, then feed-forward, each normed before and added to what came in."""

    recomputes = False  # its activations in the backward pass, instead of keeping them

    def __init__(self, sizes: LanguageSizes, layer: int) -> None:
        super().__init__()
        self.self_attn = Attention(sizes, layer)
        self.mlp = FeedForward(sizes.width, sizes.ffn_width)
        self.input_layernorm = RMSNorm(sizes.width, sizes.rms_norm_eps)
        self.post_attention_layernorm = RMSNorm(sizes.width, sizes.rms_norm_eps)

    def forward(self, states_BNW: Tensor, turns: Turns, mask: Tensor, cache: KeyValueCache | None) -> Tensor:
        if not (self.recomputes and self.training and cache is None):
            return self._computed(states_BNW, turns, mask, cache)
        from torch.utils.checkpoint import checkpoint

        # Inside of `forward`, so that hooks around the layer (FSDP2's) run once.
        made_BNW: Tensor = checkpoint(self._computed, states_BNW, turns, mask, None, use_reentrant=False)
        return made_BNW

    def _computed(
        self, states_BNW: Tensor, turns: Turns, mask: Tensor, cache: KeyValueCache | None
    ) -> Tensor:
        states_BNW = states_BNW + self.self_attn(
            hidden_states=self.input_layernorm(states_BNW),
            position_embeddings=turns,
            attention_mask=mask,
            past_key_values=cache,
        )
        made_BNW: Tensor = states_BNW + self.mlp(self.post_attention_layernorm(states_BNW))
        return made_BNW


class LlamaModel(nn.Module):
    """Embeddings in, the last layer's normed states out."""

    def __init__(self, sizes: LanguageSizes) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(sizes.vocab_size, sizes.width)
        self.layers = nn.ModuleList(LlamaLayer(sizes, layer) for layer in range(sizes.layers))
        self.norm = RMSNorm(sizes.width, sizes.rms_norm_eps)
        self.rotary_emb = RotaryEmbedding(sizes.width // sizes.heads)

    def forward(
        self,
        embeds_BNW: Tensor,
        position_ids_BN: Tensor,
        mask_B1NS: Tensor,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        """(B, N, W) at their positions; `mask_B1NS` is True where a position may look, `cache` grows."""
        turns = self.rotary_emb(position_ids_BN, embeds_BNW.dtype)
        states_BNW = embeds_BNW
        for layer in self.layers:
            states_BNW = layer(states_BNW, turns, mask_B1NS, cache)
        normed_BNW: Tensor = self.norm(states_BNW)
        return normed_BNW


class Llama(nn.Module):
    """The model and its text head, which may be the embedding table once more."""

    def __init__(self, sizes: LanguageSizes) -> None:
        super().__init__()
        self.model = LlamaModel(sizes)
        self.lm_head = nn.Linear(sizes.width, sizes.vocab_size, bias=False)
        if sizes.tie_embeddings:
            self.lm_head.weight = self.model.embed_tokens.weight

    def get_input_embeddings(self) -> nn.Module:
        """The table of text tokens; its name as in transformers, like the next two."""
        return self.model.embed_tokens

    def get_output_embeddings(self) -> nn.Module:
        """The text head."""
        return self.lm_head

    def activation_checkpointing_enable(self) -> None:
        """Training takes less memory and a third more time: layers compute twice."""
        for layer in self.model.layers:
            assert isinstance(layer, LlamaLayer)
            layer.recomputes = True
