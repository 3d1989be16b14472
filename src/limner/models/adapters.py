"""Low-rank adapters (LoRA; Hu et al., 2021) on the language model, as peft's folders: added, written, read,
merged.

Knows which parts SEED-X trains beside the adapters: the norms, the embedding table and the text head whole;
input resampler, slots and crop positions, which lie outside of the LLaMA; never the LLaMA's own matrices.
Knows nothing about losses.

    adapter/adapter_config.json, adapter_model.safetensors      as peft writes them: any peft reads them
    adapter/beside.safetensors                                  what is trained outside of the LLaMA
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from limner.models.filling import copy_into
from limner.models.mllm import MultimodalLLM

ADAPTER: Final = "adapter"
CONFIG: Final = "adapter_config.json"
WEIGHTS: Final = "adapter_model.safetensors"
BESIDE: Final = "beside.safetensors"
PROJECTIONS: Final = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
SAVED_WHOLE: Final = ("input_layernorm", "post_attention_layernorm", "norm", "embed_tokens", "lm_head")
_PREFIX: Final = "base_model.model."  # peft's own names for what it wraps


@dataclass(frozen=True, kw_only=True)
class LoraSizes:
    """Rank and strength: the product of the two matrices is scaled by alpha / rank."""

    rank: int
    alpha: int
    dropout: float = 0.05


def add_adapter(language: MultimodalLLM, sizes: LoraSizes) -> None:
    """Wrap the LLaMA's projections in place: afterwards only adapters and what SEED-X trains whole want
    gradients, and all of these are float32, whatever the frozen weights are.

    Raises:
        ValueError: there is an adapter already, or the embeddings are tied (then they can't be trained
        apart).
    """
    if has_adapter(language):
        raise ValueError("The language model has an adapter already; merge it before adding another.")
    if language.sizes.tie_embeddings:
        raise ValueError(
            "Adapters train embeddings and text head apart, but this preset ties them; train it whole."
        )
    config = _lora_config(sizes, language)
    from peft import inject_adapter_in_model

    inject_adapter_in_model(config, language.llm)
    for parameter in language.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()


def has_adapter(language: MultimodalLLM) -> bool:
    """Whether `add_adapter` was called (and `merge_adapter` not)."""
    return any(".lora_A." in name for name, _ in language.llm.named_parameters())


def plain_name(name: str) -> str:
    """The name that a weight had before `add_adapter`."""
    for wrapping in (".base_layer.", ".original_module.", ".modules_to_save.default."):
        name = name.replace(wrapping, ".")
    return name


def adapter_tensors(language: MultimodalLLM) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """What an adapter's folder holds: (the LLaMA's part under peft's names, the parts beside it)."""
    inside: dict[str, Tensor] = {}
    beside: dict[str, Tensor] = {}
    for name, value in language.state_dict().items():
        if not name.startswith("llm."):
            beside[name] = value
        elif ".lora_" in name or ".modules_to_save." in name:
            inside[_peft_name(name)] = value
    return inside, beside


def write_adapter(
    folder: Path, language: MultimodalLLM, tensors: tuple[Mapping[str, Tensor], Mapping[str, Tensor]]
) -> None:
    """Write `adapter_tensors` (gathered, if they were split) into an existing, empty folder."""
    llm: Any = language.llm
    write_adapter_files(folder, llm.peft_config["default"], tensors)


def write_adapter_files(
    folder: Path, config: Any, tensors: tuple[Mapping[str, Tensor], Mapping[str, Tensor]]
) -> None:
    """`write_adapter` of tensors that come from elsewhere; `config` is peft's, or `LoraSizes`."""
    config = _lora_config(config) if isinstance(config, LoraSizes) else config
    told = {
        key: sorted(value) if isinstance(value, set) else value for key, value in config.to_dict().items()
    }
    told["inference_mode"] = True
    (folder / CONFIG).write_text(json.dumps(told, indent=2, sort_keys=True, default=str) + "\n")
    for file, part in zip((WEIGHTS, BESIDE), tensors, strict=True):
        kept = {name: value.detach().cpu().contiguous().clone() for name, value in part.items()}
        save_file(kept, folder / file, metadata={"format": "pt"})


