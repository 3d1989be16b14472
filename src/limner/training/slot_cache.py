"""What a finished language model says at the slots of a sample cache's painted pictures, computed once and
kept beside the pixels.

Knows a packed forward and files. Knows no token head and no losses.

Legend: T pictures painted, K image tokens of a picture, D token width, W width of the hidden states.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from limner.models.mllm import MultimodalLLM
from limner.models.packing import painted_hidden
from limner.models.precision import autocast
from limner.models.token_head import RegressionHead
from limner.models.vision import ImageTokenizer
from limner.training.language_data import LaidOut
from limner.training.own_history import predicted_history
from limner.training.token_cache import weights_digest


@dataclass(frozen=True, kw_only=True, eq=False)
class SlotCache:
    """Hidden states (T, K, W) at the slots and true tokens (T, K, D) of each picture, in half precision."""

    hidden_TKW: np.ndarray
    tokens_TKD: np.ndarray

    def __len__(self) -> int:
        return len(self.tokens_TKD)

    def take(self, rows: np.ndarray, device: torch.device) -> tuple[Tensor, Tensor]:
        """(hidden states, true tokens) of these pictures, both float32."""
        hidden_BKW, tokens_BKD = (
            torch.from_numpy(np.asarray(values[rows], dtype=np.float32)).to(device)
            for values in (self.hidden_TKW, self.tokens_TKD)
        )
        return hidden_BKW, tokens_BKD


@torch.no_grad()
def slot_cache(
    source: LaidOut,
    language: MultimodalLLM,
    encoder: ImageTokenizer | None,
    folder: Path,
    device: torch.device,
    *,
    most_pictures: int,
    tokens_in_batch: int,
    own_history: RegressionHead | None = None,
) -> SlotCache:
    """About `most_pictures` painted pictures of `source`, each after its true history (teacher forcing), from
    `folder` or computed and written there. With `own_history` every other batch stands after what that head
    predicted instead (`own_history.py`).

    `encoder` made the source's image tokens, unless the world's truth did. Files are named by all that they
    follow from.
    """
    batches = _batches(source, tokens_in_batch)
    networks = nn.ModuleList([language] if encoder is None else [language, encoder])
    if own_history is not None:
        networks.append(own_history)
    digest = hashlib.sha256(f"{weights_digest(networks)} {most_pictures}".encode())
    for index in (index for batch in batches for index in batch):
        layout = source.layout(index)
        digest.update(layout.ids.tobytes() + " ".join((*layout.seen_keys, *layout.painted_keys)).encode())
    name = f"{source.sample_cache.kind}-{digest.hexdigest()[:16]}"
    paths = [folder / f"{name}-{part}.npy" for part in ("hidden", "tokens")]
    if not all(path.is_file() for path in paths):
        folder.mkdir(parents=True, exist_ok=True)
        computed = _computed(source, language, device, batches, most_pictures, own_history)
        for path, made in zip(paths, computed, strict=True):
            fresh = path.with_name(f"{path.stem}.{os.getpid()}.fresh.npy")
            np.save(fresh, made)
            os.replace(fresh, path)
    hidden_TKW, tokens_TKD = (np.load(path, mmap_mode="r") for path in paths)
    return SlotCache(hidden_TKW=hidden_TKW, tokens_TKD=tokens_TKD)


def _computed(
    source: LaidOut,
    language: MultimodalLLM,
    device: torch.device,
    batches: Sequence[Sequence[int]],
    most_pictures: int,
    own_history: RegressionHead | None,
) -> tuple[np.ndarray, np.ndarray]:
    """(hidden states, tokens to be painted) of the pictures of the first batches."""
    hidden: list[np.ndarray] = []
    tokens: list[np.ndarray] = []
    for number, indices in enumerate(batches):
        batch = source.batch(indices).to(device)
        if not batch.num_painted:
            continue
        with autocast(device):
            if own_history is not None and number % 2:
                generator = torch.Generator(device).manual_seed(number)
                repaints = source.repaints(indices)
                batch = predicted_history(language, own_history, batch, repaints, generator)
            slots_TKW = painted_hidden(language, batch)
        hidden.append(slots_TKW.float().cpu().numpy().astype(np.float16))
        tokens.append(batch.painted_tokens_TKD.float().cpu().numpy().astype(np.float16))
        if sum(map(len, tokens)) >= most_pictures:
            break
    if not tokens:
        raise ValueError(
            f"No dialogue of the kind {source.sample_cache.kind!r} paints a picture; leave it out of the mix."
        )
    return np.concatenate(hidden), np.concatenate(tokens)


def _batches(source: LaidOut, tokens_in_batch: int) -> list[list[int]]:
    """All dialogues once, neighbours in length together, in an order that has nothing to do with length."""
    made: list[list[int]] = [[]]
    longest = 0
    for index in source.by_length.tolist():
        longest = max(longest, len(source.layout(index)))
        if made[-1] and longest * (len(made[-1]) + 1) > tokens_in_batch:
            made.append([])
            longest = len(source.layout(index))
        made[-1].append(index)
    return [made[place] for place in np.random.default_rng(0).permutation(len(made))]
