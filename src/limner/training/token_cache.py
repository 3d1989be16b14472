"""The image tokens of a sample cache's pictures, encoded once by the frozen encoder and kept beside the
pixels.

Knows the encoder as a function and files. Knows nothing about prompts or losses.

Legend: N pictures, K image tokens of a picture, D token width.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from limner.models.precision import autocast
from limner.models.vision import ImageTokenizer
from limner.training.batches import PictureBatches

ENCODE_AT_ONCE = 64


class TokenCache(Mapping[str, Tensor]):
    """Picture digest -> its (K, D) float32 tokens on the CPU; kept in half precision."""

    def __init__(self, digests: Sequence[str], tokens_NKD: np.ndarray) -> None:
        self.tokens_NKD = tokens_NKD
        self._rows = {digest: row for row, digest in enumerate(digests)}

    def __getitem__(self, digest: str) -> Tensor:
        return torch.from_numpy(np.asarray(self.tokens_NKD[self._rows[digest]], dtype=np.float32))

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def weights_digest(network: nn.Module) -> str:
    """Twelve hex digits of a network's weights: other weights make other tokens."""
    digest = hashlib.sha256()
    for name, value in network.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()[:12]


@torch.no_grad()
def encoded(
    pixels_NSS3: np.ndarray,
    tokenizer: ImageTokenizer,
    folder: Path,
    device: torch.device,
    num_tokens: int | None = None,
) -> np.ndarray:
    """Tokens (N, K, D) float16 of all pictures, read from `folder`/tokens-DIGEST.npy or made there.

    `num_tokens` other than the model's own are for detokenizers that read more.
    """
    other = "" if num_tokens in (None, tokenizer.num_tokens) else f"-{num_tokens}"
    num_tokens = num_tokens or tokenizer.num_tokens
    path = folder / f"tokens-{weights_digest(tokenizer)}{other}.npy"
    if path.is_file():
        stored: np.ndarray = np.load(path, mmap_mode="r")
        return stored
    shape = (len(pixels_NSS3), num_tokens, tokenizer.vision.sizes.output_dim)
    tokens = np.zeros(shape, np.float16)
    pictures = PictureBatches(pixels_NSS3, device, tokenizer.vision.sizes.image_size_px)
    tokenizer.eval()
    for start in range(0, len(pixels_NSS3), ENCODE_AT_ONCE):
        rows = np.arange(start, min(start + ENCODE_AT_ONCE, len(pixels_NSS3)))
        with autocast(device):
            made_BKD = tokenizer.encode(pictures.take(rows), num_tokens)
        tokens[rows] = made_BKD.float().cpu().numpy()
    fresh = path.with_name(f"{path.stem}.{os.getpid()}.fresh.npy")
    np.save(fresh, tokens)
    os.replace(fresh, path)
    return tokens