def peft_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The LLaMA's part of an adapter, by the LLaMA's own names -> by those of its file."""
    return {_PREFIX + name: tensor for name, tensor in tensors.items()}


def adapter_sizes(folder: Path) -> LoraSizes:
    """Rank, alpha and dropout of a written adapter. ValueError when `folder` holds none."""
    path = folder / CONFIG
    if not path.is_file():
        raise ValueError(f"{folder} holds no adapter: it has no {CONFIG}.")
    told = json.loads(path.read_text())
    return LoraSizes(rank=told["r"], alpha=told["lora_alpha"], dropout=told["lora_dropout"])


def read_adapter(folder: Path, language: MultimodalLLM) -> None:
    """Fill an adapter that `add_adapter` made, strictly. ValueError names keys and shapes that differ."""
    inside, beside = adapter_tensors(language)
    for file, own in ((WEIGHTS, inside), (BESIDE, beside)):
        if not (folder / file).is_file():
            raise ValueError(f"{folder} lacks {file}; write the adapter again.")
        stored = load_file(folder / file)
        missing, unexpected = sorted(own.keys() - stored.keys()), sorted(stored.keys() - own.keys())
        if missing or unexpected:
            raise ValueError(
                f"{folder / file} does not fit: missing {missing[:5]}; unexpected {unexpected[:5]}."
            )
        for name, value in own.items():
            if value.shape != stored[name].shape:
                shapes = f"{tuple(stored[name].shape)}, the preset wants {tuple(value.shape)}"
                raise ValueError(f"{folder / file}: {name} has shape {shapes}.")
            copy_into(value, stored[name])


def merge_adapter(language: MultimodalLLM) -> None:
    """Add the adapter into the LLaMA's own weights, in place: afterwards it is the plain class again."""
    from peft.tuners.lora import LoraLayer
    from peft.utils import ModulesToSaveWrapper

    wrapped = [
        (name, module)
        for name, module in language.llm.named_modules()
        if isinstance(module, LoraLayer | ModulesToSaveWrapper)
    ]
    for name, module in wrapped:
        parent_name, _, own_name = name.rpartition(".")
        parent = language.llm.get_submodule(parent_name)
        plain: Any
        if isinstance(module, LoraLayer):
            lora: Any = module
            lora.merge(safe_merge=False)
            plain = lora.get_base_layer()
        else:
            saved: Any = module
            frozen = saved.original_module
            plain = saved.modules_to_save["default"].to(next(frozen.parameters()).dtype)
        setattr(parent, own_name, plain)
    del language.llm.peft_config


def with_adapter(language: nn.Module, folder: Path) -> nn.Module:
    """`language`, with the adapter in `folder` merged in where there is one: how a checkpoint is used."""
    if (folder / CONFIG).is_file():
        assert isinstance(language, MultimodalLLM)
        add_adapter(language, adapter_sizes(folder))
        read_adapter(folder, language)
        merge_adapter(language)
    return language


def _adapted(language: MultimodalLLM | None) -> tuple[list[str], list[str]]:
    """The names of what gets adapters, and of what is trained whole.

    Of a public model: adapters on every projection in its layers; whole are its norms (but those inside of
    attention, of queries and keys), embeddings and text head, by their full names, for a name's ending would
    also be another's.
    """
    if language is None or not language.sizes.public_config:
        return list(PROJECTIONS), list(SAVED_WHOLE)
    projections: set[str] = set()
    for layer in language.layers:
        named = layer.named_modules()
        projections |= {n.rpartition(".")[2] for n, m in named if isinstance(m, nn.Linear) or _is_conv1d(m)}
    kept = {id(language.llm.get_input_embeddings()), id(language.llm.get_output_embeddings())}
    whole = [
        name
        for name, module in language.llm.named_modules()
        if id(module) in kept
        or ("Norm" in type(module).__name__ and "attn" not in name and "attention." not in name)
    ]
    return sorted(projections), whole


def _is_conv1d(module: nn.Module) -> bool:
    """GPT-2's linear layer."""
    return type(module).__name__ == "Conv1D"


def _lora_config(sizes: LoraSizes, language: MultimodalLLM | None = None) -> Any:
    projections, whole = _adapted(language)
    try:
        from peft import LoraConfig
    except ImportError as error:
        raise ValueError("Adapters need peft; install it with: pip install 'limner[train]'.") from error
    return LoraConfig(
        r=sizes.rank,
        lora_alpha=sizes.alpha,
        lora_dropout=sizes.dropout,
        target_modules=projections,
        modules_to_save=whole,
        fan_in_fan_out=language is not None and any(_is_conv1d(module) for module in language.llm.modules()),
        task_type="CAUSAL_LM",
    )


def _peft_name(name: str) -> str:
    inner = name.removeprefix("llm.").replace(".modules_to_save.default.", ".").replace(".default.", ".")
    return _PREFIX + inner
