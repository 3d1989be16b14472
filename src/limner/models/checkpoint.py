"""A model as a folder: one sub-folder a component, safetensors only, loaded strictly.

    limner.json                     format version, preset sizes, kinds of token head (the default first)
    vision/ language/ token_head/ detokenizer/ autoencoder/
                                    model.safetensors, or shards with model.safetensors.index.json beside them
    adapter/                        a peft folder, merged into the language model on loading (`adapters.py`)
    tokenizer/                      transformers' tokenizer files
    senses/                         written and read by `perception`; untouched here

Knows files and state dicts; knows nothing about training state (optimizer, step), which lives elsewhere.

Matrices are stored in bfloat16 (in float16 where a public checkpoint had them so), vectors (norms, biases,
token statistics) in float32, where rounding would shift whole channels. What they are computed in is decided
when they are loaded, by the hardware. A weight that two layers share (tied embeddings) is stored once, under
the first of its names; older folders, which hold it twice, load as well. Components may be missing while a
model is being trained: `save_component` and `load_component` handle one at a time.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

import torch
from torch import Tensor, nn

from limner.models.adapters import ADAPTER, with_adapter
from limner.models.compact_linear import is_plain
from limner.models.mllm import MultimodalLLM
from limner.models.model import COMPONENTS, LimnerModel, assemble, build_component
from limner.models.offload import TakingTurns
from limner.models.precision import compute_dtype, place
from limner.models.presets import Preset
from limner.models.quantised import check_kind, quantise
from limner.models.shards import (
    INDEX,
    MAX_FILE_BYTES,
    WEIGHTS,
    lazy,
    read_json,
    read_shards,
    write_shards,
    write_text,
)
from limner.models.tokenizer import TextTokenizer
from limner.models.unfilled import unfilled

__all__ = [
    "MAX_FILE_BYTES",
    "component_tensors",
    "has_component",
    "load_component",
    "load_manifest",
    "load_model",
    "own_tensors",
    "read_tensors",
    "save_component",
    "save_manifest",
    "save_model",
    "save_tokenizer",
    "shared_names",
]

FORMAT_VERSION: Final = 1
MANIFEST: Final = "limner.json"
OFFLOADED: Final = ("vision", "detokenizer", "autoencoder")

Network = TypeVar("Network", bound=nn.Module)


def save_model(model: LimnerModel, folder: Path | str) -> None:
    """Writes the whole model; a component that is already there is replaced, other sub-folders stay."""
    folder = Path(folder)
    save_manifest(folder, model.preset, model.head_kinds)
    for name, network in model.networks().items():
        save_component(folder, name, network)
    save_tokenizer(folder, model.tokenizer)


def load_model(
    folder: Path | str,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = None,
    *,
    quantize: str | None = None,
    offload: bool = False,
) -> LimnerModel:
    """Reads a whole model, ready for use.

    Args:
        folder: as written by `save_model`.
        device: where the weights go.
        dtype: what they are computed in; by default bfloat16 where the hardware multiplies it, else float32.
        quantize: "int8" or "4bit" for the language model's projections (`quantised.py`).
        offload: encoder, detokenizer and autoencoder are in memory only while they work (`offload.py`).

    Raises:
        ValueError: a file is missing, unreadable or of another version, or a component's keys or shapes
            differ; or another way to quantize.
    """
    folder, device = Path(folder), torch.device(device)
    check_kind(quantize)
    preset, head_kinds = load_manifest(folder)
    dtype = dtype or compute_dtype(device)
    tokenizer = TextTokenizer.load(folder / "tokenizer")
    parts: dict[str, nn.Module] = {}
    for name in COMPONENTS:
        parts[name] = _as_stored(folder, name, preset, head_kinds)
        if not (offload and name in OFFLOADED) and not (quantize and name == "language"):
            place(parts[name], device, dtype)
    parts["language"] = with_adapter(parts["language"], folder / ADAPTER)
    if quantize is not None:
        assert isinstance(parts["language"], MultimodalLLM)
        quantise(parts["language"], quantize, device, dtype)
    model = assemble(preset, tokenizer, parts).eval()
    if offload:
        model.turns = TakingTurns({name: parts[name] for name in OFFLOADED}, device, dtype)
    return model


def save_manifest(folder: Path | str, preset: Preset, head_kinds: Sequence[str]) -> None:
    """Writes `limner.json`."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    content = {"format_version": FORMAT_VERSION, "token_heads": list(head_kinds), "preset": preset.to_json()}
    write_text(folder / MANIFEST, json.dumps(content, indent=2) + "\n")


def load_manifest(folder: Path | str) -> tuple[Preset, tuple[str, ...]]:
    """Preset and kinds of token head of a checkpoint, the default one first."""
    path = Path(folder) / MANIFEST
    if not path.is_file():
        raise ValueError(f"{folder} is no limner checkpoint: it has no {MANIFEST}.")
    content = read_json(path)
    if content.get("format_version") != FORMAT_VERSION:
        raise ValueError(
            f"{path} has format version {content.get('format_version')}, this limner reads {FORMAT_VERSION}; "
            "install the version of limner that wrote it."
        )
    try:
        return Preset.from_json(content["preset"]), tuple(str(kind) for kind in content["token_heads"])
    except KeyError as error:
        raise ValueError(f"{path} lacks {error}; save the model again.") from error


