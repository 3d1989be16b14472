"""How a square picture is handed out in another size.

The painter paints squares. A square is scaled; where another shape is asked for, the whole square is scaled
to the shorter side and stands in the middle, and the longer side is filled with its own edges drawn out and
blurred, so that a backdrop goes on and nobody is cut. Knows pixels.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image, ImageFilter

Size = tuple[int, int]  # width and height in pixels

BLUR: Final = 1 / 24  # of the shorter side


def fitted(image: Image.Image, size: Size) -> Image.Image:
    """The picture in that size: scaled, and its backdrop continued where the shape is another."""
    scale = min(size[0] / image.width, size[1] / image.height)
    inner = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    scaled = image if image.size == inner else image.resize(inner, Image.Resampling.LANCZOS)
    if inner == size:
        return scaled
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    margins = ((top, size[1] - inner[1] - top), (left, size[0] - inner[0] - left), (0, 0))
    drawn_out = Image.fromarray(np.pad(np.asarray(scaled), margins, mode="edge"))
    backdrop = drawn_out.filter(ImageFilter.GaussianBlur(min(size) * BLUR))
    backdrop.paste(scaled, (left, top))
    return backdrop
