"""A conversation as one file: safetensors with the history tree as JSON, PNG pictures, image tokens.

Knows the file format and its integrity, nothing about how rounds are computed. Opening executes nothing.
"""

from __future__ import annotations

import json
import math
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from limner.chat.conversation import Conversation, RoundState
from limner.chat.painter import Painter
from limner.dialogue.history import HistoryTree
from limner.dialogue.parts import Picture

FORMAT = "limner-conversation"
FORMAT_VERSION = 1


def save_conversation(conversation: Conversation, path: str | Path) -> Path:
    """Write every branch of the conversation; an existing file is replaced only once the new one is whole."""
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; a conversation is kept in a file.")
    data = conversation_bytes(
        conversation.tree,
        conversation.states,
        fingerprint=conversation.painter.fingerprint,
        seed=conversation.seed,
        head=conversation.head,
        history=conversation.history,
    )
    _write(data, path)
    return path


def conversation_bytes(
    tree: HistoryTree,
    states: Mapping[str, RoundState],
    *,
    fingerprint: str,
    seed: int,
    head: str | None,
    history: str = "cache",
    title: str = "",
) -> bytes:
    """The file's bytes. `states` has one for each node; `fingerprint` is that of the painter's weights."""
    tensors: dict[str, Tensor] = {}
    for digest, picture in tree.pictures().items():
        tensors[f"picture/{digest}"] = torch.from_numpy(
            np.frombuffer(picture.to_png(), dtype=np.uint8).copy()
        )
    for node_id, state in states.items():
        if state.image_tokens_KD is not None:
            tensors[f"tokens/{node_id}"] = state.image_tokens_KD.contiguous().cpu()
    tensors.setdefault("empty", torch.zeros(1))
    metadata = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "painter": fingerprint,
        "seed": seed,
        "tokens": history,
        "title": title,
        "head": head,
        "history": tree.to_json(),
        "rounds": {
            node_id: {
                "response_ids": list(state.response_ids),
                "num_tokens": state.num_tokens,
                "seed": state.seed,
                "seconds": state.seconds,
                "encoded": state.encoded,
            }
            for node_id, state in states.items()
        },
    }
    return save(tensors, metadata={"limner": json.dumps(metadata)})


def open_conversation(path: str | Path, painter: Painter) -> Conversation:
    """See `limner.open_conversation`."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no conversation at {path}; give the file that it was saved to.")
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = json.loads((file.metadata() or {}).get("limner", "null"))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  (not a dict)
    except (SafetensorError, json.JSONDecodeError, RecursionError, OSError) as error:
        raise ValueError(f"{path} is not a readable conversation file ({error}).") from error
    _check(metadata, path, painter)
    try:
        pictures = {
            key.removeprefix("picture/"): Picture.from_png(tensor.numpy().tobytes())
            for key, tensor in tensors.items()
            if key.startswith("picture/")
        }
        tree = HistoryTree.from_json(metadata["history"], pictures)
        states = {
            node.id: _state(metadata["rounds"][node.id], tensors.get(f"tokens/{node.id}"), painter)
            for node in tree
        }
        if metadata["head"] is not None:
            tree.node(metadata["head"])
        return Conversation(
            painter,
            seed=metadata["seed"],
            tree=tree,
            states=states,
            head=metadata["head"],
            history=metadata.get("tokens", "cache"),
        )
    except (KeyError, TypeError, ValueError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error).rstrip(".")
        raise ValueError(f"{path} is damaged: {reason}.") from error


def title_of(path: Path) -> str:
    """The title that a conversation was exported with; empty when it has none."""
    with safe_open(str(path), framework="pt") as file:
        metadata = json.loads((file.metadata() or {}).get("limner", "{}"))
    return str(metadata.get("title", ""))


def _write(data: bytes, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _check(metadata: Any, path: Path, painter: Painter) -> None:
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise ValueError(f"{path} is not a conversation of limner.")
    if metadata.get("version") != FORMAT_VERSION:
        raise ValueError(
            f"{path} has format version {metadata.get('version')}, this limner reads {FORMAT_VERSION}; "
            "open it with the limner that wrote it."
        )
    if metadata.get("painter") != painter.fingerprint:
        raise ValueError(
            f"{path} was held by a painter of other weights; load the checkpoint it was made with, "
            "or begin anew."
        )


def _state(row: dict[str, Any], tokens_KD: Tensor | None, painter: Painter) -> RoundState:
    ids = tuple(int(index) for index in row["response_ids"])
    if not all(0 <= index < painter.model.language.sizes.vocab_size for index in ids):
        raise ValueError("a round holds words that its painter does not have")
    if tokens_KD is not None:
        expected = (painter.model.language.num_image_tokens, painter.model.preset.vision.output_dim)
        if tuple(tokens_KD.shape) != expected:
            raise ValueError(
                f"a round's image tokens have the shape {tuple(tokens_KD.shape)}, not {expected}"
            )
        if not torch.isfinite(tokens_KD.float()).all():
            raise ValueError("a round's image tokens hold numbers that are not finite")
        tokens_KD = tokens_KD.to(painter.model.language.device, painter.model.language.dtype)
    seed, seconds = int(row["seed"]), float(row["seconds"])
    if not 0 <= seed < 2**63 or not math.isfinite(seconds):
        raise ValueError("a round's seed or seconds are no such numbers")
    return RoundState(
        response_ids=ids,
        image_tokens_KD=tokens_KD,
        num_tokens=int(row["num_tokens"]),
        seed=seed,
        seconds=seconds,
        encoded=bool(row.get("encoded", False)),
    )