def save_tokenizer(folder: Path | str, tokenizer: TextTokenizer) -> None:
    """Writes the sub-folder `tokenizer/`."""
    tokenizer.save(Path(folder) / "tokenizer")


def has_component(folder: Path | str, name: str) -> bool:
    """Whether a checkpoint holds weights of this component."""
    return any((Path(folder) / name / file).is_file() for file in (WEIGHTS, INDEX))


def save_component(folder: Path | str, name: str, network: nn.Module) -> None:
    """Writes one sub-folder, complete or not at all, in files of at most 14 MiB (a larger single tensor
    excepted).
    """
    save_tensors(folder, name, own_tensors(network))


def own_tensors(network: nn.Module) -> dict[str, Tensor]:
    """The state dict of `network` as it is stored: a weight that layers share is there once."""
    shared = shared_names(network)
    return {key: tensor for key, tensor in network.state_dict().items() if key not in shared}


def save_tensors(folder: Path | str, name: str, tensors: Mapping[str, Tensor]) -> None:
    """`save_component` of `own_tensors`, which may come from elsewhere than this process' own network."""
    target = Path(folder) / name
    fresh, old = target.with_name(f".{name}.new"), target.with_name(f".{name}.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    write_shards(fresh, {key: lazy(tensor) for key, tensor in tensors.items()})
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def load_component(folder: Path | str, name: str, network: Network) -> Network:
    """Fills `network` from the sub-folder `name`, in the network's own dtype and device; returns it.

    Raises:
        ValueError: no such sub-folder, or its keys or shapes are not the network's; the sentence names them.
    """
    tensors = _fitting_tensors(Path(folder) / name, network.state_dict(), shared_names(network))
    network.load_state_dict(tensors)
    return network


def component_tensors(
    folder: Path | str, name: str, own: Mapping[str, Tensor], shared: Mapping[str, str]
) -> dict[str, Tensor]:
    """What `load_component` fills a network with whose state dict is `own` and whose `shared_names` are
    `shared`, mapped from its files; raises alike.
    """
    return _fitting_tensors(Path(folder) / name, own, shared)


def shared_names(network: nn.Module) -> dict[str, str]:
    """Name of a parameter -> the earlier name of the same parameter."""
    first: dict[nn.Parameter, str] = {}
    names = network.named_parameters(remove_duplicate=False)
    return {name: first[weight] for name, weight in names if first.setdefault(weight, name) != name}


def _as_stored(folder: Path, name: str, preset: Preset, head_kinds: Sequence[str]) -> nn.Module:
    """A component with the files' own tensors, mapped from there: nothing is in memory before it is used."""
    with unfilled():
        network = build_component(name, preset, head_kinds)
    shared = shared_names(network)
    tensors = _fitting_tensors(folder / name, network.state_dict(), shared)
    buffers = dict(network.named_buffers())  # stay in the format that they were made in
    tensors = {key: t.to(buffers[key].dtype) if key in buffers else t for key, t in tensors.items()}
    for twin, first in shared.items():  # one parameter stays one, tensors would come apart
        tensors[twin] = tensors[first] = nn.Parameter(tensors[first])
    network.load_state_dict(tensors, assign=True)
    return network


def _fitting_tensors(path: Path, own: Mapping[str, Tensor], shared: Mapping[str, str]) -> dict[str, Tensor]:
    """`shared`: name of a weight -> the earlier name of the same weight, under which it is stored."""
    tensors = read_tensors(path)
    for twin, first in shared.items():
        if first in tensors and not torch.equal(tensors.setdefault(twin, tensors[first]), tensors[first]):
            raise ValueError(f"{path}: {twin} and {first} differ, but the preset ties them; save it again.")
    missing = sorted(name for name in own.keys() - tensors.keys() if not is_plain(name, tensors))
    unexpected = sorted(tensors.keys() - own.keys())
    if missing or unexpected:
        raise ValueError(f"{path} does not fit: missing {_some(missing)}; unexpected {_some(unexpected)}.")
    for key, tensor in tensors.items():
        if tensor.shape != own[key].shape:
            raise ValueError(
                f"{path}: {key} has shape {tuple(tensor.shape)}, the preset wants {tuple(own[key].shape)}."
            )
    return tensors


def read_tensors(folder: Path | str) -> dict[str, Tensor]:
    """All tensors of a component, from one file or from shards.

    Raises:
        ValueError: nothing there, an unreadable file, or shards that do not hold what their index says.
    """
    return read_shards(Path(folder))


def _some(keys: list[str]) -> str:
    shown = ", ".join(keys[:5])
    return f"{shown} and {len(keys) - 5} more" if len(keys) > 5 else shown or "nothing"
