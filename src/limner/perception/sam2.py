"""SAM 2 (Ravi et al. 2024) through transformers cuts heads out, asked with a box around each.

Resizes and normalises by itself: the library's own processor needs torchvision. Knows nothing about faces but
how much hair surrounds one.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch

from limner.perception.protocols import Box

DEFAULT = "facebook/sam2.1-hiera-small"
_MEAN, _STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
_HEAD = (0.35, 0.5, 0.35, 0.12)  # what a head has beyond its face: left, above, right, below, in faces


class Sam2Segmenter:
    """A `Segmenter`. `weights`: a folder or a name on the hub; ValueError says how to get them."""

    def __init__(self, weights: str = DEFAULT, device: str | None = None) -> None:
        from transformers import Sam2Model

        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            self.model: Any = Sam2Model.from_pretrained(weights).eval()
            self.model.to(self.device)
        except (OSError, ValueError) as error:
            raise ValueError(
                f"SAM 2 cannot be loaded from {weights}; fetch it with: hf download {DEFAULT} (or name "
                "a folder that holds it: sam2=FOLDER)."
            ) from error

    @torch.no_grad()
    def segment_face(self, pixels: np.ndarray, box: Box) -> np.ndarray:
        """(H, W) float32 in [0, 1]: of three masks, the one that the model itself rates best."""
        height, width = pixels.shape[:2]
        size = self.model.config.vision_config.backbone_config.image_size
        size_px = int(size[0] if isinstance(size, list | tuple) else size)
        small = cv2.resize(pixels, (size_px, size_px), interpolation=cv2.INTER_AREA)
        values = ((small.astype(np.float32) / 255 - _MEAN) / _STD).transpose(2, 0, 1)[None]
        head = torch.tensor([[head_box(box)]], dtype=torch.float32) * size_px
        found = self.model(
            pixel_values=torch.from_numpy(values).to(self.device),
            input_boxes=head.to(self.device),
            multimask_output=True,
        )
        best = int(found.iou_scores[0, 0].argmax())
        logits = found.pred_masks[0, 0, best].float().cpu().numpy()
        mask: np.ndarray = 1 / (
            1 + np.exp(-cv2.resize(logits, (width, height), interpolation=cv2.INTER_LINEAR))
        )
        return mask.astype(np.float32)


def head_box(box: Box) -> Box:
    """The box of the head with its hair, from its face's."""
    width, height = box[2] - box[0], box[3] - box[1]
    return (
        max(0.0, box[0] - _HEAD[0] * width),
        max(0.0, box[1] - _HEAD[1] * height),
        min(1.0, box[2] + _HEAD[2] * width),
        min(1.0, box[3] + _HEAD[3] * height),
    )
