"""The causal language model in the middle: a LLaMA by its sizes, or a public one by its `config.json`.

Knows transformers' configurations and what its models have in common; imports it only for public ones. Knows
nothing about image tokens.

Legend: B batch, N new positions, S all keys, W width.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import torch
from torch import Tensor, nn

from limner.models.cache import KeyValueCache
from limner.models.llama import Llama, LlamaLayer
from limner.models.sizes import LanguageSizes

if TYPE_CHECKING:
    from transformers import DynamicCache, PreTrainedModel

CausalLM: TypeAlias = "Llama | PreTrainedModel"
PUBLIC_LAYER: Final = "GradientCheckpointingLayer"  # the base class of transformers' layers
USUAL_CONTEXT: Final = 4_096  # of a public model that could read more, unless a conversion says otherwise
ATTENDING: Final = {"full_attention", "sliding_attention", "chunked_attention"}  # layers, by their kinds
# Written by the library or decided here.
LEFT_OUT: Final = (
    "architectures",
    "transformers_version",
    "_name_or_path",
    "torch_dtype",
    "dtype",
    "use_cache",
)


def build_llm(sizes: LanguageSizes) -> CausalLM:
    """A causal language model with random weights.

    Raises:
        ValueError: transformers knows no such architecture, or it is none that reads embeddings and a mask.
    """
    if not sizes.public_config:
        return Llama(sizes)
    from transformers import AutoModelForCausalLM

    config = read_config(json.loads(sizes.public_config), "the checkpoint's sizes")
    config.vocab_size, config.use_cache = sizes.vocab_size, False
    config.tie_word_embeddings = sizes.tie_embeddings
    for name in ("pad_token_id", "bos_token_id", "eos_token_id"):
        setattr(config, name, None)
    # Scores that are capped are no fused kernel's.
    how = "eager" if getattr(config, "attn_logit_softcapping", None) else "sdpa"
    try:
        llm: PreTrainedModel = AutoModelForCausalLM.from_config(config, attn_implementation=how)
    except ValueError:
        llm = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    if not layers_of(llm):
        raise ValueError(
            f"{type(llm).__name__} has no layers as transformers builds them; choose another model."
        )
    return llm


def read_config(values: Mapping[str, Any], where: object) -> Any:
    """A `config.json`'s content as the library's object; of a model of several senses the language half.

    Raises:
        ValueError: no `model_type`, or one that this version of transformers doesn't know.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    kind = values.get("model_type")
    try:
        config = AutoConfig.for_model(str(kind), **{k: v for k, v in values.items() if k != "model_type"})
        config = config.get_text_config(decoder=True)
        AutoModelForCausalLM._model_mapping[type(config)]  # KeyError: no causal model of it
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(
            f"{where} describes a model of the type {kind!r}, which transformers knows no causal language "
            "model of; update transformers or choose another model."
        ) from error
    return config


