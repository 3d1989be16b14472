"""Pictures of any shape as the square that the networks read, padded, not cropped. Knows pixels only."""

from __future__ import annotations

import numpy as np
from PIL import Image

from limner.dialogue.parts import Picture


def pad_to_square(picture: Picture, size_px: int) -> np.ndarray:
    """The whole picture, nothing cropped, within a white square: (size_px, size_px, 3) uint8."""
    image = picture.to_pil()
    if image.size == (size_px, size_px):
        return np.array(image)
    image.thumbnail((size_px, size_px), Image.Resampling.LANCZOS)
    scale = size_px / max(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    ground = Image.new("RGB", (size_px, size_px), (255, 255, 255))
    ground.paste(image, ((size_px - image.width) // 2, (size_px - image.height) // 2))
    return np.array(ground)
