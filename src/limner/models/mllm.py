"""The language model in the middle: text and image tokens in, hidden states out, whole or piece by piece.

Knows how text ids, image tokens and slots become one sequence of vectors, and how a key-value cache grows.
Does not know templates (`prompt.py`), training layouts (`packing.py`) or how hidden states become image
tokens (`token_head.py`).

Module names follow SEED-X's agent (`llm`, `input_resampler`; its `output_resampler` is the regression head's,
the only one to use it; `patch_pos_embed` only where `crop_positions` is set, for the public weights were
trained with it; `position_map` only with `position_waves`, which help a shallow model to find "the picture
before that one"). SEED-X keeps the slots as rows <img_00000>.. of the embedding table; here they are a
parameter of their own, `slots`, which a conversion fills from those rows.

A round of chat, with `cache` a `KeyValueCache`:
    hidden(embed_text(instruction ids), cache=cache)      prefill; text_logits of the last position starts the
    answer hidden(embed_text(next id), cache=cache)              one decode step, until <img> or </s> length =
    cache.length image_hidden(hidden(embed_slots(1), cache=cache))     what the token head paints from
    cache.crop(length)                                    the slots leave hidden(embed_image(predicted
    tokens), cache=cache)    the history block takes their positions

Legend: B batch, N sequence, S all keys (cached and new), K image tokens of a picture, D token width, W model
width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn

from limner.models.cache import KeyValueCache
from limner.models.causal_lm import build_llm, last_states, layers_of, scaled_logits
from limner.models.copy_attention import CopyAttention
from limner.models.resampler import Resampler
from limner.models.resampler_start import start_as_copy
from limner.models.sizes import LanguageSizes, ResamplerSizes

# Text, slots and image tokens enter the first layer at this standard deviation. It decides how soon names are
# bound: a toy of associative recall (3 layers of 96, batch 64) is solved after 370 steps at 1.0, 470 at 0.3,
# 860 at 0.1, and not within 1,000 from the library's own start (0.02 everywhere).
EMBEDDING_STD: Final = 1.0
SHORTEST_WAVE: Final = 64.0  # positions: a picture's
POSITION_STD: Final = 0.1  # of what each wave adds at the start
# Of what a token says of its length at the start. A number alone in its token is a direction times that
# number: after a layer norm only its sign is left, so that no later round could repeat a zoom or a face.
SKIP_GAIN: Final = 0.5
LONGEST: Final = 4.0  # of unit spread; so that no round paints ever larger tokens after its own


class MultimodalLLM(nn.Module):
    """A causal language model over text and image tokens: a LLaMA, or a public one.

    Args:
        language: its sizes.
        input_resampler: grid^2 is the number of image tokens (and slots) of a picture.
    """

    def __init__(self, language: LanguageSizes, input_resampler: ResamplerSizes) -> None:
        super().__init__()
        self.sizes = language
        self.num_image_tokens = input_resampler.grid**2
        self.llm = build_llm(language)
        self.input_resampler = Resampler(input_resampler)
        self.slots = nn.Parameter(torch.randn(self.num_image_tokens, language.width) * EMBEDDING_STD)
        self.patch_pos_embed = (
            nn.Parameter(torch.randn(4, language.width) * language.width**-0.5)
            if language.crop_positions
            else None
        )
        self.position_map = (
            nn.Parameter(torch.randn(2 * language.position_waves, language.width) * POSITION_STD)
            if language.position_waves
            else None
        )
        self.token_skip = (
            nn.Linear(input_resampler.input_dim, language.width, bias=False) if language.token_skip else None
        )
        self.copy = CopyAttention(language.width, language.copy_width) if language.copy_width else None
        self._initialise()

    @property
    def device(self) -> torch.device:
        return self.slots.device

    @property
    def dtype(self) -> torch.dtype:
        return self.slots.dtype

    @property
    def layers(self) -> list[nn.Module]:
        """The language model's layers, in order."""
        return layers_of(self.llm)

    def embed_text(self, ids_BN: Tensor) -> Tensor:
        """(B, N) ids -> (B, N, W)."""
        embeds: Tensor = self.llm.get_input_embeddings()(ids_BN)
        return embeds

    def embed_image(
        self, tokens_BKD: Tensor, centres_B2: Tensor | Sequence[tuple[float, float]] | None = None
    ) -> Tensor:
        """Image tokens of B pictures (64 pooled or predicted ones, or all 256 of an encoder) -> (B, K slots,
        W).

        `centres_B2`: where each picture's middle (x, y) is in the picture that it was cropped from, 0..1; by
        default (0.5, 0.5), a whole picture's. Only models with `crop_positions` heed it.
        """
        embeds: Tensor = self.input_resampler(tokens_BKD.to(self.dtype))
        if self.token_skip is not None:
            pooled_BKD = tokens_BKD.unflatten(1, (self.num_image_tokens, -1)).mean(2)
            lengths_BK1 = pooled_BKD.float().square().mean(-1, keepdim=True).sqrt()
            bounded_BKD = pooled_BKD * (LONGEST / lengths_BK1.clamp_min(LONGEST)).to(pooled_BKD.dtype)
            embeds = embeds + self.token_skip(bounded_BKD.to(self.dtype))
        if self.patch_pos_embed is None:
            return embeds
        if centres_B2 is None:
            centres_B2 = torch.full((len(embeds), 2), 0.5)
        centres_B2 = torch.as_tensor(centres_B2, device=embeds.device)
        sides_B4 = torch.cat([centres_B2, 1 - centres_B2], dim=1).to(embeds) / 2
        return embeds + (sides_B4 @ self.patch_pos_embed)[:, None]

    def embed_slots(self, batch: int) -> Tensor:
        """The learned placeholders of `batch` pictures to be painted, (B, K, W)."""
        return self.slots.expand(batch, -1, -1)

    def hidden(
        self,
        embeds_BNW: Tensor,
        position_ids_BN: Tensor | None = None,
        mask_B1NS: Tensor | None = None,
        cache: KeyValueCache | None = None,
        is_slot_BN: Tensor | None = None,
    ) -> Tensor:
        """Last hidden states (B, N, W) after the final norm; `cache`, when given, grows by N.

        Args:
            embeds_BNW: what is new.
            position_ids_BN: positions in the context; by default they continue after the cache.
            mask_B1NS: True where a new position may look at a cached or new one; by default causal, that is
                everything cached and everything new up to itself.
            is_slot_BN: True at slots, which may copy (`copy_attention.py`); None: there are none.

        Raises:
            ValueError: positions by default would leave the context.
        """
        cached = cache.length if cache is not None else 0
        num_new = embeds_BNW.shape[1]
        if position_ids_BN is None:
            if cached + num_new > self.sizes.context_tokens:
                raise ValueError(
                    f"{cached + num_new} tokens do not fit a context of {self.sizes.context_tokens}; "
                    "drop rounds first."
                )
            position_ids_BN = torch.arange(cached, cached + num_new, device=embeds_BNW.device)[None]
        inputs_BNW = embeds_BNW
        if self.position_map is not None:
            waves_BNF = position_waves(
                position_ids_BN, self.sizes.position_waves, longest=2.0 * self.sizes.context_tokens
            )
            embeds_BNW = embeds_BNW + waves_BNF.to(embeds_BNW.dtype) @ self.position_map
        if mask_B1NS is None:
            mask_B1NS = causal_mask(num_new, cached, embeds_BNW.device).expand(embeds_BNW.shape[0], 1, -1, -1)
        if self.copy is None:
            return last_states(self.llm, embeds_BNW, position_ids_BN, mask_B1NS, cache)
        layers = cache.layers() if cache is not None else []
        inside = KeyValueCache(layers[:-1]) if cache is not None else None
        states_BNW = last_states(self.llm, embeds_BNW, position_ids_BN, mask_B1NS, inside)
        keys_BSH, values_BSW = self.copy.pointer.keys(states_BNW, inputs_BNW), inputs_BNW
        if cache is not None and inside is not None:
            if layers:
                keys_BSH, values_BSW = (
                    torch.cat([known[:, 0], new], dim=-2)
                    for known, new in zip(layers[-1], (keys_BSH, values_BSW), strict=True)
                )
            cache.replace([*inside.layers(), (keys_BSH[:, None], values_BSW[:, None])])
        if is_slot_BN is None:
            return states_BNW
        slots_BQ, is_real_BQ = gathered_slots(is_slot_BN)
        rows_B1 = torch.arange(len(slots_BQ), device=slots_BQ.device)[:, None]
        states_BQW, inputs_BQW, mask_BQS = (
            values[rows_B1, slots_BQ] for values in (states_BNW, inputs_BNW, mask_B1NS[:, 0])
        )
        change_BQW = self.copy(states_BQW, inputs_BQW, keys_BSH, values_BSW, mask_BQS) - states_BQW
        change_BQW = change_BQW * is_real_BQ[..., None]
        return states_BNW.index_put((rows_B1, slots_BQ), change_BQW, accumulate=True)

    def text_logits(self, hidden_BNW: Tensor) -> Tensor:
        """Hidden states -> logits over the vocabulary; pass only the positions that are needed.

        Tied embeddings of our own LLaMA have unit spread, so their products are scaled by 1 / sqrt(W).
        """
        if self.sizes.tie_embeddings and not self.sizes.public_config:
            hidden_BNW = hidden_BNW * self.sizes.width**-0.5
        logits: Tensor = self.llm.get_output_embeddings()(hidden_BNW)
        return scaled_logits(logits, self.llm.config) if self.sizes.public_config else logits

    def image_hidden(self, hidden_BKW: Tensor) -> Tensor:
        """Hidden states at the slots -> what a token head is conditioned on: the same states, checked.

        Raises:
            ValueError: there are not as many positions as a picture has slots.
        """
        if hidden_BKW.shape[1] != self.num_image_tokens:
            raise ValueError(f"A picture has {self.num_image_tokens} slots, not {hidden_BKW.shape[1]}.")
        return hidden_BKW

    def _initialise(self) -> None:
        if self.sizes.public_config:  # whose weights come from elsewhere
            start_as_copy(self.input_resampler, out_std=EMBEDDING_STD)
            return
        # The library's std of 0.02 is made for widths of thousands: at a width of 192 it leaves the layers
        # almost silent. 1/sqrt(fan in) holds at every width; residual branches are scaled down by depth
        # (GPT-2).
        branch_scale = (2 * self.sizes.layers) ** -0.5
        for layer in self.layers:
            for name, module in layer.named_modules():
                if isinstance(module, nn.Linear):
                    scale = branch_scale if name.endswith(("o_proj", "down_proj")) else 1.0
                    nn.init.normal_(module.weight, std=scale * module.in_features**-0.5)
        if not self.sizes.tie_embeddings:
            head: Any = self.llm.get_output_embeddings()
            nn.init.normal_(head.weight, std=0.5 * self.sizes.width**-0.5)
        table: Any = self.llm.get_input_embeddings()
        nn.init.normal_(table.weight, std=EMBEDDING_STD)
        start_as_copy(self.input_resampler, out_std=EMBEDDING_STD)
        if self.token_skip is not None:
            nn.init.orthogonal_(self.token_skip.weight, gain=SKIP_GAIN)