def public_sizes(
    config: Any, *, vocab_size: int, tie_embeddings: bool, context_tokens: int | None = None
) -> LanguageSizes:
    """Sizes of a public model, to be built with `vocab_size` entries.

    The context is what it was made for, `USUAL_CONTEXT` at most unless `context_tokens` asks for more; a
    window that slides limits it too, for limner's rounds see all that is before them.

    Raises:
        ValueError: a longer context than that, or layers that don't attend.
    """
    layers = set(getattr(config, "layer_types", None) or ())
    if not getattr(config, "num_attention_heads", None) or layers - ATTENDING:
        raise ValueError(
            f"A model of the type {config.model_type!r} has layers that carry a state instead of attending, "
            "which a mask cannot tell what to see; choose another model."
        )
    longest = int(getattr(config, "max_position_embeddings", None) or context_tokens or USUAL_CONTEXT)
    slides = "sliding_attention" in layers
    if slides or (getattr(config, "sliding_window", None) and not hasattr(config, "layer_types")):
        longest = min(longest, int(config.sliding_window))
    if "chunked_attention" in layers:
        longest = min(longest, int(config.attention_chunk_size))
    if context_tokens is not None and context_tokens > longest:
        raise ValueError(f"This language model reads {longest} tokens at most, not {context_tokens}.")
    told = {k: v for k, v in config.to_dict().items() if k not in LEFT_OUT}
    heads = int(config.num_attention_heads)
    width = int(config.hidden_size)
    return LanguageSizes(
        vocab_size=vocab_size,
        width=width,
        layers=int(config.num_hidden_layers),
        heads=heads,
        ffn_width=int(getattr(config, "intermediate_size", None) or 4 * width),
        context_tokens=context_tokens or min(longest, USUAL_CONTEXT),
        rms_norm_eps=float(getattr(config, "rms_norm_eps", 1e-5)),
        tie_embeddings=tie_embeddings,
        key_value_width=int(getattr(config, "num_key_value_heads", None) or heads)
        * int(getattr(config, "head_dim", None) or width // heads),
        public_config=json.dumps({**told, "model_type": config.model_type}, sort_keys=True, default=str),
    )


def layers_of(llm: nn.Module) -> list[nn.Module]:
    """The layers, in order, whatever the architecture calls them."""
    return [module for module in llm.modules() if is_layer(module)]


def is_layer(module: nn.Module) -> bool:
    """Whether it is a layer of a language model, perhaps of a class that splitting made of its own."""
    return isinstance(module, LlamaLayer) or PUBLIC_LAYER in {kind.__name__ for kind in type(module).__mro__}


def last_states(
    llm: CausalLM,
    embeds_BNW: Tensor,
    position_ids_BN: Tensor,
    mask_B1NS: Tensor,
    cache: KeyValueCache | None,
) -> Tensor:
    """Hidden states (B, N, W) after the final norm; `cache`, when given, grows by N."""
    if isinstance(llm, Llama):
        states_BNW: Tensor = llm.model(embeds_BNW, position_ids_BN, mask_B1NS, cache)
        return states_BNW
    dynamic = None if cache is None else _as_dynamic(cache)
    base: Any = llm.base_model
    states_BNW = base(
        inputs_embeds=embeds_BNW,
        position_ids=position_ids_BN,
        attention_mask=_as_read(mask_B1NS, llm, embeds_BNW.dtype),
        past_key_values=dynamic,
        use_cache=cache is not None,
    ).last_hidden_state
    if cache is not None and dynamic is not None:
        layers: Any = dynamic.layers
        cache.replace([(layer.keys, layer.values) for layer in layers])
    return states_BNW


def _as_dynamic(cache: KeyValueCache) -> DynamicCache:
    """The same layers, not copied, as transformers' models let them grow."""
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    dynamic = DynamicCache()
    for keys, values in cache.layers():
        layer = DynamicLayer()
        layer.lazy_initialization(keys, values)
        layer.keys, layer.values = keys, values
        dynamic.layers.append(layer)
    return dynamic


def _as_read(mask_B1NS: Tensor, llm: PreTrainedModel, dtype: torch.dtype) -> Tensor:
    """A mask of True and False as the model's attention reads it: unfused attention adds it to its scores."""
    if llm.config._attn_implementation != "eager":
        return mask_B1NS
    return torch.zeros_like(mask_B1NS, dtype=dtype).masked_fill(~mask_B1NS, torch.finfo(dtype).min)


def scaled_logits(logits: Tensor, config: Any) -> Tensor:
    """What some architectures do to their logits after the text head (Gemma 2, Cohere, Granite)."""
    if getattr(config, "logit_scale", None) is not None:
        logits = logits * config.logit_scale
    if getattr(config, "logits_scaling", None) is not None:
        logits = logits / config.logits_scaling
    cap = getattr(config, "final_logit_softcapping", None)
    return logits if cap is None else cap * torch.tanh(logits / cap)
