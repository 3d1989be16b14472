"""What the file of a conversation holds, read without decoding a picture; its bytes need not be trusted.

    safetensors under a seal: picture/<digest> PNG bytes, tokens/<node id> image tokens, and as JSON in the
    metadata the history tree, what later rounds read of each round, the head and the painter's fingerprint

Knows the format and its versions. Knows nothing about how rounds are computed or where files lie.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from safetensors.torch import load as load_tensors
from torch import Tensor

from limner.dialogue.history import HistoryTree
from limner.inference.backend import Backend
from limner.inference.conversation_state import RoundState
from limner.inference.saved_header import (
    FORMAT,
    FORMAT_VERSION,
    UNSEALED_VERSION,
    RefusedError,
    check_weights,
    conversation_metadata,
)
from limner.inference.sealed import check_seal, metadata_of, parts_of, sealed

_PICTURE, _TOKENS, _EMPTY = "picture/", "tokens/", "empty"


@dataclass(frozen=True, kw_only=True)
class SavedConversation:
    """A file's content. `nodes` are those of `HistoryTree.to_json`, `rounds` what later rounds read of each
    by node id; `pngs` by picture digest are exactly the pictures that the nodes name.
    """

    painter: str
    seed: int
    head: str | None
    history: str
    title: str
    tree: Mapping[str, Any]
    nodes: list[Mapping[str, Any]]
    rounds: Mapping[str, Any]
    pngs: Mapping[str, bytes]
    tokens: Mapping[str, Tensor]


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
        png = np.frombuffer(picture.to_png(), dtype=np.uint8)
        tensors[f"{_PICTURE}{digest}"] = torch.from_numpy(png.copy())
    for node_id, state in states.items():
        if state.image_tokens_KD is not None:
            tensors[f"{_TOKENS}{node_id}"] = state.image_tokens_KD.contiguous().cpu()
    tensors.setdefault(_EMPTY, torch.zeros(1))
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
    return sealed(tensors, {"limner": json.dumps(metadata)})


def read_saved(data: bytes, where: str, painter: Backend) -> SavedConversation:
    """The content of a file's bytes; ValueError, in which the file is called `where`, when they are no such
    file, are damaged, or belong to other weights than the painter's.
    """
    try:
        outer, parts = metadata_of(data), parts_of(data)
    except ValueError as error:
        raise ValueError(f"{where} is not a readable conversation file ({error}).") from None
    try:
        if "digest" in outer:
            check_seal(data, outer)
        metadata = conversation_metadata(outer, where)
        if metadata["version"] != UNSEALED_VERSION and "digest" not in outer:
            raise ValueError("it lacks its digest; take it from a backup")
        return _checked(metadata, data, parts, where, painter)
    except RefusedError as refused:
        raise ValueError(str(refused)) from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error).rstrip(".")
        raise ValueError(f"{where} is damaged: {reason}.") from error


def state_of_row(row: Mapping[str, Any], tokens_KD: Tensor | None, painter: Backend) -> RoundState:
    """What later rounds read of a round; ValueError when it is nothing that the painter could have made."""
    ids = tuple(int(index) for index in row["response_ids"])
    if not all(0 <= index < painter.num_words for index in ids):
        raise ValueError("a round holds words that its painter does not have")
    if tokens_KD is not None:
        expected = painter.tokens_shape
        if tuple(tokens_KD.shape) != expected:
            raise ValueError(
                f"a round's image tokens have the shape {tuple(tokens_KD.shape)}, not {expected}"
            )
        if not torch.isfinite(tokens_KD.float()).all():
            raise ValueError("a round's image tokens hold numbers that are not finite")
        tokens_KD = painter.as_computed(tokens_KD)
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


def _checked(
    metadata: Mapping[str, Any],
    data: bytes,
    parts: Mapping[str, Mapping[str, Any]],
    where: str,
    painter: Backend,
) -> SavedConversation:
    check_weights(metadata, where, painter.fingerprint)
    nodes = list(metadata["history"]["nodes"])
    _check_names(nodes, set(parts), with_tokens=not painter.reads_rounds)
    tokens = {key.removeprefix(_TOKENS): key for key in parts if key.startswith(_TOKENS)}
    tensors = load_tensors(data) if tokens else {}
    return SavedConversation(
        painter=metadata["painter"],
        seed=int(metadata["seed"]),
        head=metadata["head"],
        history=metadata.get("tokens", "cache"),
        title=str(metadata.get("title", "")),
        tree=metadata["history"],
        nodes=nodes,
        rounds=metadata["rounds"],
        pngs={
            key.removeprefix(_PICTURE): bytes(part["data"])
            for key, part in parts.items()
            if key.startswith(_PICTURE)
        },
        tokens={node_id: tensors[key] for node_id, key in tokens.items()},
    )


def _check_names(nodes: list[Mapping[str, Any]], there: set[str], *, with_tokens: bool) -> None:
    """Every part is named by a round and every named one is there, before anything is decoded."""
    needed, possible = set(), {_EMPTY}
    for node in nodes:
        pictures = [*node["instruction"]["pictures"], node["response"]["picture"]]
        needed |= {f"{_PICTURE}{digest}" for digest in pictures if digest is not None}
        if with_tokens and node["response"]["picture"] is not None:
            needed.add(f"{_TOKENS}{node['id']}")
    if missing := needed - there:
        raise ValueError(f"it lacks {len(missing)} pictures or image tokens that its rounds name")
    if left_over := there - needed - possible:
        raise ValueError(f"it holds {len(left_over)} pictures or image tokens that none of its rounds names")