def position_waves(position_ids_BN: Tensor, num_waves: int, *, longest: float) -> Tensor:
    """(B, N) positions -> (B, N, 2 num_waves) float32: sines, then cosines, of waves from `SHORTEST_WAVE` to
    `longest` positions, spaced evenly on a logarithmic scale.
    """
    ratio = (longest / SHORTEST_WAVE) ** (1 / max(1, num_waves - 1))
    lengths_F = SHORTEST_WAVE * ratio ** torch.arange(num_waves, device=position_ids_BN.device)
    angles_BNF = position_ids_BN[..., None] * (2 * torch.pi / lengths_F)
    return torch.cat([angles_BNF.sin(), angles_BNF.cos()], dim=-1)


def gathered_slots(is_slot_BN: Tensor) -> tuple[Tensor, Tensor]:
    """(B, Q) places of each row's slots in order, where Q is the most that a row has, and whether they are
    real: rows that have fewer are filled up with others of their places.
    """
    counts_B1 = is_slot_BN.sum(1, keepdim=True)
    most = int(counts_B1.max())
    places_BQ = torch.argsort(~is_slot_BN, dim=1, stable=True)[:, :most]
    return places_BQ, torch.arange(most, device=counts_B1.device) < counts_B1


def causal_mask(num_new: int, num_cached: int, device: torch.device | str = "cpu") -> Tensor:
    """(1, 1, N, S) bool: new position i sees everything cached and the new ones up to itself.

    Aligned at the bottom right: a chunk on top of a cache sees all of it.
    """
    rows = torch.arange(num_cached, num_cached + num_new, device=device)
    return (rows[:, None] >= torch.arange(num_cached + num_new, device=device))[None, None]
