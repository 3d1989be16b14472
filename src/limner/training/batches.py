"""Sample cache rows as tensors on the training device. Knows numpy and torch; knows nothing about losses.

Legend: B batch, S picture side in pixels, F figures (2).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

SHARE_OF_FREE_MEMORY = 0.35


class PictureBatches:
    """Pictures of a sample cache by index, as (B, 3, S, S) float in [-1, 1]; all of it moves to a GPU it fits
    on. `size_px`: another side than the cache's, where a network reads another.
    """

    def __init__(self, pixels_NSS3: np.ndarray, device: torch.device, size_px: int | None = None) -> None:
        self.device, self.size_px = device, size_px
        self._pixels = np.asarray(pixels_NSS3)
        self._resident: Tensor | None = None
        if (
            device.type == "cuda"
            and pixels_NSS3.nbytes < SHARE_OF_FREE_MEMORY * torch.cuda.mem_get_info(device)[0]
        ):
            self._resident = torch.from_numpy(np.ascontiguousarray(pixels_NSS3)).to(device)

    def __len__(self) -> int:
        return len(self._pixels)

    def take(self, indices_B: np.ndarray) -> Tensor:
        """(B, 3, S, S) float32 in [-1, 1] on the device."""
        if self._resident is not None:
            rows = self._resident[torch.from_numpy(np.asarray(indices_B)).to(self.device)]
        else:
            host = torch.from_numpy(self._pixels[np.asarray(indices_B)])
            if self.device.type == "cuda":
                host = host.pin_memory()
            rows = host.to(self.device, non_blocking=True)
        pixels_B3SS = rows.permute(0, 3, 1, 2).contiguous().float().div_(127.5).sub_(1.0)
        if self.size_px is None or self.size_px == pixels_B3SS.shape[-1]:
            return pixels_B3SS
        return F.interpolate(pixels_B3SS, (self.size_px, self.size_px), mode="bilinear", antialias=True)


def draw(rng: np.random.Generator, count: int, batch: int) -> np.ndarray:
    """`batch` indices below `count`, without repeats where there are enough."""
    return rng.choice(count, size=batch, replace=batch > count)


def face_weights(boxes_BF4: np.ndarray, size_px: int, inside: float) -> Tensor:
    """(B, 1, S, S): `inside` within face boxes (in the unit square), 1 elsewhere, scaled to a mean of 1 in
    each picture.
    """
    boxes = torch.from_numpy(np.asarray(boxes_BF4))
    centres = (torch.arange(size_px) + 0.5) / size_px
    x0, y0, x1, y1 = (boxes[..., side, None] for side in range(4))  # (B, F, 1)
    across = (centres >= x0) & (centres < x1)
    down = (centres >= y0) & (centres < y1)
    faces_BSS = (down[..., :, None] & across[..., None, :]).any(dim=1)
    weights = torch.where(faces_BSS, inside, 1.0)[:, None]
    return weights / weights.mean(dim=(1, 2, 3), keepdim=True)


def psnr_db(squared_error: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of mean squared errors in the range [-1, 1] (peak to peak 2)."""
    return 10 * torch.log10(4.0 / squared_error.clamp_min(1e-10))
