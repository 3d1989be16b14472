"""dlib's face recogniser, a residual network of 29 layers, from face-api's eight-bit weights.

King, "High Quality Face Recognition with Deep Metric Learning", 2017; He et al. 2016 with half the filters.
On 36 faces its descriptors have a cosine of 0.9995 or more with those of dlib's own file.

Shapes: B faces, C channels, H and W rows and columns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from limner.perception.face_weights import SHA256, face_weights_files, fetching

_MEAN: Final = (122.782, 117.001, 104.298)
_STAGES: Final = (("64", 3), ("128", 2), ("256", 2))  # channels, and residual layers after the first


@cache
def face_weights(path: Path, manifest: Path) -> dict[str, Tensor]:
    """The weights by name, float32; ValueError when they are not those of `face_weights.py`, byte for byte:
    broken ones would still give vectors.
    """
    listed, data = manifest.read_bytes(), path.read_bytes()
    try:
        weights, length = _unpacked(json.loads(listed)[0]["weights"], data)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{manifest} is no manifest of weights; fetch it anew.") from error
    if length > len(data):
        raise ValueError(f"{path} is cut off; fetch it anew.")
    if length < len(data):
        raise ValueError(f"{path} is longer than {manifest.name} says; fetch both anew.")
    if hashlib.sha256(listed + data).hexdigest() != SHA256:
        raise ValueError(
            f"{path} and its manifest are not the files that limner knows; fetch both with: "
            f"{fetching(str(path.parent))}"
        )
    return weights


def _unpacked(listed: Sequence[Mapping[str, Any]], data: bytes) -> tuple[dict[str, Tensor], int]:
    """The weights by name, as far as the data goes, and the length that they should have."""
    weights: dict[str, Tensor] = {}
    at = 0
    for one in listed:
        packed = one.get("quantization")
        kind = np.dtype(np.float32 if packed is None else packed["dtype"])
        num = int(np.prod(one["shape"]))
        if at + num * kind.itemsize <= len(data):
            values = np.frombuffer(data, kind, num, at).astype(np.float32)
            if packed is not None:
                values = values * np.float32(packed["scale"]) + np.float32(packed["min"])
            weights[one["name"]] = torch.from_numpy(values.reshape(one["shape"]))
        at += num * kind.itemsize
    return weights, at


class FaceNetwork:
    """Faces of 150 px -> dlib's descriptors.

    Args:
        folder: with the weights; "" takes the folder in `LIMNER_FACE_WEIGHTS`. ValueError when they are not
            there or broken.
    """

    def __init__(self, folder: str | Path = "") -> None:
        self._weights = face_weights(*face_weights_files(folder))

    @torch.inference_mode()
    def descriptors(self, faces: np.ndarray) -> np.ndarray:
        """(B, 150, 150, 3) uint8 RGB -> unit vectors (B, 128) float32."""
        x_BHWC = (torch.from_numpy(faces).float() - torch.tensor(_MEAN)) / 256
        x = F.max_pool2d(self._layer(x_BHWC.permute(0, 3, 1, 2), "conv32_down", down=True), 3, 2)
        for index in (1, 2, 3):
            x = self._residual(x, f"conv32_{index}")
        for channels, num in _STAGES:
            x = self._down(x, f"conv{channels}_down")
            for index in range(1, num + 1):
                x = self._residual(x, f"conv{channels}_{index}")
        x = self._down(x, "conv256_down_out")
        vectors = F.normalize(x.mean((2, 3)) @ self._weights["fc"], dim=1)
        found: np.ndarray = vectors.numpy()
        return found

    def _layer(self, x: Tensor, name: str, *, down: bool = False, relu: bool = True) -> Tensor:
        """Convolution, scale, ReLU; with `down` in steps of two and without a border."""
        weights = self._weights
        filters = weights[f"{name}/conv/filters"].permute(3, 2, 0, 1)
        border = 0 if down else filters.shape[-1] // 2
        x = F.conv2d(x, filters, weights[f"{name}/conv/bias"], stride=2 if down else 1, padding=border)
        x = x * weights[f"{name}/scale/weights"][:, None, None]
        x = x + weights[f"{name}/scale/biases"][:, None, None]
        return F.relu(x) if relu else x

    def _residual(self, x: Tensor, name: str) -> Tensor:
        return F.relu(self._layer(self._layer(x, f"{name}/conv1"), f"{name}/conv2", relu=False) + x)

    def _down(self, x: Tensor, name: str) -> Tensor:
        """Half the size; zeros fill up what the shorter way lacks in channels, rows and columns."""
        y = self._layer(self._layer(x, f"{name}/conv1", down=True), f"{name}/conv2", relu=False)
        short = F.avg_pool2d(x, 2, 2)
        size = [max(one, other) for one, other in zip(y.shape, short.shape, strict=True)]

        def filled(z: Tensor) -> Tensor:
            return F.pad(z, (0, size[3] - z.shape[3], 0, size[2] - z.shape[2], 0, size[1] - z.shape[1]))

        return F.relu(filled(y) + filled(short))
