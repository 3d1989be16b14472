"""How a square picture is handed out in the size that a client asks for.

The painter paints squares. A square is scaled; where another shape is asked for, the whole square is scaled
to the shorter side and stands in the middle, and the longer side is filled with its own edges drawn out and
blurred, so that a backdrop goes on and nobody is cut. Knows pixels and how sizes are written.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from PIL import Image, ImageFilter

from limner.server.errors import wrong

Size = tuple[int, int]  # width and height in pixels

MIN_SIZE_PX: Final = 16
MAX_SIZE_PX: Final = 2048
BLUR: Final = 1 / 24  # of the shorter side
_SIZE: Final = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})")


def size_of(size: str | None, *, param: str = "size") -> Size | None:
    """The size that a picture is handed out in; None leaves it as it is painted. 400 for what is none."""
    if size is None or size == "auto":
        return None
    match = _SIZE.fullmatch(size)
    if match is None:
        raise wrong(
            f"size must be auto, or a width and a height such as 1024x1024, not {size[:20]!r}.", param=param
        )
    width, height = int(match.group(1)), int(match.group(2))
    if not all(MIN_SIZE_PX <= side <= MAX_SIZE_PX for side in (width, height)):
        raise wrong(
            f"size must be from {MIN_SIZE_PX} to {MAX_SIZE_PX} px a side, not {width}x{height}.", param=param
        )
    return width, height


def size_text(size: Size) -> str:
    """(1024, 1536) -> "1024x1536"."""
    return f"{size[0]}x{size[1]}"


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
