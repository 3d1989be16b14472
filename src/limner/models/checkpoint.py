"""A model as a folder: one sub-folder a component, safetensors only, loaded strictly.

    limner.json                     format version, preset sizes, kinds of token head (the default first)
    vision/ language/ token_head/ detokenizer/ autoencoder/
                                    model.safetensors, or shards with model.safetensors.index.json beside them
    tokenizer/                      transformers' tokenizer files
    senses/                         written and read by `perception`; untouched here

Knows files and state dicts; knows nothing about training state (optimizer, step), which lives elsewhere.

Matrices are stored in bfloat16, vectors (norms, biases, token statistics) in float32, where rounding would
shift whole channels. What they are computed in is decided when they are loaded, by the hardware. Components
may be missing while a model is being trained: `save_component` and `load_component` handle one at a time.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from limner.models.model import COMPONENTS, LimnerModel, assemble, build_component
from limner.models.precision import compute_dtype
from limner.models.presets import Preset
from limner.models.tokenizer import TextTokenizer

FORMAT_VERSION: Final = 1
# Some places that host or carry weights refuse larger files.
MAX_FILE_BYTES: Final = 14 * 2**20
WEIGHTS: Final = "model.safetensors"
INDEX: Final = "model.safetensors.index.json"
MANIFEST: Final = "limner.json"

Network = TypeVar("Network", bound=nn.Module)


def save_model(model: LimnerModel, folder: Path | str) -> None:
    """Writes the whole model; a component that is already there is replaced, other sub-folders stay."""
    folder = Path(folder)
    save_manifest(folder, model.preset, model.head_kinds)
    for name, network in model.networks().items():
        save_component(folder, name, network)
    save_tokenizer(folder, model.tokenizer)


def load_model(
    folder: Path | str, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
) -> LimnerModel:
    """Reads a whole model, ready for use.

    Args:
        folder: as written by `save_model`.
        device: where the weights go.
        dtype: what they are computed in; by default bfloat16 where the hardware multiplies it, else float32.

    Raises:
        ValueError: a file is missing, unreadable or of another version, or a component's keys or shapes
            differ.
    """
    folder = Path(folder)
    preset, head_kinds = load_manifest(folder)
    parts = {
        name: load_component(folder, name, build_component(name, preset, head_kinds)) for name in COMPONENTS
    }
    model = assemble(preset, TextTokenizer.load(folder / "tokenizer"), parts)
    return model.to(device, dtype or compute_dtype(device)).eval()


def save_manifest(folder: Path | str, preset: Preset, head_kinds: Sequence[str]) -> None:
    """Writes `limner.json`."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    content = {"format_version": FORMAT_VERSION, "token_heads": list(head_kinds), "preset": preset.to_json()}
    _write_text(folder / MANIFEST, json.dumps(content, indent=2) + "\n")


def load_manifest(folder: Path | str) -> tuple[Preset, tuple[str, ...]]:
    """Preset and kinds of token head of a checkpoint, the default one first."""
    path = Path(folder) / MANIFEST
    if not path.is_file():
        raise ValueError(f"{folder} is no limner checkpoint: it has no {MANIFEST}.")
    content = _read_json(path)
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
    target = Path(folder) / name
    fresh, old = target.with_name(f".{name}.new"), target.with_name(f".{name}.old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir(parents=True)
    _write_shards(fresh, {key: _stored(tensor) for key, tensor in network.state_dict().items()})
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def load_component(folder: Path | str, name: str, network: Network) -> Network:
    """Fills `network` from the sub-folder `name`, in the network's own dtype and device; returns it.

    Raises:
        ValueError: no such sub-folder, or its keys or shapes are not the network's; the sentence names them.
    """
    path = Path(folder) / name
    tensors = read_tensors(path)
    own = network.state_dict()
    missing, unexpected = sorted(own.keys() - tensors.keys()), sorted(tensors.keys() - own.keys())
    if missing or unexpected:
        raise ValueError(f"{path} does not fit: missing {_some(missing)}; unexpected {_some(unexpected)}.")
    for key, tensor in tensors.items():
        if tensor.shape != own[key].shape:
            raise ValueError(
                f"{path}: {key} has shape {tuple(tensor.shape)}, the preset wants {tuple(own[key].shape)}."
            )
    network.load_state_dict(tensors)
    return network


def read_tensors(folder: Path | str) -> dict[str, Tensor]:
    """All tensors of a component, from one file or from shards.

    Raises:
        ValueError: nothing there, an unreadable file, or shards that do not hold what their index says.
    """
    folder = Path(folder)
    if (folder / WEIGHTS).is_file():
        return _read_file(folder / WEIGHTS)
    if not (folder / INDEX).is_file():
        raise ValueError(f"There are no weights in {folder}; it should hold {WEIGHTS} or {INDEX}.")
    places = _read_json(folder / INDEX).get("weight_map", {})
    tensors: dict[str, Tensor] = {}
    for file in sorted(set(places.values())):
        if Path(file).name != file or not (folder / file).is_file():
            raise ValueError(f"{folder / INDEX} names the file {file!r}, which is not beside it.")
        tensors |= _read_file(folder / file)
    if tensors.keys() != places.keys():
        raise ValueError(
            f"The shards in {folder} do not hold the tensors that {INDEX} lists; copy them again."
        )
    return tensors


def _stored(tensor: Tensor) -> Tensor:
    tensor = tensor.detach().cpu().contiguous()
    if not tensor.is_floating_point():
        return tensor
    return tensor.to(torch.bfloat16 if tensor.ndim >= 2 else torch.float32)


def _write_shards(folder: Path, tensors: Mapping[str, Tensor]) -> None:
    shards: list[dict[str, Tensor]] = [{}]
    filled = 0
    for key, tensor in tensors.items():
        num_bytes = tensor.numel() * tensor.element_size()
        if shards[-1] and filled + num_bytes > MAX_FILE_BYTES - 2**16:  # room for the header
            shards.append({})
            filled = 0
        # Tied weights share memory, which the format refuses.
        shards[-1][key] = tensor.clone()
        filled += num_bytes
    if len(shards) == 1:
        save_file(shards[0], folder / WEIGHTS, metadata={"format": "pt"})
        return
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, start=1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        save_file(shard, folder / file, metadata={"format": "pt"})
        places |= dict.fromkeys(shard, file)
    total = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": places}
    _write_text(folder / INDEX, json.dumps(index, indent=2) + "\n")


def _read_file(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is not a readable safetensors file: {error}.") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not readable JSON: {error}.") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} should hold a JSON object.")
    return content


def _write_text(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def _some(keys: list[str]) -> str:
    shown = ", ".join(keys[:5])
    return f"{shown} and {len(keys) - 5} more" if len(keys) > 5 else shown or "nothing"
